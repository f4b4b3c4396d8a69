"""SMPP against a real SMSC: the contract, texts, and what becomes of messages when the line fails."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import suppressed
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Dlr, Event, Health, Mo, Outcome
from smsapp.gateways.options import SmppOptions
from smsapp.gateways.routing import Router
from smsapp.gateways.smpp import Smpp
from smsapp.inbox.service import conversations
from smsapp.sending.dispatcher import Dispatcher
from smsapp.sending.outbox import window
from tests.peers.smsc import Smsc, start_smsc
from tests.services.sending.house import FIRST, POLICY, assert_exact, running, states
from tests.unit.gateways.contract_suite import GatewayContract, message

PHONE = 33612345601
EURO = "Soldes à 50 €, {ici}"


@pytest.fixture(scope="module")
def at_work() -> Iterator[Smsc]:
    with start_smsc() as smsc:
        yield smsc


@pytest.fixture
def smsc(at_work: Smsc) -> Smsc:
    """As it behaves by default, with nothing counted before."""
    at_work.tell("set", delay=10, mute=0, tps=0, full=0, hex=0, text_hex=0, no_tlv=0, drop_after=0)
    at_work.tell("forget")
    return at_work


def smpp(smsc: Smsc, **more: object) -> Smpp:
    options = {
        "host": "127.0.0.1",
        "port": smsc.port,
        "system_id": "app",
        "password": "secret",
        "max_tps": 5000,
        **more,
    }
    return Smpp("smpp", SmppOptions.model_validate(options), lambda: datetime.now(UTC))


@pytest.fixture
async def gateway(smsc: Smsc) -> AsyncIterator[Smpp]:
    made = smpp(smsc)
    yield made
    await made.close()


class Reader:
    """Reads the events of a gateway until something is true of them; asking for more says that they are kept."""

    def __init__(self, gateway: Smpp) -> None:
        self.seen: list[Event] = []
        self._gateway = gateway
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async with aclosing(self._gateway.events()) as batches:
            async for batch in batches:
                self.seen += batch
                self._changed.set()

    async def until(self, true: Callable[[list[Event]], bool]) -> list[Event]:
        async with asyncio.timeout(15):
            while not true(self.seen):
                await self._changed.wait()
                self._changed.clear()
        return self.seen

    async def stop(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


@pytest.fixture
async def reader(gateway: Smpp) -> AsyncIterator[Reader]:
    made = Reader(gateway)
    yield made
    await made.stop()


class TestContract(GatewayContract):
    reachable = PHONE


async def test_a_text_arrives_as_it_was_counted(gateway: Smpp, smsc: Smsc) -> None:
    """S60: one submission for each segment that is priced, the report asked of the last."""
    texts = [EURO, "Ça va ? 😀", "€" * 100, "é" * 200, "😀" * 60]
    await gateway.submit([message(f"text-{n}", PHONE + n, text) for n, text in enumerate(texts)])
    got = smsc.tell("got")
    by_phone: dict[str, list[dict[str, object]]] = {}
    for one in got:
        by_phone.setdefault(str(one["to"]), []).append(one)
    for n, text in enumerate(texts):
        parts = sorted(by_phone[str(PHONE + n)], key=lambda one: str(one["udh"]))
        assert "".join(str(part["text"]) for part in parts) == text
        assert [part["receipt"] for part in parts] == [0] * (len(parts) - 1) + [1]
    assert [len(by_phone[str(PHONE + n)]) for n in range(5)] == [1, 1, 2, 2, 2]
    assert {one["coding"] for one in by_phone[str(PHONE)]} == {0}
    assert {one["coding"] for one in by_phone[str(PHONE + 4)]} == {8}


async def test_a_long_text_may_travel_whole(smsc: Smsc) -> None:
    gateway = smpp(smsc, long_messages="payload")
    (result,) = await gateway.submit([message("whole", PHONE, "é" * 200)])
    await gateway.close()
    (got,) = smsc.tell("got")
    assert (result.outcome, got["payload"], got["udh"]) == (Outcome.ACCEPTED, "é" * 200, None)


@pytest.mark.parametrize(("sender", "ton"), [("MaMarque", 5), ("36111", 3), ("33612345678", 1), (None, 0)])
async def test_the_sender_is_said_as_what_it_is(gateway: Smpp, smsc: Smsc, sender: str | None, ton: int) -> None:
    await gateway.submit([message("from", PHONE, sender=sender)])
    (got,) = smsc.tell("got")
    assert (got["from"], got["ton"], got["hours"]) == (sender or "", ton, 48)


async def test_reports_say_what_became_of_each(gateway: Smpp, reader: Reader) -> None:
    phones = {"good": PHONE, "undelivered": 33612345000, "expired": 33612345999, "refused": 33612345888}
    await gateway.submit([message(key, phone) for key, phone in phones.items()])
    seen = await reader.until(lambda events: len(events) >= 4)
    assert {e.key: (e.state, e.cause) for e in seen if isinstance(e, Dlr)} == {
        "good": (State.DELIVERED, None),
        "undelivered": (State.FAILED, Cause.UNKNOWN),
        "expired": (State.FAILED, Cause.ABSENT),
        "refused": (State.FAILED, Cause.OPERATOR_PERMANENT),
    }


@pytest.mark.parametrize(
    "ids",
    [{"hex": 1}, {"no_tlv": 1}, {"no_tlv": 1, "text_hex": 1}, {"no_tlv": 1, "hex": 1}],
    ids=["hexadecimal", "in the text", "answered in decimal, reported in hexadecimal", "hexadecimal in the text"],
)
async def test_a_report_finds_its_message_however_the_identifier_is_written(
    gateway: Smpp, smsc: Smsc, reader: Reader, ids: dict[str, int]
) -> None:
    smsc.tell("set", **ids)
    (result,) = await gateway.submit([message("id", PHONE)])
    (event,) = await reader.until(lambda events: len(events) >= 1)
    assert isinstance(event, Dlr)
    assert (event.key, event.gateway_id, event.state) == ("id", result.gateway_id, State.DELIVERED)


async def test_what_was_not_kept_is_told_again(gateway: Smpp, smsc: Smsc) -> None:
    """A report is acknowledged only when the next batch is asked for: until then it is the SMSC's to keep."""
    acked = smsc.tell("stats")["acked"]
    await gateway.submit([message("kept", PHONE)])
    batches = gateway.events()
    (first,) = await anext(batches)
    assert smsc.tell("stats")["acked"] == acked
    await batches.aclose()
    batches = gateway.events()
    (again,) = await anext(batches)
    assert first == again
    following = asyncio.create_task(anext(batches))
    await asyncio.to_thread(smsc.until, "acked", acked + 1)
    following.cancel()


