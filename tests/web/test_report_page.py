"""The live report of a campaign: what the address asks for, what moves by itself, what a person does there (S41, S52)."""

import asyncio
from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.db import SimulatedClock
from smsapp.domain.delivery import State
from smsapp.gateways.contract import Dlr
from smsapp.reports import state as reports
from smsapp.reports.recipient_state import RecipientState
from smsapp.reports.state import ReportState
from smsapp.sending.receipts import take_in
from smsapp.sending.tables import MESSAGE
from smsapp.web import hub as hubs
from smsapp.web.runtime import Runtime
from tests.services.reports.scene import EXPECTED, INVALID, SIZE, add_contact, in_book, leave, message_ids
from tests.services.sending.house import FIRST
from tests.web.driver import Browsers, Tab

REPORT = ReportState.get_full_name()
Person = Callable[[str], Actor]


async def opened(tab: Tab, path: str) -> ReportState:
    await tab.send(f"{REPORT}.enter", path=path)
    found: ReportState = await tab.state(ReportState)
    return found


async def test_the_page_shows_the_campaign_of_its_address(
    rt: Runtime, open_tabs: Browsers, person: Person, clock: SimulatedClock
) -> None:
    """S47-S50, S52: figures, cost, causes, a filtered page of recipients, one message explained."""
    actor = person("camille")
    campaign_id = leave(rt.db, actor, clock)
    tab = open_tabs.tab(actor)
    state = await opened(tab, f"/sent/{campaign_id}")
    assert (state.loaded, state.missing, state.state) == (True, False, "running")
    assert (state.figures.total, state.figures.received) == (SIZE, EXPECTED["delivered"])
    assert state.now.debited == sum(line.units for line in state.cost) == state.figures.left * 10_000
    assert len(state.rows) == SIZE
    failed = message_ids(rt.db, campaign_id)[INVALID[0]]
    state = await opened(tab, f"/sent/{campaign_id}?status=error&cause=invalid&open={failed}")
    assert [row.status for row in state.rows] == ["error"] * 3
    assert (state.panel.id, state.panel.status) == (failed, "error")
    assert [step.status for step in state.panel.steps][-1] == "error"
    assert state.next_message.endswith(f"open={state.rows[1].id}")
    state = await opened(tab, f"/sent/{campaign_id}?q={FIRST + 3}")
    assert (len(state.rows), state.panel.id) == (1, 0)
    assert not tab.failures


async def test_another_account_sees_no_such_campaign(
    rt: Runtime, open_tabs: Browsers, person: Person, clock: SimulatedClock
) -> None:
    campaign_id = leave(rt.db, person("camille"), clock)
    tab = open_tabs.tab(person("basile"))
    for path in (f"/sent/{campaign_id}", "/sent/0", "/sent/x", f"/sent/{10**30}"):
        state = await opened(tab, path)
        assert (state.missing, state.head.id, state.rows) == (True, 0, [])
    for act in ("pause", "resume", "cancel", "ask_removal"):
        await tab.send(f"{REPORT}.{act}", path=f"/sent/{campaign_id}")
    await tab.send(f"{REPORT}.remove", {"how": "delete"}, path=f"/sent/{campaign_id}")
    assert (await opened(open_tabs.tab(person("camille2")), f"/sent/{campaign_id}")).missing


async def test_what_was_confirmed_goes_from_the_book_and_comes_back(
    rt: Runtime, open_tabs: Browsers, person: Person, clock: SimulatedClock
) -> None:
    """S41, M10, M34: the question names how many; a failure that comes while it is read changes nothing."""
    actor = person("camille")
    for e164 in INVALID:
        add_contact(rt.db, actor, e164)
    other = add_contact(rt.db, actor, FIRST + 2)
    campaign_id = leave(rt.db, actor, clock)
    path = f"/sent/{campaign_id}"
    tab = open_tabs.tab(actor)
    await opened(tab, f"{path}?status=error")
    await tab.send(f"{REPORT}.ask_removal", path=path)
    state = await tab.state(ReportState)
    assert (state.removing, state.to_remove) == (True, 2)
    await tab.send(f"{REPORT}.remove", {"how": "delete"}, path=path)
    assert set(in_book(rt.db, actor)) == {other}
    state = await tab.state(ReportState)
    assert (state.removed.sentence.key, state.removed.sentence.params) == ("reports.page.removed", {"count": 2})
    await tab.send(f"{REPORT}.remove", {"how": "delete"}, path=path)  # a second click finds nothing to do
    assert set(in_book(rt.db, actor)) == {other}


