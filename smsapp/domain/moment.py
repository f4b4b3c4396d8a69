"""The date of sending as people give it: `jj/mm/aaaa hh:mm` on the clock of a place (S54, M23).

A date is kept as it was given, local time and zone; the instant is computed from the two, and again when the rules of
the zone change. An hour that a change to summer time skips counts from the hour that stands in its place; one that the
change to winter time repeats means its first passage. Both are said, never guessed in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from smsapp.domain.errors import Refusal


class DateUnreadable(Refusal):
    """``typed`` is not a date `jj/mm/aaaa hh:mm`, or no day of the calendar."""

    key = "schedule.date_unreadable"


class ZoneUnknown(Refusal):
    """There is no such time zone."""

    key = "schedule.zone_unknown"


class Odd(StrEnum):
    """What is odd about a local time on the day the clocks change."""

    SKIPPED = "skipped"  # it does not exist: the clocks go from before it to after it
    REPEATED = "repeated"  # it exists twice: the first passage is meant


@dataclass(frozen=True, slots=True)
class Moment:
    """A local time in a zone, and the instant it means. ``odd``: what has to be said about it."""

    local: datetime  # naive, to the minute
    zone: str
    at: datetime  # UTC
    odd: Odd | None = None

    @property
    def stored(self) -> str:
        """The local time as it is kept: `2026-10-25T02:30`."""
        return self.local.isoformat(timespec="minutes")

    @property
    def typed(self) -> str:
        """The local time as it is typed: `25/10/2026 02:30`."""
        return f"{self.local:%d/%m/%Y %H:%M}"

    @property
    def shown(self) -> datetime:
        """The instant on the clock of the place, with its offset: 03:30 for a skipped 02:30."""
        return self.at.astimezone(ZoneInfo(self.zone))


_DATE = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\s+(?:à\s+)?(\d{1,2})\s*[:hH]\s*(\d{2})\s*")


def parse(typed: str, zone: str) -> Moment:
    """The moment of a date typed as `jj/mm/aaaa hh:mm` on the clock of ``zone``.

    Raises DateUnreadable, ZoneUnknown.
    """
    found = _DATE.fullmatch(typed)
    if found is None:
        raise DateUnreadable(typed=typed[:40])
    day, month, year, hour, minute = map(int, found.groups())
    try:
        local = datetime.combine(date(year, month, day), time(hour, minute))
    except ValueError:
        raise DateUnreadable(typed=typed[:40]) from None
    return moment(local, zone)


def moment(local: datetime | str, zone: str) -> Moment:
    """The instant that a local time (naive, or as it is kept) means in ``zone``. Raises ZoneUnknown."""
    if zone not in _zones():
        raise ZoneUnknown(zone=zone[:64])
    if isinstance(local, str):
        local = datetime.fromisoformat(local)
    place = ZoneInfo(zone)
    first, second = (local.replace(tzinfo=place, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    # Skipped, the clock before the change still counts: 02:30 at +01:00 is 03:30 at +02:00.
    at = (local - first).replace(tzinfo=UTC)
    odd = None if first == second else Odd.SKIPPED if first < second else Odd.REPEATED
    return Moment(local, zone, at, odd)


@cache
def _zones() -> frozenset[str]:
    """The names of all zones: asking the system walks through its files."""
    return frozenset(available_timezones())


def moment_of(at: datetime, zone: str) -> Moment:
    """The moment of an instant, to the minute, on the clock of ``zone``."""
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
    return moment(local, zone)
