"""The story of one message: what happened, when, why, what it cost and what comes next (S47-S51).

Sentences are catalogue keys with parameters; a sentence that speaks of a later instant has it in ``at``.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.domain.delivery import CAUSES, STATUS, TAKEN, WAITS, Group, State, Status, cause_of
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import pretty
from smsapp.reports.networks import network
from smsapp.sending.lifecycle import RESENT
from smsapp.sending.moves import HELD
from smsapp.sending.policy import Policy
from smsapp.sending.tables import CAMPAIGN, EVENT, MESSAGE

VALIDITY = timedelta(hours=48)  # how long an operator tries (M35)
UNKNOWN_DEADLINE = Policy().unknown_deadline
STOPPED = (CampaignState.PAUSED, CampaignState.PAUSED_NO_CREDIT)

KNOWN = frozenset(
    {
        "submitting.claim",
        "accepted.answer",
        "accepted.asked",
        "rejected.answer",
        "rejected.asked",
        "expired.answer",
        "expired.asked",
        "queued.answer",
        "queued.asked",
        "queued.resend",
        "unknown.answer",
        "unknown.lease",
        "expired_unknown.deadline",
        "cancelled.cancel",
        "suppressed.stop",
        "operator.report",
        "delivered.report",
        "failed.report",
    }
)
"""The steps that have a sentence of their own; another one is told by the name of its state."""


class MessageNotFound(Refusal):
    """There is no such message in this account."""

    key = "reports.message_not_found"


@dataclass(frozen=True)
class Sentence:
    """A sentence of the catalogue. ``at``: an instant it speaks of, to be given as ``{{at}}`` in the reader's zone."""

    key: str
    params: dict[str, str | int] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True)
class Step:
    """Something that happened. ``credit``: "", hold, debit, release or offered, of ``units``."""

    at: datetime
    state: str
    status: str
    sentence: Sentence
    cause_key: str  # "" or ``delivery.cause.*``; with ``.help`` added it explains
    operator: str  # name of the network that reported, or empty
    attempt: int
    credit: str = ""
    units: int = 0


@dataclass(frozen=True)
class Story:
    """A message and its steps, oldest first. ``units`` were debited; ``next`` says what comes, or what to do."""

    message_id: int
    campaign_id: int
    campaign_name: str
    contact_id: int | None
    name: str
    e164: int
    number: str
    territory: str
    operator: str
    body: str
    encoding: str
    segments: int
    unit_price: int
    cost: int
    units: int
    reference: str
    state: str
    status: str
    cause_key: str
    permanent: bool
    resendable: bool  # its outcome is unknown and its campaign was not cancelled: a person may send it again
    at: datetime
    next: Sentence
    steps: tuple[Step, ...]


def timeline(db: Database, actor: Actor, message_id: int) -> Story:
    """The story of a message.

    Raises:
        MessageNotFound
    """
    with db.read() as session:
        connection = session.connection()
        found = connection.execute(
            select(*MESSAGE.c, CAMPAIGN.c.name.label("campaign_name"), CAMPAIGN.c.state.label("campaign_state"))
            .join(CAMPAIGN, CAMPAIGN.c.id == MESSAGE.c.campaign_id)
            .where(MESSAGE.c.id == message_id, MESSAGE.c.account_id == actor.account_id)
        ).first()
        if found is None:
            raise MessageNotFound
        events = connection.execute(select(*EVENT.c).where(EVENT.c.message_id == message_id).order_by(EVENT.c.id)).all()
    state, cause = State(found.state), cause_of(found.cause)
    written = Step(
        found.created_at, State.QUEUED.value, Status.WAITING.value, Sentence("reports.timeline.written"), "", "", 0
    )
    steps = [written]
    before = State.QUEUED
    for event in events:
        steps.append(_step(event, before, found.cost))
        before = State(event.state)
    offered = any(step.credit == "offered" for step in steps)
    return Story(
        message_id=message_id,
        campaign_id=found.campaign_id,
        campaign_name=found.campaign_name,
        contact_id=found.contact_id,
        name=f"{found.prenom} {found.nom}".strip(),
        e164=found.e164,
        number=pretty(found.e164),
        territory=found.territory,
        operator=network(found.operator),
        body=found.body,
        encoding=found.encoding,
        segments=found.segments,
        unit_price=found.unit_price,
        cost=found.cost,
        units=found.cost if state in TAKEN and not offered else 0,
        reference=found.client_ref,
        state=state.value,
        status=STATUS[state].value,
        cause_key=CAUSES[cause].key if cause else "",
        permanent=cause is not None and CAUSES[cause].permanent,
        resendable=state in (State.UNKNOWN, State.EXPIRED_UNKNOWN) and found.campaign_state in RESENT,
        at=found.state_at,
        next=_next(state, found, db.now()),
        steps=tuple(steps),
    )


def _step(event: Row[*tuple[Any, ...]], before: State, cost: int) -> Step:
    state, cause = State(event.state), cause_of(event.cause)
    name = f"{state.value}.{event.why}"
    if name in KNOWN:
        sentence = Sentence(f"reports.timeline.{name}", {"attempt": event.attempt})
    else:
        sentence = Sentence(f"delivery.state.{state.value}")
    credit = _credit(before, state) if cost else ""
    return Step(
        at=event.at,
        state=state.value,
        status=STATUS[state].value,
        sentence=sentence,
        cause_key=CAUSES[cause].key if cause else "",
        operator=network(event.operator),
        attempt=event.attempt,
        credit=credit,
        units=cost if credit else 0,
    )


def _credit(before: State, after: State) -> str:
    """What a step does with the credit (see ``sending.moves``)."""
    if after is State.SUBMITTING:
        return "hold"
    if after in TAKEN:
        return "" if before in TAKEN else "debit" if before in HELD else "offered"
    return "release" if before in HELD and after not in HELD else ""


def _next(state: State, found: Row[*tuple[Any, ...]], now: datetime) -> Sentence:
    """What comes next, or what a person can do."""
    cause = cause_of(found.cause)
    if state is State.QUEUED:
        if found.campaign_state in STOPPED:
            return Sentence("reports.timeline.next.paused")
        if found.not_before <= now:
            return Sentence("reports.timeline.next.queued")
        why = found.cause if found.cause in WAITS else "later"
        return Sentence(f"reports.timeline.next.{why}", at=found.not_before)
    if state is State.UNKNOWN:
        return Sentence("reports.timeline.next.unknown", at=(found.submitted_at or now) + UNKNOWN_DEADLINE)
    if state in (State.ACCEPTED, State.OPERATOR):
        return Sentence(f"reports.timeline.next.{state.value}", at=(found.accepted_at or now) + VALIDITY)
    if state in (State.FAILED, State.REJECTED) and cause is not None:
        info = CAUSES[cause]
        advice = "remove" if info.remove else "keep" if info.group is Group.TEMPORARY else "look"
        return Sentence(f"reports.timeline.next.{advice}")
    return Sentence(f"reports.timeline.next.{state.value}")
