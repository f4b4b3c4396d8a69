"""Several processes on one journal are one network: found by all, told by one, once, whoever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from smsapp.gateways.contract import Event, Outcome
from smsapp.gateways.journal import Take, entries
from smsapp.gateways.simulator import Simulator
from tests.unit.gateways.simulated import LATER, Time, ids, kill, messages, simulator


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "network.jsonl"


def handled(gateway: Simulator) -> list[Event]:
    """Everything that there is to tell, said to be handled."""
    events = gateway.due(LATER)
    assert gateway.due(LATER) == []
    return events


def test_one_process_tells_what_all_of_them_took(time: Time, path: Path) -> None:
    alone = simulator(time)
    one, two = simulator(time, path), simulator(time, path)
    alone.take(messages(300))
    one.take(messages(100))
    two.take(messages(100, first=100))
    one.take(messages(100, first=200))
    assert two.due(LATER) == []
    assert sorted(ids(handled(one))) == sorted(ids(alone.due(LATER)))


def test_another_tells_the_rest_when_the_teller_dies(time: Time, path: Path) -> None:
    alone = simulator(time)
    one, two = simulator(time, path), simulator(time, path)
    alone.take(messages(200))
    one.take(messages(100))
    two.take(messages(100, first=100))
    told = one.due(LATER, limit=120)
    lost = one.due(LATER, limit=30)  # asks for more: the first 120 are handled; these are not
    kill(one)
    rest = handled(two)
    assert set(ids(lost)) <= set(ids(rest))
    assert sorted(ids([*told, *rest])) == sorted(ids(alone.due(LATER)))


def test_each_finds_what_any_of_them_took(time: Time, path: Path) -> None:
    """Else an unknown outcome would be asked of the wrong process, "not found", and the message sent again."""
    one, two, late = simulator(time, path), simulator(time, path), simulator(time, path)
    results = [*one.take(messages(50)), *two.take(messages(50, first=50))]
    for gateway in (one, two, late):
        for result in results:
            if result.outcome is Outcome.ACCEPTED:
                found = asyncio.run(gateway.find(result.key))
                assert found is not None
                assert found.gateway_id == result.gateway_id
        assert asyncio.run(gateway.find("12-999")) is None


def test_a_process_that_tells_finds_what_came_since(time: Time, path: Path) -> None:
    one, two = simulator(time, path), simulator(time, path)
    two.take(messages(1))
    assert asyncio.run(one.find("12-0")) is not None
    assert one.due(LATER)
    two.take(messages(1, first=1))
    assert asyncio.run(one.find("12-1")) is not None
    assert [row.key for row in entries(path) if isinstance(row, Take)] == ["12-0", "12-1"]


async def test_the_readers_of_all_processes_hear_everything_once(path: Path) -> None:
    """As workers do: each reads for as long as it lives, and the first one dies in the middle."""
    time = Time()
    gateways = [Simulator.instant(time.now, path) for _ in range(3)]
    heard: list[list[Event]] = [[], [], []]
    rung = asyncio.Event()

    async def read(i: int) -> None:
        async for events in gateways[i].events():
            heard[i] += events
            rung.set()

    async def until(count: int) -> Sequence[str]:
        async with asyncio.timeout(10):
            while len(told := ids([event for mine in heard for event in mine])) < count:
                rung.clear()
                await rung.wait()
        return told

    readers = [asyncio.create_task(read(i)) for i in range(3)]
    for i, gateway in enumerate(gateways):
        await gateway.submit(messages(100, first=100 * i))
    assert len(set(await until(600))) == 600
    assert [bool(mine) for mine in heard] == [True, False, False]
    readers[0].cancel()
    kill(gateways[0])
    for i, gateway in enumerate(gateways[1:], 3):
        await gateway.submit(messages(100, first=100 * i))
    told = await until(1_000)
    assert len(told) - len(set(told)) <= 500  # what the dead one had in hand is told again
    assert len(set(told)) == 1_000
    for gateway in gateways[1:]:
        await gateway.close()
    await asyncio.gather(*readers, return_exceptions=True)
