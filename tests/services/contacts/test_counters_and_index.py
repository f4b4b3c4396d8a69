"""Counters and the search index are right whoever writes: form, set-based import, undo, report, cascade (S62, S63, M10)."""

import random
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from smsapp.accounts.actor import Actor
from smsapp.contacts import blacklist, search
from smsapp.contacts.bulk import MANY, add_contacts, with_keys
from smsapp.contacts.counters import counted, counts
from smsapp.contacts.folding import search_text, sort_name, sought
from smsapp.contacts.listing import Query, contacts
from smsapp.contacts.tables import Contact, Group, GroupMember, Suppression, ToIndex
from smsapp.db import Database

NAMES = ["Moreau", "Martin", "Étienne", "Rey", "Zola", "Petit-Jean", "de la Tour", "Ngo"]


def fill(db: Database, actor: Actor, how_many: int, start: int = 0) -> None:
    """Write contacts in one statement."""
    rng = random.Random(how_many + start)
    rows = []
    for i in range(start, start + how_many):
        nom, prenom, e164 = rng.choice(NAMES), rng.choice(NAMES), 33600000000 + rng.randrange(10**8)
        email = f"{prenom[:2].lower()}{i}@example.net"
        rows.append(
            {
                "account_id": actor.account_id, "e164": e164, "territory": "FR", "nom": nom, "prenom": prenom,
                "email": email, "societe": "", "extra": {}, "sort_name": sort_name(nom, prenom),
                "search": search_text(e164, nom, prenom, "", email), "state": "active", "created_at": db.now(),
                "updated_at": db.now(),
            }
        )  # fmt: skip
    with db.write() as session:
        session.connection().execute(insert(Contact), rows)


def bring(db: Database, actor: Actor, how_many: int, nom: str = "Zola") -> None:
    """Write contacts as an import does."""
    people = pl.DataFrame({"e164": range(33612000000, 33612000000 + how_many)}).with_columns(
        territory=pl.lit("FR"), nom=pl.lit(nom), prenom=pl.lit(""), email=pl.lit(""), societe=pl.lit(""), extra=pl.lit("{}")
    )  # fmt: skip
    with db.write() as session:
        add_contacts(session, actor.account_id, with_keys(people), import_id=1, at=db.now())


def assert_counted(db: Database) -> None:
    """Every counter says what counting says, for every account and group there is."""
    with db.read() as session:
        live = dict(session.execute(text(
            "SELECT account_id, count(*) FROM contact WHERE deleted_at IS NULL GROUP BY account_id")).all())  # fmt: skip
        refused = dict(session.execute(text("SELECT account_id, count(*) FROM suppression GROUP BY 1")).all())
        members = dict(session.execute(text(
            "SELECT group_id, count(*) FROM group_member JOIN contact ON contact.id = contact_id"
            " WHERE deleted_at IS NULL GROUP BY group_id")).all())  # fmt: skip
        for kind, true in (("contacts", live), ("blacklisted", refused), ("members", members)):
            said = session.execute(
                text("SELECT ref, sum(count) FROM book_counter WHERE kind = :k GROUP BY ref"), {"k": kind}
            )
            assert {ref: int(n) for ref, n in said if n} == true, kind


def assert_indexed(db: Database) -> None:
    """What the index gives, with the contacts that are only noted, is a superset of what reading every row gives."""
    with db.read() as session:
        rows = session.execute(select(Contact.id, Contact.account_id, Contact.search)).all()
        for typed in ("moreau", "etienne", "petit-jean", "tour", "0612", "example", "33600", "oreau zol"):
            fragments = sought(typed)
            for account_id in {account for _, account, _ in rows}:
                found = search.candidates(session, Actor(0, account_id, "", "", "fr", ""), fragments, most=10**6)
                assert found is not None
                holding = {id for id, of, held in rows if of == account_id and all(f in held for f in fragments)}
                assert holding <= set(found), typed


def test_a_set_based_import_is_counted_and_found_before_and_after_it_is_indexed(db: Database, actor: Actor) -> None:
    fill(db, actor, 300)
    with db.read() as session:
        assert counted(session, "contacts", actor.account_id) == 300
        waiting = func.sum(ToIndex.last_id - ToIndex.first_id + 1)
        assert session.execute(select(waiting)).scalar_one() == 300
    assert_indexed(db)
    before = [row.id for row in contacts(db, actor, Query("etienne")).rows]
    assert before
    assert search.index_some(db, 120) == 120
    assert_indexed(db)
    assert search.index_all(db) == 180
    assert search.index_some(db) == 0
    assert_indexed(db)
    assert [row.id for row in contacts(db, actor, Query("etienne")).rows] == before


