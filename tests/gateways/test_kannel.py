"""Kannel against a real bearerbox and smsbox, with a real SMSC behind: the contract, reports, replies, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import BadSignature, Dlr, Event, Health, Hook, Mo, Outcome
from smsapp.gateways.http import Callback
from smsapp.gateways.kannel import LONGEST_URL, Kannel
from smsapp.gateways.options import KannelOptions
from tests.peers import kannel as peer
from tests.peers.hooks import Hooks, start_hooks
from tests.peers.smsc import Smsc, start_smsc
from tests.server import free_port
from tests.unit.gateways.contract_suite import GatewayContract, message

PHONE = 33612345601
TOKEN = "t" * 32


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def callback() -> Callback:
    return Callback(f"http://127.0.0.1:{free_port()}", "kannel", TOKEN)


@pytest.fixture(scope="module")
def smsc() -> Iterator[Smsc]:
    with start_smsc() as running:
        yield running


@pytest.fixture(scope="module")
def running(smsc: Smsc, callback: Callback, tmp_path_factory: pytest.TempPathFactory) -> Iterator[peer.Kannel]:
    replies = kannel_at("http://127.0.0.1:1", callback).reply_url()
    with peer.start_kannel(tmp_path_factory.mktemp("kannel") / "k", smsc.port, replies) as kannel:
        smsc.until("sessions", 1, 20)
        yield kannel


def kannel_at(url: str, callback: Callback, password: str = "apppw") -> Kannel:
    options = KannelOptions.model_validate({"url": url, "username": "app", "password": password, "sender": "smsapp"})
    return Kannel("kannel", options, callback, now)


@pytest.fixture
async def gateway(running: peer.Kannel, callback: Callback) -> AsyncIterator[Kannel]:
    made = kannel_at(running.url, callback)
    yield made
    await made.close()


@pytest.fixture
async def hooks(gateway: Kannel, callback: Callback) -> AsyncIterator[Hooks]:
    async with start_hooks(int(callback.base.rpartition(":")[2])) as listening:
        listening.gateway = gateway
        yield listening


class TestContract(GatewayContract):
    reachable = PHONE


def final(events: list[Event], *keys: str) -> dict[str, tuple[State, Cause | None]]:
    return {
        e.key or "": (e.state, e.cause)
        for e in events
        if isinstance(e, Dlr) and e.key in keys and e.state.value in ("delivered", "failed")
    }


async def test_reports_come_back_with_our_own_reference(gateway: Kannel, hooks: Hooks, smsc: Smsc) -> None:
    sent = [
        message("k-good", PHONE, "Bonjour à 50 €"),
        message("k-ucs", PHONE, "Ça marche 😀"),
        message("k-long", PHONE, "é" * 200, segments=2),
        message("k-undelivered", 33612345000),
        message("k-expired", 33612345999),
    ]
    results = await gateway.submit(sent)
    assert {r.outcome for r in results} == {Outcome.ACCEPTED}
    keys = [m.key for m in sent]
    events = await hooks.until(lambda seen: len(final(seen, *keys)) == len(keys))
    assert final(events, *keys) == {
        "k-good": (State.DELIVERED, None),
        "k-ucs": (State.DELIVERED, None),
        "k-long": (State.DELIVERED, None),
        "k-undelivered": (State.FAILED, Cause.UNKNOWN),
        "k-expired": (State.FAILED, Cause.ABSENT),
    }
    texts = [one["text"] for one in smsc.tell("got") if one["to"] == str(PHONE)]
    assert "Bonjour à 50 €" in texts
    assert "Ça marche 😀" in texts
    assert "".join(sorted(text for text in texts if text.startswith("é"))) == "é" * 200
    assert hooks.refused == 0


async def test_what_the_operator_took_is_said_by_a_report(gateway: Kannel, hooks: Hooks) -> None:
    """Kannel's 202 is its own word; type 8 is the operator's, and settles a message whose answer was lost."""
    await gateway.submit([message("k-proof", PHONE)])
    events = await hooks.until(lambda seen: bool(final(seen, "k-proof")))
    assert State.ACCEPTED in {e.state for e in events if isinstance(e, Dlr) and e.key == "k-proof"}


async def test_replies_arrive_whole(gateway: Kannel, hooks: Hooks, smsc: Smsc) -> None:
    smsc.tell("reply", **{"from": PHONE, "to": "36111", "text": "STOP é€"})
    smsc.tell("reply", **{"from": PHONE, "to": "36111", "text": "Ça marche, merci 😀", "parts": 1})
    events = await hooks.until(lambda seen: sum(isinstance(e, Mo) for e in seen) == 2)
    replies = {(e.e164, e.to, e.text) for e in events if isinstance(e, Mo)}
    assert replies == {(PHONE, "36111", "STOP é€"), (PHONE, "36111", "Ça marche, merci 😀")}


async def test_hundreds_are_on_their_way_at_once(gateway: Kannel, hooks: Hooks) -> None:
    """Each is a request of its own: Kannel loses the place in its spool of several recipients in one."""
    batches = await asyncio.gather(
        *(gateway.submit([message(f"k-many-{b}-{n}", PHONE + n) for n in range(100)]) for b in range(3))
    )
    keys = [r.key for batch in batches for r in batch if r.outcome is Outcome.ACCEPTED]
    assert len(keys) == 300
    await hooks.until(lambda seen: len(final(seen, *keys)) == 300)


async def test_wrong_credentials_are_the_gateways_trouble_not_the_messages(
    running: peer.Kannel, callback: Callback
) -> None:
    wrong = kannel_at(running.url, callback, "wrong")
    assert await wrong.check() is Health.REFUSED
    (result,) = await wrong.submit([message("no", PHONE)])
    assert (result.outcome, result.cause) == (Outcome.RETRY, Cause.GATEWAY)
    await wrong.close()


async def test_nobody_there_took_nothing(callback: Callback) -> None:
    nobody = kannel_at("http://127.0.0.1:1", callback)
    assert await nobody.check() is Health.UNREACHABLE
    (result,) = await nobody.submit([message("no", PHONE)])
    assert result.outcome is Outcome.RETRY
    await nobody.close()


def test_the_address_of_a_report_fits_in_kannels_table(callback: Callback) -> None:
    named = Callback("https://" + "n" * 60 + ".example.org", "g" * 32, "t" * 32)
    assert len(kannel_at("http://127.0.0.1:1", named).report_url("k" * 48)) <= LONGEST_URL


@pytest.mark.parametrize(
    ("kind", "said", "state", "cause"),
    [
        ("1", "id:7 stat:DELIVRD err:000", State.DELIVERED, None),
        ("2", "id:7 stat:UNDELIV err:020", State.FAILED, Cause.INBOX_FULL),
        ("34", "", State.FAILED, Cause.EXPIRED),
        ("4", "", State.OPERATOR, None),
        ("8", "ACK/", State.ACCEPTED, None),
        ("16", "NACK/0x0000000b/Invalid Destination Address", State.FAILED, Cause.INVALID),
        ("16", "NACK/0x00000045/Submit failed", State.FAILED, Cause.OPERATOR),
    ],
)
def test_types_are_read_by_bits(callback: Callback, kind: str, said: str, state: State, cause: Cause | None) -> None:
    hook = Hook("GET", f"/hooks/kannel/{TOKEN}", {}, {"k": "1-2", "t": kind, "a": said, "i": "7"}, b"")
    ((event,), reply) = kannel_at("http://127.0.0.1:1", callback).parse(hook)
    assert isinstance(event, Dlr)
    assert (event.state, event.cause, reply.status) == (state, cause, 200)


@pytest.mark.parametrize(
    "query",
    [
        {"k": "1-2", "t": "zero"},
        {"k": "1-2", "t": "0"},
        {"k": "1-2", "t": "64"},
        {"k": "1-2"},
        {"k": "", "t": "1"},
        {"mo": "x", "f": "MaMarque", "o": "36111"},
        {"mo": "", "f": "33612345601", "o": "36111"},
        {"mo": "x", "f": "33612345601"},
        {},
    ],
)
def test_a_malformed_callback_brings_nothing(callback: Callback, query: dict[str, str]) -> None:
    events, reply = kannel_at("http://127.0.0.1:1", callback).parse(
        Hook("GET", f"/hooks/kannel/{TOKEN}", {}, query, b"")
    )
    assert (events, reply.status) == ([], 400)


@pytest.mark.parametrize("token", ["", TOKEN[:-1], TOKEN + "t", "x" * 32, "é"])
def test_a_callback_with_another_token_is_refused(callback: Callback, token: str) -> None:
    hook = Hook("GET", f"/hooks/kannel/{token}", {}, {"k": "1-2", "t": "1"}, b"")
    with pytest.raises(BadSignature):
        kannel_at("http://127.0.0.1:1", callback).parse(hook)
