"""Days as people write them in a column: 17/06/2026, 2026-06-17 14:05, 17 juin 2026, June 17, 2026.

A day is kept as noon of that day in UTC, the same day wherever it is read; an hour beside it is read over. What is no
day, or none on which somebody can have agreed, is said with a reason and, where one stands out, the day it must be.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from smsapp.contacts.service import FIRST_DAY, last_day

UNREADABLE, TO_COME = REASONS = ("consent_day", "consent_to_come")
LENGTH = 60  # characters of a cell that are looked at

_HOUR = (
    r"(?:[T,]?(?: ?(?:à|a|at))? ?\d{1,2} ?[:hH](?: ?\d{2})?(?:[:m]\d{2})?(?:[.,]\d+)?s? ?(?:[AaPp]\.?[Mm]\.?)?"
    r"(?:Z| ?UTC| ?[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_HOUR}$"
_NUMBERS = rf"^(\d{{1,2}}) ?[-/. ] ?(\d{{1,2}}) ?[-/. ] ?(\d{{4}}|\d{{2}}){_HOUR}$"
_WEEKDAY = r"(?:[a-z]+\.?,? )?"
_DAY_FIRST = rf"^{_WEEKDAY}(\d{{1,2}})(?:er|st|nd|rd|th)?[ -](?:of )?([a-z]+)\.?,?[ -](\d{{4}}|\d{{2}}){_HOUR}$"
_WORD_FIRST = rf"^{_WEEKDAY}([a-z]+)\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}}){_HOUR}$"
_SERIAL = r"^(\d{5})(?:\.\d+)?$"  # the days that Excel counts from 1900, where a cell is no date to it
_MONTHS = {
    name: place
    for place, names in enumerate(
        (
            "janvier janv jan january", "fevrier fevr fev feb february", "mars mar march", "avril avr apr april",
            "mai may", "juin jun june", "juillet juil jul july", "aout aou aug august", "septembre sept sep september",
            "octobre oct october", "novembre nov november", "decembre dec december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True)
class Calendar:
    """How the days of a file are read: nobody agreed after ``today``; ``month_first``: 06/17/2026."""

    today: date
    month_first: bool = False


def is_month_first(cells: pl.Series) -> bool:
    """Whether the days of a column are written 06/17/2026: at least one only reads so, and none only the other way."""
    parts = cells.str.extract_groups(_NUMBERS).struct
    first, second = (parts.field(place).cast(pl.Int64, strict=False) for place in ("1", "2"))
    return bool(((first <= 12) & (second > 12)).any()) and not (first > 12).any()


def read_days(cells: pl.Series, calendar: Calendar) -> pl.DataFrame:
    """Each cell as ``at`` (INSTANT, empty for none), ``why`` (one of REASONS, or empty) and ``suggested`` (INSTANT of
    the day that an unreadable one must be, or empty).
    """
    different = cells.unique()
    said = _read(different.rename("said"), calendar)
    return pl.DataFrame({"said": cells}).join(said, on="said", how="left", maintain_order="left").drop("said")


def is_day(typed: str, today: date) -> bool:
    """Whether what a person typed is a day on which somebody can have agreed."""
    return bool(read_days(pl.Series([typed]), Calendar(today))["at"][0])


def printed_day(at: str) -> str:
    """An instant as people write its day: 17/06/2026; empty for none."""
    return f"{at[8:10]}/{at[5:7]}/{at[:4]}" if at else ""


def _read(said: pl.Series, calendar: Calendar) -> pl.DataFrame:
    table = pl.DataFrame({"said": said})
    tidy = pl.col("said").str.slice(0, LENGTH)
    for accented, plain in (("é", "e"), ("É", "e"), ("û", "u"), ("Û", "u")):
        tidy = tidy.str.replace_all(accented, plain, literal=True)
    words = tidy.str.to_lowercase()

    def parts(text: pl.Expr, pattern: str) -> list[pl.Expr]:
        return [text.str.extract(pattern, place) for place in (1, 2, 3)]

    def month(word: pl.Expr) -> pl.Expr:
        return word.replace_strict(_MONTHS, default=None, return_dtype=pl.Int64)

    def day(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
        """The day, or null where there is no such day; 26 is 2026, 98 is 1998."""
        numbers = [part.cast(pl.Int64, strict=False) for part in (year, month, day)]
        century = pl.when(numbers[0] < 70).then(2000).when(numbers[0] < 100).then(1900).otherwise(0)
        digits = zip((numbers[0] + century, *numbers[1:]), (4, 2, 2), strict=True)
        pieces = [number.cast(pl.String).str.zfill(wide) for number, wide in digits]
        return pl.concat_str(pieces, separator="-").str.to_date("%Y-%m-%d", strict=False)

    year_first, numbers = parts(tidy, _YEAR_FIRST), parts(tidy, _NUMBERS)
    day_first, word_first = parts(words, _DAY_FIRST), parts(words, _WORD_FIRST)
    one, two, year = numbers
    usual, other = day(year, two, one), day(year, one, two)
    if calendar.month_first:
        usual, other = other, usual
    found = pl.coalesce(
        day(*year_first),
        usual,
        day(day_first[2], month(day_first[1]), day_first[0]),
        day(word_first[2], month(word_first[0]), word_first[1]),
    )
    serial = pl.date(1899, 12, 30) + pl.duration(days=tidy.str.extract(_SERIAL, 1).cast(pl.Int64, strict=False))
    compact = tidy.str.extract(r"^(\d{8})$", 1)
    guess = pl.coalesce(
        other, serial, compact.str.to_date("%Y%m%d", strict=False), compact.str.to_date("%d%m%Y", strict=False)
    )
    last = last_day(calendar.today)
    table = table.with_columns(found=found, guess=guess)
    possible = pl.col("found").is_between(FIRST_DAY, last)
    wrong = (pl.col("said") != "") & ~possible.fill_null(False)
    told = pl.col("guess").is_between(FIRST_DAY, last) & pl.col("found").is_null()
    return table.select(
        "said",
        at=pl.when(possible).then(_noon("found")).otherwise(pl.lit("")),
        why=pl.when(wrong & (pl.col("found") > last))
        .then(pl.lit(TO_COME))
        .when(wrong)
        .then(pl.lit(UNREADABLE))
        .otherwise(pl.lit("")),
        suggested=pl.when(wrong & told).then(_noon("guess")).otherwise(pl.lit("")),
    )


def _noon(name: str) -> pl.Expr:
    return pl.col(name).dt.strftime("%Y-%m-%d 12:00:00.000000")
