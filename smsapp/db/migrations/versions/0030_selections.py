"""Selections of contacts kept for a file, whichever process is asked for it"""

import sqlalchemy as sa
from alembic import op

import smsapp.db.columns

revision = "0030_selections"
down_revision = "0020_gateways"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_selection",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_ids", sa.Text(), nullable=False),
        sa.Column("until", smsapp.db.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_selection_account_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_contact_selection")),
    )
    op.create_index("ix_contact_selection_of_account", "contact_selection", ["account_id", "until"])


def downgrade() -> None:
    op.drop_table("contact_selection")
