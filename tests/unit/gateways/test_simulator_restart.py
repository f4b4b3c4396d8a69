"""What a simulated network that was killed knows when it is started again, and what its journal forgets."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from smsapp.domain.delivery import State
from smsapp.gateways.contract import Dlr, Event, Outcome
from smsapp.gateways.journal import Read, Take, entries
from smsapp.gateways.simulator import BATCH, Simulator
from tests.unit.gateways.contract_suite import message
from tests.unit.gateways.simulated import FREE, LATER, Time, kill, messages, path, simulator, time

__all__ = ["path", "time"]  # fixtures


def test_a_killed_network_started_again_knows_what_it_took(time: Time, path: Path) -> None:
    results = simulator(time, path).take(messages(200))
    again = simulator(time, path)
    for result in results:
        found = asyncio.run(again.find(result.key))
        if result.outcome is Outcome.ACCEPTED:
            assert found is not None
            assert found.gateway_id == result.gateway_id
    assert again.take(messages(1))[0].gateway_id == results[0].gateway_id


def test_a_killed_network_started_again_tells_what_nobody_handled(time: Time, path: Path) -> None:
    untouched, killed = simulator(time), simulator(time, path)
    for gateway in (untouched, killed):
        gateway.take(messages(600))
    everything = untouched.due(LATER)
    told: list[Event] = []
    for _ in range(40):  # killed after each batch: the last one given was not handled
        told += killed.due(LATER, limit=50)
        lost = killed.due(LATER, limit=50)
        kill(killed)
        killed = simulator(time, path)
        assert told + lost == everything[: len(told) + len(lost)]
    assert told == everything


def test_what_is_told_to_the_end_is_not_told_again(time: Time, path: Path) -> None:
    gateway = simulator(time, path)
    gateway.take(messages(300))
    assert gateway.due(LATER)
    assert gateway.due(LATER) == []
    assert simulator(time, path).next_due() is None


async def test_asking_for_the_next_batch_writes_that_the_last_one_is_handled(time: Time, path: Path) -> None:
    gateway = Simulator.instant(time.now, path)
    await gateway.submit(messages(BATCH))
    reader = gateway.events()
    await anext(reader)
    assert not any(isinstance(row, Read) for row in entries(path))
    await anext(reader)
    assert [len(row.labels) for row in entries(path) if isinstance(row, Read)] == [BATCH]
    await reader.aclose()


def test_a_take_whose_line_was_torn_was_never_answered_and_is_not_known(time: Time, path: Path) -> None:
    simulator(time, path).take(messages(3))
    os.truncate(path, path.stat().st_size - 9)
    again = simulator(time, path)
    assert asyncio.run(again.find("12-1")) is not None
    assert asyncio.run(again.find("12-2")) is None
    assert again.take(messages(3))[2].outcome is Outcome.ACCEPTED
    assert [row.key for row in entries(path) if isinstance(row, Take) and not row.again] == ["12-0", "12-1", "12-2"]


def test_events_of_the_time_it_was_down_come_at_once(time: Time, path: Path) -> None:
    simulator(time, path, replace(FREE, no_report=0.0)).take([message("k", 33612345999)])
    time.at += timedelta(hours=47)
    gateway = simulator(time, path)
    assert [e.state for e in gateway.due() if isinstance(e, Dlr)] == [State.OPERATOR]
    time.at += timedelta(hours=2)
    assert [e.state for e in gateway.due() if isinstance(e, Dlr)] == [State.FAILED]


def test_a_journal_forgets_after_a_week_unless_asked_to_keep(time: Time, path: Path) -> None:
    gateway = simulator(time, path)
    gateway.take(messages(50))
    gateway.due(LATER)
    gateway.due(LATER)
    asyncio.run(gateway.close())
    time.at += timedelta(days=6)
    asyncio.run(simulator(time, path).close())
    assert len([row for row in entries(path) if isinstance(row, Take)]) == 50
    time.at += timedelta(days=2)
    asyncio.run(simulator(time, path, keep=None).close())
    assert len([row for row in entries(path) if isinstance(row, Take)]) == 50
    asyncio.run(simulator(time, path).close())
    assert list(entries(path)) == []
