"""Fakes of providers that no program stands for. THEY ARE NOT THE PROVIDERS: they are written from published shapes.

`FakeSmsmode` follows the shapes of smsmode's REST interface as its integrations use it; `FakeTwilio` those of Twilio's
REST interface and of its callback signature. What the documents leave open is noted where it is decided.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, encode_basic_auth, web

from smsapp.gateways.twilio import signature

SMSMODE_KEY = "key-of-the-channel"
TWILIO_SID = "AC" + "0" * 32
TWILIO_TOKEN = "token-of-the-account"


@dataclass
class Fake:
    """What both have in common. ``answers``: statuses to give instead, by number; ``asked`` counts requests by number."""

    answers: dict[str, tuple[int, dict[str, Any], dict[str, str]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)  # by our reference
    hang_up_on: set[str] = field(default_factory=set)  # numbers whose request is read and never answered
    serial: int = 0

    def instead(self, request: web.Request, to: str) -> web.Response | None:
        self.asked[to] += 1
        if to in self.hang_up_on:
            assert request.transport is not None
            request.transport.close()
            return web.Response(status=500)
        if to in self.answers:
            status, body, headers = self.answers[to]
            return web.json_response(body, status=status, headers=headers)
        return None


class FakeSmsmode(Fake):
    """`rest.smsmode.com`, from its published shapes."""

    async def __call__(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Api-Key") != SMSMODE_KEY:
            return web.json_response({"title": "Unauthorized", "errorCode": "401"}, status=401)
        if request.path == "/commons/v1/organisations":
            return web.json_response(
                {"items": [{"organisationId": "o", "balance": {"amount": 1234.5, "currency": "EUR"}}]}
            )
        if request.path != "/sms/v1/messages":
            return web.json_response({"title": "Not Found"}, status=404)
        if request.method == "GET":
            found = self.taken.get(request.query["refClient"])
            return web.json_response({"items": [found] if found else [], "page": 1, "pageSize": 10})
        body = await request.json()
        to = body["recipient"]["to"]
        if (other := self.instead(request, to)) is not None:
            return other
        self.serial += 1
        message = {
            "messageId": f"00000000-0000-4000-8000-{self.serial:012d}",
            "refClient": body["refClient"],
            "direction": "MT",
            "status": {"value": "ENROUTE"},
            "recipient": {"to": to},
            "body": {"text": body["body"]["text"], "stop": body["body"]["stop"], "messagePartCount": 1},
            "from": body.get("from"),
            "callbackUrlStatus": body["callbackUrlStatus"],
        }
        self.taken[body["refClient"]] = message
        return web.json_response(message, status=201)

    async def call_back(self, key: str, status: Any, **more: Any) -> int:
        """Report on a message; returns the status of the answer."""
        message = self.taken[key]
        told = {**message, "status": status, **more}
        async with ClientSession() as session, session.post(message["callbackUrlStatus"], json=told) as answer:
            return answer.status


class FakeTwilio(Fake):
    """`api.twilio.com`, from its published shapes."""

    async def __call__(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != encode_basic_auth(TWILIO_SID, TWILIO_TOKEN):
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        account = f"/2010-04-01/Accounts/{TWILIO_SID}"
        if request.path == f"{account}/Balance.json":
            return web.json_response({"account_sid": TWILIO_SID, "balance": "42.10", "currency": "EUR"})
        if request.path != f"{account}/Messages.json" or request.method != "POST":
            return web.json_response({"code": 20404, "status": 404}, status=404)
        form = {name: str(value) for name, value in (await request.post()).items()}
        to = form["To"].lstrip("+")
        if (other := self.instead(request, to)) is not None:
            return other
        self.serial += 1
        sid = f"SM{self.serial:032x}"
        self.taken[sid] = form
        return web.json_response({"sid": sid, "status": "queued", "to": form["To"], "body": form["Body"]}, status=201)

    async def call_back(self, sid: str, token: str = TWILIO_TOKEN, **fields: str) -> int:
        """Report on a message, signed; returns the status of the answer."""
        url = self.taken[sid]["StatusCallback"]
        form = {"MessageSid": sid, "AccountSid": TWILIO_SID, **fields}
        headers = {"X-Twilio-Signature": signature(token, url, form)}
        async with ClientSession() as session, session.post(url, data=form, headers=headers) as answer:
            return answer.status


def error(code: str, message: str = "") -> dict[str, Any]:
    """An error of smsmode."""
    return {"title": "Bad Request", "message": message, "detail": "", "errorCode": code}
