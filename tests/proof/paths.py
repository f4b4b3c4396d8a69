"""The paths that are cut short at every point: what a process does, how another goes on, what must be true then."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, SimulatedClock, connect
from smsapp.domain.delivery import Cause, State
from smsapp.domain.errors import Refusal
from smsapp.gateways.contract import Dlr, Event, Mo, Outcome, Result
from smsapp.ledger.posting import Pot, Transfer, post
from smsapp.ledger.service import balance, grant_signup, purchase
from smsapp.ledger.tables import Kind
from smsapp.sending import lifecycle
from smsapp.sending import materialise as writing
from smsapp.sending.check import check
from smsapp.sending.outbox import Answer, window
from smsapp.sending.policy import Policy
from smsapp.sending.receipts import retry_unmatched, take_in
from smsapp.sending.tables import MESSAGE, REPLY, SUPPRESSION
from smsapp.sending.unknown import questions, take_answers
from tests.proof.world import sender
from tests.services.sending.house import FIRST, add_campaign, quote_of, running, states

NOON = datetime(2026, 6, 17, 10, 0, tzinfo=UTC)
POLICY = Policy()
SIZE, MESSAGES, DIED = 3, 8, 9


class Fuse:
    """Burns one step at each statement, commit and gateway call; at the last one the process ends."""

    def __init__(self, db: Database, steps: int) -> None:
        self.left = steps
        for when in ("before_cursor_execute", "commit"):
            event.listen(db.engine, when, self)

    def __call__(self, *_args: Any) -> None:
        self.left -= 1
        if self.left == 0:
            os._exit(DIED)


@dataclass
class Scene:
    """The world of a path: who acts, and the file in which the gateway notes what it took, before it answers."""

    db: Database
    clock: SimulatedClock
    actors: list[Actor]
    journal: Path
    burn: Callable[[], None] = lambda: None

    def take(self, key: str) -> None:
        with self.journal.open("a") as file:
            file.write(f"{key}\n")

    @property
    def taken(self) -> list[str]:
        return self.journal.read_text().split() if self.journal.exists() else []


def send(scene: Scene) -> None:
    """Fired, written in two chunks, sent in windows with every kind of answer, asked about, finished."""
    db, number = scene.db, 0
    writing.CHUNK = 5
    writing.fire_due(db, POLICY, "live")
    for campaign_id in writing.waiting(db, "live"):
        writing.materialise(db, campaign_id, quote_of(MESSAGES))
    kinds = (Outcome.ACCEPTED, Outcome.RETRY, Outcome.REJECTED, Outcome.ACCEPTED, Outcome.UNKNOWN)
    answers: list[Answer] = []
    for _ in range(4):
        done = window(db, lane="live", gateway="g", size=SIZE, answers=answers, tps={"g": 100.0}, policy=POLICY)
        answers = []
        for ticket, message in zip(done.tickets, done.batch, strict=True):
            scene.burn()
            outcome = kinds[number % len(kinds)]
            number += 1
            if outcome is Outcome.ACCEPTED:
                scene.take(message.key)
            scene.burn()
            answers.append(Answer(ticket, Result(message.key, outcome, f"id-{message.key}", 1.0, Cause.INVALID)))
        scene.clock.advance(timedelta(seconds=40))
        found = questions(db, "live", "g")
        take_answers(db, dict.fromkeys(found), POLICY)
        lifecycle.finish(db)


def receipt(scene: Scene) -> None:
    """Reports early, late, doubled, by id, about nobody; a STOP; a look back at those that came too early."""
    db = scene.db
    done = window(db, lane="live", gateway="g", size=MESSAGES, policy=POLICY)
    for message in done.batch:
        scene.take(message.key)
    keys = [message.key for message in done.batch]
    early, late = reports(keys, db.now())
    for events in early:
        take_in(db, "g", events)
    answers = [Answer(t, Result(k, Outcome.ACCEPTED, f"id-{k}")) for t, k in zip(done.tickets, keys, strict=True)]
    window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)
    for events in late:
        take_in(db, "g", events)
    scene.clock.advance(timedelta(seconds=30))
    retry_unmatched(db, POLICY)
    lifecycle.finish(db)


def reports(keys: list[str], at: datetime) -> tuple[list[list[Event]], list[list[Event]]]:
    """What the gateway tells of the messages, before and after it answers; it tells all of it again after a crash."""
    early: list[list[Event]] = [
        [Dlr(f"o-{key}", key, None, State.OPERATOR, None, None, at) for key in keys[:3]],
        [Dlr(f"i-{key}", None, f"id-{key}", State.DELIVERED, None, None, at) for key in keys[3:6]],
        [Dlr("nobody", None, "nobody", State.DELIVERED, None, None, at)],
    ]
    both: list[Event] = [Dlr(f"f-{key}", key, None, State.FAILED, Cause.OFF, None, at) for key in keys[:2]]
    delivered = Dlr(f"d-{keys[0]}", keys[0], None, State.DELIVERED, None, None, at)
    return early, [[Mo("mo1", FIRST, "36111", "STOP", at)], [*both, *both, delivered]]


def transfer(scene: Scene) -> None:
    """Payments, gifts and transfers between two tenants; run again, each has happened once."""
    one, two = scene.actors
    for i in range(3):
        purchase(scene.db, one.account_id, 100_000, f"paid-{i}")
        _give(scene.db, one, two, 30_000, f"xfer:{one.account_id}:{i}")
        _give(scene.db, two, one, 10_000, f"xfer:{two.account_id}:{i}")
    for actor in (one, two):
        scene.db.retrying(lambda session, actor=actor: grant_signup(session, actor.account_id, scene.db.now()))  # type: ignore[misc]  # bound in the loop


def command(scene: Scene) -> None:
    """A person pauses, resumes, cancels and sends again, with messages at the gateway; a sender has disappeared."""
    db, (actor, other) = scene.db, scene.actors
    with db.read() as session:
        first, second = sorted(session.connection().scalars(select(MESSAGE.c.campaign_id).distinct()))
    done = window(db, lane="live", gateway="g", size=SIZE, policy=POLICY)
    for message in done.batch:
        scene.burn()
        scene.take(message.key)
    answers = [Answer(t, Result(m.key, Outcome.UNKNOWN)) for t, m in zip(done.tickets[:2], done.batch, strict=False)]
    _asked(lambda: lifecycle.pause(db, actor, first))
    window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)
    scene.clock.advance(timedelta(seconds=90))
    lifecycle.reap(db, POLICY)
    with db.read() as session:
        unknown = list(session.connection().scalars(select(MESSAGE.c.id).where(MESSAGE.c.state == State.UNKNOWN)))
    for message_id in unknown[:1]:
        _asked(lambda message_id=message_id: lifecycle.resend(db, actor, message_id))  # type: ignore[misc]  # bound in the loop
    _asked(lambda: lifecycle.resume(db, actor, first))
    _asked(lambda: lifecycle.cancel(db, other, second))
    scene.clock.advance(timedelta(hours=73))
    lifecycle.give_up_unknown(db, POLICY)
    lifecycle.finish(db)


PATHS = {"send": send, "receipt": receipt, "transfer": transfer, "command": command}


def prepare(db: Database, path: str) -> list[Actor]:
    """The world before anything happens."""
    actors = [sender(db, name, MESSAGES) for name in ("lavande", "romarin")]
    if path == "send":
        add_campaign(db, actors[0], CampaignState.SCHEDULED, db.now())
    elif path == "receipt":
        running(db, actors[0], MESSAGES, credits=0)
    elif path == "command":
        for i, actor in enumerate(actors):
            running(db, actor, MESSAGES, credits=0, first=FIRST + 100 * i)
    return actors


def recover(scene: Scene, path: str) -> None:
    """Another process finds the rows as they are and goes on; whoever was told nothing asks again."""
    db = scene.db
    if path == "transfer":
        transfer(scene)
        return
    # The clock of the process that died had gone on.
    scene.clock.advance(timedelta(hours=80) if path == "command" else timedelta(minutes=10))
    lifecycle.reap(db, POLICY, alone=True)
    lifecycle.sweep_cancelled(db)
    writing.fire_due(db, POLICY, "live")
    for campaign_id in writing.waiting(db, "live"):
        writing.materialise(db, campaign_id, quote_of(MESSAGES))
    if path == "command":
        with db.read() as session:
            first, second = sorted(session.connection().scalars(select(MESSAGE.c.campaign_id).distinct()))
        _asked(lambda: lifecycle.resume(db, scene.actors[0], first))
        _asked(lambda: lifecycle.cancel(db, scene.actors[1], second))
    while batch := (done := window(db, lane="live", gateway="g", size=50, policy=POLICY)).batch:
        for message in batch:
            scene.take(message.key)
        answers = [Answer(t, Result(m.key, Outcome.ACCEPTED)) for t, m in zip(done.tickets, batch, strict=True)]
        window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)
    if path == "receipt":
        early, late = reports(scene.taken, db.now())
        for events in early + late:
            take_in(db, "g", events)
    retry_unmatched(db, POLICY)
    lifecycle.finish(db)


def judge(scene: Scene, path: str) -> list[str]:
    """What is wrong after the recovery."""
    wrong = [f"{v.rule}: {v.sentence} {v.figures}" for v in check(scene.db, scene.taken)]
    found = states(scene.db)
    expected = {"send": MESSAGES, "receipt": MESSAGES, "transfer": 0, "command": 2 * MESSAGES}[path]
    if sum(found.values()) != expected or "queued" in found or "submitting" in found:
        wrong.append(f"{found} for {expected} messages")
    if path == "receipt":
        with scene.db.read() as session:
            connection = session.connection()
            ends = list(connection.scalars(select(MESSAGE.c.state).order_by(MESSAGE.c.rank).limit(3)))
            stopped = list(connection.scalars(select(SUPPRESSION.c.e164)))
            replies = list(connection.scalars(select(REPLY.c.text)))
        if ends != [State.DELIVERED, State.FAILED, State.OPERATOR]:
            wrong.append(f"the first messages are {ends}")
        if (stopped, replies) != ([FIRST], ["STOP"]):
            wrong.append(f"{stopped} stopped by {replies}")
    if path == "transfer":
        left = [balance(scene.db, actor).available for actor in scene.actors]
        paid = [80_000 + 300_000 - 90_000 + 30_000 + 200_000, 80_000 + 90_000 - 30_000 + 200_000]
        if left != paid:
            wrong.append(f"balances {left}, expected {paid}")
    elif path != "command" and found.get("unknown", 0) > 2 * SIZE and path == "send":
        wrong.append(f"{found['unknown']} unknown after one crash")
    return wrong


def die_at(url: str, clock: SimulatedClock, actors: list[Actor], journal: Path, path: str, point: int) -> None:
    """Live the path in this process and end it; 0 when the point lies behind the end of the path."""
    code = 1
    try:
        scene = Scene(connect(url, clock), clock, actors, journal)
        scene.burn = Fuse(scene.db, point)
        PATHS[path](scene)
        code = 0
    finally:
        os._exit(code)


def _give(db: Database, giver: Actor, taker: Actor, units: int, key: str) -> None:
    moved = Transfer(
        key=key,
        debit=Pot(Kind.AVAILABLE, giver.account_id),
        credit=Pot(Kind.AVAILABLE, taker.account_id),
        units=units,
        kind="transfer",
        account_id=giver.account_id,
    )
    db.retrying(lambda session: post(session, [moved], db.now()))


def _asked(act: Callable[[], None]) -> None:
    """A person asks for something that may have happened already."""
    try:
        act()
    except Refusal:
        return
