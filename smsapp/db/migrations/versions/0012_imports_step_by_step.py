"""Imports step by step, with what their undoing needs."""

import warnings

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import SAWarning

import smsapp.db.columns

revision = "0012_imports"
down_revision = "0011_conversations"
branch_labels = None
depends_on = None

_ADDED = (
    ("status", sa.String(length=10), "'done'"),
    ("upload", sa.String(length=22), "''"),
    ("choices", sa.JSON(), "'{}'"),
    ("step", sa.Integer(), "0"),
    ("steps", sa.Integer(), "0"),
    ("shape", sa.String(length=32), "''"),
    ("policy", sa.String(length=10), "'complete'"),
    ("group_made", sa.Boolean(), sa.false()),
    ("to_blacklist", sa.Boolean(), sa.false()),
    ("failure", sa.String(length=64), "''"),
    ("undone", sa.JSON(), "'{}'"),
)


def upgrade() -> None:
    for name, kind, default in _ADDED:
        given = sa.text(default) if isinstance(default, str) else default
        op.add_column("contact_import", sa.Column(name, kind, nullable=False, server_default=given))
    op.add_column(
        "contact_import",
        sa.Column("finished_at", smsapp.db.columns.UtcDateTime(timezone=True), nullable=True),
    )
    # Each row has one outcome from now on: what was completed is no longer counted among the known.
    op.execute("UPDATE contact_import SET known = known - completed, finished_at = created_at")
    op.create_table(
        "import_change",
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["contact_import.id"], name=op.f("fk_import_change_import_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_import_change_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "contact_id", name=op.f("pk_import_change")),
    )
    op.create_index(op.f("ix_import_change_contact_id"), "import_change", ["contact_id"], unique=False)
    _group_key("SET NULL")


def downgrade() -> None:
    _group_key(None)
    op.drop_index(op.f("ix_import_change_contact_id"), table_name="import_change")
    op.drop_table("import_change")
    op.execute("UPDATE contact_import SET known = known + completed")
    for name in ("finished_at", *(name for name, _, _ in _ADDED)):
        op.drop_column("contact_import", name)


def _group_key(ondelete: str | None) -> None:
    """What becomes of an import when its group is deleted. SQLite makes the table anew and, dropping the old one, would
    take the rejected rows with it: they stand aside meanwhile.
    """
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute("CREATE TEMP TABLE kept_rejections AS SELECT * FROM import_rejection")
    with warnings.catch_warnings(), op.batch_alter_table("contact_import") as batch:
        warnings.simplefilter("ignore", SAWarning)  # of indexes of other tables, which stay as they are
        batch.drop_constraint("fk_contact_import_group_id", type_="foreignkey")
        batch.create_foreign_key("fk_contact_import_group_id", "contact_group", ["group_id"], ["id"], ondelete=ondelete)
    if sqlite:
        op.execute("INSERT INTO import_rejection SELECT * FROM kept_rejections WHERE true ON CONFLICT DO NOTHING")
        op.execute("DROP TABLE kept_rejections")
