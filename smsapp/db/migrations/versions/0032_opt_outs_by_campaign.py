"""Which campaign an opt-out link answers: its STOP is counted there."""

import sqlalchemy as sa
from alembic import op

revision = "0032_opt_outs_by_campaign"
down_revision = "0031_large_imports"
branch_labels = None
depends_on = None

_ANSWERED = """
UPDATE opt_out_link SET campaign_id = (
    SELECT m.campaign_id FROM message m
    WHERE m.account_id = opt_out_link.account_id AND m.e164 = opt_out_link.e164
      AND m.submitted_at <= opt_out_link.used_at
    ORDER BY m.submitted_at DESC, m.id DESC LIMIT 1
) WHERE used_at IS NOT NULL
"""


def upgrade() -> None:
    op.add_column(
        "opt_out_link",
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    )
    for name, columns in (("used", ["account_id", "used_at"]), ("campaign", ["campaign_id"])):
        there = sa.text(f"{columns[-1]} IS NOT NULL")
        op.create_index(f"ix_opt_out_link_{name}", "opt_out_link", columns, postgresql_where=there, sqlite_where=there)
    op.execute(_ANSWERED)


def downgrade() -> None:
    op.drop_index("ix_opt_out_link_campaign", "opt_out_link")
    op.drop_index("ix_opt_out_link_used", "opt_out_link")
    op.drop_column("opt_out_link", "campaign_id")
