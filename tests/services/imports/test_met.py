"""Two imports name the same people, and the first is undone: nobody is lost whom the second has in its file."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event

from smsapp.accounts.actor import Actor
from smsapp.contacts.groups import create_group, group, groups
from smsapp.contacts.listing import contacts
from smsapp.contacts.service import Sheet, count, create_contact
from smsapp.db import Database, SimulatedClock
from smsapp.imports import steps
from smsapp.imports.choices import POLICIES, Choices
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Result, begin_import, import_result, run_import
from smsapp.imports.undo import stop_import, undo_import
from smsapp.imports.uploads import Uploads

Receive = Callable[..., str]
Bring = Callable[..., Result]
READING, BY = Reading(header=True), {0: "nom", 1: "portable"}


@pytest.fixture
def bring(uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock) -> Bring:
    """Import the rows "NAME;NUMBER" an hour after what was before."""

    def bring(*rows: str, **more: object) -> Result:
        clock.advance(timedelta(hours=1))
        upload = receive(actor, "\n".join(["Nom;Portable", *rows, ""]).encode())
        return run_import(db, uploads, actor, upload, Choices(READING, BY, **more))  # type: ignore[arg-type]

    return bring


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "add"])
def test_whom_a_later_import_has_in_its_file_stays_until_that_is_undone_too(
    db: Database, actor: Actor, bring: Bring, policy: str
) -> None:
    first = bring("Rey;0612345678", "Roi;0687654321")
    second = bring("Rey;0612345678", policy=policy)
    third = bring("Rey;0612345678", "Duc;0611111111", policy=policy)
    assert (second.known, third.known, third.created) == (1, 1, 1)
    said = undo_import(db, actor, first.id)
    assert (said.removed, said.kept, said.named[0].name, said.named[0].fields) == (1, 1, "Rey", ("contact",))
    assert {one.nom for one in contacts(db, actor).rows} == {"Rey", "Duc"}
    assert undo_import(db, actor, second.id).removed == 0
    assert count(db, actor) == 2
    assert undo_import(db, actor, third.id).removed == 2
    assert count(db, actor) == 0


def test_undone_the_other_way_round_nobody_stays(db: Database, actor: Actor, bring: Bring) -> None:
    first = bring("Rey;0612345678", group_name="G")
    second = bring("Rey;0612345678", group_name="H")
    undo_import(db, actor, second.id)
    assert [one.name for one in groups(db, actor)] == ["G"]
    said = undo_import(db, actor, first.id)
    assert (said.removed, said.kept, count(db, actor), groups(db, actor)) == (1, 0, 0, [])


def test_s66_who_stays_is_in_the_group_of_the_later_import_only(db: Database, actor: Actor, bring: Bring) -> None:
    first = bring("Rey;0612345678", "Roi;0687654321", group_name="G")
    bring("Rey;0612345678", group_name="H")
    undo_import(db, actor, first.id)
    assert [(one.name, one.members) for one in groups(db, actor)] == [("H", 1)]


@pytest.mark.parametrize("stands", [True, False], ids=["known", "new"])
def test_s66_a_group_that_two_imports_fill_keeps_whom_the_later_one_named(
    db: Database, actor: Actor, bring: Bring, stands: bool
) -> None:
    if stands:
        create_contact(db, actor, Sheet("0612345678", nom="Rey"))
    first = bring("Rey;0612345678", "Roi;0687654321", group_name="G")
    second = bring("Rey;0612345678", group_name="G")
    undo_import(db, actor, first.id)
    assert [(one.name, one.members) for one in groups(db, actor)] == [("G", 1)]
    undo_import(db, actor, second.id)
    assert count(db, actor) == int(stands)
    assert sum(one.members for one in groups(db, actor)) == 0


def test_a_stopped_import_takes_nobody_from_one_that_ran_beside_it(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "SLICE", 1)
    upload = receive(actor, b"Nom;Portable\nRey;0612345678\nRoi;0687654321\n")
    begun = begin_import(db, uploads, actor, upload, Choices(READING, BY, group_name="G"))
    steps.work(db, uploads, begun, lambda _: False)
    beside = bring("Rey;0612345678", "Roi;0687654321", group_name="G")
    assert (beside.created, beside.known) == (1, 1)
    stop_import(db, uploads, actor, begun)
    assert import_result(db, actor, begun).status == "failed"
    assert (count(db, actor), group(db, actor, beside.group_id or 0).members) == (2, 2)


def test_a_group_that_an_import_made_stays_while_another_fills_it(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "REJECTED", 1)
    first = bring("Rey;0612345678", group_name="G")
    upload = receive(actor, b"Nom;Portable\nRoi;0687654321\nDuc;06\n")
    begun = begin_import(db, uploads, actor, upload, Choices(READING, BY, group_name="G"))
    steps.work(db, uploads, begun, lambda _: False)  # the rejected rows only
    undo_import(db, actor, first.id)
    steps.work(db, uploads, begun)
    assert [(one.name, one.members) for one in groups(db, actor)] == [("G", 1)]


def test_s66_known_contacts_join_a_group_all_at_once(db: Database, actor: Actor, bring: Bring) -> None:
    """Not one statement for each, and without reading who is in the group already; who was stays when it is undone."""
    ids = [create_contact(db, actor, Sheet(f"06123456{place:02}", nom="Rey")) for place in range(20)]
    made = create_group(db, actor, "G", ids[:5])
    asked: list[tuple[str, bool]] = []

    def note(
        _connection: object, _cursor: object, statement: str, _given: object, _context: object, many: bool
    ) -> None:
        if "group_member" in statement:
            asked.append((statement, many))

    event.listen(db.engine, "before_cursor_execute", note)
    done = bring(*(f"Rey;06123456{place:02}" for place in range(20)), group_name="G")
    event.remove(db.engine, "before_cursor_execute", note)
    assert not any(many for _, many in asked)
    assert not any(statement.startswith("SELECT contact_id FROM group_member") for statement, _ in asked)
    assert (done.known, group(db, actor, made).members) == (20, 20)
    undo_import(db, actor, done.id)
    assert group(db, actor, made).members == 5
