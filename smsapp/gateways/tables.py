"""The gateways that the operator of the installation has set up, in order of preference."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from smsapp.db.columns import BigId, UtcDateTime


class GatewaySetup(SQLModel, table=True):
    """One gateway. ``name`` stands on every message that it carried, so it never changes."""

    __tablename__ = "gateway_setup"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str = Field(max_length=32, unique=True)
    kind: str = Field(max_length=16)
    position: int = 0  # the lowest is asked first
    enabled: bool = True
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # what may be shown
    sealed: str = Field(default="", sa_type=Text)  # passwords and the token of its callbacks, encrypted
    territories: list[str] = Field(default_factory=list, sa_type=JSON)  # empty: all
    types: list[str] = Field(default_factory=list, sa_type=JSON)  # empty: all
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
