"""The simulated network as a gateway: contract, determinism, crashes, throttling, events."""

from __future__ import annotations

import asyncio
import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from smsapp.domain.delivery import Cause, State
from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import Dlr, Event, Gateway, Mo, Outcome, Submit
from smsapp.gateways.fate import DEFAULT, STOPS, Traits
from smsapp.gateways.journal import Read, Take, entries
from smsapp.gateways.simulator import BATCH, Simulator, no_wait
from tests.unit.gateways.contract_suite import GatewayContract, message

PHONE = 33612345601
NOON = datetime(2026, 6, 17, 10, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=30)
FREE = replace(DEFAULT, max_tps=math.inf)  # the default traits without the throttle


class Time:
    """A clock that moves only when somebody sleeps, or by hand."""

    def __init__(self) -> None:
        self.at = NOON
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "network.jsonl"


def simulator(
    time: Time,
    journal: Path | None = None,
    traits: Traits = FREE,
    *,
    seed: int = 7,
    speed: float = 1.0,
    keep: timedelta | None = timedelta(days=7),
) -> Simulator:
    return Simulator(seed, speed, journal, time.now, traits, sleep=time.sleep, keep=keep)


def kill(gateway: Simulator) -> None:
    """What the system does of a process that dies: its files are closed, nothing else happens."""
    assert gateway._journal is not None
    gateway._journal.close()


def messages(count: int, *, e164: int = PHONE, first: int = 0, sender: str | None = None) -> list[Submit]:
    return [message(f"12-{n}", e164, sender=sender) for n in range(first, first + count)]


def ids(events: Sequence[Event]) -> list[str]:
    return [event.event_id for event in events]


class TestContract(GatewayContract):
    reachable = PHONE

    @pytest.fixture(params=["memory", "journal", "instant", "no look-up"])
    def gateway(self, request: pytest.FixtureRequest, time: Time, path: Path) -> Gateway:
        calm = replace(FREE, answer_lost=0.0, request_lost=0.0)
        if request.param == "instant":
            return Simulator.instant(time.now)
        traits = replace(calm, lookup=False) if request.param == "no look-up" else calm
        return simulator(time, path if request.param == "journal" else None, traits)


# --- what it answers ---------------------------------------------------------------------------------------------


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


# --- what it tells -----------------------------------------------------------------------------------------------


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


# --- what it knows after a crash ---------------------------------------------------------------------------------


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
