"""The date in the composer and the page of plans as a browser drives them (S34, S36, S37, S54, M22-M24)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState
from smsapp.campaigns.departure_state import DepartureState
from smsapp.campaigns.state import ComposeState
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.db import SimulatedClock
from smsapp.domain.moment import parse
from smsapp.planning.state import PlanningState
from smsapp.sending.materialise import fire_due
from smsapp.sending.policy import Policy
from smsapp.web import hub as hubs
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers, Tab, redirects

TOMORROW, AFTER = "18/06/2026 10:30", "19/06/2026 11:00"


class Person:
    """A tab that writes, plans and looks at what is planned."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.address = "/compose"

    async def does(self, state: Any, name: str, **payload: Any) -> list[str]:
        """Send an event and follow the address that it changes within the composer."""
        asked = redirects(await self.tab.send(f"{state.get_full_name()}.{name}", payload, path=self.address))
        for address in asked:
            if address.startswith("/compose?"):
                self.address = address
                await self.tab.send(f"{ComposeState.get_full_name()}.enter", {}, path=address)
        return asked

    async def writes(self, date: str = "") -> None:
        """A message to one number, for a date."""
        self.address = "/compose"
        await self.does(ComposeState, "enter")
        await self.does(ComposeState, "typed", text="Bonjour", version=(await self.compose).version)
        await self.does(ComposeState, "add", raw="0612345678", turn=1)
        if date:
            await self.does(DepartureState, "choose", when="later")
            await self.does(DepartureState, "set_date", typed=date)

    async def agrees(self) -> list[str]:
        """Review, consent, send."""
        await self.does(ComposeState, "review")
        assert (await self.compose).reviewing
        await self.does(ComposeState, "set_consent", given=True)
        return await self.does(ComposeState, "send")

    async def looks(self, query: str = "") -> Any:
        await self.tab.send(f"{PlanningState.get_full_name()}.enter", {}, path=f"/scheduled{query}")
        return await self.plans

    @property
    async def compose(self) -> Any:
        return await self.tab.state(ComposeState)

    @property
    async def plans(self) -> Any:
        return await self.tab.state(PlanningState)


@pytest.fixture
def camille(open_tabs: Browsers, person: Callable[[str], Actor]) -> Person:
    return Person(open_tabs.tab(person("camille")))


def campaigns(rt: Runtime) -> list[Campaign]:
    with rt.db.read() as session:
        return list(session.execute(select(Campaign).order_by(Campaign.id)).scalars())  # type: ignore[arg-type]


async def test_s54_a_date_makes_a_plan_of_a_draft(rt: Runtime, camille: Person) -> None:
    await camille.writes(TOMORROW)
    shown = (await camille.compose).leaves
    assert (shown.later, shown.date, shown.zone, shown.past) == (True, TOMORROW, "Europe/Paris", False)
    assert [one.sentence.key for one in shown.remarks] == ["schedule.open"]
    assert await camille.agrees() == ["/scheduled"]
    assert [(one.state, one.local_time) for one in campaigns(rt)] == [("scheduled", "2026-06-18T10:30")]
    assert (await camille.tab.state(SessionState)).planned == 1
    page = await camille.looks()
    assert [(row.title, row.hour, row.units) for row in page.rows] == [("Bonjour", "10:30", 10_000)]


async def test_m23_a_date_that_cannot_be_read_stays_on_the_page(rt: Runtime, camille: Person) -> None:
    await camille.writes("31/02/2027 10:00")
    state = await camille.compose
    assert (state.date, state.date_error.key) == ("31/02/2027 10:00", "schedule.date_unreadable")
    await camille.does(ComposeState, "typed", text="Bonsoir", version=state.version)  # priced anew: it still stands
    assert (await camille.compose).date == "31/02/2027 10:00"
    await camille.does(ComposeState, "review")
    assert not (await camille.compose).reviewing
    await camille.does(DepartureState, "set_date", typed="28/03/2027 02:30")
    state = await camille.compose
    assert state.date_error.key == ""
    assert state.leaves.remarks[0].sentence.params == {"day": "28/03/2027", "hour": "02:30", "instead": "03:30"}


