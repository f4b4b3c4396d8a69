"""A campaign over a real gateway while its peer is mistreated, and the judgement by what the SMSC received.

Used by the proofs of Kannel and of SMPP: the product's engine, its callbacks, SQLite; the SMSC is the judge.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web
from sqlalchemy import select

from smsapp.db import Database
from smsapp.domain.delivery import State
from smsapp.gateways.contract import Gateway, Hook
from smsapp.gateways.routing import Router, Way
from smsapp.sending.callbacks import Callbacks
from smsapp.sending.check import check
from smsapp.sending.engine import Engine
from smsapp.sending.policy import Policy
from smsapp.sending.tables import MESSAGE
from tests.peers.hooks import serving
from tests.peers.smsc import Smsc
from tests.proof.world import sender
from tests.services.sending.house import quote_of, running, states

SETTLED = {State.DELIVERED, State.FAILED, State.REJECTED}
PATIENT = Policy(breaker_rest_s=2.0)  # of a peer that is down; everything else as in the product


@dataclass
class Course:
    """One campaign of ``messages`` through ``gateway``, called back on ``port`` when it is not 0."""

    db: Database
    gateway: Gateway
    smsc: Smsc
    messages: int
    port: int = 0
    received: list[dict[str, object]] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    async def run(self, mischief: Callable[["Course"], Awaitable[None]], patience: float) -> list[str]:
        """Send, let ``mischief`` happen, wait until everything is settled, judge. Returns what is wrong, in words."""
        actor = sender(self.db, "orage", self.messages)
        campaign_id = running(self.db, actor, self.messages, credits=0)
        callbacks = Callbacks(self.db, lambda _accounts: None)

        async def called(request: web.Request) -> web.Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            hook = Hook(request.method, str(request.rel_url), headers, dict(request.query), await request.read())
            reply = await callbacks.take(self.gateway, hook)
            return web.Response(status=reply.status, body=reply.body)

        engine = Engine(self.db, Router([Way(self.gateway)]), quote_of(self.messages), policy=PATIENT)
        began = time.monotonic()
        async with serving(called, self.port or self.smsc.control + 1):
            await engine.start()
            await engine.wake()
            await mischief(self)
            await self.until(lambda: not self.open(), patience)
            self.figures["seconds"] = round(time.monotonic() - began, 1)
            await engine.stop()
        self.received += await asyncio.to_thread(self.smsc.tell, "got")
        self.figures |= {"states": states(self.db, campaign_id), "callbacks": dict(callbacks.counts[self.gateway.name])}
        return self.judge()

    def open(self) -> int:
        """How many messages are not settled: an unknown one is, when only time can tell more."""
        with self.db.read() as session:
            found = Counter(session.connection().scalars(select(MESSAGE.c.state)))
        return sum(count for state, count in found.items() if state not in SETTLED | {State.UNKNOWN})

    def settled(self) -> int:
        return self.messages - self.open()

    async def until(self, true: Callable[[], bool], patience: float) -> None:
        """Wait at most ``patience`` seconds until something is true of the database."""
        end = time.monotonic() + patience
        await asyncio.to_thread(_wait, true, end)

    def judge(self) -> list[str]:
        """Every message the SMSC received is settled or unknown, no other is delivered, and the ledger is exact."""
        received = Counter(str(one["to"]) for one in self.received)
        with self.db.read() as session:
            rows = session.connection().execute(select(MESSAGE.c.e164, MESSAGE.c.state)).all()
        state_of = {str(row.e164): State(row.state) for row in rows}
        believed = {to for to, state in state_of.items() if state in (State.DELIVERED, State.FAILED, State.OPERATOR)}
        waiting = Counter(state for state in state_of.values() if state not in SETTLED | {State.UNKNOWN})
        refused = {to for to, state in state_of.items() if state is State.REJECTED}
        wrong = [violation.sentence for violation in check(self.db)]
        if waiting:
            wrong.append(f"{sum(waiting.values())} messages are not settled: {dict(waiting)}")
        if denied := refused & received.keys():
            wrong.append(f"{len(denied)} messages are told not to have left, and did")
        if invented := believed - received.keys():
            wrong.append(f"{len(invented)} messages are told to have left, and did not")
        unknown = [to for to, state in state_of.items() if state is State.UNKNOWN]
        self.figures |= {
            "messages": self.messages,
            "received": len(received),
            "received_twice": sum(1 for count in received.values() if count > 1),
            "unknown": len(unknown),
            "unknown_received": sum(1 for to in unknown if to in received),
        }
        return wrong


def _wait(true: Callable[[], bool], end: float) -> None:
    while time.monotonic() < end and not true():
        time.sleep(0.1)
