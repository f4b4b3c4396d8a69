"""smsmode's REST interface: one message a request, reports and replies by callback, its reference is ours.

Its callbacks are not signed: the token in their address is what proves them. The shape of `status` in them differs
between its documents (a word, or an object with a word and a detail), so both are read, and words that are new are
passed over. Its reference is no guard against doubles: what became of a lost request is asked, never tried again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Caps, Dlr, Event, Health, Hook, HookReply, Mo, Outcome, Result, Submit
from smsapp.gateways.http import Callback, Client, HttpGateway, refuses_us
from smsapp.gateways.kannel import MALFORMED, number
from smsapp.gateways.options import SmsmodeOptions

_STATES = {
    "ENROUTE": State.ACCEPTED,
    "SENT": State.ACCEPTED,
    "DELIVERED": State.DELIVERED,
    "READ": State.DELIVERED,
    "UNDELIVERABLE": State.FAILED,
    "UNDELIVERED": State.FAILED,
}
_CAUSES = {
    "33": Cause.NO_CREDIT,
    "34": Cause.ROUTING,
    "36": Cause.CONTENT,
    "37": Cause.EXPIRED,
    "38": Cause.TOO_LONG,
    "3501": Cause.OPERATOR,
    "3502": Cause.ABSENT,
    "3503": Cause.PHONE,
    "3521": Cause.OPERATOR_PERMANENT,
    "3522": Cause.ABSENT_PERMANENT,
    "3523": Cause.PHONE_PERMANENT,
    "3524": Cause.SPAM,
    "3526": Cause.PORTABILITY,
    "3527": Cause.ROAMING,
    "3599": Cause.UNKNOWN,
    "3998": Cause.INVALID,
    "3999": Cause.BLACKLISTED,
}
_CODE = re.compile(r"\b(39\d\d|35\d\d|3[34678])\b")
_OPERATOR = re.compile(r"\d{5,6}")


class Smsmode(HttpGateway):
    """A channel of smsmode."""

    kind = "smsmode"

    def __init__(
        self,
        name: str,
        options: SmsmodeOptions,
        callback: Callback,
        now: Callable[[], datetime],
        client: Client | None = None,
    ) -> None:
        caps = Caps(
            max_batch=100, max_tps=options.max_tps, two_way=True, dlr_pull=True, lookup_by_ref=True, balance=True
        )
        super().__init__(name, caps, callback, client)
        self._options, self._now = options, now
        self._messages = f"{options.url}/sms/v1/messages"

    async def _ask(self, method: str, url: str, **how: Any) -> Any:
        headers = {"X-Api-Key": self._options.api_key.get_secret_value(), "Accept": "application/json"}
        return await self._client.request(method, url, headers=headers, **how)

    async def _send(self, message: Submit) -> Result:
        body: dict[str, Any] = {
            "recipient": {"to": str(message.e164)},
            "body": {"text": message.text, "stop": False},  # the STOP mention is in the text, and in its price
            "refClient": message.key,
            "callbackUrlStatus": self._callback.url(),
            "callbackUrlMo": self._callback.url(),
        }
        if sender := message.sender or self._options.sender:
            body["from"] = sender
        answer = await self._ask("POST", self._messages, json=body)
        if answer.status == 201:
            found = str(answer.fields().get("messageId") or "")[:128]
            return Result(message.key, Outcome.ACCEPTED, found or None)
        if answer.status in (401, 402, 403):
            return refuses_us(message.key, Cause.NO_CREDIT if answer.status == 402 else Cause.GATEWAY)
        if answer.status == 429:
            return Result(message.key, Outcome.RETRY, retry_after=answer.retry_after or 1.0)
        if answer.status in (400, 404, 409, 413, 415, 422):
            return Result(message.key, Outcome.REJECTED, cause=_why(answer.fields()))
        return Result(message.key, Outcome.UNKNOWN)

    async def find(self, key: str) -> Result | None:
        """What smsmode took under our reference; it tells only some time after it has answered."""
        answer = await self._ask("GET", self._messages, params={"direction": "MT", "refClient": key, "pageSize": "10"})
        if answer.status == 404:
            return None
        if answer.status != 200:
            return Result(key, Outcome.UNKNOWN)
        for item in _items(answer.json()):
            if item.get("refClient") == key and item.get("messageId"):
                return Result(key, Outcome.ACCEPTED, str(item["messageId"])[:128])
        return None

    async def _balance(self) -> Decimal | None:
        answer = await self._ask("GET", f"{self._options.url}/commons/v1/organisations")
        for item in _items(answer.json()):
            found = item.get("balance")
            amount = found.get("amount") if isinstance(found, Mapping) else found
            try:
                return Decimal(str(amount))
            except InvalidOperation:
                continue
        return None

    async def _probe(self) -> Health:
        answer = await self._ask("GET", f"{self._options.url}/commons/v1/organisations")
        return {200: Health.GOOD, 401: Health.REFUSED, 403: Health.REFUSED}.get(answer.status, Health.ODD)

    def parse(self, hook: Hook) -> tuple[list[Event], HookReply]:
        """A report (direction MT) or a reply (MO), or several in an array."""
        self._callback.verify(hook)
        try:
            told = json.loads(hook.body)
            events = [event for item in _items(told, strict=True) if (event := self._event(item))]
        except (KeyError, TypeError, ValueError, AttributeError):
            return [], MALFORMED
        return events, HookReply()

    def _event(self, item: Mapping[str, Any]) -> Event | None:
        message_id = item["messageId"]
        if not isinstance(message_id, str) or not 0 < len(message_id) <= 128:
            raise ValueError("no identifier")
        if item["direction"] == "MO":
            text = item["body"]["text"] if isinstance(item["body"], Mapping) else item["body"]
            to = item["recipient"]["to"] if isinstance(item.get("recipient"), Mapping) else item.get("to", "")
            if not isinstance(text, str):
                raise ValueError("no text")
            at = self._at(item.get("receivedDate") or item.get("sentDate"))
            return Mo(f"mo:{message_id}", number(str(item["from"])), str(to).lstrip("+")[:16], text, at)
        if item["direction"] != "MT":
            raise ValueError("no such direction")
        status = item["status"]
        word, detail = (status["value"], status.get("detail")) if isinstance(status, Mapping) else (status, None)
        if not isinstance(word, str):
            raise ValueError("no status")
        state = _STATES.get(word.upper())
        if state is None:
            return None
        key = item.get("refClient")
        operator = str(item.get("mccMnc") or "")
        return Dlr(
            event_id=f"{message_id}:{word.upper()[:24]}",
            key=key if isinstance(key, str) and key else None,
            gateway_id=message_id,
            state=state,
            cause=_cause(item.get("statusDetail") or detail) if state is State.FAILED else None,
            operator=operator if _OPERATOR.fullmatch(operator) else None,
            at=self._at(
                item.get("statusDate") or (status.get("deliveryDate") if isinstance(status, Mapping) else None)
            ),
        )

    def _at(self, written: object) -> datetime:
        now = self._now()
        try:
            at = datetime.fromisoformat(written) if isinstance(written, str) else now
        except ValueError:
            return now
        return min(at if at.tzinfo else at.replace(tzinfo=UTC), now)


def _items(told: Any, *, strict: bool = False) -> Iterable[Mapping[str, Any]]:
    """The objects of an answer, which is one, an array, or a page that holds an array.

    Raises:
        ValueError: ``strict``, and it is none of these.
    """
    if isinstance(told, Mapping):
        inside = next((value for value in told.values() if isinstance(value, list)), None)
        told = [told] if inside is None or "messageId" in told else inside
    if isinstance(told, list) and all(isinstance(item, Mapping) for item in told):
        return told
    if strict:
        raise ValueError("no objects")
    return []


def _cause(detail: object) -> Cause:
    code = _CODE.search(str(detail or ""))
    return _CAUSES.get(code[1], Cause.UNKNOWN) if code else Cause.UNKNOWN


def _why(error: Mapping[str, Any]) -> Cause:
    """The cause of a refusal: its code when we know it, else the field that its sentence names."""
    cause = _cause(error.get("errorCode"))
    if cause is not Cause.UNKNOWN:
        return cause
    said = f"{error.get('message', '')} {error.get('detail', '')}".lower()
    words = {"recipient": Cause.INVALID, "from": Cause.SENDER, "text": Cause.CONTENT}
    return next((found for word, found in words.items() if word in said), Cause.UNKNOWN)
