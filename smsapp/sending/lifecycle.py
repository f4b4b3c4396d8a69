"""The life of a campaign once it is the engine's: pause, resume, cancel, finish; and of messages that time overtakes.

Every function may run at any time, in several processes, and again after a crash: the rows say what is left to do.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.domain.delivery import State
from smsapp.domain.errors import Refusal
from smsapp.domain.moment import moment
from smsapp.ledger.posting import Insufficient
from smsapp.ledger.service import balance_of
from smsapp.sending.moves import Move, apply, load, state_is
from smsapp.sending.policy import Policy
from smsapp.sending.tables import CAMPAIGN, COUNTER, MESSAGE, RUN

CHUNK = 2_000
PAUSED = (CampaignState.PAUSED, CampaignState.PAUSED_NO_CREDIT)
RESENT = (CampaignState.RUNNING, CampaignState.FINISHED, *PAUSED)  # campaigns of which a message may go again


class NotNow(Refusal):
    """The campaign is not in a state in which this can be done."""

    key = "sending.not_now"


def pause(db: Database, actor: Actor, campaign_id: int) -> None:
    """Stop claiming. Once this returns nothing more leaves, but for the windows already at the gateway.

    Raises NotNow unless the campaign is running.
    """

    def work(session: Session) -> None:
        _locked(session, actor, campaign_id, CampaignState.RUNNING)
        set_state(session, campaign_id, CampaignState.PAUSED, db.now(), "asked")

    db.retrying(work)


def resume(db: Database, actor: Actor, campaign_id: int, *, partial: bool = False) -> None:
    """Go on. Everything that is left must be covered, unless ``partial``: then send what the balance allows (M22).

    Raises NotNow unless it is paused; Insufficient (params ``missing``: units).
    """

    def work(session: Session) -> None:
        _locked(session, actor, campaign_id, *PAUSED)
        if not partial:
            require_cover(session, actor.account_id, campaign_id)
        seen = and_(RUN.c.campaign_id == campaign_id, RUN.c.pause_reason == "rejects")
        session.connection().execute(update(RUN).where(seen).values(refusals_seen=True))
        set_state(session, campaign_id, CampaignState.RUNNING, db.now(), "")

    db.retrying(work)


def cancel(db: Database, actor: Actor, campaign_id: int) -> None:
    """Nothing more leaves, ever; what is queued is cancelled and was never debited (S34).

    Raises NotNow when the campaign is over already.
    """
    alive = (
        CampaignState.SCHEDULED,
        CampaignState.MISSED,
        CampaignState.MATERIALISING,
        CampaignState.RUNNING,
        *PAUSED,
    )

    def work(session: Session) -> None:
        _locked(session, actor, campaign_id, *alive)
        set_state(session, campaign_id, CampaignState.CANCELLED, db.now(), "")

    db.retrying(work)
    sweep_cancelled(db)


def take_back(db: Database, actor: Actor, campaign_id: int) -> None:
    """A plan never leaves (S34). Raises NotNow when it is no plan any more: what is leaving is cancelled knowingly."""

    def work(session: Session) -> None:
        _locked(session, actor, campaign_id, CampaignState.SCHEDULED, CampaignState.MISSED)
        set_state(session, campaign_id, CampaignState.CANCELLED, db.now(), "")

    db.retrying(work)


def put_back(db: Database, actor: Actor, campaign_id: int) -> CampaignState:
    """Undo ``take_back``: the plan waits for its date again, or is missed when that has passed. Returns which.

    Nothing was held or debited by it, so that nothing is now. Raises NotNow unless it was taken back before anything of
    it was written.
    """

    def work(session: Session) -> CampaignState:
        _locked(session, actor, campaign_id, CampaignState.CANCELLED)
        connection, now = session.connection(), db.now()
        mine = CAMPAIGN.c.id == campaign_id
        begun = exists().where(RUN.c.campaign_id == CAMPAIGN.c.id)
        columns = (CAMPAIGN.c.local_time, CAMPAIGN.c.zone, CAMPAIGN.c.send_at)
        plan = connection.execute(select(*columns).where(mine, CAMPAIGN.c.local_time != "", ~begun)).first()
        if plan is None or plan.send_at != moment(plan.local_time, plan.zone).at:  # it was sent, then stopped
            raise NotNow()
        state = CampaignState.SCHEDULED if plan.send_at > now else CampaignState.MISSED
        connection.execute(update(CAMPAIGN).where(mine).values(hidden_at=None))
        set_state(session, campaign_id, state, now, "")
        return state

    return db.retrying(work)


def resend(db: Database, actor: Actor, message_id: int) -> None:
    """Send a message of unknown outcome again because a person wants it: a new attempt, with their name in its history.

    It may then arrive twice, which is why nothing else ever does this. It is debited once at most: what was held for
    the first attempt is given back. Raises NotNow unless its outcome is unknown and its campaign was not cancelled.
    """

    def work(session: Session) -> None:
        now = db.now()
        connection = session.connection()
        mine = (MESSAGE.c.id == message_id, MESSAGE.c.account_id == actor.account_id)
        campaign_id = connection.scalar(select(MESSAGE.c.campaign_id).where(*mine))
        if campaign_id is None:
            raise NotNow()
        found = _locked(session, actor, campaign_id, *RESENT)
        row = next(iter(load(connection, and_(*mine))), None)
        if row is None or row.state not in (State.UNKNOWN, State.EXPIRED_UNKNOWN):
            raise NotNow()
        move = Move.of(row).to(State.QUEUED, "resend", now, user_id=actor.user_id)
        move.after.not_before, move.after.first_try_at = now, None  # its validity begins anew
        if found == CampaignState.FINISHED:
            reopen(session, {campaign_id}, now)
        apply(session, [move], now)

    db.retrying(work)


def reopen(session: Session, finished: set[int], now: datetime) -> None:
    """A finished campaign, locked by the caller, has something to send again."""
    if finished:
        session.connection().execute(
            update(CAMPAIGN)
            .where(CAMPAIGN.c.id.in_(finished))
            .values(state=CampaignState.RUNNING, finished_at=None, updated_at=now)
        )


def sweep_cancelled(db: Database, lane: str | None = None) -> set[int]:
    """Cancel what is queued of cancelled campaigns, in chunks. Returns the accounts concerned."""
    cancelled = select(CAMPAIGN.c.id).where(CAMPAIGN.c.state == CampaignState.CANCELLED, *_in(lane))
    return _all(
        db,
        and_(MESSAGE.c.campaign_id.in_(cancelled), state_is(State.QUEUED)),
        lambda move, now: move.to(State.CANCELLED, "cancel", now),
    )


def reap(db: Database, policy: Policy, lane: str | None = None, *, alone: bool = False) -> set[int]:
    """Messages whose sender disappeared: their outcome is unknown, they are never sent again by themselves.

    ``alone``: this process is the only one that sends and it has not begun, so that no lease needs to run out.
    """
    expired = [] if alone else [MESSAGE.c.lease_until < db.now()]
    first = policy.next_question(0)

    def move(found: Move, now: datetime) -> Move:
        found.to(State.UNKNOWN, "lease", now)
        found.after.not_before, found.after.asked, found.after.missing_since = now + first, 0, None
        return found

    return _all(db, and_(state_is(State.SUBMITTING), *expired, *_of(lane)), move)


def give_up_unknown(db: Database, policy: Policy, lane: str | None = None) -> set[int]:
    """Unknown for 72 hours without evidence: the credit goes back to the customer."""
    since = db.now() - policy.unknown_deadline
    overdue = and_(state_is(State.UNKNOWN), MESSAGE.c.submitted_at < since, *_of(lane))
    return _all(db, overdue, lambda move, now: move.to(State.EXPIRED_UNKNOWN, "deadline", now))


def finish(db: Database, lane: str | None = None) -> set[int]:
    """Close the campaigns of which nothing is queued nor at the gateway: counted from the rows, never assumed."""
    left = exists().where(
        MESSAGE.c.campaign_id == CAMPAIGN.c.id, or_(state_is(State.QUEUED), state_is(State.SUBMITTING))
    )
    over = and_(
        CAMPAIGN.c.state.in_((CampaignState.RUNNING, *PAUSED)),
        exists().where(RUN.c.campaign_id == CAMPAIGN.c.id, RUN.c.materialised_at.is_not(None)),
        ~left,
        *_in(lane),
    )
    with db.read() as session:
        candidates = sorted(session.connection().scalars(select(CAMPAIGN.c.id).where(over)))
    if not candidates:
        return set()

    def work(session: Session) -> set[int]:
        now = db.now()
        connection = session.connection()
        mine = CAMPAIGN.c.id.in_(candidates)
        # First the lock, then the look: whoever puts a message back in the queue holds this lock while doing so, and
        # a statement that waits for a lock goes on with what it saw before.
        connection.execute(select(CAMPAIGN.c.id).where(mine).order_by(CAMPAIGN.c.id).with_for_update(key_share=True))
        statement = (
            update(CAMPAIGN)
            .where(mine, over)
            .values(state=CampaignState.FINISHED, finished_at=now, updated_at=now)
            .returning(CAMPAIGN.c.account_id)
        )
        return set(connection.scalars(statement))

    return db.retrying(work)


def stop_refused(db: Database, policy: Policy, lane: str | None = None) -> set[int]:
    """Pause the campaigns of which too many messages are refused: something is wrong, and the author must look.

    The first ``policy.rejects_looked_at`` tries are the measure, and afterwards all of them.
    """
    refused = func.sum(COUNTER.c.count).filter(COUNTER.c.state == State.REJECTED)
    tried = func.sum(COUNTER.c.count).filter(
        COUNTER.c.state.not_in((State.QUEUED, State.SUBMITTING, State.SUPPRESSED, State.CANCELLED))
    )
    running = (CAMPAIGN.c.state == CampaignState.RUNNING, *_in(lane))
    suspects = (
        select(CAMPAIGN.c.id, CAMPAIGN.c.account_id)
        .join(COUNTER, COUNTER.c.campaign_id == CAMPAIGN.c.id)
        .join(RUN, RUN.c.campaign_id == CAMPAIGN.c.id)
        .where(*running, ~RUN.c.refusals_seen)
        .group_by(CAMPAIGN.c.id, CAMPAIGN.c.account_id)
        .having(refused > tried * policy.rejects_ratio, refused > policy.rejects_looked_at * policy.rejects_ratio)
    )
    with db.read() as session:
        found = session.connection().execute(suspects).all()

    def work(session: Session, campaign_id: int) -> None:
        connection = session.connection()
        locked = select(CAMPAIGN.c.id).where(CAMPAIGN.c.id == campaign_id, *running).with_for_update(key_share=True)
        if connection.scalar(locked) is not None:
            set_state(session, campaign_id, CampaignState.PAUSED, db.now(), "rejects")

    for row in found:
        db.retrying(lambda session, row=row: work(session, row.id))  # type: ignore[misc]  # bound in the loop
    return {row.account_id for row in found}


def require_cover(session: Session, account_id: int, campaign_id: int) -> None:
    """What is queued of the campaign must be covered by what the account may spend.

    Raises Insufficient with ``missing`` units.
    """
    missing = shortfall(session, account_id, campaign_id)
    if missing > 0:
        raise Insufficient(missing=missing)


def shortfall(session: Session, account_id: int, campaign_id: int) -> int:
    """Units that the account lacks for what is queued of the campaign; nothing lacks at 0 and below."""
    left = session.connection().scalar(
        select(func.coalesce(func.sum(COUNTER.c.units), 0)).where(
            COUNTER.c.campaign_id == campaign_id, COUNTER.c.state == State.QUEUED
        )
    )
    return int(left or 0) - balance_of(session, account_id).available


def set_state(session: Session, campaign_id: int, state: CampaignState, now: datetime, reason: str) -> None:
    """Write the state of a campaign that the caller has locked, with why it is paused."""
    connection = session.connection()
    connection.execute(update(CAMPAIGN).where(CAMPAIGN.c.id == campaign_id).values(state=state, updated_at=now))
    connection.execute(update(RUN).where(RUN.c.campaign_id == campaign_id).values(pause_reason=reason))


def _locked(session: Session, actor: Actor, campaign_id: int, *states: CampaignState) -> str:
    found = session.connection().scalar(
        select(CAMPAIGN.c.state)
        .where(CAMPAIGN.c.id == campaign_id, CAMPAIGN.c.account_id == actor.account_id)
        .with_for_update(key_share=True)
    )
    if found not in states:
        raise NotNow()
    return str(found)


def _in(lane: str | None) -> list[ColumnElement[bool]]:
    return [] if lane is None else [CAMPAIGN.c.lane == lane]


def _of(lane: str | None) -> list[ColumnElement[bool]]:
    # "+ 0" keeps SQLite from going through the campaigns: the few messages in question have an index of their own.
    mine = select(CAMPAIGN.c.id).where(CAMPAIGN.c.lane == lane)
    return [] if lane is None else [(MESSAGE.c.campaign_id + 0).in_(mine)]


def _all(db: Database, where: ColumnElement[bool], change: Callable[[Move, datetime], Move]) -> set[int]:
    """Apply one change to every message of ``where``, in transactions of CHUNK messages."""
    concerned: set[int] = set()
    with db.read() as session:
        if session.connection().scalar(select(MESSAGE.c.id).where(where).limit(1)) is None:
            return concerned

    def work(session: Session) -> tuple[int, set[int]]:
        now = db.now()
        moves = [change(Move.of(row), now) for row in load(session.connection(), where, limit=CHUNK)]
        return len(moves), apply(session, moves, now)

    while True:
        done, accounts = db.retrying(work)
        concerned |= accounts
        if done < CHUNK:
            return concerned
