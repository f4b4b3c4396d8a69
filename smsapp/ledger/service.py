"""What the product does with credits outside sending: open, give, sell, tell the balance, list the movements.

Sending moves credits through ``smsapp.sending.moves``, in the transaction that changes the messages. ``Actor`` is
described by the one attribute that this floor needs, since the accounts' room stands above it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import String, case, cast, func, literal, or_, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from smsapp.db import Database
from smsapp.db.columns import UtcDateTime
from smsapp.domain.credits import UNITS
from smsapp.ledger.posting import Pot, Transfer, ensure_tenant, post
from smsapp.ledger.tables import ACCOUNT, TRANSFER, Kind

SIGNUP_CREDITS = 20


class OfAccount(Protocol):
    """Whoever acts for an account: ``smsapp.accounts.actor.Actor``."""

    @property
    def account_id(self) -> int: ...


@dataclass(frozen=True)
class Balance:
    """In units. ``available`` may be spent, given credits included; ``held`` is at the gateway, not yet debited."""

    available: int
    held: int
    promo: int  # the part of ``available`` that was given


@dataclass(frozen=True)
class Movement:
    """A line of the statement: ``units`` as seen from what the tenant may spend (negative: debited)."""

    id: str
    at: datetime
    kind: str
    units: int
    campaign_id: int | None


def open_account(session: Session, account_id: int) -> None:
    """Make the pots of a new tenant, in the transaction that makes the tenant. Harmless when repeated."""
    ensure_tenant(session.connection(), account_id)


def grant(session: Session, account_id: int, units: int, key: str, at: datetime) -> bool:
    """Give ``units`` (spent first, never transferable). ``key`` such as ``promo:signup:<account>`` makes it once only.

    Returns whether it was given now. Raises Conflict when the key was used for something else.
    """
    ensure_tenant(session.connection(), account_id)
    transfer = Transfer(
        key=key,
        debit=Pot(Kind.PROMO_ISSUED),
        credit=Pot(Kind.PROMO, account_id),
        units=units,
        kind="promo",
        account_id=account_id,
    )
    return post(session, [transfer], at)


def grant_signup(session: Session, account_id: int, at: datetime) -> bool:
    """The 20 credits to try with, once per account (S15; in demonstration mode given at sign-up)."""
    return grant(session, account_id, SIGNUP_CREDITS * UNITS, f"promo:signup:{account_id}", at)


def purchase(db: Database, account_id: int, units: int, key: str, actor_id: int | None = None) -> bool:
    """Credit ``units`` that were paid for. ``key`` is the payment's own event: told twice, credited once.

    Returns whether it was credited now. Raises Conflict when the same payment comes with another amount.
    """
    transfer = Transfer(
        key=f"buy:{key}",
        debit=Pot(Kind.ISSUED),
        credit=Pot(Kind.AVAILABLE, account_id),
        units=units,
        kind="purchase",
        account_id=account_id,
        actor_id=actor_id,
    )

    def work(session: Session) -> bool:
        ensure_tenant(session.connection(), account_id)
        return post(session, [transfer], db.now())

    try:
        return db.retrying(work)
    except IntegrityError:  # the same event, told at the same instant to another process: now it is known
        return db.retrying(work)


def balance(db: Database, actor: OfAccount) -> Balance:
    """What the actor's account may spend, and what is held for messages at the gateway, in units."""
    with db.read() as session:
        return balance_of(session, actor.account_id)


def balance_of(session: Session, account_id: int) -> Balance:
    """The same within a transaction."""
    found = session.connection().execute(
        select(ACCOUNT.c.kind, ACCOUNT.c.balance).where(ACCOUNT.c.account_id == account_id)
    )
    by_kind = {row.kind: row.balance for row in found}
    promo = by_kind.get(Kind.PROMO, 0)
    return Balance(by_kind.get(Kind.AVAILABLE, 0) + promo, by_kind.get(Kind.HELD, 0), promo)


def statement(db: Database, actor: OfAccount, limit: int = 50) -> list[Movement]:
    """The latest movements, newest first: purchases and gifts one by one, the debits of a campaign as one line.

    Holds and releases are not shown: nothing was debited by them (S55).
    """
    own = select(ACCOUNT.c.id).where(ACCOUNT.c.account_id == actor.account_id)
    line = case(
        (TRANSFER.c.kind == "capture", literal("campaign:").concat(cast(TRANSFER.c.campaign_id, String))),
        else_=TRANSFER.c.key,
    )
    at = func.max(TRANSFER.c.created_at, type_=UtcDateTime())
    query = (
        select(
            line.label("id"),
            at.label("at"),
            func.max(TRANSFER.c.kind).label("kind"),
            func.max(TRANSFER.c.campaign_id).label("campaign_id"),
            func.sum(TRANSFER.c.amount).label("units"),
            func.max(TRANSFER.c.credit_id).label("credit_id"),
        )
        .where(TRANSFER.c.account_id == actor.account_id, TRANSFER.c.kind.not_in(("hold", "release")))
        .where(or_(TRANSFER.c.debit_id.in_(own), TRANSFER.c.credit_id.in_(own)))
        .group_by(line)
        .order_by(at.desc(), line)
        .limit(limit)
    )
    with db.read() as session:
        mine = set(session.connection().scalars(own))
        found = session.connection().execute(query).all()
    return [
        Movement(row.id, row.at, row.kind, int(row.units) * (1 if row.credit_id in mine else -1), row.campaign_id)
        for row in found
    ]
