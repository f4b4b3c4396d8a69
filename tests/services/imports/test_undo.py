"""An import repaired in place, taken back, cut off in the middle: never half, nothing edited since is lost (S41, M10)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import text

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import suppressed
from smsapp.contacts.groups import create_group, group, group_contacts, groups
from smsapp.contacts.listing import contacts
from smsapp.contacts.service import Sheet, contact, count, create_contact, edit_contact
from smsapp.db import Database, SimulatedClock
from smsapp.imports import steps, undo
from smsapp.imports.choices import Choices
from smsapp.imports.rejections import rejections
from smsapp.imports.repairs import NotRepairable, StillUnreadable, accept, repair
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Result, begin_import, history, import_result, run_import
from smsapp.imports.undo import ImportNotFound, StaysBlacklisted, TooLate, undo_import
from smsapp.imports.uploads import UploadGone, Uploads
from tests.services.imports.conftest import own_values

Receive = Callable[..., str]
BY = {0: "portable", 1: "nom", 2: "prenom"}
FILE = b"Portable;Nom;Prenom\n0612345678;Rey;Ines\n0687654321;Roi;Paul\n0611111111;Marc;Zoe\n"


def bring(uploads: Uploads, db: Database, actor: Actor, upload: str, **more: object) -> Result:
    choices = Choices(Reading(header=True), BY, **more)  # type: ignore[arg-type]
    return run_import(db, uploads, actor, upload, choices)


def test_undo_puts_everything_back(uploads: Uploads, receive: Receive, db: Database, actor: Actor) -> None:
    known = create_contact(db, actor, Sheet("0612345678", nom="Moreau"))
    done = bring(uploads, db, actor, receive(actor, FILE), group_name="Juin")
    assert (done.created, done.completed, done.can_undo) == (2, 1, True)
    assert group(db, actor, done.group_id or 0).members == 3
    said = undo_import(db, actor, done.id)
    assert (said.removed, said.restored, said.kept) == (2, 1, 0)
    row = contact(db, actor, known).row
    assert (row.nom, row.prenom, row.groups) == ("Moreau", "", ())
    assert count(db, actor) == 1
    assert groups(db, actor) == []
    after = import_result(db, actor, done.id)
    assert (after.status, after.can_undo, after.undone) == ("undone", False, said)
    with pytest.raises(TooLate):
        undo_import(db, actor, done.id)


def test_undo_keeps_what_was_edited_since_and_names_it(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    known = create_contact(db, actor, Sheet("0612345678"))
    older = create_group(db, actor, "Juin", [known])
    done = bring(uploads, db, actor, receive(actor, FILE), group_name="juin")
    clock.advance(timedelta(days=1))
    people = {one.prenom: one.id for one in contacts(db, actor).rows}
    edit_contact(db, actor, known, Sheet("0612345678", nom="Rey-Blanc", prenom="Ines", group_ids=(older,)))
    edit_contact(db, actor, people["Zoe"], Sheet("0611111111", nom="Marc", prenom="Zoë"))
    said = undo_import(db, actor, done.id)
    assert (said.removed, said.restored, said.kept) == (1, 1, 2)
    assert [(one.name, one.fields) for one in said.named] == [("Rey-Blanc", ("nom",)), ("Zoë Marc", ("contact",))]
    row = contact(db, actor, known).row
    assert (row.nom, row.prenom) == ("Rey-Blanc", "")
    assert {one.prenom for one in contacts(db, actor).rows} == {"", "Zoë"}
    assert [one.id for one in groups(db, actor)] == [older]
    assert group(db, actor, older).members == 1  # it stood there before


def test_undo_ends_after_30_days(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    done = bring(uploads, db, actor, receive(actor, FILE))
    clock.advance(timedelta(days=30, minutes=1))
    assert not import_result(db, actor, done.id).can_undo
    with pytest.raises(TooLate):
        undo_import(db, actor, done.id)
    assert count(db, actor) == 3


def test_m27_a_file_of_refusals_is_not_undone(uploads: Uploads, receive: Receive, db: Database, actor: Actor) -> None:
    done = bring(uploads, db, actor, receive(actor, FILE), blacklist=True)
    with pytest.raises(StaysBlacklisted):
        undo_import(db, actor, done.id)
    assert len(suppressed(db, actor)) == 3


def test_undo_brings_back_replaced_fields_of_ones_own(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    def own(table: bytes, policy: str) -> Result:
        choices = Choices(Reading(header=True), {0: "portable", 1: "+Ville", 2: "+Code"}, policy=policy)
        return run_import(db, uploads, actor, receive(actor, table), choices)

    own(b"Portable;Ville;Code\n0612345678;Lyon;\n", "complete")
    second = own(b"Portable;Ville;Code\n0612345678;Paris;A1\n", "replace")
    [row] = contacts(db, actor).rows
    assert own_values(db, actor, row.id) == {"ville": "Paris", "code": "A1"}
    undo_import(db, actor, second.id)
    assert own_values(db, actor, row.id) == {"ville": "Lyon"}


def test_rejected_rows_are_repaired_in_place(uploads: Uploads, receive: Receive, db: Database, actor: Actor) -> None:
    rows = [f"060000000{i} Paul;N{i};" for i in range(9)]
    table = "\n".join(["Portable;Nom;Prenom", "0612345678;Rey;", "0696123456;Mar;", "06 12;Ida;", *rows, ""])
    done = bring(uploads, db, actor, receive(actor, table.encode()), group_name="G")
    assert (done.created, done.rejected, done.repairable) == (1, 11, 10)
    with pytest.raises(StillUnreadable):
        repair(db, actor, done.id, 4, "06 12 34")
    assert repair(db, actor, done.id, 4, "06 12 34 56 78").left == 10  # the number of Rey: twice in the file
    assert repair(db, actor, done.id, 4, "0611111111").repaired == 0
    assert accept(db, actor, done.id, "needs_country_code").repaired == 1
    assert accept(db, actor, done.id).repaired == 9
    after = import_result(db, actor, done.id)
    assert (after.created, after.duplicates, after.rejected, after.read) == (11, 1, 0, 12)
    assert rejections(db, actor, done.id) == []
    assert group(db, actor, done.group_id or 0).members == 11
    undo_import(db, actor, done.id)
    assert count(db, actor) == 0
    with pytest.raises(NotRepairable):
        repair(db, actor, done.id, 4, "0611111111")


def test_nobody_undoes_or_repairs_for_another(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    done = bring(uploads, db, actor, receive(actor, FILE + b"x;y;z\n"))
    rival = make_actor("rival")
    for ask in (undo_import, accept, import_result):
        with pytest.raises(ImportNotFound):
            ask(db, rival, done.id)
    with pytest.raises(ImportNotFound):
        repair(db, rival, done.id, 5, "0612345670")


def test_an_import_cut_off_between_steps_goes_on_where_it_was(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "SLICE", 10)
    monkeypatch.setattr(steps, "REJECTED", 5)
    rows = [f"06123456{i:02d};N{i};" for i in range(45)] + [f"x{i};R;" for i in range(12)]
    upload = receive(actor, "\n".join(["Portable;Nom;Prenom", *rows]).encode())
    begun = begin_import(db, uploads, actor, upload, Choices(Reading(header=True), BY, group_name="G"))
    seen = []
    while (now := import_result(db, actor, begun)).status == "running":
        seen.append(now.rows)
        steps.work(db, uploads, begun, lambda _: False)  # one step, as if the process ended there
    assert seen == [0, 5, 10, 12, 22, 32, 42, 52, 57]
    assert (now.status, now.created, now.rejected, now.read) == ("done", 45, 12, 57)
    assert group(db, actor, now.group_id or 0).members == count(db, actor) == 45
    assert steps.running(db) == []
    with pytest.raises(UploadGone):
        uploads.claimed(actor, upload)


def test_an_import_that_cannot_go_on_is_taken_back(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "SLICE", 10)
    known = create_contact(db, actor, Sheet("0612345600", nom="Moreau"))
    rows = [f"06123456{i:02d};N{i};P" for i in range(45)]
    upload = receive(actor, "\n".join(["Portable;Nom;Prenom", *rows]).encode())
    begun = begin_import(db, uploads, actor, upload, Choices(Reading(header=True), BY, group_name="G"))
    for _ in range(3):
        steps.work(db, uploads, begun, lambda _: False)
    assert count(db, actor) > 1
    for path in uploads.claimed(actor, upload).path.parent.iterdir():
        path.unlink()
    with pytest.raises(UploadGone):
        steps.work(db, uploads, begun)
    after = import_result(db, actor, begun)
    assert (after.status, after.failure) == ("failed", "imports.upload_gone")
    assert count(db, actor) == 1
    assert contact(db, actor, known).row.prenom == ""
    assert groups(db, actor) == []
    assert [one.status for one in history(db, actor)] == ["failed"]


def test_an_undoing_that_was_cut_off_is_finished(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = bring(uploads, db, actor, receive(actor, FILE))
    monkeypatch.setattr(undo, "SLICE", 2)
    with db.write() as session:
        session.execute(text("UPDATE contact_import SET status = 'undoing'"))
    assert undo._remove is not None
    db.retrying(lambda session: undo._remove(session, db, done.id))
    assert count(db, actor) == 1
    assert undo.undoing(db) == [done.id]
    assert undo.go_on(db, uploads, done.id).removed == 3
    assert (count(db, actor), undo.undoing(db)) == (0, [])


def test_a_group_that_an_import_made_can_be_deleted(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    from smsapp.contacts.groups import delete_group

    done = bring(uploads, db, actor, receive(actor, FILE), group_name="G")
    delete_group(db, actor, done.group_id or 0)
    assert import_result(db, actor, done.id).group_id is None
    other = create_group(db, actor, "H")
    assert group_contacts(db, actor, other, [one.id for one in contacts(db, actor).rows]) == 3
    assert undo_import(db, actor, done.id).removed == 3


def test_several_who_finish_one_undoing_count_it_once(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second click, and another process that takes up what it takes for abandoned."""
    monkeypatch.setattr(undo, "SLICE", 20)
    known = create_contact(db, actor, Sheet("0612345600"))
    rows = [f"06123456{i:02d};N{i};P" for i in range(100)] + [f"06123457{i:02d};N{i};P" for i in range(100)]
    done = bring(uploads, db, actor, receive(actor, "\n".join(["Portable;Nom;Prenom", *rows]).encode()))
    ready = Barrier(4)

    def one(place: int) -> object:
        ready.wait(30)
        try:
            return undo_import(db, actor, done.id) if place < 2 else undo.go_on(db, uploads, done.id)
        except TooLate as refusal:
            return refusal

    with db.write() as session:
        session.execute(text("UPDATE contact_import SET status = 'undoing'"))
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(one, range(4)))
    assert [isinstance(one, TooLate) for one in said] == [True, True, False, False]
    after = import_result(db, actor, done.id)
    assert (after.status, after.undone.removed, after.undone.restored) == ("undone", 199, 1)
    assert count(db, actor) == 1
    assert contact(db, actor, known).row.nom == ""
