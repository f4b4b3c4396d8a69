"""What the pages ask of sending: live figures, the recipients of a campaign, the history of one message.

Everything is scoped to the actor's account: what belongs to another tenant does not exist.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, Text, and_, cast, or_, select
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.delivery import TAKEN, Cause, State, Status, cause_of, states_of, status_of
from smsapp.sending.moves import HELD
from smsapp.sending.tables import CAMPAIGN, COUNTER, EVENT, MESSAGE, RUN

PAGE = 50


@dataclass
class Figures:
    """Where the messages of a campaign stand. Amounts are units."""

    campaign_id: int
    state: str = ""  # of the campaign
    pause_reason: str = ""
    total: int = 0
    statuses: dict[Status, int] = field(default_factory=dict)
    states: dict[State, int] = field(default_factory=dict)
    causes: dict[Cause, int] = field(default_factory=dict)  # of the messages in error (M34)
    territories: dict[str, int] = field(default_factory=dict)
    debited: int = 0  # taken by a gateway (S55)
    held: int = 0  # at the gateway, not yet debited
    waiting: int = 0  # what the queued ones will cost


@dataclass(frozen=True)
class Recipient:
    """One line of the recipients table."""

    message_id: int
    rank: int
    e164: int
    territory: str
    nom: str
    prenom: str
    contact_id: int | None
    state: State
    status: Status
    cause: Cause | None
    operator: str | None
    segments: int
    cost: int
    body: str
    state_at: datetime


@dataclass(frozen=True)
class Moment:
    """One line of a message's history: when it happened and when we learnt it."""

    at: datetime
    recorded_at: datetime
    state: State
    status: Status
    why: str
    attempt: int
    cause: Cause | None
    operator: str | None


def figures(db: Database, actor: Actor, campaign_id: int) -> Figures | None:
    """The live figures of a campaign, from its counters; None when it is not the actor's."""
    return figures_of(db, actor.account_id, [campaign_id]).get(campaign_id)


def figures_of(db: Database, account_id: int, campaign_ids: Iterable[int]) -> Mapping[int, Figures]:
    """The live figures of several campaigns of an account, by id: two short reads, whatever the number of messages."""
    with db.read() as session:
        connection = session.connection()
        campaigns = connection.execute(
            select(CAMPAIGN.c.id, CAMPAIGN.c.state, RUN.c.pause_reason)
            .outerjoin_from(CAMPAIGN, RUN, RUN.c.campaign_id == CAMPAIGN.c.id)
            .where(CAMPAIGN.c.id.in_(list(campaign_ids)), CAMPAIGN.c.account_id == account_id)
        )
        found = {row.id: Figures(row.id, row.state, row.pause_reason or "") for row in campaigns}
        for row in connection.execute(select(COUNTER).where(COUNTER.c.campaign_id.in_(found), COUNTER.c.count != 0)):
            _add(found[row.campaign_id], row._mapping)
    return found


def recipients(
    db: Database,
    actor: Actor,
    campaign_id: int,
    *,
    status: Status | None = None,
    cause: Cause | None = None,
    search: str = "",
    after: int = -1,
    limit: int = PAGE,
) -> list[Recipient]:
    """The recipients of a campaign in order of arrival, from the one after rank ``after`` on.

    ``search`` is part of a name, or digits of the number.
    """
    wanted = [MESSAGE.c.campaign_id == campaign_id, MESSAGE.c.account_id == actor.account_id, MESSAGE.c.rank > after]
    if status is not None:
        wanted.append(MESSAGE.c.state.in_(states_of(status)))
    if cause is not None:
        wanted.append(MESSAGE.c.cause == cause)
    for word in search.split():
        wanted.append(_matches(word))
    with db.read() as session:
        found = session.connection().execute(select(MESSAGE).where(and_(*wanted)).order_by(MESSAGE.c.rank).limit(limit))
        return [_recipient(row._mapping) for row in found]


def timeline(db: Database, actor: Actor, message_id: int) -> tuple[Recipient, list[Moment]] | None:
    """A message with all that happened to it, oldest first; None when it is not the actor's."""
    with db.read() as session:
        message = _own(session, actor, message_id)
        if message is None:
            return None
        found = session.connection().execute(
            select(EVENT).where(EVENT.c.message_id == message_id).order_by(EVENT.c.at, EVENT.c.id)
        )
        return _recipient(message), [
            Moment(
                row.at,
                row.recorded_at,
                State(row.state),
                status_of(State(row.state)),
                row.why,
                row.attempt,
                cause_of(row.cause),
                row.operator,
            )
            for row in found
        ]


def _own(session: Session, actor: Actor, message_id: int) -> RowMapping | None:
    return (
        session.connection()
        .execute(select(MESSAGE).where(MESSAGE.c.id == message_id, MESSAGE.c.account_id == actor.account_id))
        .mappings()
        .first()
    )


def _matches(word: str) -> ColumnElement[bool]:
    digits = word.lstrip("+").replace(".", "")
    names = [
        MESSAGE.c.nom.icontains(word, autoescape=True),
        MESSAGE.c.prenom.icontains(word, autoescape=True),
    ]
    if digits.isdecimal():
        names.append(cast(MESSAGE.c.e164, Text).contains(digits.removeprefix("0")))
    return or_(*names)


def _add(figures: Figures, row: RowMapping) -> None:
    state = State(row["state"])
    status = status_of(state)
    counted, units = row["count"], row["units"]
    figures.total += counted
    figures.states[state] = figures.states.get(state, 0) + counted
    figures.statuses[status] = figures.statuses.get(status, 0) + counted
    figures.territories[row["territory"]] = figures.territories.get(row["territory"], 0) + counted
    if status is Status.ERROR:
        cause = cause_of(row["cause"] or None) or Cause.UNKNOWN
        figures.causes[cause] = figures.causes.get(cause, 0) + counted
    if state in TAKEN:
        figures.debited += units
    elif state in HELD:
        figures.held += units
    elif state is State.QUEUED:
        figures.waiting += units


def _recipient(row: RowMapping) -> Recipient:
    state = State(row["state"])
    return Recipient(
        message_id=row["id"],
        rank=row["rank"],
        e164=row["e164"],
        territory=row["territory"],
        nom=row["nom"],
        prenom=row["prenom"],
        contact_id=row["contact_id"],
        state=state,
        status=status_of(state),
        cause=cause_of(row["cause"]),
        operator=row["operator"],
        segments=row["segments"],
        cost=row["cost"],
        body=row["body"],
        state_at=row["state_at"],
    )
