"""Kannel over HTTP: a message is a POST to its smsbox, reports and replies are its requests to us.

The POST form with `X-Kannel-*` headers keeps the password and the text out of addresses, hence out of its access log.
One recipient each: several in one request would share an identifier and lose their place in its spool. What Kannel
answers "accepted" to is in its spool; that the operator took it is said by a report of its own (type 8).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from smsapp.domain.delivery import Cause, State
from smsapp.domain.encoding import GSM7
from smsapp.gateways.contract import Caps, Dlr, Event, Health, Hook, HookReply, Mo, Outcome, Result, Submit
from smsapp.gateways.http import Callback, Client, HttpGateway, refuses_us
from smsapp.gateways.options import KannelOptions
from smsapp.gateways.smsc import read_report, refusal

MASK = 31  # every report: delivered, failed, buffered, accepted, rejected
LONGEST_URL = 255  # of a report's address, in the table of Kannel's durable store
MALFORMED = HookReply(400, b"malformed")
_REFUSALS = {b"number": Cause.INVALID, b"ender": Cause.SENDER}  # in its sentences
_NACK = re.compile(r"NACK/0x([0-9a-fA-F]{1,8})")
_CHARSET = re.compile(r'charset="?([A-Za-z0-9._-]+)')


class Kannel(HttpGateway):
    """A smsbox. ``now`` is the present instant, for reports that carry none."""

    kind = "kannel"
    REPLY: ClassVar[dict[str, str]] = {"mo": "%I", "f": "%p", "o": "%P", "s": "%T"}

    def __init__(
        self,
        name: str,
        options: KannelOptions,
        callback: Callback,
        now: Callable[[], datetime],
        client: Client | None = None,
    ) -> None:
        caps = Caps(max_batch=100, max_tps=options.max_tps, two_way=True)
        super().__init__(name, caps, callback, client)
        self._options, self._now = options, now
        self._url = f"{options.url}/cgi-bin/sendsms"

    def report_url(self, key: str) -> str:
        """Where Kannel reports on the message of that key; `%` words are filled in by Kannel."""
        return self._callback.url(k=key, t="%d", i="%F", a="%A", s="%T")

    def reply_url(self) -> str:
        """What stands as `post-url` in Kannel's `sms-service`."""
        return self._callback.url(**self.REPLY)

    def _headers(self) -> dict[str, str]:
        return {
            "X-Kannel-Username": self._options.username,
            "X-Kannel-Password": self._options.password.get_secret_value(),
            "Content-Type": "text/plain; charset=UTF-8",
        }

    async def _send(self, message: Submit) -> Result:
        headers = self._headers() | {
            "X-Kannel-To": f"+{message.e164}",
            "X-Kannel-From": message.sender or self._options.sender,
            "X-Kannel-Coding": "0" if GSM7.issuperset(message.text) else "2",
            "X-Kannel-Validity": str(message.validity_h * 60),
            "X-Kannel-DLR-Mask": str(MASK),
            "X-Kannel-DLR-Url": self.report_url(message.key),
        }
        answer = await self._client.request("POST", self._url, headers=headers, data=message.text.encode())
        if answer.status == 202:
            return Result(message.key, Outcome.ACCEPTED)
        if answer.status in (403, 404):
            return refuses_us(message.key)
        if answer.status == 503:  # its own words: "Temporal failure, try again later"
            return Result(message.key, Outcome.RETRY, retry_after=answer.retry_after or 1.0)
        if answer.status == 400:
            cause = next((cause for word, cause in _REFUSALS.items() if word in answer.body), Cause.UNKNOWN)
            return Result(message.key, Outcome.REJECTED, cause=cause)
        return Result(message.key, Outcome.UNKNOWN)

    async def _probe(self) -> Health:
        """A message without recipient: refused for that when we are known, for ourselves when we are not."""
        answer = await self._client.request("POST", self._url, headers=self._headers(), data=b"")
        return {400: Health.GOOD, 403: Health.REFUSED}.get(answer.status, Health.ODD)

    def parse(self, hook: Hook) -> tuple[list[Event], HookReply]:
        """A report (its address has `k`) or a reply (its address has `mo`)."""
        self._callback.verify(hook)
        try:
            event = self._report(hook) if "k" in hook.query else self._reply(hook)
        except (KeyError, ValueError, OverflowError):
            return [], MALFORMED
        return [event], HookReply()

    def _report(self, hook: Hook) -> Dlr:
        query = hook.query
        kind, gateway_id = int(query["t"]), query.get("i", "")[:64]
        if not 0 < kind < 64 or not query["k"]:
            raise ValueError("no such report")
        said = query.get("a", "")
        cause = None
        if kind & 1:
            state = State.DELIVERED
        elif kind & (2 | 16):
            state = State.FAILED
            nack = _NACK.search(said)
            cause = refusal(int(nack[1], 16)) if nack else read_report(said).cause
            cause = cause or (Cause.EXPIRED if kind & 32 else Cause.UNKNOWN)
        else:
            state = State.OPERATOR if kind & 4 else State.ACCEPTED
        return Dlr(
            event_id=f"{query['k'][:64]}:{kind}:{gateway_id}",
            key=query["k"],
            gateway_id=gateway_id or None,
            state=state,
            cause=cause,
            operator=None,
            at=self._at(query.get("s", "")),
        )

    def _reply(self, hook: Hook) -> Mo:
        query = hook.query
        charset = _CHARSET.search(hook.headers.get("content-type", ""))
        try:
            text = hook.body.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            text = hook.body.decode("utf-8", "replace")
        if not query["mo"]:
            raise ValueError("no identifier")
        return Mo(
            event_id=f"mo:{query['mo'][:64]}",
            e164=number(query["f"]),
            to=query["o"].lstrip("+")[:16],
            text=text,
            at=self._at(query.get("s", "")),
        )

    def _at(self, seconds: str) -> datetime:
        now = self._now()
        return min(datetime.fromtimestamp(int(seconds), UTC), now) if seconds.isdecimal() else now


def number(written: str) -> int:
    """The number of a phone as networks write it: +33..., 0033... or 33.... Raises ValueError."""
    digits = written.strip().removeprefix("+").removeprefix("00")
    if not digits.isdecimal() or not digits.isascii() or not 6 <= len(digits) <= 15 or digits[0] == "0":
        raise ValueError("not a number")
    return int(digits)
