"""The proof that the ledger is exact, for what it knows by itself: L1, L2, L3, L9.

``smsapp.sending.check`` adds what needs the messages (L4 to L8, L10) and is what ``smsapp ledger check`` runs.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, func, insert, select
from sqlmodel import Session

from smsapp.db import Database
from smsapp.ledger.posting import lock
from smsapp.ledger.tables import ACCOUNT, CHECKPOINT, TRANSFER


@dataclass(frozen=True)
class Violation:
    """An invariant that does not hold: which one, in words, and the figures."""

    rule: str
    sentence: str
    figures: dict[str, object] = field(default_factory=dict)


def check_money(session: Session) -> list[Violation]:
    """L1: all balances sum to 0. L2: each is credits minus debits. L3: none under its floor. L9: the checkpoints."""
    connection = session.connection()
    found: list[Violation] = []
    total = int(connection.scalar(select(func.coalesce(func.sum(ACCOUNT.c.balance), 0))) or 0)
    if total:
        found.append(Violation("L1", "the balances do not sum to zero", {"units": total}))
    debits = dict(_sums(connection, "debit_id"))
    credits = dict(_sums(connection, "credit_id"))
    for row in connection.execute(select(ACCOUNT)):
        moved = credits.get(row.id, 0) - debits.get(row.id, 0)
        if row.balance != moved:
            figures = {"ledger_account": row.id, "balance": row.balance, "transfers": moved}
            found.append(Violation("L2", "a balance differs from its transfers", figures))
        if row.floor is not None and row.balance < row.floor:
            figures = {"ledger_account": row.id, "balance": row.balance, "floor": row.floor}
            found.append(Violation("L3", "a balance lies under its floor", figures))
    return found + _check_chain(connection)


def checkpoint(db: Database) -> date | None:
    """Seal what was written until now, once a day: counted, summed, hashed, chained. None when done already today."""
    day = db.now().date()
    with db.write() as session:
        lock(session, ())  # every posting takes these locks first: none is under way while the day is sealed
        connection = session.connection()
        last = connection.execute(select(CHECKPOINT).order_by(CHECKPOINT.c.day.desc()).limit(1)).first()
        if last and last.day >= day:
            return None
        upto = connection.scalar(select(func.coalesce(func.max(TRANSFER.c.id), 0))) or 0
        prev = last.balances_hash if last else ""
        digest, count, units = _seal(connection, upto, prev)
        connection.execute(
            insert(CHECKPOINT).values(
                day=day, upto=upto, transfers=count, units=units, balances_hash=digest, prev_hash=prev
            )
        )
    return day


def _sums(connection: Connection, side: str) -> list[tuple[int, int]]:
    column = TRANSFER.c[side]
    return [
        (key, int(units))
        for key, units in connection.execute(select(column, func.sum(TRANSFER.c.amount)).group_by(column))
    ]


def _seal(connection: Connection, upto: int, prev: str) -> tuple[str, int, int]:
    """The hash of every balance as the transfers up to ``upto`` make it, with their count and sum."""
    until = TRANSFER.c.id <= upto
    count, units = connection.execute(
        select(func.count(), func.coalesce(func.sum(TRANSFER.c.amount), 0)).where(until)
    ).one()
    digest = hashlib.sha256(f"{prev}|{upto}|{count}|{int(units)}".encode())
    for side in (TRANSFER.c.debit_id, TRANSFER.c.credit_id):
        query = select(side, func.sum(TRANSFER.c.amount)).where(until).group_by(side).order_by(side)
        for account, moved in connection.execute(query):
            digest.update(f"|{account}:{int(moved)}".encode())
    return digest.hexdigest(), int(count), int(units)


def _check_chain(connection: Connection) -> list[Violation]:
    found: list[Violation] = []
    prev = ""
    for row in connection.execute(select(CHECKPOINT).order_by(CHECKPOINT.c.day)):
        digest, count, units = _seal(connection, row.upto, prev)
        if (digest, count, units, prev) != (row.balances_hash, row.transfers, row.units, row.prev_hash):
            found.append(Violation("L9", "the transfers of a sealed day have changed", {"day": row.day.isoformat()}))
        prev = row.balances_hash
    return found
