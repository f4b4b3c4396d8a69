"""One import after another, and a field that has another name by now: each undoing gives back what was there before."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist, suppress, suppressed
from smsapp.contacts.fields import MOST_FIELDS, TooManyFields, create_field, delete_field, fields, rename_field
from smsapp.contacts.groups import create_group
from smsapp.contacts.listing import contacts
from smsapp.contacts.merging import merge_all
from smsapp.contacts.service import (
    Sheet,
    contact,
    count,
    create_contact,
    delete_contacts,
    edit_contact,
    restore_contacts,
)
from smsapp.contacts.smart_groups import merge_groups
from smsapp.contacts.tables import Suppression
from smsapp.contacts.unmerging import undo_merge
from smsapp.db import Database, SimulatedClock
from smsapp.imports.choices import Choices
from smsapp.imports.repairs import repair
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Result, check, habit, import_result, preview, run_import
from smsapp.imports.undo import undo_import
from smsapp.imports.uploads import Uploads
from tests.services.imports.conftest import own_values

Receive = Callable[..., str]
BY = {0: "nom", 1: "portable"}


@pytest.fixture
def bring(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> Callable[..., Result]:
    """Import the rows "NAME;NUMBER" an hour after what was before."""

    def bring(*rows: str, **more: object) -> Result:
        clock.advance(timedelta(hours=1))
        upload = receive(actor, "\n".join(["Nom;Portable", *rows, ""]).encode())
        return run_import(db, uploads, actor, upload, Choices(Reading(header=True), BY, **more))  # type: ignore[arg-type]

    return bring


def test_an_import_that_was_undone_is_no_edit(
    db: Database, actor: Actor, clock: SimulatedClock, bring: Callable[..., Result]
) -> None:
    first = bring(";0612345678", "Roi;0687654321")
    second = bring("Rey;0612345678")
    assert second.completed == 1
    clock.advance(timedelta(hours=1))
    undo_import(db, actor, second.id)
    said = undo_import(db, actor, first.id)
    assert (said.removed, said.kept, count(db, actor)) == (2, 0, 0)


def test_what_an_import_wrote_that_was_undone_does_not_come_back(
    db: Database, actor: Actor, clock: SimulatedClock, bring: Callable[..., Result]
) -> None:
    known = create_contact(db, actor, Sheet("0612345678"))
    first = bring("Alba;0612345678")
    second = bring("Bela;0612345678", policy="replace")
    third = bring("Cora;0612345678", policy="replace")
    clock.advance(timedelta(hours=1))
    assert undo_import(db, actor, first.id).kept == 1
    assert contact(db, actor, known).row.nom == "Cora"
    undo_import(db, actor, third.id)
    assert contact(db, actor, known).row.nom == "Bela"
    undo_import(db, actor, second.id)
    assert contact(db, actor, known).row.nom == ""
    again = bring("Dora;0612345678")
    assert again.completed == 1
    edit_contact(db, actor, known, Sheet("0612345678", nom="Elsa"))
    assert undo_import(db, actor, again.id).named[0].fields == ("nom",)


def test_m27_what_an_import_blacklists_stays_when_its_owner_writes_start(
    db: Database, actor: Actor, bring: Callable[..., Result]
) -> None:
    """A number that wrote STOP already is on the imported blacklist as well: START lifts the STOP only."""
    with db.write() as session:
        suppress(session, db, actor.account_id, [33612345678], origin="stop", reason="STOP")
    done = bring("Rey;0612345678", "Roi;0687654321", blacklist=True)
    assert (done.created, done.blacklisted) == (1, 1)
    with db.read() as session:
        found = session.get(Suppression, (actor.account_id, 33612345678))
        assert found is not None
        assert (found.origin, found.reason, found.kept) == ("stop", "STOP", True)


def test_m12_a_row_repaired_into_a_number_of_its_file_comes_once(
    db: Database, actor: Actor, bring: Callable[..., Result]
) -> None:
    done = bring("Rey;0612345678", "Roi;06 12", "Duc;0699", policy="add")
    repair(db, actor, done.id, 3, "06 12 34 56 78")
    repair(db, actor, done.id, 4, "06 11 11 11 11")
    after = import_result(db, actor, done.id)
    assert (after.read, after.created, after.duplicates, after.rejected) == (3, 2, 1, 0)
    assert count(db, actor) == 2


def test_a_field_that_was_given_another_name_is_still_itself(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    create_field(db, actor, "Ville")
    rename_field(db, actor, "ville", "Commune")
    table = b"Portable;Commune\n0612345678;Lyon\n06 12;Nice\n"
    upload = receive(actor, table)
    seen = preview(uploads, actor, upload, known=fields(db, actor))
    assert [c.field for c in seen.columns] == ["portable", "+Commune"], "a column with the name of a field is the field"
    choices = Choices(seen.reading, {c.index: c.field for c in seen.columns})
    assert check(db, uploads, actor, upload, choices).created == 1
    done = run_import(db, uploads, actor, upload, choices)
    rename_field(db, actor, "ville", "Localité")
    repair(db, actor, done.id, 3, "0687654321")
    assert [own_values(db, actor, one.id) for one in contacts(db, actor).rows] == [{"ville": "Lyon"}, {"ville": "Nice"}]
    assert [one.key for one in fields(db, actor)] == ["ville"]
    last = habit(db, actor, seen.columns)
    assert last is not None
    assert last.mapping == {0: "portable", 1: "+Localité"}


def test_more_fields_than_an_account_may_have_are_said_at_the_check(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    for place in range(MOST_FIELDS):
        create_field(db, actor, "champ " + "abcdefghij"[place % 10] * (place // 10 + 1))
    upload = receive(actor, b"Portable;Ville\n0612345678;Lyon\n")
    choices = Choices(Reading(header=True), {0: "portable", 1: "+Ville"})
    with pytest.raises(TooManyFields):
        check(db, uploads, actor, upload, choices)
    listed = Choices(Reading(header=True), {0: "portable", 1: "+Ville"}, blacklist=True)
    delete_field(db, actor, fields(db, actor)[0].key)
    assert run_import(db, uploads, actor, upload, listed).created == 1
    assert "ville" not in {one.key for one in fields(db, actor)}, "a blacklist has numbers only"


def test_a_header_and_nothing_below_it_is_a_header(uploads: Uploads, receive: Receive, actor: Actor) -> None:
    seen = preview(uploads, actor, receive(actor, b"Nom;Portable\r\n"))
    assert (seen.reading.header, seen.count, [c.field for c in seen.columns]) == (True, 0, ["nom", "portable"])
    alone = preview(uploads, actor, receive(actor, b"Rey;0612345678\n"))
    assert (alone.reading.header, alone.count, alone.columns[1].field) == (False, 1, "portable")


def test_m27_no_way_brings_a_blacklisted_number_back(db: Database, actor: Actor, bring: Callable[..., Result]) -> None:
    """Imports, repairs, undoings, merges, deletions undone and groups put together: it stays where it is."""
    twice = [create_contact(db, actor, Sheet("0612345678", nom=nom)) for nom in ("Alba", "Bela")]
    groups = [create_group(db, actor, name, twice) for name in ("G", "H")]
    blacklist(db, actor, [33612345678], reason="STOP")
    for policy in ("replace", "add"):
        done = bring("Rey;06 12 34 56 78", "Roi;06 12", policy=policy, group_name="G")
        repair(db, actor, done.id, 3, "0033612345678")
        after = import_result(db, actor, done.id)
        assert (after.created, after.completed, after.known, after.blacklisted, after.rejected) == (0, 0, 0, 2, 0)
        undo_import(db, actor, done.id)
    undo_merge(db, actor, merge_all(db, actor, "newest").id)
    restore_contacts(db, actor, delete_contacts(db, actor, twice))
    merge_groups(db, actor, groups, "I")
    assert suppressed(db, actor) == {33612345678}
    assert {(one.nom, one.state) for one in contacts(db, actor).rows} == {
        ("Alba", "blacklisted"),
        ("Bela", "blacklisted"),
    }
