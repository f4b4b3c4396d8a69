"""The hub and the watchers of open pages: at most a snapshot a second, and watchers that end by themselves."""

import asyncio
from collections.abc import Callable
from threading import Thread

import pytest
import reflex as rx
from reflex.utils.format import format_event_handler

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.web import hub as hubs
from smsapp.web.hub import Hub, HubClosed
from smsapp.web.live import LiveState
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers


class WatchState(LiveState, rx.State):
    version: int = -1
    ended: bool = False

    @rx.event(background=True)
    async def watch(self) -> None:
        async for snapshot in self._snapshots():
            async with self:
                self.version = snapshot.version
        async with self:
            self.ended = True


WATCH = format_event_handler(WatchState.watch)


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second that lasts a fiftieth of one."""
    monkeypatch.setattr(hubs, "PACE", 0.02)


@pytest.mark.usefixtures("paced")
async def test_many_changes_from_many_threads_make_few_snapshots() -> None:
    hub = Hub()
    hub.open()
    threads = [Thread(target=lambda: [hub.changed([1]) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    first = await hub.next(1, 0, 5)
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert first is not None
    assert first.version == 1
    assert hub.now(1).version < 200
    assert hub.now(2).version == 0  # another account hears nothing


@pytest.mark.usefixtures("paced")
async def test_the_last_change_is_always_told() -> None:
    hub = Hub()
    hub.open()
    seen = 0
    for _ in range(20):
        hub.changed([1])
        snapshot = await hub.next(1, seen, 5)
        assert snapshot is not None
        seen = snapshot.version
    assert seen == 20


@pytest.mark.usefixtures("paced")
async def test_after_the_last_change_pages_look_once_more_and_then_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read with less haste, such as the curves of a report, is right in the end without a reload."""
    monkeypatch.setattr(hubs, "ECHOES", (0.05, 0.05))
    hub = Hub()
    hub.open()
    hub.changed([1])
    seen = 0
    for _ in range(3):
        snapshot = await hub.next(1, seen, 15)
        assert snapshot is not None
        seen = snapshot.version
    assert await hub.next(1, seen, 0.5) is None
    hub.close()


async def test_what_is_read_of_a_snapshot_is_read_once() -> None:
    hub = Hub()
    hub.open()
    reads: list[str] = []
    snapshot = hub.now(1)
    answers = await asyncio.gather(*(snapshot.once("a", lambda: reads.append("a") or len(reads)) for _ in range(50)))
    assert set(answers) == {1}
    await snapshot.once("b", lambda: reads.append("b"))
    assert reads == ["a", "b"]


async def test_waiting_has_an_end() -> None:
    hub = Hub()
    hub.open()
    assert await hub.next(1, 0, 0.01) is None
    waiting = asyncio.create_task(hub.next(1, 0))
    await asyncio.to_thread(int)
    hub.close()
    with pytest.raises(HubClosed):
        await waiting
    hub.changed([1])  # harmless afterwards


@pytest.mark.usefixtures("paced")
async def test_a_page_follows_its_account_until_its_tab_is_gone(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    here = True
    rt.connected = lambda _token: here
    tab = open_tabs.tab(actor)
    watching = asyncio.create_task(tab.send(WATCH))
    await tab.until('"version_rx_state_": 0')
    rt.hub.changed([actor.account_id])
    await tab.until('"version_rx_state_": 1')
    here = False
    rt.hub.changed([actor.account_id])
    await watching
    assert (await tab.state(WatchState)).ended
    assert not tab.failures


@pytest.mark.usefixtures("paced")
@pytest.mark.parametrize("ending", ["signed out", "another page", "newer watcher", "server stops"])
async def test_a_watcher_ends_by_itself(
    ending: str, rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    rt.connected = lambda _token: True
    tab = open_tabs.tab(actor)
    watching = asyncio.create_task(tab.send(WATCH, path="/sent/1"))
    await tab.until('"version_rx_state_": 0')
    newer: asyncio.Task[object] | None = None
    if ending == "signed out":
        sessions.revoke_all(rt.db, actor.user_id)
        rt.people.forget_all()
    elif ending == "another page":
        await tab.send("reflex___state____state.set_is_hydrated", {"value": True}, path="/contacts")
    elif ending == "newer watcher":
        newer = asyncio.create_task(tab.send(WATCH, path="/sent/1"))
    else:
        rt.hub.close()
    while not watching.done():
        rt.hub.changed([actor.account_id])
        await asyncio.wait({watching}, timeout=0.05)
    if newer:
        rt.hub.close()
        await newer
    assert not tab.failures
