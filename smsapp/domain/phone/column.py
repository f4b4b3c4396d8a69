"""A whole column of numbers at once, with exactly the answers of `read_number`.

Plain spellings become integers in polars; each is put in a class by its leading digits (`classes`), a class is judged
once per process, and the answers are joined back. What no class can answer for is read one distinct text at a time.
"""

from collections.abc import Iterable
from threading import Lock
from typing import Any, Final

import polars as pl

from smsapp.domain.phone.classes import HEAD, INFINITE, Form, deciding_digits
from smsapp.domain.phone.model import Number, Unreadable
from smsapp.domain.phone.reading import checked_region, judge, read_number
from smsapp.domain.phone.spelling import DECIMAL, EXCEL_TAILS, MAX_DIGITS, PUNCTUATION, SPACES, Spelling, spell

COLUMNS: Final[dict[str, Any]] = {
    "e164": pl.Int64,
    "territory": pl.String,
    "calling_code": pl.Int16,
    "line": pl.String,
    "warning": pl.String,
    "reason": pl.String,
    "suggestion": pl.Int64,
    "missing_digits": pl.Int8,
}
"""Columns of `read_column`: of an accepted number, `suggestion` is the other reading of an ambiguous spelling (M13)."""

_SHORTEST: Final = 7  # digits: shorter texts are few, and are read one by one
_DEEPEST: Final = 15  # leading digits that fit in a class key
_PLAIN_BYTES: Final = 100
_WORTH_A_LOOK: Final = 12  # rows with one head from which finding out how many digits decide is cheaper than asking
_MOST_CLASSES: Final = 500_000
_ANSWER: Final = {name: kind for name, kind in COLUMNS.items() if name not in ("e164", "suggestion")}
_CLASS: Final[dict[str, Any]] = {
    "key": pl.UInt64,
    "e164_head": pl.UInt64,
    "e164_tail": pl.UInt8,
    "suggestion_head": pl.UInt64,
    "suggestion_tail": pl.UInt8,
    "exact": pl.Boolean,
    **_ANSWER,
}
_POWERS: Final = pl.Series([10**i for i in range(20)], dtype=pl.UInt64)

_classes: dict[tuple[str, bool], pl.DataFrame] = {}
_classes_lock = Lock()


def read_column(raw: pl.Series, region: str = "FR", *, for_voice: bool = False) -> pl.DataFrame:
    """Read each text of `raw` as `read_number` does; same length and order, columns as `COLUMNS`.

    Numeric columns (a spreadsheet's) are read as the digits they show. Safe to call from several threads. Raises
    ValueError when `region` is not a country that libphonenumber knows.
    """
    region = checked_region(region)
    rows = _in_digits(_as_text(raw))
    rows = _in_classes(rows, region)
    known = _judged(rows, region, for_voice)
    found = rows.join(known, on="key", how="left", maintain_order="left").with_columns(
        e164=_completed("e164"), suggestion=_completed("suggestion"), hard=~pl.col("exact").fill_null(False)
    )
    if not found["hard"].any():
        return found.select(*COLUMNS)
    hard = found.filter("hard").select("raw")
    texts = hard["raw"].unique()
    answers = [_row(read_number(text, region, for_voice=for_voice)) for text in texts]
    single = pl.DataFrame(answers, schema=COLUMNS, orient="row").with_columns(raw=texts)
    slow = hard.join(single, on="raw", how="left", maintain_order="left")
    return _spread(found, slow, "hard").select(*COLUMNS)


def _as_text(raw: pl.Series) -> pl.Series:
    if raw.dtype.is_float():
        whole = raw.cast(pl.Int64, strict=False)
        raw = pl.select(pl.when(whole == raw).then(whole.cast(pl.String)).otherwise(raw.cast(pl.String))).to_series()
    return raw.cast(pl.String).fill_null("").alias("raw")


def _in_digits(raw: pl.Series) -> pl.DataFrame:
    """raw, plus, count, number (the digits as an integer, null when there is not one number to class)."""
    text, spaceless, bare, digits = pl.col("raw"), pl.col("spaceless"), pl.col("bare"), pl.col("digits")
    excel = pl.any_horizontal(spaceless.str.ends_with(tail) for tail in EXCEL_TAILS)
    rows = (
        pl.DataFrame(raw)
        .with_columns(spaceless=_without(text, SPACES))
        .with_columns(spaceless=pl.when(excel).then(spaceless.str.replace(DECIMAL, "$1")).otherwise(spaceless))
        .with_columns(bare=_without(spaceless, PUNCTUATION))
        .with_columns(digits=bare.str.strip_prefix("+"))
        .with_columns(plus=bare.str.starts_with("+"), count=digits.str.len_bytes().clip(0, 255).cast(pl.UInt8))
    )
    plain = (
        pl.col("count").is_between(_SHORTEST, MAX_DIGITS)
        & (text.str.len_bytes() <= _PLAIN_BYTES)
        & ~digits.str.starts_with("+")
        & ~(pl.col("plus") & digits.str.starts_with("0"))
        & ~excel
    )
    rows = rows.select("raw", "plus", "count", number=pl.when(plain).then(digits.cast(pl.UInt64, strict=False)))
    odd = rows.select("raw", odd=pl.col("number").is_null())
    if not odd["odd"].any():
        return rows
    texts = odd.filter("odd").select("raw")
    unique = texts["raw"].unique()
    spelt = pl.DataFrame([_digits_of(t) for t in unique], schema=rows.drop("raw").schema, orient="row")
    spread = texts.join(spelt.with_columns(raw=unique), on="raw", how="left", maintain_order="left")
    return _spread(rows.with_columns(odd["odd"]), spread, "odd").drop("odd")


