"""What visitors can do with demonstrations: open one, see how far it is, come in; and read what would have left.

Demonstrations exist only in demonstration mode, where the simulated network is the one gateway. Nobody has a password
for theirs, and a server that is not in that mode empties and closes them before it sends anything (``removal.py``): so
nothing of a demonstration ever meets a real gateway.
"""

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from smsapp.accounts import limits
from smsapp.accounts.actor import Actor
from smsapp.accounts.limits import Hit, Rule
from smsapp.db import Database
from smsapp.demo import plan
from smsapp.demo.builder import open_demonstration
from smsapp.demo.people import own_number
from smsapp.domain.delivery import State
from smsapp.domain.errors import Refusal
from smsapp.sending.tables import CAMPAIGN, MESSAGE
from smsapp.settings import Settings

log = logging.getLogger("smsapp.demo")

AT_ONCE = 2  # built at the same time; the others wait
WAITING = 20  # at most
KEPT = 900.0  # seconds after which an opening that nobody came back for is forgotten
FROM_HERE = Rule("demo.ip", 12, timedelta(hours=1))
EVERYBODY = Rule("demo.all", 120, timedelta(hours=1))


class DemoOff(Refusal):
    """This server sends for real: there are no demonstrations."""

    key = "demo.off"


class Crowded(Refusal):
    """Too many people wait already."""

    key = "demo.crowded"


class OpeningFailed(Refusal):
    """The demonstration could not be made; nothing is left to do but to ask again."""

    key = "demo.failed"


class NoSuchOpening(Refusal):
    """Nobody asked for it here, or too long ago."""

    key = "demo.forgotten"


class Phase(StrEnum):
    """How far an opening is."""

    WAITING = "waiting"
    BUILDING = "building"
    READY = "ready"
    REFUSED = "refused"


@dataclass
class Opening:
    """A demonstration being opened: ``done`` of ``total``, the catalogue key of the step, or why it was refused.

    ``place`` is how many stand before it, itself included, while it waits.
    """

    phase: Phase = Phase.WAITING
    done: int = 0
    total: int = 1
    step: str = "demo.step.waiting"
    place: int = 0
    refusal: Refusal | None = None
    actor: Actor | None = None


class Openings:
    """The demonstrations being opened by this process. Belongs to one event loop."""

    def __init__(self, db: Database, settings: Settings, size: plan.Size = plan.FULL) -> None:
        self._db, self._settings, self._size = db, settings, size
        self._turns = asyncio.Semaphore(AT_ONCE)  # first come, first served
        self._kept: dict[str, tuple[float, Opening]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, visitor: str, language: str) -> str:
        """Ask for a demonstration. Returns the secret token of the opening, also when it is refused at once."""
        self._forget()
        token = secrets.token_urlsafe(24)
        opening = Opening()
        try:
            await self._admit(visitor)
        except Refusal as refusal:
            opening.phase, opening.refusal = Phase.REFUSED, refusal
        else:
            task = asyncio.create_task(self._build(opening, language))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._kept[token] = (time.monotonic(), opening)
        return token

    def look(self, token: str) -> Opening:
        """How far it is. Raises NoSuchOpening."""
        kept = self._kept.get(token)
        if kept is None:
            raise NoSuchOpening
        opening = kept[1]
        if opening.phase is Phase.WAITING:
            waiting = [o for _, o in self._kept.values() if o.phase is Phase.WAITING]
            opening.place = waiting.index(opening) + 1
        return opening

    def enter(self, token: str) -> Actor:
        """Who comes in: works once. Raises NoSuchOpening, also when it is not ready."""
        _, opening = self._kept.get(token, (0.0, Opening()))
        if opening.actor is None:
            raise NoSuchOpening
        del self._kept[token]
        return opening.actor

    async def close(self) -> None:
        """Give up what is being built; what it leaves behind is taken away at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _admit(self, visitor: str) -> None:
        if not self._settings.demo:
            raise DemoOff
        if sum(o.phase is Phase.WAITING for _, o in self._kept.values()) >= WAITING:
            raise Crowded
        hits = [Hit(FROM_HERE, limits.network(visitor)), Hit(EVERYBODY)]
        await asyncio.to_thread(limits.spend, self._db, self._settings.signing_key, hits)

    async def _build(self, opening: Opening, language: str) -> None:
        def progress(done: int, total: int, step: str) -> None:
            opening.done, opening.total, opening.step = done, total, step

        async with self._turns:
            opening.phase = Phase.BUILDING
            began = time.monotonic()
            try:
                opening.actor = await open_demonstration(
                    self._db, self._settings, progress, size=self._size, language=language
                )
            except Exception as error:
                # Only the kind of error: its text would hold numbers and messages.
                log.error("demonstration not made: %s", type(error).__name__)
                opening.phase, opening.refusal = Phase.REFUSED, OpeningFailed()
                return
            opening.phase = Phase.READY
            log.info("demonstration made in %.1f s", time.monotonic() - began)

    def _forget(self) -> None:
        latest = time.monotonic() - KEPT
        ended = (Phase.READY, Phase.REFUSED)
        for token in [t for t, (at, o) in self._kept.items() if at < latest and o.phase in ended]:
            del self._kept[token]


@dataclass(frozen=True)
class Received:
    """An SMS that arrived on the user's own phone. ``sender`` is empty for the number that can be answered."""

    id: int
    sender: str
    text: str
    at: datetime


def own_phone(actor: Actor) -> int:
    """The number (E.164) that the user may give as recipient to read what arrives: only the simulator knows it."""
    return own_number(actor.user_id)


def received(db: Database, actor: Actor, limit: int = 30) -> list[Received]:
    """The SMS of the actor's account that reached that phone, newest first."""
    asked = (
        select(MESSAGE.c.id, CAMPAIGN.c.sender, MESSAGE.c.body, MESSAGE.c.state_at)
        .join(CAMPAIGN, CAMPAIGN.c.id == MESSAGE.c.campaign_id)
        .where(MESSAGE.c.account_id == actor.account_id, MESSAGE.c.e164 == own_phone(actor))
        .where(MESSAGE.c.state == State.DELIVERED)
        .order_by(MESSAGE.c.state_at.desc(), MESSAGE.c.id.desc())
        .limit(limit)
    )
    with db.read() as session:
        return [Received(*row) for row in session.connection().execute(asked)]
