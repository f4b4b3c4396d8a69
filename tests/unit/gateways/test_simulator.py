"""The simulated network as a gateway: the contract, and what it answers to whoever submits."""

from __future__ import annotations

import asyncio
import math
import os
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Dlr, Gateway, Outcome
from smsapp.gateways.fate import DEFAULT
from smsapp.gateways.journal import Take, entries
from smsapp.gateways.simulator import Simulator
from tests.unit.gateways.contract_suite import GatewayContract, message
from tests.unit.gateways.simulated import FREE, LATER, PHONE, Time, messages, path, simulator, time

__all__ = ["path", "time"]  # fixtures


class TestContract(GatewayContract):
    reachable = PHONE

    @pytest.fixture(params=["memory", "journal", "instant", "no look-up"])
    def gateway(self, request: pytest.FixtureRequest, time: Time, path: Path) -> Gateway:
        calm = replace(FREE, answer_lost=0.0, request_lost=0.0)
        if request.param == "instant":
            return Simulator.instant(time.now)
        traits = replace(calm, lookup=False) if request.param == "no look-up" else calm
        return simulator(time, path if request.param == "journal" else None, traits)


def test_the_same_seed_has_the_same_results_and_events(time: Time) -> None:
    first, second = simulator(time), simulator(time)
    assert first.take(messages(500)) == second.take(messages(500))
    assert first.due(LATER) == second.due(LATER)


def test_unknown_outcomes_come_at_their_rate_and_find_settles_them(time: Time) -> None:
    gateway = simulator(time)
    results = gateway.take(messages(20_000))
    unknown = [r for r in results if r.outcome is Outcome.UNKNOWN]
    assert {r.outcome for r in results} == {Outcome.ACCEPTED, Outcome.UNKNOWN}
    found = [asyncio.run(gateway.find(r.key)) for r in unknown]
    taken = sum(r is not None for r in found)
    assert 20 <= taken <= 65  # 0.2 % of 20 000
    assert 5 <= len(unknown) - taken <= 40  # 0.1 %


def test_a_request_that_was_lost_once_passes_when_submitted_again(time: Time) -> None:
    gateway = simulator(time, traits=replace(FREE, request_lost=1.0))
    assert [r.outcome for r in gateway.take(messages(3))] == [Outcome.UNKNOWN] * 3
    assert gateway.next_due() is None
    assert [r.outcome for r in gateway.take(messages(3))] == [Outcome.ACCEPTED] * 3


def test_a_key_submitted_again_has_the_same_identifier_and_the_journal_shows_it(time: Time, path: Path) -> None:
    gateway = simulator(time, path)
    (first,) = gateway.take(messages(1))
    again, twice = gateway.take(messages(1) * 2)
    assert first.gateway_id == again.gateway_id == twice.gateway_id
    takes = [row for row in entries(path) if isinstance(row, Take)]
    assert [(row.key, row.again) for row in takes] == [("12-0", False), ("12-0", True), ("12-0", True)]
    assert [e.state for e in gateway.due(LATER) if isinstance(e, Dlr)] == [State.OPERATOR, State.DELIVERED]  # once


def test_a_key_twice_in_one_batch_is_taken_once(time: Time, path: Path) -> None:
    gateway = simulator(time, path)
    first, second = gateway.take(messages(1) * 2)
    assert first == second
    assert [row.again for row in entries(path) if isinstance(row, Take)] == [False, True]


def test_magic_endings_reach_the_answer(time: Time) -> None:
    gateway = simulator(time)
    refused, lost, silent = gateway.take(
        [message("a", 33612345000), message("b", 33612345666), message("c", 33612345444)]
    )
    assert (refused.outcome, refused.cause) == (Outcome.REJECTED, Cause.INVALID)
    assert lost.outcome is Outcome.UNKNOWN
    assert asyncio.run(gateway.find("b")) is not None
    assert asyncio.run(gateway.find("a")) is None
    assert silent.outcome is Outcome.ACCEPTED
    assert {e.key for e in gateway.due(LATER) if isinstance(e, Dlr)} == {"b"}


def test_above_its_throughput_it_asks_to_try_again(time: Time) -> None:
    gateway = simulator(time, traits=replace(DEFAULT, max_tps=10))
    outcomes = [r.outcome for r in gateway.take([message(f"s-{n}", PHONE, segments=3) for n in range(4)])]
    assert outcomes == [Outcome.ACCEPTED] * 3 + [Outcome.RETRY]  # counted in segments
    assert gateway.take([message("s-9", PHONE, segments=3)])[0].retry_after == 1.0
    time.at += timedelta(seconds=1)
    accepted = Counter(r.outcome for r in gateway.take(messages(40)))
    assert accepted == {Outcome.ACCEPTED: 10, Outcome.RETRY: 30}
    time.at += timedelta(hours=1)
    assert Counter(r.outcome for r in gateway.take(messages(40, first=100)))[Outcome.ACCEPTED] == 10


def test_a_message_longer_than_a_second_of_throughput_still_passes(time: Time) -> None:
    gateway = simulator(time, traits=replace(DEFAULT, max_tps=2))
    assert gateway.take([message("long", PHONE, segments=6)])[0].outcome is Outcome.ACCEPTED


async def test_a_call_takes_its_latency_divided_by_the_speed(time: Time) -> None:
    await simulator(time).submit(messages(1))
    at_once, time.slept = sum(time.slept), []
    await simulator(time, speed=100).submit(messages(1))
    assert at_once > 0.005
    assert sum(time.slept) == pytest.approx(at_once / 100)


async def test_a_caller_that_gives_up_in_the_middle_does_not_know_but_find_does(time: Time) -> None:
    asleep = asyncio.Event()
    calls: list[float] = []

    async def sleep(seconds: float) -> None:
        calls.append(seconds)
        if len(calls) == 2:
            asleep.set()
            await asyncio.Event().wait()

    gateway = Simulator(7, 1.0, None, time.now, FREE, sleep=sleep)
    call = asyncio.create_task(gateway.submit(messages(1)))
    await asleep.wait()
    call.cancel()
    assert (await asyncio.gather(call, return_exceptions=True))[0].__class__ is asyncio.CancelledError
    assert await gateway.find("12-0") is not None


@pytest.mark.parametrize("speed", [0, -1, math.nan])
def test_a_speed_that_is_no_speed_is_refused(time: Time, speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        simulator(time, speed=speed)


def test_when_the_journal_cannot_be_written_nothing_is_taken(
    time: Time, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = simulator(time, path)
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: real(fd, data[:10]))
        results = gateway.take(messages(5))
    assert {r.outcome for r in results} == {Outcome.RETRY}
    assert asyncio.run(gateway.find("12-0")) is None
    assert list(entries(path)) == []
    assert {r.outcome for r in gateway.take(messages(5))} == {Outcome.ACCEPTED}
