"""The blacklist: numbers that an account never writes to again; what puts them there, and what takes them off.

It hangs on the number, not on the contact, and no import lifts it (S74, M27): only a person does, who says why, and the
history keeps that. `blacklist_list.py` reads it for its page.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, BindParameter, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.contacts.tables import Suppression
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import read_column, split_numbers

ORIGINS = ("stop", "import", "manual", "report")
REASON_LENGTH = 200
TYPED_LIMIT = 200_000  # characters of numbers typed or pasted at once

_ADDED = (
    "INSERT INTO suppression (account_id, e164, reason, origin, user_id, source_id, created_at)"
    " VALUES (:a, :n, :r, :o, :u, :s, :t)"
    " ON CONFLICT (account_id, e164) DO UPDATE SET kept = true WHERE suppression.origin = 'stop'"
    " AND excluded.origin <> 'stop'"
)
_STOPPED = "SELECT e164 FROM suppression WHERE account_id = :a AND origin = 'stop' AND NOT kept AND e164 IN ({})"
_KEPT = (
    "INSERT INTO suppression_event (account_id, e164, kind, origin, reason, user_id, source_id, at)"
    " VALUES (:a, :n, 'kept', :o, :r, :u, :s, :t)"
)


class ReasonMissing(Refusal):
    """A number is lifted from the blacklist only by somebody who says why."""

    key = "blacklist.reason_missing"


class NumbersMissing(Refusal):
    key = "blacklist.numbers_missing"


class TooManyTyped(Refusal):
    """So many numbers belong in a file."""

    key = "blacklist.too_many_typed"


@dataclass(frozen=True)
class Added:
    """What became of typed numbers: new on the blacklist, there already, and the texts that are no numbers."""

    added: int
    known: int
    unreadable: tuple[str, ...] = ()


def suppress(
    session: Session,
    db: Database,
    account_id: int,
    numbers: Collection[int],
    *,
    origin: str,
    reason: str = "",
    reasons: Mapping[int, str] | None = None,
    user_id: int | None = None,
    source_id: int | None = None,
) -> int:
    """Put numbers on the blacklist within the caller's transaction; those already there keep what was said of them.

    ``reasons``: number -> a reason of its own, in the place of ``reason``. ``user_id``: the person who does it;
    ``source_id``: the import or the campaign that the numbers come from. One that had written STOP stays even if it
    writes START later (``kept``), which the history says. Returns how many are new.
    """
    if origin not in ORIGINS:
        raise ValueError(f"unknown origin {origin!r}")
    plain, own = tidy_reason(reason), reasons or {}
    rows = {
        e164: {
            "a": account_id, "n": e164, "r": tidy_reason(own.get(e164, "")) or plain, "o": origin, "u": user_id,
            "s": source_id, "t": db.now(),
        }
        for e164 in sorted(numbers)  # one order, so that two who add the same numbers wait rather than deadlock
    }  # fmt: skip
    if not rows:
        return 0
    known = suppressed_among(session, account_id, rows)
    if origin != "stop" and (stopped := numbers_in(session, _STOPPED, account_id, known)):
        session.execute(text(_KEPT).bindparams(_at()), [rows[e164] for e164 in sorted(stopped)])
    session.execute(text(_ADDED).bindparams(_at()), list(rows.values()))
    return len(rows) - len(known)


def blacklist(
    db: Database,
    actor: Actor,
    numbers: Collection[int],
    *,
    reason: str = "",
    origin: str = "manual",
    source_id: int | None = None,
) -> int:
    """Put numbers on the actor's blacklist by hand, or from a report. Returns how many were not on it."""
    with db.write() as session:
        return suppress(
            session, db, actor.account_id, numbers,
            origin=origin, reason=reason, user_id=actor.user_id, source_id=source_id,
        )  # fmt: skip


def blacklist_typed(db: Database, actor: Actor, typed: str, reason: str = "") -> Added:
    """Put numbers on the blacklist as they were typed or pasted; texts that are no numbers are given back.

    Raises:
        NumbersMissing, TooManyTyped
    """
    texts = split_numbers(typed[: TYPED_LIMIT + 1])
    if not texts:
        raise NumbersMissing
    if len(typed) > TYPED_LIMIT:
        raise TooManyTyped(limit=TYPED_LIMIT)
    with db.read() as session:
        account = session.get(Account, actor.account_id)
    read = read_column(pl.Series("entry", texts, dtype=pl.String()), account.region if account else "FR")
    numbers = set(read["e164"].drop_nulls().to_list())
    added = blacklist(db, actor, numbers, reason=reason) if numbers else 0
    unreadable = tuple(text for text, e164 in zip(texts, read["e164"], strict=True) if e164 is None)
    return Added(added, len(numbers) - added, unreadable)


def lift(db: Database, actor: Actor, entries: Collection[int], reason: str) -> int:
    """Take numbers off the actor's blacklist, because a person says why. Returns how many were on it.

    ``entries`` are ids of the history (`blacklist_list.Entry.id`). The history keeps who did it, when and why.

    Raises:
        ReasonMissing
    """
    why = tidy_reason(reason)
    if not why:
        raise ReasonMissing
    with db.write() as session:
        asked = (
            "SELECT s.e164 FROM suppression AS s WHERE s.account_id = :a AND s.e164 IN"
            " (SELECT e164 FROM suppression_event WHERE account_id = :a AND id IN ({}))"
        )
        numbers = sorted(numbers_in(session, asked, actor.account_id, entries))
        if numbers:
            lines = [
                {"a": actor.account_id, "n": e164, "r": why, "u": actor.user_id, "t": db.now()} for e164 in numbers
            ]
            said = text(
                "INSERT INTO suppression_event (account_id, e164, kind, origin, reason, user_id, at)"
                " VALUES (:a, :n, 'lifted', 'manual', :r, :u, :t)"
            ).bindparams(_at())
            session.execute(said, lines)
            session.execute(text("DELETE FROM suppression WHERE account_id = :a AND e164 = :n"), lines)
        return len(numbers)


def _at() -> BindParameter[Any]:
    """The instant ``t`` of the statements."""
    return bindparam("t", type_=Suppression.__table__.c.created_at.type)  # type: ignore[attr-defined]


def tidy_reason(reason: str) -> str:
    """A reason as it is kept: one line, no more than REASON_LENGTH characters."""
    return " ".join(reason.replace("\0", "").split())[:REASON_LENGTH]


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
