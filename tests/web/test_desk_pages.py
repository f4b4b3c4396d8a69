"""Groups, duplicates, blacklist and passports through their handlers and routes: scoped, and clear about what is wrong."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
from sqlmodel import col, delete

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState
from smsapp.contacts import blacklist_routes
from smsapp.contacts.blacklist import blacklist, suppressed
from smsapp.contacts.blacklist_list import entries
from smsapp.contacts.blacklist_state import BlacklistState
from smsapp.contacts.duplicates_state import DuplicatesState
from smsapp.contacts.group_list_state import GroupsState
from smsapp.contacts.groups import create_group, delete_group
from smsapp.contacts.service import Sheet, count, create_contact
from smsapp.contacts.smart_groups import Filter, create_smart_group, every_group
from smsapp.contacts.tables import Group
from smsapp.imports.choices import Choices
from smsapp.imports.routes import uploads
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import run_import
from smsapp.reports import passport_routes
from smsapp.reports.passport import is_genuine
from smsapp.reports.passport_state import PassportState
from smsapp.web.http import routes
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers

OURS = "http://localhost:3000"
FIRST = 33612345670
BLACKLIST, DUPLICATES, GROUPS, PASSPORT = (
    state.get_full_name() for state in (BlacklistState, DuplicatesState, GroupsState, PassportState)
)


@pytest.fixture
async def browser(rt: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(routes([*blacklist_routes.ROUTES, *passport_routes.ROUTES]))
    async with httpx.AsyncClient(transport=transport, base_url=OURS) as made:
        yield made


def sign_in(browser: httpx.AsyncClient, rt: Runtime, actor: Actor) -> None:
    browser.cookies.set(rt.people.cookie, sessions.open_session(rt.db, actor.user_id, timedelta(hours=1)))


async def test_s74_m27_numbers_are_added_and_lifted_only_with_a_reason(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    tab = open_tabs.tab(actor)
    await tab.send(f"{BLACKLIST}.enter", path="/blacklist")
    await tab.send(f"{BLACKLIST}.add", {"typed": {"numbers": "0612345670, abc", "reason": "au comptoir"}})
    state = await tab.state(BlacklistState)
    assert (state.typed, state.add_error.key, state.adding) == ("abc", "blacklist.unreadable", True)
    assert [(row.number, row.reason) for row in state.rows] == [("+33 6 12 34 56 70", "au comptoir")]
    await tab.send(f"{BLACKLIST}.tick", {"entry": state.rows[0].id, "on": True})
    await tab.send(f"{BLACKLIST}.open_lifting")
    await tab.send(f"{BLACKLIST}.lift", {"typed": {"lift_reason": "  "}})
    state = await tab.state(BlacklistState)
    assert (state.lift_error.key, state.lifting) == ("blacklist.reason_missing", True)
    assert suppressed(rt.db, actor) == {FIRST}
    await tab.send(f"{BLACKLIST}.lift", {"typed": {"lift_reason": "accord écrit"}})
    assert suppressed(rt.db, actor) == set()
    assert not tab.failures


async def test_m27_the_last_page_lifted_shows_the_list_and_not_an_empty_one(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    blacklist(rt.db, actor, range(33612345600, 33612345655))
    tab, path = open_tabs.tab(actor), "/blacklist"
    await tab.send(f"{BLACKLIST}.enter", path=path)
    path = (await tab.state(BlacklistState)).next_url
    await tab.send(f"{BLACKLIST}.enter", path=path)
    for row in (await tab.state(BlacklistState)).rows:
        await tab.send(f"{BLACKLIST}.tick", {"entry": row.id, "on": True}, path=path)
    await tab.send(f"{BLACKLIST}.lift", {"typed": {"lift_reason": "par écrit"}}, path=path)
    state = await tab.state(BlacklistState)
    assert (state.total, len(state.rows)) == (50, 50)
    assert not tab.failures


async def test_what_is_selected_and_not_shown_is_said(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """A number is lifted, a group is merged, only by somebody who knows that it is among the selected."""
    actor = person("camille")
    blacklist(rt.db, actor, [FIRST, FIRST + 1])
    made = [create_group(rt.db, actor, name) for name in ("Aix", "Lyon", "Paris")]
    tab = open_tabs.tab(actor)
    await tab.send(f"{BLACKLIST}.enter", path="/blacklist")
    for row in (await tab.state(BlacklistState)).rows:
        await tab.send(f"{BLACKLIST}.tick", {"entry": row.id, "on": True}, path="/blacklist")
    assert (await tab.state(BlacklistState)).elsewhere == 0
    await tab.send(f"{BLACKLIST}.enter", path=f"/blacklist?q={FIRST}")
    state = await tab.state(BlacklistState)
    assert (state.selected, state.elsewhere) == (2, 1)
    await tab.send(f"{GROUPS}.enter", path="/groups")
    for group in made:
        await tab.send(f"{GROUPS}.tick", {"group_id": group, "on": True}, path="/groups")
    delete_group(rt.db, actor, made[2])  # another tab
    await tab.send(f"{GROUPS}.find", {"text": "aix"}, path="/groups")
    state = await tab.state(GroupsState)
    assert (state.selected, state.elsewhere) == (2, 1)
    assert not tab.failures


async def test_s75_a_merge_is_undone_from_its_notice(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    ids = [create_contact(rt.db, actor, Sheet(f"+{FIRST}", nom=nom)) for nom in ("Moreau", "MOREAU")]
    tab = open_tabs.tab(actor)
    await tab.send(f"{DUPLICATES}.enter", path="/duplicates")
    [card] = (await tab.state(DuplicatesState)).cards
    assert [cell.value for cell in card.fields[0].cells] == ["Moreau", "MOREAU"]
    await tab.send(f"{DUPLICATES}.merge", {"typed": {"of": str(ids[0]), "pick-nom": str(ids[1]), "pick-x": "y"}})
    state = await tab.state(DuplicatesState)
    assert (state.cards, state.done.sentence.key, count(rt.db, actor)) == ([], "duplicates.merged", 1)
    await tab.send(f"{DUPLICATES}.undo", {"number": 1})
    assert count(rt.db, actor) == 2
    await tab.send(f"{DUPLICATES}.choose_rule", {"rule": "oldest"})
    await tab.send(f"{DUPLICATES}.merge_all")
    assert count(rt.db, actor) == 1
    await tab.send(f"{DUPLICATES}.merge", {"typed": {"of": "zz"}})
    assert not tab.failures


async def test_s75_nobody_is_merged_unseen_and_each_notice_undoes_its_own(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """A contact that comes between the look and the click has not been looked at."""
    actor = person("camille")
    ids = [create_contact(rt.db, actor, Sheet(f"+{FIRST}", nom=nom)) for nom in ("Moreau", "Moreau-Rey")]
    tab = open_tabs.tab(actor)
    await tab.send(f"{DUPLICATES}.enter", path="/duplicates")
    ids.append(create_contact(rt.db, actor, Sheet(f"+{FIRST}", nom="Petit")))
    await tab.send(f"{DUPLICATES}.merge", {"typed": {"of": str(ids[0]), "seen": "2"}})
    assert (await tab.state(SessionState)).notice.sentence.key == "duplicates.contacts_changed"
    assert count(rt.db, actor) == (await tab.state(DuplicatesState)).cards[0].total == 3
    await tab.send(f"{DUPLICATES}.delete", {"contact_id": ids[2]})
    await tab.send(f"{DUPLICATES}.merge", {"typed": {"of": str(ids[0]), "seen": "2"}})
    assert count(rt.db, actor) == 1
    await tab.send(f"{DUPLICATES}.undo", {"number": 1})
    assert count(rt.db, actor) == 2  # the one that was deleted; the merge stands
    await tab.send(f"{DUPLICATES}.undo", {"number": 2})
    assert count(rt.db, actor) == 3
    assert not tab.failures


async def test_a_smart_group_is_counted_while_it_is_made(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    create_contact(rt.db, actor, Sheet(f"+{FIRST}", nom="Moreau"))
    tab = open_tabs.tab(actor)
    await tab.send(f"{GROUPS}.enter", path="/groups")
    await tab.send(f"{GROUPS}.open", {"dialog": "smart"})
    await tab.send(f"{GROUPS}.save", {"typed": {"name": "Les Moreau"}})
    state = await tab.state(GroupsState)
    assert (state.error.key, state.dialog, state.name) == ("groups.filter_missing", "smart", "Les Moreau")
    await tab.send(f"{GROUPS}.set_filter", {"part": "text", "value": "moreau"})
    assert (await tab.state(GroupsState)).found == 1
    await tab.send(f"{GROUPS}.save", {"typed": {"name": "Les Moreau"}})
    [smart] = (await tab.state(GroupsState)).rows
    assert (smart.name, smart.members, smart.smart, smart.url) == ("Les Moreau", 1, True, "/contacts?q=moreau")
    await tab.send(f"{GROUPS}.open", {"dialog": "list"})
    await tab.send(f"{GROUPS}.save", {"typed": {"name": "Liste"}})
    for row in (await tab.state(GroupsState)).rows:
        await tab.send(f"{GROUPS}.tick", {"group_id": row.id, "on": True})
    await tab.send(f"{GROUPS}.open", {"dialog": "merge"})
    await tab.send(f"{GROUPS}.save", {"typed": {"name": "Tous"}})
    assert [(g.name, g.members) for g in every_group(rt.db, actor)] == [("Tous", 1)]
    assert not tab.failures


async def test_groups_that_are_not_shown_are_counted_and_one_whose_list_is_gone_says_so(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    create_contact(rt.db, actor, Sheet(f"+{FIRST}", nom="Moreau"))
    made = [create_group(rt.db, actor, f"Groupe {i:02}") for i in range(60)]
    smart = create_smart_group(rt.db, actor, "À part", Filter("moreau", made[0]))
    with rt.db.write() as session:  # as when the import that made it is undone
        session.execute(delete(Group).where(col(Group.id) == made[0]))
    tab = open_tabs.tab(actor)
    await tab.send(f"{GROUPS}.enter", path="/groups")
    state = await tab.state(GroupsState)
    assert (state.total, len(state.rows), state.hidden) == (60, 50, 10)
    await tab.send(f"{GROUPS}.find", {"text": " À PART"})
    state = await tab.state(GroupsState)
    [row] = state.rows
    assert (state.hidden, row.orphan, row.url, row.members) == (0, True, "", 0)
    await tab.send(f"{GROUPS}.edit", {"group_id": smart})
    state = await tab.state(GroupsState)
    assert (state.dialog, state.base, state.text, state.found) == ("smart", "", "moreau", 1)
    await tab.send(f"{GROUPS}.save", {"typed": {"name": "À part"}})
    assert [(g.filter, g.members) for g in every_group(rt.db, actor, "part")] == [(Filter("moreau"), 1)]
    assert not tab.failures


async def test_s75_the_menu_says_how_many_numbers_stand_twice_and_nobody_waits_for_it(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor, other = person("camille"), person("voisin")
    for who, copies in ((actor, 2), (other, 3)):
        for _ in range(copies):
            create_contact(rt.db, who, Sheet(f"+{FIRST}", nom="Moreau"))
    create_contact(rt.db, other, Sheet(f"+{FIRST + 1}"))
    create_contact(rt.db, other, Sheet(f"+{FIRST + 1}"))
    session, tab = SessionState.get_full_name(), open_tabs.tab(actor)
    await tab.send(f"{session}.count_repeated")
    assert (await tab.state(SessionState)).repeated == 1
    await tab.send(f"{DUPLICATES}.merge_all")
    assert (await tab.state(SessionState)).repeated == 0
    create_contact(rt.db, actor, Sheet(f"+{FIRST}"))
    await tab.send(f"{session}.count_repeated")
    assert (await tab.state(SessionState)).repeated == 1
    assert rt.repeated(other) == 2
    assert not tab.failures


async def test_s74_the_blacklist_leaves_as_a_file_without_formulas(
    browser: httpx.AsyncClient, rt: Runtime, person: Callable[[str], Actor]
) -> None:
    actor, other = person("camille"), person("voisin")
    blacklist(rt.db, actor, [FIRST], reason="=HYPERLINK(1)")
    blacklist(rt.db, other, [FIRST + 1], reason="secret")
    for kind in ("csv", "xlsx"):
        assert (await browser.get(f"/blacklist/export.{kind}")).status_code == 401
    sign_in(browser, rt, actor)
    lines = (await browser.get("/blacklist/export.csv", headers={"accept-language": "en"})).text.splitlines()
    assert lines[0].removeprefix("\ufeff") == "Mobile;Name;Reason;Origin;Since;By"
    assert lines[1].startswith("33 6 12 34 56 70;;'=HYPERLINK(1);By hand;")
    assert len(lines) == 2
    assert (await browser.get("/blacklist/export.xlsx")).content[:2] == b"PK"
    assert len((await browser.get("/blacklist/export.csv?origin=stop")).text.splitlines()) == 1
    incoming = uploads().receive(actor, "refus.csv")
    incoming.write(f"Portable;Motif\n+{FIRST + 2};plainte\n+{FIRST + 3};\n".encode())
    choices = Choices(Reading(), {0: "portable", 1: "motif"}, blacklist=True)
    run_import(rt.db, uploads(), actor, incoming.done().id, choices)
    lines = (await browser.get("/blacklist/export.csv?origin=import")).text.splitlines()
    assert sorted(line.split(";")[2] for line in lines[1:]) == ["plainte", "refus.csv"]


async def test_the_signed_passport_is_its_accounts_only(
    browser: httpx.AsyncClient, rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor, other = person("camille"), person("voisin")
    blacklist(rt.db, actor, [FIRST], reason="au comptoir")
    entry = entries(rt.db, actor).rows[0].id
    assert (await browser.get(f"/passport/{entry}/proof.json")).status_code == 401
    sign_in(browser, rt, other)
    assert (await browser.get(f"/passport/{entry}/proof.json")).status_code == 404
    assert (await browser.get("/passport/9223372036854775808/proof.json")).status_code == 404
    sign_in(browser, rt, actor)
    document = (await browser.get(f"/passport/{entry}/proof.json")).json()
    assert document["steps"][0]["detail"] == "au comptoir"
    assert is_genuine(document, rt.settings.signing_key)
    for who, missing in ((other, True), (actor, False)):
        tab = open_tabs.tab(who)
        await tab.send(f"{PASSPORT}.enter", path=f"/passport/{entry}")
        state = await tab.state(PassportState)
        assert (state.missing, state.number == "") == (missing, missing)
        assert not tab.failures
