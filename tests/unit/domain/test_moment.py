"""The date of sending (S54, M23): read as typed, kept as local time and zone, the clock changes said."""

from datetime import UTC, datetime

import pytest

from smsapp.domain.moment import DateUnreadable, Odd, ZoneUnknown, moment, moment_of, parse

PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    "typed", ["24/12/2026 18:30", " 24/12/2026  18h30 ", "24.12.2026 18:30", "24/12/2026 à 18:30", "24-12-2026 18:30"]
)
def test_a_date_as_people_type_it(typed: str) -> None:
    """S54: `jj/mm/aaaa hh:mm`."""
    found = parse(typed, PARIS)
    assert found.at == datetime(2026, 12, 24, 17, 30, tzinfo=UTC)
    assert (found.stored, found.typed, found.odd) == ("2026-12-24T18:30", "24/12/2026 18:30", None)


@pytest.mark.parametrize(
    "typed", ["", "demain", "31/02/2026 10:00", "24/12/26 18:30", "24/12/2026 24:00", "24/12/2026"]
)
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(DateUnreadable):
        parse(typed, PARIS)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneUnknown):
        parse("24/12/2026 18:30", "Europe/Lune")


def test_the_hour_that_summer_time_skips_counts_from_the_hour_in_its_place() -> None:
    """M23: 02:30 on 29/03/2026 does not exist in Paris; 03:30 is meant, and said."""
    found = parse("29/03/2026 02:30", PARIS)
    assert found.at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert (found.odd, f"{found.shown:%H:%M %z}") == (Odd.SKIPPED, "03:30 +0200")


def test_the_hour_that_winter_time_repeats_means_its_first_passage() -> None:
    """M23: 02:30 on 25/10/2026 comes twice in Paris."""
    found = parse("25/10/2026 02:30", PARIS)
    assert found.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert (found.odd, f"{found.shown:%H:%M %z}") == (Odd.REPEATED, "02:30 +0200")


def test_what_is_kept_gives_the_same_instant_again() -> None:
    for typed in ("24/12/2026 18:30", "29/03/2026 02:30", "25/10/2026 02:30"):
        for zone in (PARIS, "America/Martinique", "Pacific/Noumea"):
            found = parse(typed, zone)
            assert moment(found.stored, zone) == found
    at = datetime(2026, 6, 17, 10, 0, 42, tzinfo=UTC)
    assert moment_of(at, PARIS).typed == "17/06/2026 12:00"
