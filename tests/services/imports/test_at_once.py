"""An import, an undoing and an edit of one contact at the same instant: the edit is never lost."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from smsapp.accounts.actor import Actor
from smsapp.contacts.folding import search_text
from smsapp.contacts.listing import contacts
from smsapp.contacts.service import Sheet, contact, create_contact, edit_contact
from smsapp.contacts.tables import Contact
from smsapp.db import Database
from smsapp.imports.choices import Choices
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import run_import
from smsapp.imports.undo import undo_import
from smsapp.imports.uploads import Uploads

Receive = Callable[..., str]
READING, BY = Reading(header=True), {0: "nom", 1: "portable", 2: "email"}
FILE = b"Nom;Portable;Email\nRey;0612345678;rey@example.net\n"


@contextmanager
def while_somebody_edits(db: Database, contact_id: int, **fields: str) -> Iterator[ThreadPoolExecutor]:
    """A transaction that changes a contact and ends when the block does, and who waited for it has done its work."""
    begun: list[Future[object]] = []
    with ThreadPoolExecutor(1) as beside:
        with db.write() as session:
            changed = update(Contact).where(col(Contact.id) == contact_id).values(**fields, updated_at=db.now())
            session.connection().execute(changed)
            submit = beside.submit

            def begin(*work: object) -> Future[object]:
                begun.append(submit(*work))  # type: ignore[arg-type]
                return begun[-1]

            beside.submit = begin  # type: ignore[method-assign, assignment]
            yield beside
            _until_it_waits(db, begun[0])
        begun[0].result(60)


def _until_it_waits(db: Database, work: Future[object]) -> None:
    waits = text("SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
    until = time.monotonic() + 60
    while not work.done() and time.monotonic() < until:
        if db.is_sqlite and len(db._doors._lock):
            return
        with db.read() as session:
            if not db.is_sqlite and session.execute(waits).first() is not None:
                return


@pytest.mark.parametrize("policy", ["complete", "replace"])
def test_an_edit_at_the_moment_of_an_import_is_not_overwritten(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, policy: str
) -> None:
    known = create_contact(db, actor, Sheet("0612345678"))
    upload, choices = receive(actor, FILE), Choices(READING, BY, policy=policy)
    with while_somebody_edits(db, known, nom="Edith", societe="Lavande") as beside:
        running = beside.submit(run_import, db, uploads, actor, upload, choices)
    row = contact(db, actor, known).row
    assert (row.nom, row.societe, row.email) == (
        "Edith" if policy == "complete" else "Rey", "Lavande", "rey@example.net",
    )  # fmt: skip
    done = running.result()
    undo_import(db, actor, done.id)
    row = contact(db, actor, known).row
    assert (row.nom, row.societe, row.email) == ("Edith", "Lavande", "")


def test_an_edit_at_the_moment_of_an_undoing_is_not_overwritten(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    known = create_contact(db, actor, Sheet("0612345678"))
    done = run_import(db, uploads, actor, receive(actor, FILE), Choices(READING, BY))
    with while_somebody_edits(db, known, nom="Edith") as beside:
        running = beside.submit(undo_import, db, actor, done.id)
    row = contact(db, actor, known).row
    assert (row.nom, row.email) == ("Edith", "")
    assert running.result().named[0].fields == ("nom",)


def test_a_number_that_changes_at_the_moment_of_an_import_is_another_phone(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    known = create_contact(db, actor, Sheet("0612345678"))
    with while_somebody_edits(db, known, e164=33687654321) as beside:  # type: ignore[arg-type]
        running = beside.submit(run_import, db, uploads, actor, receive(actor, FILE), Choices(READING, BY))
    assert (running.result().created, running.result().completed) == (1, 0)
    assert {(one.nom, one.e164) for one in contacts(db, actor).rows} == {("", 33687654321), ("Rey", 33612345678)}


def test_a_contact_edited_while_it_is_completed_is_found_by_what_it_says(db: Database, actor: Actor) -> None:
    known = create_contact(db, actor, Sheet("0612345678", nom="Rey"))
    with while_somebody_edits(db, known, societe="Lavande") as beside:
        beside.submit(edit_contact, db, actor, known, Sheet("0612345678", nom="Roi", societe=""))
    row = contact(db, actor, known).row
    with db.read() as session:
        kept = session.get(Contact, known)
        assert kept is not None
    assert kept.search == search_text(row.e164, row.nom, row.prenom, row.societe, row.email)
