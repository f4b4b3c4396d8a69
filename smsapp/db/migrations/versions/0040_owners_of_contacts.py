"""PostgreSQL asks for the account of new contacts once per statement: its foreign key asked once per contact.

The triggers of the book take its place (see ``book_triggers.py``); on SQLite nothing changes.
"""

from alembic import op

from smsapp.db.book_triggers import keep_book

revision = "0040_owners"
down_revision = "0032_opt_outs_by_campaign"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for statement in keep_book("postgresql"):
        op.execute(statement)
    op.drop_constraint("fk_contact_account_id", "contact", type_="foreignkey")


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.create_foreign_key("fk_contact_account_id", "contact", "account", ["account_id"], ["id"])
