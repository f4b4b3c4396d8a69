"""Smart groups and their frozen members, merges of duplicates, the history of the blacklist.

The blacklist's own triggers write that history and let no number go without it (``blacklist_triggers.py``). What is on
a blacklist already begins its history with the day and reason that are known of it.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

import smsapp.db.columns
from smsapp.db.blacklist_triggers import guard_blacklist, release_blacklist
from smsapp.db.triggers import append_only, changeable

revision = "0010_blacklist"
down_revision = "0005_book"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at() -> sa.types.TypeEngine[datetime]:
    return smsapp.db.columns.UtcDateTime(timezone=True)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.create_table(
        "suppression_event",
        sa.Column("id", _id(), nullable=False),
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("e164", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("user_id", _id(), nullable=True),
        sa.Column("source_id", _id(), nullable=True),
        sa.Column("at", _at(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'lifted' OR origin = 'start' OR (trim(reason) <> '' AND user_id IS NOT NULL)",
            name=op.f("ck_suppression_event_lift_says_why"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_suppression_event_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression_event")),
    )
    op.create_index("ix_suppression_event_of_number", "suppression_event", ["account_id", "e164", "id"])
    op.create_index("ix_suppression_event_of_account", "suppression_event", ["account_id", "id"])
    op.add_column("suppression", sa.Column("user_id", _id(), nullable=True))
    op.add_column("suppression", sa.Column("source_id", _id(), nullable=True))
    op.execute(
        "INSERT INTO suppression_event (account_id, e164, kind, origin, reason, at)"
        " SELECT account_id, e164, 'added', origin, reason, created_at FROM suppression ORDER BY created_at"
    )
    for statement in (*append_only(dialect, "suppression_event"), *guard_blacklist(dialect)):
        op.get_bind().exec_driver_sql(statement)
    op.add_column("contact_group", sa.Column("filter", sa.JSON(), nullable=True))
    op.create_table(
        "contact_merge",
        sa.Column("id", _id(), nullable=False),
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("rule", sa.String(length=12), nullable=False),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("created_at", _at(), nullable=False),
        sa.Column("undone_at", _at(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_merge_account_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_contact_merge_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_merge")),
    )
    op.create_index("ix_contact_merge_of_account", "contact_merge", ["account_id", "id"])
    op.create_table(
        "merged_contact",
        sa.Column("merge_id", _id(), nullable=False),
        sa.Column("contact_id", _id(), autoincrement=False, nullable=False),
        sa.Column("e164", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("group_ids", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["contact_merge.id"], name=op.f("fk_merged_contact_merge_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("merge_id", "contact_id", name=op.f("pk_merged_contact")),
    )
    op.create_index(op.f("ix_merged_contact_contact_id"), "merged_contact", ["contact_id"])
    op.create_table(
        "merged_away",
        sa.Column("merge_id", _id(), nullable=False),
        sa.Column("contact_id", _id(), autoincrement=False, nullable=False),
        sa.Column("kept_id", _id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["contact_merge.id"], name=op.f("fk_merged_away_merge_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("merge_id", "contact_id", name=op.f("pk_merged_away")),
    )
    op.create_index(op.f("ix_merged_away_contact_id"), "merged_away", ["contact_id"])
    op.create_index(op.f("ix_merged_away_kept_id"), "merged_away", ["kept_id"])
    op.create_table(
        "frozen_group",
        sa.Column("campaign_id", _id(), autoincrement=False, nullable=False),
        sa.Column("group_id", _id(), autoincrement=False, nullable=False),
        sa.Column("contact_ids", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_frozen_group_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "group_id", name=op.f("pk_frozen_group")),
    )


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for table in ("frozen_group", "merged_away", "merged_contact", "contact_merge"):
        op.drop_table(table)
    op.drop_column("contact_group", "filter")
    for statement in (*release_blacklist(dialect), *changeable(dialect, "suppression_event")):
        op.get_bind().exec_driver_sql(statement)
    op.drop_column("suppression", "source_id")
    op.drop_column("suppression", "user_id")
    op.drop_table("suppression_event")
