"""The tables of the ledger: accounts with a cached balance, transfers that are never changed, daily checkpoints.

Amounts are whole units (1 credit = 10 000 units). A balance is a convenience: the transfers are the truth, and
``smsapp ledger check`` proves that the two agree.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, Table, text
from sqlmodel import Field, SQLModel

from smsapp.db.columns import BigId, UtcDateTime


class Kind(StrEnum):
    """What an account of the ledger is for. The first three belong to a tenant, the others to the house."""

    AVAILABLE = "available"  # bought, to be spent
    PROMO = "promo"  # given, spent first, never transferable
    HELD = "held"  # set aside for messages at the gateway
    ISSUED = "issued"  # where bought credits come from: minus what was ever sold
    PROMO_ISSUED = "promo_issued"  # where given credits come from
    CONSUMED = "consumed"  # debited by messages that a gateway took
    ADJUSTMENT = "adjustment"  # corrections by an administrator
    WRITEOFF = "writeoff"  # messages that turned out to be taken after their credit was given back: the house pays


TENANT_KINDS = (Kind.AVAILABLE, Kind.PROMO, Kind.HELD)
SYSTEM_KINDS = (Kind.ISSUED, Kind.PROMO_ISSUED, Kind.CONSUMED, Kind.ADJUSTMENT, Kind.WRITEOFF)


class LedgerAccount(SQLModel, table=True):
    """One pot of credits. ``floor`` is the least balance allowed, NULL for none; ``account_id`` NULL for the house."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint("floor IS NULL OR balance >= floor", name="floor"),
        Index("uq_ledger_account_of_tenant", "account_id", "kind", unique=True),
        Index(
            "uq_ledger_account_of_house",
            "kind",
            unique=True,
            postgresql_where=text("account_id IS NULL"),
            sqlite_where=text("account_id IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int | None = Field(default=None, foreign_key="account.id", sa_type=BigId)
    kind: str = Field(max_length=16)
    balance: int = Field(default=0, sa_type=BigInteger)
    floor: int | None = Field(default=None, sa_type=BigInteger)


class LedgerTransfer(SQLModel, table=True):
    """One movement from a debited account to a credited one. The key makes doubling impossible; rows never change."""

    __tablename__ = "ledger_transfer"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        Index("uq_ledger_transfer_key", "key", unique=True),
        Index("ix_ledger_transfer_of_account", "account_id", "created_at"),
        Index(  # what the house paid of a campaign: few rows, asked for by every report
            "ix_ledger_transfer_writeoff",
            "campaign_id",
            postgresql_where=text("kind = 'writeoff'"),
            sqlite_where=text("kind = 'writeoff'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(max_length=120)  # deterministic: hold:<message>:<attempt>, capture:<message>, buy:<payment>...
    debit_id: int = Field(foreign_key="ledger_account.id", sa_type=BigId)
    credit_id: int = Field(foreign_key="ledger_account.id", sa_type=BigId)
    amount: int = Field(sa_type=BigInteger)
    kind: str = Field(max_length=16)
    account_id: int | None = Field(default=None, sa_type=BigId)  # the tenant whose statement shows it
    message_id: int | None = Field(default=None, sa_type=BigId)
    campaign_id: int | None = Field(default=None, sa_type=BigId)
    actor_id: int | None = Field(default=None, sa_type=BigId)
    request_hash: str = Field(max_length=32)  # the same key with another payload is refused
    created_at: datetime = Field(sa_type=UtcDateTime)


class LedgerCheckpoint(SQLModel, table=True):
    """The ledger when a day was sealed, chained to the day before: a transfer altered later shows.

    Sealed by the order of writing, not by instant: a demonstration writes its past later.
    """

    __tablename__ = "ledger_checkpoint"

    day: date = Field(primary_key=True, sa_type=Date)
    upto: int = Field(sa_type=BigInteger)  # id of the last transfer sealed
    transfers: int = Field(sa_type=BigInteger)
    units: int = Field(sa_type=BigInteger)  # the sum of their amounts
    balances_hash: str = Field(max_length=64)
    prev_hash: str = Field(max_length=64)


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


ACCOUNT = _table(LedgerAccount)
TRANSFER = _table(LedgerTransfer)
CHECKPOINT = _table(LedgerCheckpoint)
