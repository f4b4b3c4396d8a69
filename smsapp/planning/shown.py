"""What the page of plans is given to draw: plain figures, days and hours on the clock of the account, addresses."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from smsapp.campaigns.schedule import PlannedLine
from smsapp.domain.moment import moment
from smsapp.planning.service import Agenda, Entry, Month

LISTED = 2  # campaigns written out in one day of the calendar
EXCERPT = 160


@dataclass(frozen=True)
class Row:
    """A plan in the list. ``group``: missed, today, tomorrow, week, next_week or later, of ``size`` plans on the page.

    ``day``: noon of its day; ``zone``: empty when it is the account's own.
    """

    id: int
    group: str
    size: int
    first: bool
    day: str
    hour: str
    zone: str
    title: str
    text: str
    missed: bool
    recipients: int
    units: int
    short: bool


@dataclass(frozen=True)
class Item:
    """A campaign in a day. ``look``: plan, short, missed, going or done; ``url``: where it leads."""

    id: int
    hour: str
    title: str
    look: str
    url: str


@dataclass(frozen=True)
class Cell:
    """A day of the calendar; ``more``: campaigns that are not written out."""

    day: str
    number: int
    inside: bool
    today: bool
    past: bool
    closed: bool
    more: int
    listed: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """The plan that a question, or its sheet in the calendar, is about; id 0: none. ``date`` on its own clock."""

    id: int = 0
    title: str = ""
    text: str = ""
    date: str = ""
    zone: str = ""
    missed: bool = False
    recipients: int = 0
    units: int = 0


def rows(found: Agenda) -> list[Row]:
    """The lines of the list, in groups."""
    place = ZoneInfo(found.zone)
    today = found.now.astimezone(place).date()
    groups = [_group(line, line.at.astimezone(place).date(), today) for line in found.lines]
    made = []
    for i, line in enumerate(found.lines):
        local, zone = _local(line, found.zone)
        made.append(
            Row(
                line.id,
                groups[i],
                groups.count(groups[i]),
                i == 0 or groups[i - 1] != groups[i],
                noon(local.date()),
                f"{local:%H:%M}",
                "" if zone == found.zone else zone,
                line.title,
                " ".join(line.text.split())[:EXCERPT],
                line.state == "missed",
                line.recipients,
                line.units,
                line.id in found.short,
            )
        )
    return made


def cells(found: Month) -> list[Cell]:
    """The days of the calendar."""
    return [
        Cell(
            noon(day.day),
            day.day.day,
            day.day.month == found.first.month,
            day.day == found.today,
            day.day < found.today,
            day.closed,
            max(0, len(day.entries) - LISTED),
            [_item(entry) for entry in day.entries[:LISTED]],
        )
        for day in found.days
    ]


def asked(line: PlannedLine) -> Asked:
    """A plan as its question says it."""
    local, zone = _local(line, line.zone)
    return Asked(
        line.id,
        line.title,
        line.text[:1_000],
        f"{local:%d/%m/%Y %H:%M}",
        zone,
        line.state == "missed",
        line.recipients,
        line.units,
    )


def noon(day: date) -> str:
    """A day without a zone, as the browser's words for days want it."""
    return f"{day.isoformat()}T12:00"


def _local(line: PlannedLine, zone: str) -> tuple[datetime, str]:
    """When it leaves on the clock that its author chose: 03:30 for a 02:30 that the clocks skip."""
    if line.local_time:
        return moment(line.local_time, line.zone).shown, line.zone
    return line.at.astimezone(ZoneInfo(zone)), zone


def _group(line: PlannedLine, day: date, today: date) -> str:
    if line.state == "missed":
        return "missed"
    monday = today + timedelta(days=7 - today.weekday())
    if day <= today:
        return "today"
    if day == today + timedelta(days=1):
        return "tomorrow"
    return "week" if day < monday else "next_week" if day < monday + timedelta(days=7) else "later"


def _item(entry: Entry) -> Item:
    planned = entry.state in ("scheduled", "missed")
    if planned:
        look = "missed" if entry.state == "missed" else "short" if entry.short else "plan"
    else:
        look = "done" if entry.state == "finished" else "going"
    return Item(entry.id, f"{entry.at:%H:%M}", entry.title, look, "" if planned else f"/sent/{entry.id}")
