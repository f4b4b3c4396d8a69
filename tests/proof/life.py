"""One simulated life of the sending engine: a seed fixes every fault, pause, STOP, clock jump and the order of all.

No thread, no socket, no real clock: the product's own functions are called in an order that the seed chooses, while
``observer.py`` watches. At the end the network calms down and every message is judged.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, update

from smsapp.campaigns.tables import CampaignState
from smsapp.db import SimulatedClock
from smsapp.domain.delivery import FINAL, State
from smsapp.domain.hours import Window as Hours
from smsapp.domain.moment import parse
from smsapp.gateways.contract import Event, Outcome, Result, Submit
from smsapp.ledger.service import SIGNUP_CREDITS, grant_signup
from smsapp.sending import lifecycle
from smsapp.sending import materialise as writing
from smsapp.sending.outbox import Answer, Ticket, window
from smsapp.sending.permitted import permitted
from smsapp.sending.policy import Policy
from smsapp.sending.receipts import retry_unmatched, take_in
from smsapp.sending.tables import CAMPAIGN
from smsapp.sending.unknown import questions, take_answers
from tests.proof.network import STRENGTH, Network
from tests.proof.observer import Observer, Violation
from tests.proof.people import UNIT, People
from tests.proof.scenery import MOMENTS, as_written, priced
from tests.proof.world import Template, sender
from tests.services.sending.house import add_campaign

RATE = 12.0  # segments per second of the gateway
WORKERS, MOST, STEPS = 3, 6, 130
FUSES = {"rounds": (0.25, 60), "command": (0.3, 8)}  # how often an act is cut short, within how many statements
RESTLESS = 7  # passes of the end in which the network still fails
JUMPS = (5.0, 90.0, 15_000.0, 5.0, 700.0, 100_000.0)  # seconds, while things calm down
CAMPAIGNS = ("transactional", "marketing", "marketing", "transactional", "marketing")  # the last two are planned
PLANNED, LONG = (3, 4), (0, 1)
POLICY = Policy()
writing.CHUNK = 5  # so that a campaign is written in several transactions


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Worker:
    """What a sender has in memory, and loses when it dies. ``asleep``: it is suspended for so many steps."""

    flying: list[tuple[Ticket, Submit, datetime]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    asleep: int = 0


class Life:
    """A life under ``seed``. ``run`` raises Violation."""

    def __init__(self, template: Template, seed: int) -> None:
        self.rng = random.Random(seed)
        random.seed(seed)  # the engine's own jitter
        moment = self.rng.choice(MOMENTS)
        self.clock = SimulatedClock(datetime.fromisoformat(moment.begins).replace(tzinfo=UTC))
        self.expected = datetime.fromisoformat(moment.expected).replace(tzinfo=UTC)
        self.db = template.fresh(self.clock)
        self.network = Network(self.rng, knows=self.rng.random() < 0.6)
        self.seen = Observer(self.db, template.path / "life.db", self.network, POLICY, RATE)
        self.workers = [Worker() for _ in range(WORKERS)]
        self.opens = permitted(Hours())
        self.fuse = 0
        self.moment = moment
        self.people = People(self.db, self.rng, self.network, self.seen)
        self.planned: set[int] = set()
        self.partial: set[int] = set()
        self.purposes: dict[int, str] = {}
        for when in ("before_cursor_execute", "commit"):
            event.listen(self.db.engine, when, self._burn)

    def _begin(self) -> None:
        """Two accounts with little credit, three campaigns to send at once and two that are planned."""
        at = parse(self.moment.typed, self.moment.zone)
        if at.at != self.expected:
            raise Violation("a date is not the instant that everybody expects", f"{at.at}, not {self.expected}")
        self.people.actors = [sender(self.db, name) for name in ("lavande", "romarin")]
        for actor in self.people.actors:
            with self.db.write() as session:
                grant_signup(session, actor.account_id, self.db.now())
            self.seen.given += SIGNUP_CREDITS * UNIT
            self.people.buy(actor, self.rng.choice([0, 0, 0, 7, 30]))
        for i, purpose in enumerate(CAMPAIGNS):
            actor, planned = self.people.actors[i % 2], i in PLANNED
            state = CampaignState.SCHEDULED if planned else CampaignState.MATERIALISING
            made = add_campaign(self.db, actor, state, at.at if planned else None, purpose=purpose)
            long = i in LONG
            quoted = priced(self.rng.randrange(5), long, purpose)
            self.people.quotes[made] = quoted
            values: dict[str, Any] = {"spread_minutes": self.rng.choice([0, 0, 30])}
            if self.rng.random() < 0.7:
                values["partial"] = True
                self.partial.add(made)
            if self.rng.random() < 0.5:
                values |= {"quoted_recipients": quoted.kept, "quoted_units": quoted.total}
                self.seen.agreed[made] = quoted.total
                if self.rng.random() < 0.3:  # the address book changes after its author agreed to the price
                    self.people.quotes[made] = priced(5, long, purpose)
            if planned:
                values |= {"local_time": at.stored, "zone": at.zone}
                self.planned.add(made)
            with self.db.write() as session:
                session.connection().execute(update(CAMPAIGN).where(CAMPAIGN.c.id == made).values(**values))
            self.people.campaigns[made], self.purposes[made] = actor, purpose

    def run(self, steps: int = STEPS) -> None:
        """Live, then calm down and be judged."""
        self._begin()
        acts: list[tuple[Callable[[], None], int]] = [
            (self.work, 75),
            (self.die, 3),
            (self.fall_asleep, 4),
            (self.oversleep, 5),
            (self.report, 14),
            (self.wait, 9),
            (self.rounds, 9),
            (self.ask, 5),
            (self.people.command, 9),
            (self.people.reply, 7),
            (self.people.leave, 3),
            (self.people.sell, 3),
            (self.people.resend, 8),
        ]
        chosen = [self.rounds, *self.rng.choices([act for act, _ in acts], [weight for _, weight in acts], k=steps)]
        for i, act in enumerate(chosen):
            likely, steps = FUSES.get(act.__name__, (0.05, 20))
            self.fuse = self.rng.randint(1, steps) if self.rng.random() < likely else 0
            try:
                act()
                self.fuse = 0
            except Crash:
                self._after_crash()
            if i % 25 == 24:
                self.seen.looks()
        self.calm_down()
        self.seen.looks()
        self.seen.judges()

    def close(self) -> None:
        for when in ("before_cursor_execute", "commit"):
            event.remove(self.db.engine, when, self._burn)
        self.seen.close()
        self.db.close()

    # What can happen.

    def work(self) -> None:
        """A worker goes one step further: it claims, hands one message over, or settles with its next claim."""
        for worker in self.workers:
            worker.asleep = max(0, worker.asleep - 1)
        self.clock.advance(timedelta(seconds=self.rng.choice([0.0, 0.1, 0.4])))
        awake = [worker for worker in self.workers if not worker.asleep]
        if not awake:
            return
        worker = self.rng.choice(awake)
        if worker.flying and self.rng.random() < 0.85:
            for _ in range(min(self.rng.randint(1, MOST), len(worker.flying))):
                self.hand_over(worker)
        else:
            self.claim(worker, self.rng.randint(0, MOST))

    def claim(self, worker: Worker, size: int) -> None:
        now, answers = self.clock.now(), list(worker.answers)
        before = self.seen.states()
        after = self.rng.choice([0, *self.people.campaigns])
        done = window(
            self.db,
            lane="live",
            gateway="g",
            size=size,
            answers=answers,
            after=after,
            opens=self.opens,
            tps={"g": RATE},
            policy=POLICY,
        )
        worker.answers = []
        self.seen.settles(answers)
        worker.flying += [(t, m, now) for t, m in zip(done.tickets, done.batch, strict=True)]
        if done.batch:
            made = done.campaign_id
            self.seen.claims(before[made], self.purposes[made], self.people.campaigns[made].account_id, done, now)

    def hand_over(self, worker: Worker) -> None:
        ticket, message, claimed_at = worker.flying.pop(0)
        if self.clock.now() - claimed_at > timedelta(seconds=POLICY.lease_s / 2):
            # As the dispatcher does: it is too late to call, the message may be somebody else's by now.
            result = Result(message.key, Outcome.RETRY, retry_after=0.0)
        else:
            result = self.network.submit(message, self.clock.now())
        self.seen.answers(ticket, result.outcome)
        worker.answers.append(Answer(ticket, result))
        if result.outcome is Outcome.REJECTED and self.rng.random() < 0.5:
            self.report()  # before the refusal is settled

    def die(self) -> None:
        """kill -9 of a worker, in the middle of its batch."""
        self.workers[self.rng.randrange(WORKERS)] = Worker()

    def fall_asleep(self) -> None:
        """A process is suspended, with answers in its memory that are told long after its lease."""
        worker = self.rng.choice(self.workers)
        worker.asleep = self.rng.choice([5, 30, 80])
        if self.rng.random() < 0.5:
            self.clock.advance(timedelta(seconds=self.rng.choice([20, 61, 800])))
            self.network.arrive(self.clock.now())

    def oversleep(self) -> None:
        """A process is suspended with answers in its memory; a person loses patience, then it goes on."""
        full = [worker for worker in self.workers if worker.answers]
        if full:
            worker = self.rng.choice(full)
            self.clock.advance(timedelta(seconds=POLICY.lease_s + 1))
            lifecycle.reap(self.db, POLICY)
            for answer in worker.answers[:3]:
                self.people.resend(answer.ticket.message_id)
            self.claim(worker, MOST)

    def report(self) -> None:
        self.tell(self.network.tell(self.clock.now(), self.rng.randint(1, 12)))

    def tell(self, events: list[Event]) -> None:
        if events:
            take_in(self.db, "g", events)
            self.network.handled(events)

    def wait(self) -> None:
        self.clock.advance(timedelta(seconds=self.rng.choice([1, 5, 40, 90, 90, 400, 700, 2_000, 9_000])))
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
        self.seen.looks_at_ends()

    def start(self) -> None:
        """Fire what is due, write what is to be written."""
        was = self.seen.states()
        writing.fire_due(self.db, POLICY, "live")
        now, is_ = self.clock.now(), self.seen.states()
        late = now - self.expected
        for planned in self.planned:
            if was[planned] != CampaignState.SCHEDULED:
                continue
            if is_[planned] != was[planned] and late < timedelta():
                raise Violation("fired too early", -late)
            if is_[planned] == was[planned] and late >= timedelta():
                raise Violation("not fired", late)
            if is_[planned] != was[planned] and (is_[planned] == CampaignState.MISSED) != (late > POLICY.max_late):
                raise Violation("missed or not missed", f"{late} late: {is_[planned]}")
        for campaign_id in writing.waiting(self.db, "live"):
            quote = self.people.quotes[campaign_id]
            writing.materialise(self.db, campaign_id, as_written(quote), self.opens)
            if self.seen.states()[campaign_id] == CampaignState.RUNNING:
                if self.seen.agreed.get(campaign_id, quote.total) != quote.total:
                    raise Violation("runs at another price than agreed")
                if campaign_id not in self.partial:
                    self.seen.is_covered(campaign_id, self.people.campaigns[campaign_id].account_id)

    def ask(self) -> None:
        if self.network.knows:
            answers = {i: self.network.find(ref) for i, ref in questions(self.db, "live", "g").items()}
            for message_id, answer in answers.items():
                if answer is None:
                    self.seen.is_absent(message_id, self.clock.now())
            take_answers(self.db, answers, POLICY)

    def calm_down(self) -> None:
        """The faults end, everything is paid for and resumed; time goes on until nothing is left to happen."""
        for pass_ in range(200):
            if pass_ == RESTLESS:
                self.network.calm = True
                for actor in self.people.actors:
                    self.people.buy(actor, 250)
            for campaign_id, state in self.seen.states().items():
                if state in lifecycle.PAUSED:
                    self.people.resume(self.people.campaigns[campaign_id], campaign_id, partial=pass_ < RESTLESS)
            self.rounds()
            self.ask()
            for worker in self.workers:
                for size in (2 * MOST, 0) if self.rng.random() < 0.8 else (2 * MOST,):
                    while worker.flying:
                        self.hand_over(worker)
                    self.claim(worker, size)
                    self.clock.advance(timedelta(seconds=2))
            while events := self.network.tell(self.clock.now(), 50):
                self.tell(events)
            self.clock.advance(timedelta(seconds=JUMPS[pass_ % len(JUMPS)]))
            self.network.arrive(self.clock.now())
            if pass_ > len(JUMPS) and self._is_over():
                break
        self.rounds()

    def _is_over(self) -> bool:
        states = {row["state"] for row in self.seen.read("SELECT DISTINCT state FROM message")}
        return self.network.quiet and all(State(state) in FINAL | set(STRENGTH) for state in states)

    def _burn(self, *_args: object) -> None:
        if self.fuse:
            self.fuse -= 1
            if self.fuse == 0:
                raise Crash

    def _after_crash(self) -> None:
        """All processes die with the machine: what they had in memory is gone, what nobody confirmed is told again."""
        self.fuse = 0
        self.workers = [Worker() for _ in range(WORKERS)]
        self.db.engine.dispose()
        self.people.ask_again()
