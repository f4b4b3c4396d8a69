"""A campaign can be taken off the list of sent SMS (S35, M11)."""

import sqlalchemy as sa
from alembic import op

from smsapp.db.columns import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The first schema is made from the tables as they are now: only a database that is older lacks the column.
    if "hidden_at" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("campaign")}:
        op.add_column("campaign", sa.Column("hidden_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("campaign", "hidden_at")
