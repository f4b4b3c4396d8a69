"""When a marketing message may leave: the account's window, in the recipient's own time zone (M28).

By default Monday to Saturday, 08:00 to 20:00, never on a holiday; an account may widen it up to the operators' charter,
08:00 to 21:30 (af2m, 2026). Outside the window a message waits for the next opening; it is never lost.

Holidays are those of France, and of the overseas territory of the number where the law adds its own; a recipient of
another country has none here. Alsace-Moselle cannot be told from a number, so its two days are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from smsapp.domain.errors import Refusal

EARLIEST: Final = time(8, 0)
LATEST: Final = time(21, 30)
"""No marketing message outside these hours, whatever the account asks."""

FRENCH: Final = {
    "FR": None,
    "GP": "971",
    "MQ": "972",
    "GF": "973",
    "RE": "974",
    "YT": "976",
    "BL": "BL",
    "MF": "MF",
    "PM": "PM",
    "NC": "NC",
    "PF": "PF",
    "WF": "WF",
}
"""Territories with French holidays, and the name of their own list in the `holidays` package."""


class WindowRefused(Refusal):
    """The window is empty, upside down, or wider than marketing may have."""


class Closed(StrEnum):
    """Why a message must wait."""

    DAY = "day"  # not a day of the window (Sunday, by default)
    HOLIDAY = "holiday"
    HOUR = "hour"  # before the opening or after the closing


@dataclass(frozen=True, slots=True)
class Window:
    """The hours an account may send in: `days` (Monday is 0), from `opens` to before `closes`, local time of the
    recipient. `on_holidays` opens holidays too. Raises WindowRefused when it could never open."""

    days: frozenset[int] = frozenset(range(6))
    opens: time = time(8, 0)
    closes: time = time(20, 0)
    on_holidays: bool = False

    def __post_init__(self) -> None:
        if not self.days or not self.days <= frozenset(range(7)):
            raise WindowRefused("hours.no_day")
        if self.opens >= self.closes:
            raise WindowRefused("hours.upside_down", opens=f"{self.opens:%H:%M}", closes=f"{self.closes:%H:%M}")

    def check_marketing(self) -> None:
        """Raise WindowRefused if the window goes beyond 08:00-21:30 (M28)."""
        if self.opens < EARLIEST or self.closes > LATEST:
            raise WindowRefused("hours.too_wide", earliest=f"{EARLIEST:%H:%M}", latest=f"{LATEST:%H:%M}")


DEFAULT: Final = Window()
"""Monday to Saturday, 08:00 to 20:00, no holiday."""


def is_holiday(day: date, territory: str) -> bool:
    """Whether `day` is a French holiday for a number of `territory`."""
    return territory in FRENCH and day in _holidays(territory, day.year)


def why_closed(at: datetime, zone: str, window: Window, territory: str) -> Closed | None:
    """Why `at` (UTC) is outside the window for a recipient in `zone` (IANA name); None when it is inside."""
    local = _aware(at).astimezone(ZoneInfo(zone))
    if (reason := _closed_day(local.date(), window, territory)) is not None:
        return reason
    return None if window.opens <= local.time() < window.closes else Closed.HOUR


def next_opening(at: datetime, zone: str, window: Window, territory: str) -> datetime:
    """The first instant (UTC) from `at` on when a message may leave: `at` itself when the window is open.

    An opening hour that a change to summer time skips counts from the hour that stands in its place.
    """
    if why_closed(at, zone, window, territory) is None:
        return at
    place = ZoneInfo(zone)
    day = _aware(at).astimezone(place).date()
    while True:  # ends: a window has a day of the week, and no holiday falls on it every week
        if _closed_day(day, window, territory) is None:
            opening = datetime.combine(day, window.opens, place).astimezone(UTC)
            if opening >= at:
                return opening
        day += timedelta(days=1)


def _closed_day(day: date, window: Window, territory: str) -> Closed | None:
    if day.weekday() not in window.days:
        return Closed.DAY
    return Closed.HOLIDAY if not window.on_holidays and is_holiday(day, territory) else None


@cache
def _holidays(territory: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FR", subdiv=FRENCH[territory], years=year, language="fr"))


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("instants are timezone-aware")
    return at
