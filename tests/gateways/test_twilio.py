"""Twilio against a FAKE written from its published shapes (`tests/peers/fakes.py`): no real Twilio is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import BadSignature, Dlr, Health, Hook, Mo, Outcome
from smsapp.gateways.http import Callback, Client
from smsapp.gateways.options import TwilioOptions
from smsapp.gateways.twilio import Twilio, signature
from tests.peers.fakes import TWILIO_SID, TWILIO_TOKEN, FakeTwilio
from tests.peers.hooks import Hooks, serving, start_hooks
from tests.server import free_port
from tests.unit.gateways.contract_suite import GatewayContract, message

PHONE = 33612345601
TOKEN = "t" * 32
NOON = datetime(2026, 6, 17, 10, 0, tzinfo=UTC)
BASE = "https://sms.example.org"


@pytest.fixture
async def fake() -> AsyncIterator[tuple[FakeTwilio, str]]:
    made, port = FakeTwilio(), free_port()
    async with serving(made, port):
        yield made, f"http://127.0.0.1:{port}"


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    async with start_hooks() as listening:
        yield listening


def twilio(url: str = "http://127.0.0.1:1", base: str = BASE, token: str = TWILIO_TOKEN, **more: str) -> Twilio:
    told = {"url": url, "account_sid": TWILIO_SID, "auth_token": token, "sender": "smsapp", **more}
    callback = Callback(base, "twilio", TOKEN)
    return Twilio("twilio", TwilioOptions.model_validate(told), callback, lambda: NOON, Client(read_s=1.0))


@pytest.fixture
async def gateway(fake: tuple[FakeTwilio, str], hooks: Hooks) -> AsyncIterator[Twilio]:
    made = twilio(fake[1], hooks.base)
    hooks.gateway = made
    yield made
    await made.close()


class TestContract(GatewayContract):
    reachable = PHONE


async def test_a_message_carries_our_reference_in_the_address_of_its_report(
    gateway: Twilio, fake: tuple[FakeTwilio, str], hooks: Hooks
) -> None:
    (result,) = await gateway.submit([message("t-1", PHONE, "Bonjour à 50 €", "MaMarque")])
    assert result.gateway_id is not None
    form = fake[0].taken[result.gateway_id]
    assert (form["To"], form["From"], form["Body"]) == (f"+{PHONE}", "MaMarque", "Bonjour à 50 €")
    assert await fake[0].call_back(result.gateway_id, MessageStatus="sent") == 200
    assert await fake[0].call_back(result.gateway_id, MessageStatus="undelivered", ErrorCode="30003") == 200
    told = [(e.key, e.gateway_id, e.state, e.cause) for e in hooks.events if isinstance(e, Dlr)]
    assert told == [
        ("t-1", result.gateway_id, State.OPERATOR, None),
        ("t-1", result.gateway_id, State.FAILED, Cause.ABSENT),
    ]


async def test_a_report_signed_by_another_is_refused(
    gateway: Twilio, fake: tuple[FakeTwilio, str], hooks: Hooks
) -> None:
    (result,) = await gateway.submit([message("t-2", PHONE)])
    assert await fake[0].call_back(str(result.gateway_id), "another token", MessageStatus="delivered") == 403
    assert (hooks.events, hooks.refused) == ([], 1)


async def test_a_messaging_service_stands_for_the_sender(fake: tuple[FakeTwilio, str]) -> None:
    service = twilio(fake[1], service_sid="MG" + "1" * 32)
    (result,) = await service.submit([message("t-3", PHONE)])
    await service.close()
    form = fake[0].taken[str(result.gateway_id)]
    assert (form["MessagingServiceSid"], "From" in form) == ("MG" + "1" * 32, False)


@pytest.mark.parametrize(
    ("status", "body", "outcome", "cause"),
    [
        (400, {"code": 21211}, Outcome.REJECTED, Cause.INVALID),
        (400, {"code": 21610}, Outcome.REJECTED, Cause.BLACKLISTED),
        (400, {"code": 21606}, Outcome.REJECTED, Cause.SENDER),
        (400, {"code": 29999}, Outcome.REJECTED, Cause.UNKNOWN),
        (400, {"code": 21611}, Outcome.RETRY, None),
        (401, {"code": 20003}, Outcome.RETRY, Cause.GATEWAY),
        (429, {"code": 20429}, Outcome.RETRY, None),
        (400, {}, Outcome.UNKNOWN, None),
        (500, {"code": 20500}, Outcome.UNKNOWN, None),
        (503, {}, Outcome.UNKNOWN, None),
    ],
)
async def test_an_answer_is_taken_at_its_word_and_no_further(
    gateway: Twilio,
    fake: tuple[FakeTwilio, str],
    status: int,
    body: dict[str, Any],
    outcome: Outcome,
    cause: Cause | None,
) -> None:
    fake[0].answers[str(PHONE)] = status, body, {}
    (result,) = await gateway.submit([message("t-4", PHONE)])
    assert (result.outcome, result.cause) == (outcome, cause)


async def test_a_request_without_an_answer_is_unknown_and_never_repeated(
    gateway: Twilio, fake: tuple[FakeTwilio, str]
) -> None:
    await gateway.submit([message("t-5", PHONE)])
    fake[0].hang_up_on.add(str(PHONE + 1))
    (result,) = await gateway.submit([message("t-6", PHONE + 1)])
    assert (result.outcome, fake[0].asked[str(PHONE + 1)]) == (Outcome.UNKNOWN, 1)


async def test_balance_health_and_wrong_token(gateway: Twilio, fake: tuple[FakeTwilio, str]) -> None:
    assert await gateway.balance() == Decimal("42.10")
    wrong = twilio(fake[1], token="wrong")
    assert (await wrong.check(), await wrong.balance()) == (Health.REFUSED, None)
    await wrong.close()


def test_the_signature_is_the_documented_one() -> None:
    """The example of Twilio's own documentation."""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    address = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", address, fields) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def signed(fields: dict[str, str], query: str = "", token: str = TOKEN, key: str = TWILIO_TOKEN) -> Hook:
    address = f"{BASE}/hooks/twilio/{TOKEN}" + (f"?{query}" if query else "")
    given = dict(part.split("=", 1) for part in query.split("&") if part)
    path = f"/hooks/twilio/{token}" + (f"?{query}" if query else "")
    return Hook(
        "POST", path, {"x-twilio-signature": signature(key, address, fields)}, given, urlencode(fields).encode()
    )


