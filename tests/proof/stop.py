"""Thousands of STOPs during a running campaign: after the commit of each, nothing to that number is claimed any more.

``uv run python -m tests.proof.stop --db sqlite|pg --stops 5000 --messages 20000 --seed N`` prints one JSON line and
exits 1 on a violation. Four claimers (threads on SQLite, processes on PostgreSQL) send as fast as the STOPs come: people write STOP by SMS, or press the button behind the link. What was claimed when is judged by the order of
commits alone: in the last statement of a STOP's transaction the database says which transactions it has seen; a claim
to that number that is not among them came too late.
"""

import argparse
import json
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import event, func, select, text
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.contacts.blacklist import suppressed
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.gateways.contract import Mo, Outcome, Result
from smsapp.sending.check import check
from smsapp.sending.opt_out import opt_out, tokens_of
from smsapp.sending.outbox import Answer, window
from smsapp.sending.receipts import take_in
from smsapp.sending.tables import EVENT, MESSAGE, SUPPRESSION
from tests.proof.postgres import server
from tests.services.sending.house import FIRST, POLICY, running, states

CLAIMERS = 4
SPELLINGS = ("STOP", "stop", "Stop.", "STOP SVP", "ARRÊT", "s t o p", "Abmelden", "baja", "Unsubscribe", "Basta")
ONE_IN = 5  # STOPs by link
WINDOW = 32
AHEAD = 10  # STOPs


@dataclass
class Proof:
    """One run over an empty migrated database."""

    db: Database
    messages: int
    stops: int
    seed: int
    figures: dict[str, object] = field(default_factory=dict)

    def run(self) -> list[str]:
        """Send, stop, judge. Returns what is wrong, in words."""
        rng = random.Random(self.seed)
        actor = _account(self.db)
        numbers = rng.sample(range(FIRST, FIRST + self.messages), self.stops)
        tokens = tokens_of(self.db, actor.account_id, numbers[::ONE_IN])
        running(self.db, actor, self.messages)  # they were written to before: whoever was not has nothing to stop
        send(self.db)
        running(self.db, actor, self.messages)
        marks: dict[int, int | str] = {}
        with _marking() as mark, _claimers(self.db, Pace(self.messages, self.stops)):
            halves = [
                threading.Thread(target=self._stop, args=(numbers[i::2], tokens, mark, marks, rng.random()))
                for i in range(2)
            ]
            started = time.monotonic()
            for half in halves:
                half.start()
            for half in halves:
                half.join()
            seconds = time.monotonic() - started
        return self._judge(actor, marks, numbers, seconds)

    def _stop(
        self,
        numbers: list[int],
        tokens: dict[int, str],
        mark: Callable[[], int | str],
        marks: dict[int, int | str],
        seed: float,
    ) -> None:
        rng = random.Random(seed)
        mark()
        for number in numbers:
            if number in tokens:
                opt_out(self.db, tokens[number])
            else:
                said = rng.choice(SPELLINGS)
                take_in(self.db, "proof", [Mo(f"mo-{number}", number, "36111", said, self.db.now())])
            marks[number] = mark()

    def _judge(self, actor: Actor, marks: dict[int, int | str], numbers: list[int], seconds: float) -> list[str]:
        wrong = []
        seen = self._claims_seen()
        late = [number for number in numbers if any(not seen(claim, marks[number]) for claim in self._claims[number])]
        wrong += [f"+{number} was claimed after its STOP" for number in late[:10]]
        if missing := set(numbers) - suppressed(self.db, actor):
            wrong.append(f"{len(missing)} STOPs are not on the blacklist")
        found = states(self.db)
        if found.get("queued") or found.get("submitting"):
            wrong.append(f"the campaign did not end: {found}")
        if found.get("accepted", 0) + found.get("suppressed", 0) != 2 * self.messages:
            wrong.append(f"messages were lost or added: {found}")
        wrong += [f"{v.rule}: {v.sentence}" for v in check(self.db)]
        self.figures |= {
            "stops": len(numbers),
            "by_link": len(numbers[::ONE_IN]),
            "suppressed": found.get("suppressed", 0),
            "too_late_for_one": len(numbers) - found.get("suppressed", 0),
            "claims_after_the_commit": len(late),
            "stops_per_s": round(len(numbers) / seconds),
        }
        return wrong

    def _claims_seen(self) -> Callable[[str, int | str], bool]:
        """The claims of the stopped numbers, and whether one was committed when a STOP was about to be."""
        stamp = EVENT.c.id if self.db.is_sqlite else text("message_event.xmin::text")
        asked = (
            select(MESSAGE.c.e164, stamp)
            .join(EVENT, EVENT.c.message_id == MESSAGE.c.id)
            .join(SUPPRESSION, SUPPRESSION.c.e164 == MESSAGE.c.e164)
            .where(EVENT.c.why == "claim")
        )
        self._claims: dict[int, list[str]] = {}
        with self.db.read() as session:
            for number, claim in session.connection().execute(asked):
                self._claims.setdefault(number, []).append(str(claim))
        return _before if self.db.is_sqlite else _visible


