"""The gateways that the operator sets up"""

import sqlalchemy as sa
from alembic import op

import smsapp.db.columns

revision = "0020_gateways"
down_revision = "0012_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_setup",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("territories", sa.JSON(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("created_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_setup")),
        sa.UniqueConstraint("name", name=op.f("uq_gateway_setup_name")),
    )


def downgrade() -> None:
    op.drop_table("gateway_setup")
