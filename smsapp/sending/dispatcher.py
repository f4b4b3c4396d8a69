"""The loop that sends: claim a window, call the gateway, settle it in the transaction that claims the next.

Several windows are at the gateway at once. The database is reached in worker threads, the gateway never inside a
transaction. What is in memory here may be lost at any moment: the rows know the rest.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from smsapp.db import Database
from smsapp.gateways.contract import Gateway, Outcome, Result, Submit
from smsapp.sending.outbox import Answer, Opens, Window, window
from smsapp.sending.pace import Pace
from smsapp.sending.policy import Policy
from smsapp.sending.receipts import take_in

log = structlog.get_logger(__name__)

OnChange = Callable[[set[int]], None]
"""Told which accounts have new figures, from the event loop."""

IDLE_S = 0.5  # the longest sleep: messages that were put off become ready without anybody telling
TROUBLE_S = 1.0  # after an error of the database


class Dispatcher:
    """Sends the campaigns of one lane through one gateway, until stopped."""

    def __init__(
        self,
        db: Database,
        gateway: Gateway,
        *,
        lane: str = "live",
        policy: Policy,
        opens: Opens | None = None,
        on_change: OnChange = lambda _accounts: None,
    ) -> None:
        self._db, self._gateway, self._lane = db, gateway, lane
        self._policy, self._opens, self._on_change = policy, opens, on_change
        self._pace = Pace(gateway.caps.max_tps, policy)
        self._answers: list[Answer] = []
        self._flying: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._after = 0
        self.frozen = False  # nothing is claimed while the ledger is in doubt

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until ``stop``; then settle what is at the gateway and return."""
        while not (self._stopping and not self._flying and not self._answers):
            self._wake.clear()
            now = asyncio.get_running_loop().time()
            pause = self._pace.wait(now)
            open_ = not self._stopping and not self.frozen and pause <= 0
            room = open_ and len(self._flying) < self._policy.in_flight
            size = self._pace.size(len(self._flying)) if room else 0
            done = await self._window(size) if size or self._answers else None
            if done is not None and done.looked_at:
                continue
            try:
                await asyncio.wait_for(self._wake.wait(), min(IDLE_S, pause) if pause > 0 else IDLE_S)
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Claim nothing more; ``run`` returns when the windows at the gateway are settled."""
        self._stopping = True
        self._wake.set()

    def abandon(self) -> None:
        """Give up the calls that still last: their messages will be found unknown, never sent again."""
        for task in set(self._flying):
            task.cancel()

    async def pump(self) -> None:
        """Bring the gateway's events in, batch after batch; the next one is asked for when the last is committed."""
        async for events in self._gateway.events():
            while True:
                try:
                    accounts = await asyncio.to_thread(take_in, self._db, self._gateway.name, events)
                    break
                except Exception as error:
                    # Only the kind of error: its text would hold numbers and messages.
                    log.error("reports not applied", error=type(error).__name__, events=len(events))
                    await asyncio.sleep(TROUBLE_S)
            if accounts:
                self._on_change(accounts)

    async def _window(self, size: int) -> Window | None:
        answers, self._answers = self._answers, []
        try:
            done = await asyncio.to_thread(
                window,
                self._db,
                lane=self._lane,
                gateway=self._gateway.name,
                size=size,
                answers=answers,
                after=self._after,
                opens=self._opens,
                policy=self._policy,
            )
        except Exception as error:
            log.error("window not written", error=type(error).__name__, answers=len(answers))
            self._answers = answers + self._answers
            await asyncio.sleep(TROUBLE_S)
            return None
        self._after = done.campaign_id or self._after
        if done.accounts:
            self._on_change(done.accounts)
        if done.batch:
            self._pace.spend(sum(message.segments for message in done.batch))
            task = asyncio.create_task(self._call(done))
            self._flying.add(task)
            task.add_done_callback(self._landed)
        return done

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._wake.set()

    async def _call(self, claimed: Window) -> None:
        """Hand a window over, in batches as the gateway takes them, and keep the answers for the next transaction."""
        step = max(1, self._gateway.caps.max_batch)
        batches = [claimed.batch[i : i + step] for i in range(0, len(claimed.batch), step)]
        results = [r for part in await asyncio.gather(*map(self._submit, batches)) for r in part]
        self._pace.learn(results, asyncio.get_running_loop().time())
        self._answers += [Answer(ticket, result) for ticket, result in zip(claimed.tickets, results, strict=True)]

    async def _submit(self, batch: Sequence[Submit]) -> list[Result]:
        """One result for each message whatever the gateway does: silence and nonsense are unknown outcomes."""
        try:
            answered = await asyncio.wait_for(self._gateway.submit(batch), self._policy.call_timeout_s)
        except Exception as error:
            log.warning(
                "gateway call failed", gateway=self._gateway.name, error=type(error).__name__, messages=len(batch)
            )
            answered = []
        by_key = {result.key: result for result in answered}
        return [by_key.get(message.key) or Result(message.key, Outcome.UNKNOWN) for message in batch]
