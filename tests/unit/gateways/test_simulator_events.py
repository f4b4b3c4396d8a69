"""What the simulated network tells afterwards: reports and replies, when, in which batches, to which reader."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from smsapp.domain.delivery import Cause, State
from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import Dlr, Event, Mo, Submit
from smsapp.gateways.fate import DEFAULT, STOPS, Traits
from smsapp.gateways.journal import Read, entries
from smsapp.gateways.simulator import BATCH, Simulator, no_wait
from tests.unit.gateways.contract_suite import message
from tests.unit.gateways.simulated import FREE, LATER, NOON, PHONE, Time, ids, messages, path, simulator, time

__all__ = ["path", "time"]  # fixtures


async def test_every_message_taken_is_told_in_due_order(time: Time) -> None:
    gateway = simulator(time, traits=replace(FREE, no_report=0.0))
    batch = messages(1000)
    gateway.take(batch)
    seen: list[Event] = []
    while (at := gateway.next_due()) is not None:
        part = gateway.due(at)
        assert part
        seen += part
    finals = {e.key for e in seen if isinstance(e, Dlr) and e.state in (State.DELIVERED, State.FAILED)}
    assert finals == {m.key for m in batch if await gateway.find(m.key)}
    assert gateway.due(LATER) == []


def test_due_gives_nothing_before_its_time_and_respects_its_limit(time: Time) -> None:
    gateway = simulator(time)
    gateway.take(messages(300))
    assert gateway.due() == []
    assert gateway.due(NOON + timedelta(milliseconds=50)) == []
    assert len(gateway.due(LATER, limit=7)) == 7
    early = gateway.due(NOON + timedelta(seconds=2))
    assert early
    assert {e.state for e in early if isinstance(e, Dlr)} <= {State.OPERATOR, State.DELIVERED, State.FAILED}


def test_duplicates_keep_their_event_id(time: Time) -> None:
    gateway = simulator(time)
    gateway.take(messages(2000))
    events = gateway.due(LATER)
    repeated = [event_id for event_id, times in Counter(ids(events)).items() if times == 2]
    assert 15 <= len(repeated) <= 65
    for event_id in repeated:
        one, other = (e for e in events if e.event_id == event_id)
        assert one == other


def test_reports_carry_the_message_the_network_and_the_moment(time: Time) -> None:
    gateway = simulator(time)
    (result,) = gateway.take([message("k", 33612345888)])
    operator, final = gateway.due(LATER)
    assert isinstance(operator, Dlr)
    assert isinstance(final, Dlr)
    assert (operator.state, final.state, final.cause) == (State.OPERATOR, State.FAILED, Cause.BARRED)
    assert {(e.key, e.gateway_id) for e in (operator, final)} == {("k", result.gateway_id)}
    assert operator.operator in {n.mcc_mnc for n in DEFAULT.networks}
    assert NOON < operator.at < final.at < NOON + timedelta(minutes=1)


@pytest.mark.parametrize(("sender", "to"), [(None, "36111"), ("38200", "38200"), ("+33937000000", "+33937000000")])
def test_a_phone_replies_stop_to_who_wrote(time: Time, sender: str | None, to: str) -> None:
    """S45: possible without a custom sender."""
    gateway = simulator(time)
    gateway.take([message("k", 33612345555, sender=sender)])
    reply = gateway.due(LATER)[-1]
    assert isinstance(reply, Mo)
    assert (reply.e164, reply.to, reply.text) == (33612345555, to, STOPS[0])


def test_nobody_replies_to_a_name_nor_to_a_voice(time: Time) -> None:
    """S42: a name is not a phone number."""
    gateway = simulator(time)
    gateway.take(messages(3000, sender="MaMarque"))
    gateway.take([Submit(f"v-{n}", PHONE, "x", None, SmsType.VOICE, 1) for n in range(3000)])
    assert not any(isinstance(e, Mo) for e in gateway.due(LATER))


def test_all_delays_are_divided_by_the_speed(time: Time) -> None:
    slow, fast = simulator(time), simulator(time, speed=3600)
    slow.take(messages(200))
    fast.take(messages(200))
    ends = [(e.event_id, (e.at - NOON) / timedelta(seconds=1)) for e in slow.due(LATER)]
    quick = {e.event_id: (e.at - NOON) / timedelta(seconds=1) for e in fast.due(LATER)}
    assert all(quick[event_id] == pytest.approx(seconds / 3600, abs=1e-5) for event_id, seconds in ends)


def test_at_infinite_speed_everything_is_due_at_once(time: Time) -> None:
    gateway = simulator(time, speed=math.inf)
    gateway.take(messages(100))
    assert len(gateway.due()) >= 190
    assert gateway.next_due() is None


async def test_events_come_in_batches_of_at_most_500(time: Time) -> None:
    gateway = Simulator.instant(time.now)
    await gateway.submit(messages(1300))
    sizes = []
    async for batch in gateway.events():
        sizes.append(len(batch))
        if sum(sizes) == 2600:
            await gateway.close()
    assert sizes == [BATCH] * 5 + [100]


async def test_small_batches_come_at_most_20_times_a_second(time: Time) -> None:
    gateway = simulator(time)
    gateway.take(messages(500))
    moments: list[datetime] = []
    async for _ in gateway.events():
        moments.append(time.now())
        if time.now() > NOON + timedelta(seconds=8):
            await gateway.close()
    gaps = [b - a for a, b in pairwise(moments)]
    assert len(moments) > 50
    assert min(gaps) >= timedelta(seconds=0.05)


async def test_a_reader_sleeps_until_the_next_event(time: Time) -> None:
    """Not a polling loop: 48 hours of silence cost one look a minute at most."""
    gateway = simulator(time)
    gateway.take([message("k", 33612345999)])
    time.slept = []
    states = []
    async for batch in gateway.events():
        states += [e.state for e in batch if isinstance(e, Dlr)]
        if State.FAILED in states:
            await gateway.close()
    assert states == [State.OPERATOR, State.FAILED]
    assert time.now() - NOON >= timedelta(hours=48)
    assert len(time.slept) <= 48 * 60 + 10


async def test_a_waiting_reader_wakes_when_a_message_is_taken(time: Time) -> None:
    gateway = Simulator(0, math.inf, None, time.now, Traits.instant(), sleep=no_wait)
    reader = gateway.events()
    waiting = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    assert not waiting.done()
    gateway.take(messages(1))
    assert [e.state for e in await waiting if isinstance(e, Dlr)] == [State.OPERATOR, State.DELIVERED]
    await reader.aclose()


async def test_a_waiting_reader_ends_when_the_gateway_closes(time: Time) -> None:
    gateway = simulator(time)
    waiting = asyncio.ensure_future(anext(gateway.events(), None))
    await asyncio.sleep(0)
    await gateway.close()
    assert await waiting is None


async def test_a_reader_that_leaves_has_not_handled_its_last_batch(time: Time) -> None:
    gateway = simulator(time, traits=Traits.instant())
    gateway.take(messages(BATCH))  # two full batches
    reader = gateway.events()
    first = await anext(reader)
    second = await anext(reader)
    await reader.aclose()
    again = await anext(gateway.events())
    assert ids(again) == ids(second)
    assert set(ids(again)).isdisjoint(ids(first))


async def test_a_reader_cancelled_at_work_leaves_its_batch_to_the_next_one(time: Time, path: Path) -> None:
    gateway = simulator(time, path, Traits.instant())
    gateway.take(messages(3))
    gone = gateway.events()  # cancelled in the middle of its work: nobody has closed it yet
    given = await anext(gone)
    reader = gateway.events()
    assert ids(await anext(reader)) == ids(given)
    await gone.aclose()
    gateway.take(messages(1, first=3))
    assert len(await anext(reader)) == 2
    await reader.aclose()
    assert [len(row.labels) for row in entries(path) if isinstance(row, Read)] == [6]
