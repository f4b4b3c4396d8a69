"""The simulated network as a gateway: nothing leaves this machine, and every hard case of the real ones happens.

Its behaviour is in `fate.py` (with the number endings that fix a fate), its state in `operators.py`, its memory across
crashes in `journal.py`; here are the waiting and the contract. Time comes from two arguments, `now` and `sleep`, so
that a simulated clock can drive it. Code that owns its clock may also stay synchronous: `take` then `due`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from smsapp.gateways.contract import Caps, Event, Health, Hook, HookReply, Outcome, Result, Submit
from smsapp.gateways.fate import DEFAULT, Traits
from smsapp.gateways.journal import History, Journal, Read, Take
from smsapp.gateways.operators import Due, Operator, label

BATCH = 500
"""Events handed over at once, at most."""

WEEK = timedelta(days=7)

_PACE_S = 0.05  # between two batches that are not full: 20 a second, so that events gather
_LOOK_S = 60.0  # the longest sleep: a suspended machine wakes up with a clock that has jumped
_OTHERS_S = 0.25  # between two looks at what other processes took, or at whether the telling falls to this one
_BROKEN_S = 5.0  # to retry after, when the journal cannot be written


async def no_wait(_seconds: float) -> None:
    """A sleep for simulated clocks that somebody else moves."""


class Simulator:
    """The embedded gateway.

    `seed` with a message's key fixes its fate; `speed` divides all delays. `now` gives the present instant, aware.
    With a `journal`, a process that is killed and started again on the same file still knows what it took, and tells
    the events that nobody handled; entries told to the end are forgotten after `keep` (None: never). Without one,
    everything is in memory. Memory grows by about 200 bytes for every message taken.

    Processes that share a journal are one network: each answers what it is given and finds what any of them took, and
    one at a time tells the events of all.
    """

    name = "simulator"

    def __init__(
        self,
        seed: int,
        speed: float,
        journal: Path | None,
        now: Callable[[], datetime],
        traits: Traits = DEFAULT,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        keep: timedelta | None = WEEK,
    ) -> None:
        self._operator = Operator(seed, speed, traits)
        self._traits = traits
        self._now = now
        self._sleep = sleep
        self._closed = False
        self._changed = asyncio.Event()
        self._in_hand: list[Due] = []
        self._journal: Journal | None = None
        self._tells = journal is None
        self._known = History()  # of the journal, until this process tells: then the operator knows it
        if journal is not None:
            self._journal = Journal(journal, forget_before=None if keep is None else now() - keep)
            self._tell_if_free()
        self.caps = Caps(max_batch=100, max_tps=traits.max_tps, two_way=True, lookup_by_ref=traits.lookup, voice=True)

    @classmethod
    def instant(cls, now: Callable[[], datetime], journal: Path | None = None, *, reports: bool = True) -> Simulator:
        """A gateway that takes everything at once and never errs, for benches (`Traits.instant`)."""
        return cls(0, math.inf, journal, now, Traits.instant(reports=reports))

    async def submit(self, batch: Sequence[Submit]) -> list[Result]:
        """Hand over messages; one result for each, in order. The messages are taken halfway through the call, so that
        a caller who gives up or dies in the middle does not know.
        """
        half = self._operator.latency(batch) / 2
        await self._sleep(half)
        results = self.take(batch)
        if half:
            await self._sleep(half)
        return results

    def take(self, batch: Sequence[Submit]) -> list[Result]:
        """`submit` without the waiting."""
        results, orders = self._operator.answer(batch, self._now())
        if self._closed or not self._write([order.take for order in orders]):
            return [Result(message.key, Outcome.RETRY, retry_after=_BROKEN_S) for message in batch]
        before = self._operator.next_due
        self._operator.commit(orders, plan=self._tells)
        if self._operator.next_due != before:
            self._changed.set()
        return results

    def due(self, until: datetime | None = None, limit: int | None = None) -> list[Event]:
        """The events due up to `until` (default: the present instant), in order, at most `limit`.

        For one reader, here or in `events`: asking again says that what the last call gave is handled.
        """
        self._handled()
        if not self._tell_if_free():
            return []
        self._in_hand = self._operator.pop(self._now() if until is None else until, limit)
        return [self._operator.event(due) for due in self._in_hand]

    def next_due(self) -> datetime | None:
        """When the next event is due; None when the network has nothing more to tell."""
        return self._operator.next_due

    async def events(self) -> AsyncGenerator[Sequence[Event], None]:
        """Batches of at most `BATCH` events, in due order, until `close`. Full ones follow each other without a pause,
        the others at most 20 times a second. A reader that leaves without asking for the next batch has not handled
        the last one: it will be given again.
        """
        self._give_back(self._in_hand)
        mine: list[Due] = []
        while not self._closed and not self._tell_if_free():
            await self._sleep(_OTHERS_S)
        try:
            while not self._closed:
                self._changed.clear()
                batch = self.due(limit=BATCH)
                mine = self._in_hand
                if batch:
                    yield batch
                    self._handled()
                    if len(batch) < BATCH and not self._closed:
                        await self._sleep(_PACE_S)
                else:
                    await self._until_due()
        finally:
            self._give_back(mine)

    async def find(self, key: str) -> Result | None:
        """What was taken under `key`; None when nothing was, or when the traits have no look-up."""
        self._hear()
        gateway_id = self._operator.find(key) or self._known.taken.get(key) if self._traits.lookup else None
        return None if gateway_id is None else Result(key, Outcome.ACCEPTED, gateway_id)

    def parse(self, hook: Hook) -> tuple[list[Event], HookReply]:
        """The simulated network never calls back over HTTP."""
        return [], HookReply(404)

    async def balance(self) -> Decimal | None:
        """Nobody pays the simulated network."""
        return None

    async def check(self) -> Health:
        """The simulated network is always there."""
        return Health.GOOD

    async def close(self) -> None:
        """Refuse what comes from now on, end `events`, let go of the journal."""
        self._closed = True
        self._changed.set()
        if self._journal is not None:
            self._journal.close()

    def _tell_if_free(self) -> bool:
        """Whether this process tells what the network has to tell; nobody else does while it does."""
        if self._tells or self._journal is None:
            self._hear()
        elif not self._closed and self._journal.may_tell():
            self._hear()
            self._operator.restore(self._known)
            self._known = History()
            self._tells = True
        return self._tells

    def _hear(self) -> None:
        """Learn what other processes wrote in the journal."""
        if self._journal is None or self._closed:
            return
        lines = self._journal.news()
        if self._tells:
            self._operator.hear(line for line in lines if isinstance(line, Take))
        else:
            self._known.add(lines)

    def _give_back(self, given: list[Due]) -> None:
        """Events given to a reader that went away are due again, unless they were handled since."""
        if given and given is self._in_hand:
            self._operator.put_back(given)
            self._in_hand = []

    def _handled(self) -> None:
        """Note that the events in hand are handled. When that cannot be written they will be told again after a
        restart, as any network may do.
        """
        if self._in_hand:
            self._write([Read([label(due) for due in self._in_hand])])
            self._in_hand = []

    def _write(self, rows: Sequence[Take | Read]) -> bool:
        """Append to the journal; false when it cannot be written."""
        if self._journal is None or not rows:
            return True
        try:
            self._journal.write(rows, news=not self._tells)
        except OSError:
            return False
        return True

    async def _until_due(self) -> None:
        """Sleep until the next event is due, or something changes."""
        longest = _LOOK_S if self._journal is None else _OTHERS_S
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(self._changed.wait())]
        at = self._operator.next_due
        if at is not None:
            seconds = (at - self._now()).total_seconds()
            waits.append(asyncio.ensure_future(self._sleep(min(max(seconds, 0.001), longest))))
        elif self._journal is not None:
            waits.append(asyncio.ensure_future(self._sleep(longest)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
