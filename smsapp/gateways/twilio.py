"""Twilio: one message a request, signed callbacks.

Twilio keeps no reference of ours, so it travels in the address of the callback. It cannot be asked what became of a
lost request, but its reports settle it. A callback counts only with Twilio's own signature over the address and all
fields, on top of our token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import (
    BadSignature,
    Caps,
    Dlr,
    Event,
    Health,
    Hook,
    HookReply,
    Mo,
    Outcome,
    Result,
    Submit,
)
from smsapp.gateways.http import Answer, Callback, Client, HttpGateway, refuses_us
from smsapp.gateways.kannel import MALFORMED, number
from smsapp.gateways.options import TwilioOptions

LONGEST_VALIDITY_S = 36_000
NOTHING_TO_SAY = HookReply(200, b"<Response/>", "text/xml")

_STATES = {
    "accepted": State.ACCEPTED,
    "queued": State.ACCEPTED,
    "sending": State.ACCEPTED,
    "sent": State.OPERATOR,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.FAILED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}
_NOT_NOW = frozenset({20429, 21611, 30001})
_NOT_US = frozenset({20003, 20005, 20403, 30002})
_CAUSES = {
    21211: Cause.INVALID,
    21214: Cause.INVALID,
    21217: Cause.INVALID,
    21265: Cause.INVALID,
    21408: Cause.ROUTING,
    21602: Cause.CONTENT,
    21603: Cause.SENDER,
    21606: Cause.SENDER,
    21610: Cause.BLACKLISTED,
    21612: Cause.ROUTING,
    21614: Cause.INVALID,
    21617: Cause.TOO_LONG,
    21659: Cause.SENDER,
    30002: Cause.GATEWAY,
    30003: Cause.ABSENT,
    30004: Cause.BARRED,
    30005: Cause.INVALID,
    30006: Cause.ROUTING,
    30007: Cause.SPAM,
    30036: Cause.EXPIRED,
}


class Twilio(HttpGateway):
    """An account of Twilio."""

    kind = "twilio"

    def __init__(
        self,
        name: str,
        options: TwilioOptions,
        callback: Callback,
        now: Callable[[], datetime],
        client: Client | None = None,
    ) -> None:
        super().__init__(
            name, Caps(max_batch=100, max_tps=options.max_tps, two_way=True, balance=True), callback, client
        )
        self._options, self._now = options, now
        self._account = f"{options.url}/2010-04-01/Accounts/{options.account_sid}"

    async def _ask(self, method: str, path: str, **how: Any) -> Answer:
        login = aiohttp.encode_basic_auth(self._options.account_sid, self._options.auth_token.get_secret_value())
        return await self._client.request(method, self._account + path, headers={"Authorization": login}, **how)

    async def _send(self, message: Submit) -> Result:
        form = {
            "To": f"+{message.e164}",
            "Body": message.text,
            "StatusCallback": self._callback.url(k=message.key),
            "ValidityPeriod": str(min(message.validity_h * 3600, LONGEST_VALIDITY_S)),
        }
        sender = message.sender or self._options.sender
        if self._options.service_sid and not message.sender:
            form["MessagingServiceSid"] = self._options.service_sid
        elif sender:
            form["From"] = sender
        answer = await self._ask("POST", "/Messages.json", data=form)
        if answer.status == 201:
            found = str(answer.fields().get("sid") or "")[:128]
            return Result(message.key, Outcome.ACCEPTED, found or None)
        code = _integer(answer.fields().get("code"))
        if answer.status == 401 or code in _NOT_US:
            return refuses_us(message.key)
        if answer.status == 429 or code in _NOT_NOW:
            return Result(message.key, Outcome.RETRY, retry_after=answer.retry_after or 1.0)
        if 400 <= answer.status < 500 and code:
            return Result(message.key, Outcome.REJECTED, cause=_CAUSES.get(code, Cause.UNKNOWN))
        return Result(message.key, Outcome.UNKNOWN)

    async def _balance(self) -> Decimal | None:
        answer = await self._ask("GET", "/Balance.json")
        try:
            return Decimal(str(answer.fields().get("balance")))
        except InvalidOperation:
            return None

    async def _probe(self) -> Health:
        answer = await self._ask("GET", "/Balance.json")
        return {200: Health.GOOD, 401: Health.REFUSED, 403: Health.REFUSED}.get(answer.status, Health.ODD)

    def parse(self, hook: Hook) -> tuple[list[Event], HookReply]:
        """A report (its address has `k`) or a reply."""
        self._callback.verify(hook)
        try:
            fields = dict(parse_qsl(hook.body.decode(), keep_blank_values=True, max_num_fields=100))
        except ValueError:
            raise BadSignature from None
        self._verify(hook, fields)
        try:
            event = self._report(hook.query["k"], fields) if "k" in hook.query else self._reply(fields)
        except (KeyError, ValueError):
            return [], MALFORMED
        return [event] if event else [], NOTHING_TO_SAY

    def _verify(self, hook: Hook, fields: Mapping[str, str]) -> None:
        """Raises BadSignature. The address is the one that we gave, whatever proxy stands in between."""
        given = hook.headers.get("x-twilio-signature", "").encode(errors="replace")
        query = urlsplit(hook.url).query
        address = self._callback.url() + (f"?{query}" if query else "")
        known = signature(self._options.auth_token.get_secret_value(), address, fields).encode()
        if not hmac.compare_digest(given, known):
            raise BadSignature

    def _report(self, key: str, fields: Mapping[str, str]) -> Dlr | None:
        sid, status = fields["MessageSid"], fields["MessageStatus"].lower()
        if not key or not 0 < len(sid) <= 64:
            raise ValueError("no identifier")
        state = _STATES.get(status)
        if state is None:
            return None
        cause = None
        if state is State.FAILED:
            cause = _CAUSES.get(_integer(fields.get("ErrorCode")), Cause.UNKNOWN)
        return Dlr(f"{sid}:{status}", key, sid, state, cause, None, self._now())

    def _reply(self, fields: Mapping[str, str]) -> Mo:
        sid = fields["MessageSid"]
        if not 0 < len(sid) <= 64:
            raise ValueError("no identifier")
        return Mo(f"mo:{sid}", number(fields["From"]), fields["To"].lstrip("+")[:16], fields["Body"], self._now())


def signature(token: str, address: str, fields: Mapping[str, str]) -> str:
    """Twilio's signature: HMAC-SHA1 of the address followed by the fields in order, in base64."""
    signed = address + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _integer(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
