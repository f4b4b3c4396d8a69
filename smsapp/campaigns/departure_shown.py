"""What the composer shows of the date of sending: its fields, and what has to be said about it (no Reflex here)."""

from dataclasses import dataclass, field
from datetime import datetime

from smsapp.campaigns.departure import ZONES, Departure, departure
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.screen import Check
from smsapp.campaigns.service import Draft
from smsapp.domain.hours import Closed
from smsapp.domain.moment import Odd, moment
from smsapp.i18n.catalogue import Sentence

_CLOSED = {
    Closed.DAY: "schedule.closed.day",
    Closed.HOLIDAY: "schedule.closed.holiday",
    Closed.HOUR: "schedule.closed.hour",
}


@dataclass(frozen=True)
class ZoneItem:
    """A clock on offer."""

    value: str
    label: str


@dataclass(frozen=True)
class Leaves:
    """When the draft leaves. ``date`` as it is typed, empty while none was given; ``slot``: the next permitted date.

    ``edits``: it takes the place of a plan (S36).
    """

    later: bool = False
    date: str = ""
    zone: str = ""
    zones: list[ZoneItem] = field(default_factory=list)
    spread: str = "0"
    partial: bool = False
    edits: bool = False
    past: bool = False
    slot: str = ""
    remarks: list[Check] = field(default_factory=list)


def leaves(draft: Draft, terms: Terms, now: datetime) -> Leaves:
    """The part of the page that says when the draft leaves."""
    found = departure(draft, terms, now)
    known = dict.fromkeys([draft.zone, *ZONES] if draft.zone else ZONES)
    return Leaves(
        later=draft.later,
        date=moment(draft.local_time, draft.zone).typed if draft.local_time else "",
        zone=draft.zone,
        zones=[ZoneItem(zone, zone.replace("_", " ")) for zone in known],
        spread=str(draft.spread_minutes),
        partial=draft.partial,
        edits=draft.edits_id is not None,
        past=found is not None and found.past,
        slot=found.opens.typed if found and found.opens and found.held and not found.past else "",
        remarks=_remarks(found, terms) if found else [],
    )


def _remarks(found: Departure, terms: Terms) -> list[Check]:
    when, window = found.when, terms.window
    opens, closes = f"{window.opens:%H:%M}", f"{window.closes:%H:%M}"
    day, hour = f"{when.local:%d/%m/%Y}", f"{when.local:%H:%M}"
    said = []
    if when.odd is Odd.SKIPPED:
        instead = f"{when.shown:%H:%M}"
        said.append(Check("warn", Sentence("schedule.odd.skipped", {"day": day, "hour": hour, "instead": instead})))
    elif when.odd is Odd.REPEATED:
        said.append(Check("warn", Sentence("schedule.odd.repeated", {"day": day, "hour": hour})))
    if found.past:
        said.append(Check("warn", Sentence("schedule.past", {"date": when.typed})))
    elif found.closed is not None and found.opens is not None:
        key = _CLOSED[found.closed] if found.held else "schedule.closed.demo"
        said.append(Check("warn", Sentence(key, {"opens": opens, "closes": closes, "date": found.opens.typed})))
    elif found.bound and found.closed is None and not found.overruns:
        said.append(Check("ok", Sentence("schedule.open", {"opens": opens, "closes": closes})))
    if found.overruns and found.held:
        said.append(Check("warn", Sentence("schedule.overruns", {"opens": opens, "closes": closes})))
    return said
