"""What the database knows of itself."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from smsapp.db.columns import UtcDateTime


class Deployment(SQLModel, table=True):
    """The one installation that may send from this database; a restored copy is not it."""

    id: str = Field(primary_key=True, max_length=32)
    created_at: datetime = Field(sa_type=UtcDateTime)
