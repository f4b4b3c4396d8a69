"""Migrations: the schema they make is the schema of the tables, they can be taken back, a newer database is refused."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from smsapp.db import Database
from smsapp.db.book_triggers import is_kept_here, is_search_index
from smsapp.db.migrate import UnknownSchema, current, downgrade, head, upgrade


def tables(db: Database) -> set[str]:
    """Every table but Alembic's own and those of the search index, which `tables.py` cannot describe."""
    names = set(inspect(db.engine).get_table_names())
    return {name for name in names - {"alembic_version"} if not is_search_index(name)}


def ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not is_search_index(name)


def compared(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """The owner of a contact is a foreign key on SQLite and a trigger on PostgreSQL: see `test_counters_and_index.py`."""
    return not is_kept_here(name, kind)


def test_the_migrated_schema_is_the_one_of_the_tables(db: Database) -> None:
    with db.engine.connect() as connection:
        asked = {"compare_type": True, "include_name": ours, "include_object": compared}
        context = MigrationContext.configure(connection, opts=asked)
        assert compare_metadata(context, SQLModel.metadata) == []
    assert tables(db) == set(SQLModel.metadata.tables)


def test_every_migration_can_be_taken_back_and_run_again(db: Database) -> None:
    downgrade(db, "base")
    assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
    upgrade(db)
    assert current(db) == head()
    assert tables(db) == set(SQLModel.metadata.tables)


def test_an_upgrade_that_has_nothing_to_do_changes_nothing(db: Database) -> None:
    upgrade(db)
    assert current(db) == head()


def test_a_database_from_a_newer_version_is_refused(db: Database) -> None:
    with db.write() as s:
        s.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    with pytest.raises(UnknownSchema, match="install the newer one"):
        upgrade(db)
