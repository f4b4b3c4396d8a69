"""Numbers that stand more than once are kept; the invalid and those who said STOP are found by indexes of their own.

PostgreSQL's search index says of each contact in which blocks of ids it stands, so every contact is taken in anew,
beside the pages. Going back leaves the kept numbers with their triggers, which disturb nobody.
"""

import sqlalchemy as sa
from alembic import op

from smsapp.db.book_triggers import keep_book

revision = "0042_found_quickly"
down_revision = "0041_names_by_bytes"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_contact_invalid", "contact", ["account_id", "sort_name", "id"], "state = 'invalid' AND deleted_at IS NULL"),
    ("ix_suppression_stop", "suppression", ["account_id", "e164"], "origin = 'stop'"),
)
CHANGED = ("contact_book_moved", "contact_book_gone")  # triggers of SQLite, which are not replaced by making them


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))
    if dialect == "sqlite":
        for name in CHANGED:
            op.execute(f"DROP TRIGGER IF EXISTS {name}")
    for statement in keep_book(dialect):
        op.execute(statement)
    op.execute(
        "INSERT INTO contact_repeated (account_id, e164) SELECT account_id, e164 FROM contact WHERE deleted_at IS NULL"
        " GROUP BY account_id, e164 HAVING count(*) > 1 ON CONFLICT DO NOTHING"
    )
    if dialect != "sqlite":
        op.execute("TRUNCATE contact_fts, contact_to_index")
        op.execute(
            "INSERT INTO contact_to_index (account_id, first_id, last_id)"
            " SELECT account_id, min(id), max(id) FROM contact GROUP BY account_id"
        )


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
