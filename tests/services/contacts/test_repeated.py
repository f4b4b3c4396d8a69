"""How many numbers stand more than once (S75): the truth at once, whoever changed the book, indexed or only noted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from smsapp.accounts.actor import Actor
from smsapp.contacts import bulk, search
from smsapp.contacts.bulk import add_contacts, with_keys
from smsapp.contacts.duplicates import RULES, Extent, duplicates, extent, how_many
from smsapp.contacts.listing import Query, contacts
from smsapp.contacts.merging import merge_all, merge_number
from smsapp.contacts.service import Sheet, create_contact, delete_contacts, edit_contact, restore_contacts
from smsapp.contacts.unmerging import merges, undo_merge
from smsapp.db import Database
from smsapp.db.migrate import downgrade, upgrade

FIRST = 33612345670
at_once = pytest.mark.parametrize("db", ["postgresql"], indirect=True)  # SQLite has one writer


def truth(db: Database, actor: Actor) -> dict[int, int]:
    """The numbers that stand more than once, each with how many contacts it has."""
    with db.read() as session:
        asked = text(
            "SELECT e164, count(*) FROM contact WHERE account_id = :a AND deleted_at IS NULL"
            " GROUP BY e164 HAVING count(*) > 1"
        )
        return dict(session.execute(asked, {"a": actor.account_id}).all())


def assert_told(db: Database, actor: Actor) -> None:
    """The figure, what a merge would take away and the pages, forth and back, say what reading the book says."""
    true = truth(db, actor)
    assert how_many(db, actor) == len(true)
    assert extent(db, actor) == Extent(len(true), sum(true.values()) - len(true))
    forth, page = [], duplicates(db, actor, limit=2)
    last = page
    while page.rows:
        forth += [row.e164 for row in page.rows]
        last = page
        page = duplicates(db, actor, after=page.next, limit=2) if page.next is not None else type(page)()
    assert forth == sorted(true)
    back = [row.e164 for row in reversed(last.rows)]
    while last.previous is not None:
        last = duplicates(db, actor, before=last.previous, limit=2)
        back += [row.e164 for row in reversed(last.rows)]
    assert back == sorted(true, reverse=True)
    assert {row.e164 for row in duplicates(db, actor, text="672", limit=50).rows} == {
        n for n in true if "672" in str(n)
    }


def bring(db: Database, actor: Actor, numbers: list[int]) -> None:
    """As an import does."""
    people = pl.DataFrame({"e164": numbers}, schema={"e164": pl.Int64}).with_columns(
        territory=pl.lit("FR"), nom=pl.lit("Roy"), prenom=pl.lit(""), email=pl.lit(""), societe=pl.lit(""), extra=pl.lit("{}")
    )  # fmt: skip
    with db.write() as session:
        add_contacts(session, actor.account_id, with_keys(people), import_id=1, at=db.now())


def ids(db: Database, actor: Actor, *, deleted: bool = False) -> list[int]:
    with db.read() as session:
        which = "IS NOT NULL" if deleted else "IS NULL"
        asked = text(f"SELECT id FROM contact WHERE account_id = :a AND deleted_at {which} ORDER BY id")
        return list(session.execute(asked, {"a": actor.account_id}).scalars())


step = st.tuples(
    st.sampled_from(
        ["add", "delete", "restore", "number", "merge", "merge all", "undo", "import", "undo import", "index", "purge"]
    ),
    st.integers(0, 5),
    st.integers(0, 11),
)


@pytest.mark.parametrize("tail", [10_000, 3])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=1, max_size=16))
def test_s75_the_figure_is_the_truth_after_whatever_was_done_to_the_book(
    db: Database,
    actor: Actor,
    make_actor: Callable[[str], Actor],
    monkeypatch: pytest.MonkeyPatch,
    tail: int,
    steps: list[tuple[str, int, int]],
) -> None:
    monkeypatch.setattr(search, "TAIL", tail)
    monkeypatch.setattr(bulk, "MANY", 3)  # from here on an import sets the triggers aside
    with db.write() as session:
        session.execute(text("DELETE FROM contact"))
    for name, number, at in steps:
        living = ids(db, actor)
        chosen = living[at % len(living)] if living else None
        if name == "add":
            create_contact(db, actor, Sheet(f"+{FIRST + number}", nom="Roy"))
        elif name == "import":
            bring(db, actor, [FIRST + (number + i * at) % 6 for i in range(at)])
        elif name == "delete" and chosen:
            delete_contacts(db, actor, living[at % len(living) :: 2])
        elif name == "restore":
            restore_contacts(db, actor, ids(db, actor, deleted=True)[number::2])
        elif name == "number" and chosen:
            edit_contact(db, actor, chosen, Sheet(f"+{FIRST + number}", nom="Roy"))
        elif name == "merge" and (found := duplicates(db, actor).rows):
            merge_number(db, actor, found[at % len(found)].copies[0].id, {})
        elif name == "merge all" and truth(db, actor):
            merge_all(db, actor, RULES[at % 3])
        elif name == "undo":
            for merge in merges(db, actor)[:1]:
                if merge.undoable:
                    undo_merge(db, actor, merge.id)
        elif name == "undo import":
            with db.write() as session:  # as `imports.undo` does: all at once
                session.execute(text("UPDATE contact SET deleted_at = created_at WHERE import_id = 1"))
        elif name == "index":
            search.index_some(db, at + 1)
        elif name == "purge":
            with db.write() as session:
                session.execute(text("DELETE FROM contact WHERE id % 5 = 0"))
        assert_told(db, actor)
    search.index_all(db)
    assert_told(db, actor)
    with db.read() as session:
        kept = session.execute(text("SELECT e164 FROM contact_repeated ORDER BY e164")).scalars().all()
    assert kept == sorted(truth(db, actor))


def test_s75_one_accounts_numbers_are_not_anothers(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    rival = make_actor("rival")
    for who in (actor, rival, rival):
        create_contact(db, who, Sheet(f"+{FIRST}"))
    for _ in range(2):
        assert (how_many(db, actor), how_many(db, rival)) == (0, 1)
        search.index_all(db)


@at_once
def test_s75_a_contact_that_goes_while_its_number_is_taken_in_leaves_no_trace(db: Database, actor: Actor) -> None:
    """Whoever takes numbers in does not wait for whoever deletes, and looks again."""
    one, _ = (create_contact(db, actor, Sheet(f"+{FIRST}")) for _ in range(2))
    with db.engine.connect() as other:
        other.execute(text("UPDATE contact SET deleted_at = created_at WHERE id = :i"), {"i": one})
        assert search.index_some(db) == 0
        assert how_many(db, actor) == 1
        other.commit()
    assert_told(db, actor)
    search.index_all(db)
    assert_told(db, actor)


@at_once
def test_s75_of_three_two_go_at_the_same_time(db: Database, actor: Actor) -> None:
    one, two, _ = (create_contact(db, actor, Sheet(f"+{FIRST}")) for _ in range(3))
    search.index_all(db)
    gone = text("UPDATE contact SET deleted_at = created_at WHERE id = :i")
    with db.engine.connect() as other, ThreadPoolExecutor() as pool:
        other.execute(gone, {"i": one})

        def second() -> None:
            with db.write() as session:
                session.execute(gone, {"i": two})

        waiting = pool.submit(second)
        with db.read() as session:
            blocked = text("SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
            while not waiting.done() and not session.execute(blocked).first():
                session.rollback()
        other.commit()
        waiting.result(timeout=30)
    assert truth(db, actor) == {}
    assert_told(db, actor)


@at_once
def test_s75_two_come_back_at_the_same_time(db: Database, actor: Actor) -> None:
    one, two = (create_contact(db, actor, Sheet(f"+{FIRST}")) for _ in range(2))
    delete_contacts(db, actor, [one, two])
    search.index_all(db)
    with db.engine.connect() as other:
        other.execute(text("UPDATE contact SET deleted_at = NULL WHERE id = :i"), {"i": one})
        restore_contacts(db, actor, [two])
        other.commit()
    for _ in range(2):
        assert_told(db, actor)
        assert how_many(db, actor) == 1
        search.index_all(db)


def test_s75_a_book_of_before_is_looked_through_once(db: Database, actor: Actor) -> None:
    for number in (FIRST, FIRST, FIRST + 1, FIRST + 2, FIRST + 2):
        create_contact(db, actor, Sheet(f"+{number}", nom="Quatorze"))
    search.index_all(db)
    delete_contacts(db, actor, ids(db, actor)[-1:])
    downgrade(db, "0041_names_by_bytes")
    with db.write() as session:
        session.execute(text("DELETE FROM contact_repeated"))
    upgrade(db)
    for _ in range(2):
        assert_told(db, actor)
        assert len(contacts(db, actor, Query("quatorze")).rows) == 4
        search.index_all(db)
