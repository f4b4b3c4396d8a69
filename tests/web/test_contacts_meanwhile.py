"""The address book while other things happen: several notices, another tab, a page that empties, a form half typed."""

from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState
from smsapp.contacts import service
from smsapp.contacts.groups import create_group, groups
from smsapp.contacts.state import ContactsState
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers
from tests.web.test_contacts_page import BOOK, people


async def test_m10_each_notice_brings_back_what_it_speaks_of(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    ids = people(rt, actor, 3)
    tab, path = open_tabs.tab(actor), "/contacts"
    await tab.send(f"{BOOK}.enter", path=path)
    for gone in ids[:2]:
        await tab.send(f"{BOOK}.tick", {"contact_id": gone, "on": True}, path=path)
        await tab.send(f"{BOOK}.delete_selected", path=path)
    await tab.send(f"{BOOK}.undo", {"number": 1}, path=path)
    assert [row.id for row in (await tab.state(ContactsState)).rows] == [ids[0], ids[2]]
    await tab.send(f"{BOOK}.undo", {"number": 2}, path=path)
    assert [row.id for row in (await tab.state(ContactsState)).rows] == ids
    assert not tab.failures


async def test_the_last_page_gone_shows_the_book_and_not_an_empty_one(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    ids = people(rt, actor, 55)
    tab, path = open_tabs.tab(actor), f"/contacts?after={ids[49]}"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.tick_page", {"on": True}, path=path)
    await tab.send(f"{BOOK}.delete_selected", path=path)
    assert [row.id for row in (await tab.state(ContactsState)).rows] == ids[:50]
    assert not tab.failures


async def test_all_that_is_selected_is_what_is_shown_whatever_the_address_asks_for(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """A record that is gone does not take the search with it; where a group is gone the whole book stands there."""
    actor = person("camille")
    ids = people(rt, actor, 6)
    service.delete_contacts(rt.db, actor, ids[:1])
    tab, path = open_tabs.tab(actor), f"/contacts?q=zo%C3%A9&open={ids[0]}"
    await tab.send(f"{BOOK}.enter", path=path)
    state = await tab.state(ContactsState)
    assert (len(state.rows), state.search) == (3, "zoé")
    assert "contacts.not_found" in tab.seen
    path = "/contacts?q=zo%C3%A9&group=999999"
    await tab.send(f"{BOOK}.enter", path=path)
    assert len((await tab.state(ContactsState)).rows) == 5
    await tab.send(f"{BOOK}.tick_all", path=path)
    assert (await tab.state(ContactsState)).selected == 5
    assert not tab.failures


async def test_m10_the_deleted_and_the_others_are_never_selected_together(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    ids = people(rt, actor, 4)
    service.delete_contacts(rt.db, actor, ids[:2])
    tab = open_tabs.tab(actor)
    await tab.send(f"{BOOK}.enter", path="/contacts?state=deleted")
    await tab.send(f"{BOOK}.tick_page", {"on": True}, path="/contacts?state=deleted")
    state = await tab.state(ContactsState)
    assert (state.selected, [row.url for row in state.rows]) == (2, ["", ""])
    await tab.send(f"{BOOK}.enter", path="/contacts")
    state = await tab.state(ContactsState)
    assert (state.selected, [row.ticked for row in state.rows]) == (0, [False, False])
    assert not tab.failures


async def test_what_is_typed_about_a_new_contact_stays_when_a_field_is_made(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """The form is drawn anew, and so emptied, when its key changes: for a new contact and for a known one."""
    actor = person("camille")
    [made] = people(rt, actor, 1)
    tab = open_tabs.tab(actor)
    for path in ("/contacts", f"/contacts?open={made}"):
        await tab.send(f"{BOOK}.enter", path=path)
        if path == "/contacts":
            await tab.send(f"{BOOK}.open_new", path=path)
        before = (await tab.state(ContactsState)).form.key
        await tab.send(f"{BOOK}.make_own_field", {"typed": {"field_name": f"Ville {made}"}}, path=path)
        state = await tab.state(ContactsState)
        assert (state.form.key, [one.key for one in state.form_extra]) == (before, ["ville"])
        await tab.send(f"{BOOK}.set_creating", {"on": False}, path=path)
    assert not tab.failures


async def test_s91_the_groups_that_were_ticked_stay_with_the_repaired_number(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    vip = create_group(rt.db, actor, "VIP")
    tab, path = open_tabs.tab(actor), "/contacts"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.open_new", path=path)
    await tab.send(f"{BOOK}.save", {"typed": {"number": "0696123456", f"group-{vip}": "on"}}, path=path)
    await tab.send(f"{BOOK}.use_fix", path=path)
    state = await tab.state(ContactsState)
    assert (state.form.number, state.form_groups[0].ticked) == ("+596 696 12 34 56", True)
    assert not tab.failures


async def test_s70_the_notice_names_the_group_and_counts_who_came_into_it(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    ids = people(rt, actor, 3)
    vip = create_group(rt.db, actor, "VIP", ids[:1])
    tab, path = open_tabs.tab(actor), "/contacts"
    await tab.send(f"{BOOK}.enter", path=path)
    told = []
    for typed in ({"group_chosen": str(vip)}, {"group_name": "Amis"}):
        await tab.send(f"{BOOK}.tick_page", {"on": True}, path=path)
        service.delete_contacts(rt.db, actor, ids[2:])  # another tab
        await tab.send(f"{BOOK}.put_in_group", {"typed": typed}, path=path)
        told.append((await tab.state(SessionState)).notice.sentence.params)
    assert told == [{"count": 1, "name": "VIP"}, {"count": 2, "name": "Amis"}]
    assert not tab.failures


async def test_s70_a_second_list_waits_for_the_first_and_is_not_made_in_vain(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsapp.contacts.state.MOST_SELECTED", 5)
    actor = person("camille")
    people(rt, actor, 12)
    tab, path = open_tabs.tab(actor), "/contacts"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.tick_all", path=path)
    (await tab.state(ContactsState)).filling = "Les premiers"
    await tab.send(f"{BOOK}.put_in_group", {"typed": {"group_name": "Les suivants"}}, path=path)
    assert (await tab.state(ContactsState)).group_error.key == "contacts.still_filling"
    await tab.send(f"{BOOK}.write_selected", path=path)
    assert groups(rt.db, actor) == []
    assert not tab.failures


async def test_s70_a_selection_leaves_the_group_that_is_shown_and_stays_selected(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    ids = people(rt, actor, 3)
    vip = create_group(rt.db, actor, "VIP", ids)
    tab, path = open_tabs.tab(actor), f"/contacts?group={vip}"
    await tab.send(f"{BOOK}.enter", path=path)
    for gone in ids[:2]:
        await tab.send(f"{BOOK}.tick", {"contact_id": gone, "on": True}, path=path)
    await tab.send(f"{BOOK}.take_out_of_group", path=path)
    state = await tab.state(ContactsState)
    assert ([row.id for row in state.rows], state.selected, state.contacts_count) == (ids[2:], 2, 3)
    assert (await tab.state(SessionState)).notice.sentence.params == {"count": 2, "name": "VIP"}
    await tab.send(f"{BOOK}.put_in_group", {"typed": {"group_chosen": str(vip)}}, path=path)
    assert groups(rt.db, actor)[0].members == 3
    assert not tab.failures


async def test_a_field_gets_another_name_and_keeps_its_values(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    [made] = people(rt, actor, 1)
    tab, path = open_tabs.tab(actor), f"/contacts?open={made}"
    await tab.send(f"{BOOK}.enter", path=path)
    for name in ("Ville", "Taille"):
        await tab.send(f"{BOOK}.make_own_field", {"typed": {"field_name": name}}, path=path)
    await tab.send(f"{BOOK}.save", {"typed": {"number": "0612345700", "extra-ville": "Aix"}}, path=path)
    await tab.send(f"{BOOK}.manage_fields", path=path)
    await tab.send(f"{BOOK}.rename_own_field", {"key": "ville"}, path=path)
    await tab.send(f"{BOOK}.make_own_field", {"typed": {"field_name": "taille"}}, path=path)
    state = await tab.state(ContactsState)
    assert (state.field_error.key, state.renaming.name) == ("contacts.custom_name_taken", "Ville")
    await tab.send(f"{BOOK}.make_own_field", {"typed": {"field_name": "Commune"}}, path=path)
    state = await tab.state(ContactsState)
    assert {(one.key, one.name, one.value) for one in state.form_extra} == {
        ("ville", "Commune", "Aix"),
        ("taille", "Taille", ""),
    }
    assert state.renaming.key == ""
    assert not tab.failures


async def test_m5_groups_are_looked_for_by_name_and_those_ticked_stay(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    made = [create_group(rt.db, actor, f"Groupe {i:02}") for i in range(60)]
    tab, path = open_tabs.tab(actor), "/contacts"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.open_new", path=path)
    state = await tab.state(ContactsState)
    assert (len(state.form_groups), state.form_groups_left) == (50, 10)
    await tab.send(f"{BOOK}.tick_group", {"value": str(made[3]), "on": True}, path=path)
    await tab.send(f"{BOOK}.find_groups", {"text": "groupe 5"}, path=path)
    state = await tab.state(ContactsState)
    assert [g.value for g in state.form_groups] == [str(made[i]) for i in (3, *range(50, 60))]
    ticked = {f"group-{made[i]}": "on" for i in (3, 59)}
    await tab.send(f"{BOOK}.save", {"typed": {"number": "0612345678", **ticked}}, path=path)
    assert [g.id for g in groups(rt.db, actor) if g.members] == [made[3], made[59]]
    path = f"/contacts?open={(await tab.state(ContactsState)).rows[0].id}"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.find_groups", {"text": "groupe 4"}, path=path)
    await tab.send(f"{BOOK}.tick_group", {"value": str(made[40]), "on": True}, path=path)
    await tab.send(f"{BOOK}.find_groups", {"text": "zone"}, path=path)
    ticked = {f"group-{made[i]}": "on" for i in (59, 40)}  # and no longer in 3
    await tab.send(f"{BOOK}.save", {"typed": {"number": "0612345678", **ticked}}, path=path)
    assert [tag.name for tag in (await tab.state(ContactsState)).form.tags] == ["Groupe 40", "Groupe 59"]
    assert not tab.failures


async def test_s68_a_form_without_fields_of_ones_own_is_saved(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """The browser tells of the list of own fields, which is empty, as of a field that is nothing."""
    actor = person("camille")
    tab, path = open_tabs.tab(actor), "/contacts"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.open_new", path=path)
    typed = {"__reflex_form_data__": [["number", "0612345678"], ["nom", "Rey"], ["new_extra_key", None]]}
    await tab.send(f"{BOOK}.save", {"typed": typed}, path=path)
    assert [row.name for row in (await tab.state(ContactsState)).rows] == ["Rey"]
    assert not tab.failures
