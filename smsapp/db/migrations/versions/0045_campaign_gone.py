"""The id of a campaign is never given again: SQLite notes the last one that was deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0045_campaign_gone"
down_revision = "0044_consent_and_groups"
branch_labels = None
depends_on = None

_NOTED = (
    "CREATE TRIGGER campaign_gone_noted AFTER DELETE ON campaign BEGIN"
    " INSERT OR IGNORE INTO campaign_gone (id) VALUES (OLD.id);"
    " DELETE FROM campaign_gone WHERE id < (SELECT max(id) FROM campaign_gone);"
    " END"
)


def upgrade() -> None:
    op.create_table(
        "campaign_gone",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_gone")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_NOTED)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER campaign_gone_noted")
    op.drop_table("campaign_gone")
