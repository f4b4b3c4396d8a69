"""Contacts, groups and the numbers that are never written to.

A number may stand more than once in a book (two people, one phone: S75): contacts are indexed by (account, E.164), not
unique. The blacklist hangs on the number, not on the contact, so that no import can revive anybody (S74, M27).

Counters and the search index follow every writer by triggers of the database (`smsapp/db/book_triggers.py`): nobody
has to remember them, whatever writes contacts, members of groups or suppressions.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, SmallInteger, String, Text, false, text
from sqlmodel import Field, SQLModel

from smsapp.db.columns import BigId, UtcDateTime

# In the order of its bytes, as on SQLite, whatever language the server speaks; a language's own order costs more, too.
_Folded = String(200).with_variant(String(200, collation="C"), "postgresql")


class Contact(SQLModel, table=True):
    """A person or company with a number. Deleted ones stay for 30 days with ``deleted_at`` set (M10)."""

    __table_args__ = (
        Index("ix_contact_number", "account_id", "e164"),
        # Holds what is filtered by too: a page in the order of names is read from this index alone.
        Index(
            "ix_contact_by_name",
            "account_id",
            "sort_name",
            "id",
            "e164",
            "territory",
            "state",
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_with={"deduplicate_items": "off"},  # no two entries are equal: not to be looked for
        ),
        Index(
            "ix_contact_deleted",
            "account_id",
            "sort_name",
            "id",
            postgresql_where=text("deleted_at IS NOT NULL"),
            sqlite_where=text("deleted_at IS NOT NULL"),
        ),
        Index(
            "ix_contact_by_age",
            "account_id",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_with={"deduplicate_items": "off"},
        ),
        Index(
            "ix_contact_invalid",
            "account_id",
            "sort_name",
            "id",
            postgresql_where=text("state = 'invalid' AND deleted_at IS NULL"),
            sqlite_where=text("state = 'invalid' AND deleted_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId)
    e164: int = Field(sa_type=BigInteger)
    territory: str = Field(max_length=3)
    nom: str = Field(default="", max_length=200)
    prenom: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)
    societe: str = Field(default="", max_length=200)
    extra: dict[str, str] = Field(default_factory=dict, sa_type=JSON)  # custom fields: ContactField.key -> value
    consent_source: str = Field(default="", max_length=200, sa_column_kwargs={"server_default": ""})  # where (M28)
    consent_text: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": ""})  # what was agreed to
    consent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    consent_import_id: int | None = Field(
        default=None, sa_type=BigId
    )  # its proof: the import that brought it, if one did
    sort_name: str = Field(default="", max_length=200, sa_type=_Folded)  # see folding.py; short enough for an index row
    search: str = Field(default="", max_length=400)  # see folding.py; short enough, too
    state: str = Field(default="active", max_length=16)  # active, invalid (a report said so: M34)
    import_id: int | None = Field(default=None, sa_type=BigId)  # which import brought it, if any
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ContactField(SQLModel, table=True):
    """A field of the account's own beside the five standard ones; its values stand in ``Contact.extra``."""

    __tablename__ = "contact_field"

    account_id: int = Field(
        foreign_key="account.id", primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False}
    )
    key: str = Field(primary_key=True, max_length=40)  # letters, digits and _ without accents: see fields.py
    name: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=UtcDateTime)


class BookCounter(SQLModel, table=True):
    """How many there are, kept by triggers: a count is the sum of its slots.

    ``kind`` and ``ref``: contacts (not deleted) of an account, blacklisted numbers of an account, members (not
    deleted) of a group. On PostgreSQL each connection moves a slot of its own, so that two writers seldom wait for
    one another; SQLite has one writer and one slot.
    """

    __tablename__ = "book_counter"

    kind: str = Field(primary_key=True, max_length=12)  # contacts, blacklisted, members
    ref: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    slot: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    count: int = 0


class ToIndex(SQLModel, table=True):
    """Contacts that the search index does not know yet, those in a row as one span of ids; until it does, they are
    searched one by one. Made with the triggers that fill it, see `smsapp/db/book_triggers.py`.
    """

    __tablename__ = "contact_to_index"

    account_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    first_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    last_id: int = Field(sa_type=BigId)


class RepeatedNumber(SQLModel, table=True):
    """A number that stands more than once in a book, deleted contacts left out (S75), as far as the search index has
    come. Made with the triggers that keep it, see `smsapp/db/book_triggers.py`; read by `repeated.py`.
    """

    __tablename__ = "contact_repeated"

    account_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    e164: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


class KeptSelection(SQLModel, table=True):
    """Contacts that were selected, for a quarter of an hour: an address cannot carry their ids, but the key."""

    __tablename__ = "contact_selection"
    __table_args__ = (Index("ix_contact_selection_of_account", "account_id", "until"),)

    key: str = Field(primary_key=True, max_length=32)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId)
    contact_ids: str = Field(sa_type=Text)  # JSON list of ids, rising
    until: datetime = Field(sa_type=UtcDateTime)


class Group(SQLModel, table=True):
    """A named list of contacts (S66, S69); with a filter a smart group, whose members are whoever answers it."""

    __tablename__ = "contact_group"
    __table_args__ = (Index("uq_contact_group_name", "account_id", text("lower(name)"), unique=True),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId)
    name: str = Field(max_length=120)
    filter: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))  # see smart_groups.py
    created_at: datetime = Field(sa_type=UtcDateTime)


class GroupMember(SQLModel, table=True):
    """A contact may stand in several groups (S71)."""

    __tablename__ = "group_member"

    group_id: int = Field(foreign_key="contact_group.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    contact_id: int = Field(foreign_key="contact.id", primary_key=True, sa_type=BigId, ondelete="CASCADE", index=True)


class Suppression(SQLModel, table=True):
    """A number that this account never writes to again, with the reason (blacklist: S73, S74, M27)."""

    __table_args__ = (
        Index(
            "ix_suppression_stop",
            "account_id",
            "e164",
            postgresql_where=text("origin = 'stop'"),
            sqlite_where=text("origin = 'stop'"),
        ),
    )

    account_id: int = Field(foreign_key="account.id", primary_key=True, sa_type=BigId)
    e164: int = Field(primary_key=True, sa_type=BigInteger)
    reason: str = Field(default="", max_length=200)
    origin: str = Field(max_length=16)  # stop, import, manual, report
    user_id: int | None = Field(default=None, sa_type=BigId)  # who put it there, if a person did
    source_id: int | None = Field(default=None, sa_type=BigId)  # the import or the campaign that it comes from
    # After a STOP the account blacklisted it as well: a START of the person does not lift that (M27).
    kept: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    created_at: datetime = Field(sa_type=UtcDateTime)
