"""The outbox: one transaction per window settles the answers of the last call and claims the messages of the next.

`submitting` is committed before the gateway is called: whatever happens afterwards, a message is never sent twice.
Locks are taken in the order campaign, messages, credits, counters, everywhere.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import and_, exists, select
from sqlmodel import Session

from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.domain.delivery import TAKEN, Cause, State, Wait, merge
from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import Outcome, Result, Submit
from smsapp.gateways.routing import Later
from smsapp.ledger.posting import Pot, Transfer, lock
from smsapp.ledger.tables import Kind
from smsapp.sending.letters import lacked_credit
from smsapp.sending.lifecycle import set_state, shortfall
from smsapp.sending.moves import COLUMNS, HELD, Move, Row, apply, load, row_of, state_is, transfers
from smsapp.sending.policy import Policy
from smsapp.sending.rates import NO_LIMIT, Purses
from smsapp.sending.tables import CAMPAIGN, MESSAGE, SUPPRESSION

Opens = Callable[[int, str, datetime], datetime]
"""When a number (E.164, territory) may next be written to, from an instant on: that instant itself when it may now."""


Route = Callable[[str, SmsType, str | None], str | Later | None]
"""The gateway for a territory and a type, when the third did not take the message; None when no way leads there."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to settle one claimed message: its id, which attempt it was and under which lease."""

    message_id: int
    attempt: int
    lease: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway said about a claimed message."""

    ticket: Ticket
    result: Result


@dataclass(frozen=True, slots=True)
class Ready:
    """A running campaign with something to send, locked."""

    id: int
    account_id: int
    sender: str
    sms_type: str
    purpose: str


@dataclass
class Window:
    """What a transaction of the outbox did. ``tickets``, ``batch`` and ``gateways`` go together, one by one."""

    campaign_id: int = 0  # of the claimed messages; 0 when no campaign was ready
    tickets: list[Ticket] = field(default_factory=list)
    batch: list[Submit] = field(default_factory=list)
    gateways: list[str] = field(default_factory=list)  # who is asked to carry each
    accounts: set[int] = field(default_factory=set)  # whose figures changed
    looked_at: int = 0  # queued messages claimed, put off or closed
    paused: bool = False  # the campaign stopped for lack of credit
    waits: dict[str, float] = field(default_factory=dict)  # gateways that take nothing before so many seconds
    wait_s: float = 0.0  # what was left lying waits so long: for a gateway, or for the rate of its sender there


def window(
    db: Database,
    *,
    lane: str,
    gateway: str | Route,
    size: int,
    answers: Sequence[Answer] = (),
    after: int = 0,
    opens: Opens | None = None,
    tps: Mapping[str, float] = MappingProxyType({}),
    policy: Policy,
    site: str = "",
) -> Window:
    """Settle ``answers`` and claim up to ``size`` messages of the next ready campaign of ``lane`` after ``after``.

    Claimed messages are held, marked `submitting` and leased. A number blacklisted meanwhile is suppressed (S74), one
    whose permitted hours are over is put off (M28), and the first that cannot be paid pauses its campaign (M22).
    ``tps``: segments per second that each gateway takes from all processes together. ``site``: the public address, for
    the e-mail to the author of a campaign that is paused.
    """

    def work(session: Session) -> Window:
        now = db.now()
        done = Window()
        campaign = _ready(session, lane, after, now) if size else None
        purses = Purses(session.connection(), _limits(gateway, tps), campaign.sender, now) if campaign else None
        settled = settle_moves(_answered(session, answers), answers, now, policy)
        if campaign and purses:
            done.campaign_id, done.waits, done.wait_s = campaign.id, purses.waits, purses.all_wait_s
        found = []
        if campaign and purses and not done.wait_s:
            # A late answer and a new turn of the same message: what it says comes first.
            told = {move.before.id for move in settled if move.changes}
            candidates = _candidates(session, campaign, now, min(size, purses.most))
            found = [one for one in candidates if one[0].id not in told]
        if not settled and not found:
            return done
        funds = lock(session, {m.before.account_id for m in settled} | ({campaign.account_id} if campaign else set()))
        moves = list(settled)
        if campaign and found:
            lease, sms_type = secrets.token_hex(8), SmsType(campaign.sms_type)
            until = now + timedelta(seconds=policy.lease_s)
            posted = [transfer for move in settled for transfer in transfers(move)]
            promo, available = (
                funds[pot].balance + _net(posted, pot)
                for pot in (Pot(Kind.PROMO, campaign.account_id), Pot(Kind.AVAILABLE, campaign.account_id))
            )
            for row, stopped, body, segments in found:
                move = Move.of(row)
                if stopped:
                    moves.append(move.to(State.SUPPRESSED, "stop", now, Cause.BLACKLISTED))
                    continue
                if opens and campaign.purpose == "marketing" and (at := opens(row.e164, row.territory, now)) > now:
                    move.after.not_before, move.after.cause = at, Wait.HOURS
                    moves.append(move)
                    continue
                to = gateway if isinstance(gateway, str) else gateway(row.territory, sms_type, row.gateway)
                if to is None:
                    moves.append(move.to(State.REJECTED, "route", now, Cause.ROUTING))
                    continue
                if isinstance(to, Later):
                    if to.seconds:
                        move.after.not_before = now + timedelta(seconds=to.seconds)
                        moves.append(move)
                    continue
                if purses and (wait_s := purses.wait_s(to)):
                    done.wait_s = min(done.wait_s or wait_s, wait_s)
                    continue
                if promo + available < row.cost:
                    done.paused = True
                    break
                after_ = move.to(State.SUBMITTING, "claim", now).after
                after_.promo = min(promo, row.cost)
                promo -= after_.promo
                available -= row.cost - after_.promo
                after_.attempt += 1
                after_.lease_token, after_.lease_until = lease, until
                after_.gateway, after_.submitted_at = to, now
                after_.first_try_at = after_.first_try_at or now
                moves.append(move)
                done.gateways.append(to)
                done.tickets.append(Ticket(row.id, after_.attempt, lease))
                done.batch.append(
                    Submit(
                        key=row.client_ref,
                        e164=row.e164,
                        text=body,
                        sender=campaign.sender or None,
                        sms_type=sms_type,
                        segments=segments,
                    )
                )
            done.looked_at = len(moves) - len(settled)
            if purses:
                for name in sorted(set(done.gateways)):
                    parts = zip(done.gateways, done.batch, strict=True)
                    purses.spend(name, sum(message.segments for at, message in parts if at == name))
        done.accounts = apply(session, moves, now, funds)
        if done.paused and campaign:
            set_state(session, campaign.id, CampaignState.PAUSED_NO_CREDIT, now, "no_credit")
            lacked_credit(session, campaign.id, shortfall(session, campaign.account_id, campaign.id), now, site)
            done.accounts.add(campaign.account_id)
        return done

    return db.retrying(work)


def settle_moves(found: dict[int, Row], answers: Sequence[Answer], now: datetime, policy: Policy) -> list[Move]:
    """What the answers do to the messages as they are now. Pure.

    Acceptance is believed whenever it comes, unless the message is closed; a refusal needs the attempt to be the same,
    and going back to the queue needs the lease itself, so that no late answer sends a message again.
    """
    moves = {row.id: Move.of(row) for row in found.values()}
    for ticket, result in ((answer.ticket, answer.result) for answer in answers):
        move = moves.get(ticket.message_id)
        if move is None:
            continue
        row = move.after  # a late answer may stand beside that of a later attempt
        leased = row.state is State.SUBMITTING and row.lease_token == ticket.lease and row.attempt == ticket.attempt
        if result.outcome is Outcome.ACCEPTED:
            if merge(row.state, State.ACCEPTED) is not row.state:
                move.to(State.ACCEPTED, "answer", now)
            if move.after.state in TAKEN and row.gateway_message_id is None:
                move.after.gateway_message_id = result.gateway_id
        elif result.outcome is Outcome.REJECTED:
            if row.state in HELD and row.attempt == ticket.attempt:
                move.to(State.REJECTED, "answer", now, result.cause or Cause.UNKNOWN)
        elif leased and result.outcome is Outcome.RETRY:
            if now - (row.first_try_at or now) > policy.validity:
                move.to(State.EXPIRED, "answer", now, Cause.EXPIRED)
            else:
                move.to(State.QUEUED, "answer", now)
                move.after.not_before = now + timedelta(seconds=policy.backoff(row.attempt, result.retry_after))
        elif leased:
            move.to(State.UNKNOWN, "answer", now)
            move.after.not_before = now + policy.next_question(0)
            move.after.asked, move.after.missing_since = 0, None
    return list(moves.values())


def _limits(gateway: str | Route, tps: Mapping[str, float]) -> dict[str, float]:
    return {gateway: NO_LIMIT, **tps} if isinstance(gateway, str) else dict(tps)


def _net(posted: list[Transfer], pot: Pot) -> int:
    return sum(t.units for t in posted if t.credit == pot) - sum(t.units for t in posted if t.debit == pot)


def _answered(session: Session, answers: Sequence[Answer]) -> dict[int, Row]:
    if not answers:
        return {}
    ids = [answer.ticket.message_id for answer in answers]
    return {row.id: row for row in load(session.connection(), MESSAGE.c.id.in_(ids))}


def _ready(session: Session, lane: str, after: int, now: datetime) -> Ready | None:
    """The next running campaign with a message to send, locked: a pause waits for us, and we for it."""
    connection = session.connection()
    waiting = exists().where(
        MESSAGE.c.campaign_id == CAMPAIGN.c.id, state_is(State.QUEUED), MESSAGE.c.not_before <= now
    )
    running = and_(CAMPAIGN.c.lane == lane, CAMPAIGN.c.state == CampaignState.RUNNING)
    candidate = connection.scalar(
        select(CAMPAIGN.c.id).where(running, waiting).order_by(CAMPAIGN.c.id <= after, CAMPAIGN.c.id).limit(1)
    )
    if candidate is None:
        return None
    found = connection.execute(
        select(CAMPAIGN.c.id, CAMPAIGN.c.account_id, CAMPAIGN.c.sender, CAMPAIGN.c.sms_type, CAMPAIGN.c.purpose)
        .where(CAMPAIGN.c.id == candidate, running)
        .with_for_update(key_share=True)
    ).first()
    return Ready(*found) if found else None


def _candidates(session: Session, campaign: Ready, now: datetime, size: int) -> list[tuple[Row, bool, str, int]]:
    """The next queued messages of the campaign, locked, each with whether its number is blacklisted, text, segments."""
    stopped = exists().where(SUPPRESSION.c.account_id == MESSAGE.c.account_id, SUPPRESSION.c.e164 == MESSAGE.c.e164)
    query = (
        select(*COLUMNS, stopped, MESSAGE.c.body, MESSAGE.c.segments)
        .where(MESSAGE.c.campaign_id == campaign.id, state_is(State.QUEUED), MESSAGE.c.not_before <= now)
        .order_by(MESSAGE.c.not_before, MESSAGE.c.id)
        .limit(size)
        .with_for_update(key_share=True, skip_locked=True, of=MESSAGE)
    )
    width = len(COLUMNS)
    return [
        (row_of(found), bool(found[width]), found[width + 1], found[width + 2])
        for found in session.connection().execute(query)
    ]
