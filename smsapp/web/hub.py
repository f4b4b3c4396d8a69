"""The live hub: who counts says "this account changed"; open pages wait for its next snapshot, at most one a second.

One per process; what changes in other processes comes in by ``heard``, what changes here goes out by ``tell``.
``changed`` may be called from any thread; everything else belongs to the event loop.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

PACE = 1.0  # seconds between two snapshots of one account
ECHOES = (
    3.5,
    30.0,
)  # seconds after the last change at which a page looks once more: it reads some things with less haste

Result = TypeVar("Result")


class HubClosed(Exception):
    """The server is stopping; watchers end."""


@dataclass
class Snapshot:
    """The state of an account at one moment. What is read of it is read once and shared by every page that watches."""

    account_id: int
    version: int
    _read: dict[Hashable, asyncio.Future[Any]] = field(default_factory=dict, repr=False)

    async def once(self, key: Hashable, read: Callable[[], Result]) -> Result:
        """What ``read`` answers, run in a worker thread by the first who asks under ``key`` and shared with the others.

        ``key`` must name everything that the answer depends on besides the account (the campaign's id, for example).
        """
        if (shared := self._read.get(key)) is None:
            shared = self._read[key] = asyncio.ensure_future(asyncio.to_thread(read))
        result: Result = await asyncio.shield(shared)
        return result


@dataclass
class _Account:
    snapshot: Snapshot
    last: float = -PACE
    timer: asyncio.TimerHandle | None = None
    echo: asyncio.TimerHandle | None = None
    waiting: asyncio.Event = field(default_factory=asyncio.Event)


class Hub:
    """One per process; ``open`` ties it to the running loop."""

    def __init__(self) -> None:
        self._accounts: dict[int, _Account] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self.tell: Callable[[Iterable[int]], None] = lambda _ids: None  # the other processes, when there are any

    def open(self) -> None:
        """Start taking changes; call from the loop that the pages live on."""
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Wake every watcher with ``HubClosed``."""
        self._closed = True
        for account in self._accounts.values():
            for timer in (account.timer, account.echo):
                if timer:
                    timer.cancel()
            account.waiting.set()

    def changed(self, account_ids: Iterable[int]) -> None:
        """Something of these accounts moved. From any thread; cheap enough to call for each batch of reports."""
        ids = list(account_ids)
        if self._loop is None or self._closed or not ids:
            return
        self._loop.call_soon_threadsafe(self._mark, ids)
        self.tell(ids)

    def heard(self, account_ids: Iterable[int] | None) -> None:
        """Something of these accounts moved in another process; None: perhaps of all of them."""
        self._mark(list(self._accounts if account_ids is None else account_ids))

    def now(self, account_id: int) -> Snapshot:
        """The snapshot at hand, to begin with."""
        return self._of(account_id).snapshot

    async def next(self, account_id: int, seen: int, patience: float | None = None) -> Snapshot | None:
        """The first snapshot newer than version ``seen``; None when ``patience`` seconds bring nothing.

        Raises:
            HubClosed: the server is stopping.
        """
        account = self._of(account_id)
        while account.snapshot.version <= seen:
            if self._closed:
                raise HubClosed
            waiting = account.waiting
            try:
                await asyncio.wait_for(waiting.wait(), patience)
            except TimeoutError:
                return None
        if self._closed:
            raise HubClosed
        return account.snapshot

    def _of(self, account_id: int) -> _Account:
        if (account := self._accounts.get(account_id)) is None:
            account = self._accounts[account_id] = _Account(Snapshot(account_id, 0))
        return account

    def _mark(self, ids: list[int]) -> None:
        loop = asyncio.get_running_loop()
        for account_id in ids:
            account = self._of(account_id)
            if account.timer is None and not self._closed:
                wait = max(0.0, account.last + PACE - loop.time())
                account.timer = loop.call_later(wait, self._publish, account_id)

    def _publish(self, account_id: int, echo: int = 0) -> None:
        account, loop = self._accounts[account_id], asyncio.get_running_loop()
        if echo and account.timer:
            return  # something newer is about to be told
        if account.echo:
            account.echo.cancel()
        again = echo < len(ECHOES)
        account.echo = loop.call_later(ECHOES[echo], self._publish, account_id, echo + 1) if again else None
        account.timer = None
        account.last = loop.time()
        account.snapshot = Snapshot(account_id, account.snapshot.version + 1)
        account.waiting.set()
        account.waiting = asyncio.Event()
