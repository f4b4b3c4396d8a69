"""Filters, search by the index, selection across pages, consent and custom values (S62, S63, S74, M10, M28)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, delete, select

from smsapp.accounts.actor import Actor
from smsapp.contacts import counting, listing, search
from smsapp.contacts.blacklist import blacklist, suppress
from smsapp.contacts.counting import live_count
from smsapp.contacts.export import ExportGone, export_answering, export_selection, keep_selection, kept_selection
from smsapp.contacts.fields import create_field, delete_field
from smsapp.contacts.folding import sought
from smsapp.contacts.groups import create_group
from smsapp.contacts.listing import STATES, Query, answering, contacts, countries
from smsapp.contacts.service import (
    InvalidConsentDay,
    Sheet,
    contact,
    create_contact,
    delete_contacts,
    edit_contact,
    purge_deleted,
    restore_contacts,
)
from smsapp.contacts.tables import Contact
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import Status
from smsapp.reports.contact import last_statuses, past
from tests.services.contacts.test_contacts import every_page
from tests.services.contacts.test_counters_and_index import fill


@pytest.fixture(params=["few", "many", "indexed"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """By sorting candidates, by reading the book in order, and with everything in the search index: one answer."""
    if request.param == "many":
        monkeypatch.setattr(listing, "LARGE", -1)
        monkeypatch.setattr(listing, "candidates", lambda *_: None)
        monkeypatch.setattr(listing, "few", lambda *_, **__: None)
    return str(request.param)


def test_every_filter_keeps_what_it_says_and_nothing_else(db: Database, actor: Actor, way: str) -> None:
    sheets = {
        "actif": Sheet("0612345601", nom="Aubry"),
        "stop": Sheet("0612345602", nom="Aubry"),
        "liste": Sheet("0612345603", nom="Bernard"),
        "npai": Sheet("0612345604", nom="Bernard"),
        "belge": Sheet("+32470123456", nom="Peeters"),
        "parti": Sheet("0612345605", nom="Aubry"),
    }
    ids = {name: create_contact(db, actor, sheet) for name, sheet in sheets.items()}
    group = create_group(db, actor, "VIP", [ids["actif"], ids["liste"], ids["parti"]])
    with db.write() as session:
        suppress(session, db, actor.account_id, [33612345602], origin="stop")
        session.execute(text("UPDATE contact SET state = 'invalid' WHERE id = :i"), {"i": ids["npai"]})
    blacklist(db, actor, [33612345603])
    delete_contacts(db, actor, [ids["parti"]])
    if way == "indexed":
        search.index_all(db)

    def named(query: Query) -> set[str]:
        of = {id: name for name, id in ids.items()}
        return {of[row.id] for row in contacts(db, actor, query).rows}

    assert named(Query()) == {"actif", "stop", "liste", "npai", "belge"}
    assert named(Query(state="active")) == {"actif", "belge"}
    assert named(Query(state="stop")) == {"stop"}
    assert named(Query(state="blacklisted")) == {"liste"}
    assert named(Query(state="invalid")) == {"npai"}
    assert named(Query(state="deleted")) == {"parti"}
    assert named(Query(territory="BE")) == {"belge"}
    assert named(Query("aubry")) == {"actif", "stop"}
    assert named(Query("aubry", state="stop")) == {"stop"}
    assert named(Query("aubry", state="deleted", group_id=group)) == {"parti"}
    assert named(Query(group_id=group)) == {"actif", "liste"}
    assert named(Query("345604")) == {"npai"}
    assert named(Query("bernard", territory="BE")) == set()
    assert {row.state for row in contacts(db, actor, Query("345602")).rows} == {"stop"}
    assert set(countries(db, actor)) == {"FR", "BE"}
    assert answering(db, actor, Query("aubry"), 1) == [min(ids["actif"], ids["stop"])]


@pytest.mark.parametrize("large", [False, True])
def test_every_way_to_a_page_gives_the_same_page_forth_and_back(
    db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    """A name that begins as was typed first, in order; then who else holds it, newest first."""
    monkeypatch.setattr(search, "BLOCKS", (3, 5))
    monkeypatch.setattr(search, "MARKS", search.marks_of((3, 5)))
    monkeypatch.setattr(listing, "CHUNK", 4)
    fill(db, actor, 400)
    search.index_all(db)
    fill(db, actor, 60, start=400)
    with db.read() as session:
        held = {row.id: row for row in session.execute(text("SELECT id, search, sort_name FROM contact")).all()}
    if large:
        monkeypatch.setattr(listing, "LARGE", -1)
    for typed in ("moreau", "etienne zo", "example.net", "3361", "0612345", "petit-jean", "de", "zzz", "e"):
        fits = [row for row in held.values() if all(f in row.search for f in sought(typed))]
        begins = sorted((r for r in fits if r.sort_name.startswith(typed)), key=lambda r: (r.sort_name, r.id))
        rest = sorted((r for r in fits if not r.sort_name.startswith(typed)), key=lambda r: -r.id)
        told = {"name": [r.id for r in begins + rest], "newest": sorted((r.id for r in fits), reverse=True)}
        for sort in ("name", "newest"):
            for most in (10**6, -1):
                monkeypatch.setattr(search, "MOST", most)
                monkeypatch.setattr(search, "HANDED", 7 if most < 0 else 1_000)
                assert answering(db, actor, Query(typed, sort=sort), 1000) == told[sort], (typed, sort, most)  # type: ignore[arg-type]
                forth, back = every_page(db, actor, Query(typed, sort=sort), 23)  # type: ignore[arg-type]
                assert forth == back == told[sort], (typed, sort, most)


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_page_costs_as_much_in_a_large_book_as_in_a_small_one(db: Database, actor: Actor) -> None:
    """SQLite's own count of the work: the book is not read from end to end for the contacts of one page."""
    worked = 0

    def work() -> int:
        nonlocal worked
        worked += 1
        return 0

    def asked() -> int:
        nonlocal worked
        worked = 0
        second = contacts(db, actor, Query(after=contacts(db, actor).next))
        assert len(second.rows) == listing.PAGE
        return worked

    fill(db, actor, 300)
    with db.read() as session:
        raw: Any = session.connection().connection.driver_connection
        raw.set_progress_handler(work, 50)
    small = asked()
    fill(db, actor, 6_000, start=300)
    assert small
    assert asked() < small * 1.5


