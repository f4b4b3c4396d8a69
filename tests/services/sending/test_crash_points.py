"""A crash before every statement and every commit of the send path, then recovery: nothing lost, doubled or mispaid."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.db import Database, SimulatedClock, connect
from smsapp.domain.delivery import State
from smsapp.gateways.contract import Dlr, Outcome, Result
from smsapp.sending import lifecycle
from smsapp.sending.outbox import Answer, window
from smsapp.sending.receipts import take_in
from tests.services.sending.house import POLICY, assert_exact, running, states

SIZE, MESSAGES = 3, 8


class Crash(BaseException):
    """The process dies here."""


class Fuse:
    """Burns one step at each statement, commit and gateway call; at the last one the process dies."""

    def __init__(self, db: Database, steps: int) -> None:
        self._left = steps
        event.listen(db.engine, "before_cursor_execute", self)
        event.listen(db.engine, "commit", self)

    def __call__(self, *_args: Any) -> None:
        self._left -= 1
        if self._left == 0:
            raise Crash

    @property
    def burnt(self) -> bool:
        return self._left <= 0


def live(db: Database, taken: list[str], fuse: Fuse) -> None:
    """Three windows with every kind of answer, and a report for each message taken."""
    outcomes = (Outcome.ACCEPTED, Outcome.RETRY, Outcome.REJECTED, Outcome.ACCEPTED, Outcome.UNKNOWN)
    answers: list[Answer] = []
    for _ in range(3):
        done = window(db, lane="live", gateway="g", size=SIZE, answers=answers, policy=POLICY)
        answers = []
        for i, (ticket, message) in enumerate(zip(done.tickets, done.batch, strict=True)):
            fuse()
            outcome = outcomes[(i + len(taken)) % len(outcomes)]
            if outcome is Outcome.ACCEPTED:
                taken.append(message.key)
            fuse()
            answers.append(Answer(ticket, Result(message.key, outcome, retry_after=1.0)))
        reports = [Dlr(f"e-{key}", key, None, State.DELIVERED, None, None, db.now()) for key in taken]
        take_in(db, "g", reports)


def recover(db: Database, clock: SimulatedClock, taken: list[str]) -> None:
    """A fresh sender finds the rows as they are and sends what is left."""
    lifecycle.reap(db, POLICY, alone=True)
    clock.advance(timedelta(seconds=10))
    while batch := (done := window(db, lane="live", gateway="g", size=50, policy=POLICY)).batch:
        taken += [message.key for message in batch]
        answers = [Answer(t, Result(m.key, Outcome.ACCEPTED)) for t, m in zip(done.tickets, batch, strict=True)]
        window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)
    lifecycle.finish(db)


@pytest.fixture
def started(sqlite_db: Database, tmp_path: Path) -> Path:
    """The file of a database with a campaign about to leave."""
    with sqlite_db.write() as session:
        account = Account(name="m", created_at=sqlite_db.now())
        session.add(account)
        session.flush()
        user = User(
            account_id=account.id, identifiant="m", email="m@x.fr", password_hash="", created_at=sqlite_db.now()
        )
        session.add(user)
        session.flush()
        actor = Actor(user.id or 0, account.id or 0, "m", "m@x.fr", "fr", "m")
    running(sqlite_db, actor, MESSAGES)
    sqlite_db.close()
    return tmp_path / "smsapp.db"


def test_every_crash_point(started: Path, clock: SimulatedClock, tmp_path: Path) -> None:
    """Reliability P5: at most one window is unknown after one crash, and the gateway took nothing twice."""
    points = 0
    while True:
        points += 1
        shutil.copy(started, tmp_path / "crash.db")
        db = connect(f"sqlite:///{tmp_path / 'crash.db'}", clock)
        taken: list[str] = []
        fuse = Fuse(db, points)
        try:
            live(db, taken, fuse)
        except Crash:
            db.engine.dispose()  # the dead process's connections
            db = connect(db.url, clock)
            recover(db, clock, taken)
            assert_exact(db, taken)
            found = states(db)
            assert sum(found.values()) == MESSAGES
            assert found.keys() <= {"accepted", "delivered", "rejected", "unknown"}
            assert found.get("unknown", 0) <= 2 * SIZE  # one window by the crash, the others by the gateway's answer
        db.close()
        for path in tmp_path.glob("crash.db*"):
            path.unlink()
        if not fuse.burnt:
            break
    assert points > 57
