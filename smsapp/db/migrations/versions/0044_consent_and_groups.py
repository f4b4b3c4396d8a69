"""Imports bring consent and groups: which import is a consent's proof, which groups and members it made."""

import sqlalchemy as sa
from alembic import op

revision = "0044_consent_and_groups"
down_revision = "0043_many_leave_at_once"
branch_labels = None
depends_on = None

_IMPORT, _GROUP, _CONTACT = ("contact_import.id", "contact_group.id", "contact.id")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [other], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def upgrade() -> None:
    op.add_column("contact", sa.Column("consent_import_id", _id(), nullable=True))
    op.create_table(
        "import_group",
        sa.Column("import_id", _id(), nullable=False),
        sa.Column("group_id", _id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("made", sa.Boolean(), nullable=False),
        _of("import_group", "import_id", _IMPORT),
        _of("import_group", "group_id", _GROUP),
        sa.PrimaryKeyConstraint("import_id", "group_id", name=op.f("pk_import_group")),
    )
    op.create_index(op.f("ix_import_group_group_id"), "import_group", ["group_id"])
    op.create_table(
        "import_member",
        sa.Column("import_id", _id(), nullable=False),
        sa.Column("contact_id", _id(), nullable=False),
        sa.Column("group_id", _id(), nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        _of("import_member", "import_id", _IMPORT),
        _of("import_member", "contact_id", _CONTACT),
        _of("import_member", "group_id", _GROUP),
        sa.PrimaryKeyConstraint("import_id", "contact_id", "group_id", name=op.f("pk_import_member")),
    )
    op.create_index(op.f("ix_import_member_contact_id"), "import_member", ["contact_id"])
    op.create_index(op.f("ix_import_member_group_id"), "import_member", ["group_id"])


def downgrade() -> None:
    op.drop_table("import_member")
    op.drop_table("import_group")
    op.drop_column("contact", "consent_import_id")
