"""Merges of duplicates, written down so that each can be undone exactly (S75)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel

from smsapp.db.columns import BigId, UtcDateTime


class ContactMerge(SQLModel, table=True):
    """One act of merging: of one number by hand, or of many by a rule."""

    __tablename__ = "contact_merge"
    __table_args__ = (Index("ix_contact_merge_of_account", "account_id", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId)
    user_id: int = Field(foreign_key="app_user.id", sa_type=BigId)
    rule: str = Field(max_length=12)  # hand, fullest, newest, oldest
    numbers: int = 0
    removed: int = 0  # contacts that went into another
    created_at: datetime = Field(sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MergedContact(SQLModel, table=True):
    """The contact that stays, with the fields that the merge changed, as they were and as it left them."""

    __tablename__ = "merged_contact"

    merge_id: int = Field(foreign_key="contact_merge.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    contact_id: int = Field(
        primary_key=True, sa_type=BigId, index=True, sa_column_kwargs={"autoincrement": False}
    )  # no foreign key: a contact may go for good, the merge is still told
    e164: int = Field(sa_type=BigInteger)
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    group_ids: list[int] = Field(default_factory=list, sa_type=JSON)  # groups that it came into by the merge


class MergedAway(SQLModel, table=True):
    """A contact that went into another: deleted, and followed to ``kept_id`` by whoever still names it."""

    __tablename__ = "merged_away"

    merge_id: int = Field(foreign_key="contact_merge.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    contact_id: int = Field(primary_key=True, sa_type=BigId, index=True, sa_column_kwargs={"autoincrement": False})
    kept_id: int = Field(sa_type=BigId, index=True)
