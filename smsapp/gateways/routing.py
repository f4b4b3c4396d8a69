"""Which gateway carries which message: by destination and type, in the operator's order.

A message goes to the first gateway that serves it. The next one gets it only when the first is down, or has said that
it did not take it: a message that may be out is never given to another gateway. Whoever sends names the gateway when
the message is claimed, so that the row says who was asked, whatever crashes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from smsapp.domain.delivery import Cause
from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import Event, Gateway, Outcome, Result, Submit

log = structlog.get_logger(__name__)

_BROKEN_S = 1.0

Handle = Callable[[str, Sequence[Event]], Awaitable[None]]
"""Keeps the events of a gateway (by name); returns when they are safe."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: every gateway that serves this message is busy (0 seconds) or down (ask again in so many)."""

    seconds: float = 0.0


@dataclass(slots=True)
class Record:
    """What the last answers of a gateway said of itself. ``trouble`` is None when it works."""

    good_at: datetime | None = None
    trouble: Cause | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Way:
    """A gateway and what it is for. Empty ``territories`` are all of them, and so are empty ``types``.

    A way that is not ``enabled`` carries nothing, but keeps its messages waiting rather than refused.
    """

    gateway: Gateway
    territories: frozenset[str] = frozenset()
    types: frozenset[SmsType] = frozenset()
    enabled: bool = True
    record: Record = field(default_factory=Record, compare=False)

    def serves(self, territory: str, sms_type: SmsType) -> bool:
        """Whether this way is for such a message."""
        return (
            (not self.territories or territory in self.territories)
            and (not self.types or sms_type in self.types)
            and (sms_type is not SmsType.VOICE or self.gateway.caps.voice)
        )


class Router:
    """The gateways in the operator's order. They may change while messages are on their way (`replace`)."""

    def __init__(self, ways: Iterable[Way] = (), *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._ways = {way.gateway.name: way for way in ways}
        self._now = now
        self._changed = asyncio.Event()
        self._closed = False

    @classmethod
    def of(cls, gateway: Gateway | Router) -> Router:
        """A router as it is; a single gateway as the way of everything."""
        return gateway if isinstance(gateway, Router) else cls([Way(gateway)])

    @property
    def ways(self) -> list[Way]:
        """All ways in order, those that are off too."""
        return list(self._ways.values())

    @property
    def names(self) -> list[str]:
        """The gateways that carry something."""
        return [name for name, way in self._ways.items() if way.enabled]

    def get(self, name: str) -> Gateway | None:
        """The gateway of that name."""
        way = self._ways.get(name)
        return way.gateway if way else None

    def choose(
        self,
        territory: str,
        sms_type: SmsType,
        last: str | None,
        *,
        busy: Collection[str] = (),
        down: Collection[str] = (),
        rest: float = 30.0,
    ) -> str | Later | None:
        """The gateway for a message that ``last``, if any, did not take; None when no way leads there.

        ``busy`` gateways are waited for, so that nothing overflows to a dearer one; those that are ``down`` are passed
        over, and asked again after ``rest`` seconds when there is no other.
        """
        serving = [name for name, way in self._ways.items() if way.serves(territory, sms_type)]
        usable = [name for name in serving if self._ways[name].enabled]
        if not usable:
            return Later(rest) if serving or not self._ways else None
        if last in usable:
            after = usable.index(last) + 1
            usable = usable[after:] + usable[:after]
        for name in usable:
            if name not in down:
                return Later() if name in busy else name
        return Later(rest)

    async def submit(self, name: str, batch: Sequence[Submit]) -> list[Result]:
        """Hand a batch to the gateway of that name; "not taken" when it is gone meanwhile."""
        way = self._ways.get(name)
        if way is None or not way.enabled:
            return [Result(message.key, Outcome.RETRY) for message in batch]
        results = await way.gateway.submit(batch)
        self._note(way.record, results)
        return results

    async def pump(self, handle: Handle) -> None:
        """Bring the events of all gateways to ``handle``, also of those that come later, until `close`."""
        readers: dict[int, asyncio.Task[None]] = {}
        try:
            while not self._closed:
                self._changed.clear()
                for way in self._ways.values():
                    if id(way.gateway) not in readers:
                        readers[id(way.gateway)] = asyncio.create_task(_read(way.gateway, handle))
                await self._changed.wait()
            if readers:
                await asyncio.wait(readers.values())
        finally:
            for reader in readers.values():
                reader.cancel()

    async def replace(self, ways: Iterable[Way]) -> None:
        """Take other ways. A gateway that is no longer among them is closed; one that stays keeps its connections."""
        before = self._ways
        self._ways = {way.gateway.name: way for way in ways}
        kept = {id(way.gateway) for way in self._ways.values()}
        self._changed.set()
        await asyncio.gather(*(way.gateway.close() for way in before.values() if id(way.gateway) not in kept))

    async def close(self) -> None:
        """Close every gateway; `pump` ends."""
        self._closed = True
        await asyncio.gather(*(way.gateway.close() for way in self._ways.values()))
        self._changed.set()

    def _note(self, record: Record, results: Sequence[Result]) -> None:
        refused = [r.cause for r in results if r.outcome is Outcome.RETRY and r.cause is not None]
        if any(r.outcome in (Outcome.ACCEPTED, Outcome.REJECTED) for r in results):
            record.good_at, record.trouble, record.since = self._now(), None, None
        elif refused and record.trouble is not refused[0]:
            record.trouble, record.since = refused[0], self._now()


async def _read(gateway: Gateway, handle: Handle) -> None:
    """All the events of one gateway; one that breaks is read again, for its events are kept until handled."""
    while True:
        try:
            async for events in gateway.events():
                await handle(gateway.name, events)
            return
        except Exception as error:
            log.error("events not read", gateway=gateway.name, error=type(error).__name__)
            await asyncio.sleep(_BROKEN_S)
