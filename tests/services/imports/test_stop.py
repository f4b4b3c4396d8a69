"""An import that is stopped while it runs leaves the book as it was, at whatever step, and its file can be imported again."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import suppressed
from smsapp.contacts.groups import create_group, group_contacts, groups
from smsapp.contacts.listing import contacts
from smsapp.contacts.service import Sheet, count, create_contact
from smsapp.db import Database
from smsapp.imports import steps, undo
from smsapp.imports.choices import POLICIES, Choices
from smsapp.imports.jobs import Jobs
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import begin_import, import_result, run_import
from smsapp.imports.undo import ImportNotFound, OverAlready, stop_import, take_back
from smsapp.imports.uploads import UploadGone, Uploads

Receive = Callable[..., str]

BY = {0: "portable", 1: "nom", 2: "prenom"}
NUMBERS, REJECTED = 45, 12
TABLE = "\n".join(
    [
        "Portable;Nom;Prenom",
        *(f"06123456{i:02d};N{i};P" for i in range(NUMBERS)),
        *(f"x{i};R;" for i in range(REJECTED)),
    ]
).encode()
STEPS = 3 + 5  # of five rejected rows, of ten numbers; the one after them ends the import


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "SLICE", 10)
    monkeypatch.setattr(steps, "REJECTED", 5)


def book(db: Database, actor: Actor) -> tuple[Any, ...]:
    """The living contacts with all their fields, the groups with their members, what the counters say."""
    asked = (
        "SELECT id, e164, nom, prenom, email, societe, state, sort_name, search, updated_at, import_id FROM contact"
        " WHERE account_id = :a AND deleted_at IS NULL ORDER BY id"
    )
    with db.read() as session:
        people = session.execute(text(asked), {"a": actor.account_id}).all()
    sets = [(one.id, one.name, one.members) for one in groups(db, actor)]
    assert count(db, actor) == len(people)
    return [tuple(row) for row in people], sets


@given(
    after=st.integers(0, STEPS),
    policy=st.sampled_from(POLICIES),
    group_name=st.sampled_from(["", "Clients", "Nouveau"]),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stop_at_any_step_leaves_the_book_as_it_was(
    uploads: Uploads,
    receive: Receive,
    db: Database,
    make_actor: Callable[[str], Actor],
    after: int,
    policy: str,
    group_name: str,
) -> None:
    """Then the same file is imported whole."""
    actor = make_actor(f"a{uuid4().hex[:12]}")
    create_contact(db, actor, Sheet("0612345600", nom="Moreau"))
    create_contact(db, actor, Sheet("0612345644", email="a@b.fr"))
    group_contacts(db, actor, create_group(db, actor, "Clients"), [contacts(db, actor).rows[0].id])
    before = book(db, actor)
    upload = receive(actor, TABLE)
    choices = Choices(Reading(header=True), BY, group_name=group_name, policy=policy)
    begun = begin_import(db, uploads, actor, upload, choices)
    for _ in range(after):
        steps.work(db, uploads, begun, lambda _: False)
    assert stop_import(db, uploads, actor, begun) == upload
    ended = import_result(db, actor, begun)
    assert (ended.status, ended.failure, ended.undone.kept) == ("failed", "imports.stopped", 0)
    assert book(db, actor) == before
    steps.work(db, uploads, begun)  # a process that knows nothing of it
    with pytest.raises(OverAlready):
        stop_import(db, uploads, actor, begun)
    assert book(db, actor) == before
    again = run_import(db, uploads, actor, upload, choices)
    assert (again.read, again.rejected, again.rows) == (NUMBERS + REJECTED, REJECTED, again.read)
    assert count(db, actor) == 2 + again.created


@pytest.mark.parametrize("to_blacklist", [False, True])
def test_a_stop_waits_for_the_step_in_flight_and_takes_it_back_too(
    uploads: Uploads,
    receive: Receive,
    db: Database,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
    to_blacklist: bool,
) -> None:
    """M27: what the steps before have blacklisted stays on the blacklist, once."""
    create_contact(db, actor, Sheet("0612345600", nom="Moreau"))
    before = book(db, actor)
    upload = receive(actor, TABLE)
    choices = Choices(Reading(header=True), BY, blacklist=to_blacklist)
    begun = begin_import(db, uploads, actor, upload, choices)
    write_slice, written, stopped, threads = steps.write_slice, [0], Event(), list[Thread]()

    def stop() -> None:
        stop_import(db, uploads, actor, begun)
        stopped.set()

    def slowly(session: Session, *rest: Any) -> None:
        write_slice(session, *rest)
        written[0] += 1
        if written[0] == 2:
            threads.append(Thread(target=stop))
            threads[0].start()
            assert not stopped.wait(0.5), "the stop did not wait for the step"

    monkeypatch.setattr(steps, "write_slice", slowly)
    steps.work(db, uploads, begun)
    threads[0].join(60)
    assert stopped.is_set()
    assert import_result(db, actor, begun).status == "failed"
    assert book(db, actor) == before
    monkeypatch.setattr(steps, "write_slice", write_slice)
    on_it = len(suppressed(db, actor))
    assert on_it >= 20 if to_blacklist else on_it == 0
    again = run_import(db, uploads, actor, upload, choices)
    if to_blacklist:
        assert (again.created, again.blacklisted) == (NUMBERS - on_it, on_it)
        assert len(suppressed(db, actor)) == NUMBERS
    else:
        assert (again.created, again.known + again.completed) == (NUMBERS - 1, 1)


def test_a_stopped_import_gives_no_file_back_that_another_has_taken(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker fails later than the stop: the second import of the file keeps it."""
    upload = receive(actor, TABLE)
    choices = Choices(Reading(header=True), BY)
    first, second = begin_import(db, uploads, actor, upload, choices), list[int]()

    def fails(*_: Any) -> None:
        stop_import(db, uploads, actor, first)
        second.append(begin_import(db, uploads, actor, upload, choices))
        raise UploadGone

    plan = steps.plan
    monkeypatch.setattr(steps, "plan", fails)
    with pytest.raises(UploadGone):
        steps.work(db, uploads, first)
    assert uploads.claimed(actor, upload).id == upload
    monkeypatch.setattr(steps, "plan", plan)
    steps.work(db, uploads, second[0])
    assert import_result(db, actor, second[0]).created == count(db, actor) == NUMBERS
    assert import_result(db, actor, first).failure == "imports.stopped"


