"""SMPP 3.4, directly to an SMSC over one transceiver bind, or a transmitter and a receiver side by side.

The wire is in `smpp_bind.py`, texts in `smpp_text.py`, the SMSC's words in `smsc.py`; here messages and events cross
between the threads of the binds and the event loop. SMPP carries no reference of ours: reports name the SMSC's
identifier, by TLV or in their text, sometimes written in hexadecimal where the answer was decimal, or the other way
round. A message whose answer was lost stays unknown.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from smsapp.domain.delivery import State
from smsapp.gateways.checks import impossible
from smsapp.gateways.contract import Caps, Dlr, Event, Health, Hook, HookReply, Mo, Outcome, Result, Submit
from smsapp.gateways.kannel import number
from smsapp.gateways.options import SmppOptions
from smsapp.gateways.smpp_bind import UNSENT_S, Bind, Delivered, Job, Role
from smsapp.gateways.smpp_text import RECEIPT, UDHI, Place, Puzzle, decode, parts_of, unwrap
from smsapp.gateways.smsc import read_report

BATCH = 500
PATIENCE_S = 3.0  # for a bind that is on its way up
CHECK_S = 8.0
PUZZLE_S = 60.0  # for the parts of a long reply
REMEMBERED = 50_000  # identifiers whose reports are awaited

Arrived = tuple[Event, list[Delivered]]


class Smpp:
    """An SMSC. ``now`` is the present instant."""

    kind = "smpp"

    def __init__(self, name: str, options: SmppOptions, now: Callable[[], datetime]) -> None:
        self.name = name
        self.caps = Caps(max_batch=100, max_tps=options.max_tps, two_way=True, dlr_by_ref=False)
        self._options, self._now = options, now
        self._closed = False
        self._binds: dict[Role, Bind] = {}
        self._states: dict[Role, bool] = {}  # whether each is up, once it has tried
        self._loop: asyncio.AbstractEventLoop | None = None
        self._up = asyncio.Event()
        self._tried = asyncio.Event()
        self._arrived: asyncio.Queue[Arrived | None] = asyncio.Queue()
        self._unheard: list[Arrived] = []  # given to a reader that has not asked for more
        self._references = itertools.count()
        self._ids: OrderedDict[str, str] = OrderedDict()
        self._spelling = options.report_ids
        self._puzzles: dict[tuple[str, str, int, int], tuple[Puzzle, list[Delivered]]] = {}
        self._unacked: dict[bytes, str] = {}
        self._flying: set[str] = set()  # messages handed over and not answered
        self._early: list[tuple[Delivered, set[str]]] = []  # reports of a pair: it may be of one of those, not answered

    async def submit(self, batch: Sequence[Submit]) -> list[Result]:
        """Hand over messages; one result for each, in order."""
        refused = {m.key: cause for m in batch if (cause := impossible(m))}
        trouble = await self._trouble() if len(refused) < len(batch) else None
        waits: list[Result | asyncio.Future[Result]] = []
        jobs = []
        for message in batch:
            if cause := refused.get(message.key):
                waits.append(Result(message.key, Outcome.REJECTED, cause=cause))
            elif trouble is not None:
                waits.append(Result(message.key, Outcome.RETRY, retry_after=trouble.retry_after, cause=trouble.cause))
            else:
                future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
                jobs.append(self._job(message, future))
                waits.append(future)
        try:
            if jobs:
                self._sender.submit(jobs)
            return [one if isinstance(one, Result) else await one for one in waits]
        finally:
            for job in jobs:
                job.cancelled = True

    async def events(self) -> AsyncGenerator[Sequence[Event], None]:
        """Reports and replies; the SMSC is told that a batch is kept when the next one is asked for."""
        if not self._closed:
            self._start()
        given, self._unheard = self._unheard, []
        while True:
            while len(given) < BATCH and (not given or not self._arrived.empty()):
                one = await self._arrived.get()
                if one is None:
                    return
                given.append(one)
            self._unheard = given
            yield [event for event, _ in given]
            self._heard(given)
            given, self._unheard = [], []

    async def check(self) -> Health:
        """Whether the binds come up; of two, how the worse one is."""
        if self._closed:
            return Health.UNREACHABLE
        self._start()
        await _within(self._tried, CHECK_S)
        return self._worst.health or Health.UNREACHABLE

    def parse(self, hook: Hook) -> tuple[list[Event], HookReply]:
        """An SMSC never calls back over HTTP."""
        return [], HookReply(404)

    async def balance(self) -> Decimal | None:
        """SMPP does not tell."""
        return None

    async def find(self, key: str) -> Result | None:
        """SMPP knows no reference of ours."""
        return None

    async def close(self) -> None:
        """Unbind; `events` ends. May be called twice."""
        if not self._closed:
            self._closed = True
            self._arrived.put_nowait(None)
            for bind in self._binds.values():
                bind.stop()
            for bind in self._binds.values():
                await asyncio.to_thread(bind.join, 5.0)

    def _start(self) -> None:
        if self._binds:
            return
        self._loop = asyncio.get_running_loop()
        roles: tuple[Role, ...] = (
            ("transceiver",) if self._options.bind == "transceiver" else ("transmitter", "receiver")
        )
        for role in roles:
            self._binds[role] = Bind(
                self.name,
                self._options,
                lambda delivered: self._call(self._deliver, delivered),
                lambda key, message_id: self._call(self._late, key, message_id),
                lambda up, role=role: self._call(self._state, role, up),  # type: ignore[misc]  # bound in the loop
                role,
            )
        for bind in self._binds.values():
            bind.start()

    @property
    def _sender(self) -> Bind:
        return next(iter(self._binds.values()))

    @property
    def _receiver(self) -> Bind:
        return next(reversed(self._binds.values()))

    @property
    def _worst(self) -> Bind:
        """The bind that keeps the others: a refused one, else one that is down, else the one that sends."""
        order = (Health.REFUSED, Health.UNREACHABLE, None, Health.GOOD)
        return min(self._binds.values(), key=lambda bind: order.index(bind.health))

    def _call(self, what: Callable[..., None], *args: Any) -> None:
        """From the bind's thread into the event loop; after the loop's end nobody listens."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(what, *args)
        except RuntimeError:
            return

    def _state(self, role: Role, up: bool) -> None:
        self._states[role] = up
        if len(self._states) == len(self._binds):
            self._tried.set()
        if len(self._states) == len(self._binds) and all(self._states.values()):
            self._up.set()
        else:
            self._up.clear()

    async def _trouble(self) -> Result | None:
        """Why nothing can be handed over now; None when the binds are up, perhaps after a moment.

        Nothing leaves while no receiver is bound: its reports would wait, and so would the STOP of who gets it.
        """
        if self._closed:
            return Result("", Outcome.RETRY, retry_after=1.0)
        self._start()
        if self._worst.health is Health.REFUSED or not await _within(self._up, PATIENCE_S):
            return self._worst.trouble
        return None

    def _job(self, message: Submit, future: asyncio.Future[Result]) -> Job:
        def settle(result: Result) -> None:
            self._flying.discard(result.key)
            if result.outcome is Outcome.ACCEPTED and result.gateway_id:
                self._remember(result.gateway_id, result.key)  # before its report is looked at
            self._look_again(result.key)
            if not future.done():
                future.set_result(result)

        payload = self._options.long_messages == "payload"
        self._flying.add(message.key)
        return Job(
            key=message.key,
            parts=parts_of(message.text, next(self._references) % 256, payload=payload),
            address=_address(message, message.sender or self._options.sender),
            done=lambda _job, result: self._call(settle, result),
            unsent_until=asyncio.get_running_loop().time() + UNSENT_S,
        )

    def _remember(self, message_id: str, key: str) -> None:
        self._ids[message_id] = key
        if len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)

    def _late(self, key: str, message_id: str) -> None:
        """An answer after its time: proof that the message was taken."""
        self._remember(message_id, key)
        proof = Dlr(f"{message_id}:late", key, message_id or None, State.ACCEPTED, None, None, self._now())
        self._arrived.put_nowait((proof, []))

    def _deliver(self, delivered: Delivered) -> None:
        pdu = delivered.pdu
        data, place = _data(pdu), None
        if pdu.esm_class & UDHI:
            place, data = unwrap(data)
        if pdu.esm_class & RECEIPT:
            report = self._report(pdu, data)
            if report is not None and report.key is None and self._flying and self._options.bind == "pair":
                self._early.append((delivered, set(self._flying)))
            else:
                self._bring(report, [delivered])
            return
        text = decode(data, pdu.data_coding)
        self._drop_old_puzzles()
        if place is None or place.total < 2:
            self._bring(self._reply(pdu, text), [delivered])
        else:
            self._piece(pdu, place, text, delivered)

    def _look_again(self, answered: str) -> None:
        """Bring the reports that came over the other line before the answer, now that their message is known, or none
        of those that it may be of is on its way any more.
        """
        early, self._early = self._early, []
        for delivered, of in early:
            of.discard(answered)
            report = self._report(delivered.pdu, _data(delivered.pdu))
            if of and report is not None and report.key is None:
                self._early.append((delivered, of))
            else:
                self._bring(report, [delivered])

    def _bring(self, event: Event | None, delivered: list[Delivered]) -> None:
        if event is not None:
            self._arrived.put_nowait((event, delivered))
        elif self._binds:
            self._receiver.ack(delivered)  # nothing in it for us, and nothing to keep

    def _piece(self, pdu: Any, place: Place, text: str, delivered: Delivered) -> None:
        of = (_word(pdu.source_addr), _word(pdu.destination_addr), place.reference, place.total)
        begun = asyncio.get_running_loop().time()
        puzzle, held = self._puzzles.setdefault(of, (Puzzle(place.total, begun), []))
        puzzle.texts[place.index] = text
        held.append(delivered)
        if puzzle.complete:
            del self._puzzles[of]
            self._bring(self._reply(pdu, puzzle.text), held)

    def _drop_old_puzzles(self) -> None:
        """A part that never comes must not hold the others back for ever: they are brought as they are."""
        now = asyncio.get_running_loop().time()
        for of in [of for of, (puzzle, _) in self._puzzles.items() if now - puzzle.begun > PUZZLE_S]:
            puzzle, held = self._puzzles.pop(of)
            self._bring(self._reply(held[0].pdu, puzzle.text), held)

    def _report(self, pdu: Any, data: bytes) -> Dlr | None:
        report = read_report(data.decode("latin-1"), getattr(pdu, "message_state", None))
        tagged = _word(getattr(pdu, "receipted_message_id", None))
        if tagged == report.id[:-1]:  # sent without its final zero, of which smpplib then takes the last character
            tagged = report.id
        if report.state is None or not (tagged or report.id):
            return None
        message_id, key = self._identify(tagged, report.id)
        return Dlr(
            event_id=f"{message_id}:{report.stat}"[:150],
            key=key,
            gateway_id=message_id,
            state=report.state,
            cause=report.cause,
            operator=None,
            at=self._now(),
        )

    def _identify(self, tagged: str, written: str) -> tuple[str, str | None]:
        """The identifier as the submission was answered, and our key when it is remembered."""
        plain = tagged or written
        if self._spelling != "auto":
            message_id = next(_spelled(plain, self._spelling), plain)
            return message_id, self._ids.get(message_id)
        for given in filter(None, (tagged, written)):
            for spelling in ("same", "decimal", "hex"):
                for message_id in _spelled(given, spelling):
                    if (key := self._ids.get(message_id)) is not None:
                        return message_id, key
        return plain, None

    def _reply(self, pdu: Any, text: str) -> Mo | None:
        source, to = _word(pdu.source_addr), _word(pdu.destination_addr).lstrip("+")
        try:
            e164 = number(source)
        except ValueError:
            return None
        # SMPP gives replies no identifier. One that is told again, because we had not said that it was kept, is known
        # by what it says; the same words sent twice by a person are two replies.
        content = blake2b(f"{e164}|{to}|{text}".encode(errors="replace"), digest_size=12).digest()
        event_id = self._unacked.setdefault(content, f"mo:{content.hex()}:{self._now().timestamp():.6f}")
        return Mo(event_id, e164, to[:16], text, self._now())

    def _heard(self, given: list[Arrived]) -> None:
        told = {event.event_id for event, _ in given if isinstance(event, Mo)}
        if told:
            self._unacked = {content: known for content, known in self._unacked.items() if known not in told}
        if self._binds:
            self._receiver.ack([one for _, delivered in given for one in delivered])


