"""What was imported, and each row that was not."""

from datetime import datetime

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from smsapp.db.columns import BigId, UtcDateTime


class ContactImport(SQLModel, table=True):
    """One file brought in. ``read = created + known + duplicates + blacklisted + rejected`` always holds."""

    __tablename__ = "contact_import"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId, index=True)
    user_id: int = Field(foreign_key="app_user.id", sa_type=BigId)
    filename: str = Field(max_length=255)
    reading: dict[str, str] = Field(
        default_factory=dict, sa_type=JSON
    )  # separator, encoding, header, sheet as they were read
    columns: list[str] = Field(default_factory=list, sa_type=JSON)  # the header row, as it was read
    mapping: dict[str, str] = Field(default_factory=dict, sa_type=JSON)  # column number -> field
    group_id: int | None = Field(default=None, foreign_key="contact_group.id", sa_type=BigId)
    read: int = 0
    created: int = 0
    known: int = 0  # already in the book: empty fields completed, never their state
    completed: int = 0  # those of them that had an empty field to complete
    duplicates: int = 0  # the same number again in the file
    blacklisted: int = 0  # never written to, and nothing of them is touched (M27)
    rejected: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)


class Rejection(SQLModel, table=True):
    """A row that could not be imported: its number as the spreadsheet shows it, the value and why."""

    __tablename__ = "import_rejection"

    import_id: int = Field(foreign_key="contact_import.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    row: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    value: str = Field(sa_type=Text)
    reason: str = Field(max_length=32)
    suggestion: str = Field(default="", max_length=32)
    cells: list[str] = Field(default_factory=list, sa_type=JSON)  # the whole row, to be repaired and imported again
