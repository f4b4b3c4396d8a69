"""The loop that sends: claim a window, call the gateway, settle it in the transaction that claims the next.

Several windows are at the gateway at once, and the next ones are claimed before there is room for them, so that neither
the gateway nor the database waits for the other. The database is reached in worker threads, the gateway never inside a
transaction. What is in memory here may be lost at any moment: the rows know the rest.
"""

import asyncio
import functools
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from smsapp.db import Database
from smsapp.domain.delivery import Cause
from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import Event, Gateway, Outcome, Result, Submit
from smsapp.gateways.routing import Later, Router
from smsapp.sending.outbox import Answer, Opens, Ticket, Window, window
from smsapp.sending.pace import Pace
from smsapp.sending.policy import Policy
from smsapp.sending.rates import rest
from smsapp.sending.receipts import take_in

log = structlog.get_logger(__name__)

OnChange = Callable[[set[int]], None]
"""Told which accounts have new figures, from the event loop."""

IDLE_S = 0.5  # the longest sleep: messages that were put off become ready without anybody telling
TROUBLE_S = 1.0  # after an error of the database
OURS = (Cause.GATEWAY, Cause.NO_CREDIT)  # the gateway refuses us, not the message: it rests, the message waits


class Dispatcher:
    """Sends the campaigns of one lane through one gateway or those of a router, each at its own pace, until stopped."""

    def __init__(
        self,
        db: Database,
        gateway: Gateway | Router,
        *,
        lane: str = "live",
        policy: Policy,
        opens: Opens | None = None,
        on_change: OnChange = lambda _accounts: None,
        site: str = "",
    ) -> None:
        self._db, self._router, self._lane = db, Router.of(gateway), lane
        self._policy, self._opens, self._on_change, self._site = policy, opens, on_change, site
        self._paces: dict[str, Pace] = {}
        self._answers: list[Answer] = []
        self._flying: dict[asyncio.Task[None], str] = {}  # windows claimed and not answered, by name of the gateway
        self._room = asyncio.Semaphore(policy.in_flight)
        self._lasted_s = math.inf  # the last call
        self._wake = asyncio.Event()
        self._stopping = False
        self._after = 0
        self._rests: dict[str, float] = {}  # seconds, to be told to the other processes
        self.frozen = False  # nothing is claimed while the ledger is in doubt

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until ``stop``; then settle what is at the gateway and return."""
        while not (self._stopping and not self._flying and not self._answers):
            self._wake.clear()
            now = asyncio.get_running_loop().time()
            waits = {name: self._pace(name).wait(now) for name in self._router.names}
            free = [name for name, wait in waits.items() if wait <= 0]
            room = 0 if self._stopping or self.frozen else self._most() - len(self._flying)
            left = {name: self._pace(name).size(self._at(name), room) for name in free} if room > 0 else {}
            size = max(left.values(), default=0)
            pause = min((wait for wait in waits.values() if wait > 0), default=0.0)
            done = await self._window(size, left) if size or self._answers else None
            if done is not None and done.looked_at:
                continue
            if done is not None and done.wait_s:
                pause = min(pause or done.wait_s, done.wait_s)
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
        for task in list(self._flying):
            task.cancel()

    async def pump(self) -> None:
        """Bring the gateways' events in, batch after batch; the next one is asked for when the last is committed."""
        await self._router.pump(self._take_in)

    async def _take_in(self, gateway: str, events: Sequence[Event]) -> None:
        while True:
            try:
                accounts = await asyncio.to_thread(take_in, self._db, gateway, events)
                break
            except Exception as error:
                # Only the kind of error: its text would hold numbers and messages.
                log.error("reports not applied", error=type(error).__name__, events=len(events))
                await asyncio.sleep(TROUBLE_S)
        if accounts:
            self._on_change(accounts)

    def _pace(self, name: str) -> Pace:
        gateway = self._router.get(name)
        if name not in self._paces and gateway is not None:
            self._paces[name] = Pace(gateway.caps.max_tps, self._policy)
        return self._paces[name]

    def _most(self) -> int:
        """How many windows may be claimed and not answered."""
        ahead = self._policy.ahead if self._lasted_s < self._policy.ahead_below_s else 0
        return self._policy.in_flight + ahead

    def _at(self, name: str) -> int:
        """How many windows are for that gateway."""
        return sum(1 for at in self._flying.values() if at == name)

    def _route(self, left: dict[str, int], territory: str, sms_type: SmsType, last: str | None) -> str | Later | None:
        """Choose among the gateways, of which some may be given ``left`` more messages now."""
        down = {name for name in self._router.names if self._pace(name).down and not left.get(name)}
        busy = {name for name in self._router.names if not left.get(name)}
        name = self._router.choose(territory, sms_type, last, busy=busy, down=down, rest=self._policy.breaker_rest_s)
        if isinstance(name, str):
            left[name] -= 1
        return name

    async def _window(self, size: int, left: dict[str, int]) -> Window | None:
        answers, self._answers = self._answers, []
        rests, self._rests = self._rests, {}
        claimed_at = self._db.now()
        try:
            for name, seconds in rests.items():
                await asyncio.to_thread(rest, self._db, name, self._db.now() + timedelta(seconds=seconds))
            done = await asyncio.to_thread(
                window,
                self._db,
                lane=self._lane,
                gateway=functools.partial(self._route, left),
                size=size,
                answers=answers,
                after=self._after,
                opens=self._opens,
                tps={way.gateway.name: way.gateway.caps.max_tps for way in self._router.ways},
                policy=self._policy,
                site=self._site,
            )
        except Exception as error:
            log.error("window not written", error=type(error).__name__, answers=len(answers))
            self._answers = answers + self._answers
            await asyncio.sleep(TROUBLE_S)
            return None
        self._after = done.campaign_id or self._after
        if done.accounts:
            self._on_change(done.accounts)
        now = asyncio.get_running_loop().time()
        for name, seconds in done.waits.items():
            self._pace(name).hold(now + seconds)
        parts: dict[str, list[tuple[Ticket, Submit]]] = defaultdict(list)
        for name, ticket, message in zip(done.gateways, done.tickets, done.batch, strict=True):
            parts[name].append((ticket, message))
        for name, part in parts.items():
            self._pace(name).spend(sum(message.segments for _, message in part))
            for start in range(0, len(part), self._policy.window):
                task = asyncio.create_task(self._fly(name, part[start : start + self._policy.window], claimed_at))
                self._flying[task] = name
                task.add_done_callback(self._landed)
        return done

    def _landed(self, task: asyncio.Task[None]) -> None:
        del self._flying[task]
        self._wake.set()

    async def _fly(self, name: str, part: Sequence[tuple[Ticket, Submit]], claimed_at: datetime) -> None:
        """Wait for room at the gateway, then call it."""
        async with self._room:
            began = asyncio.get_running_loop().time()
            await self._call(name, part, claimed_at)
            self._lasted_s = asyncio.get_running_loop().time() - began

    async def _call(self, name: str, part: Sequence[tuple[Ticket, Submit]], claimed_at: datetime) -> None:
        """Hand messages over, in batches as the gateway takes them, and keep the answers for the next transaction.

        A process that was suspended after its claim calls nobody: its lease is over, others may have sent them since.
        """
        gateway = self._router.get(name)
        step = max(1, gateway.caps.max_batch) if gateway else len(part)
        batch = [message for _, message in part]
        batches = [batch[i : i + step] for i in range(0, len(batch), step)]
        results = [
            r for one in await asyncio.gather(*(self._submit(name, b, claimed_at) for b in batches)) for r in one
        ]
        now, pace = asyncio.get_running_loop().time(), self._pace(name)
        before = pace.rest(now)
        pace.learn(results, now)
        if pace.rest(now) > before:
            self._rests[name] = pace.rest(now)
        self._answers += [Answer(ticket, result) for (ticket, _), result in zip(part, results, strict=True)]

    async def _submit(self, name: str, batch: Sequence[Submit], claimed_at: datetime) -> list[Result]:
        """One result for each message whatever the gateway does: silence and nonsense are unknown outcomes."""
        if self._db.now() - claimed_at > timedelta(seconds=self._policy.lease_s / 2):
            return [Result(message.key, Outcome.RETRY, retry_after=0.0) for message in batch]
        try:
            answered = await asyncio.wait_for(self._router.submit(name, batch), self._policy.call_timeout_s)
        except Exception as error:
            log.warning("gateway call failed", gateway=name, error=type(error).__name__, messages=len(batch))
            answered = []
        by_key = {result.key: _theirs(result) for result in answered}
        return [by_key.get(message.key) or Result(message.key, Outcome.UNKNOWN) for message in batch]


def _theirs(result: Result) -> Result:
    """A refusal that is not about the message (wrong password, our account there is empty) refuses it only for now."""
    if result.outcome is Outcome.REJECTED and result.cause in OURS:
        return replace(result, outcome=Outcome.RETRY)
    return result
