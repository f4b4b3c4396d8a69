"""What providers tell over HTTP: verified, kept, answered, in this order and at once.

Callbacks that come together share a transaction, so that a burst of reports costs a few commits, and each is answered
only when what it told is safe. Whatever is refused is counted, and changes nothing else.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from enum import StrEnum

import structlog

from smsapp.db import Database
from smsapp.gateways.contract import BadSignature, Event, Gateway, Hook, HookReply
from smsapp.sending.receipts import known_events, take_in

log = structlog.get_logger(__name__)

LARGEST = 64 * 1024  # bytes of a callback's body
LONGEST = 4 * 1024  # characters of its address
REFUSED = HookReply(403)
TOO_LARGE = HookReply(413)
TRY_AGAIN = HookReply(503)  # providers come back later


class Seen(StrEnum):
    """What a callback was."""

    KEPT = "kept"
    REPEATED = "repeated"  # told before: nothing changed
    FORGED = "forged"  # no gateway's, or without its proof
    OVERSIZED = "oversized"
    MALFORMED = "malformed"  # proven, and not understood
    PUT_OFF = "put_off"  # the database did not take it: answered so that it comes again


Waiting = tuple[str, list[Event], "asyncio.Future[Seen]"]


class Callbacks:
    """Takes callbacks in. ``on_change`` is told which accounts have new figures; ``counts`` are since the start."""

    def __init__(self, db: Database, on_change: Callable[[set[int]], None]) -> None:
        self._db, self._on_change = db, on_change
        self._waiting: list[Waiting] = []
        self._keeping: asyncio.Task[None] | None = None
        self.counts: dict[str, Counter[Seen]] = defaultdict(Counter)

    async def take(self, gateway: Gateway | None, hook: Hook) -> HookReply:
        """The answer to a callback; once it is good, what was told is kept. ``gateway`` is None when there is none."""
        if gateway is None:
            return self._refuse("", Seen.FORGED, REFUSED)
        if len(hook.body) > LARGEST or len(hook.url) > LONGEST:
            return self._refuse(gateway.name, Seen.OVERSIZED, TOO_LARGE)
        try:
            events, reply = gateway.parse(hook)
        except BadSignature:
            return self._refuse(gateway.name, Seen.FORGED, REFUSED)
        if reply.status >= 400:
            return self._refuse(gateway.name, Seen.MALFORMED, reply)
        seen = await self._keep(gateway.name, events) if events else Seen.KEPT
        self.counts[gateway.name][seen] += 1
        return TRY_AGAIN if seen is Seen.PUT_OFF else reply

    def _refuse(self, name: str, seen: Seen, reply: HookReply) -> HookReply:
        self.counts[name][seen] += 1
        log.warning("callback refused", gateway=name, seen=seen.value)
        return reply

    async def _keep(self, name: str, events: list[Event]) -> Seen:
        future: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        self._waiting.append((name, events, future))
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_all())
        return await future

    async def _keep_all(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            by_gateway: dict[str, list[Waiting]] = defaultdict(list)
            for one in waiting:
                by_gateway[one[0]].append(one)
            for name, of in by_gateway.items():
                try:
                    accounts, known = await asyncio.to_thread(self._write, name, [e for _, es, _ in of for e in es])
                except Exception as error:
                    log.error("callbacks not kept", gateway=name, error=type(error).__name__, callbacks=len(of))
                    accounts, known = set(), None
                for _, events, future in of:
                    if not future.done():
                        again = known is not None and all(event.event_id in known for event in events)
                        future.set_result(Seen.PUT_OFF if known is None else Seen.REPEATED if again else Seen.KEPT)
                if accounts:
                    self._on_change(accounts)

    def _write(self, name: str, events: list[Event]) -> tuple[set[int], set[str] | None]:
        known = known_events(self._db, name, events)
        return take_in(self._db, name, events), known
