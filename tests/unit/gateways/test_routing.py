"""Routing: by destination and type, in the operator's order; another gateway only when the first certainly took nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.delivery import Cause, State
from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import Caps, Dlr, Event, Health, Hook, HookReply, Outcome, Result, Submit
from smsapp.gateways.routing import Later, Router, Way
from tests.unit.gateways.contract_suite import message

FR = frozenset({"FR"})


class Stub:
    """A gateway that answers what it is told, and pushes what it is given."""

    def __init__(self, name: str, caps: Caps | None = None, result: Result | None = None) -> None:
        self.name, self.caps, self._result = name, caps or Caps(), result
        self.taken: list[str] = []
        self.pushed: asyncio.Queue[list[Event] | None] = asyncio.Queue()
        self.closed = False

    async def submit(self, batch: Sequence[Submit]) -> list[Result]:
        self.taken += [m.key for m in batch]
        return [self._result or Result(m.key, Outcome.ACCEPTED, m.key) for m in batch]

    def parse(self, hook: Hook) -> tuple[list[Event], HookReply]:
        return [], HookReply(404)

    async def balance(self) -> Decimal | None:
        return None

    async def find(self, key: str) -> Result | None:
        return None

    async def check(self) -> Health:
        return Health.GOOD

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        while (batch := await self.pushed.get()) is not None:
            yield batch

    async def close(self) -> None:
        self.closed = True
        self.pushed.put_nowait(None)


def test_the_first_gateway_that_serves_a_destination_is_chosen() -> None:
    router = Router([Way(Stub("domestic"), FR), Way(Stub("world"))])
    assert router.choose("FR", SmsType.PRO, None) == "domestic"
    assert router.choose("GB", SmsType.PRO, None) == "world"


def test_voice_goes_only_where_it_is_spoken() -> None:
    router = Router([Way(Stub("text")), Way(Stub("speech", Caps(voice=True)), types=frozenset({SmsType.VOICE}))])
    assert router.choose("FR", SmsType.VOICE, None) == "speech"
    assert router.choose("FR", SmsType.PRO, None) == "text"
    assert Router([Way(Stub("text"))]).choose("FR", SmsType.VOICE, None) is None


def test_no_way_is_said_and_a_way_that_is_off_is_waited_for() -> None:
    assert Router([Way(Stub("domestic"), FR)]).choose("GB", SmsType.PRO, None) is None
    assert Router([Way(Stub("domestic"), FR, enabled=False)]).choose("FR", SmsType.PRO, None) == Later(30.0)
    assert Router().choose("FR", SmsType.PRO, None) == Later(30.0)


def test_a_busy_gateway_is_waited_for_and_one_that_is_down_passed_over() -> None:
    router = Router([Way(Stub("a")), Way(Stub("b"))])
    assert router.choose("FR", SmsType.PRO, None, busy=["a"]) == Later()
    assert router.choose("FR", SmsType.PRO, None, down=["a"]) == "b"
    assert router.choose("FR", SmsType.PRO, None, down=["a", "b"], rest=7) == Later(7)


def test_the_gateway_that_did_not_take_a_message_gets_it_again_only_after_the_others() -> None:
    router = Router([Way(Stub("a")), Way(Stub("b")), Way(Stub("c"), FR)])
    assert [router.choose("GB", SmsType.PRO, last) for last in ("a", "b", "gone")] == ["b", "a", "a"]


NAMES = st.sampled_from(["a", "b", "c"])


@given(
    served=st.dictionaries(NAMES, st.sets(st.sampled_from(["FR", "GB"])), min_size=1),
    off=st.sets(NAMES),
    busy=st.sets(NAMES),
    down=st.sets(NAMES),
    last=st.none() | NAMES,
)
def test_whatever_is_chosen_serves_the_destination_and_is_neither_off_nor_down(
    served: dict[str, set[str]], off: set[str], busy: set[str], down: set[str], last: str | None
) -> None:
    router = Router([Way(Stub(name), frozenset(to), enabled=name not in off) for name, to in served.items()])
    serving = {name for name, to in served.items() if not to or "FR" in to}
    chosen = router.choose("FR", SmsType.PRO, last, busy=busy, down=down)
    if isinstance(chosen, str):
        assert chosen in serving - off - down - busy
    elif chosen is None:
        assert not serving
    else:
        assert serving <= off | down | busy or serving & busy


async def test_a_message_for_a_gateway_that_is_gone_was_not_taken() -> None:
    router = Router([Way(Stub("a"), enabled=False)])
    for name in ("a", "gone"):
        (result,) = await router.submit(name, [message("k", 33612345601)])
        assert result.outcome is Outcome.RETRY


async def test_what_a_gateway_says_of_itself_is_kept_until_it_works_again() -> None:
    stub = Stub("a", result=Result("k", Outcome.RETRY, retry_after=60, cause=Cause.GATEWAY))
    router = Router([Way(stub)])
    await router.submit("a", [message("k", 33612345601)])
    assert router.ways[0].record.trouble is Cause.GATEWAY
    stub._result = None
    await router.submit("a", [message("k", 33612345601)])
    assert router.ways[0].record.trouble is None
    assert router.ways[0].record.good_at is not None


async def test_events_come_from_every_gateway_also_from_one_that_is_added() -> None:
    seen: list[tuple[str, str]] = []
    arrived = asyncio.Event()

    async def handle(name: str, events: Sequence[Event]) -> None:
        seen.extend((name, event.event_id) for event in events)
        arrived.set()

    def report(event_id: str) -> list[Event]:
        return [Dlr(event_id, "k", None, State.DELIVERED, None, None, datetime(2026, 6, 17, tzinfo=UTC))]

    first, second = Stub("a"), Stub("b")
    router = Router([Way(first)])
    pump = asyncio.create_task(router.pump(handle))
    first.pushed.put_nowait(report("1"))
    await asyncio.wait_for(arrived.wait(), 5)
    arrived.clear()
    await router.replace([Way(second)])
    assert first.closed
    second.pushed.put_nowait(report("2"))
    await asyncio.wait_for(arrived.wait(), 5)
    await router.close()
    await asyncio.wait_for(pump, 5)
    assert seen == [("a", "1"), ("b", "2")]
