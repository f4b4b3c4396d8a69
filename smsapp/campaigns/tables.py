"""A campaign as its author wrote it. What became of each message is in ``sending``."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Index, Text
from sqlmodel import Field, SQLModel

from smsapp.db.columns import BigId, UtcDateTime


class CampaignState(StrEnum):
    """The life of a campaign. ``finished`` is computed from its messages, never set because a batch was empty."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    MATERIALISING = "materialising"
    RUNNING = "running"
    PAUSED = "paused"
    PAUSED_NO_CREDIT = "paused_no_credit"
    MISSED = "missed"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class Campaign(SQLModel, table=True):
    """One text to one audience. ``lane`` says which dispatcher may send it: ``live``, or a demonstration being made."""

    __table_args__ = (
        Index("ix_campaign_of_account", "account_id", "state", "created_at"),
        Index("ix_campaign_due", "lane", "state", "send_at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId)
    user_id: int = Field(foreign_key="app_user.id", sa_type=BigId)
    name: str = Field(default="", max_length=120)
    state: str = Field(default=CampaignState.DRAFT, max_length=20)
    lane: str = Field(default="live", max_length=40)
    sms_type: str = Field(default="pro", max_length=8)
    purpose: str = Field(default="marketing", max_length=16)  # marketing or transactional (M6)
    sender: str = Field(default="", max_length=11)  # empty: a number that can be replied to (S43)
    text: str = Field(default="", sa_type=Text)
    typed: str = Field(default="", sa_type=Text)  # numbers typed or pasted, as they were given (S28, S29)
    contact_ids: list[int] = Field(default_factory=list, sa_type=JSON)
    group_ids: list[int] = Field(default_factory=list, sa_type=JSON)
    tariff_version: str = Field(default="", max_length=40)  # the one of the quote; a running campaign keeps its own
    quoted_recipients: int = 0
    quoted_units: int = Field(default=0, sa_type=BigInteger)
    materialised_upto: int = 0  # rank of the last recipient written to the outbox; makes writing them re-runnable
    send_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    local_time: str = Field(default="", max_length=16)  # the date as its author gave it, 2026-10-25T02:30...
    zone: str = Field(default="", max_length=64)  # ...and where (M23): send_at is computed from the two
    spread_minutes: int = 0  # it leaves little by little over so long; 0: as fast as it can
    partial: bool = False  # not covered when it starts: send what the balance allows (M22)
    edits_id: int | None = Field(default=None, sa_type=BigId)  # a draft made to change this scheduled campaign (S36)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    hidden_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # taken out of the sent list (S35, M11)


class CampaignGone(SQLModel, table=True):
    """SQLite: the last campaign that was deleted, so that no other takes its id (`ids.py`). One row at most."""

    __tablename__ = "campaign_gone"

    id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})


class FrozenGroup(SQLModel, table=True):
    """The members that a smart group had when its author agreed to the price of a campaign: those it is sent to."""

    __tablename__ = "frozen_group"

    campaign_id: int = Field(
        foreign_key="campaign.id",
        primary_key=True,
        sa_type=BigId,
        ondelete="CASCADE",
        sa_column_kwargs={"autoincrement": False},
    )
    group_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    contact_ids: str = Field(sa_type=Text)  # JSON list of ids, rising: read by the database in one statement
