"""The simulated network without its wires: what it took, what it will tell and when. No I/O, no clock, no waiting.

`Operator.answer` judges a batch and changes nothing that matters; `Operator.commit` makes it true. Between the two
stands the journal, so that whatever was answered is written.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import Dlr, Event, Mo, Outcome, Result, Submit
from smsapp.gateways.fate import Fate, Fates, Traits, can_reply
from smsapp.gateways.journal import History, Take

_THROTTLE_S = 1.0
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Order(NamedTuple):
    """A message taken, and its fate; None when it was taken before and is only submitted again."""

    take: Take
    fate: Fate | None


Due = tuple[int, int, Take, Fate, int]
"""An event in the queue: its instant in microseconds since 1970, its rank among equals, the index in `fate.planned`."""


def label(due: Due) -> str:
    """The name under which the journal notes that an event was handled."""
    return f"{due[2].gateway_id}.{due[4]}"


class Operator:
    """All the simulated operators together, at a speed: every delay is divided by it, `math.inf` is no delay at all."""

    def __init__(self, seed: int, speed: float, traits: Traits) -> None:
        if not speed > 0:
            raise ValueError("the speed of the simulated network must be above 0")
        self._fates = Fates(seed, traits)
        self._traits = traits
        self._speed = speed
        self._taken: dict[str, str] = {}
        self._lost: set[str] = set()  # keys whose first request was lost on the way here
        self._queue: list[Due] = []
        self._serial = itertools.count()
        self._tokens = traits.max_tps
        self._filled = -math.inf

    def latency(self, batch: Sequence[Submit]) -> float:
        """Seconds that the call with this batch takes."""
        return self._fates.latency(batch[0].key) / self._speed if batch else 0.0

    def answer(self, batch: Sequence[Submit], at: datetime) -> tuple[list[Result], list[Order]]:
        """The results of a batch that arrives `at`, in its order, and what would be taken (`commit`)."""
        at = at.astimezone(UTC)
        self._refill(at.timestamp())
        results: list[Result] = []
        orders: list[Order] = []
        here: dict[str, str] = {}  # taken earlier in this batch
        for message in batch:
            key = message.key
            if not self._pass(message.segments):
                results.append(Result(key, Outcome.RETRY, retry_after=_THROTTLE_S))
                continue
            reply_to = self._reply_to(message)
            known = self._taken.get(key) or here.get(key)
            if known is not None:
                again = Take(key, message.e164, known, at, reply_to, message.validity_h, 0, again=True)
                orders.append(Order(again, None))
                results.append(Result(key, Outcome.ACCEPTED, known))
                continue
            fate = self._fates.of(
                key, message.e164, answerable=reply_to is not None, validity_h=float(message.validity_h)
            )
            if fate.refusal is not None:
                results.append(Result(key, Outcome.REJECTED, cause=fate.refusal))
            elif fate.request_lost and key not in self._lost:
                self._lost.add(key)
                results.append(Result(key, Outcome.UNKNOWN))
            else:
                gateway_id = here[key] = fate.gateway_id
                take = Take(key, message.e164, gateway_id, at, reply_to, message.validity_h, len(fate.planned))
                orders.append(Order(take, fate))
                if fate.answer_lost:
                    results.append(Result(key, Outcome.UNKNOWN))
                else:
                    results.append(Result(key, Outcome.ACCEPTED, gateway_id))
        return results, orders

    def commit(self, orders: Iterable[Order], *, plan: bool = True) -> None:
        """Take what `answer` proposed; without `plan`, another process tells what follows."""
        for take, fate in orders:
            if fate is not None:
                self._taken[take.key] = take.gateway_id
                for due in self._plan(take, fate) if plan else ():
                    heapq.heappush(self._queue, due)

    def restore(self, history: History) -> None:
        """Know again what was taken until now, by whichever process, and plan what was not told to the end."""
        self._taken.update(history.taken)
        for take, handled in history.pending:
            self._queue += [due for due in self._plan(take, self._fate(take)) if due[4] not in handled]
        heapq.heapify(self._queue)

    def hear(self, takes: Iterable[Take]) -> None:
        """Know and plan what other processes took meanwhile; what is known already changes nothing."""
        for take in takes:
            if take.key not in self._taken:
                self._taken[take.key] = take.gateway_id
                for due in self._plan(take, self._fate(take)):
                    heapq.heappush(self._queue, due)

    def find(self, key: str) -> str | None:
        """The identifier under which `key` was taken."""
        return self._taken.get(key)

    @property
    def next_due(self) -> datetime | None:
        """The instant of the next event: `pop` up to it gives at least that one."""
        return _1970 + timedelta(microseconds=self._queue[0][0]) if self._queue else None

    def pop(self, until: datetime, limit: int | None = None) -> list[Due]:
        """Take at most `limit` events due up to `until` out of the queue, in due order."""
        bound = (until - _1970) // _MICROSECOND
        out: list[Due] = []
        while self._queue and self._queue[0][0] <= bound and (limit is None or len(out) < limit):
            out.append(heapq.heappop(self._queue))
        return out

    def put_back(self, events: Iterable[Due]) -> None:
        """Events whose reader went away before handling them are due again."""
        for due in events:
            heapq.heappush(self._queue, due)

    def event(self, due: Due) -> Event:
        """What the reader sees of an event; equal for a repetition."""
        _, _, take, fate, index = due
        planned = fate.planned[index]
        at = take.at + timedelta(seconds=planned.happened / self._speed)
        event_id = f"{take.gateway_id}.{planned.name}"
        if planned.state is None:
            return Mo(event_id, take.e164, take.reply_to or self._traits.short_code, planned.text, at)
        return Dlr(event_id, take.key, take.gateway_id, planned.state, planned.cause, fate.network, at)

    def _fate(self, take: Take) -> Fate:
        return self._fates.of(take.key, take.e164, answerable=take.reply_to is not None, validity_h=take.validity_h)

    def _plan(self, take: Take, fate: Fate) -> Iterator[Due]:
        start = (take.at - _1970) // _MICROSECOND
        per_second = 1e6 / self._speed
        for index, planned in enumerate(fate.planned):
            yield start + round(planned.told * per_second), next(self._serial), take, fate, index

    def _reply_to(self, message: Submit) -> str | None:
        if message.sms_type is SmsType.VOICE or not can_reply(message.sender):
            return None
        return message.sender or self._traits.short_code

    def _refill(self, now: float) -> None:
        rate = self._traits.max_tps
        if rate != math.inf and now > self._filled:
            self._tokens = min(rate, self._tokens + (now - self._filled) * rate)
            self._filled = now

    def _pass(self, segments: int) -> bool:
        """Whether the contract's segments per second leave room for this message."""
        rate = self._traits.max_tps
        if rate == math.inf:
            return True
        cost = min(segments, rate)  # a message longer than a second's worth passes alone
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True