def test_the_index_gives_only_what_holds_the_trigrams(db: Database, actor: Actor) -> None:
    fill(db, actor, 200)
    search.index_all(db)
    with db.read() as session:
        assert search.candidates(session, actor, ["quatorze"]) == []
        assert search.candidates(session, actor, ["za"]) is None
        assert search.candidates(session, actor, ["example"], most=50) is None
        held = search.candidates(session, actor, ["moreau"]) or []
        assert 0 < len(held) < 200


@pytest.mark.parametrize("typed", ['a"b"c', "***", "NEAR", "a OR b", "{xyz}", "-ab", "^abc", "ab:c", "€€€", "\\\\\\"])
def test_what_is_typed_is_never_taken_for_a_command_of_the_index(db: Database, actor: Actor, typed: str) -> None:
    fill(db, actor, 20)
    search.index_all(db)
    with db.read() as session:
        assert search.candidates(session, actor, sought(typed)) in ([], None)


def test_a_changed_contact_is_found_by_its_new_text_only(db: Database, actor: Actor) -> None:
    fill(db, actor, 5)
    search.index_all(db)
    with db.write() as session:
        session.execute(
            text("UPDATE contact SET search = '33611111111 quatorze' WHERE id = (SELECT min(id) FROM contact)")
        )
    for _ in range(2):
        with db.read() as session:
            first = session.execute(select(func.min(Contact.id))).scalar_one()
            assert first in (search.candidates(session, actor, ["quatorze"]) or [])
        search.index_all(db)
        with db.read() as session:
            assert search.candidates(session, actor, ["quatorze"]) == [first]
            assert len(search.candidates(session, actor, ["example"]) or []) == 4


def test_a_contact_taken_out_for_good_leaves_neither_count_nor_entry(db: Database, actor: Actor) -> None:
    fill(db, actor, 10)
    search.index_all(db)
    fill(db, actor, 10, start=10)  # not indexed when they go
    with db.write() as session:
        session.add(Group(id=7, account_id=actor.account_id, name="VIP", created_at=db.now()))
        session.flush()
        session.execute(text("INSERT INTO group_member (group_id, contact_id) SELECT 7, id FROM contact"))
    assert_counted(db)
    with db.write() as session:
        session.execute(text("DELETE FROM contact WHERE id % 2 = 0"))
    assert_counted(db)
    search.index_all(db)
    with db.read() as session:
        left = set(session.execute(select(Contact.id)).scalars())
        assert set(search.candidates(session, actor, ["example"]) or []) == left
        assert counts(session, "members", [7]) == {7: 10}


