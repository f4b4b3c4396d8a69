"""The two doors: nothing is written by a reader, a failed block leaves nothing, writers take turns."""

import threading
from datetime import datetime

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from smsapp.accounts.tables import Account
from smsapp.db import Database
from smsapp.db.engine import Line


def names(db: Database) -> list[str]:
    with db.read() as s:
        return list(s.exec(select(Account.name).order_by(Account.name)).all())


def add(db: Database, name: str) -> None:
    with db.write() as s:
        s.add(Account(name=name, created_at=db.now()))


def test_what_is_written_is_read_back_with_its_instant(db: Database) -> None:
    add(db, "Lavande")
    with db.read() as s:
        found = s.exec(select(Account)).one()
    assert (found.name, found.created_at) == ("Lavande", db.now())


def test_an_exception_rolls_the_whole_block_back(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.write() as s:
        s.add(Account(name="lost", created_at=db.now()))
        s.flush()
        raise ZeroDivisionError
    assert names(db) == []


def test_the_reading_door_cannot_write(db: Database) -> None:
    with pytest.raises(DBAPIError), db.read() as s:
        s.add(Account(name="no", created_at=db.now()))
        s.flush()
    assert names(db) == []


def test_a_naive_instant_is_refused(db: Database) -> None:
    with pytest.raises(Exception, match="naive"), db.write() as s:
        s.add(Account(name="naive", created_at=datetime(2026, 1, 1)))
        s.flush()


def test_writers_take_turns_and_none_is_lost(db: Database) -> None:
    threads = [threading.Thread(target=lambda n=n: [add(db, f"{n}-{i}") for i in range(10)]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(db)) == 80


def test_the_turn_goes_to_whoever_has_waited_longest() -> None:
    """A loop that takes the turn again as soon as it has let go of it comes last: people's writes do not starve."""
    line, served = Line(), []

    def once(name: int) -> None:
        with line:
            served.append(name)

    threads = [threading.Thread(target=once, args=(n,)) for n in range(6)]
    with line:
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            while len(line) < waiting:
                threading.Event().wait(0.001)
    with line:
        served.append(99)
    for thread in threads:
        thread.join()
    assert served == [0, 1, 2, 3, 4, 5, 99]
    with line:
        assert len(line) == 0


def test_an_error_of_a_writer_passes_the_turn_on(sqlite_db: Database) -> None:
    with pytest.raises(RuntimeError), sqlite_db.write():
        raise RuntimeError
    add(sqlite_db, "after")
    assert names(sqlite_db) == ["after"]


def test_a_writer_inside_a_writer_is_refused_on_sqlite(sqlite_db: Database) -> None:
    with sqlite_db.write(), pytest.raises(RuntimeError, match="inside"), sqlite_db.write():
        pass
    add(sqlite_db, "after")
    assert names(sqlite_db) == ["after"]
