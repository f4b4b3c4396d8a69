"""Address book: fields of the account's own, consent, counters and the search index.

Counters and the search index are kept by triggers rather than by the code that writes: contacts are written by the
form, by imports in one statement of many thousand rows, by reports, by undo and by the demonstration, and a count that
one of them forgot would be wrong for ever (see ``book_triggers.py``).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

import smsapp.db.columns
from smsapp.db.book_triggers import keep_book, leave_book

revision = "0005_book"
down_revision = "0004_life"
branch_labels = None
depends_on = None

LIVE: dict[str, Any] = {
    "postgresql_where": sa.text("deleted_at IS NULL"),
    "sqlite_where": sa.text("deleted_at IS NULL"),
}
DELETED: dict[str, Any] = {
    "postgresql_where": sa.text("deleted_at IS NOT NULL"),
    "sqlite_where": sa.text("deleted_at IS NOT NULL"),
}
COUNTED = (
    "INSERT INTO book_counter SELECT 'contacts', account_id, 0, count(*) FROM contact WHERE deleted_at IS NULL"
    " GROUP BY account_id",
    "INSERT INTO book_counter SELECT 'blacklisted', account_id, 0, count(*) FROM suppression GROUP BY account_id",
    "INSERT INTO book_counter SELECT 'members', group_id, 0, count(*) FROM group_member"
    " JOIN contact ON contact.id = contact_id WHERE deleted_at IS NULL GROUP BY group_id",
    "INSERT INTO contact_unindexed (contact_id, account_id) SELECT id, account_id FROM contact",
)


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "book_counter",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("ref", _id(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "ref", "slot", name=op.f("pk_book_counter")),
    )
    op.create_table(
        "contact_unindexed",
        sa.Column("contact_id", _id(), autoincrement=False, nullable=False),
        sa.Column("account_id", _id(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_unindexed")),
    )
    op.create_index("ix_contact_unindexed_of_account", "contact_unindexed", ["account_id", "contact_id"])
    op.create_table(
        "contact_field",
        sa.Column("account_id", _id(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_field_account_id")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_contact_field")),
    )
    op.add_column("contact", sa.Column("consent_source", sa.String(length=200), server_default="", nullable=False))
    op.add_column("contact", sa.Column("consent_text", sa.String(length=500), server_default="", nullable=False))
    op.add_column("contact", sa.Column("consent_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=True))
    op.drop_index("ix_contact_by_name", "contact")
    op.create_index(
        "ix_contact_by_name",
        "contact",
        ["account_id", "sort_name", "id", "search", "e164", "territory", "state"],
        **LIVE,
    )
    op.create_index("ix_contact_deleted", "contact", ["account_id", "sort_name", "id"], **DELETED)
    for statement in (*COUNTED, *keep_book(op.get_bind().dialect.name)):
        op.execute(statement)


def downgrade() -> None:
    for statement in leave_book(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_index("ix_contact_deleted", "contact")
    op.drop_index("ix_contact_by_name", "contact")
    op.create_index("ix_contact_by_name", "contact", ["account_id", "sort_name", "id", "search"], **LIVE)
    # Not in a batch: that would rebuild the table, and dropping the old one would empty the groups.
    for column in ("consent_at", "consent_text", "consent_source"):
        op.drop_column("contact", column)
    op.drop_table("contact_field")
    op.drop_table("contact_unindexed")
    op.drop_table("book_counter")
