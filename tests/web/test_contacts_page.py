"""The address book page and its files: filters of the address, selection over pages, export, own fields; two tenants."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import fastexcel
import httpx
import pytest

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState
from smsapp.contacts.export import keep_selection
from smsapp.contacts.fields import create_field
from smsapp.contacts.groups import create_group, groups
from smsapp.contacts.routes import ROUTES
from smsapp.contacts.service import Sheet, create_contact
from smsapp.contacts.smart_groups import Filter, every_group
from smsapp.contacts.state import ContactsState
from smsapp.web.http import routes
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers, redirects
from tests.web.tenants import MARK, fill

BOOK = ContactsState.get_full_name()
OURS = "http://localhost:3000"


def people(rt: Runtime, actor: Actor, how_many: int) -> list[int]:
    return [
        create_contact(rt.db, actor, Sheet(f"06123457{i:02}", nom=f"Aubry{i:02}", prenom="Zoé" if i % 2 else "Paul"))
        for i in range(how_many)
    ]


@pytest.fixture
async def client(rt: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(routes([*ROUTES]))
    async with httpx.AsyncClient(transport=transport, base_url=OURS) as made:
        yield made


def sign_in(client: httpx.AsyncClient, rt: Runtime, actor: Actor) -> None:
    client.cookies.set(rt.people.cookie, sessions.open_session(rt.db, actor.user_id, timedelta(hours=1)))


async def test_s62_filters_selection_over_pages_delete_and_undo(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    people(rt, actor, 70)
    tab = open_tabs.tab(actor)
    await tab.send(f"{BOOK}.enter", path="/contacts?q=zo%C3%A9")
    state = await tab.state(ContactsState)
    assert (len(state.rows), state.contacts_count, state.countries) == (35, 70, ["FR"])
    await tab.send(f"{BOOK}.enter", path="/contacts")
    await tab.send(f"{BOOK}.tick_page", {"on": True}, path="/contacts")
    await tab.send(f"{BOOK}.tick_all", path="/contacts")
    state = await tab.state(ContactsState)
    assert (state.selected, state.elsewhere) == (70, 20)
    await tab.send(f"{BOOK}.delete_selected", path="/contacts")
    state = await tab.state(ContactsState)
    assert (state.rows, state.contacts_count, state.deleted.sentence.key) == ([], 0, "contacts.deleted")
    await tab.send(f"{BOOK}.enter", path="/contacts?state=deleted")
    await tab.send(
        f"{BOOK}.tick",
        {"contact_id": (await tab.state(ContactsState)).rows[0].id, "on": True},
        path="/contacts?state=deleted",
    )
    await tab.send(f"{BOOK}.restore_selected", path="/contacts?state=deleted")
    assert (await tab.state(ContactsState)).contacts_count == 1
    await tab.send(f"{BOOK}.undo", {"number": 1}, path="/contacts")
    assert (await tab.state(ContactsState)).contacts_count >= 1
    assert not tab.failures


async def test_an_address_that_makes_no_sense_shows_the_book(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    people(rt, actor, 2)
    tab = open_tabs.tab(actor)
    for asked in ("?state=x&status=y&country=%3Cb%3E&sort=z", "?group=999999", "?open=999999", "?after=abc&before=-1"):
        await tab.send(f"{BOOK}.enter", path=f"/contacts{asked}")
        assert len((await tab.state(ContactsState)).rows) == 2, asked
    await tab.send(f"{BOOK}.enter", path="/contacts?status=received")
    assert (await tab.state(ContactsState)).rows == []
    assert not tab.failures


async def test_own_fields_and_consent_through_the_form(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """M28: and what is wrong with a day is said, with what was typed kept."""
    actor = person("camille")
    [made] = people(rt, actor, 1)
    tab = open_tabs.tab(actor)
    path = f"/contacts?open={made}"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.make_own_field", {"typed": {"field_name": "Ville"}}, path=path)
    await tab.send(f"{BOOK}.make_own_field", {"typed": {"field_name": "VILLE"}}, path=path)
    state = await tab.state(ContactsState)
    assert state.field_error.key == "contacts.custom_name_taken"
    typed = {"number": "0612345700", "nom": "Rey", "extra-ville": "Aix", "consent_day": "2999-01-01"}
    await tab.send(f"{BOOK}.save", {"typed": typed}, path=path)
    assert (await tab.state(ContactsState)).form_error.key == "contacts.consent_day_invalid"
    await tab.send(
        f"{BOOK}.save", {"typed": {**typed, "consent_day": "2025-02-03", "consent_source": "Salon"}}, path=path
    )
    state = await tab.state(ContactsState)
    assert [(one.name, one.value) for one in state.form_extra] == [("Ville", "Aix")]
    assert (state.form.consent_day, state.form.consent_source) == ("2025-02-03", "Salon")
    assert state.form.consent_at == "2025-02-03T12:00:00"  # in Cayenne too: a day at no hour is midnight in Greenwich
    await tab.send(f"{BOOK}.drop_own_field", {"key": "ville"}, path=path)
    assert (await tab.state(ContactsState)).form_extra == []
    assert not tab.failures


async def test_s71_saving_a_record_leaves_no_group_however_many_there_are(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """The form offers a part of many groups: those of the contact are always among them."""
    actor = person("camille")
    [made] = people(rt, actor, 1)
    for i in range(60):
        create_group(rt.db, actor, f"Groupe {i:02}", [])
    last = create_group(rt.db, actor, "Zone Z", [made])
    tab = open_tabs.tab(actor)
    path = f"/contacts?open={made}"
    await tab.send(f"{BOOK}.enter", path=path)
    offered = {line.value: line.ticked for line in (await tab.state(ContactsState)).form_groups}
    assert offered[str(last)]
    ticked = {f"group-{value}": "on" for value, on in offered.items() if on}
    await tab.send(f"{BOOK}.save", {"typed": {"number": "0612345700", "nom": "Rey", **ticked}}, path=path)
    assert [g.members for g in groups(rt.db, actor, "zone")] == [1]
    assert not tab.failures


async def test_s74_the_record_that_is_open_goes_to_the_blacklist(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    made, _ = people(rt, actor, 2)
    tab = open_tabs.tab(actor)
    path = f"/contacts?open={made}"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.blacklist_open", path=path)
    state = await tab.state(ContactsState)
    assert (state.form.state, state.blacklist_count) == ("blacklisted", 1)
    assert [row.state for row in state.rows] == ["blacklisted", "active"]
    await tab.send(f"{BOOK}.tick_page", {"on": True}, path=path)
    for key, told in (("contacts.blacklisted", 1), ("blacklist.known", 2)):
        await tab.send(f"{BOOK}.blacklist_selected", path=path)
        said = (await tab.state(SessionState)).notice.sentence
        assert (said.key, said.params) == (key, {"count": told})
        await tab.send(f"{BOOK}.tick_page", {"on": True}, path=path)
    assert not tab.failures


async def test_an_export_holds_what_was_asked_for_and_no_formula(
    client: httpx.AsyncClient, rt: Runtime, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    ids = people(rt, actor, 5)
    create_field(rt.db, actor, "Ville")
    bad = create_contact(
        rt.db,
        actor,
        Sheet("+44 7700 040123", nom="=1+1", societe="@x", extra={"ville": "-Aix"}, consent_day="2025-02-03"),
    )
    create_group(rt.db, actor, "VIP", [bad])
    sign_in(client, rt, actor)
    answer = await client.get("/contacts/export.csv", headers={"accept-language": "fr"})
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"].startswith('attachment; filename="contacts-')
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(rows) == 6
    [row] = [row for row in rows if row["Pays"] == "GB"]
    assert (row["Nom"], row["Société"], row["Ville"]) == ("'=1+1", "'@x", "'-Aix")
    assert (row["Portable"], row["Groupes"], row["Date de l’accord"]) == ("44 7700 040123", "VIP", "03/02/2025")
    answer = await client.get("/contacts/export.xlsx?q=aubry03")
    sheet = fastexcel.read_excel(answer.content).load_sheet(0, dtypes="string").to_polars()
    assert sheet.height == 1
    key = keep_selection(rt.db, actor, ids[:2])
    answer = await client.get(f"/contacts/export.csv?selection={key}")
    assert answer.text.count("Aubry") == 2


async def test_S70_a_selection_too_large_to_be_held_is_whoever_answers(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsapp.contacts.state.MOST_SELECTED", 20)
    monkeypatch.setattr("smsapp.contacts.group_filling.SLICE", 7)
    actor = person("camille")
    people(rt, actor, 60)
    tab, path = open_tabs.tab(actor), "/contacts?q=zo%C3%A9"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.tick_all", path=path)
    state = await tab.state(ContactsState)
    assert (state.everyone, state.selected, state.page_ticked, state.compose_url) == (True, 30, True, "")
    assert all(row.ticked for row in state.rows)
    await tab.send(f"{BOOK}.delete_selected", path=path)  # not offered, and does nothing
    assert (await tab.state(ContactsState)).contacts_count == 60
    await tab.send(f"{BOOK}.put_in_group", {"typed": {"group_name": "Les Zoé"}}, path=path)
    [made] = groups(rt.db, actor)
    assert (made.name, made.members) == ("Les Zoé", 30)
    state = await tab.state(ContactsState)
    assert (state.filling, state.filled) == ("", 30)
    assert "contacts.grouped" in tab.seen
    sent = redirects(await tab.send(f"{BOOK}.write_selected", path=path))
    frozen = next(group for group in groups(rt.db, actor) if group.id != made.id)
    assert (sent, frozen.members) == ([f"/compose?group={frozen.id}"], 30)
    await tab.send(f"{BOOK}.tick", {"contact_id": state.rows[0].id, "on": False}, path=path)
    state = await tab.state(ContactsState)
    assert (state.everyone, state.selected) == (False, 0)
    await tab.send(f"{BOOK}.tick_all", path=path)
    await tab.send(f"{BOOK}.enter", path="/contacts?q=paul")
    state = await tab.state(ContactsState)
    assert (state.everyone, state.selected) == (False, 0)  # other people answer
    assert not tab.failures


async def test_a_message_to_more_people_than_an_address_carries_goes_to_a_group(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("state", "everyone_state"):
        monkeypatch.setattr(f"smsapp.contacts.{room}.MOST_WRITTEN", 10)
    actor = person("camille")
    people(rt, actor, 60)
    tab = open_tabs.tab(actor)
    await tab.send(f"{BOOK}.enter", path="/contacts")
    await tab.send(f"{BOOK}.tick_page", {"on": True}, path="/contacts")
    sent = redirects(await tab.send(f"{BOOK}.write_selected", path="/contacts"))
    [made] = groups(rt.db, actor)
    assert (sent, made.members) == ([f"/compose?group={made.id}"], 50)
    assert not tab.failures


async def test_S69_the_view_is_saved_as_a_smart_group(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    people(rt, actor, 8)
    tab, path = open_tabs.tab(actor), "/contacts?q=zo%C3%A9&country=FR&state=active"
    await tab.send(f"{BOOK}.enter", path=path)
    await tab.send(f"{BOOK}.open_saving", path=path)
    await tab.send(f"{BOOK}.save_view", {"typed": {"view_name": "  "}}, path=path)
    state = await tab.state(ContactsState)
    assert (state.saving, state.group_error.key) == (True, "contacts.group_name_missing")
    await tab.send(f"{BOOK}.save_view", {"typed": {"view_name": "Les Zoé"}}, path=path)
    [made] = every_group(rt.db, actor)
    assert (made.name, made.members, made.filter) == ("Les Zoé", 4, Filter("zoé", None, "active", "FR"))
    assert not (await tab.state(ContactsState)).saving
    await tab.send(f"{BOOK}.enter", path="/contacts?state=deleted")
    await tab.send(f"{BOOK}.save_view", {"typed": {"view_name": "Partis"}}, path="/contacts?state=deleted")
    assert (await tab.state(ContactsState)).group_error.key == "groups.filter_missing"
    assert not tab.failures


async def test_nobody_elses_contacts_leave(
    client: httpx.AsyncClient, rt: Runtime, person: Callable[[str], Actor]
) -> None:
    mine, other = person("camille"), person("voisin")
    fill(rt.db, other)
    theirs = create_contact(rt.db, other, Sheet("0612345699", nom=MARK))
    group = create_group(rt.db, other, f"{MARK} g", [theirs])
    key = keep_selection(rt.db, other, [theirs])
    for kind in ("csv", "xlsx"):
        assert (await client.get(f"/contacts/export.{kind}")).status_code == 401
    sign_in(client, rt, mine)
    for asked, status in (
        ("", 200),
        (f"?selection={key}", 404),
        ("?selection=x", 404),
        (f"?group={group}", 404),
        (f"?q={MARK}", 200),
    ):
        answer = await client.get(f"/contacts/export.csv{asked}")
        assert answer.status_code == status, asked
        assert MARK not in answer.text
    forged = keep_selection(rt.db, mine, [theirs])
    assert MARK not in (await client.get(f"/contacts/export.csv?selection={forged}")).text
