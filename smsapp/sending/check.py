"""The proof that money and messages agree: the ledger's own invariants, then L4 to L8 and L10 over the messages.

Run by ``smsapp ledger check``, every hour by the scheduler, and after the tests.
"""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection, Text, and_, case, cast, func, literal, or_, select
from sqlmodel import Session

from smsapp.db import Database
from smsapp.domain.delivery import TAKEN, State
from smsapp.ledger.check import Violation, check_money
from smsapp.ledger.tables import ACCOUNT, TRANSFER, Kind
from smsapp.sending.moves import HELD
from smsapp.sending.tables import CAMPAIGN, COUNTER, EVENT, MESSAGE, RUN

SHOWN = 5  # ids named in a violation


def check(db: Database, taken: Iterable[str] | None = None) -> list[Violation]:
    """Every invariant L1 to L10; an empty list is the proof.

    ``taken``: the references that the gateway says it took, one for each time it did (its own journal), for L8.
    """
    with db.read() as session:
        found = check_money(session)
        for rule in (_held, _consumed, _captured, _balanced, _complete, _counters, _explained):
            found += rule(session.connection())
        if taken is not None:
            found += _judged(session, taken)
    return found


def _held(connection: Connection) -> list[Violation]:
    """L4: what is held for an account is the cost of its messages at the gateway."""
    held = _by(connection, select(ACCOUNT.c.account_id, ACCOUNT.c.balance).where(ACCOUNT.c.kind == Kind.HELD))
    cost = _by(
        connection,
        select(MESSAGE.c.account_id, func.sum(MESSAGE.c.cost))
        .where(MESSAGE.c.state.in_(HELD))
        .group_by(MESSAGE.c.account_id),
    )
    return [
        Violation(
            "L4",
            "held credits differ from the messages at the gateway",
            {"account": key, "held": held.get(key, 0), "messages": cost.get(key, 0)},
        )
        for key in sorted(held.keys() | cost.keys())
        if held.get(key, 0) != cost.get(key, 0)
    ]


def _consumed(connection: Connection) -> list[Violation]:
    """L5: what was consumed by sending is the cost of the messages that were taken."""
    consumed = connection.scalar(
        select(func.coalesce(func.sum(TRANSFER.c.amount), 0)).where(TRANSFER.c.kind.in_(("capture", "writeoff")))
    )
    cost = connection.scalar(select(func.coalesce(func.sum(MESSAGE.c.cost), 0)).where(MESSAGE.c.state.in_(TAKEN)))
    if consumed == cost:
        return []
    figures: dict[str, object] = {"consumed": int(consumed or 0), "messages": int(cost or 0)}
    return [Violation("L5", "consumed credits differ from the messages taken", figures)]


def _captured(connection: Connection) -> list[Violation]:
    """L6: a message was charged, to the customer or to the house, if and only if it was taken."""
    debit = and_(TRANSFER.c.message_id == MESSAGE.c.id, TRANSFER.c.kind.in_(("capture", "writeoff")))
    keys = [TRANSFER.c.key == literal(f"{kind}:").concat(cast(MESSAGE.c.id, Text)) for kind in ("capture", "writeoff")]
    charged = select(TRANSFER.c.id).where(or_(*keys), debit).exists()
    wrong = select(MESSAGE.c.id).where(MESSAGE.c.cost > 0, MESSAGE.c.state.in_(TAKEN) != charged)
    return _any(connection, wrong, "L6", "messages are charged without being taken, or taken without being charged")


def _balanced(connection: Connection) -> list[Violation]:
    """L7: for each message at most one charge, and holds less releases less capture is 0, or its cost while held."""
    sign = case((TRANSFER.c.kind == "hold", 1), (TRANSFER.c.kind.in_(("release", "capture")), -1), else_=0)
    left = func.sum(sign * TRANSFER.c.amount)
    charges = func.sum(case((TRANSFER.c.kind.in_(("capture", "writeoff")), 1), else_=0))
    sums = (
        select(TRANSFER.c.message_id, left.label("left"), charges.label("charges"))
        .where(TRANSFER.c.message_id.is_not(None))
        .group_by(TRANSFER.c.message_id)
        .subquery()
    )
    expected = case((MESSAGE.c.state.in_(HELD), MESSAGE.c.cost), else_=0)
    wrong = (
        select(sums.c.message_id)
        .outerjoin_from(sums, MESSAGE, MESSAGE.c.id == sums.c.message_id)
        .where(or_(MESSAGE.c.id.is_(None), sums.c.left != expected, sums.c.charges > 1))
    )
    return _any(connection, wrong, "L7", "the holds, releases and charges of messages do not balance")


