"""Running a lane under a simulated clock, as fast as the database allows: how the demonstration's past is made.

The same transactions as in life, in larger windows; only the waiting is left out. The clock jumps to the next thing
that happens: a campaign that is due, a message put off, a report, a question about an unknown outcome.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select

from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, SimulatedClock
from smsapp.db.columns import UtcDateTime
from smsapp.domain.delivery import State
from smsapp.gateways.contract import Event, Result, Submit
from smsapp.sending import lifecycle
from smsapp.sending.materialise import QuoteOf, fire_due, materialise, waiting
from smsapp.sending.moves import state_is
from smsapp.sending.outbox import Answer, Opens, window
from smsapp.sending.policy import Policy
from smsapp.sending.receipts import take_in
from smsapp.sending.tables import CAMPAIGN, MESSAGE
from smsapp.sending.unknown import questions, take_answers

WINDOW = 500
EVENTS = 1_000
GRAIN = timedelta(minutes=20)  # reports are gathered so long; each keeps the instant at which it happened


class Replayable(Protocol):
    """A gateway whose clock is ours: the simulator."""

    @property
    def name(self) -> str: ...

    def take(self, batch: Sequence[Submit]) -> list[Result]: ...

    def due(self, until: datetime | None = None, limit: int | None = None) -> list[Event]: ...

    def next_due(self) -> datetime | None: ...

    async def find(self, key: str) -> Result | None: ...


async def run_to_end(
    db: Database,
    gateway: Replayable,
    lane: str,
    clock: SimulatedClock,
    until: datetime,
    quote_of: QuoteOf,
    *,
    opens: Opens | None = None,
    policy: Policy | None = None,
    progress: Callable[[datetime], None] = lambda _at: None,
    grain: timedelta = GRAIN,
) -> None:
    """Live through everything that ``lane`` has to do from ``clock`` to ``until``, then leave the clock at ``until``.

    ``db`` reads ``clock`` (``db.at(clock)``) and so does ``gateway``. ``progress`` is told the instant reached.
    """
    run = _Replay(db, gateway, lane, clock, quote_of, opens, policy or Policy(window=WINDOW))
    while clock.now() <= until:
        busy = await asyncio.to_thread(run.work)
        busy |= await run.ask()
        progress(clock.now())
        if busy:
            continue
        at = await asyncio.to_thread(run.next, grain)
        if at is None or at > until:
            break
        clock.set(max(at, clock.now() + timedelta(seconds=1)))
    clock.set(until)
    await asyncio.to_thread(run.work)


class _Replay:
    def __init__(
        self,
        db: Database,
        gateway: Replayable,
        lane: str,
        clock: SimulatedClock,
        quote_of: QuoteOf,
        opens: Opens | None,
        policy: Policy,
    ) -> None:
        self._db, self._gateway, self._lane, self._clock = db, gateway, lane, clock
        self._quote_of, self._opens, self._policy = quote_of, opens, policy

    def work(self) -> bool:
        """Do all there is to do at this instant. Whether anything was done."""
        db, lane = self._db, self._lane
        busy = bool(fire_due(db, self._policy, lane))
        for campaign_id in waiting(db, lane):
            materialise(db, campaign_id, self._quote_of, self._opens)
            busy = True
        answers: list[Answer] = []
        after = 0
        while True:
            done = window(
                db,
                lane=lane,
                gateway=self._gateway.name,
                size=self._policy.window,
                answers=answers,
                after=after,
                opens=self._opens,
                policy=self._policy,
            )
            results = self._gateway.take(done.batch) if done.batch else []
            answers = [Answer(t, r) for t, r in zip(done.tickets, results, strict=True)]
            after = done.campaign_id
            if not done.looked_at and not answers:
                break
            busy = True
            self._clock.advance(timedelta(seconds=1))
        while events := self._gateway.due(limit=EVENTS):
            take_in(db, self._gateway.name, events)
            busy = True
        lifecycle.give_up_unknown(db, self._policy, lane)
        lifecycle.finish(db, lane)
        return busy

    async def ask(self) -> bool:
        """Ask about unknown outcomes that are due."""
        found = await asyncio.to_thread(questions, self._db, self._lane, self._gateway.name)
        answers = {message_id: await self._gateway.find(ref) for message_id, ref in found.items()}
        await asyncio.to_thread(take_answers, self._db, answers, self._policy)
        return bool(answers)

    def next(self, grain: timedelta) -> datetime | None:
        """The next instant at which something happens; None when nothing ever will. Reports are let gather."""
        mine = CAMPAIGN.c.lane == self._lane
        of_messages = select(func.min(MESSAGE.c.not_before, type_=UtcDateTime())).join(
            CAMPAIGN, CAMPAIGN.c.id == MESSAGE.c.campaign_id
        )
        queued = of_messages.where(mine, CAMPAIGN.c.state == CampaignState.RUNNING, state_is(State.QUEUED))
        lane = select(CAMPAIGN.c.id).where(mine)
        unknown = select(func.min(MESSAGE.c.not_before, type_=UtcDateTime())).where(
            state_is(State.UNKNOWN),
            (MESSAGE.c.campaign_id + 0).in_(lane),  # by the index of unknown messages
        )
        scheduled = select(func.min(CAMPAIGN.c.send_at, type_=UtcDateTime())).where(
            mine, CAMPAIGN.c.state == CampaignState.SCHEDULED
        )
        with self._db.read() as session:
            found = [session.connection().scalar(query) for query in (queued, unknown, scheduled)]
        report = self._gateway.next_due()
        instants = [at for at in (*found, report + grain if report else None) if at is not None]
        return min(instants, default=None)
