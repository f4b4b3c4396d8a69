"""The dashboard: balance, what is leaving, what left, how it arrived. All from counters: cheap on any account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.campaigns.tables import CampaignState
from smsapp.contacts.tables import Contact
from smsapp.db import Database
from smsapp.ledger.service import balance_of
from smsapp.reports.figures import CauseCount, Figures, Standing, by_campaign, causes, debits, figures, standings
from smsapp.reports.pace import pace
from smsapp.reports.sent import ALIVE, WHEN, SentLine, last_sent, sent_lines
from smsapp.sending.tables import CAMPAIGN

LAST = 6
RUNNING = 10  # campaigns under way that are shown; their number is told
ACCOUNT = Account.metadata.tables["account"]
CONTACT = Contact.metadata.tables["contact"]


@dataclass(frozen=True)
class RunningCampaign:
    """A campaign that is leaving, or paused on its way. See ``Pace`` for the last three."""

    id: int
    name: str
    state: str
    pause_reason: str
    figures: Figures
    speed_per_min: int
    ends_at: datetime | None
    resumes_at: datetime | None


@dataclass(frozen=True)
class Day:
    """What was sent on one day of the account's own time zone, by where it stands now. ``units`` were debited."""

    day: date
    received: int = 0
    operator: int = 0
    sent: int = 0
    error: int = 0
    units: int = 0


@dataclass(frozen=True)
class Dashboard:
    """Amounts in units. Rates are from 0 to 1, None without a message whose end is known."""

    available: int
    held: int
    days: int
    time_zone: str
    running: tuple[RunningCampaign, ...]
    running_total: int
    last: tuple[SentLine, ...]
    per_day: tuple[Day, ...]  # every day of the period, oldest first
    figures: Figures  # of the campaigns begun in the period
    reception_rate: float | None
    rate_before: float | None  # of the period of the same length before it
    causes: tuple[CauseCount, ...]
    spent: int  # units debited by the campaigns begun in the period
    days_left: int | None  # at the pace of the period; None when nothing was spent
    contacts: int
    sent_ever: bool  # whether this account ever sent anything: else the page shows how to begin


def dashboard(db: Database, actor: Actor, days: int = 30) -> Dashboard:
    """All that the dashboard shows, over the last ``days`` days (today included; 1 to 366)."""
    days = min(max(days, 1), 366)
    now = db.now()
    with db.read() as session:
        connection = session.connection()
        balance = balance_of(session, actor.account_id)
        name = connection.scalar(select(ACCOUNT.c.time_zone).where(ACCOUNT.c.id == actor.account_id)) or "Europe/Paris"
        zone = ZoneInfo(name)
        today = now.astimezone(zone).date()
        begins, before = today - timedelta(days=days - 1), today - timedelta(days=2 * days - 1)
        own = CAMPAIGN.c.account_id == actor.account_id
        since = datetime.combine(before, datetime.min.time(), zone)
        period = select(CAMPAIGN.c.id, CAMPAIGN.c.started_at).where(own, CAMPAIGN.c.started_at >= since)
        day_of = {row.id: row.started_at.astimezone(zone).date() for row in connection.execute(period)}
        ids = select(CAMPAIGN.c.id).where(own, CAMPAIGN.c.started_at >= since)
        found = standings(connection, ids)
        units = debits(connection, ids, found)
        current = [one for one in found if day_of[one.campaign_id] >= begins]
        earlier = [one for one in found if day_of[one.campaign_id] < begins]
        spent = sum(amount for id, amount in units.items() if day_of[id] >= begins)
        running, running_total = _running(connection, actor, now)
        last = last_sent(connection, actor, LAST)
        contacts = connection.scalar(
            select(func.count()).where(CONTACT.c.account_id == actor.account_id, CONTACT.c.deleted_at.is_(None))
        )
        ever = connection.scalar(select(CAMPAIGN.c.id).where(own, CAMPAIGN.c.state != CampaignState.DRAFT).limit(1))
    sums = figures(current)
    return Dashboard(
        available=balance.available,
        held=balance.held,
        days=days,
        time_zone=name,
        running=running,
        running_total=running_total,
        last=tuple(last),
        per_day=_per_day(current, day_of, units, begins, days),
        figures=sums,
        reception_rate=sums.reception_rate,
        rate_before=figures(earlier).reception_rate,
        causes=tuple(causes(current)),
        spent=spent,
        days_left=balance.available * days // spent if spent > 0 else None,
        contacts=int(contacts or 0),
        sent_ever=ever is not None,
    )


def _running(connection: Connection, actor: Actor, now: datetime) -> tuple[tuple[RunningCampaign, ...], int]:
    alive = (CAMPAIGN.c.account_id == actor.account_id, CAMPAIGN.c.state.in_(ALIVE))
    total = int(connection.scalar(select(func.count()).select_from(CAMPAIGN).where(*alive)) or 0)
    query = select(CAMPAIGN.c.id).where(*alive).order_by(WHEN.desc(), CAMPAIGN.c.id.desc()).limit(RUNNING)
    shown = []
    for line in sent_lines(connection, list(connection.scalars(query))):
        at = pace(connection, line.id, line.state, line.figures, now)
        shown.append(
            RunningCampaign(
                line.id,
                line.name,
                line.state,
                line.pause_reason,
                line.figures,
                at.speed_per_min,
                at.ends_at,
                at.resumes_at,
            )
        )
    return tuple(shown), total


def _per_day(
    found: list[Standing], day_of: Mapping[int, date], units: Mapping[int, int], begins: date, days: int
) -> tuple[Day, ...]:
    by_day: dict[date, list[int]] = {begins + timedelta(days=i): [0] * 5 for i in range(days)}
    for id, standing in by_campaign(found).items():
        if (sums := by_day.get(day_of[id])) is None:
            continue
        one = figures(standing)
        for i, count in enumerate((one.received, one.operator, one.sent, one.error, units.get(id, 0))):
            sums[i] += count
    return tuple(Day(day, *sums) for day, sums in by_day.items())