async def test_a_date_is_wanted_before_the_review(camille: Person) -> None:
    await camille.writes()
    await camille.does(DepartureState, "choose", when="later")
    await camille.does(ComposeState, "review")
    state = await camille.compose
    assert (state.date_error.key, state.reviewing) == ("schedule.date_missing", False)
    await camille.does(DepartureState, "choose", when="now")
    await camille.does(ComposeState, "review")
    assert (await camille.compose).reviewing


async def test_m24_a_past_date_asks(rt: Runtime, camille: Person) -> None:
    await camille.writes("01/02/2026 10:00")
    await camille.does(ComposeState, "review")
    state = await camille.compose
    assert (state.past_asked, state.reviewing) == (True, False)
    await camille.does(DepartureState, "show_past", shown=False)
    await camille.does(ComposeState, "review")
    await camille.does(DepartureState, "accept_past")
    state = await camille.compose
    if not state.reviewing:
        await camille.does(ComposeState, "review")
    assert (await camille.compose).reviewing
    await camille.does(ComposeState, "set_consent", given=True)
    assert await camille.does(ComposeState, "send") == ["/sent/1"]
    assert campaigns(rt)[0].state == CampaignState.MATERIALISING


async def test_a_date_that_goes_by_during_the_review_asks(rt: Runtime, camille: Person, clock: SimulatedClock) -> None:
    await camille.writes("17/06/2026 12:10")
    await camille.does(ComposeState, "review")
    await camille.does(ComposeState, "set_consent", given=True)
    clock.advance(timedelta(minutes=15))
    assert await camille.does(ComposeState, "send") == []
    state = await camille.compose
    assert (state.past_asked, state.reviewing) == (True, False)
    assert campaigns(rt)[0].state == CampaignState.DRAFT


async def test_s36_a_plan_is_changed_under_its_id_and_s37_copied(rt: Runtime, camille: Person) -> None:
    await camille.writes(TOMORROW)
    await camille.agrees()
    await camille.looks()
    assert await camille.does(PlanningState, "edit", campaign_id=1) == ["/compose?draft=2"]
    state = await camille.compose
    assert (state.leaves.edits, state.date, state.text) == (True, TOMORROW, "Bonjour")
    await camille.does(DepartureState, "set_date", typed=AFTER)
    await camille.does(DepartureState, "set_spread", minutes="30")
    assert await camille.agrees() == ["/scheduled"]
    kept = campaigns(rt)
    assert [(one.id, one.local_time, one.spread_minutes) for one in kept] == [(1, "2026-06-19T11:00", 30)]
    await camille.looks()
    before = kept[0].model_dump()
    copied = await camille.does(PlanningState, "copy_plan", campaign_id=1)
    assert copied[0].startswith("/compose?draft=")
    assert not (await camille.compose).leaves.edits
    await camille.agrees()
    first, second = campaigns(rt)
    assert first.model_dump() == before
    assert (second.state, second.local_time) == ("scheduled", "2026-06-19T11:00")


async def test_a_change_of_a_plan_that_is_gone_becomes_a_draft_of_its_own(rt: Runtime, camille: Person) -> None:
    await camille.writes(TOMORROW)
    await camille.agrees()
    await camille.looks()
    await camille.does(PlanningState, "edit", campaign_id=1)
    await camille.does(ComposeState, "typed", text="Bonsoir", version=(await camille.compose).version)
    other = Person(camille.tab)
    await other.does(PlanningState, "ask", campaign_id=1, question="delete")
    await other.does(PlanningState, "delete")
    assert await camille.agrees() == []
    state = await camille.compose
    assert (state.text, state.leaves.edits) == ("Bonsoir", False)
    assert await camille.agrees() == ["/scheduled"]


