"""Rows repaired after the import become what they would have been with the right number, and are undone with it."""

from collections.abc import Callable

import pytest
from sqlalchemy import event, text

from smsapp.accounts.actor import Actor
from smsapp.contacts.listing import contacts
from smsapp.contacts.service import Sheet, contact, count, create_contact
from smsapp.db import Database
from smsapp.imports.choices import POLICIES, Choices
from smsapp.imports.rejections import rejections
from smsapp.imports.repairs import accept, repair
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Result, check, history, import_result, run_import
from smsapp.imports.steps import OUTCOMES
from smsapp.imports.undo import undo_import
from smsapp.imports.uploads import Uploads

Receive = Callable[..., str]
READING, BY = Reading(header=True), {0: "nom", 1: "portable", 2: "email"}
FILE = b"Nom;Portable;Email\nRey;0612345678;\nRoi;06 12;roi@example.net\n"  # two people, as it will turn out, one phone


def outcomes(of: object) -> dict[str, int]:
    return {name: getattr(of, name) for name in OUTCOMES}


@pytest.mark.parametrize(
    ("policy", "stands"),
    [*((policy, False) for policy in POLICIES), ("complete", True), ("replace", True), ("add", True)],
)
def test_m12_a_number_that_the_file_brought_already_is_a_repetition(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, policy: str, stands: bool
) -> None:
    """Whatever becomes of known numbers; and undoing the import gives back what was there before."""
    known = create_contact(db, actor, Sheet("0612345678")) if stands else 0
    first = b"Nom;Portable;Email\nRey;0612345678;rey@example.net\nRoi;06 12;\n"
    upload = receive(actor, first)
    typed = Choices(READING, BY, policy=policy, repairs={3: "06 12 34 56 78"})
    before = check(db, uploads, actor, upload, typed)
    done = run_import(db, uploads, actor, upload, Choices(READING, BY, policy=policy))
    assert repair(db, actor, done.id, 3, "06 12 34 56 78").left == 0
    assert outcomes(import_result(db, actor, done.id)) == outcomes(before)
    assert {one.nom for one in contacts(db, actor).rows} <= {"", "Rey"}
    assert undo_import(db, actor, done.id).kept == 0
    assert count(db, actor) == int(stands)
    if stands:
        assert contact(db, actor, known).row.email == ""


def test_a_row_repaired_into_a_contact_that_the_import_completed_changes_it_no_more(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    known = create_contact(db, actor, Sheet("0612345678"))
    done: Result = run_import(db, uploads, actor, receive(actor, FILE), Choices(READING, BY))
    repair(db, actor, done.id, 3, "06 12 34 56 78")
    row = contact(db, actor, known).row
    assert (row.nom, row.email) == ("Rey", "")
    undo_import(db, actor, done.id)
    assert contact(db, actor, known).row.nom == ""


def test_suggestions_that_are_none_any_more_stay_to_be_repaired_by_hand(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    """The plan of a country's numbers changes: what was suggested once may not be written to today."""
    rows = b"Nom;Portable;Email\nA;0696123456;\nB;0696123457;\nC;0696123458;\n"
    done = run_import(db, uploads, actor, receive(actor, rows), Choices(READING, BY))
    assert done.repairable == 3
    with db.write() as session:
        session.execute(text("UPDATE import_rejection SET suggestion = '+33 1' WHERE row <> 3"))
    assert accept(db, actor, done.id).repaired == 1
    after = import_result(db, actor, done.id)
    assert (after.created, after.rejected) == (1, 2)


def test_what_a_number_lacks_is_said_as_its_import_read_it(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    """S33: by the country of the import, not that of the account."""
    rows = b"Nom;Portable;Email\nA;0470 12 34;\n"
    upload, choices = receive(actor, rows), Choices(READING, BY, region="GB")
    [at_check] = check(db, uploads, actor, upload, choices).samples["rejected"]
    done = run_import(db, uploads, actor, upload, choices)
    [after] = rejections(db, actor, done.id)
    assert (after.reason, after.missing) == (at_check.reason, at_check.missing)


def test_counting_what_can_be_repaired_reads_no_rows(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    """A million rejected rows with a suggestion are counted where they stand, and for an import that is looked at only."""
    done = run_import(db, uploads, actor, receive(actor, b"Nom;Portable;Email\nA;0696123456;\n"), Choices(READING, BY))
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "import_rejection" in statement:
            asked.append(statement)

    event.listen(db.engine if not db.is_sqlite else db._doors.reader, "before_cursor_execute", note)
    assert history(db, actor)[0].rejected == 1
    assert asked == []
    assert import_result(db, actor, done.id).repairable == 1
    assert all("count(" in statement for statement in asked)
