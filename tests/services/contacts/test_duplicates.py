"""Duplicates (S75): compared on E.164, merged field by field or by a rule, and undone exactly."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlmodel import SQLModel

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist, suppressed
from smsapp.contacts.duplicates import CONTACT, MEMBER, RULES, Extent, duplicates, extent
from smsapp.contacts.groups import create_group
from smsapp.contacts.merging import AWAY, KEPT, NothingToMerge, merge_all, merge_number, standing
from smsapp.contacts.service import Sheet, contact, count, create_contact, delete_contacts, edit_contact, purge_deleted
from smsapp.contacts.unmerging import LaterMergeFirst, MergeNotFound, merges, purge_merged, undo_merge
from smsapp.db import Database, SimulatedClock

FIRST = 33612345670


def add(db: Database, actor: Actor, number: str = f"+{FIRST}", **fields: str) -> int:
    return create_contact(db, actor, Sheet(number, **fields))


def book(db: Database, actor: Actor) -> tuple[dict[int, dict[str, Any]], set[tuple[int, int]]]:
    """Every contact of an account as it is, deleted ones too, and every membership."""
    with db.read() as session:
        connection = session.connection()
        asked = select(CONTACT).where(CONTACT.c.account_id == actor.account_id)
        people = {row["id"]: dict(row) for row in connection.execute(asked).mappings()}
        members = select(MEMBER.c.group_id, MEMBER.c.contact_id).where(MEMBER.c.contact_id.in_(people))
        return people, {(row[0], row[1]) for row in connection.execute(members)}


def change(db: Database, contact_id: int, **values: object) -> None:
    """What a report or a custom field does."""
    with db.write() as session:
        session.connection().execute(update(CONTACT).where(CONTACT.c.id == contact_id).values(**values))


def test_s75_numbers_are_compared_on_e164_whatever_their_spelling(db: Database, actor: Actor) -> None:
    ids = [
        add(db, actor, spelling, nom=f"n{i}")
        for i, spelling in enumerate(("0612345670", "+33612345670", "0033 6 12 34 56 70"))
    ]
    add(db, actor, "0612345671")
    gone = add(db, actor, "0612345671")
    delete_contacts(db, actor, [gone])
    [found] = duplicates(db, actor).rows
    assert (found.number, found.total, [copy.id for copy in found.copies]) == ("+33 6 12 34 56 70", 3, ids)
    assert extent(db, actor) == Extent(numbers=1, surplus=2)
    assert found.fields == (("nom", ""),)


def test_s75_each_field_takes_the_value_that_is_chosen(db: Database, actor: Actor) -> None:
    first = add(db, actor, nom="Moreau", prenom="Ines", email="ines@a.fr")
    second = add(db, actor, nom="MOREAU", prenom="Inès", societe="Studio")
    change(db, first, extra={"ville": "Aix", "taille": ""})
    change(db, second, extra={"ville": "Lyon", "age": "30"}, consent_source="boutique", consent_at=db.now())
    done = merge_number(db, actor, second, {"prenom": second, "own:ville": second, "nom": first, "email": 999})
    assert (done.numbers, done.removed, count(db, actor)) == (1, 1, 1)
    sheet = contact(db, actor, first)
    assert (sheet.row.nom, sheet.row.prenom, sheet.row.email, sheet.row.societe) == (
        "Moreau", "Inès", "ines@a.fr", "Studio",
    )  # fmt: skip
    people, _ = book(db, actor)
    assert people[first]["extra"] == {"ville": "Lyon", "taille": "", "age": "30"}
    assert people[first]["consent_source"] == "boutique"


def test_a_merge_keeps_groups_and_the_stricter_state(db: Database, actor: Actor) -> None:
    first, second = add(db, actor, nom="A"), add(db, actor, nom="B")
    both = [create_group(db, actor, "Aix", [first]), create_group(db, actor, "Lyon", [second])]
    change(db, second, state="invalid")
    blacklist(db, actor, [FIRST])
    merge = merge_number(db, actor, first, {})
    with db.read() as session:
        states = session.connection().scalars(select(CONTACT.c.state).where(CONTACT.c.id == first)).all()
    assert states == ["invalid"]
    assert contact(db, actor, first).row.state in ("blacklisted", "stop")
    assert [g.id for g in contact(db, actor, first).row.groups] == both
    undo_merge(db, actor, merge.id)
    assert suppressed(db, actor) == {FIRST}
    assert [g.id for g in contact(db, actor, first).row.groups] == both[:1]


def test_who_names_a_merged_contact_is_led_to_the_one_that_stays(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    first, second = add(db, actor, nom="A"), add(db, actor, nom="B")
    merge = merge_number(db, actor, first, {})
    clock.advance(timedelta(minutes=1))
    with db.read() as session:
        assert standing(session, [first, second, 999]) == {second: first}
    undo_merge(db, actor, merge.id)
    with db.read() as session:
        assert standing(session, [first, second]) == {}


def test_after_30_days_nothing_is_kept_of_a_merge_but_where_its_contacts_went(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    """A draft that names the contact merged away still reaches its person, though that contact is gone for good."""
    first, second = add(db, actor, nom="A"), add(db, actor, nom="B")
    add(db, actor, "+33612345699", nom="Z")  # the newest of all is never purged
    merge_number(db, actor, first, {"nom": second})
    clock.advance(timedelta(days=29))
    assert purge_merged(db) == purge_deleted(db) == 0
    clock.advance(timedelta(days=2))
    assert purge_merged(db) == purge_deleted(db) == 1
    assert purge_merged(db) == purge_deleted(db) == 0
    with db.read() as session:
        assert session.connection().scalar(select(func.count()).select_from(KEPT)) == 0
        assert standing(session, [first, second]) == {second: first}


@pytest.mark.parametrize(
    ("rule", "nom", "email"), [("fullest", "C", "c@x.fr"), ("newest", "B", "c@x.fr"), ("oldest", "A", "c@x.fr")]
)
def test_a_rule_says_whose_values_win_and_an_empty_one_never_does(
    db: Database, actor: Actor, clock: SimulatedClock, rule: str, nom: str, email: str
) -> None:
    kept = add(db, actor, nom="A")
    add(db, actor, nom="C", email="c@x.fr", societe="S")
    clock.advance(timedelta(days=1))
    add(db, actor, nom="B")
    assert merge_all(db, actor, rule).removed == 2
    row = contact(db, actor, kept).row
    assert (row.nom, row.email, row.societe) == (nom, email, "S")
    with pytest.raises(NothingToMerge):
        merge_all(db, actor, rule)


def test_later_edits_are_kept_and_named(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    first, second = add(db, actor, nom="A"), add(db, actor, nom="B", prenom="Inès", email="b@x.fr")
    merge = merge_number(db, actor, first, {"nom": second})
    clock.advance(timedelta(days=2))
    edit_contact(db, actor, first, Sheet(f"+{FIRST}", nom="B", prenom="Inès", email="nouvelle@x.fr"))
    undone = undo_merge(db, actor, merge.id)
    assert (undone.restored, undone.edits, [edit.field for edit in undone.named]) == (1, 1, ["email"])
    row = contact(db, actor, first).row
    assert (row.nom, row.prenom, row.email) == ("A", "", "nouvelle@x.fr")
    assert contact(db, actor, second).row.nom == "B"


def test_merges_are_undone_the_last_first_and_for_30_days(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    first = add(db, actor, nom="A")
    add(db, actor, nom="B")
    one = merge_number(db, actor, first, {})
    clock.advance(timedelta(days=1))
    add(db, actor, nom="C")
    two = merge_number(db, actor, first, {})
    with pytest.raises(LaterMergeFirst):
        undo_merge(db, actor, one.id)
    undo_merge(db, actor, two.id)
    assert undo_merge(db, actor, one.id).restored == 1
    with pytest.raises(MergeNotFound):
        undo_merge(db, actor, one.id)
    three = merge_all(db, actor, "oldest")
    clock.advance(timedelta(days=31))
    with pytest.raises(MergeNotFound):
        undo_merge(db, actor, three.id)
    assert [(line.undone_at is None, line.undoable) for line in merges(db, actor)] == [
        (True, False), (False, False), (False, False),
    ]  # fmt: skip


def test_many_numbers_are_seen_once_and_merged_in_slices(
    db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("merging", "unmerging"):
        monkeypatch.setattr(f"smsapp.contacts.{module}.SLICE", 3)
    for i in range(17):
        for copy in range(2 + i % 2):
            add(db, actor, f"+{FIRST + i}", nom=f"n{copy}")
    before = book(db, actor)
    forth, after = [duplicates(db, actor, limit=5)], None
    while (after := forth[-1].next) is not None:
        forth.append(duplicates(db, actor, after=after, limit=5))
    back = [forth[-1]]
    while (earlier := back[-1].previous) is not None:
        back.append(duplicates(db, actor, before=earlier, limit=5))
    seen = [row.e164 for page in forth for row in page.rows]
    assert seen == [FIRST + i for i in range(17)]
    assert [row.e164 for page in reversed(back) for row in page.rows] == seen
    done = merge_all(db, actor, "fullest")
    assert (done.numbers, done.removed, count(db, actor)) == (17, 25, 17)
    assert extent(db, actor) == Extent(0, 0)
    assert undo_merge(db, actor, done.id).restored == 25
    assert book(db, actor) == before


def test_nobody_sees_merges_or_undoes_anothers(db: Database, make_actor: Callable[[str], Actor]) -> None:
    mine, other = make_actor("lavande"), make_actor("voisin")
    theirs = [add(db, other, nom="A"), add(db, other, nom="B")]
    own = add(db, mine, nom="M")
    before = book(db, other)
    assert duplicates(db, mine).rows == ()
    assert duplicates(db, mine, after=theirs[0]).rows == ()
    for attempt in (theirs[0], own):
        with pytest.raises(NothingToMerge):
            merge_number(db, mine, attempt, {"nom": theirs[1]})
    with pytest.raises(NothingToMerge):
        merge_all(db, mine, "oldest")
    assert book(db, other) == before
    merge = merge_number(db, other, theirs[0], {})
    with pytest.raises(MergeNotFound):
        undo_merge(db, mine, merge.id)
    assert merges(db, mine) == []


PERSON = st.fixed_dictionaries(
    {
        "which": st.integers(0, 3),
        "nom": st.sampled_from(["", "Moreau", "MOREAU"]),
        "email": st.sampled_from(["", "a@x.fr", "b@x.fr"]),
        "state": st.sampled_from(["active", "invalid"]),
        "extra": st.dictionaries(st.sampled_from(["ville", "age"]), st.sampled_from(["", "Aix", "3"]), max_size=2),
        "consent": st.sampled_from(["", "boutique"]),
        "groups": st.sets(st.integers(0, 1)),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(PERSON, min_size=2, max_size=9),
    acts=st.lists(st.tuples(st.sampled_from(["one", *RULES]), st.integers(0, 8)), min_size=1, max_size=4),
    refused=st.sets(st.integers(0, 3)),
)
def test_s75_any_merges_undone_in_turn_leave_the_book_as_it_was(
    db: Database,
    make_actor: Callable[[str], Actor],
    people: list[dict[str, Any]],
    acts: list[tuple[str, int]],
    refused: set[int],
) -> None:
    """Contacts, fields, groups, states and blacklist; and while merged, nothing stricter was lost."""
    with db.read() as session:
        taken = len(session.connection().execute(select(SQLModel.metadata.tables["account"].c.id)).all())
    actor = make_actor(f"compte{taken}")
    groups = [create_group(db, actor, name) for name in ("Aix", "Lyon")]
    ids = []
    for person in people:
        made = add(db, actor, f"+{FIRST + person['which']}", nom=person["nom"], email=person["email"])
        change(db, made, state=person["state"], extra=person["extra"], consent_source=person["consent"])
        with db.write() as session:
            for group in person["groups"]:
                session.connection().execute(MEMBER.insert().values(group_id=groups[group], contact_id=made))
        ids.append(made)
    blacklist(db, actor, [FIRST + which for which in refused])
    before = book(db, actor)
    done = []
    for act, which in acts:
        try:
            if act == "one":
                done.append(merge_number(db, actor, ids[which % len(ids)], {"nom": ids[0]}))
            else:
                done.append(merge_all(db, actor, act))
        except NothingToMerge:
            continue
    if done and any(act != "one" for act, _ in acts):
        assert extent(db, actor) == Extent(0, 0)
    with db.read() as session:
        rows = (
            session.connection()
            .execute(select(CONTACT).where(CONTACT.c.account_id == actor.account_id, CONTACT.c.deleted_at.is_(None)))
            .all()
        )
        led = standing(session, ids)
    ends = {id: led.get(id, id) for id in ids}
    kept = {row.id: row for row in rows}
    assert set(ends.values()) == set(kept)
    _, members = book(db, actor)
    for person, id in zip(people, ids, strict=True):
        stays = kept[ends[id]]
        assert stays.e164 == FIRST + person["which"]
        assert person["state"] == "active" or stays.state == "invalid"
        assert not person["nom"] or stays.nom
        assert not person["consent"] or stays.consent_source
        assert {key for key, value in person["extra"].items() if value} <= {k for k, v in stays.extra.items() if v}
        assert {(groups[g], stays.id) for g in person["groups"]} <= members
    assert suppressed(db, actor) == {FIRST + which for which in refused}
    for merge in reversed(done):
        assert undo_merge(db, actor, merge.id).edits == 0
    assert book(db, actor) == before
    with db.read() as session:
        mine = AWAY.c.contact_id.in_(ids)
        assert session.connection().execute(select(AWAY.c.contact_id).where(mine)).all() == []