async def test_removal_is_undone(rt: Runtime, open_tabs: Browsers, person: Person, clock: SimulatedClock) -> None:
    """M10."""
    actor = person("camille")
    dead = {add_contact(rt.db, actor, e164) for e164 in INVALID}
    path = f"/sent/{leave(rt.db, actor, clock)}"
    tab = open_tabs.tab(actor)
    await opened(tab, path)
    for how in ("delete", "mark"):
        await tab.send(f"{REPORT}.ask_removal", path=path)
        await tab.send(f"{REPORT}.remove", {"how": how}, path=path)
        assert in_book(rt.db, actor) != dict.fromkeys(dead, "active")
        await tab.send(f"{REPORT}.undo_removal", path=path)
        assert in_book(rt.db, actor) == dict.fromkeys(dead, "active")
    assert not tab.failures


async def test_a_pause_is_asked_for_and_ends(
    rt: Runtime, open_tabs: Browsers, person: Person, clock: SimulatedClock
) -> None:
    actor = person("camille")
    path = f"/sent/{leave(rt.db, actor, clock)}"
    tab = open_tabs.tab(actor)
    await opened(tab, path)
    for act, after in (("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        await tab.send(f"{REPORT}.{act}", path=path)
        assert (await tab.state(ReportState)).state == after
    assert not tab.failures


async def test_the_report_follows_its_campaign(
    rt: Runtime,
    open_tabs: Browsers,
    person: Person,
    clock: SimulatedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What arrives is shown without a click, and the watcher ends when the page is left."""
    monkeypatch.setattr(hubs, "PACE", 0.02)
    actor = person("camille")
    campaign_id = leave(rt.db, actor, clock)
    path = f"/sent/{campaign_id}"
    tab = open_tabs.tab(actor)
    rt.connected = lambda _token: True
    watching = asyncio.create_task(tab.send(f"{REPORT}.enter", path=path))  # which starts the watcher
    await tab.until('"loaded_rx_state_": true')
    with rt.db.read() as session:
        sent = MESSAGE.select().where(MESSAGE.c.campaign_id == campaign_id, MESSAGE.c.state == State.ACCEPTED).limit(1)
        ref = session.connection().execute(sent).one().client_ref
    before = EXPECTED["delivered"]
    rt.hub.changed(take_in(rt.db, "g", [Dlr("late", ref, None, State.DELIVERED, None, None, rt.db.now())]))
    await tab.until(f'"received": {before + 1}')
    rt.hub.close()
    await asyncio.wait_for(watching, 10)
    assert not tab.failures


async def test_the_story_that_is_open_follows_its_message(
    rt: Runtime,
    open_tabs: Browsers,
    person: Person,
    clock: SimulatedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever has just sent a message again sees it arrive."""
    monkeypatch.setattr(hubs, "PACE", 0.02)
    monkeypatch.setattr(reports, "ROWS_PAUSE", 0.0)
    actor = person("camille")
    campaign_id = leave(rt.db, actor, clock)
    unknown = message_ids(rt.db, campaign_id)[FIRST + 18]
    tab = open_tabs.tab(actor)
    rt.connected = lambda _token: True
    path = f"/sent/{campaign_id}?open={unknown}"
    watching = asyncio.create_task(tab.send(f"{REPORT}.enter", path=path))
    await tab.until('"loaded_rx_state_": true')
    with rt.db.read() as session:
        sent = MESSAGE.select().where(MESSAGE.c.id == unknown)
        ref = session.connection().execute(sent).one().client_ref
    tab.updates.clear()
    rt.hub.changed(take_in(rt.db, "g", [Dlr("proof", ref, None, State.DELIVERED, None, None, rt.db.now())]))
    await tab.until('"panel_rx_state_"')
    rt.hub.close()
    await asyncio.wait_for(watching, 10)
    panel = (await tab.state(ReportState)).panel
    assert (panel.id, panel.status, panel.resendable) == (unknown, "received", False)
    assert not tab.failures


async def test_a_message_of_unknown_outcome_is_sent_again_by_hand(
    rt: Runtime, open_tabs: Browsers, person: Person, clock: SimulatedClock
) -> None:
    """Who asks was told that it may arrive twice; the page shows the new attempt, and a second click does nothing."""
    actor = person("camille")
    campaign_id = leave(rt.db, actor, clock)
    unknown = message_ids(rt.db, campaign_id)[FIRST + 18]
    tab = open_tabs.tab(actor)
    address = f"/sent/{campaign_id}?open={unknown}"
    state = await opened(tab, address)
    assert (state.panel.resendable, state.figures.unknown) == (True, 2)
    again = f"{RecipientState.get_full_name()}.resend"
    await tab.send(again, {"message_id": unknown}, path=address)
    state = await tab.state(ReportState)
    assert (state.panel.resendable, state.figures.unknown, state.panel.status) == (False, 1, "waiting")
    assert "reports.page.resent" in tab.seen
    await tab.send(again, {"message_id": unknown}, path=address)
    assert "sending.not_now" in tab.seen
    stranger = open_tabs.tab(person("basile"))
    other = message_ids(rt.db, campaign_id)[FIRST + 19]
    await stranger.send(again, {"message_id": other}, path=address)
    assert (await opened(tab, address)).figures.unknown == 1
    assert not tab.failures
