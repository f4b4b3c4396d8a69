"""The history of the blacklist: what put a number on it and what took it off. Rows are only added (S74, M27)."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from smsapp.db.columns import BigId, UtcDateTime


class SuppressionEvent(SQLModel, table=True):
    """Something that happened to a number on the blacklist of an account.

    Triggers write a row for each number that comes (`smsapp/db/blacklist_triggers.py`), whoever puts it there, and let
    none go without a row that says why.
    """

    __tablename__ = "suppression_event"
    __table_args__ = (
        Index("ix_suppression_event_of_number", "account_id", "e164", "id"),
        Index("ix_suppression_event_of_account", "account_id", "id"),
        CheckConstraint(
            "kind <> 'lifted' OR origin = 'start' OR (trim(reason) <> '' AND user_id IS NOT NULL)", name="lift_says_why"
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId)
    e164: int = Field(sa_type=BigInteger)
    # added, kept (the account blacklisted as well a number that was there by its own STOP), lifted
    kind: str = Field(max_length=8)
    origin: str = Field(
        max_length=16
    )  # added, kept: as in `Suppression`; lifted: manual, or start (the person wrote START)
    reason: str = Field(default="", max_length=200)
    user_id: int | None = Field(default=None, sa_type=BigId)  # who did it, if a person did
    source_id: int | None = Field(default=None, sa_type=BigId)  # the import or the campaign that it comes from
    at: datetime = Field(sa_type=UtcDateTime)
