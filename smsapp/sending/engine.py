"""The engine of one process: leader, scheduler, dispatcher and reports, started and stopped by the app's lifespan."""

import asyncio
import gc
from collections.abc import Callable
from typing import TypeVar

import structlog

from smsapp.db import Database
from smsapp.db.locks import Lock
from smsapp.gateways.contract import Gateway, Outcome, Result
from smsapp.gateways.routing import Router
from smsapp.ledger.check import checkpoint
from smsapp.sending import halt, lifecycle
from smsapp.sending.dispatcher import Dispatcher, OnChange
from smsapp.sending.leader import Leader
from smsapp.sending.materialise import OpensIn, Outdated, QuoteOf, fire_due, keep_local_time, materialise, waiting
from smsapp.sending.outbox import Opens
from smsapp.sending.policy import Policy
from smsapp.sending.receipts import retry_unmatched
from smsapp.sending.scheduler import Job, Scheduler
from smsapp.sending.unknown import questions, take_answers

log = structlog.get_logger(__name__)

T = TypeVar("T")

SIDE_BY_SIDE = 2  # campaigns whose messages are written at the same time: a large one does not keep the small ones


def keep_for_life() -> None:
    """What this process has loaded so far stays: the collector need not walk through it again and again, which would
    cost a sender as much as its messages. Done once.
    """
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


