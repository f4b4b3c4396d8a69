"""Imports beside the pages: what the database, being away for a while, neither took nor took back goes on by itself."""

from collections.abc import Callable
from threading import Event

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.contacts.service import count
from smsapp.db import Database
from smsapp.imports import jobs, steps, undo
from smsapp.imports.choices import Choices
from smsapp.imports.jobs import Jobs
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import begin_import, import_result
from smsapp.imports.uploads import Uploads

Receive = Callable[..., str]


def test_an_import_goes_on_when_the_database_is_back(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "AGAIN", 0.05)
    write_slice, running, away, failed = steps.write_slice, steps.running, Event(), [0, 0]
    away.set()

    def lost(*given: object) -> None:
        if away.is_set():
            failed[0] += 1
            raise OperationalError("COMMIT", {}, Exception("the connection is lost"))
        write_slice(*given)  # type: ignore[arg-type]

    def silent(session: Session, *given: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the connection is lost"))

    def asked(db: Database) -> list[int]:
        failed[1] += 1
        if failed[1] < 3:
            raise OperationalError("SELECT", {}, Exception("the connection is lost"))
        away.clear()
        return running(db)

    monkeypatch.setattr(steps, "write_slice", lost)
    monkeypatch.setattr(steps, "take_back", silent)
    upload = receive(actor, b"Nom;Portable\nRey;0612345678\n")
    begun = begin_import(db, uploads, actor, upload, Choices(Reading(header=True), {1: "portable"}))
    ended = Event()
    beside = Jobs(db, uploads, lambda _: ended.set())
    monkeypatch.setattr(steps, "running", asked)
    beside.start(begun)
    assert ended.wait(60)
    beside.stop()
    assert (failed[0], failed[1]) == (1, 3)
    assert (import_result(db, actor, begun).status, count(db, actor)) == ("done", 1)
    assert undo.undoing(db) == []


def test_a_file_that_ends_meanwhile_stops_no_other_from_coming(
    uploads: Uploads, receive: Receive, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of what is kept is read while an import that has ended removes its own."""
    first = uploads.find(actor, receive(actor, b"Portable\n0612345678\n"))
    glob = type(first.path).glob
    monkeypatch.setattr(
        type(first.path), "glob", lambda folder, what: [folder / "gone.bin"] if what == "*.bin" else glob(folder, what)
    )
    assert uploads.find(actor, receive(actor, b"Portable\n0687654321\n")).size
