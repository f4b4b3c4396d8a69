"""PostgreSQL orders names by their bytes, as SQLite does, and goes through new contacts once to count them.

The order of the server's language differs from server to server, and every new contact of an import paid for it.
The indexes of names and of age hold no two equal entries: PostgreSQL need not look for them when a page is full.
"""

from alembic import op

from smsapp.db.book_triggers import keep_book

revision = "0041_names_by_bytes"
down_revision = "0040_owners"
branch_labels = None
depends_on = None

UNIQUE = ("ix_contact_by_name", "ix_contact_by_age")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for index in UNIQUE:
        op.execute(f"ALTER INDEX {index} SET (deduplicate_items = off)")
    op.execute('ALTER TABLE contact ALTER COLUMN sort_name TYPE varchar(200) COLLATE "C"')
    for statement in keep_book("postgresql"):
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute('ALTER TABLE contact ALTER COLUMN sort_name TYPE varchar(200) COLLATE "default"')
    for index in UNIQUE:
        op.execute(f"ALTER INDEX {index} RESET (deduplicate_items)")
