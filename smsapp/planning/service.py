"""« SMS programmés »: what leaves when, what it will need, which plan the balance does not cover (S34, S54, M22)."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.departure import zone_of
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.schedule import PAGE, PLANNED, NotPlanned, PlannedLine, planned
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.hours import Closed, is_holiday, why_closed
from smsapp.ledger.service import balance_of
from smsapp.sending import lifecycle
from smsapp.sending.tables import CAMPAIGN

LEFT = (
    CampaignState.MATERIALISING,
    CampaignState.RUNNING,
    CampaignState.PAUSED,
    CampaignState.PAUSED_NO_CREDIT,
    CampaignState.FINISHED,
)
SHOWN = 50  # campaigns in one month of the calendar
CELLS = 42  # days: six weeks


class CannotRestore(Refusal):
    """It is no plan that was deleted: it is back already, or was stopped on its way."""

    key = "planning.cannot_restore"


@dataclass(frozen=True)
class Short:
    """The first plan that the balance does not cover, in the order in which they leave."""

    title: str
    date: str  # dd/mm/yyyy hh:mm, on its own clock


@dataclass(frozen=True)
class Agenda:
    """One page of plans. Amounts in units; ``units`` is what all that are scheduled will need. ``short``: ids of the
    page that the balance does not cover. ``previous``, ``next`` are given back as cursors, empty at either end."""

    lines: tuple[PlannedLine, ...]
    total: int
    scheduled: int
    units: int
    available: int
    short: frozenset[int]
    first_short: Short | None
    zone: str  # of the account
    now: datetime
    previous: str = ""
    next: str = ""


@dataclass(frozen=True)
class Entry:
    """A campaign in the calendar, at its hour on the clock of the account."""

    id: int
    title: str
    state: str
    at: datetime
    short: bool


@dataclass(frozen=True)
class Day:
    """A day of the calendar. ``closed``: marketing may not leave on it (M28)."""

    day: date
    closed: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Month:
    """Six weeks from the Monday on or before the first of a month. ``hidden``: campaigns beyond SHOWN."""

    first: date
    today: date
    days: tuple[Day, ...]
    hidden: int


def agenda(db: Database, actor: Actor, *, after: str = "", before: str = "") -> Agenda:
    """One page of the plans, the next one first; a cursor that cannot be read gives the first page."""
    here, there = _cursor(after), _cursor(before)
    found = planned(db, actor, after=here, before=there, size=PAGE + 1)
    backwards = there is not None and here is None
    beyond = len(found) > PAGE
    lines = found[-PAGE:] if backwards else found[:PAGE]
    with db.read() as session:
        connection = session.connection()
        available = balance_of(session, actor.account_id).available
        waits = CAMPAIGN.c.state == CampaignState.SCHEDULED
        needed = func.coalesce(func.sum(CAMPAIGN.c.quoted_units).filter(waits), 0)
        total, scheduled, units = connection.execute(
            select(func.count(), func.count().filter(waits), needed).where(
                CAMPAIGN.c.account_id == actor.account_id, CAMPAIGN.c.state.in_(PLANNED)
            )
        ).one()
        short = _short(connection, actor, available) if int(units) > available else []
        zone = zone_of(session, actor.account_id)
    ends = [f"{line.at.isoformat()}|{line.id}" for line in (lines[:1] + lines[-1:])]
    return Agenda(
        tuple(lines),
        int(total),
        int(scheduled),
        int(units),
        available,
        frozenset(row[0] for row in short) & {line.id for line in lines},
        Short(short[0][1], short[0][2]) if short else None,
        zone,
        db.now(),
        previous=ends[0] if ends and (beyond if backwards else here is not None) else "",
        next=ends[-1] if ends and (backwards or beyond) else "",
    )


def month(db: Database, actor: Actor, terms: Terms, asked: date | None = None) -> Month:
    """A month of the calendar, on the clock of the account: what has left, what leaves, what is planned.

    ``asked``: any day of it; this month without it.
    """
    with db.read() as session:
        connection = session.connection()
        zone = zone_of(session, actor.account_id)
        place = ZoneInfo(zone)
        today = db.now().astimezone(place).date()
        first = (asked or today).replace(day=1)
        begins = first - timedelta(days=calendar.weekday(first.year, first.month, 1))
        instants = [datetime.combine(begins + timedelta(days=n), time(), place).astimezone(UTC) for n in (0, CELLS)]
        mine = (
            CAMPAIGN.c.account_id == actor.account_id,
            CAMPAIGN.c.state.in_((*PLANNED, *LEFT)),
            CAMPAIGN.c.hidden_at.is_(None),
            CAMPAIGN.c.send_at >= instants[0],
            CAMPAIGN.c.send_at < instants[1],
        )
        c = CAMPAIGN.c
        query = select(c.id, c.name, c.state, c.send_at).where(*mine).order_by(c.state.not_in(PLANNED), c.send_at, c.id)
        found = connection.execute(query.limit(SHOWN)).all()
        total = connection.scalar(select(func.count()).select_from(CAMPAIGN).where(*mine)) or 0
        short = {row[0] for row in _short(connection, actor, balance_of(session, actor.account_id).available)}
    entries: dict[date, list[Entry]] = {}
    for row in sorted(found, key=lambda row: (row.send_at, row.id)):
        at = row.send_at.astimezone(place)
        entries.setdefault(at.date(), []).append(Entry(row.id, row.name, row.state, at, row.id in short))
    days = [begins + timedelta(days=n) for n in range(CELLS)]
    return Month(
        first,
        today,
        tuple(Day(day, _closed(day, zone, terms), tuple(entries.get(day, ()))) for day in days),
        int(total) - len(found),
    )


def one(db: Database, actor: Actor, campaign_id: int) -> PlannedLine:
    """One plan.

    Raises:
        NotPlanned
    """
    c = CAMPAIGN.c
    with db.read() as session:
        row = (
            session.connection()
            .execute(select(*c).where(c.id == campaign_id, c.account_id == actor.account_id, c.state.in_(PLANNED)))
            .first()
        )
    if row is None:
        raise NotPlanned
    names = (row.id, row.name, row.text, row.state, row.send_at, row.local_time, row.zone)
    return PlannedLine(*names, row.quoted_recipients, row.quoted_units)


def delete(db: Database, actor: Actor, campaign_id: int) -> PlannedLine:
    """Take a plan back: it never leaves, nothing was debited (S34). Returns what it was.

    Raises:
        NotPlanned
    """
    found = one(db, actor, campaign_id)
    try:
        lifecycle.take_back(db, actor, campaign_id)
    except lifecycle.NotNow:  # it left in between
        raise NotPlanned from None
    return found


def restore(db: Database, actor: Actor, campaign_id: int) -> PlannedLine:
    """Bring a deleted plan back as it was; its date may have passed meanwhile: then its ``state`` is missed (S34, M24).

    Raises:
        CannotRestore
    """
    try:
        lifecycle.put_back(db, actor, campaign_id)
        return one(db, actor, campaign_id)
    except (lifecycle.NotNow, NotPlanned):
        raise CannotRestore from None


def _short(connection: Connection, actor: Actor, available: int) -> list[tuple[int, str, str]]:
    """The plans that the balance does not cover once those before have taken theirs: id, title, date."""
    c = CAMPAIGN.c
    running = func.sum(c.quoted_units).over(order_by=(c.send_at, c.id)).label("running")
    mine = (c.account_id == actor.account_id, c.state == CampaignState.SCHEDULED)
    sums = select(c.id, c.name, c.local_time, c.send_at, running).where(*mine).subquery()
    query = select(sums).where(sums.c.running > available).order_by(sums.c.send_at, sums.c.id)
    return [(row.id, row.name, _typed(row.local_time)) for row in connection.execute(query)]


def _typed(stored: str) -> str:
    return f"{datetime.fromisoformat(stored):%d/%m/%Y %H:%M}" if stored else ""


def _closed(day: date, zone: str, terms: Terms) -> bool:
    noon = datetime.combine(day, terms.window.opens, ZoneInfo(zone)).astimezone(UTC)
    return is_holiday(day, "FR") or why_closed(noon, zone, terms.window, "FR") in (Closed.DAY, Closed.HOLIDAY)


def _cursor(text: str) -> tuple[datetime, int] | None:
    at, _, number = text.partition("|")
    try:
        when = datetime.fromisoformat(at)
        return (when, int(number)) if when.tzinfo and abs(int(number)) < 2**63 else None
    except ValueError:
        return None
