"""smsmode against a FAKE written from its published shapes (`tests/peers/fakes.py`): no real smsmode is asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import BadSignature, Dlr, Health, Hook, Mo, Outcome
from smsapp.gateways.http import Callback, Client
from smsapp.gateways.options import SmsmodeOptions
from smsapp.gateways.smsmode import Smsmode
from tests.peers.fakes import SMSMODE_KEY, FakeSmsmode, error
from tests.peers.hooks import Hooks, serving, start_hooks
from tests.server import free_port
from tests.unit.gateways.contract_suite import GatewayContract, message

PHONE = 33612345601
TOKEN = "t" * 32
NOON = datetime(2026, 6, 17, 10, 0, tzinfo=UTC)


@pytest.fixture
async def fake() -> AsyncIterator[tuple[FakeSmsmode, str]]:
    made, port = FakeSmsmode(), free_port()
    async with serving(made, port):
        yield made, f"http://127.0.0.1:{port}"


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    async with start_hooks() as listening:
        yield listening


def smsmode(url: str, base: str = "https://sms.example.org", key: str = SMSMODE_KEY) -> Smsmode:
    options = SmsmodeOptions.model_validate({"url": url, "api_key": key, "sender": "smsapp"})
    return Smsmode("smsmode", options, Callback(base, "smsmode", TOKEN), lambda: NOON, Client(read_s=1.0))


@pytest.fixture
async def gateway(fake: tuple[FakeSmsmode, str], hooks: Hooks) -> AsyncIterator[Smsmode]:
    made = smsmode(fake[1], hooks.base)
    hooks.gateway = made
    yield made
    await made.close()


class TestContract(GatewayContract):
    reachable = PHONE


async def test_a_message_says_what_it_is_and_where_to_report(
    gateway: Smsmode, fake: tuple[FakeSmsmode, str], hooks: Hooks
) -> None:
    (result,) = await gateway.submit([message("m-1", PHONE, "Bonjour à 50 €", "MaMarque")])
    taken = fake[0].taken["m-1"]
    assert result.gateway_id == taken["messageId"]
    assert (taken["recipient"]["to"], taken["from"], taken["body"]["text"]) == (
        str(PHONE),
        "MaMarque",
        "Bonjour à 50 €",
    )
    assert taken["body"]["stop"] is False
    assert await fake[0].call_back("m-1", {"value": "DELIVERED"}, mccMnc="20801") == 200
    (event,) = hooks.events
    assert isinstance(event, Dlr)
    assert (event.key, event.gateway_id, event.state, event.operator) == (
        "m-1",
        result.gateway_id,
        State.DELIVERED,
        "20801",
    )


@pytest.mark.parametrize(
    ("status", "body", "outcome", "cause"),
    [
        (400, error("", "recipient.to is invalid"), Outcome.REJECTED, Cause.INVALID),
        (400, error("38"), Outcome.REJECTED, Cause.TOO_LONG),
        (422, error("?"), Outcome.REJECTED, Cause.UNKNOWN),
        (401, {}, Outcome.RETRY, Cause.GATEWAY),
        (403, error("", "Channel type mismatch"), Outcome.RETRY, Cause.GATEWAY),
        (402, {}, Outcome.RETRY, Cause.NO_CREDIT),
        (429, {}, Outcome.RETRY, None),
        (500, {}, Outcome.UNKNOWN, None),
        (503, {}, Outcome.UNKNOWN, None),
        (302, {}, Outcome.UNKNOWN, None),
        (200, {}, Outcome.UNKNOWN, None),
    ],
)
async def test_an_answer_is_taken_at_its_word_and_no_further(
    gateway: Smsmode,
    fake: tuple[FakeSmsmode, str],
    status: int,
    body: dict[str, Any],
    outcome: Outcome,
    cause: Cause | None,
) -> None:
    fake[0].answers[str(PHONE)] = status, body, {"Retry-After": "7"}
    (result,) = await gateway.submit([message("m-2", PHONE)])
    assert (result.outcome, result.cause) == (outcome, cause)
    if status == 429:
        assert result.retry_after == 7


async def test_a_request_without_an_answer_is_unknown_and_never_repeated(
    gateway: Smsmode, fake: tuple[FakeSmsmode, str]
) -> None:
    """The connection that is kept alive is cut after the request was read: a GET would be sent again by itself."""
    await gateway.submit([message("m-3", PHONE)])
    fake[0].hang_up_on.add(str(PHONE + 1))
    (result,) = await gateway.submit([message("m-4", PHONE + 1)])
    assert result.outcome is Outcome.UNKNOWN
    assert fake[0].asked[str(PHONE + 1)] == 1


async def test_an_unknown_outcome_is_settled_by_asking(gateway: Smsmode, fake: tuple[FakeSmsmode, str]) -> None:
    (taken,) = await gateway.submit([message("m-5", PHONE)])
    found = await gateway.find("m-5")
    assert found is not None
    assert found.gateway_id == taken.gateway_id
    assert await gateway.find("m-6") is None


async def test_balance_health_and_wrong_key(gateway: Smsmode, fake: tuple[FakeSmsmode, str]) -> None:
    assert await gateway.balance() == Decimal("1234.5")
    wrong = smsmode(fake[1], key="wrong")
    assert await wrong.check() is Health.REFUSED
    assert await wrong.balance() is None
    await wrong.close()
    nobody = smsmode("http://127.0.0.1:1")
    assert await nobody.check() is Health.UNREACHABLE
    assert await nobody.balance() is None
    (result,) = await nobody.submit([message("m-7", PHONE)])
    assert result.outcome is Outcome.RETRY
    await nobody.close()


def told(body: Any, token: str = TOKEN) -> Hook:
    return Hook(
        "POST", f"/hooks/smsmode/{token}", {}, {}, body if isinstance(body, bytes) else json.dumps(body).encode()
    )


REPORT = {"messageId": "id-1", "direction": "MT", "refClient": "m-8", "status": "UNDELIVERED"}


@pytest.mark.parametrize(
    ("status", "more", "state", "cause"),
    [
        ("DELIVERED", {}, State.DELIVERED, None),
        ({"value": "READ"}, {}, State.DELIVERED, None),
        ("ENROUTE", {}, State.ACCEPTED, None),
        ({"value": "UNDELIVERED", "detail": "3522"}, {}, State.FAILED, Cause.ABSENT_PERMANENT),
        ({"value": "UNDELIVERABLE", "detail": "code 3998: invalid"}, {}, State.FAILED, Cause.INVALID),
        ("UNDELIVERED", {"statusDetail": "3502"}, State.FAILED, Cause.ABSENT),
        ("UNDELIVERED", {}, State.FAILED, Cause.UNKNOWN),
    ],
)
def test_reports_are_read_in_both_shapes(status: Any, more: dict[str, Any], state: State, cause: Cause | None) -> None:
    (events, reply) = smsmode("http://127.0.0.1:1").parse(told({**REPORT, "status": status, **more}))
    (event,) = events
    assert isinstance(event, Dlr)
    assert (event.key, event.state, event.cause, reply.status) == ("m-8", state, cause, 200)


def test_a_status_that_is_new_changes_nothing() -> None:
    assert smsmode("http://127.0.0.1:1").parse(told({**REPORT, "status": "BREWING"}))[0] == []


def test_replies_are_read() -> None:
    body = {"messageId": "r", "direction": "MO", "from": "33612345601", "to": "36034", "body": {"text": "STOP"}}
    ((event,), _) = smsmode("http://127.0.0.1:1").parse(told(body))
    assert event == Mo("mo:r", PHONE, "36034", "STOP", NOON)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[1]",
        b"1",
        {},
        {**REPORT, "messageId": 7},
        {**REPORT, "messageId": ""},
        {**REPORT, "direction": "UP"},
        {**REPORT, "status": None},
        {**REPORT, "status": {"value": 3}},
        {"messageId": "r", "direction": "MO", "from": "MaMarque", "to": "36034", "body": {"text": "x"}},
        {"messageId": "r", "direction": "MO", "from": "33612345601", "body": {"text": 5}},
    ],
    ids=str,
)
def test_a_malformed_callback_brings_nothing(body: Any) -> None:
    events, reply = smsmode("http://127.0.0.1:1").parse(told(body))
    assert (events, reply.status) == ([], 400)


def test_a_callback_with_another_token_is_refused() -> None:
    with pytest.raises(BadSignature):
        smsmode("http://127.0.0.1:1").parse(told(REPORT, "x" * 32))