def _address(message: Submit, sender: str) -> dict[str, Any]:
    """Who writes to whom, and for how long the SMSC tries."""
    digits = sender.removeprefix("+")
    if digits.isdecimal():
        ton, npi, source = (1, 1, digits) if len(digits) > 6 else (3, 0, digits)
    else:
        ton, npi, source = (5, 0, sender) if sender else (0, 0, "")
    days, hours = divmod(message.validity_h, 24)
    return {
        "source_addr_ton": ton,
        "source_addr_npi": npi,
        "source_addr": source,
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "destination_addr": str(message.e164),
        "validity_period": f"0000{min(days, 30):02d}{hours:02d}0000000R",
    }


def _data(pdu: Any) -> bytes:
    data: bytes = getattr(pdu, "message_payload", None) or pdu.short_message or b""
    return data


def _spelled(given: str, spelling: str) -> Iterator[str]:
    """How the answer may have written the identifier that a report writes as ``given``.

    ``hex``: the report is hexadecimal and the answer decimal; ``decimal``: the other way round.
    """
    if spelling == "same":
        yield given
        return
    try:
        value = int(given, 16 if spelling == "hex" else 10)
    except ValueError:
        return
    if spelling == "hex":
        yield str(value)
    else:
        yield from (f"{value:x}", f"{value:X}", f"{value:08x}", f"{value:08X}")


def _word(raw: Any) -> str:
    if isinstance(raw, bytes):
        raw = raw.decode("latin-1")
    return str(raw or "").strip("\0 ")


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
