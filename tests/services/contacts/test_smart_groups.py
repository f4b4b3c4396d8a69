"""Smart groups: a saved filter with a live count; groups put together (S69)."""

from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist
from smsapp.contacts.groups import (
    GroupNameMissing,
    GroupNeeded,
    GroupNotFound,
    create_group,
    delete_group,
    group_contacts,
    groups,
)
from smsapp.contacts.listing import Query, contacts
from smsapp.contacts.service import Sheet, create_contact, delete_contacts
from smsapp.contacts.smart_groups import (
    Filter,
    FilterMissing,
    TooFewGroups,
    count_of,
    create_smart_group,
    edit_smart_group,
    every_group,
    merge_groups,
    smart_group,
)
from smsapp.db import Database

FIRST = 33612345670


def add(db: Database, actor: Actor, i: int, **fields: str) -> int:
    return create_contact(db, actor, Sheet(f"+{FIRST + i}", **fields))


def test_a_smart_group_counts_whoever_answers_its_filter_now(db: Database, actor: Actor) -> None:
    ids = [add(db, actor, i, nom=nom) for i, nom in enumerate(("Moreau", "MOREAU", "Bernard"))]
    create_contact(db, actor, Sheet("+447911123456", nom="Moreau"))
    aix = create_group(db, actor, "Aix", ids[:1])
    by_name = create_smart_group(db, actor, "Les Moreau", Filter(text="moreau"))
    narrow = create_smart_group(db, actor, "Moreau d’Aix", Filter("moreau", aix, "active", "FR"))
    assert {g.name: g.members for g in every_group(db, actor)} == {"Aix": 1, "Les Moreau": 3, "Moreau d’Aix": 1}
    add(db, actor, 9, nom="Moreau")
    delete_contacts(db, actor, ids[1:2])
    assert smart_group(db, actor, by_name).members == count_of(db, actor, Filter(text="moreau")) == 3
    blacklist(db, actor, [FIRST])
    assert smart_group(db, actor, narrow).members == 0
    assert smart_group(db, actor, narrow).base == "Aix"
    edit_smart_group(db, actor, narrow, "Refus", Filter(state="blacklisted"))
    assert [(g.name, g.members) for g in every_group(db, actor, "ref")] == [("Refus", 1)]


def test_nobody_is_put_in_a_smart_group_by_hand(db: Database, actor: Actor) -> None:
    made = add(db, actor, 0, nom="Moreau")
    smart = create_smart_group(db, actor, "Les Moreau", Filter(text="moreau"))
    with pytest.raises(GroupNotFound):
        group_contacts(db, actor, smart, [made])
    with pytest.raises(GroupNotFound):
        create_contact(db, actor, Sheet("0612345679", group_ids=(smart,)))
    assert groups(db, actor) == []
    assert [g.name for g in groups(db, actor, smart=True)] == ["Les Moreau"]


def test_a_filter_asks_for_something_and_stands_on_lists_only(db: Database, actor: Actor) -> None:
    for nothing in (Filter(), Filter(text=" \0 "), Filter(state="deleted"), Filter(country="<x>")):
        with pytest.raises(FilterMissing):
            create_smart_group(db, actor, "Tous", nothing)
    with pytest.raises(GroupNameMissing):
        create_smart_group(db, actor, " ", Filter(text="a"))
    smart = create_smart_group(db, actor, "A", Filter(text="a"))
    with pytest.raises(GroupNotFound):
        create_smart_group(db, actor, "B", Filter(group_id=smart))
    with pytest.raises(GroupNotFound):
        edit_smart_group(db, actor, create_group(db, actor, "Liste"), "B", Filter(text="a"))


def test_groups_are_put_together_in_one_list(db: Database, actor: Actor) -> None:
    ids = [add(db, actor, i, nom=nom) for i, nom in enumerate(("Moreau", "Bernard", "Girard", "Petit"))]
    aix, lyon = create_group(db, actor, "Aix", ids[:2]), create_group(db, actor, "Lyon", ids[1:3])
    smart = create_smart_group(db, actor, "Petits", Filter(text="petit"))
    with pytest.raises(TooFewGroups):
        merge_groups(db, actor, [aix, aix], "Sud")
    made, size = merge_groups(db, actor, [aix, lyon, smart], "Lyon")  # the name of one that goes is free
    assert (made, size) == (aix, 4)
    assert [(g.name, g.members, g.filter) for g in every_group(db, actor)] == [("Lyon", 4, None)]
    assert {row.id for row in contacts(db, actor, Query(group_id=aix)).rows} == set(ids)
    one, two = (create_smart_group(db, actor, name, Filter(text=name)) for name in ("moreau", "girard"))
    made, size = merge_groups(db, actor, [one, two], "Deux")
    assert size == 2
    assert {g.name for g in every_group(db, actor)} == {"Lyon", "Deux"}


def test_a_smart_group_never_stands_on_a_list_that_is_gone(db: Database, actor: Actor) -> None:
    """It follows its list into a merge, and holds it against deletion."""
    ines = create_contact(db, actor, Sheet("0612345670", nom="Moreau"))
    first, second = create_group(db, actor, "Paris", [ines]), create_group(db, actor, "Aix")
    smart = create_smart_group(db, actor, "Moreau de Paris", Filter("moreau", first))
    with pytest.raises(GroupNeeded) as refusal:
        delete_group(db, actor, first)
    assert refusal.value.params == {"name": "Moreau de Paris"}
    merged, _ = merge_groups(db, actor, [second, first], "Tous")
    found = smart_group(db, actor, smart)
    assert (found.filter, found.members, found.base) == (Filter("moreau", merged), 1, "Tous")
    with pytest.raises(GroupNotFound):
        contacts(db, actor, Query(group_id=smart))  # it has no members of its own: not an empty list
    delete_group(db, actor, smart)
    delete_group(db, actor, merged)


def test_nobody_sees_merges_or_asks_for_anothers_groups(db: Database, make_actor: Callable[[str], Actor]) -> None:
    mine, other = make_actor("lavande"), make_actor("voisin")
    theirs = [create_group(db, other, name, [add(db, other, i)]) for i, name in enumerate(("A", "B"))]
    smart = create_smart_group(db, other, "C", Filter(group_id=theirs[0]))
    own = create_group(db, mine, "Mien")
    assert [g.name for g in every_group(db, mine)] == ["Mien"]
    for attempt in (
        lambda: merge_groups(db, mine, [own, theirs[0]], "X"),
        lambda: create_smart_group(db, mine, "X", Filter(group_id=theirs[0])),
        lambda: edit_smart_group(db, mine, smart, "X", Filter(text="a")),
        lambda: smart_group(db, mine, smart),
    ):
        with pytest.raises(GroupNotFound):
            attempt()
    assert count_of(db, mine, Filter(group_id=theirs[0])) == 0
    assert [(g.name, g.members) for g in every_group(db, other)] == [("A", 1), ("B", 1), ("C", 1)]
