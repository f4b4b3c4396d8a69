"""A book that takes a million contacts quickly: fewer and narrower indexes, contacts to index noted as spans.

Every index is paid for by every contact of every import. The one in the order of names no longer repeats the searched
text; contacts of an import are found by spans of ids, not by an index; what the search index does not know yet is
noted as spans of ids too. Taking this back leaves the triggers of the book as they are.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from smsapp.db.book_triggers import keep_book

revision = "0031_large_imports"
down_revision = "0030_selections"
branch_labels = None
depends_on = None

LIVE: dict[str, Any] = {
    "postgresql_where": sa.text("deleted_at IS NULL"),
    "sqlite_where": sa.text("deleted_at IS NULL"),
}
NOTING = ("contact_book_added", "contact_book_renamed", "contact_book_gone")  # the triggers that are made anew


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.create_table(
        "import_span",
        sa.Column("import_id", _id(), nullable=False),
        sa.Column("first_id", _id(), autoincrement=False, nullable=False),
        sa.Column("last_id", _id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["contact_import.id"], name=op.f("fk_import_span_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "first_id", name=op.f("pk_import_span")),
    )
    op.execute(
        "INSERT INTO import_span (import_id, first_id, last_id) SELECT import_id, min(id), max(id) FROM contact"
        " WHERE import_id IN (SELECT id FROM contact_import) GROUP BY import_id"
    )
    op.drop_index("ix_contact_import_id", "contact")
    op.drop_index("ix_contact_by_name", "contact")
    op.create_index(
        "ix_contact_by_name", "contact", ["account_id", "sort_name", "id", "e164", "territory", "state"], **LIVE
    )
    if dialect == "sqlite":
        for trigger in NOTING:
            op.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    for statement in keep_book(dialect):
        op.execute(statement)
    op.execute(
        "INSERT INTO contact_to_index (account_id, first_id, last_id)"
        " SELECT account_id, contact_id, contact_id FROM contact_unindexed WHERE true ON CONFLICT DO NOTHING"
    )
    op.drop_index("ix_contact_unindexed_of_account", "contact_unindexed")
    op.drop_table("contact_unindexed")


def downgrade() -> None:
    op.create_table(
        "contact_unindexed",
        sa.Column("contact_id", _id(), autoincrement=False, nullable=False),
        sa.Column("account_id", _id(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_unindexed")),
    )
    op.create_index("ix_contact_unindexed_of_account", "contact_unindexed", ["account_id", "contact_id"])
    op.drop_index("ix_contact_by_name", "contact")
    op.create_index(
        "ix_contact_by_name",
        "contact",
        ["account_id", "sort_name", "id", "search", "e164", "territory", "state"],
        **LIVE,
    )
    op.create_index("ix_contact_import_id", "contact", ["import_id"])
    op.drop_table("import_span")
