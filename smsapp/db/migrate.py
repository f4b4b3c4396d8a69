"""Migrations: run at every start, and by ``smsapp db ...``. The scripts lie in ``migrations/versions``."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from smsapp.db.engine import Database

SCRIPTS = Path(__file__).parent / "migrations"
# Any constant: two processes that start at once on PostgreSQL take turns.
LOCK = 7_301_199


class UnknownSchema(Exception):
    """The database was made by a newer smsapp than this one; starting would damage it."""


def upgrade(db: Database, revision: str = "head") -> None:
    """Bring the schema to ``revision``.

    Raises:
        UnknownSchema: the database carries a revision that this version of smsapp does not have.
    """
    _run(db, lambda config: command.upgrade(config, revision))


def downgrade(db: Database, revision: str) -> None:
    """Take the schema back to ``revision`` (``base`` for nothing at all)."""
    _run(db, lambda config: command.downgrade(config, revision))


def new_revision(db: Database, message: str) -> None:
    """Write a migration script from the difference between the tables and the database."""
    _run(db, lambda config: command.revision(config, message, autogenerate=True))


def current(db: Database) -> str | None:
    """The revision of the database, None when it is empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The newest revision that this version of smsapp has."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def _run(db: Database, work: Callable[[Config], object]) -> None:
    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with db.engine.begin() as connection:
        if not db.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        found = MigrationContext.configure(connection).get_current_revision()
        if found and found not in known:
            raise UnknownSchema(
                f"the database is at revision {found}, which this smsapp does not know: install the newer one"
            )
        config.attributes["connection"] = connection
        work(config)