async def test_replies_arrive_whole(gateway: Smpp, smsc: Smsc, reader: Reader) -> None:
    assert await gateway.check() is Health.GOOD
    smsc.tell("reply", **{"from": PHONE, "to": "36111", "text": "STOP é€"})
    smsc.tell("reply", **{"from": PHONE, "to": "36111", "text": "Ça marche, merci beaucoup 😀", "parts": 1})
    seen = await reader.until(lambda events: len(events) >= 2)
    assert {(e.e164, e.to, e.text) for e in seen if isinstance(e, Mo)} == {
        (PHONE, "36111", "STOP é€"),
        (PHONE, "36111", "Ça marche, merci beaucoup 😀"),
    }
    assert len({e.event_id for e in seen}) == 2


async def test_a_STOP_on_the_line_blacklists_the_number_and_is_among_the_replies(
    gateway: Smpp, smsc: Smsc, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    """S45, S74, from the phone to the screen: the account's message, the answer to it, the page of replies."""
    clock.set(datetime.now(UTC))
    running(db, actor, 2)
    changed = asyncio.Event()
    router = Router.of(gateway)
    dispatcher = Dispatcher(db, router, policy=POLICY, on_change=lambda _accounts: changed.set())

    async def until(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(true):
                await changed.wait()
                changed.clear()

    tasks = [asyncio.create_task(dispatcher.run()), asyncio.create_task(dispatcher.pump())]
    await until(lambda: not states(db).keys() & {"queued", "submitting"})
    await asyncio.to_thread(smsc.tell, "reply", **{"from": FIRST, "to": "36111", "text": "Stop"})
    await until(lambda: bool(suppressed(db, actor)))
    dispatcher.stop()
    await tasks[0]
    await router.close()
    await tasks[1]
    assert suppressed(db, actor) == {FIRST}
    assert [(line.e164, line.text, line.stopped) for line in conversations(db, actor).lines] == [(FIRST, "Stop", True)]
    running(db, actor, 2)
    assert [m.e164 for m in window(db, lane="live", gateway="smpp", size=2, policy=POLICY).batch] == [FIRST + 1]
    assert_exact(db)


async def test_the_same_words_sent_twice_are_two_replies(gateway: Smpp, smsc: Smsc, reader: Reader) -> None:
    await gateway.check()
    for count in (1, 2):
        smsc.tell("reply", **{"from": PHONE, "to": "36111", "text": "Oui"})
        await reader.until(lambda events, count=count: len(events) == count)  # type: ignore[misc]
    assert len({e.event_id for e in reader.seen}) == 2


async def test_hundreds_are_on_their_way_within_the_window(gateway: Smpp, reader: Reader) -> None:
    results = [
        result
        for batch in await asyncio.gather(
            *(gateway.submit([message(f"many-{b}-{n}", PHONE + n) for n in range(100)]) for b in range(5))
        )
        for result in batch
    ]
    assert Counter(r.outcome for r in results) == {Outcome.ACCEPTED: 500}
    seen = await reader.until(lambda events: len(events) >= 500)
    assert {e.key for e in seen if isinstance(e, Dlr)} == {r.key for r in results}


async def test_a_dropped_line_leaves_unknown_what_was_on_it_and_the_rest_untaken(smsc: Smsc) -> None:
    """reliability 2.2: nothing is lost in silence, nothing is sent twice, and the bind comes back by itself."""
    gateway = smpp(smsc, window=20)
    reader = Reader(gateway)
    assert await gateway.check() is Health.GOOD
    before = smsc.tell("stats")["submitted"]
    smsc.tell("set", drop_after=before + 100)
    batch = [message(f"drop-{n}", PHONE + n) for n in range(300)]
    results = await gateway.submit(batch)
    outcomes = Counter(r.outcome for r in results)
    assert [r.key for r in results] == [m.key for m in batch]
    assert outcomes[Outcome.ACCEPTED] <= 100
    assert 1 <= outcomes[Outcome.UNKNOWN] <= 20
    taken = {one["to"] for one in smsc.tell("got")}
    assert len(taken) >= 100
    by_outcome = {
        outcome: {str(PHONE + n) for n, r in enumerate(results) if r.outcome is outcome} for outcome in Outcome
    }
    assert by_outcome[Outcome.ACCEPTED] <= taken
    assert not by_outcome[Outcome.RETRY] & taken
    (later,) = await gateway.submit([message("after", PHONE)])
    assert later.outcome is Outcome.ACCEPTED
    known = by_outcome[Outcome.ACCEPTED]
    seen = await reader.until(lambda events: len({e.key for e in events if isinstance(e, Dlr)}) > len(known))
    assert {e.state for e in seen if isinstance(e, Dlr)} == {State.DELIVERED}
    await reader.stop()
    await gateway.close()


async def test_a_mute_smsc_leaves_unknown_and_its_late_answer_is_proof(smsc: Smsc) -> None:
    gateway = smpp(smsc, response_s=0.5)
    assert await gateway.check() is Health.GOOD
    smsc.tell("set", mute=1)
    binds = smsc.tell("stats")["binds"]
    (result,) = await gateway.submit([message("mute", PHONE)])
    assert result.outcome is Outcome.UNKNOWN
    await asyncio.to_thread(smsc.until, "binds", binds + 1)  # asked, silent, dropped, and made again
    smsc.tell("set", mute=0)
    (after,) = await gateway.submit([message("heard", PHONE)])
    assert after.outcome is Outcome.ACCEPTED
    await gateway.close()


async def test_too_fast_is_not_taken(gateway: Smpp, smsc: Smsc) -> None:
    smsc.tell("set", tps=5)
    results = await gateway.submit([message(f"fast-{n}", PHONE) for n in range(20)])
    outcomes = Counter(r.outcome for r in results)
    assert outcomes.keys() == {Outcome.ACCEPTED, Outcome.RETRY}
    assert outcomes[Outcome.ACCEPTED] == len(smsc.tell("got"))
    assert all(r.retry_after for r in results if r.outcome is Outcome.RETRY)


async def test_a_full_queue_is_not_taken_and_a_wrong_number_is_refused(gateway: Smpp, smsc: Smsc) -> None:
    smsc.tell("set", full=1)
    (result,) = await gateway.submit([message("full", PHONE)])
    assert result.outcome is Outcome.RETRY
    smsc.tell("set", full=0)


async def test_wrong_credentials_and_nobody_there_are_told_apart(smsc: Smsc) -> None:
    wrong = smpp(smsc, password="wrong")
    assert await wrong.check() is Health.REFUSED
    (result,) = await wrong.submit([message("no", PHONE)])
    assert (result.outcome, result.cause) == (Outcome.RETRY, Cause.GATEWAY)
    await wrong.close()
    nobody = smpp(smsc, port=1)
    assert await nobody.check() is Health.UNREACHABLE
    (result,) = await nobody.submit([message("no", PHONE)])
    assert result.outcome is Outcome.RETRY
    await nobody.close()


async def test_a_quiet_line_is_asked_whether_it_lives(smsc: Smsc) -> None:
    gateway = smpp(smsc, enquire_s=0.1)
    assert await gateway.check() is Health.GOOD
    before = smsc.tell("stats")["enquired"]
    await asyncio.to_thread(smsc.until, "enquired", before + 2)
    assert await gateway.check() is Health.GOOD
    await gateway.close()
