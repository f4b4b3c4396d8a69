"""A whole column of numbers at once, with exactly the answers of `read_number`.

Plain spellings become integers in polars; each is put in a class by its leading digits (`classes`), a class is judged
once per process, and the answers are joined back. What no class can answer for is read one distinct text at a time.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path
from threading import Lock
from typing import Any, Final

import polars as pl

from smsapp.domain.phone import memory
from smsapp.domain.phone.classes import HEAD, INFINITE, Form, deciding_digits
from smsapp.domain.phone.model import Number, Unreadable
from smsapp.domain.phone.reading import checked_region, judge, read_number
from smsapp.domain.phone.spelling import DECIMAL, MAX_DIGITS, PUNCTUATION, SPACES, Spelling, spell

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
_WORTH_A_LOOK: Final = 6  # rows with one head from which finding out how many digits decide is cheaper than asking
_WORTH_SAVING: Final = 50  # new classes; later on, a tenth of what is known
_MOST_CLASSES: Final = 500_000
_SLICE: Final = 100_000  # rows turned into digits at a time, on as many cores as there are
_SINGLE: Final = 2**63  # keys from here on are of one text each
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
_DECIMALS: Final = rf"\.[{''.join(SPACES)}]*0[0{''.join(SPACES)}]*$"
_POWERS: Final = pl.Series([10**i for i in range(20)], dtype=pl.UInt64)

Digits = tuple[pl.Series, pl.Series, pl.Series]
"""number (null: none found), plus, count of digits: one row for each text."""

_classes: dict[tuple[str, bool], pl.DataFrame] = {}
_classes_lock = Lock()


def read_column(raw: pl.Series, region: str = "FR", *, for_voice: bool = False) -> pl.DataFrame:
    """Read each text of `raw` as `read_number` does; same length and order, columns as `COLUMNS`.

    Numeric columns (a spreadsheet's) are read as the digits they show. Safe to call from several threads. Raises
    ValueError when `region` is not a country that libphonenumber knows.
    """
    region = checked_region(region)
    rows = _in_classes(_in_digits(_as_text(raw)), region)
    known = _judged(rows, region, for_voice)
    if inexact := known.filter(~pl.col("exact"))["key"].to_list():
        rows = rows.with_columns(key=pl.when(~pl.col("key").is_in(inexact)).then("key"))
    if rows["key"].null_count():
        rows, single = _read_singly(rows, region, for_voice)
        known = pl.concat([known, single])
    none = known["suggestion_head"].null_count() == known.height
    suggestion = pl.lit(None, dtype=pl.Int64).alias("suggestion") if none else _completed("suggestion")
    return rows.join(known, on="key", how="left", maintain_order="left").select(
        _completed("e164"), *list(_ANSWER)[:-1], suggestion, "missing_digits"
    )


def _read_singly(rows: pl.DataFrame, region: str, for_voice: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the rows without a class, each distinct text once: the rows with a key for every text, and the answers."""
    at = rows["key"].is_null().arg_true()
    singles = pl.DataFrame(rows["raw"].gather(at))
    texts = singles["raw"].unique()
    keys = pl.int_range(texts.len(), dtype=pl.UInt64, eager=True) + _SINGLE
    answers = []
    for key, text in zip(keys, texts, strict=True):
        e164, *answer, suggestion, missing = _row(read_number(text, region, for_voice=for_voice))
        tails = (None if e164 is None else 0, None if suggestion is None else 0)
        answers.append((key, e164, tails[0], suggestion, tails[1], True, *answer, missing))
    named = pl.DataFrame({"raw": texts, "key": keys})
    found = singles.join(named, on="raw", how="left", maintain_order="left")
    rows = rows.with_columns(rows["key"].scatter(at, found["key"]), pl.col("number").fill_null(0))
    return rows, pl.DataFrame(answers, schema=_CLASS, orient="row")


def _as_text(raw: pl.Series) -> pl.Series:
    if raw.dtype.is_float():
        whole = raw.cast(pl.Int64, strict=False)
        raw = pl.select(pl.when(whole == raw).then(whole.cast(pl.String)).otherwise(raw.cast(pl.String))).to_series()
    return raw.cast(pl.String).fill_null("").alias("raw")


def _in_digits(raw: pl.Series) -> pl.DataFrame:
    """raw, plus, count, number (the digits as an integer, null when there is not one number to class)."""
    slices = [raw.slice(start, _SLICE) for start in range(0, max(raw.len(), 1), _SLICE)]
    if len(slices) == 1:
        return _slice_in_digits(raw)
    with ThreadPoolExecutor(min(4, cpu_count() or 1)) as threads:
        return pl.concat(threads.map(_slice_in_digits, slices))


def _slice_in_digits(raw: pl.Series) -> pl.DataFrame:
    number, plus, count = _plain(raw)  # most texts are digits already
    left = number.is_null().arg_true()
    for further in (_punctuated, _decimal, _spelt):
        if left.is_empty():
            break
        found = further(raw.gather(left))
        number, plus, count = (
            whole.scatter(left, part) for whole, part in zip((number, plus, count), found, strict=True)
        )
        left = left.filter(found[0].is_null())
    return pl.DataFrame({"raw": raw, "plus": plus, "count": count, "number": number})


def _plain(text: pl.Series) -> Digits:
    """Digits after one + at most."""
    plus = text.str.starts_with("+")
    count = text.str.len_bytes() - plus.cast(pl.UInt32)
    number = text.cast(pl.UInt64, strict=False)
    leading_zero = plus & text.str.starts_with("+0")
    found = pl.select(
        pl.when(count.is_between(_SHORTEST, MAX_DIGITS) & ~leading_zero).then(number),
    ).to_series()
    return found, plus, count.clip(0, 255).cast(pl.UInt8)


def _punctuated(text: pl.Series) -> Digits:
    """Digits among plain spaces and punctuation; what a spreadsheet may have written as a decimal is left alone."""
    bare = _without(pl.when((text.str.len_bytes() <= _PLAIN_BYTES) & ~text.str.contains(_DECIMALS)).then(text))
    return _plain(pl.select(bare.fill_null("")).to_series())


def _decimal(text: pl.Series) -> Digits:
    """Digits which a spreadsheet wrote as a decimal: 612345678.0"""
    whole = pl.when(text.str.contains(DECIMAL)).then(text.str.replace(DECIMAL, "$1")).otherwise(pl.lit(""))
    return _plain(pl.select(whole.alias("raw")).to_series())


def _spelt(text: pl.Series) -> Digits:
    """Whatever else `spell` makes one number of, each distinct text once."""
    unique = text.unique().alias("raw")
    schema = {"number": pl.UInt64, "plus": pl.Boolean, "count": pl.UInt8}
    spelt = pl.DataFrame([_digits_of(t) for t in unique], schema=schema, orient="row").with_columns(unique)
    found = pl.DataFrame(text.alias("raw")).join(spelt, on="raw", how="left", maintain_order="left")
    return found["number"], found["plus"], found["count"]


def _without(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many([*SPACES, *PUNCTUATION], [""] * len(SPACES + PUNCTUATION))


def _digits_of(text: str) -> tuple[int | None, bool, int]:
    spelling = spell(text)
    if isinstance(spelling, Spelling) and len(spelling.digits) >= _SHORTEST:
        return int(spelling.digits), spelling.plus, len(spelling.digits)
    return None, False, 0


def _in_classes(rows: pl.DataFrame, region: str) -> pl.DataFrame:
    """raw, plus, count, number, key: the class of each row, null when it has to be read on its own."""
    number, count, depth = pl.col("number"), pl.col("count"), pl.col("depth")
    zeros = ~pl.col("plus") & (number < _power(count - 2))
    form = pl.when("plus").then(int(Form.PLUS)).when(zeros).then(int(Form.ZEROS)).otherwise(int(Form.BARE))
    width = HEAD + 2 * zeros.cast(pl.UInt8)
    head = number // _power(count - width) % 10**HEAD
    rows = rows.with_columns(head=(head + 10**HEAD * form.cast(pl.UInt64)).cast(pl.UInt32))
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
    met = heads.drop_nulls().value_counts(name="rows").filter(pl.col("rows") >= _WORTH_A_LOOK)[heads.name]
    found = []
    for head in met:
        form, digits = divmod(head, 10**HEAD)
        found.append(deciding_digits(Form(form), str(digits).zfill(HEAD), region))
    depths = pl.repeat(INFINITE, len(Form) * 10**HEAD, dtype=pl.UInt8, eager=True)
    return depths.scatter(met, pl.Series(found, dtype=pl.UInt8)) if found else depths


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
        _kept.learnt += answers.height
        if _kept.path and _kept.learnt >= max(_WORTH_SAVING, sum(t.height for t in _classes.values()) // 10):
            _write_down(_kept.path)
    return pl.concat([known, answers])


def keep_answers(directory: Path) -> int:
    """Take up what earlier processes learnt, and from now on keep what is learnt, in a file of `directory` (made if
    need be). Returns how many classes of numbers are known from the start.

    Reading columns never fails because of that file: one that is damaged is ignored and replaced, and a directory that
    cannot be written is given up. Raises ValueError for a directory within smsapp itself.
    """
    path = memory.path_in(directory)
    with _classes_lock:
        for key, table in memory.load(path, _CLASS).items():
            mine = _classes.get(key, table.clear())
            _classes[key] = pl.concat([mine, table.join(mine, on="key", how="anti")])
        _kept.path = path
        return sum(table.height for table in _classes.values())


def save_answers() -> None:
    """Write down what has been learnt since the last time, if `keep_answers` was called and there is anything."""
    with _classes_lock:
        if _kept.path and _kept.learnt and _classes:
            _write_down(_kept.path)


def _write_down(path: Path) -> None:
    try:
        memory.save(path, _classes)
    except OSError:  # a full or read-only disk costs speed, not an import
        _kept.path = None
    _kept.learnt = 0


@dataclass
class _Kept:
    """Where answers are kept between processes, and how many are not yet written there."""

    path: Path | None = None
    learnt: int = 0


_kept = _Kept()


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
    return (pl.col(f"{name}_head") + pl.col("number") % _power(pl.col(f"{name}_tail"))).cast(pl.Int64).alias(name)


def _row(reading: Number | Unreadable) -> tuple[Any, ...]:
    """An answer in the order of `COLUMNS`."""
    if isinstance(reading, Number):
        other = reading.choices[0] if reading.choices else None
        known = (reading.e164, reading.territory, reading.calling_code, reading.line.value)
        return (*known, reading.warning.value if reading.warning else None, None, other, None)
    return (None, None, None, None, None, reading.reason.value, reading.suggestion, reading.missing_digits)
