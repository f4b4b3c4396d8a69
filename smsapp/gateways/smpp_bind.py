"""One bind to an SMSC: a thread that keeps it alive, hands messages over within a window, and brings back what is told.

Packets travel by `smpp_line.py`; the rest is here. What the thread guarantees:

- every job gets one result: accepted or refused on the SMSC's word, "not taken" only when nothing of it was sent or
  the SMSC said so, unknown in every other case (no answer in time, the connection lost with a part of it on the way);
- a report or a reply is acknowledged only once whoever reads them has kept them; until then the SMSC keeps them too;
- a connection that is silent is asked (`enquire_link`), one that does not answer is dropped and made again.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from smpplib.smpp import make_pdu  # type: ignore[import-untyped]

from smsapp.domain.delivery import Cause
from smsapp.gateways.contract import Health, Outcome, Result
from smsapp.gateways.options import SmppOptions
from smsapp.gateways.smpp_line import Line, close
from smsapp.gateways.smpp_text import Part
from smsapp.gateways.smsc import OK, THROTTLED, outcome_of

log = structlog.get_logger(__name__)

UNSENT_S = 8.0  # a job that waits longer for the window was not taken
THROTTLED_S = 1.0
AGAIN = 5  # tries of a later part that is throttled
REMEMBERED = 10_000  # submissions whose answer is late
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0
_NOT_WANTED = frozenset({0x0D, 0x0E, 0x0F})  # bind failed, password, system id


Role = Literal["transceiver", "transmitter", "receiver"]


@dataclass(eq=False)
class Job:
    """A message on its way, part by part. ``done`` gets its result, in the thread, once."""

    key: str
    parts: Sequence[Part]
    address: dict[str, Any]
    done: Callable[[Job, Result], None]
    unsent_until: float
    sent: int = 0  # parts that the SMSC took
    tries: int = 0
    cancelled: bool = False  # nobody waits any more: nothing more of it leaves


@dataclass(frozen=True, slots=True)
class Delivered:
    """A deliver_sm, to be acknowledged by ``ack`` with this session and sequence number."""

    session: int
    sequence: int
    pdu: Any


class Refused(Exception):
    """The SMSC does not want this bind."""


@dataclass
class _Session:
    """A connection that is bound, and what is on its way over it."""

    number: int
    client: Line
    heard: float
    pending: dict[int, tuple[Job, float]] = field(default_factory=dict)
    late: OrderedDict[int, Job] = field(default_factory=OrderedDict)
    probe: float = 0.0  # when the enquire_link that is not answered yet was sent


class Bind(threading.Thread):
    """The thread, of one connection in a ``role``. ``on_delivered`` gets reports and replies, ``on_late`` a key and an
    identifier that come after their time, ``on_state`` whether the bind is up: all are called in the thread.
    """

    def __init__(
        self,
        name: str,
        options: SmppOptions,
        on_delivered: Callable[[Delivered], None],
        on_late: Callable[[str, str], None],
        on_state: Callable[[bool], None],
        role: Role = "transceiver",
    ) -> None:
        super().__init__(name=f"smpp-{name}-{role}", daemon=True)
        self._options, self._gateway, self._role = options, name, role
        self._on_delivered, self._on_late, self._on_state = on_delivered, on_late, on_state
        self._jobs: deque[Job] = deque()
        self._acks: deque[tuple[int, int]] = deque()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._stopping = threading.Event()
        self._sessions = 0
        self._paused_until = 0.0
        self.health: Health | None = None  # None until the first try has ended

    def submit(self, jobs: Sequence[Job]) -> None:
        """Hand over messages; each `done` will be called."""
        self._jobs.extend(jobs)
        self._wake()

    def ack(self, delivered: Sequence[Delivered]) -> None:
        """These are kept: the SMSC may forget them."""
        self._acks.extend((one.session, one.sequence) for one in delivered)
        self._wake()

    def stop(self) -> None:
        """End the bind and the thread; what is on its way ends as unknown, what waits as not taken."""
        self._stopping.set()
        self._wake()

    def run(self) -> None:
        """Bind, serve, and after a loss bind again, with growing pauses."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                session = self._bind()
            except Refused:
                self._tell(Health.REFUSED)
                pause = _LONGEST_PAUSE
            except Exception:  # whatever a peer answers, the thread goes on
                self._tell(Health.UNREACHABLE)
            else:
                pause = _FIRST_PAUSE
                self._tell(Health.GOOD)
                try:
                    self._serve(session)
                except Exception as error:
                    log.warning("bind lost", gateway=self._gateway, role=self._role, error=type(error).__name__)
                self._tell(Health.UNREACHABLE)
                self._lose(session)
            self._refuse_waiting()
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        self._refuse_waiting()
        self._wake_in.close()
        self._wake_out.close()

    def _bind(self) -> _Session:
        options = self._options
        client = Line(options.host, options.port, tls=options.tls == "yes")
        try:
            client.connect()
            pdu = make_pdu(
                f"bind_{self._role}",
                client=client,
                system_id=options.system_id,
                password=options.password.get_secret_value(),
                system_type=options.system_type,
            )
            client.send_pdu(pdu)
            answer = client.read_pdu()
            if answer.status in _NOT_WANTED:
                raise Refused
            if answer.status != OK or answer.command != f"bind_{self._role}_resp":
                raise ValueError("no bind")
        except BaseException:
            close(client)
            raise
        self._sessions += 1
        return _Session(self._sessions, client, time.monotonic())

    def _serve(self, session: _Session) -> None:
        with selectors.DefaultSelector() as selector:
            line = session.client._socket
            selector.register(line, selectors.EVENT_READ)
            selector.register(self._wake_in, selectors.EVENT_READ)
            self._read(session)  # what came with the answer to the bind
            while not self._stopping.is_set():
                now = time.monotonic()
                self._acknowledge(session)
                self._send(session, now)
                self._expire(session, now)
                self._probe(session, now)
                for key, _ in selector.select(self._nap(session, now)):
                    if key.fileobj is line:
                        self._read(session)
                    else:
                        _drain(self._wake_in)
            self._write(session, "unbind")

    def _nap(self, session: _Session, now: float) -> float:
        """Seconds until something must be done that nobody wakes us for."""
        soonest = min((until for _, until in session.pending.values()), default=now + 1.0)
        if self._jobs and self._paused_until > now:
            soonest = min(soonest, self._paused_until)
        return min(max(soonest - now, 0.01), 0.5)

    def _send(self, session: _Session, now: float) -> None:
        while self._jobs and len(session.pending) < self._options.window and now >= self._paused_until:
            job = self._jobs.popleft()
            if job.cancelled or (now > job.unsent_until and not job.sent):
                job.done(job, Result(job.key, Outcome.RETRY, retry_after=THROTTLED_S))
                continue
            part = job.parts[job.sent]
            more = {"message_payload": part.payload} if part.payload else {}
            last = job.sent == len(job.parts) - 1
            pdu = make_pdu(
                "submit_sm",
                client=session.client,
                short_message=part.short,
                esm_class=part.esm_class,
                data_coding=part.data_coding,
                registered_delivery=1 if last else 0,
                **job.address,
                **more,
            )
            # On the list before it is on the wire: whatever happens from here on, its outcome is not "not taken".
            session.pending[pdu.sequence] = job, now + self._options.response_s
            session.client.send_pdu(pdu)

    def _read(self, session: _Session) -> None:
        more = True
        while more:
            more = session.client.hear()
            for pdu in session.client.packets():
                session.heard = time.monotonic()
                self._take(session, pdu)

    def _take(self, session: _Session, pdu: Any) -> None:
        if pdu.command in ("submit_sm_resp", "generic_nack"):
            self._answered(session, pdu)
        elif pdu.command == "deliver_sm":
            self._on_delivered(Delivered(session.number, pdu.sequence, pdu))
        elif pdu.command == "enquire_link":
            self._write(session, "enquire_link_resp", pdu.sequence)
        elif pdu.command == "enquire_link_resp":
            session.probe = 0.0
        elif pdu.command == "unbind":
            self._write(session, "unbind_resp", pdu.sequence)
            raise ValueError("unbound")

    def _answered(self, session: _Session, pdu: Any) -> None:
        found = session.pending.pop(pdu.sequence, None)
        message_id = (getattr(pdu, "message_id", None) or b"").decode("latin-1")
        if found is None:
            job = session.late.pop(pdu.sequence, None)
            if job is not None and pdu.status == OK and job.sent == len(job.parts) - 1:
                self._on_late(job.key, message_id)
            return
        job, _ = found
        outcome, cause = outcome_of(pdu.status)
        if outcome is Outcome.ACCEPTED:
            job.sent += 1
            if job.sent < len(job.parts):
                self._jobs.appendleft(job)
            else:
                job.done(job, Result(job.key, outcome, message_id[:128] or None))
            return
        if pdu.status in THROTTLED:
            self._paused_until = time.monotonic() + THROTTLED_S
        if not job.sent:
            after = (THROTTLED_S if cause is None else 60.0) if outcome is Outcome.RETRY else None
            job.done(job, Result(job.key, outcome, retry_after=after, cause=cause))
        elif outcome is Outcome.RETRY and job.tries < AGAIN:
            job.tries += 1
            self._jobs.appendleft(job)
        else:  # the first parts are taken, this one is not: what the phone will show is not known
            job.done(job, Result(job.key, Outcome.UNKNOWN))

    def _expire(self, session: _Session, now: float) -> None:
        for sequence in [sequence for sequence, (_, until) in session.pending.items() if until <= now]:
            job, _ = session.pending.pop(sequence)
            session.late[sequence] = job
            if len(session.late) > REMEMBERED:
                session.late.popitem(last=False)
            job.done(job, Result(job.key, Outcome.UNKNOWN))

    def _probe(self, session: _Session, now: float) -> None:
        if session.probe:
            if now - session.probe > self._options.response_s:
                raise ValueError("no answer to enquire_link")
        elif now - session.heard > self._options.enquire_s or (session.late and now - session.heard > 1.0):
            session.probe = now
            self._write(session, "enquire_link")

    def _acknowledge(self, session: _Session) -> None:
        while self._acks:
            number, sequence = self._acks.popleft()
            if number == session.number:  # of an older connection: the SMSC will tell it again
                self._write(session, "deliver_sm_resp", sequence)

    def _lose(self, session: _Session) -> None:
        close(session.client)
        for job, _ in session.pending.values():
            job.done(job, Result(job.key, Outcome.UNKNOWN))

    def _refuse_waiting(self) -> None:
        while self._jobs:
            job = self._jobs.popleft()
            outcome = Outcome.UNKNOWN if job.sent else Outcome.RETRY
            job.done(job, Result(job.key, outcome, retry_after=None if job.sent else THROTTLED_S))

    def _tell(self, health: Health) -> None:
        self.health = health
        self._on_state(health is Health.GOOD)

    @property
    def trouble(self) -> Result:
        """The answer to every message while the bind is down, for any key."""
        asked = 60.0 if self.health is Health.REFUSED else None
        return Result("", Outcome.RETRY, retry_after=asked, cause=Cause.GATEWAY)

    @staticmethod
    def _write(session: _Session, command: str, sequence: int | None = None) -> None:
        pdu = make_pdu(command, client=session.client)
        if sequence is not None:
            pdu.sequence = sequence
        session.client.send_pdu(pdu)

    def _wake(self) -> None:
        try:
            self._wake_out.send(b"\0")
        except OSError:  # full: it is awake; closed: it has ended
            return


def _drain(wake: socket.socket) -> None:
    try:
        while wake.recv(4096):
            pass
    except BlockingIOError:
        return
