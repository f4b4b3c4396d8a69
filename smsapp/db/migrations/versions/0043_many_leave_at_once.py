"""PostgreSQL goes once through contacts that leave together, however many, to see which numbers stand once now."""

from alembic import op

from smsapp.db.book_triggers import keep_book

revision = "0043_many_leave_at_once"
down_revision = "0042_found_quickly"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        for statement in keep_book("postgresql"):
            op.execute(statement)


def downgrade() -> None:
    """The triggers of before would answer the same."""
