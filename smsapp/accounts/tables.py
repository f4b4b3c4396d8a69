"""Accounts (the tenants), their users, sign-in sessions, rate limits and the e-mails waiting to leave."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from smsapp.db.columns import BigId, UtcDateTime


class Account(SQLModel, table=True):
    """A tenant: everything a customer owns hangs on its id."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str = Field(max_length=200)
    time_zone: str = Field(default="Europe/Paris", max_length=64)
    region: str = Field(default="FR", max_length=2)  # how numbers without a country code are read (S33)
    is_demo: bool = False  # made by "Essayer la démonstration"
    created_at: datetime = Field(sa_type=UtcDateTime)


class User(SQLModel, table=True):
    """A person who signs in. ``identifiant`` never changes (S23); both names are compared without case."""

    __tablename__ = "app_user"  # "user" is a reserved word on PostgreSQL
    __table_args__ = (
        Index("uq_app_user_identifiant", text("lower(identifiant)"), unique=True),
        Index("uq_app_user_email", text("lower(email)"), unique=True),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId, index=True)
    identifiant: str = Field(max_length=32)
    email: str = Field(max_length=254)
    password_hash: str = Field(max_length=200)  # empty: no password opens this user (a demonstration)
    language: str = Field(default="fr", max_length=2)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_login_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class UserSession(SQLModel, table=True):
    """A sign-in. The cookie holds a random id, this table only its SHA-256."""

    __tablename__ = "user_session"

    sid_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="app_user.id", sa_type=BigId, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RateLimit(SQLModel, table=True):
    """How often something was tried in a window of time; ``bucket`` holds a keyed hash, never an address or a name."""

    __tablename__ = "rate_limit"

    bucket: str = Field(primary_key=True, max_length=80)
    window: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    hits: int = 0


class Mail(SQLModel, table=True):
    """An e-mail: written with what caused it, sent afterwards; without a mail server it is read under /demo."""

    __table_args__ = (CheckConstraint("attempts >= 0", name="attempts"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId, index=True)
    recipient: str = Field(max_length=254)
    subject: str = Field(max_length=200)
    body: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
