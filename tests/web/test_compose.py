"""The composer as a browser drives it: nothing typed is lost, the price is the server's, one launch for two clicks."""

from collections.abc import Callable
from typing import Any

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.state import ComposeState
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.contacts.groups import create_group
from smsapp.contacts.service import Sheet, create_contact, delete_contacts
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers, Tab, redirects

STATE = ComposeState.get_full_name()


class Composer:
    """A tab on /compose."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.address = "/compose"

    async def does(self, name: str, **payload: Any) -> list[str]:
        """Send an event and follow the address that it changes; the addresses it sends to."""
        asked = redirects(await self.tab.send(f"{STATE}.{name}", payload, path=self.address))
        for address in asked:
            if address.startswith("/compose?"):
                self.address = address
                await self.tab.send(f"{STATE}.enter", {}, path=self.address)
        return asked

    async def opened(self, query: str = "") -> None:
        self.address = f"/compose{query}"
        await self.does("enter")

    async def writes(self, text: str) -> list[str]:
        return await self.does("typed", text=text, version=(await self.state).version)

    @property
    async def state(self) -> Any:
        return await self.tab.state(ComposeState)


@pytest.fixture
def composer(open_tabs: Browsers, person: Callable[[str], Actor]) -> Callable[..., Composer]:
    known: dict[str, Actor] = {}

    def make(name: str = "lavande") -> Composer:
        if name not in known:
            known[name] = person(name)
        return Composer(open_tabs.tab(known[name]))

    return make


def campaigns(rt: Runtime) -> list[Campaign]:
    from sqlmodel import select

    with rt.db.read() as session:
        return list(session.execute(select(Campaign).order_by(Campaign.id)).scalars())  # type: ignore[arg-type]


async def test_the_first_change_begins_a_draft_and_gives_it_an_address(
    rt: Runtime, composer: Callable[..., Composer]
) -> None:
    page = composer()
    await page.opened()
    assert campaigns(rt) == []
    assert await page.writes("Bonjour") == ["/compose?draft=1"]
    assert await page.writes("Bonjour à tous") == []
    assert [one.text for one in campaigns(rt)] == ["Bonjour à tous"]


async def test_the_draft_opens_in_another_tab_with_the_same_version_after_a_restart(
    composer: Callable[..., Composer],
) -> None:
    page = composer()
    await page.opened()
    await page.writes("Bonjour")
    other = composer()
    await other.opened("?draft=1")
    assert (await other.state).text == "Bonjour"
    assert (await other.state).version == (await page.state).version


async def test_what_was_typed_for_another_text_is_dropped(rt: Runtime, composer: Callable[..., Composer]) -> None:
    page = composer()
    await page.opened()
    await page.writes("C’est l’été, la fête continue chez nous, venez nombreux, la boutique vous attend")
    await page.does("add", raw="0612345678", turn=1)
    before = (await page.state).version
    await page.does("optimise")
    state = await page.state
    assert state.text.startswith("C'est l'ete") is False  # é is in the alphabet
    assert state.text.startswith("C'est l'été, la fete")
    assert state.version != before
    await page.does("typed", text="en retard", version=before)
    assert (await page.state).text.startswith("C'est l'été")
    await page.does("undo")
    assert campaigns(rt)[0].text.startswith("C’est l’été, la fête")


async def test_the_price_on_the_page_is_the_servers(composer: Callable[..., Composer]) -> None:
    page = composer()
    await page.opened()
    await page.writes("Bonjour $prenom")
    await page.does("add", raw="0612345678, 00447700040123, 06 12 34 56 78, Paul", turn=1)
    figures = (await page.state).figures
    assert (figures.recipients, figures.duplicates, figures.invalid, figures.units) == (2, 1, 1, 21_000)
    assert [warning.key for warning in figures.warnings] == ["campaigns.check.empty"]
    assert (await page.state).person.words == {"nom": "", "prenom": "", "email": "", "societe": ""}


async def test_what_was_added_is_said_back_and_taken_once(rt: Runtime, composer: Callable[..., Composer]) -> None:
    page = composer()
    await page.opened()
    await page.does("add", raw="0612345678", turn=7)
    await page.does("add", raw="0612345678", turn=7)
    assert (await page.state).heard == 7
    assert campaigns(rt)[0].typed == "0612345678"


async def test_a_server_that_has_just_come_back_begins_no_second_draft(
    rt: Runtime, composer: Callable[..., Composer]
) -> None:
    said = {
        "add": {"raw": "0612345678", "turn": 1},
        "set_purpose": {"purpose": "transactional"},
        "typed": {"text": "Bonjour", "version": 12},
    }
    for what, payload in said.items():
        page = composer()  # the first thing that this server hears of the tab
        await page.does(what, **payload)
        assert (campaigns(rt), (await page.state).heard) == ([], 0)


async def test_s31_a_group_in_the_address_begins_a_draft(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("lavande")
    group = create_group(rt.db, actor, "Fidèles", [create_contact(rt.db, actor, Sheet("0612345678"))])
    page = Composer(open_tabs.tab(actor))
    await page.opened(f"?group={group}")
    assert (await page.state).figures.recipients == 1
    stranger = Composer(open_tabs.tab(person("menthe")))
    await stranger.opened(f"?group={group}")
    assert (await stranger.state).campaign_id == 0
    assert len(campaigns(rt)) == 1


async def test_what_blocks_is_said_and_nothing_opens(composer: Callable[..., Composer]) -> None:
    page = composer()
    await page.opened()
    await page.does("review")
    assert [said.key for said in (await page.state).figures.problems] == [
        "campaigns.no_recipient",
        "campaigns.text_missing",
    ]
    await page.writes("x" * 100_000)
    await page.does("review")
    state = await page.state
    assert "campaigns.text_too_long" in [said.key for said in state.figures.problems]
    assert len(state.text) == 100_000
    assert not state.reviewing


async def test_two_clicks_on_send_launch_once(rt: Runtime, composer: Callable[..., Composer]) -> None:
    page, twin = composer(), composer()
    await page.opened()
    await page.writes("Bonjour")
    await page.does("add", raw="0612345678", turn=1)
    await twin.opened("?draft=1")
    for one in (page, twin):
        await one.does("review")
        assert (await one.state).reviewing
        assert not (await one.state).consent
        await one.does("set_consent", given=True)
    assert await page.does("send") == ["/sent/1"]
    assert await twin.does("send") == ["/sent/1"]
    assert [one.state for one in campaigns(rt)] == [CampaignState.MATERIALISING]


async def test_new_figures_have_to_be_agreed_to_again(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("lavande")
    gone = create_contact(rt.db, actor, Sheet("0612345679"))
    group = create_group(rt.db, actor, "Fidèles", [gone, create_contact(rt.db, actor, Sheet("0612345678"))])
    page = Composer(open_tabs.tab(actor))
    await page.opened(f"?group={group}")
    await page.writes("Bonjour")
    await page.does("review")
    await page.does("set_consent", given=True)
    delete_contacts(rt.db, actor, [gone])
    assert await page.does("send") == []
    state = await page.state
    assert (state.reviewing, state.changed, state.consent) == (True, True, False)
    assert (state.figures.recipients, state.figures.units) == (1, 10_000)
    assert campaigns(rt)[0].state == CampaignState.DRAFT
    await page.does("set_consent", given=True)
    assert await page.does("send") == ["/sent/1"]