DELIVERED = {"MessageSid": "SM1", "MessageStatus": "delivered"}


def test_replies_are_read_and_answered_with_nothing() -> None:
    fields = {"MessageSid": "SM2", "From": f"+{PHONE}", "To": "+33700000000", "Body": "STOP é"}
    events, reply = twilio().parse(signed(fields))
    assert events == [Mo("mo:SM2", PHONE, "33700000000", "STOP é", NOON)]
    assert (reply.status, reply.body, reply.content_type) == (200, b"<Response/>", "text/xml")


@given(st.integers(0, 7), st.data())
def test_one_bit_changed_anywhere_is_refused(bit: int, data: st.DataObject) -> None:
    hook = signed(DELIVERED, "k=t-7")
    parts = {"url": hook.url.encode(), "body": hook.body, "signature": hook.headers["x-twilio-signature"].encode()}
    name = data.draw(st.sampled_from(sorted(parts)))
    raw = bytearray(parts[name])
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << bit
    parts[name] = bytes(raw)
    url = parts["url"].decode("latin-1")
    changed = Hook("POST", url, {"x-twilio-signature": parts["signature"].decode("latin-1")}, hook.query, parts["body"])
    if name == "url" and not url.startswith("/hooks/twilio/") and url.endswith(f"{TOKEN}?k=t-7"):
        return  # only the path before the token changed: the route would not have come here
    with pytest.raises(BadSignature):
        twilio().parse(changed)


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({"MessageStatus": "delivered"}, "k=t-8"),
        ({"MessageSid": "SM3"}, "k=t-8"),
        ({"MessageSid": "S" * 100, "MessageStatus": "delivered"}, "k=t-8"),
        ({"MessageSid": "SM4", "From": "MaMarque", "To": "1", "Body": "x"}, ""),
        ({}, ""),
    ],
)
def test_a_malformed_callback_brings_nothing(fields: dict[str, str], query: str) -> None:
    events, reply = twilio().parse(signed(fields, query))
    assert (events, reply.status) == ([], 400)


def test_a_status_that_is_new_changes_nothing() -> None:
    events, reply = twilio().parse(signed({"MessageSid": "SM5", "MessageStatus": "brewing"}, "k=t-9"))
    assert (events, reply.status) == ([], 200)


def test_a_callback_with_another_token_is_refused() -> None:
    with pytest.raises(BadSignature):
        twilio().parse(signed(DELIVERED, "k=t-10", token="x" * 32))