def test_an_import_that_ended_is_not_stopped_and_nobody_stops_for_another(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    rival = make_actor("rival")
    choices = Choices(Reading(header=True), BY)
    begun = begin_import(db, uploads, actor, receive(actor, TABLE), choices)
    steps.work(db, uploads, begun, lambda _: False)
    with pytest.raises(ImportNotFound):
        stop_import(db, uploads, rival, begun)
    steps.work(db, uploads, begun)
    with pytest.raises(OverAlready):
        stop_import(db, uploads, actor, begun)
    assert not take_back(db, uploads, begun, "imports.failed")
    assert import_result(db, actor, begun).status == "done"
    assert count(db, actor) == NUMBERS
    assert undo.undoing(db) == []


def test_who_finishes_a_stop_that_was_cut_off_gives_the_file_back(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the last slice and the end: the next one takes it up."""
    upload = receive(actor, TABLE)
    begun = begin_import(db, uploads, actor, upload, Choices(Reading(header=True), BY))
    steps.work(db, uploads, begun, lambda _: False)
    remove = undo._remove

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(undo, "_remove", dies)
    with pytest.raises(KeyboardInterrupt):
        stop_import(db, uploads, actor, begun)
    monkeypatch.setattr(undo, "_remove", remove)
    jobs = Jobs(db, uploads)
    jobs.resume()
    jobs._threads.shutdown(wait=True)
    assert (import_result(db, actor, begun).status, count(db, actor)) == ("failed", 0)
    assert uploads.find(actor, upload).id == upload