def _complete(connection: Connection) -> list[Violation]:
    """L10: every message written for a campaign still exists, in one state or another."""
    rows = _by(connection, select(MESSAGE.c.campaign_id, func.count()).group_by(MESSAGE.c.campaign_id))
    runs = _by(connection, select(RUN.c.campaign_id, RUN.c.messages).where(RUN.c.materialised_at.is_not(None)))
    return [
        Violation(
            "L10", "messages of a campaign are missing", {"campaign": key, "written": n, "rows": rows.get(key, 0)}
        )
        for key, n in runs.items()
        if rows.get(key, 0) != n
    ]


def _counters(connection: Connection) -> list[Violation]:
    """The counters of campaigns are what counting the rows gives."""
    cause = func.coalesce(MESSAGE.c.cause, "")
    key = (MESSAGE.c.campaign_id, MESSAGE.c.state, cause, MESSAGE.c.territory)
    rows = {
        tuple(r[:4]): (r[4], int(r[5]))
        for r in connection.execute(select(*key, func.count(), func.sum(MESSAGE.c.cost)).group_by(*key))
    }
    kept = {tuple(r[:4]): (r[4], int(r[5])) for r in connection.execute(select(COUNTER)) if (r[4], r[5]) != (0, 0)}
    wrong = sorted({k[0] for k in rows.keys() | kept.keys() if rows.get(k) != kept.get(k)})
    return [Violation("L10", "the counters of a campaign differ from its messages", {"campaign": k}) for k in wrong]


def _explained(connection: Connection) -> list[Violation]:
    """Every message that is not waiting any more has in its history the line that says why it stands where it does."""
    line = select(EVENT.c.id).where(EVENT.c.message_id == MESSAGE.c.id, EVENT.c.state == MESSAGE.c.state).exists()
    wrong = select(MESSAGE.c.id).where(MESSAGE.c.state != State.QUEUED, ~line)
    return _any(connection, wrong, "L10", "messages stand in a state that their history does not explain")


def _judged(session: Session, taken: Iterable[str]) -> list[Violation]:
    """L8: the gateway took nothing twice (but what a person sent again), nothing we think it did not, and everything
    we charged for.
    """
    times = Counter(taken)
    wanted = Counter(
        session.connection().scalars(
            select(MESSAGE.c.client_ref).join(EVENT, EVENT.c.message_id == MESSAGE.c.id).where(EVENT.c.why == "resend")
        )
    )
    states = {
        row.client_ref: State(row.state)
        for row in session.connection().execute(
            select(MESSAGE.c.client_ref, MESSAGE.c.state).join(CAMPAIGN, CAMPAIGN.c.id == MESSAGE.c.campaign_id)
        )
    }
    open_ = TAKEN | HELD | {State.EXPIRED_UNKNOWN}
    doubled = sorted(ref for ref, n in times.items() if n > 1 + wanted[ref])
    denied = sorted(ref for ref in times if ref in states and states[ref] not in open_ and not wanted[ref])
    strange = sorted(ref for ref in times if ref not in states)
    ghosts = sorted(ref for ref, state in states.items() if state in TAKEN and ref not in times)
    sentences = (
        (doubled, "the gateway took messages twice"),
        (denied, "the gateway took messages that are told not to have left"),
        (strange, "the gateway took messages that do not exist"),
        (ghosts, "messages are charged that the gateway never took"),
    )
    return [
        Violation("L8", sentence, {"count": len(refs), "references": refs[:SHOWN]})
        for refs, sentence in sentences
        if refs
    ]


def _by(connection: Connection, query: object) -> dict[int, int]:
    return {row[0]: int(row[1]) for row in connection.execute(query)}  # type: ignore[call-overload]


def _any(connection: Connection, query: object, rule: str, sentence: str) -> list[Violation]:
    ids = list(connection.scalars(query))  # type: ignore[call-overload]
    return [Violation(rule, sentence, {"count": len(ids), "messages": ids[:SHOWN]})] if ids else []
