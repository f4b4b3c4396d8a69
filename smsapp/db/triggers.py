"""Append-only tables: the database itself refuses to change or remove a row, on both engines.

A migration script runs the statements of ``append_only(dialect, table)`` after creating a table (and again after a
batch rebuild on SQLite, which drops triggers), and those of ``changeable`` before dropping it.
"""

REFUSAL = "rows of this table are never changed"

_PG_FUNCTION = f"""
CREATE OR REPLACE FUNCTION smsapp_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE restrict_violation USING MESSAGE = '{REFUSAL}: ' || TG_TABLE_NAME;
END $$
"""


def append_only(dialect: str, table: str) -> list[str]:
    """The statements that forbid UPDATE, DELETE (and TRUNCATE on PostgreSQL) on ``table``."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}: {table}'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        _PG_FUNCTION,
        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION smsapp_append_only()",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION smsapp_append_only()",
    ]


def changeable(dialect: str, table: str) -> list[str]:
    """The statements that take the protection of ``table`` away, for a downgrade."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in ("update", "delete")]
    return [f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}" for name in ("append_only", "no_truncate")]
