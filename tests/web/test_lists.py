"""The dashboard and the list of sent SMS: the period and the view of the address, taking out of the list and back."""

from collections.abc import Callable

from sqlalchemy import update

from smsapp.accounts.actor import Actor
from smsapp.reports.lists_state import DashboardState, SentState
from smsapp.sending.tables import CAMPAIGN
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers
from tests.web.tenants import MARK, fill, ids_of

DASHBOARD = DashboardState.get_full_name()
SENT = SentState.get_full_name()


def _finish(rt: Runtime, actor: Actor) -> int:
    """Put a campaign of the actor's among the finished ones; its id."""
    fill(rt.db, actor)
    with rt.db.write() as s:
        own = (CAMPAIGN.c.account_id == actor.account_id, CAMPAIGN.c.name == f"{MARK} partie")
        changed = update(CAMPAIGN).where(*own).values(state="finished", started_at=rt.db.now())
        return int(s.connection().execute(changed.returning(CAMPAIGN.c.id)).scalar_one())


async def test_the_period_comes_from_the_address(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """A period that does not exist is the usual one; an account without a campaign is shown how to begin."""
    tab = open_tabs.tab(person("camille"))
    for asked, shown in (("7", 7), ("90", 90), ("1000000", 30), ("x", 30)):
        await tab.send(f"{DASHBOARD}.enter", path=f"/dashboard?days={asked}")
        state = await tab.state(DashboardState)
        assert (state.period, len(state.bars.bars)) == (shown, shown)
    assert not state.overview.sent_ever
    assert not tab.failures


async def test_a_campaign_leaves_the_list_and_comes_back(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """S35, M10: only from the list, with a way back."""
    actor = person("camille")
    campaign_id = _finish(rt, actor)
    tab = open_tabs.tab(actor)
    await tab.send(f"{SENT}.enter", path=f"/sent?state=finished&q={MARK}")
    assert [row.id for row in (await tab.state(SentState)).rows] == [campaign_id]
    await tab.send(f"{SENT}.tick", {"campaign_id": campaign_id, "on": True}, path="/sent")
    await tab.send(f"{SENT}.hide", path="/sent")
    state = await tab.state(SentState)
    assert (state.rows, state.selected, state.hidden.sentence.key) == ([], 0, "sent.hidden")
    await tab.send(f"{SENT}.unhide", path="/sent")
    assert [row.id for row in (await tab.state(SentState)).rows] == [campaign_id]
    assert not tab.failures


async def test_what_belongs_to_another_account_is_neither_shown_nor_hidden(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    campaign_id = _finish(rt, person("camille"))
    stranger = person("basile")
    tab = open_tabs.tab(stranger)
    await tab.send(f"{SENT}.enter", path="/sent")
    await tab.send(f"{SENT}.tick", {"campaign_id": campaign_id, "on": True}, path="/sent")
    await tab.send(f"{SENT}.hide", path="/sent")
    await tab.send(f"{DASHBOARD}.pause", {"campaign_id": campaign_id}, path="/dashboard")
    assert MARK not in tab.seen
    with rt.db.read() as s:
        row = s.connection().execute(CAMPAIGN.select().where(CAMPAIGN.c.id == campaign_id)).one()
    assert (row.hidden_at, row.state) == (None, "finished")
    assert ids_of(rt.db, stranger).get("campaign", set()) == set()