def _without(text: pl.Expr, characters: tuple[str, ...]) -> pl.Expr:
    return text.str.replace_many(list(characters), [""] * len(characters))


def _digits_of(text: str) -> tuple[bool, int, int | None]:
    spelling = spell(text)
    if isinstance(spelling, Spelling) and len(spelling.digits) >= _SHORTEST:
        return spelling.plus, len(spelling.digits), int(spelling.digits)
    return False, 0, None


def _in_classes(rows: pl.DataFrame, region: str) -> pl.DataFrame:
    """raw, plus, count, number, key: the class of each row, null when it has to be read on its own."""
    number, count, depth = pl.col("number"), pl.col("count"), pl.col("depth")
    zeros = ~pl.col("plus") & (number // _power(count - 2) == 0)
    form = pl.when("plus").then(int(Form.PLUS)).when(zeros).then(int(Form.ZEROS)).otherwise(int(Form.BARE))
    width = HEAD + 2 * zeros.cast(pl.UInt8)
    head = number // _power(count - width) % 10**HEAD
    rows = rows.with_columns(head=(head + 10**HEAD * form.cast(pl.UInt64)).cast(pl.UInt16))
    depths = pl.lit(_depths(rows["head"], region))
    rows = rows.with_columns(depth=depths.gather(pl.col("head")))
    key = (number // _power(count - depth)) * 2048 + count.cast(pl.UInt64) * 64 + depth.cast(pl.UInt64) * 2
    classed = (depth <= _DEEPEST) & (depth < count)
    return rows.select("raw", "plus", "count", "number", key=pl.when(classed).then(key + pl.col("plus")))


def _power(exponent: pl.Expr) -> pl.Expr:
    """10 ** exponent as UInt64; what has wrapped below 0 is cut, and belongs to rows that are not used."""
    return pl.lit(_POWERS).gather(exponent.clip(0, 19))


def _depths(heads: pl.Series, region: str) -> pl.Series:
    """How many digits decide, for each head that stands often enough in the column to be worth the question."""
    depths = [INFINITE] * (len(Form) * 10**HEAD)
    for head, rows in heads.drop_nulls().value_counts(name="rows").iter_rows():
        if rows >= _WORTH_A_LOOK:
            form, digits = divmod(head, 10**HEAD)
            depths[head] = deciding_digits(Form(form), str(digits).zfill(HEAD), region)
    return pl.Series(depths, dtype=pl.UInt8)


def _judged(rows: pl.DataFrame, region: str, for_voice: bool) -> pl.DataFrame:
    """The answers for all the classes of `rows`, asking only for those never met."""
    known = _classes.get((region, for_voice))
    if known is None:
        known = pl.DataFrame(schema=_CLASS)
    new = rows.filter(pl.col("key").is_not_null()).unique("key").join(known, on="key", how="anti")
    if new.is_empty():
        return known
    asked = new.select("key", "number", "count", "plus").iter_rows()
    answers = pl.DataFrame(_answers(asked, region, for_voice), schema=_CLASS, orient="row")
    with _classes_lock:
        latest = _classes.get((region, for_voice), known)
        if latest.height > _MOST_CLASSES:
            latest = latest.clear()
        _classes[region, for_voice] = pl.concat([latest, answers.join(latest, on="key", how="anti")])
    return pl.concat([known, answers])


def _answers(asked: Iterable[tuple[int, int, int, bool]], region: str, for_voice: bool) -> list[tuple[Any, ...]]:
    found = []
    for key, number, count, plus in asked:
        e164, *answer, suggestion, missing = _row(judge(Spelling(plus, str(number).zfill(count)), region, for_voice))
        free = count - (key // 2) % 32
        first, second = _ending(e164, number, free), _ending(suggestion, number, free)
        exact = first is not None and second is not None
        found.append((key, *(first or (None, None)), *(second or (None, None)), exact, *answer, missing))
    return found


def _ending(value: int | None, number: int, free: int) -> tuple[int | None, int | None] | None:
    """`value` as (a head followed by zeros, how many last digits of `number` complete it).

    None when the `free` last digits, those that do not decide, are not all taken over: no class can tell then.
    """
    if value is None:
        return None, None
    for tail in range(min(len(str(value)) - 1, 18), free - 1, -1):
        if value % 10**tail == number % 10**tail:
            return value - value % 10**tail, tail
    return None


def _completed(name: str) -> pl.Expr:
    return (pl.col(f"{name}_head") + pl.col("number") % _power(pl.col(f"{name}_tail"))).cast(pl.Int64)


def _row(reading: Number | Unreadable) -> tuple[Any, ...]:
    """An answer in the order of `COLUMNS`."""
    if isinstance(reading, Number):
        other = reading.choices[0] if reading.choices else None
        known = (reading.e164, reading.territory, reading.calling_code, reading.line.value)
        return (*known, reading.warning.value if reading.warning else None, None, other, None)
    return (None, None, None, None, None, reading.reason.value, reading.suggestion, reading.missing_digits)


def _spread(rows: pl.DataFrame, better: pl.DataFrame, mask: str) -> pl.DataFrame:
    """`rows` whose columns are taken from `better`, in order, where `mask` holds."""
    place = pl.when(mask).then((pl.col(mask).cum_sum() - 1).cast(pl.UInt32))
    names = [name for name in better.columns if name in rows.columns and name != "raw"]
    return rows.with_columns(
        pl.when(mask).then(pl.lit(better[name]).gather(place)).otherwise(pl.col(name)).alias(name) for name in names
    )
