"""The report of one campaign (S40, S52): who wrote what, where it stands, what it cost, why some of it failed.

``report`` is everything, for the opening of the page; ``live`` is what moves, cheap enough for every refresh.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Connection, Row, func, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import User
from smsapp.campaigns.pricing import CampaignNotFound
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.domain.delivery import State
from smsapp.domain.tariff import SmsType, default_tariff
from smsapp.ledger.tables import TRANSFER
from smsapp.reports.actions import removable_contacts
from smsapp.reports.figures import CauseCount, Figures, Standing, causes, debits, figures, standings
from smsapp.reports.pace import Pace, pace
from smsapp.reports.sent import ALIVE, OVER, excerpt
from smsapp.sending.opt_out import stops_of
from smsapp.sending.tables import CAMPAIGN, MESSAGE, REPLY, RUN

SAMPLE = 500  # deliveries looked at for the median delay
USER = User.metadata.tables["app_user"]
REPORTED = (*ALIVE, *OVER, CampaignState.SCHEDULED, CampaignState.MISSED)


@dataclass(frozen=True)
class Destination:
    """What one territory cost: ``segments`` x ``unit_price`` = ``units``, for ``count`` messages that left."""

    territory: str
    count: int
    segments: int
    unit_price: int
    units: int


@dataclass(frozen=True)
class Live:
    """What moves while a campaign leaves. Units are exact: ``debited`` is what the ledger captured (S55)."""

    state: str
    pause_reason: str  # "", asked, no_credit, rejects
    started_at: datetime | None
    finished_at: datetime | None
    figures: Figures
    pace: Pace
    debited: int
    offered: int  # units of messages that left, paid by the house
    to_come: int  # units of what is still waiting
    cost: tuple[Destination, ...]  # dearest first
    causes: tuple[CauseCount, ...]
    replies: int  # people who replied (S44)
    stops: int  # people who said STOP, in a reply or by the link
    as_of: datetime

    @property
    def is_over(self) -> bool:
        """Whether nothing more will leave; reports may still come."""
        return self.state in OVER

    @property
    def can_pause(self) -> bool:
        return self.state == CampaignState.RUNNING

    @property
    def can_resume(self) -> bool:
        return self.state in (CampaignState.PAUSED, CampaignState.PAUSED_NO_CREDIT)

    @property
    def can_cancel(self) -> bool:
        return self.can_pause or self.can_resume


@dataclass(frozen=True)
class Exclusions:
    """Who was left out before anything was written, and so never paid (S53, M12)."""

    duplicates: int = 0
    blacklisted: int = 0
    uncovered: int = 0
    unreadable: int = 0

    @property
    def total(self) -> int:
        return self.duplicates + self.blacklisted + self.uncovered + self.unreadable


@dataclass(frozen=True)
class Report:
    """The report of a campaign."""

    id: int
    name: str
    text: str
    sender: str  # empty: a number that can be answered (S43)
    sms_type: str
    purpose: str
    author: str  # identifiant
    created_at: datetime
    send_at: datetime | None
    hidden: bool
    live: Live
    quoted_recipients: int
    quoted_units: int
    written_units: int  # what all its messages cost together; equal to the quote
    exclusions: Exclusions
    median_delay_s: float | None  # from the hand-over to the phone
    removable_numbers: int  # numbers that failed for good
    removable_contacts: int  # contacts of the book that have such a number


def report(db: Database, actor: Actor, campaign_id: int) -> Report:
    """The whole report.

    Raises:
        CampaignNotFound: not in this account, or still a draft.
    """
    with db.read() as session:
        connection = session.connection()
        found = _head(connection, actor, campaign_id)
        standing = standings(connection, [campaign_id])
        now = _live(connection, found, standing, db.now())
        author = connection.scalar(select(USER.c.identifiant).where(USER.c.id == found.user_id))
        delay = _median_delay(connection, campaign_id) if now.figures.received else None
        numbers = sum(one.count for one in now.causes if one.remove)
        contacts = removable_contacts(connection, actor, campaign_id) if numbers else 0
    return Report(
        id=campaign_id,
        name=found.name or excerpt(found.text, 60),
        text=found.text,
        sender=found.sender,
        sms_type=found.sms_type,
        purpose=found.purpose,
        author=str(author or ""),
        created_at=found.created_at,
        send_at=found.send_at,
        hidden=found.hidden_at is not None,
        live=now,
        quoted_recipients=found.quoted_recipients,
        quoted_units=found.quoted_units,
        written_units=found.written_units or 0,
        exclusions=Exclusions(
            found.duplicates or 0, found.blacklisted or 0, found.uncovered or 0, found.unreadable or 0
        ),
        median_delay_s=delay,
        removable_numbers=numbers,
        removable_contacts=contacts,
    )


def live(db: Database, actor: Actor, campaign_id: int) -> Live:
    """What moves, from counters and a few rows.

    Raises:
        CampaignNotFound
    """
    with db.read() as session:
        connection = session.connection()
        found = _head(connection, actor, campaign_id)
        return _live(connection, found, standings(connection, [campaign_id]), db.now())


def ledger_debit(db: Database, actor: Actor, campaign_id: int) -> int:
    """What the ledger itself captured for the campaign, in units: the proof of ``Live.debited``.

    It reads the account's transfers one by one: for checks, not for pages.
    """
    query = select(func.coalesce(func.sum(TRANSFER.c.amount), 0)).where(
        TRANSFER.c.account_id == actor.account_id,
        TRANSFER.c.campaign_id == campaign_id,
        TRANSFER.c.kind == "capture",
    )
    with db.read() as session:
        return int(session.connection().scalar(query) or 0)


def require_owned(connection: Connection, actor: Actor, campaign_id: int) -> None:
    """Raises CampaignNotFound unless the campaign is the actor's and was launched or planned."""
    _head(connection, actor, campaign_id)


