"""Rows packed for PostgreSQL come out of the table as they went in."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from smsapp.db import Database
from smsapp.db.binary_copy import BLOCK, copy_packed, packed

AT = datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC)
NAMES = ("number", "word", "kept")
words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
kept = st.sampled_from(["{}", '{"ville": "Aix\\n"}', '{"long": "' + "é" * 70_000 + '"}'])


def brought(db: Database, rows: list[tuple[int, str, str]]) -> list[tuple[object, ...]]:
    """The rows after a passage through a table, beside what is told of all of them."""
    frame = pl.DataFrame(rows, schema={"number": pl.Int64, "word": pl.String, "kept": pl.String}, orient="row")
    with db.write() as session:
        connection = session.connection()
        connection.exec_driver_sql(
            "CREATE TEMP TABLE passage (id serial, account bigint, said varchar(9), at timestamptz, number bigint,"
            " word varchar(12), kept json) ON COMMIT DROP"
        )
        copy_packed(connection, "passage", {"account": -1, "said": "à tous", "at": AT}, NAMES, packed(frame))
        found = connection.execute(
            text("SELECT account, said, at, number, word, kept::text FROM passage ORDER BY id")
        ).all()
    return [tuple(row) for row in found]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(rows=[])
@example(rows=[(-1, "", "{}"), (2**63 - 1, "\ufffd\t\\N\n", "{}"), (-(2**63), "\U0001f980", "{}")])
@example(rows=[(at, str(at), "{}") for at in range(2 * BLOCK + 1)])
@given(rows=st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), words, kept), max_size=6))
def test_what_is_packed_is_what_is_written(db: Database, rows: list[tuple[int, str, str]]) -> None:
    if db.is_sqlite:
        return  # it is bound there, see `test_bulk.py`
    assert brought(db, rows) == [(-1, "à tous", AT, *row) for row in rows]


def test_a_null_is_refused_before_the_server_sees_it() -> None:
    with pytest.raises(ValueError, match="null"):
        packed(pl.DataFrame({"word": ["a", None]}))


def test_a_copy_that_the_server_refuses_leaves_nothing_and_says_why(db: Database) -> None:
    if db.is_sqlite:
        return
    with pytest.raises(DBAPIError) as refused, db.write() as session:
        session.execute(text("SELECT 1"))
        session.execute(text("CREATE TABLE passage (word varchar(3))"))
        copied = packed(pl.DataFrame({"word": ["abc", "abcd"]}))
        copy_packed(session.connection(), "passage", {}, ("word",), copied)
    with db.read() as session:
        assert session.execute(text("SELECT to_regclass('passage')")).scalar_one() is None
    assert getattr(refused.value.orig, "sqlstate", "") == "22001"
    assert "abcd" not in str(refused.value), "what stands in a row stands in no log"


def test_a_copy_that_loses_a_collision_is_done_again(db: Database) -> None:
    """PostgreSQL asks one of two that wait for each other to begin anew, also when a trigger of the copy waited."""
    if db.is_sqlite:
        return
    with db.write() as session:
        session.execute(text("CREATE TABLE passage (word varchar(3))"))
        session.execute(
            text(
                "CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT count(*) FROM passage)"
                " = 1 THEN RAISE deadlock_detected USING MESSAGE = 'two wait'; END IF; RETURN NULL; END $$"
            )
        )
        session.execute(text("CREATE TRIGGER t AFTER INSERT ON passage FOR EACH STATEMENT EXECUTE FUNCTION collide()"))
    words = iter((["a"], ["b", "c"]))

    def work(session: Session) -> None:
        copy_packed(session.connection(), "passage", {}, ("word",), packed(pl.DataFrame({"word": next(words)})))

    db.retrying(work)
    with db.read() as session:
        assert session.execute(text("SELECT word FROM passage ORDER BY word")).scalars().all() == ["b", "c"]
