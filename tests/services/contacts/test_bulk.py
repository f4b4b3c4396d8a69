"""Contacts in bulk: the keys made by the column are those that `folding.py` makes for one contact."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.bulk import MANY, NAMES, add_contacts, lay_out, with_keys, with_packed
from smsapp.contacts.folding import search_text, sort_name
from smsapp.contacts.service import Sheet, count, create_contact
from smsapp.contacts.tables import Contact
from smsapp.db import Database

cells = st.one_of(
    st.text(st.sampled_from("abÉé ßŒœİı’'%\\  \u0301\u00a0\tZ9@."), max_size=8),
    st.text(max_size=6).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)),
    st.just("Lebreton " * 60),
)


@settings(deadline=None)
@example([(1_000_000_000, "", "", "", " 9")])
@given(st.lists(st.tuples(st.integers(10**9, 10**12), cells, cells, cells, cells), max_size=8))
def test_the_keys_of_a_column_are_those_of_one_contact(people: list[tuple[int, str, str, str, str]]) -> None:
    schema = {"e164": pl.Int64, **dict.fromkeys(NAMES, pl.String)}
    made = with_keys(pl.DataFrame(people, schema=schema, orient="row"))
    assert made["sort_name"].to_list() == sorted(made["sort_name"].to_list(), key=str.encode)
    for e164, nom, prenom, email, societe, first, found in made.rows():
        assert first == sort_name(nom, prenom, societe)
        assert found == search_text(e164, nom, prenom, societe, email)


@pytest.mark.parametrize("rows", [MANY - 1, MANY, 3 * MANY])
def test_counters_and_search_know_of_everybody_and_the_triggers_are_back(db: Database, actor: Actor, rows: int) -> None:
    people = pl.DataFrame({"e164": range(33612000000, 33612000000 + rows)}).with_columns(
        territory=pl.lit("FR"), nom=pl.lit("Rey"), prenom=pl.lit(""), email=pl.lit(""), societe=pl.lit(""), extra=pl.lit("{}")
    )  # fmt: skip
    with db.write() as session:
        add_contacts(session, actor.account_id, with_keys(people), import_id=1, at=db.now())
    create_contact(db, actor, Sheet("0612999999", nom="Roi"))
    with db.read() as session:
        noted = session.execute(text("SELECT sum(last_id - first_id + 1) FROM contact_to_index")).scalar_one()
        real = session.execute(text("SELECT count(*) FROM contact")).scalar_one()
    assert count(db, actor) == noted == real == rows + 1


def test_a_write_that_fails_leaves_the_triggers_as_they_were(db: Database, actor: Actor) -> None:
    people = pl.DataFrame({"e164": range(33612000000, 33612000000 + MANY)}).with_columns(
        territory=pl.lit("FR"), nom=pl.lit("Rey"), prenom=pl.lit(""), email=pl.lit(""), societe=pl.lit(""), extra=pl.lit("{}")
    )  # fmt: skip
    with pytest.raises(RuntimeError), db.write() as session:
        add_contacts(session, actor.account_id, with_keys(people), import_id=1, at=db.now())
        raise RuntimeError("power cut")
    assert count(db, actor) == 0
    create_contact(db, actor, Sheet("0612999999", nom="Roi"))
    assert count(db, actor) == 1


def test_a_server_process_that_dies_in_an_import_leaves_neither_contact_nor_count(db: Database, actor: Actor) -> None:
    if db.is_sqlite:
        return  # there is no server
    people = pl.DataFrame({"e164": range(33612000000, 33612000000 + MANY)}).with_columns(
        territory=pl.lit("FR"), nom=pl.lit("Rey"), prenom=pl.lit(""), email=pl.lit(""), societe=pl.lit(""), extra=pl.lit("{}")
    )  # fmt: skip
    with pytest.raises(DBAPIError), db.write() as session:
        add_contacts(session, actor.account_id, with_packed(with_keys(people)), import_id=1, at=db.now())
        process = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with db.write() as other:
            other.execute(text("SELECT pg_terminate_backend(:p, 10000)"), {"p": process})
    with db.read() as session:
        for table in ("contact", "contact_to_index", "book_counter"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_contacts_packed_beforehand_are_the_chosen_ones(db: Database, actor: Actor) -> None:
    """What becomes of the numbers is known after they were packed."""
    people = pl.DataFrame({"e164": range(33612000000, 33612000000 + 9)}).with_columns(
        territory=pl.lit("FR"), nom=pl.lit("Noël"), prenom=pl.lit("Zoé"), email=pl.lit(""), societe=pl.lit("A\tB\\"),
        extra=pl.lit('{"ville": "Apt"}'),
    )  # fmt: skip
    chosen = with_packed(with_keys(people)).filter(pl.col("e164") % 3 > 0)
    with db.write() as session:
        add_contacts(session, actor.account_id, chosen, import_id=7, at=db.now())
    asked = "e164", "territory", "nom", "prenom", "email", "societe", "sort_name", "search"
    with db.read() as session:
        found = session.execute(select(Contact).order_by(col(Contact.id))).scalars().all()
    assert [tuple(getattr(one, name) for name in asked) for one in found] == chosen.select(asked).rows()
    told = (actor.account_id, "active", 7, db.now(), db.now(), None, {"ville": "Apt"}, "")
    for one in found:
        kept = (one.account_id, one.state, one.import_id, one.created_at, one.updated_at, one.deleted_at, one.extra)
        assert (*kept, one.consent_source) == told


def test_names_are_ordered_by_their_bytes_whatever_language_the_server_speaks(db: Database) -> None:
    if db.is_sqlite:
        return  # it knows no other order
    asked = "SELECT collation_name FROM information_schema.columns WHERE table_name = 'contact' AND column_name = 'sort_name'"
    with db.read() as session:
        assert session.execute(text(asked)).scalar_one() == "C"


def test_of_what_is_laid_out_beside_only_the_chosen_come_into_the_book(
    db: Database, actor: Actor, tmp_path: Path
) -> None:
    people = pl.DataFrame({"e164": range(33612000000, 33612000000 + 3 * MANY)}).with_columns(
        territory=pl.lit("FR"), nom=pl.lit("Rey"), prenom=pl.lit("Inès"), email=pl.lit(""), societe=pl.lit(""), extra=pl.lit("{}")
    )  # fmt: skip
    people = with_keys(people)
    beside = None  # PostgreSQL takes them by COPY
    if db.is_sqlite:
        beside = tmp_path / "slice.db"
        lay_out(people, beside)
    chosen = people.filter(pl.col("e164") % 3 > 0)
    with db.write(beside) as session:
        first, last = add_contacts(
            session, actor.account_id, chosen, import_id=1, at=db.now(), laid_out=people.height if beside else 0
        )
    assert last - first + 1 == chosen.height == count(db, actor)
    with db.read() as session:
        written = session.execute(text("SELECT e164, nom, prenom, sort_name, search FROM contact ORDER BY id"))
        assert [tuple(row) for row in written] == chosen.select("e164", "nom", "prenom", "sort_name", "search").rows()
    with pytest.raises(DBAPIError), db.read() as session:  # it does not stand beside any longer
        session.execute(text("SELECT * FROM beside.layout"))
