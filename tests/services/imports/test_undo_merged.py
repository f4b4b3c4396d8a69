"""An import undone after its contacts were merged: what the merge took over stays and is named, and undoing the merge
afterwards brings back nothing of the import (S75, M10)."""

from collections.abc import Callable
from datetime import timedelta

from smsapp.accounts.actor import Actor
from smsapp.contacts.listing import contacts
from smsapp.contacts.merging import merge_all, merge_number
from smsapp.contacts.service import Sheet, contact, count, create_contact, delete_contacts, restore_contacts
from smsapp.contacts.unmerging import undo_merge
from smsapp.db import Database, SimulatedClock
from smsapp.imports.choices import Choices
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Result, run_import
from smsapp.imports.undo import undo_import
from smsapp.imports.uploads import Uploads
from tests.services.imports.conftest import own_values

Receive = Callable[..., str]
NUMBER = "0612345678"
FILE = b"Portable;Nom;Prenom;Ville\n0612345678;Rey;Ines;Lyon\n"


def bring(
    uploads: Uploads,
    db: Database,
    actor: Actor,
    receive: Receive,
    policy: str,
    clock: SimulatedClock,
    file: bytes = FILE,
) -> Result:
    clock.advance(timedelta(hours=1))
    choices = Choices(Reading(header=True), {0: "portable", 1: "nom", 2: "prenom", 3: "+Ville"}, policy=policy)
    done = run_import(db, uploads, actor, receive(actor, file), choices)
    clock.advance(timedelta(hours=1))
    return done


def test_an_imported_contact_that_went_into_another_does_not_come_back(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    known = create_contact(db, actor, Sheet(NUMBER, nom="Moreau"))
    done = bring(uploads, db, actor, receive, "add", clock)
    merge = merge_all(db, actor, "fullest")
    clock.advance(timedelta(hours=1))
    said = undo_import(db, actor, done.id)
    assert (said.removed, said.restored, said.kept) == (0, 0, 1)
    assert [(one.id, one.fields) for one in said.named] == [(known, ("nom", "prenom", "+ville"))]
    undo_merge(db, actor, merge.id)
    assert count(db, actor) == 1
    row = contact(db, actor, known).row
    assert (row.nom, row.prenom, own_values(db, actor, known)) == ("Moreau", "", {})


def test_a_completed_contact_that_went_into_another_comes_back_as_before_the_import(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    older = create_contact(db, actor, Sheet(NUMBER, societe="Lavande"))
    delete_contacts(db, actor, [older])
    known = create_contact(db, actor, Sheet(NUMBER))
    done = bring(uploads, db, actor, receive, "complete", clock)
    restore_contacts(db, actor, [older])
    merge = merge_all(db, actor, "fullest")
    clock.advance(timedelta(hours=1))
    said = undo_import(db, actor, done.id)
    assert [(one.id, one.fields) for one in said.named] == [(older, ("nom", "prenom", "+ville"))]
    undo_merge(db, actor, merge.id)
    row = contact(db, actor, known).row
    assert (row.nom, row.prenom, own_values(db, actor, known)) == ("", "", {})
    assert contact(db, actor, older).row.societe == "Lavande"


def test_undoing_the_merge_after_the_import_gives_back_what_was_before_both(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    known = create_contact(db, actor, Sheet(NUMBER, nom="Moreau", prenom="Ines"))
    done = bring(uploads, db, actor, receive, "replace", clock, b"Portable;Nom;Prenom;Ville\n0612345678;Rey;;Lyon\n")
    other = create_contact(db, actor, Sheet(NUMBER, nom="Roi", extra={"ville": "Aix"}))
    merge = merge_number(db, actor, known, {"nom": other, "own:ville": other})
    clock.advance(timedelta(hours=1))
    said = undo_import(db, actor, done.id)
    assert [(one.id, one.fields) for one in said.named] == [(known, ("nom", "+ville"))]
    undo_merge(db, actor, merge.id)
    row = contact(db, actor, known).row
    assert (row.nom, row.prenom, own_values(db, actor, known)) == ("Moreau", "Ines", {})
    assert {one.nom for one in contacts(db, actor).rows} == {"Moreau", "Roi"}


def test_an_imported_contact_that_took_others_over_stays_and_is_named(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    done = bring(uploads, db, actor, receive, "complete", clock)
    [row] = contacts(db, actor).rows
    create_contact(db, actor, Sheet(NUMBER, societe="Lavande"))
    merge = merge_all(db, actor, "newest")
    clock.advance(timedelta(hours=1))
    said = undo_import(db, actor, done.id)
    assert (said.removed, [(one.id, one.fields) for one in said.named]) == (0, [(row.id, ("contact",))])
    undo_merge(db, actor, merge.id)
    assert {one.societe for one in contacts(db, actor).rows} == {"", "Lavande"}