def test_one_accounts_search_never_opens_anothers_book(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    rival = make_actor("rival")
    fill(db, rival, 40)
    search.index_all(db)
    fill(db, rival, 40, start=40)
    assert contacts(db, actor, Query("example")).rows == ()
    assert_counted(db)


step = st.sampled_from(
    [
        "fill",
        "import",
        "both at once",
        "hide some",
        "show all",
        "group",
        "ungroup",
        "refuse",
        "forgive",
        "index",
        "rename",
        "drop some",
        "drop group",
    ]
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=1, max_size=14), seed=st.integers(0, 99))
def test_counters_and_index_follow_whatever_is_written_in_whatever_order(
    db: Database, make_actor: Callable[[str], Actor], actor: Actor, steps: list[str], seed: int
) -> None:
    with db.write() as session:
        for table in ("contact", "contact_group"):
            session.execute(text(f"DELETE FROM {table}"))
        session.add(Group(id=7, account_id=actor.account_id, name="VIP", created_at=db.now()))
        alone = session.execute(text("SELECT count(*) FROM account")).scalar_one() == 1
    if alone:
        make_actor("rival")
    statements = {
        "hide some": "UPDATE contact SET deleted_at = created_at WHERE id % 3 = 1",
        "show all": "UPDATE contact SET deleted_at = NULL",
        "group": "INSERT INTO group_member (group_id, contact_id) SELECT g.id, c.id FROM contact_group g, contact c"
        " WHERE c.id % 2 = 0 ON CONFLICT DO NOTHING",
        "ungroup": "DELETE FROM group_member WHERE contact_id % 4 = 0",
        "refuse": "INSERT INTO suppression (account_id, e164, reason, origin, created_at)"
        " SELECT DISTINCT account_id, e164, '', 'manual', max(created_at) FROM contact GROUP BY account_id, e164"
        " ON CONFLICT DO NOTHING",
        "both at once": "INSERT INTO contact (account_id, e164, territory, nom, prenom, email, societe, extra, sort_name,"
        " search, state, created_at, updated_at, deleted_at) SELECT a.id, e164, territory, nom, prenom, email, societe,"
        " extra, sort_name, search, contact.state, contact.created_at, updated_at,"
        " CASE WHEN contact.id % 2 = 0 THEN updated_at END FROM contact, account a WHERE contact.id % 10 = 1",
        "rename": "UPDATE contact SET search = '336 etienne zola' WHERE id % 5 = 0",
        "drop some": "DELETE FROM contact WHERE id % 7 = 3",
        "drop group": "DELETE FROM contact_group",
    }  # fmt: skip
    for at, name in enumerate(steps):
        if name == "fill":
            fill(db, actor, 11, start=seed * 1000 + at * 20)
        elif name == "import":
            bring(db, actor, 5 + seed % 7)
        elif name == "forgive":
            with db.read() as session:
                entries = (
                    session.execute(text("SELECT id FROM suppression_event ORDER BY e164 LIMIT 5")).scalars().all()
                )
            blacklist.lift(db, actor, entries, reason="par écrit")
        elif name == "index":
            search.index_some(db, 7)
        else:
            with db.write() as session:
                session.execute(text(statements[name]))
        assert_counted(db)
    assert_indexed(db)
    search.index_all(db)
    assert_indexed(db)


def test_member_and_suppression_written_one_by_one_count_too(db: Database, actor: Actor) -> None:
    fill(db, actor, 2)
    with db.write() as session:
        session.add(Group(id=3, account_id=actor.account_id, name="Lyon", created_at=db.now()))
        session.flush()
        for id in session.execute(select(Contact.id)).scalars().all():
            session.add(GroupMember(group_id=3, contact_id=id or 0))
        session.add(Suppression(account_id=actor.account_id, e164=33612345678, origin="stop", created_at=db.now()))
    with db.read() as session:
        assert counted(session, "members", 3) == 2
        assert counted(session, "blacklisted", actor.account_id) == 1


def test_a_contact_has_an_account_and_an_account_with_contacts_stays(db: Database, actor: Actor) -> None:
    fill(db, actor, 3)
    stranger = Actor(1, actor.account_id + 999, "nobody", "nobody@example.net", "fr", "Nobody")
    with pytest.raises(IntegrityError):
        fill(db, stranger, 3, start=3)
    for statement in (
        f"UPDATE contact SET account_id = {stranger.account_id}",
        f"DELETE FROM account WHERE id = {actor.account_id}",
    ):
        with pytest.raises(IntegrityError), db.write() as session:
            session.execute(text(statement))
    assert_counted(db)


def test_ids_given_again_after_a_contact_is_gone_for_good_are_indexed_once(db: Database, actor: Actor) -> None:
    """On SQLite the id of the last contact is given again when it is gone; a span may still hold it."""

    bring(db, actor, MANY, "Quatorze")
    with db.write() as session:
        session.execute(text(f"DELETE FROM contact WHERE id > (SELECT max(id) FROM contact) - {MANY // 2}"))
    bring(db, actor, MANY, "Quinze")
    with db.write() as session:
        session.execute(text("UPDATE contact SET search = '336 seize' WHERE nom = 'Quinze'"))
    assert search.index_all(db) >= MANY + MANY // 2
    with db.write() as session:
        session.execute(text("UPDATE contact SET search = '336 vingt' WHERE nom = 'Quinze'"))
    search.index_all(db)
    with db.read() as session:
        for typed, holding in (("seize", 0), ("vingt", MANY), ("quatorze", MANY // 2), ("quinze", 0)):
            assert len(search.candidates(session, actor, [typed], most=10**6) or []) == holding, typed
