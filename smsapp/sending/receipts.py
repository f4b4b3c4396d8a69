"""What gateways tell us afterwards: kept first, then applied to the messages in batches.

A report may come before the answer of the call it belongs to, twice, out of order, or about nothing we know. It is
proof that the message was taken, and knowledge only grows (``domain.delivery.merge``), so the order does not matter.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Connection, Executable, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session

from smsapp.db import Database
from smsapp.db.rows import pack, rows
from smsapp.domain.delivery import NEVER_TAKEN, Cause, State, merge
from smsapp.gateways.contract import Dlr, Event, Mo
from smsapp.sending.moves import Move, Row, apply, load
from smsapp.sending.policy import Policy
from smsapp.sending.replies import keep_replies
from smsapp.sending.tables import EVENT, INBOX, MESSAGE

AGAIN = timedelta(seconds=5)  # the answer that a report has overtaken is seldom later than this
BATCH = 500
_INSTANTS = ("received_at", "try_at", "processed_at")


def take_in(db: Database, gateway: str, events: Sequence[Event]) -> set[int]:
    """Keep the events and apply them, all in one transaction: once this returns, nothing of them can be lost.

    Events known already change nothing. Returns the accounts whose figures or replies changed.
    """
    if not events:
        return set()

    def work(session: Session) -> set[int]:
        now = db.now()
        fresh = _keep(session.connection(), gateway, events, now)
        replies = [(key, event) for key, event in fresh.items() if isinstance(event, Mo)]
        heard = keep_replies(session, replies, now)  # first: a STOP locks campaigns, which come before messages
        reports = [(key, event) for key, event in fresh.items() if isinstance(event, Dlr)]
        accounts, unmatched = _apply(session, gateway, reports, now)
        if unmatched:
            session.connection().execute(
                update(INBOX)
                .where(INBOX.c.key.in_(unmatched))
                .values(processed_at=None, outcome="unmatched", try_at=now + AGAIN)
            )
        return accounts | heard

    return db.retrying(work)


def inbox_key(gateway: str, event: Event) -> str:
    """Under which an event is kept: the same in every repetition."""
    return f"{gateway}:{event.event_id}"[:200]


def known_events(db: Database, gateway: str, events: Sequence[Event]) -> set[str]:
    """The ids of those that are kept already."""
    by_key = {inbox_key(gateway, event): event.event_id for event in events}
    with db.read() as session:
        found = session.connection().scalars(select(INBOX.c.key).where(INBOX.c.key.in_(by_key)))
        return {by_key[key] for key in found}


def retry_unmatched(db: Database, policy: Policy) -> set[int]:
    """Look again for the messages of reports that came too early; after ``policy.unmatched_for`` they are orphans."""
    now = db.now()
    waiting = (INBOX.c.processed_at.is_(None), INBOX.c.try_at <= now)
    with db.read() as session:
        if session.connection().scalar(select(INBOX.c.key).where(*waiting).limit(1)) is None:
            return set()

    def work(session: Session) -> set[int]:
        connection = session.connection()
        found = connection.execute(
            select(INBOX).where(*waiting).order_by(INBOX.c.try_at).limit(BATCH).with_for_update(skip_locked=True)
        ).all()
        by_gateway: dict[str, list[tuple[str, Dlr]]] = defaultdict(list)
        for row in found:
            by_gateway[row.gateway].append((row.key, _from_payload(row.payload)))
        accounts: set[int] = set()
        unmatched: set[str] = set()
        for gateway, reports in sorted(by_gateway.items()):
            concerned, missing = _apply(session, gateway, reports, now)
            accounts |= concerned
            unmatched.update(missing)
        for row in found:
            age = now - row.received_at
            if row.key not in unmatched:
                values = {"processed_at": now, "outcome": "applied"}
            elif age > policy.unmatched_for:
                values = {"processed_at": now, "outcome": "orphan"}
            else:
                values = {"try_at": now + min(max(AGAIN, age), policy.unmatched_every)}
            connection.execute(update(INBOX).where(INBOX.c.key == row.key).values(values))
        return accounts

    return db.retrying(work)


def report_moves(rows: Iterable[Row], reports: dict[int, list[Dlr]], doubted: Collection[int] = ()) -> list[Move]:
    """What reports (by message id, in order of arrival) do to the messages as they are now. Pure.

    ``doubted``: ids of messages of which the outcome of an attempt was unknown once.
    """
    moves = []
    for row in rows:
        move = Move.of(row)
        for report in reports[row.id]:
            if merge(move.after.state, report.state, doubted=row.id in doubted) is not move.after.state:
                cause = report.cause if report.state is State.FAILED else None
                if report.state is State.FAILED and cause is None:
                    cause = Cause.UNKNOWN
                move.to(report.state, "report", report.at, cause, report.operator)
            if move.after.gateway_message_id is None:
                move.after.gateway_message_id = report.gateway_id
        moves.append(move)
    return moves


def _keep(connection: Connection, gateway: str, events: Sequence[Event], now: datetime) -> dict[str, Event]:
    """Write the events that were not known; those only, by key, in order of arrival."""
    by_key = {inbox_key(gateway, event): event for event in reversed(events)}
    sqlite = connection.dialect.name == "sqlite"
    data = [
        (key, *(("dlr", "applied") if isinstance(event, Dlr) else ("mo", "reply")), json.dumps(_payload(event)))
        for key, event in sorted(by_key.items())  # in the same order everywhere: two writers do not deadlock
    ]
    told = {"rows": pack(sqlite, data), "gateway": gateway, "now": now}
    written = set(connection.scalars(_insert(sqlite), told))
    return {key: event for key, event in reversed(by_key.items()) if key in written}


@cache
def _insert(sqlite: bool) -> Executable:
    names = ["key", "kind", "outcome", "payload"]
    source = rows(sqlite, [(name, INBOX.c[name].type) for name in names])
    now = bindparam("now", type_=INBOX.c.received_at.type)
    same = {"gateway": bindparam("gateway", type_=INBOX.c.gateway.type), **dict.fromkeys(_INSTANTS, now)}
    insert = sqlite_insert if sqlite else pg_insert
    # SQLite needs the WHERE to tell "ON CONFLICT" from the ON of a join.
    statement = insert(INBOX).from_select([*names, *same], select(source, *same.values()).where(text("1 = 1")))
    return statement.on_conflict_do_nothing(index_elements=["key"]).returning(INBOX.c.key)


def _apply(
    session: Session, gateway: str, reports: Sequence[tuple[str, Dlr]], now: datetime
) -> tuple[set[int], list[str]]:
    """Apply reports to the messages they speak of. Returns the accounts concerned and the keys without a message."""
    if not reports:
        return set(), []
    connection = session.connection()
    refs = {report.key for _, report in reports if report.key}
    ids = {report.gateway_id for _, report in reports if report.gateway_id and not report.key}
    by_ref: dict[str, int] = {}
    if refs:
        found = connection.execute(select(MESSAGE.c.client_ref, MESSAGE.c.id).where(MESSAGE.c.client_ref.in_(refs)))
        by_ref = {row.client_ref: row.id for row in found}
    by_gateway_id: dict[str, int] = {}
    if ids:
        found = connection.execute(
            select(MESSAGE.c.gateway_message_id, MESSAGE.c.id).where(
                MESSAGE.c.gateway_message_id.in_(ids),
                MESSAGE.c.gateway_message_id.is_not(None),
                MESSAGE.c.gateway == gateway,
            )
        )
        by_gateway_id = {row.gateway_message_id: row.id for row in found}
    by_message: dict[int, list[Dlr]] = defaultdict(list)
    unmatched = []
    for key, report in reports:
        message_id = by_ref.get(report.key) if report.key else by_gateway_id.get(report.gateway_id or "")
        if message_id is None:
            unmatched.append(key)
        else:
            by_message[message_id].append(report)
    if not by_message:
        return set(), unmatched
    found_rows = load(connection, MESSAGE.c.id.in_(by_message))
    moves = report_moves(found_rows, by_message, _doubted(connection, found_rows, by_message))
    return apply(session, moves, now), unmatched


def _doubted(connection: Connection, messages: Iterable[Row], reports: dict[int, list[Dlr]]) -> set[int]:
    """Of the messages that are told not to have left and are told to be received, those whose outcome was unknown once:
    sent again and then refused, called off or stopped, they may have arrived the first time.
    """
    told = {
        row.id
        for row in messages
        if row.state in NEVER_TAKEN and any(report.state is State.DELIVERED for report in reports[row.id])
    }
    if not told:
        return set()
    once = select(EVENT.c.message_id).where(EVENT.c.message_id.in_(told), EVENT.c.state == State.UNKNOWN)
    return set(connection.scalars(once))


def _payload(event: Event) -> dict[str, object]:
    if isinstance(event, Mo):
        return {"event_id": event.event_id, "to": event.to, "at": event.at.isoformat()}  # the text is in the reply
    return {
        "event_id": event.event_id,
        "key": event.key,
        "gateway_id": event.gateway_id,
        "state": event.state.value,
        "cause": event.cause.value if event.cause else None,
        "operator": event.operator,
        "at": event.at.isoformat(),
    }


def _from_payload(payload: dict[str, str | None]) -> Dlr:
    return Dlr(
        event_id=payload["event_id"] or "",
        key=payload["key"],
        gateway_id=payload["gateway_id"],
        state=State(payload["state"] or ""),
        cause=Cause(payload["cause"]) if payload["cause"] else None,
        operator=payload["operator"],
        at=datetime.fromisoformat(payload["at"] or ""),
    )
