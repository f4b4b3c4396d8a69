"""What was imported, each row that was not, and what has to be put back when an import is undone."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from smsapp.db.columns import BigId, UtcDateTime

CHANGED_AT = "updated_at"  # among the fields of an `ImportChange`: when the contact was changed, as INSTANT in UTC


class ContactImport(SQLModel, table=True):
    """One file brought in, step by step; each step is one transaction, so that an import that was cut off goes on.

    ``read = created + completed + known + duplicates + blacklisted + rejected`` holds as soon as it is done, always.
    """

    __tablename__ = "contact_import"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId, index=True)
    user_id: int = Field(foreign_key="app_user.id", sa_type=BigId)
    filename: str = Field(max_length=255)
    status: str = Field(default="done", max_length=10)  # running, done, failed, undoing, undone
    upload: str = Field(default="", max_length=22)  # the file, until it is imported
    choices: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # `Choices`, to go on after a restart
    step: int = 0
    steps: int = 0
    reading: dict[str, str] = Field(
        default_factory=dict, sa_type=JSON
    )  # separator, encoding, header, sheet as they were read
    columns: list[str] = Field(default_factory=list, sa_type=JSON)  # the header row, as it was read
    mapping: dict[str, str] = Field(default_factory=dict, sa_type=JSON)  # column number -> field
    shape: str = Field(
        default="", max_length=32
    )  # files with the same columns have the same: the mapping is remembered
    policy: str = Field(default="complete", max_length=10)  # a number already in the book: complete, replace, skip, add
    group_id: int | None = Field(default=None, foreign_key="contact_group.id", sa_type=BigId, ondelete="SET NULL")
    group_made: bool = False  # by this import
    to_blacklist: bool = False
    read: int = 0
    created: int = 0
    known: int = 0  # already in the book, nothing to change
    completed: int = 0  # already in the book, fields completed or replaced, never their state
    duplicates: int = 0  # the same number again in the file
    blacklisted: int = 0  # never written to, and nothing of them is touched (M27)
    rejected: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failure: str = Field(default="", max_length=64)  # the sentence that says why it failed
    undone: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # `Undone`: what was put back, what was kept


class Rejection(SQLModel, table=True):
    """A row that could not be imported: its number as the spreadsheet shows it, the value and why."""

    __tablename__ = "import_rejection"

    import_id: int = Field(foreign_key="contact_import.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    row: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    value: str = Field(sa_type=Text)
    reason: str = Field(max_length=32)
    suggestion: str = Field(default="", max_length=32)
    cells: list[str] = Field(default_factory=list, sa_type=JSON)  # the whole row, to be repaired and imported again


class ImportChange(SQLModel, table=True):
    """A contact that was in the book before: the fields that an import changed, and whether it joined the group."""

    __tablename__ = "import_change"

    import_id: int = Field(foreign_key="contact_import.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    contact_id: int = Field(foreign_key="contact.id", primary_key=True, sa_type=BigId, ondelete="CASCADE", index=True)
    before: dict[str, str] = Field(default_factory=dict, sa_type=JSON)  # only the fields that differ
    after: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    joined: bool = False


class ImportGroup(SQLModel, table=True):
    """A group that the file names for some of its rows: ``key`` is its name without case, as the file spells it."""

    __tablename__ = "import_group"

    import_id: int = Field(foreign_key="contact_import.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    group_id: int = Field(
        foreign_key="contact_group.id", primary_key=True, sa_type=BigId, ondelete="CASCADE", index=True
    )
    key: str = Field(sa_type=Text)
    made: bool = False  # by this import


class ImportMember(SQLModel, table=True):
    """A contact that was in the book before, and a group that the file names for it: ``joined`` if the import put it
    there, else another import did.
    """

    __tablename__ = "import_member"

    import_id: int = Field(foreign_key="contact_import.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    contact_id: int = Field(foreign_key="contact.id", primary_key=True, sa_type=BigId, ondelete="CASCADE", index=True)
    group_id: int = Field(
        foreign_key="contact_group.id", primary_key=True, sa_type=BigId, ondelete="CASCADE", index=True
    )
    joined: bool = True


class ImportSpan(SQLModel, table=True):
    """Where in the book the contacts stand that an import brought: those of its own among the ids from first to last.
    An index of the book by import would cost each contact of each import, and be read by undoings only.
    """

    __tablename__ = "import_span"

    import_id: int = Field(foreign_key="contact_import.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    first_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    last_id: int = Field(sa_type=BigId)
