"""The contract between the sending engine and whoever carries the messages.

A gateway takes batches of `Submit` and answers one `Result` for each; later it tells what became of them (`Dlr`) and
what people replied (`Mo`), by pushing (`events`) or through an HTTP callback (`parse`). What a gateway can and cannot
do is data (`Caps`), read by the pacer, by the policy for unknown outcomes and by the screens.

The rules that a gateway keeps, and that `tests/unit/gateways/contract_suite.py` verifies:

- `submit` never raises because of a message, and answers exactly one `Result` per `Submit`, in the same order;
- an outcome is ACCEPTED or REJECTED only on the word of the provider; nothing sent (connection refused, throttled) is
  RETRY; any failure after the request left is UNKNOWN, for the message may be out;
- events may come late, twice, in any order, or before the answer of `submit`; `event_id` is stable, so that a repeated
  event is recognised.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

from smsapp.domain.delivery import Cause, State
from smsapp.domain.tariff import SmsType

VALIDITY_H = 48
"""Hours during which an operator keeps trying to reach a phone that is off (M35)."""


class Outcome(StrEnum):
    """The answer to one submitted message."""

    ACCEPTED = "accepted"  # taken: the credit is debited (S55)
    RETRY = "retry"  # not taken, for now: submit again after `retry_after`
    REJECTED = "rejected"  # not taken, for good: `cause` says why
    UNKNOWN = "unknown"  # perhaps taken: never sent again by itself


@dataclass(frozen=True, slots=True)
class Submit:
    """One message to carry.

    `key` is ours, unique and stable: it travels as the provider's client reference and comes back in reports. `e164`
    is the number as an integer. `sender` is a name of at most 11 characters, a number, or None for the route's own
    short code. `segments` is what we counted and priced. `validity_h` is in hours.
    """

    key: str
    e164: int
    text: str
    sender: str | None
    sms_type: SmsType
    segments: int
    validity_h: int = VALIDITY_H


@dataclass(frozen=True, slots=True)
class Result:
    """What the gateway answered to one `Submit`.

    `retry_after` in seconds with RETRY; `cause` with REJECTED, and with RETRY when the gateway refuses us whatever we
    hand it (GATEWAY, NO_CREDIT).
    """

    key: str
    outcome: Outcome
    gateway_id: str | None = None
    retry_after: float | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Dlr:
    """A delivery report.

    `key` or `gateway_id` tells which message; `state` is ACCEPTED (proof that it was taken), OPERATOR, DELIVERED or
    FAILED; `operator` is the MCC-MNC ("20801") of the network that spoke, when known; `at` is when it happened, not
    when it was told. `event_id` is unique within the gateway and the same in every repetition.
    """

    event_id: str
    key: str | None
    gateway_id: str | None
    state: State
    cause: Cause | None
    operator: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Mo:
    """A reply: `text` written by the phone `e164` to the number or short code `to`."""

    event_id: str
    e164: int
    to: str
    text: str
    at: datetime


Event = Dlr | Mo


@dataclass(frozen=True, slots=True)
class Caps:
    """What a gateway can do. `max_batch` in messages per call, `max_tps` in segments per second."""

    max_batch: int = 1
    max_tps: float = 10.0
    alpha_sender: bool = True  # accepts a name as sender
    two_way: bool = False  # brings replies
    dlr: bool = True  # sends delivery reports
    dlr_pull: bool = False  # can be asked for the reports of a message
    dlr_by_ref: bool = True  # its reports carry our key, so they settle an unknown outcome
    lookup_by_ref: bool = False  # `find` knows
    idempotent: bool = False  # a key submitted again is certainly not sent again
    balance: bool = False  # `balance` knows
    adds_stop: bool = False  # appends the STOP mention itself
    voice: bool = False  # speaks the message


@dataclass(frozen=True, slots=True)
class Hook:
    """An HTTP callback as it arrived, free of any web framework. Header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    remote: str = ""


@dataclass(frozen=True, slots=True)
class HookReply:
    """The exact answer that the provider wants to its callback."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"


class Health(StrEnum):
    """What a gateway answers to a test that sends nothing."""

    GOOD = "good"
    UNREACHABLE = "unreachable"  # nobody answers at that address
    REFUSED = "refused"  # it refuses our credentials
    ODD = "odd"  # what answers is not this kind of gateway


class BadSignature(Exception):
    """A callback that does not prove that it comes from the provider: answered by 403, nothing of it is kept."""


@runtime_checkable
class Gateway(Protocol):
    """Whoever carries messages."""

    @property
    def name(self) -> str:
        """Short name, stored beside each message: it never changes."""
        ...

    @property
    def caps(self) -> Caps:
        """What this gateway can do."""
        ...

    async def submit(self, batch: Sequence[Submit]) -> list[Result]:
        """Hand over at most `caps.max_batch` messages; one result for each, in the same order. Never raises."""
        ...

    def parse(self, hook: Hook) -> tuple[list[Event], HookReply]:
        """All the events of a callback and the reply to give. Raises `BadSignature`."""
        ...

    async def balance(self) -> Decimal | None:
        """What is left on our account at the provider, in its own currency; None when `caps.balance` is false."""
        ...

    async def check(self) -> Health:
        """Whether it can be reached and knows us, without sending anything."""
        ...

    async def find(self, key: str) -> Result | None:
        """Settle an unknown outcome: what the provider took under this key, None when it took nothing.

        None says nothing when `caps.lookup_by_ref` is false.
        """
        ...

    def events(self) -> AsyncIterator[Sequence[Event]]:
        """The events pushed by the gateway, in batches, for one reader.

        Asking for the next batch says that the previous one is handled. Gateways that only call back end at once.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and files; `events` ends. May be called twice."""
        ...