async def test_s34_deletion_asks_first(rt: Runtime, camille: Person) -> None:
    await camille.writes(TOMORROW)
    await camille.agrees()
    await camille.looks()
    await camille.does(PlanningState, "ask", campaign_id=1, question="delete")
    page = await camille.plans
    assert (page.question, page.asked.title, page.asked.date) == ("delete", "Bonjour", TOMORROW)
    await camille.does(PlanningState, "show", on=False)
    assert (await camille.plans).question == ""
    await camille.does(PlanningState, "ask", campaign_id=1, question="delete")
    await camille.does(PlanningState, "delete")
    page = await camille.plans
    assert (page.rows, page.question) == ([], "")
    assert "planning.deleted" in camille.tab.seen
    assert campaigns(rt)[0].state == CampaignState.CANCELLED


async def test_m10_a_deletion_is_undone_by_the_notice_that_says_it(
    rt: Runtime, camille: Person, clock: SimulatedClock
) -> None:
    """Two notices may stand on the screen: each brings back its own plan, once."""
    for date in (TOMORROW, AFTER):
        await camille.writes(date)
        await camille.agrees()
    await camille.looks()
    for one in (1, 2):
        await camille.does(PlanningState, "ask", campaign_id=one, question="delete")
        await camille.does(PlanningState, "delete")
    page = await camille.plans
    assert (page.rows, page.deleted.number, page.deleted.sentence.key) == ([], 2, "planning.deleted")
    await camille.does(PlanningState, "undo", number=1)
    assert [row.id for row in (await camille.plans).rows] == [1]
    assert "planning.restored" in camille.tab.seen
    await camille.does(PlanningState, "undo", number=1)
    await camille.does(PlanningState, "undo", number=7)
    assert [row.id for row in (await camille.plans).rows] == [1]
    assert (await camille.tab.state(SessionState)).planned == 1
    clock.set(parse(AFTER, "Europe/Paris").at)
    await camille.does(PlanningState, "undo", number=2)
    assert "planning.restored_missed" in camille.tab.seen
    assert [(row.id, row.missed) for row in (await camille.plans).rows if row.id == 2] == [(2, True)]
    assert [one.state for one in campaigns(rt)] == [CampaignState.SCHEDULED, CampaignState.MISSED]


async def test_a_missed_one_leaves_at_once_when_asked(rt: Runtime, camille: Person, clock: SimulatedClock) -> None:
    await camille.writes(TOMORROW)
    await camille.agrees()
    clock.advance(timedelta(days=2))
    fire_due(rt.db, Policy(), "live")
    page = await camille.looks("?view=calendar&month=2026-06")
    assert (page.view, page.rows[0].missed) == ("calendar", True)
    assert [item.look for cell in page.cells for item in cell.listed] == ["missed"]
    await camille.does(PlanningState, "ask", campaign_id=1, question="now")
    assert await camille.does(PlanningState, "send_now") == ["/sent/1"]
    assert campaigns(rt)[0].state == CampaignState.MATERIALISING


async def test_addresses_that_make_no_sense_show_the_first_page(camille: Person) -> None:
    await camille.writes(TOMORROW)
    await camille.agrees()
    for query in ("?view=x", "?view=calendar&month=2026-13", "?after=x", "?before=|", "?month=%00"):
        assert len((await camille.looks(query)).rows) == 1


async def test_a_plan_that_leaves_goes_from_an_open_page(
    rt: Runtime, camille: Person, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a click; the number in the menu follows."""
    monkeypatch.setattr(hubs, "PACE", 0.02)
    await camille.writes(TOMORROW)
    await camille.agrees()
    assert len((await camille.looks()).rows) == 1
    rt.connected = lambda _token: True
    camille.tab.updates.clear()
    watching = asyncio.create_task(camille.tab.send(f"{PlanningState.get_full_name()}.watch", {}, path="/scheduled"))
    clock.set(parse(TOMORROW, "Europe/Paris").at)
    rt.hub.changed(fire_due(rt.db, Policy(), "live"))
    await camille.tab.until('"rows_rx_state_": []')
    await camille.tab.until('"planned_rx_state_": 0')
    rt.hub.close()
    await asyncio.wait_for(watching, 10)
    assert not camille.tab.failures
