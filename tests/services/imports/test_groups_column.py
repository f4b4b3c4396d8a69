"""The groups that a file names for its rows (S66, S70): found or made, entered, and left again by an undoing (M10)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.groups import (
    NAME_LENGTH,
    create_group,
    delete_group,
    group,
    group_contacts,
    groups,
    rename_group,
)
from smsapp.contacts.listing import Query, contacts
from smsapp.contacts.service import Sheet, contact, count, create_contact, edit_contact
from smsapp.contacts.smart_groups import Filter, create_smart_group
from smsapp.db import Database, SimulatedClock
from smsapp.imports import steps
from smsapp.imports.choices import Choices
from smsapp.imports.grouping import MOST_NEW, SmartGroupInColumn, TooManyGroups
from smsapp.imports.rejections import rejections
from smsapp.imports.repairs import repair
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Check, Result, begin_import, check, import_result, run_import
from smsapp.imports.undo import stop_import, undo_import
from smsapp.imports.uploads import Uploads

Receive = Callable[..., str]
BY = {0: "portable", 1: "nom", 2: "groupes"}
INES, PAUL, ZOE = "0612345678", "0687654321", "0611111111"


def chosen(receive: Receive, actor: Actor, *rows: str, **more: object) -> tuple[str, Choices]:
    upload = receive(actor, "\n".join(["Portable,Nom,Groupes", *rows]).encode())
    return upload, Choices(Reading(header=True, separator=","), BY, **more)  # type: ignore[arg-type]


def bring(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, *rows: str, **more: object
) -> tuple[Check, Result]:
    upload, choices = chosen(receive, actor, *rows, **more)
    said = check(db, uploads, actor, upload, choices)
    done = run_import(db, uploads, actor, upload, choices)
    assert (said.created, said.completed, said.known) == (done.created, done.completed, done.known)
    return said, done


def members(db: Database, actor: Actor) -> dict[str, set[str]]:
    """The names of the groups, and of those who stand in them; the counters say the same."""
    found = {}
    for one in groups(db, actor):
        rows = contacts(db, actor, Query(group_id=one.id)).rows
        assert len(rows) == one.members == group(db, actor, one.id).members
        found[one.name] = {row.name for row in rows}
    return found


def test_s70_groups_are_found_by_name_and_the_missing_ones_made(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    create_group(db, actor, "Clients")
    said, done = bring(uploads, receive, db, actor, f"{INES},Rey,clients;VIP", f"{PAUL},Roi,vip ; Été", f"{ZOE},Mia,")
    assert (said.new_groups, done.groups_made) == (("VIP", "Été"), ("VIP", "Été"))
    assert members(db, actor) == {"Clients": {"Rey"}, "VIP": {"Rey", "Roi"}, "Été": {"Roi"}}
    assert undo_import(db, actor, done.id).removed == 3
    assert members(db, actor) == {"Clients": set()}


def test_s70_a_known_contact_joins_and_leaves_no_group(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    """Its state and fields stay; who stood there already is not counted as completed."""
    ines, paul = (create_contact(db, actor, Sheet(n, nom=nom)) for n, nom in ((INES, "Rey"), (PAUL, "Roi")))
    create_group(db, actor, "Ancien", [ines])
    create_group(db, actor, "VIP", [paul])
    rows = [f"{INES},Rey,VIP;Neuf", f"{PAUL},Roi,VIP"]
    for policy in ("complete", "replace"):
        said, done = bring(uploads, receive, db, actor, *rows, policy=policy)
        assert (done.completed, done.known, said.new_groups) == (1, 1, ("Neuf",))
        assert members(db, actor) == {"Ancien": {"Rey"}, "VIP": {"Rey", "Roi"}, "Neuf": {"Rey"}}
        undone = undo_import(db, actor, done.id)
        assert (undone.removed, undone.restored, undone.kept) == (0, 1, 0)
        assert members(db, actor) == {"Ancien": {"Rey"}, "VIP": {"Roi"}}
    said, done = bring(uploads, receive, db, actor, *rows, policy="skip")
    assert (done.completed, done.known) == (0, 2)
    assert members(db, actor) == {"Ancien": {"Rey"}, "VIP": {"Roi"}, "Neuf": set()}


def test_s75_two_people_with_one_number_are_put_in_no_group(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    for nom in ("Rey", "Roy"):
        create_contact(db, actor, Sheet(INES, nom=nom))
    _, done = bring(uploads, receive, db, actor, f"{INES},,VIP")
    assert (done.known, members(db, actor)) == (1, {"VIP": set()})


def test_s66_the_group_of_the_file_and_those_of_its_rows_go_together(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    known = create_contact(db, actor, Sheet(INES, nom="Rey"))
    _, done = bring(
        uploads, receive, db, actor, f"{INES},Rey,juin;VIP", f"{PAUL},Roi,Juin", group_name="Juin"
    )  # fmt: skip
    assert members(db, actor) == {"Juin": {"Rey", "Roi"}, "VIP": {"Rey"}}
    undo_import(db, actor, done.id)
    assert (members(db, actor), contact(db, actor, known).row.groups) == ({}, ())


def test_m10_a_group_stays_that_somebody_else_stands_in_by_now(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    """Renamed or not; so does a contact that was edited since, with its groups."""
    other = create_contact(db, actor, Sheet(ZOE, nom="Mia"))
    _, done = bring(uploads, receive, db, actor, f"{INES},Rey,A;B;C", f"{PAUL},Roi,B;D")
    clock.advance(timedelta(hours=1))
    ids = {one.name: one.id for one in groups(db, actor)}
    group_contacts(db, actor, ids["A"], [other])
    rename_group(db, actor, ids["A"], "Renommé")
    rename_group(db, actor, ids["C"], "Vide")
    paul = next(one for one in contacts(db, actor).rows if one.name == "Roi")
    edit_contact(db, actor, paul.id, Sheet(PAUL, nom="Roi-Soleil", group_ids=(ids["D"],)))
    said = undo_import(db, actor, done.id)
    assert (said.removed, said.kept, said.named[0].fields) == (1, 1, ("contact",))
    assert members(db, actor) == {"Renommé": {"Mia"}, "D": {"Roi-Soleil"}}


def test_s66_a_file_makes_only_so_many_groups_and_none_twice(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    upload, choices = chosen(receive, actor, *(f"06123{i:05},N,G{i}" for i in range(MOST_NEW + 1)))
    with pytest.raises(TooManyGroups):
        check(db, uploads, actor, upload, choices)
    with pytest.raises(TooManyGroups):
        run_import(db, uploads, actor, upload, choices)
    assert (count(db, actor), groups(db, actor)) == (0, [])
    create_smart_group(db, actor, "Actifs", Filter(state="active"))
    upload, choices = chosen(receive, actor, f"{INES},Rey,actifs;VIP")
    for ask in (check, run_import):
        with pytest.raises(SmartGroupInColumn):
            ask(db, uploads, actor, upload, choices)
    assert (count(db, actor), groups(db, actor)) == (0, [])
    long = "é" * (NAME_LENGTH + 40)
    _, done = bring(uploads, receive, db, actor, f"{INES},Rey,{long}", f"{PAUL},Roi,{long}x;{long.upper()}")
    assert members(db, actor) == {"é" * NAME_LENGTH: {"Rey", "Roi"}}
    assert done.groups_made == ("é" * NAME_LENGTH,)


def test_a_row_that_is_repaired_comes_into_its_groups(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    """By the sign of the file, which the row alone does not show; a list that was cut off has to be looked at."""
    rows = [f"{INES},Rey,VIP;Or", '06 12,Roi,"Lyon, Est"', f'{ZOE},Mia,"{";".join(f"{i:0100}" for i in range(12))}"']
    _, done = bring(uploads, receive, db, actor, *rows)
    assert [one.reason for one in rejections(db, actor, done.id)] == ["too_short", "cut_off"]
    repair(db, actor, done.id, 3, PAUL)
    assert members(db, actor) == {"Lyon, Est": {"Roi"}, "Or": {"Rey"}, "VIP": {"Rey"}}
    repair(db, actor, done.id, 4, ZOE)
    assert len(members(db, actor)) == 3 + 9
    undo_import(db, actor, done.id)
    assert (members(db, actor), count(db, actor)) == ({}, 0)


@pytest.mark.parametrize("ending", ["done", "stopped", "undone"])
def test_groups_are_never_half_whatever_cuts_an_import_off(
    uploads: Uploads,
    receive: Receive,
    db: Database,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
) -> None:
    """In many steps, each as if the process had ended after it; a group that is deleted meanwhile stays deleted."""
    monkeypatch.setattr(steps, "SLICE", 10)
    known = [create_contact(db, actor, Sheet(f"06123456{i:02}", nom=f"N{i:02}")) for i in range(0, 40, 4)]
    create_group(db, actor, "Pairs", known[:2])
    before = members(db, actor)
    rows = [
        f"06123456{i:02},N{i:02},{'Pairs' if i % 2 == 0 else 'Impairs'};{'Tous' if i < 30 else 'Fin'}"
        for i in range(40)
    ]
    upload, choices = chosen(receive, actor, *rows)
    begun = begin_import(db, uploads, actor, upload, choices)
    for _ in range(2):
        steps.work(db, uploads, begun, lambda _: False)
    assert len(members(db, actor)["Tous"]) == 20
    if ending == "stopped":
        stop_import(db, uploads, actor, begun)
    else:
        lists = {one.name: one.id for one in groups(db, actor)}
        delete_group(db, actor, lists["Fin"])
        while import_result(db, actor, begun).status == "running":
            steps.work(db, uploads, begun, lambda _: False)
        now = members(db, actor)
        assert {name: len(some) for name, some in now.items()} == {"Pairs": 20, "Impairs": 20, "Tous": 30}
        assert now["Tous"] == {f"N{i:02}" for i in range(30)}
    if ending == "undone":
        undo_import(db, actor, begun)
    if ending != "done":
        assert (members(db, actor), count(db, actor)) == (before, len(known))


def test_m10_whoever_a_later_import_names_too_stays_in_the_groups_of_that_one(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    """As a contact that the first brought, and as one that it found; the second undone after it leaves nothing."""
    known = create_contact(db, actor, Sheet(INES, nom="Rey"))
    for second_first in (False, True):
        clock.advance(timedelta(hours=1))
        _, first = bring(uploads, receive, db, actor, f"{INES},Rey,A;B", f"{PAUL},Roi,A;B", f"{ZOE},Mia,B")
        clock.advance(timedelta(hours=1))
        _, second = bring(uploads, receive, db, actor, f"{INES},Rey,B", f"{PAUL},Roi,B;C")
        assert (second.created, second.completed, second.known) == (0, 1, 1)
        assert members(db, actor) == {"A": {"Rey", "Roi"}, "B": {"Rey", "Roi", "Mia"}, "C": {"Roi"}}
        if second_first:
            undo_import(db, actor, second.id)
            assert members(db, actor) == {"A": {"Rey", "Roi"}, "B": {"Rey", "Roi", "Mia"}}
            undo_import(db, actor, first.id)
        else:
            undo_import(db, actor, first.id)
            assert members(db, actor) == {"B": {"Rey", "Roi"}, "C": {"Roi"}}
            undo_import(db, actor, second.id)
            assert members(db, actor) == {"B": set()}  # the first had made it, for both
            for one in groups(db, actor):
                delete_group(db, actor, one.id)
        assert (count(db, actor), contact(db, actor, known).row.groups) == (1, ())


def test_m10_a_group_stays_that_a_smart_one_asks_for(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    _, done = bring(uploads, receive, db, actor, f"{INES},Rey,A;B")
    lists = {one.name: one.id for one in groups(db, actor)}
    create_smart_group(db, actor, "Actifs de A", Filter(group_id=lists["A"], state="active"))
    undo_import(db, actor, done.id)
    assert members(db, actor) == {"A": set()}