def _head(connection: Connection, actor: Actor, campaign_id: int) -> Row[*tuple[Any, ...]]:
    run = RUN.c
    names = (run.pause_reason, run.duplicates, run.blacklisted, run.uncovered, run.unreadable)
    found = connection.execute(
        select(*CAMPAIGN.c, *names, run.units.label("written_units"))
        .outerjoin_from(CAMPAIGN, RUN, run.campaign_id == CAMPAIGN.c.id)
        .where(CAMPAIGN.c.id == campaign_id, CAMPAIGN.c.account_id == actor.account_id)
        .where(CAMPAIGN.c.state.in_(REPORTED))
    ).first()
    if found is None:
        raise CampaignNotFound("reports.not_found")
    return found


def _live(connection: Connection, head: Row[*tuple[Any, ...]], found: Sequence[Standing], now: datetime) -> Live:
    sums = figures(found)
    debited = debits(connection, [head.id], found).get(head.id, 0)
    replied = select(func.count(REPLY.c.e164.distinct())).where(REPLY.c.campaign_id == head.id)
    return Live(
        state=head.state,
        pause_reason=head.pause_reason or "",
        started_at=head.started_at,
        finished_at=head.finished_at,
        figures=sums,
        pace=pace(connection, head.id, head.state, sums, now),
        debited=debited,
        offered=sum(one.units for one in found if one.taken) - debited,
        to_come=sum(one.units for one in found if one.state in (State.QUEUED, State.SUBMITTING)),
        cost=_cost(connection, head, found),
        causes=tuple(causes(found)),
        replies=connection.scalar(replied) or 0,
        stops=connection.scalar(stops_of(head.id)) or 0,
        as_of=now,
    )


def _cost(connection: Connection, head: Row[*tuple[Any, ...]], found: Sequence[Standing]) -> tuple[Destination, ...]:
    sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in found:
        if one.taken:
            count, units = sums[one.territory]
            sums[one.territory] = (count + one.count, units + one.units)
    prices = _prices(connection, head, list(sums))
    made = [Destination(t, n, units // prices[t], prices[t], units) for t, (n, units) in sums.items()]
    return tuple(sorted(made, key=lambda d: (-d.units, d.territory)))


def _prices(connection: Connection, head: Row[*tuple[Any, ...]], territories: list[str]) -> dict[str, int]:
    """The price of a segment by territory: the tariff's if it is still the campaign's, else as the messages have it."""
    tariff = default_tariff()
    if head.tariff_version == tariff.version:
        sms_type, named = SmsType(head.sms_type), bool(head.sender)
        return {territory: tariff.unit_price(territory, sms_type, custom_sender=named) for territory in territories}
    query = select(MESSAGE.c.territory, func.max(MESSAGE.c.unit_price)).where(MESSAGE.c.campaign_id == head.id)
    return {row[0]: int(row[1]) for row in connection.execute(query.group_by(MESSAGE.c.territory))}


def _median_delay(connection: Connection, campaign_id: int) -> float | None:
    """Seconds from the hand-over to the phone, over the first SAMPLE deliveries."""
    found = connection.execute(
        select(MESSAGE.c.accepted_at, MESSAGE.c.state_at)
        .where(MESSAGE.c.campaign_id == campaign_id, MESSAGE.c.state == State.DELIVERED)
        .order_by(MESSAGE.c.rank)
        .limit(SAMPLE)
    )
    delays = [max(0.0, (row.state_at - row.accepted_at).total_seconds()) for row in found if row.accepted_at]
    return median(delays) if delays else None
