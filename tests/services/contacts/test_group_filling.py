"""A group of everyone who answers a view, filled in slices (S69, S70); a selection that waits for its file."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from smsapp.accounts.actor import Actor
from smsapp.contacts import group_filling
from smsapp.contacts.blacklist import blacklist
from smsapp.contacts.export import LASTS, MOST_KEPT, ExportGone, keep_selection, kept_selection
from smsapp.contacts.group_filling import count_answering, fill, group_answering, new_list
from smsapp.contacts.groups import GroupNotFound, create_group, group
from smsapp.contacts.listing import Query, contacts
from smsapp.contacts.service import Sheet, create_contact, delete_contacts
from smsapp.contacts.smart_groups import Filter, create_smart_group, members_of, smart_group
from smsapp.contacts.tables import KeptSelection
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import Status
from tests.services.sending.house import FIRST, running
from tests.services.sending.house import states as message_states


def people(db: Database, actor: Actor, how_many: int, **fields: str) -> list[int]:
    return [create_contact(db, actor, Sheet(f"+{FIRST + i}", **fields)) for i in range(how_many)]  # type: ignore[arg-type]


def test_S70_everyone_who_answers_goes_into_the_group_slice_by_slice(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_filling, "SLICE", 4)
    ids = people(db, actor, 11, nom="Moreau")
    create_contact(db, actor, Sheet("0612345678", nom="Bernard"))
    people(db, make_actor("voisin"), 3, nom="Moreau")
    delete_contacts(db, actor, ids[:1])
    blacklist(db, actor, [FIRST + 1])
    made, told = create_group(db, actor, "Juin", ids[5:6]), list[int]()
    query = Query("moreau", state="active", sort="newest")
    assert count_answering(db, actor, query) == 9
    assert group_answering(db, actor, made, query, told.append) == 8
    assert told == [4, 8, 9]
    assert {row.id for row in contacts(db, actor, Query(group_id=made)).rows} == set(ids[2:])
    assert group_answering(db, actor, made, query) == 0
    assert group(db, actor, made).members == 9


def test_only_ones_own_lists_are_filled_and_only_ones_own_groups_asked_for(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    other = make_actor("voisin")
    theirs, mine = create_group(db, other, "Leur"), create_group(db, actor, "Mien")
    smart = create_smart_group(db, actor, "Malin", Filter("moreau"))
    for to, query in ((theirs, Query()), (smart, Query()), (mine, Query(group_id=theirs))):
        with pytest.raises(GroupNotFound):
            group_answering(db, actor, to, query)
    with pytest.raises(GroupNotFound):
        count_answering(db, actor, Query(group_id=theirs))
    with pytest.raises(GroupNotFound):
        fill(db, actor, theirs, people(db, actor, 1))


def test_a_list_made_for_a_message_tells_its_time_on_the_accounts_clock(
    db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_filling, "SLICE", 2)
    first, second = (new_list(db, actor, "Sélection du") for _ in range(2))
    name = group(db, actor, first).name
    assert name.startswith("Sélection du ")
    assert group(db, actor, second).name == f"{name} (2)"
    assert fill(db, actor, second, people(db, actor, 5)) == 5


def test_S47_a_smart_group_asks_for_the_last_status(db: Database, actor: Actor) -> None:
    ids = people(db, actor, 5, nom="Moreau")
    running(db, actor, 3)
    assert message_states(db) == {"queued": 3}
    waiting = create_smart_group(db, actor, "En file", Filter(text="moreau", status="waiting"))
    received = create_smart_group(db, actor, "Reçus", Filter(status="received"))
    assert (smart_group(db, actor, waiting).members, smart_group(db, actor, received).members) == (3, 0)
    assert smart_group(db, actor, waiting).filter == Filter(text="moreau", status="waiting")
    with db.read() as session:
        assert members_of(session, actor.account_id, {"status": "waiting"}) == ids[:3]
    assert {row.id for row in contacts(db, actor, Query(status=Status.WAITING)).rows} == set(ids[:3])


def test_a_selection_waits_a_quarter_of_an_hour_for_whichever_process_is_asked(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor], clock: SimulatedClock
) -> None:
    key = keep_selection(db, actor, {3, 1, 2})
    assert kept_selection(db, actor, key) == [1, 2, 3]
    for who, asked in ((make_actor("voisin"), key), (actor, "x"), (actor, key[:-1])):
        with pytest.raises(ExportGone):
            kept_selection(db, who, asked)
    clock.advance(LASTS + timedelta(seconds=1))
    with pytest.raises(ExportGone):
        kept_selection(db, actor, key)
    for _ in range(MOST_KEPT + 5):
        clock.advance(timedelta(seconds=1))
        key = keep_selection(db, actor, [7])
    with db.read() as session:
        assert len(session.execute(select(KeptSelection)).all()) == MOST_KEPT
    assert kept_selection(db, actor, key) == [7]
