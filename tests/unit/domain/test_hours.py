"""The permitted window in the recipient's own time zone, with Sundays, holidays and changes of hour (M28)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.hours import (
    DEFAULT,
    FRENCH,
    Closed,
    Window,
    WindowRefused,
    is_holiday,
    next_opening,
    why_closed,
)

PARIS, MARTINIQUE, REUNION = "Europe/Paris", "America/Martinique", "Indian/Reunion"
ZONES = st.sampled_from([PARIS, MARTINIQUE, REUNION, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))
WINDOWS = st.builds(
    Window,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    opens=st.sampled_from([time(8), time(9, 30), time(12)]),
    closes=st.sampled_from([time(12, 30), time(20), time(21, 30)]),
    on_holidays=st.booleans(),
)


Moment = tuple[int, int, int, int, int]


def local(zone: str, *moment: int) -> datetime:
    year, month, day, hour, minute = moment
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def opening(zone: str, territory: str, *moment: int) -> datetime:
    return next_opening(local(zone, *moment), zone, DEFAULT, territory).astimezone(ZoneInfo(zone))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ((2026, 6, 17, 9, 0), (2026, 6, 17, 9, 0)),  # a Wednesday, open
        ((2026, 6, 17, 8, 0), (2026, 6, 17, 8, 0)),  # the first minute is in
        ((2026, 6, 17, 19, 59), (2026, 6, 17, 19, 59)),
        ((2026, 6, 17, 20, 0), (2026, 6, 18, 8, 0)),  # the closing minute is out
        ((2026, 6, 17, 3, 0), (2026, 6, 17, 8, 0)),
        ((2026, 6, 20, 21, 0), (2026, 6, 22, 8, 0)),  # Saturday evening -> Monday
        ((2026, 6, 21, 11, 0), (2026, 6, 22, 8, 0)),  # Sunday -> Monday
        ((2026, 7, 14, 10, 0), (2026, 7, 15, 8, 0)),  # 14 July
        ((2026, 4, 4, 20, 30), (2026, 4, 7, 8, 0)),  # Easter: Sunday, then a holiday Monday
        ((2026, 12, 31, 23, 0), (2027, 1, 2, 8, 0)),  # over New Year
    ],
)
def test_M28_default_window_in_paris(now: Moment, then: Moment) -> None:
    assert opening(PARIS, "FR", *now) == datetime(*then, tzinfo=ZoneInfo(PARIS))


def test_M28_nine_in_paris_never_wakes_fort_de_france() -> None:
    at = local(PARIS, 2026, 6, 17, 11, 10)
    assert why_closed(at, PARIS, DEFAULT, "FR") is None
    assert why_closed(at, MARTINIQUE, DEFAULT, "MQ") is Closed.HOUR
    opens = next_opening(at, MARTINIQUE, DEFAULT, "MQ")
    assert opens.astimezone(ZoneInfo(PARIS)) == datetime(2026, 6, 17, 14, 0, tzinfo=ZoneInfo(PARIS))


def test_M28_reunion_closes_while_paris_is_still_open() -> None:
    at = local(PARIS, 2026, 6, 17, 18, 30)
    assert why_closed(at, REUNION, DEFAULT, "RE") is Closed.HOUR
    assert next_opening(at, REUNION, DEFAULT, "RE") == local(REUNION, 2026, 6, 18, 8, 0)


@pytest.mark.parametrize(
    ("territory", "day"),
    [
        ("FR", date(2026, 5, 1)),
        ("MQ", date(2026, 5, 22)),
        ("GP", date(2026, 5, 27)),
        ("GF", date(2026, 6, 10)),
        ("RE", date(2026, 12, 20)),
        ("YT", date(2026, 4, 27)),
    ],
)
def test_M28_overseas_territories_have_their_own_holidays(territory: str, day: date) -> None:
    assert is_holiday(day, territory)
    assert is_holiday(day, "FR") is (territory == "FR")
    assert not is_holiday(day, "GB")


def test_every_french_territory_has_the_national_day() -> None:
    assert all(is_holiday(date(2027, 7, 14), territory) for territory in FRENCH)


def test_the_reason_says_sunday_holiday_or_hour() -> None:
    assert why_closed(local(PARIS, 2026, 6, 21, 11, 0), PARIS, DEFAULT, "FR") is Closed.DAY
    assert why_closed(local(PARIS, 2026, 7, 14, 11, 0), PARIS, DEFAULT, "FR") is Closed.HOLIDAY
    assert why_closed(local(PARIS, 2026, 6, 17, 21, 0), PARIS, DEFAULT, "FR") is Closed.HOUR


def test_a_foreign_recipient_keeps_the_days_of_the_window_in_his_own_zone() -> None:
    at = local("Europe/London", 2026, 7, 14, 11, 0)
    assert why_closed(at, "Europe/London", DEFAULT, "GB") is None


@pytest.mark.parametrize(
    ("day", "utc_hour"), [((2026, 3, 28), 7), ((2026, 3, 30), 6), ((2026, 10, 24), 6), ((2026, 10, 26), 7)]
)
def test_eight_oclock_is_eight_oclock_on_both_sides_of_a_change_of_hour(
    day: tuple[int, int, int], utc_hour: int
) -> None:
    before = local(PARIS, *day, 0, 30)
    assert next_opening(before, PARIS, DEFAULT, "FR") == datetime(*day, utc_hour, tzinfo=UTC)


def test_the_night_of_a_change_of_hour_leads_to_the_right_instant() -> None:
    every_day = Window(days=frozenset(range(7)))
    spring = next_opening(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), PARIS, every_day, "FR")
    autumn = next_opening(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), PARIS, every_day, "FR")
    assert (spring, autumn) == (datetime(2026, 3, 29, 6, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC))


@given(INSTANTS, ZONES, WINDOWS, st.sampled_from(["FR", "MQ", "US"]))
def test_the_next_opening_is_open_and_nothing_opens_before_it(
    at: datetime, zone: str, window: Window, territory: str
) -> None:
    opens = next_opening(at, zone, window, territory)
    assert why_closed(opens, zone, window, territory) is None
    assert next_opening(opens, zone, window, territory) == opens
    if opens == at:
        return
    assert opens > at
    assert why_closed(opens - timedelta(minutes=1), zone, window, territory) is not None
    half = at + (opens - at) / 2
    assert next_opening(half, zone, window, territory) == opens


def test_M28_marketing_never_beyond_8_to_21_30() -> None:
    Window(opens=time(8), closes=time(21, 30)).check_marketing()
    DEFAULT.check_marketing()
    for opens, closes in ((time(7, 59), time(20)), (time(8), time(21, 31))):
        with pytest.raises(WindowRefused) as refusal:
            Window(opens=opens, closes=closes).check_marketing()
        assert refusal.value.key == "hours.too_wide"


def test_a_window_that_cannot_open_is_refused() -> None:
    for days in (frozenset[int](), frozenset({7})):
        with pytest.raises(WindowRefused):
            Window(days=days)
    with pytest.raises(WindowRefused):
        Window(opens=time(12), closes=time(12))


def test_an_instant_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="aware"):
        next_opening(datetime(2026, 1, 1), PARIS, DEFAULT, "FR")
