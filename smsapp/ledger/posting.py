"""Moving credits: the only code of the product that writes a balance.

Within one transaction: net change of each account, applied in ascending id (no deadlock between writers), each by an
UPDATE that refuses to pass the floor; then the transfers, whose keys make a second posting impossible.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Update, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlmodel import Session

from smsapp.db.rows import insert_rows, pack, rows
from smsapp.domain.errors import Refusal
from smsapp.ledger.tables import ACCOUNT, SYSTEM_KINDS, TENANT_KINDS, TRANSFER, Kind

# The house's accounts that may fall under zero: where credits come from, and what the house itself pays.
BOTTOMLESS = frozenset({Kind.ISSUED, Kind.PROMO_ISSUED, Kind.ADJUSTMENT, Kind.WRITEOFF})


class Insufficient(Refusal):
    """Not enough credits for what was asked."""

    key = "ledger.insufficient"


class Conflict(Refusal):
    """The same key was used before for something else."""

    key = "ledger.conflict"


class Pot(NamedTuple):
    """An account of the ledger by its meaning: a tenant's (``account_id``) or the house's (None)."""

    kind: Kind
    account_id: int | None = None


class Transfer(NamedTuple):
    """``units`` move from ``debit`` to ``credit`` under a deterministic ``key``. ``account_id``: whose statement."""

    key: str
    debit: Pot
    credit: Pot
    units: int
    kind: str
    account_id: int | None = None
    message_id: int | None = None
    campaign_id: int | None = None
    actor_id: int | None = None

    @property
    def request_hash(self) -> str:
        """What must be equal for the same key to be the same request."""
        (out, giver), (into, taker) = self.debit, self.credit
        text = f"{out}:{giver}>{into}:{taker}|{self.units}|{self.kind}|{self.message_id}|{self.campaign_id}"
        return hashlib.blake2s(text.encode(), digest_size=16).hexdigest()


@dataclass(slots=True)
class Fund:
    """A locked account: its id and its balance in units."""

    id: int
    balance: int


Funds = dict[Pot, Fund]


def ensure_house(connection: Connection) -> None:
    """Make the house's accounts when they are missing. May be called at any time, by several processes at once."""
    known = set(connection.scalars(select(ACCOUNT.c.kind).where(ACCOUNT.c.account_id.is_(None))))
    for kind in SYSTEM_KINDS:
        if kind not in known:
            _open(connection, Pot(kind), None if kind in BOTTOMLESS else 0)


def ensure_tenant(connection: Connection, account_id: int) -> None:
    """Make the three accounts of a tenant (and the house's) when they are missing."""
    ensure_house(connection)
    known = set(connection.scalars(select(ACCOUNT.c.kind).where(ACCOUNT.c.account_id == account_id)))
    for kind in TENANT_KINDS:
        if kind not in known:
            _open(connection, Pot(kind, account_id), 0)


def _open(connection: Connection, pot: Pot, floor: int | None) -> None:
    values = {"account_id": pot.account_id, "kind": pot.kind, "balance": 0, "floor": floor}
    if connection.dialect.name == "sqlite":
        connection.execute(insert(ACCOUNT).values(values))
        return
    connection.execute(pg_insert(ACCOUNT).values(values).on_conflict_do_nothing())


def lock(session: Session, account_ids: Iterable[int]) -> Funds:
    """Lock every pot of these tenants and of the house, in ascending id, and give their balances."""
    of_tenants = ACCOUNT.c.account_id.in_(sorted(set(account_ids)))
    found = session.connection().execute(
        select(ACCOUNT.c.id, ACCOUNT.c.account_id, ACCOUNT.c.kind, ACCOUNT.c.balance)
        .where(or_(ACCOUNT.c.account_id.is_(None), of_tenants))
        .order_by(ACCOUNT.c.id)
        .with_for_update(key_share=True)
    )
    return {Pot(Kind(row.kind), row.account_id): Fund(row.id, row.balance) for row in found}


def post(session: Session, transfers: Sequence[Transfer], at: datetime) -> bool:
    """Move credits, all or nothing, in the caller's transaction. True when moved, False when it had been already.

    Raises:
        Insufficient: an account would fall under its floor.
        Conflict: a key is known with another payload, or only some of the keys are known.
    """
    if not transfers:
        return False
    by_key = {t.key: t.request_hash for t in transfers}
    connection = session.connection()
    funds = lock(session, {p.account_id for t in transfers for p in (t.debit, t.credit) if p.account_id is not None})
    known = connection.execute(select(TRANSFER.c.key, TRANSFER.c.request_hash).where(TRANSFER.c.key.in_(by_key))).all()
    if known:
        if len(known) != len(by_key) or any(by_key[key] != digest for key, digest in known):
            raise Conflict(transfer=known[0][0])
        return False
    post_new(session, transfers, at, funds)
    return True


def post_new(session: Session, transfers: Sequence[Transfer], at: datetime, funds: Funds) -> None:
    """Move credits whose keys are certainly new, over accounts locked by ``lock``. ``funds`` is brought up to date.

    Raises:
        Insufficient: an account would fall under its floor.
        sqlalchemy.exc.IntegrityError: a key was not new; the caller's transaction must be rolled back.
    """
    if not transfers:
        return
    connection = session.connection()
    change: dict[Pot, int] = defaultdict(int)
    for transfer in transfers:
        change[transfer.debit] -= transfer.units
        change[transfer.credit] += transfer.units
    moved = sorted((funds[pot].id, delta, pot) for pot, delta in change.items() if delta)
    if moved:
        sqlite = connection.dialect.name == "sqlite"
        packed = pack(sqlite, [(fund_id, delta) for fund_id, delta, _ in moved])
        done = connection.execute(_move(sqlite), {"rows": packed}).rowcount
        if done != len(moved):
            raise Insufficient()
        for _, delta, pot in moved:
            funds[pot].balance += delta
    insert_rows(
        connection,
        TRANSFER,
        (
            "key",
            "debit_id",
            "credit_id",
            "amount",
            "kind",
            "account_id",
            "message_id",
            "campaign_id",
            "actor_id",
            "request_hash",
            "created_at",
        ),
        [
            (
                t.key,
                funds[t.debit].id,
                funds[t.credit].id,
                t.units,
                t.kind,
                t.account_id,
                t.message_id,
                t.campaign_id,
                t.actor_id,
                t.request_hash,
                at,
            )
            for t in transfers
        ],
    )


@cache
def _move(sqlite: bool) -> Update:
    """Add to balances, where the floor allows."""
    source = rows(sqlite, [("id", ACCOUNT.c.id.type), ("delta", ACCOUNT.c.balance.type)])
    after = ACCOUNT.c.balance + source.c.delta
    allowed = or_(ACCOUNT.c.floor.is_(None), after >= ACCOUNT.c.floor)
    return update(ACCOUNT).values(balance=after).where(ACCOUNT.c.id == source.c.id, allowed)
