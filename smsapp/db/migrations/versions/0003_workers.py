"""Workers: the brake that all processes share; on PostgreSQL, Procrastinate's jobs in a schema of their own"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

import smsapp.db.columns

revision = "0003_workers"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sending_halt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", smsapp.db.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("violations", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_halt")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # The jobs are wake-up calls that may be lost: when Procrastinate changes its schema, a later migration does
        # these same lines again with the newer package.
        op.execute("CREATE SCHEMA procrastinate")
        op.execute("SET LOCAL search_path TO procrastinate")
        raw = op.get_bind().connection.driver_connection  # many statements in one text
        assert raw is not None
        raw.execute(SchemaManager.get_schema())
        op.execute("SET LOCAL search_path TO DEFAULT")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SCHEMA procrastinate CASCADE")
    op.drop_table("sending_halt")