class Pace(NamedTuple):
    """The campaign goes no faster than the STOPs come, so that each of them meets a running one."""

    messages: int
    stops: int

    def keep(self, db: Database) -> None:
        """Wait until as large a part of the STOPs has come as of the messages has gone."""
        while True:
            queued = states(db).get("queued", 0)
            with db.read() as session:
                come = session.connection().scalar(select(func.count()).select_from(SUPPRESSION)) or 0
            if (self.messages - queued) * self.stops <= (come + AHEAD) * self.messages:
                return
            time.sleep(0.002)


def send(db: Database, pace: Pace | None = None) -> Counter[str]:
    """Claim and accept until nothing is ready. Returns what was handed over, by reference."""
    taken: Counter[str] = Counter()
    answers: list[Answer] = []
    while True:
        if pace:
            pace.keep(db)
        done = window(db, lane="live", gateway="proof", size=WINDOW, answers=answers, policy=POLICY)
        taken.update(submit.key for submit in done.batch)
        pairs = zip(done.tickets, done.batch, strict=True)
        answers = [Answer(ticket, Result(submit.key, Outcome.ACCEPTED)) for ticket, submit in pairs]
        if not done.looked_at and not answers:
            return taken


def _before(claim: str, mark: int | str) -> bool:
    """SQLite has one writer: what was written when the STOP was about to be committed has a smaller number."""
    return int(claim) <= int(mark)


def _visible(claim: str, mark: int | str) -> bool:
    """Whether the snapshot `xmin:xmax:xip,...` sees the transaction `claim` as committed."""
    least, most, *rest = str(mark).split(":")
    if int(claim) < int(least):
        return True
    return int(claim) < int(most) and claim not in rest[0].split(",")


@contextmanager
def _marking() -> Iterator[Callable[[], int | str]]:
    """Ask, as the last thing in each transaction of a thread that called it, what the database has seen."""
    seen = threading.local()

    def latest() -> int | str:
        seen.wanted = True
        mark: int | str = getattr(seen, "mark", 0)
        return mark

    def last(session: Session) -> None:
        if not hasattr(seen, "wanted"):
            return
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            seen.mark = connection.scalar(select(func.max(EVENT.c.id))) or 0
        else:
            seen.mark = connection.scalar(text("SELECT pg_current_snapshot()::text"))

    event.listen(Session, "before_commit", last)
    try:
        yield latest
    finally:
        event.remove(Session, "before_commit", last)


@contextmanager
def _claimers(db: Database, pace: Pace) -> Iterator[None]:
    """Claimers that send until nothing is ready, while the block runs and then to the end."""
    if db.is_sqlite:
        threads = [threading.Thread(target=send, args=(db, pace)) for _ in range(CLAIMERS)]
        for thread in threads:
            thread.start()
        yield
        for thread in threads:
            thread.join()
        send(db)
        return
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(CLAIMERS + 1)
    processes = [context.Process(target=_send_there, args=(db.url, pace, ready)) for _ in range(CLAIMERS)]
    for process in processes:
        process.start()
    ready.wait(60)
    try:
        yield
    finally:
        for process in processes:
            process.join()
    send(db)


def _send_there(address: str, pace: Pace, ready: Barrier) -> None:
    db = connect(address)
    try:
        states(db)  # connected
        ready.wait(60)
        send(db, pace)
    finally:
        db.close()


def _account(db: Database) -> Actor:
    with db.write() as session:
        account = Account(name="Maison Lavande", created_at=db.now())
        session.add(account)
        session.flush()
        user = User(
            account_id=account.id or 0,
            identifiant="stop",
            email="stop@example.fr",
            password_hash="-",
            language="fr",
            created_at=db.now(),
        )
        session.add(user)
        session.flush()
        return Actor(user.id or 0, account.id or 0, "stop", "stop@example.fr", "fr", "Maison Lavande")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--stops", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(server(place / "pg")) if given.db == "pg" else f"sqlite:///{place / 'stop.db'}"
        db = connect(address)
        stack.callback(db.close)
        upgrade(db)
        proof = Proof(db, given.messages, given.stops, given.seed)
        wrong = proof.run()
    print(json.dumps({"proof": "stop", "db": given.db, "seed": given.seed, **proof.figures, "violations": wrong}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
