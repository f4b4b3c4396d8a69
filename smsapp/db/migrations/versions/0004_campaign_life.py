"""Campaign life: the date as it was given and its zone, spread, who asked; rates shared by all processes"""

from typing import Any

import sqlalchemy as sa
from alembic import op

import smsapp.db.columns

revision = "0004_life"
down_revision = "0003_workers"
branch_labels = None
depends_on = None


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("local_time", sa.String(length=16), nullable=False, server_default=""),
        sa.Column("zone", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("spread_minutes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("partial", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("edits_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    ]


def upgrade() -> None:
    op.create_table(
        "gateway_rate",
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("sender", sa.String(length=16), nullable=False),
        sa.Column("segments_per_s", sa.Float(), nullable=True),
        sa.Column("free_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("rests_until", smsapp.db.columns.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("gateway", "sender", name=op.f("pk_gateway_rate")),
    )
    # No batch: on SQLite it would rebuild the tables, and the history would lose the triggers that protect it.
    for column in _columns():
        op.add_column("campaign", column)
    op.add_column(
        "message_event",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("message_event", "user_id")
    for column in reversed(_columns()):
        op.drop_column("campaign", column.name)
    op.drop_table("gateway_rate")
