"""The blacklist: numbers that an account never writes to again.

It hangs on the number, not on the contact, and no import lifts it (S74, M27).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.tables import Suppression
from smsapp.db import Database

ORIGINS = ("stop", "import", "manual", "report")
REASON_LENGTH = 200


@dataclass(frozen=True)
class Suppressed:
    """A number with why, whence and since when it is not written to."""

    e164: int
    reason: str
    origin: str
    since: datetime


def suppress(
    session: Session, db: Database, account_id: int, numbers: Collection[int], *, origin: str, reason: str = ""
) -> int:
    """Put numbers on the blacklist within the caller's transaction; those already there keep what was said of them.

    Returns how many are new.
    """
    if origin not in ORIGINS:
        raise ValueError(f"unknown origin {origin!r}")
    before = _count(session, account_id)
    rows = [
        {"a": account_id, "n": e164, "r": reason[:REASON_LENGTH], "o": origin, "t": db.now()} for e164 in set(numbers)
    ]
    if rows:
        statement = text(
            "INSERT INTO suppression (account_id, e164, reason, origin, created_at) VALUES (:a, :n, :r, :o, :t)"
            " ON CONFLICT DO NOTHING"
        ).bindparams(bindparam("t", type_=Suppression.__table__.c.created_at.type))  # type: ignore[attr-defined]
        session.execute(statement, rows)
    return _count(session, account_id) - before


def blacklist(db: Database, actor: Actor, numbers: Collection[int], *, reason: str = "") -> int:
    """Put numbers on the actor's blacklist by hand. Returns how many were not on it."""
    with db.write() as session:
        return suppress(session, db, actor.account_id, numbers, origin="manual", reason=reason)


def suppressed_among(session: Session, account_id: int, numbers: Collection[int]) -> set[int]:
    """Those of ``numbers`` that the account never writes to."""
    return numbers_in(
        session, "SELECT e164 FROM suppression WHERE account_id = :a AND e164 IN ({})", account_id, numbers
    )


def suppressed(db: Database, actor: Actor, numbers: Collection[int] | None = None) -> set[int]:
    """The numbers never written to: all of the account, or those among ``numbers``."""
    with db.read() as session:
        if numbers is not None:
            return suppressed_among(session, actor.account_id, numbers)
        asked = select(Suppression.e164).where(Suppression.account_id == actor.account_id)
        return set(session.execute(asked).scalars())


def blacklist_count(db: Database, actor: Actor) -> int:
    """How many numbers the account never writes to."""
    with db.read() as session:
        return _count(session, actor.account_id)


def blacklist_page(db: Database, actor: Actor, after: int = 0, limit: int = 50) -> list[Suppressed]:
    """Numbers of the blacklist in rising order, those greater than ``after``."""
    asked = (
        select(Suppression)
        .where(Suppression.account_id == actor.account_id, Suppression.e164 > after)
        .order_by(col(Suppression.e164))
        .limit(limit)
    )
    with db.read() as session:
        return [Suppressed(s.e164, s.reason, s.origin, s.created_at) for s in session.execute(asked).scalars()]


def numbers_in(session: Session, statement: str, account_id: int, numbers: Collection[int]) -> set[int]:
    """The one-column answer of ``statement``, whose ``{}`` stands for any amount of ``numbers`` sent as one value."""
    if session.get_bind().dialect.name == "sqlite":
        values = "SELECT value FROM json_each(:numbers)"
        asked = text(statement.format(values)).bindparams(numbers="[" + ",".join(map(str, numbers)) + "]")
    else:
        asked = text(statement.format("SELECT unnest(:numbers)")).bindparams(
            bindparam("numbers", list(numbers), type_=ARRAY(BigInteger))
        )
    found: set[int] = set(session.execute(asked, {"a": account_id}).scalars())
    return found


def _count(session: Session, account_id: int) -> int:
    asked = select(func.count()).select_from(Suppression).where(Suppression.account_id == account_id)
    total: int = session.execute(asked).scalar_one()
    return total