def test_m28_consent_is_kept_with_source_text_and_day(db: Database, actor: Actor) -> None:
    made = create_contact(
        db,
        actor,
        Sheet("0612345678", consent_source=" Bulletin  boutique ", consent_text="J'accepte", consent_day="2025-02-03"),
    )
    consent = contact(db, actor, made).consent
    assert (consent.source, consent.text, str(consent.day)) == ("Bulletin boutique", "J'accepte", "2025-02-03")
    for day in ("2027-01-01", "hier", "2025-02-30", "0001-01-01"):
        with pytest.raises(InvalidConsentDay):
            edit_contact(db, actor, made, Sheet("0612345678", consent_day=day))
    edit_contact(db, actor, made, Sheet("0612345678"))
    assert contact(db, actor, made).consent.day is None


def test_custom_values_stand_on_the_contact_and_survive_their_field(db: Database, actor: Actor) -> None:
    create_field(db, actor, "Ville")
    made = create_contact(db, actor, Sheet("0612345678", extra={"ville": "Aix", "inconnu": "x"}))
    assert [(f.key, value) for f, value in contact(db, actor, made).fields] == [("ville", "Aix")]
    edit_contact(db, actor, made, Sheet("0612345678", nom="Rey"))
    delete_field(db, actor, "ville")
    assert contact(db, actor, made).fields == ()
    create_field(db, actor, "Ville")
    assert [value for _, value in contact(db, actor, made).fields] == ["Aix"]


def test_m10_twenty_thousand_contacts_leave_at_once_and_come_back(db: Database, actor: Actor) -> None:
    fill(db, actor, 2_500)
    ids = answering(db, actor, Query(), 20_000)
    assert len(ids) == 2_500
    assert delete_contacts(db, actor, ids) == sorted(ids)
    assert contacts(db, actor).rows == ()
    assert len(answering(db, actor, Query(state="deleted"), 20_000)) == 2_500
    assert restore_contacts(db, actor, ids) == 2_500