class Engine:
    """Everything that sends, for one lane, through one gateway or those of a router.

    ``quote_of`` prices a campaign that starts, ``opens`` keeps to the permitted hours of numbers, ``opens_in`` of time
    zones, ``on_change`` is told from the event loop which accounts have new figures, ``on_ready`` that other processes
    may find something to send. ``site`` is the public address that e-mails lead to. ``scheduler`` takes further
    constant jobs before ``start``.
    """

    def __init__(
        self,
        db: Database,
        gateway: Gateway | Router,
        quote_of: QuoteOf,
        *,
        lane: str = "live",
        policy: Policy | None = None,
        opens: Opens | None = None,
        opens_in: OpensIn | None = None,
        on_change: OnChange = lambda _accounts: None,
        on_ready: Callable[[], None] = lambda: None,
        site: str = "",
    ) -> None:
        self._db, self._quote_of, self._lane = db, quote_of, lane
        self._router = Router.of(gateway)
        self._policy = policy or Policy()
        self._opens, self._on_change, self._on_ready = opens, on_change, on_ready
        self._opens_in, self._site = opens_in, site
        self._leader = Leader(db, lane)
        self._dispatcher = Dispatcher(
            db, self._router, lane=lane, policy=self._policy, opens=opens, on_change=on_change, site=site
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._starting: dict[int, asyncio.Task[None]] = {}  # campaigns whose messages are being written, or are to be
        self._few = asyncio.Semaphore(SIDE_BY_SIDE)
        self.scheduler = Scheduler()
        self.violations = 0  # of the last ledger check

    async def start(self) -> None:
        """Begin to send. Raises AlreadyRunning when another process sends from the same SQLite file."""
        self._leader.take()
        keep_for_life()
        if self._leader.alone:
            await asyncio.to_thread(lifecycle.reap, self._db, self._policy, alone=True)
        await asyncio.to_thread(keep_local_time, self._db)
        self.scheduler.every(1, "halt", self._look_at_the_brake)
        for seconds, name, job in self._rounds():
            self.scheduler.every(seconds, name, self._led(job))
        self.scheduler.start()
        self._tasks = [asyncio.create_task(self._dispatcher.run()), asyncio.create_task(self._dispatcher.pump())]

    async def stop(self) -> None:
        """Finish what is at the gateway, settle it, close the gateway: within 10 seconds."""
        rounds = asyncio.create_task(self.scheduler.stop())
        for task in list(self._starting.values()):
            task.cancel()
        if self._tasks:
            run, pump = self._tasks
            self._dispatcher.stop()
            await asyncio.wait({run}, timeout=8.0)
            self._dispatcher.abandon()
            await asyncio.wait({run}, timeout=1.0)
            await self._router.close()
            await asyncio.wait({pump}, timeout=0.5)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks = []
        await rounds
        self._leader.release()

    async def wake(self) -> None:
        """A campaign was sent or resumed: look at once rather than at the next tick."""
        await self._start_campaigns()
        self._dispatcher.wake()
        self._on_ready()

    def look(self) -> None:
        """Another process says that there may be something to send."""
        self._dispatcher.wake()

    def _led(self, job: Job) -> Job:
        """The job, in the process that leads only."""

        async def work() -> None:
            if await asyncio.to_thread(self._leader.leads):
                await job()

        return work

    def _rounds(self) -> list[tuple[float, str, Job]]:
        db, lane, policy = self._db, self._lane, self._policy
        return [
            (1, "fire", self._fire),
            (1, "start", self._begin),
            (1, "refusals", lambda: self._changing(lambda: lifecycle.stop_refused(db, policy, lane))),
            (2, "finish", lambda: self._changing(lambda: lifecycle.finish(db, lane))),
            (policy.look_every_s, "unmatched", lambda: self._changing(lambda: retry_unmatched(db, policy))),
            (policy.look_every_s, "ask", self._ask),
            (policy.look_every_s, "reap", lambda: self._changing(lambda: lifecycle.reap(db, policy, lane))),
            (policy.look_every_s, "cancelled", lambda: self._changing(lambda: lifecycle.sweep_cancelled(db, lane))),
            (600, "deadline", lambda: self._changing(lambda: lifecycle.give_up_unknown(db, policy, lane))),
            (3600, "ledger", self._check_ledger),
        ]

    async def _fire(self) -> None:
        await self._changing(lambda: fire_due(self._db, self._policy, self._lane, self._opens_in))

    async def _start_campaigns(self) -> None:
        """Fire what is due, and return once the messages of everything that was fired are written."""
        await self._fire()
        await self._begin()
        if self._starting:
            await asyncio.wait(list(self._starting.values()))

    async def _begin(self) -> None:
        """Begin to write the messages of what was fired: a large campaign keeps neither the others nor the clock."""
        for campaign_id in await asyncio.to_thread(waiting, self._db, self._lane):
            if campaign_id not in self._starting:
                task = self._starting[campaign_id] = asyncio.create_task(self._write(campaign_id))
                task.add_done_callback(lambda _task, done=campaign_id: self._starting.pop(done))  # type: ignore[misc]  # bound in the loop

    async def _write(self, campaign_id: int) -> None:
        try:
            async with self._few:
                account = await asyncio.to_thread(self._materialise, campaign_id)
        except Outdated:
            return
        except Exception as error:
            log.error("campaign not started", campaign=campaign_id, error=type(error).__name__)
            return
        self._on_change({account})
        self._dispatcher.wake()
        self._on_ready()

    def _materialise(self, campaign_id: int) -> int:
        """Start one campaign, unless another process is at it: two would undo each other's work."""
        lock = Lock(self._db, f"campaign {campaign_id}")
        try:
            if not lock.take():
                raise Outdated
            return materialise(self._db, campaign_id, self._quote_of, self._opens, site=self._site)
        finally:
            lock.release()

    async def _ask(self) -> None:
        """Ask about unknown outcomes, where the gateway can be asked."""
        answers: dict[int, Result | None] = {}
        for way in self._router.ways:
            gateway = way.gateway
            if not gateway.caps.lookup_by_ref:
                continue
            found = await asyncio.to_thread(questions, self._db, self._lane, gateway.name)
            for message_id, ref in found.items():
                try:
                    answers[message_id] = await gateway.find(ref)
                except Exception:
                    answers[message_id] = Result(ref, Outcome.UNKNOWN)  # ask again later
        await self._changing(lambda: take_answers(self._db, answers, self._policy))
        if answers:
            self._dispatcher.wake()

    async def _check_ledger(self) -> None:
        """Prove the ledger; in doubt nothing more is claimed, by any process, until a person has looked."""
        found = await asyncio.to_thread(halt.prove, self._db)
        for violation in found:
            log.critical("ledger violation", rule=violation.rule, sentence=violation.sentence)
        await self._look_at_the_brake()
        if not found:
            await asyncio.to_thread(checkpoint, self._db)

    async def _look_at_the_brake(self) -> None:
        self.violations = await asyncio.to_thread(halt.violations, self._db)
        self._dispatcher.frozen = self.violations > 0

    async def _changing(self, work: Callable[[], set[int]]) -> None:
        accounts = await asyncio.to_thread(work)
        if accounts:
            self._on_change(accounts)
