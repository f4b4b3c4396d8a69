"""One simulated life of the sending engine: a seed fixes every fault, pause, STOP, clock jump and the order of all.

No thread, no socket, no real clock: the product's own functions are called in an order that the seed chooses. After
every few steps the ledger is proved; at the end the network calms down and what became of each message is compared
with what the network says it did.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import event, select, update

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, SimulatedClock, connect
from smsapp.domain.delivery import FINAL, NEVER_TAKEN, State
from smsapp.domain.errors import Refusal
from smsapp.domain.hours import Window as Hours
from smsapp.domain.moment import parse
from smsapp.gateways.contract import Outcome, Result, Submit
from smsapp.ledger.service import grant_signup, purchase
from smsapp.sending import lifecycle
from smsapp.sending import materialise as writing
from smsapp.sending.check import check
from smsapp.sending.outbox import Answer, Ticket, window
from smsapp.sending.permitted import permitted
from smsapp.sending.policy import Policy
from smsapp.sending.receipts import retry_unmatched, take_in
from smsapp.sending.tables import CAMPAIGN, MESSAGE, SUPPRESSION
from smsapp.sending.unknown import questions, take_answers
from tests.proof.network import STRENGTH, Network
from tests.proof.world import Template, sender
from tests.services.sending.house import FIRST, add_campaign, quote_of

PARIS = "Europe/Paris"
WHEN = (  # when the life begins, the date as its author types it, and the instant that everybody expects
    ("2026-03-28T22:00", "29/03/2026 02:30", "2026-03-29T01:30"),
    ("2026-03-28T20:00", "29/03/2026 03:10", "2026-03-29T01:10"),
    ("2026-10-24T22:00", "25/10/2026 02:30", "2026-10-25T00:30"),
    ("2026-10-24T21:00", "25/10/2026 03:15", "2026-10-25T02:15"),
    ("2026-06-17T08:00", "17/06/2026 11:20", "2026-06-17T09:20"),
)
RATE = 40.0  # segments per second of the gateway
WORKERS, EACH = 3, 10
JUMPS = (2.0, 5.0, 700.0, 20_000.0)  # seconds, while things calm down
POLICY = Policy()


class Violation(Exception):
    """Something that must never happen, happened."""


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Worker:
    """What a sender has in memory, and loses when it dies."""

    flying: list[tuple[Ticket, Submit, datetime]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


class Life:
    """A life under ``seed``. ``run`` raises Violation."""

    def __init__(self, template: Template, seed: int) -> None:
        self.rng = random.Random(seed)
        begin, typed, expected = self.rng.choice(WHEN)
        self.clock = SimulatedClock(datetime.fromisoformat(begin).replace(tzinfo=UTC))
        self.expected = datetime.fromisoformat(expected).replace(tzinfo=UTC)
        self.db: Database = template.copy(self.clock)
        self.network = Network(self.rng, knows=self.rng.random() < 0.6)
        self.workers = [Worker() for _ in range(WORKERS)]
        self.opens = permitted(Hours())
        self.stopped: set[tuple[int, int]] = set()  # account, number
        self.closed: set[int] = set()  # campaigns paused or cancelled by a person
        self.segments: list[datetime] = []  # one for each message handed over
        self.looked = self.clock.now()
        self.sold = 0
        self.fuse = 0
        self.actors = [sender(self.db, name) for name in ("lavande", "romarin")]
        for actor in self.actors:
            with self.db.write() as session:
                grant_signup(session, actor.account_id, self.db.now())
            self.buy(actor, self.rng.choice([0, 5, 60]))
        self.campaigns: dict[int, Actor] = {}
        for i, purpose in enumerate(("transactional", "marketing", "transactional")):
            actor = self.actors[i % 2]
            planned = i == 2
            at = parse(typed, PARIS) if planned else None
            state = CampaignState.SCHEDULED if planned else CampaignState.MATERIALISING
            made = add_campaign(self.db, actor, state, at.at if at else None, purpose=purpose)
            values: dict[str, Any] = {"spread_minutes": self.rng.choice([0, 0, 30])}
            if at:
                values |= {"local_time": at.stored, "zone": at.zone}
            with self.db.write() as session:
                session.connection().execute(update(CAMPAIGN).where(CAMPAIGN.c.id == made).values(**values))
            self.campaigns[made] = actor
        self.planned = max(self.campaigns)
        self._watch()

    def run(self, steps: int = 100) -> None:
        """Live, then calm down and be judged."""
        acts: list[tuple[Callable[[], None], int]] = [
            (self.work, 60),
            (self.die, 4),
            (self.report, 12),
            (self.wait, 10),
            (self.rounds, 6),
            (self.ask, 4),
            (self.command, 5),
            (self.stop, 3),
            (self.sell, 2),
            (self.resend, 1),
        ]
        chosen = self.rng.choices([act for act, _ in acts], [weight for _, weight in acts], k=steps)
        for i, act in enumerate(chosen):
            self.fuse = self.rng.randint(1, 25) if self.rng.random() < 0.06 else 0
            try:
                act()
            except Crash:
                self._after_crash()
            self.fuse = 0
            if i % 25 == 24:
                self.prove()
        self.calm_down()
        self.prove()
        self.judge()

    def close(self) -> None:
        self.db.close()

    # What can happen.

    def work(self) -> None:
        """A worker goes one step further: it claims, hands one message over, or settles with its next claim."""
        worker = self.rng.choice(self.workers)
        self.hand_over(worker) if worker.flying else self.claim(worker, self.rng.randint(0, 6))

    def claim(self, worker: Worker, size: int) -> None:
        now = self.clock.now()
        with self.db.read() as session:
            rows = session.connection().execute(select(CAMPAIGN.c.id, CAMPAIGN.c.state, CAMPAIGN.c.purpose))
            before = {row.id: row for row in rows}
        answers = list(worker.answers)
        done = window(
            self.db,
            lane="live",
            gateway="g",
            size=size,
            answers=answers,
            after=self.rng.choice([0, *self.campaigns]),
            opens=self.opens,
            tps={"g": RATE},
            policy=POLICY,
        )
        worker.answers = []
        worker.flying = [(t, m, now) for t, m in zip(done.tickets, done.batch, strict=True)]
        if not done.batch:
            return
        owner = self.campaigns[done.campaign_id].account_id
        local = now.astimezone(ZoneInfo(PARIS))
        if before[done.campaign_id].state != CampaignState.RUNNING:
            raise Violation("claimed of a campaign that does not run")
        if before[done.campaign_id].purpose == "marketing" and (local.weekday() == 6 or not 8 <= local.hour < 20):
            raise Violation("marketing claimed outside its permitted hours")
        for message in done.batch:
            if (owner, message.e164) in self.stopped:
                raise Violation("claimed after its STOP")
            self.segments += [now] * message.segments
        recent = sum(1 for at in self.segments if now - at < timedelta(seconds=1))
        if recent > 1.25 * RATE + 2 * 6:
            raise Violation(f"{recent} segments in a second")

    def hand_over(self, worker: Worker) -> None:
        ticket, message, claimed_at = worker.flying.pop(0)
        if self.clock.now() - claimed_at > timedelta(seconds=POLICY.lease_s):
            # As the dispatcher does: it is too late to call, the message may be somebody else's by now.
            worker.answers.append(Answer(ticket, Result(message.key, Outcome.RETRY, retry_after=0.0)))
            return
        result = self.network.submit(message, self.clock.now())
        worker.answers.append(Answer(ticket, result))

    def die(self) -> None:
        """kill -9 of a worker; sometimes its answers arrive after all, from a packet that was on its way."""
        worker = self.rng.choice(self.workers)
        kept = worker.answers if self.rng.random() < 0.3 else []
        worker.flying, worker.answers = [], kept

    def report(self) -> None:
        if events := self.network.tell(self.clock.now(), self.rng.randint(1, 12)):
            take_in(self.db, "g", events)
            self.network.handled(events)

    def wait(self) -> None:
        self.clock.advance(timedelta(seconds=self.rng.choice([0.2, 5, 40, 90, 700, 2_000])))
        self.network.arrive(self.clock.now())

    def rounds(self) -> None:
        """What the leader does every few seconds, in any order."""
        rounds: list[Callable[[], object]] = [
            lambda: lifecycle.reap(self.db, POLICY),
            lambda: lifecycle.give_up_unknown(self.db, POLICY),
            lambda: lifecycle.finish(self.db),
            lambda: lifecycle.sweep_cancelled(self.db),
            lambda: lifecycle.stop_refused(self.db, POLICY),
            lambda: retry_unmatched(self.db, POLICY),
            lambda: writing.keep_local_time(self.db),
            self.start,
        ]
        self.rng.shuffle(rounds)
        for round_ in rounds:
            round_()

    def start(self) -> None:
        """Fire what is due, write what is to be written."""
        was = self._states()[self.planned]
        writing.fire_due(self.db, POLICY, "live")
        now, state = self.clock.now(), self._states()[self.planned]
        if was == CampaignState.SCHEDULED and state != was:
            late = now - self.expected
            if late < timedelta():
                raise Violation(f"fired {-late} too early")
            if (state == CampaignState.MISSED) != (late > POLICY.max_late):
                raise Violation(f"{late} late: {state}")
        if was == state == CampaignState.SCHEDULED and now >= self.expected:
            raise Violation(f"not fired at {now}, expected at {self.expected}")
        for campaign_id in writing.waiting(self.db, "live"):
            first = FIRST + 4 * campaign_id  # the campaigns have numbers in common
            writing.materialise(self.db, campaign_id, quote_of(EACH, first), self.opens)

    def ask(self) -> None:
        if self.network.knows:
            found = questions(self.db, "live", "g")
            take_answers(self.db, {i: self.network.find(ref) for i, ref in found.items()}, POLICY)

    def command(self) -> None:
        """A person pauses, resumes or cancels; once that is committed nothing more is claimed."""
        campaign_id, actor = self.rng.choice(list(self.campaigns.items()))
        act = self.rng.choice(["pause", "resume", "resume", "partial", "cancel"])
        try:
            if act == "partial":
                lifecycle.resume(self.db, actor, campaign_id, partial=True)
            else:
                getattr(lifecycle, act)(self.db, actor, campaign_id)
        except Refusal:
            return

    def stop(self) -> None:
        if self.network.taken:
            key = self.rng.choice(self.network.taken)
            reply = self.network.stop(key, self.clock.now())
            take_in(self.db, "g", [reply])
            self._note_stops()
            if not any(number == reply.e164 for _, number in self.stopped):
                raise Violation("a STOP that nobody heard")

    def sell(self) -> None:
        self.buy(self.rng.choice(self.actors), self.rng.randint(1, 20))

    def buy(self, actor: Actor, credits: int) -> None:
        """The same payment is told twice."""
        if credits:
            self.sold += 1
            for _ in range(2):
                purchase(self.db, actor.account_id, credits * 10_000, f"p{self.sold}")

    def resend(self) -> None:
        """A person wants a message sent again, of whatever state."""
        with self.db.read() as session:
            ids = list(session.connection().execute(select(MESSAGE.c.id, MESSAGE.c.account_id, MESSAGE.c.state)))
        if not ids:
            return
        chosen = self.rng.choice(ids)
        actor = next(one for one in self.actors if one.account_id == chosen.account_id)
        try:
            lifecycle.resend(self.db, actor, chosen.id)
        except Refusal:
            return
        if chosen.state not in (State.UNKNOWN, State.EXPIRED_UNKNOWN):
            raise Violation(f"sent again although it is {chosen.state}")

    # What must hold.

    def prove(self) -> None:
        """The ledger, the messages and the network's own journal agree."""
        if found := check(self.db, self.network.taken):
            raise Violation("; ".join(f"{v.rule} {v.sentence} {v.figures}" for v in found[:3]))

    def calm_down(self) -> None:
        """The faults end, everything is paid for and resumed; time goes on until nothing is left to happen."""
        self.network.calm = True
        for actor in self.actors:
            self.buy(actor, 100)
        for pass_ in range(200):
            for campaign_id, actor in self.campaigns.items():
                if self._states()[campaign_id] in lifecycle.PAUSED:
                    lifecycle.resume(self.db, actor, campaign_id)
            self.rounds()
            self.ask()
            for worker in self.workers:
                while worker.flying:
                    self.hand_over(worker)
                self.claim(worker, 12)
            while events := self.network.tell(self.clock.now(), 50):
                take_in(self.db, "g", events)
                self.network.handled(events)
            self.clock.advance(timedelta(seconds=JUMPS[pass_ % len(JUMPS)]))
            self.network.arrive(self.clock.now())
            if pass_ > len(JUMPS) and self._is_over():
                break
        self.rounds()

    def judge(self) -> None:
        """Every message stands where the network's truth says."""
        over = (CampaignState.FINISHED, CampaignState.CANCELLED, CampaignState.MISSED)
        if left := {i: state for i, state in self._states().items() if state not in over}:
            raise Violation(f"campaigns that do not end: {left}")
        with self.db.read() as session:
            found = session.connection().execute(
                select(
                    MESSAGE.c.client_ref,
                    MESSAGE.c.state,
                    MESSAGE.c.submitted_at,
                    MESSAGE.c.state_at,
                    MESSAGE.c.gateway_message_id,
                )
            )
            for row in found:
                state, truth = State(row.state), self.network.strongest.get(row.client_ref)
                if row.gateway_message_id is None and row.client_ref in self.network.by_id:
                    truth = None  # it spoke of an id that it never gave us
                if state in STRENGTH:
                    if truth is not state:
                        raise Violation(f"{state}, but the network says {truth}")
                elif state not in FINAL:
                    raise Violation(f"{state} for ever")
                elif truth not in (None, State.ACCEPTED) and state not in NEVER_TAKEN:
                    raise Violation(f"{state}, but the network told {truth}")
                if state is State.EXPIRED_UNKNOWN and row.state_at - row.submitted_at < POLICY.unknown_deadline:
                    raise Violation("given up before its deadline")

    def _is_over(self) -> bool:
        with self.db.read() as session:
            states = set(session.connection().scalars(select(MESSAGE.c.state).distinct()))
        return self.network.quiet and all(State(s) in FINAL | set(STRENGTH) for s in states)

    def _states(self) -> dict[int, str]:
        with self.db.read() as session:
            return {row.id: row.state for row in session.connection().execute(select(CAMPAIGN.c.id, CAMPAIGN.c.state))}

    def _note_stops(self) -> None:
        with self.db.read() as session:
            found = session.connection().execute(select(SUPPRESSION.c.account_id, SUPPRESSION.c.e164))
            self.stopped |= {(row.account_id, row.e164) for row in found}

    def _watch(self) -> None:
        for when in ("before_cursor_execute", "commit"):
            event.listen(self.db.engine, when, self._burn)

    def _burn(self, *_args: object) -> None:
        if self.fuse:
            self.fuse -= 1
            if self.fuse == 0:
                raise Crash

    def _after_crash(self) -> None:
        """All processes die with the machine: what they had in memory is gone."""
        self.workers = [Worker() for _ in range(WORKERS)]
        self.db.engine.dispose()
        self.db = connect(self.db.url, self.clock)
        self._watch()
        self._note_stops()