def test_m10_a_contact_deleted_thirty_days_ago_goes_for_good(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    fill(db, actor, 6)
    ids = answering(db, actor, Query(), 10)
    delete_contacts(db, actor, ids[:2])
    clock.advance(timedelta(days=20))
    delete_contacts(db, actor, ids[2:4])
    assert purge_deleted(db) == 0
    clock.advance(timedelta(days=11))
    gone = purge_deleted(db)
    assert gone == len([id for id in ids[:2] if id != max(ids)])
    assert purge_deleted(db) == 0
    assert set(answering(db, actor, Query(state="deleted"), 10)) >= set(ids[2:4])
    assert len(answering(db, actor, Query(), 10)) == 2
    assert restore_contacts(db, actor, ids[2:4]) == 2


def test_an_export_walks_the_whole_answer_in_its_order(db: Database, actor: Actor) -> None:
    fill(db, actor, 2_100)
    create_field(db, actor, "Ville")
    own, people = export_answering(db, actor, Query())
    cells = list(people)
    assert [f.key for f in own] == ["ville"]
    assert len(cells) == 2_100
    order = [row.id for row in contacts(db, actor, limit=2_100).rows]
    _, again = export_selection(db, actor, order)
    assert list(again) == cells


def test_an_export_goes_on_where_it_was_whatever_becomes_of_its_last_contact(
    db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last contact of a slice goes to the end of the book, or leaves it, before the next slice is read."""
    monkeypatch.setattr("smsapp.contacts.export.SLICE", 3)
    made = [create_contact(db, actor, Sheet(f"06123456{i:02}", nom=f"N{i:02}")) for i in range(9)]
    _, people = export_answering(db, actor, Query())
    told = [next(people).cells["nom"] for _ in range(3)]
    edit_contact(db, actor, made[2], Sheet("0612345602", nom="Zola"))
    assert told + [one.cells["nom"] for one in people] == [*(f"N{i:02}" for i in range(9)), "Zola"]
    _, people = export_answering(db, actor, Query(sort="newest"))
    told = [next(people).cells["number"] for _ in range(3)]
    with db.write() as session:
        session.execute(delete(Contact).where(col(Contact.id) == made[6]))
    assert len(told) + len(list(people)) == 9


def test_m10_the_deleted_leave_as_a_file_when_they_are_what_is_shown(db: Database, actor: Actor) -> None:
    made = [create_contact(db, actor, Sheet(f"06123456{i:02}", nom=f"N{i:02}")) for i in range(4)]
    delete_contacts(db, actor, made[:2])
    _, people = export_answering(db, actor, Query(state="deleted"))
    assert [(one.cells["nom"], one.cells["state"]) for one in people] == [("N00", "deleted"), ("N01", "deleted")]


def test_every_country_of_the_book_is_offered(db: Database, actor: Actor) -> None:
    """Réunion and Mayotte share a calling code and the digit after it, as Guernsey, Jersey and Britain do."""
    numbers = ("+33 6 12 34 56 78", "+262 639 69 12 34", "+262 692 12 34 56", "+44 7700 040123", "+44 7781 123456",
               "+44 7797 712345", "+1 242 359 1234", "+1 514 555 0123")  # fmt: skip
    for number in numbers:
        create_contact(db, actor, Sheet(number))
    with db.read() as session:
        told = set(session.execute(select(Contact.territory)).scalars())
    assert len(told) == 8
    assert set(countries(db, actor)) == told


def test_a_selection_is_worth_nothing_to_another_account(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    rival = make_actor("rival")
    made = create_contact(db, actor, Sheet("0612345678", nom="Rey"))
    key = keep_selection(db, actor, [made])
    assert kept_selection(db, actor, key) == [made]
    for who, asked in ((rival, key), (actor, "x"), (rival, "")):
        with pytest.raises(ExportGone):
            kept_selection(db, who, asked)
    _, stolen = export_selection(db, rival, [made])
    assert list(stolen) == []


def test_a_number_never_written_to_has_no_past(db: Database, actor: Actor) -> None:
    create_contact(db, actor, Sheet("0612345678", nom="Rey"))
    assert last_statuses(db, actor, [33612345678]) == {}
    assert past(db, actor, 33612345678).steps == ()
    assert contacts(db, actor, Query(status=Status.RECEIVED)).rows == ()


def test_filters_together_answer_the_same_from_where_their_rows_stand_and_from_the_book(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = make_actor("rival")
    for who, start in ((rival, 0), (actor, 200)):
        fill(db, who, 120, start=start)
    with db.write() as session:
        for statement in (
            "UPDATE contact SET territory = 'GB', e164 = 447700900000 + id WHERE id % 9 = 1",
            "UPDATE contact SET territory = 'GG', e164 = 447911100000 + id WHERE id % 27 = 2",
            "UPDATE contact SET state = 'invalid' WHERE id % 11 = 3",
            "UPDATE contact SET deleted_at = created_at WHERE id % 13 = 4",
            "INSERT INTO suppression (account_id, e164, reason, origin, created_at)"
            " SELECT account_id, e164, '', CASE WHEN id % 14 = 5 THEN 'stop' ELSE 'manual' END, created_at FROM contact"
            " WHERE id % 7 = 5",
        ):
            session.execute(text(statement))
        mine = session.execute(text("SELECT id FROM contact WHERE account_id = :a"), {"a": actor.account_id})
        members = [id for id in mine.scalars() if id % 5 == 1]
    group = create_group(db, actor, "Lyon", members)
    search.index_some(db, 170)  # the rest is noted only
    monkeypatch.setattr(listing, "LARGE", -1)
    asked = [
        Query(typed, group_id, sort, state=state, territory=territory)  # type: ignore[arg-type]
        for typed in ("", "moreau", "0612", "et")
        for group_id in (None, group)
        for sort in ("name", "newest")
        for state in (None, *STATES)
        for territory in ("", "GB", "GG", "FR", "PT", "XX")
    ]
    told: list[list[list[int]]] = []
    for most in (10**6, 9, -1):
        for module in (listing, counting):
            monkeypatch.setattr(module, "FEW", most)
        if most < 0:
            monkeypatch.setattr(listing, "candidates", lambda *_: None)
        told.append([answering(db, actor, query, 1_000) for query in asked])
        with db.read() as session:
            for query, found in zip(asked, told[-1], strict=True):
                assert query.state == "deleted" or live_count(session, actor, query) == len(found), query
    assert told[0] == told[1] == told[2]
    assert sum(map(bool, told[0])) > 60
