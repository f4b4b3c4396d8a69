"""The days of consent as people write them in a column (S59, M28): read, or told why not and what they must be."""

from datetime import date

import polars as pl
import pytest

from smsapp.imports.days import TO_COME, UNREADABLE, Calendar, is_month_first, printed_day, read_days
from smsapp.imports.sorting import sort_rows

TODAY = Calendar(date(2026, 11, 26))


def read(cell: str, calendar: Calendar = TODAY) -> tuple[str, str, str]:
    """The day that a cell is, why it is none, and the one that is suggested."""
    [(at, why, suggested)] = read_days(pl.Series([cell]), calendar).rows()
    return printed_day(at), why, printed_day(suggested)


@pytest.mark.parametrize(
    "cell",
    [
        "17/06/2026", "17.06.2026", "17-6-2026", "17 06 2026", "17/06/26", "2026-06-17", "2026/06/17",
        "2026-06-17 14:05:00", "2026-06-17T14:05:33.123Z", "2026-06-17 14:05:33+02:00", "17/06/2026 14:05",
        "17/06/2026 à 14h05", "17/06/2026 2:05 PM", "17 juin 2026", "mercredi 17 juin 2026", "17 June 2026",
        "June 17, 2026", "Wed, Jun 17 2026", "17-Jun-26", "17th of June 2026",
    ],
)  # fmt: skip
def test_m28_a_day_is_read_however_it_is_written_and_the_hour_is_passed_over(cell: str) -> None:
    assert read(cell) == ("17/06/2026", "", "")


def test_m28_accents_and_the_first_of_a_month() -> None:
    assert read("1er août 2025")[0] == "01/08/2025"
    assert read("3 FÉVRIER 2026")[0] == "03/02/2026"
    assert read("15/03/98")[0] == "15/03/1998"
    assert read("") == ("", "", "")


@pytest.mark.parametrize(
    ("cell", "why", "suggested"),
    [
        ("06/17/2026", UNREADABLE, "17/06/2026"),
        ("46190", UNREADABLE, "17/06/2026"),  # a day as Excel counts it, in a cell that is no date to it
        ("20260617", UNREADABLE, "17/06/2026"),
        ("17062026", UNREADABLE, "17/06/2026"),
        ("31/02/2026", UNREADABLE, ""),
        ("hier", UNREADABLE, ""),
        ("oui", UNREADABLE, ""),
        ("17/06/2027", TO_COME, ""),
        ("01/01/1980", UNREADABLE, ""),
        ("0000-00-00", UNREADABLE, ""),
        ("99999999999999999999", UNREADABLE, ""),
    ],
)
def test_m28_what_is_no_day_is_never_guessed_silently(cell: str, why: str, suggested: str) -> None:
    assert read(cell) == ("", why, suggested)


def test_m28_somewhere_it_is_tomorrow_already() -> None:
    assert read("27/11/2026") == ("27/11/2026", "", "")
    assert read("28/11/2026") == ("", TO_COME, "")


def test_m28_a_file_whose_days_only_fit_month_first_is_read_so() -> None:
    american = pl.Series(["06/17/2026", "06/05/2026", "", "2026-06-17"])
    assert is_month_first(american)
    assert read("06/05/2026", Calendar(TODAY.today, month_first=True))[0] == "05/06/2026"
    for some in (["06/17/2026", "17/06/2026"], ["06/05/2026"], [""], []):
        assert not is_month_first(pl.Series(some, dtype=pl.String))


def test_m28_a_bad_day_in_one_part_of_a_file_and_none_in_another() -> None:
    """Parts are read one by one and put together: the columns are of the same kinds."""
    fields = {"portable": 0, "consentement_date": 1}

    def part(first: int, *days: str) -> pl.DataFrame:
        rows = range(first, first + len(days))
        numbers = [f"06123456{row:02}" if day != "pas de numéro" else "06" for row, day in zip(rows, days, strict=True)]
        told = {"row": list(rows), "flaw": [""] * len(days), "c0": numbers, "c1": list(days)}
        return pl.DataFrame(told, schema_overrides={"row": pl.Int64})

    parts = [part(1, "17/06/2026", ""), part(3, "hier", "46190", "pas de numéro"), part(6, "pas de numéro", "")]
    found = sort_rows(parts, fields, "FR", calendar=TODAY)
    assert found.rejected.select("row", "reason").rows() == [
        (3, UNREADABLE), (4, UNREADABLE), (5, "too_short"), (6, "too_short"),
    ]  # fmt: skip
    assert found.numbers["consent_at"].to_list() == ["2026-06-17 12:00:00.000000", "", ""]
    taken = sort_rows(parts, fields, "FR", ("*",), by_hand={3: "18/06/2026"}, calendar=TODAY)
    assert sorted(printed_day(at) for at in taken.numbers["consent_at"]) == [
        "", "", "17/06/2026", "17/06/2026", "18/06/2026",
    ]  # fmt: skip
