"""Conversations, opt-out links, and blacklisted numbers that a START does not lift."""

import sqlalchemy as sa
from alembic import op

import smsapp.db.columns

revision = "0011_conversations"
down_revision = "0010_blacklist"
branch_labels = None
depends_on = None

# What was replied so far: nobody has looked at it yet.
_CONVERSATIONS = """
INSERT INTO conversation (account_id, e164, last_at, last_text, last_ours, unread, replies, stopped)
SELECT r.account_id, r.e164, r.at, substr(r.text, 1, 160), false, c.unread, c.replies, r.is_stop
FROM reply r
JOIN (
    SELECT max(id) AS latest, count(*) AS replies, sum(CASE WHEN is_stop THEN 0 ELSE 1 END) AS unread
    FROM reply WHERE account_id IS NOT NULL GROUP BY account_id, e164
) c ON c.latest = r.id
"""


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("e164", sa.BigInteger(), nullable=False),
        sa.Column("last_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_text", sa.String(length=160), nullable=False),
        sa.Column("last_ours", sa.Boolean(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("done_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_conversation_account_id")),
        sa.PrimaryKeyConstraint("account_id", "e164", name=op.f("pk_conversation")),
    )
    op.create_index("ix_conversation_of_account", "conversation", ["account_id", "last_at", "e164"])
    op.create_table(
        "opt_out_link",
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("e164", sa.BigInteger(), nullable=False),
        sa.Column("created_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_opt_out_link_account_id")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_opt_out_link")),
    )
    op.create_index("uq_opt_out_link_of", "opt_out_link", ["account_id", "e164"], unique=True)
    op.create_index("ix_reply_of_number", "reply", ["account_id", "e164", "id"])
    # Not in a batch: that would rebuild the table without its triggers.
    op.add_column("suppression", sa.Column("kept", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(_CONVERSATIONS)


def downgrade() -> None:
    op.drop_column("suppression", "kept")
    op.drop_index("ix_reply_of_number", "reply")
    op.drop_table("opt_out_link")
    op.drop_table("conversation")
