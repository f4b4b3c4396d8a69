"""Where and when the simulated lives take place: instants that are hard for schedules, numbers of four time zones,
quotes that many lives share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import polars as pl

from smsapp.db import Database
from smsapp.domain.opt_out import SAMPLE
from smsapp.domain.quote import RECIPIENTS, Quote, quote
from smsapp.domain.tariff import SmsType, default_tariff
from smsapp.domain.template import Purpose

PARIS, NEW_YORK = "Europe/Paris", "America/New_York"


@dataclass(frozen=True)
class Moment:
    """When a life begins (UTC), a date as an author types it and in which zone, the instant that everybody expects."""

    begins: str
    typed: str
    zone: str
    expected: str


MOMENTS = (
    Moment("2026-03-29T00:40", "29/03/2026 02:30", PARIS, "2026-03-29T01:30"),  # an hour that does not exist
    Moment("2026-03-29T00:10", "29/03/2026 03:10", PARIS, "2026-03-29T01:10"),
    Moment("2026-10-24T23:50", "25/10/2026 02:30", PARIS, "2026-10-25T00:30"),  # an hour that comes twice
    Moment("2026-10-25T01:20", "25/10/2026 03:15", PARIS, "2026-10-25T02:15"),
    Moment("2026-03-08T06:50", "08/03/2026 02:30", NEW_YORK, "2026-03-08T07:30"),
    Moment("2026-11-01T05:00", "01/11/2026 01:45", NEW_YORK, "2026-11-01T05:45"),
    Moment("2026-06-17T17:20", "17/06/2026 20:05", PARIS, "2026-06-17T18:05"),  # the evening: the window closes
    Moment("2026-06-20T17:30", "20/06/2026 19:58", PARIS, "2026-06-20T17:58"),  # before a Sunday
    Moment("2026-10-24T17:20", "24/10/2026 20:01", PARIS, "2026-10-24T18:01"),
    Moment("2026-06-18T05:30", "18/06/2026 08:00", PARIS, "2026-06-18T06:00"),  # the morning: it opens
)

# The first number, its territory, its zone; how many there are.
PLACES = (
    (33600100001, "FR", PARIS, 5),
    (262692100001, "RE", "Indian/Reunion", 2),
    (590690100001, "GP", "America/Guadeloupe", 2),
    (68987100001, "PF", "Pacific/Tahiti", 1),
)
NUMBERS = tuple((first + i, territory) for first, territory, _, count in PLACES for i in range(count))
ZONES = {first + i: ZoneInfo(zone) for first, _, zone, count in PLACES for i in range(count)}

TEXTS = ("Bonjour $prenom", "Bonjour $prenom, " + "les nouveautés de la saison sont arrivées. " * 8)


def open_for_marketing(number: int, at: datetime) -> bool:
    """Whether marketing may reach ``number`` at ``at`` by the clock of its own place: Monday to Saturday, 8 to 20 h."""
    local = at.astimezone(ZONES[number])
    return local.weekday() < 6 and 8 <= local.hour < 20


@cache
def priced(left_out: int, long: bool, purpose: Purpose) -> Quote:
    """The quote of every number but two that ``left_out`` chooses."""
    gone = {left_out % len(NUMBERS), (3 * left_out + 1) % len(NUMBERS)}
    kept = [one for i, one in enumerate(NUMBERS) if i not in gone]
    size = len(kept)
    frame = pl.DataFrame(
        {
            "e164": [number for number, _ in kept],
            "territory": [territory for _, territory in kept],
            "contact_id": [None] * size,
            "nom": ["Moreau"] * size,
            "prenom": ["Ines"] * size,
            "email": [None] * size,
            "societe": [None] * size,
            "source": ["typed"] * size,
            "rank": list(range(size)),
        },
        schema=RECIPIENTS,
    )
    return quote(
        frame,
        TEXTS[long],
        tariff=default_tariff(),
        sms_type=SmsType.PRO,
        purpose=purpose,
        sender_kind="reply",
        short_code="36111",
        opt_out_link=f"https://sms.example/s/{SAMPLE}",
    )


def as_written(made: Quote) -> Callable[[Database, int], Quote]:
    """What asks for the quote of a campaign, and finds ``made``."""
    return lambda _db, _campaign_id: made
