"""kill -9 of senders at random moments of running campaigns, then the judgement by the simulator's own journal.

``uv run python -m tests.proof.killstorm --db sqlite|pg --messages 5000 --kills 20 --seed N`` prints one JSON line and
exits 1 on a violation: a message lost, submitted twice, unknown without a line that says why or in greater number than
the kills explain, or a ledger that is not exact to the unit. On PostgreSQL ``--workers 4 --backend-kills 20`` has so
many processes send at once, and kills the server's side of their connections too: every other time by kill -9 of a
backend, upon which the whole server crashes and recovers.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.gateways.journal import Take, entries
from smsapp.ledger.service import purchase
from smsapp.sending.check import check
from smsapp.sending.tables import CAMPAIGN, EVENT
from tests.proof.brood import Brood, Child
from tests.proof.house import someone
from tests.proof.postgres import server
from tests.proof.sender import POLICY
from tests.services.sending.house import add_campaign, states

UPTIME_S = 0.45  # between two kills, on average
CAMPAIGN_SIZE = 2_500  # at most: the messages of one are written in the life of one sender
OPEN = {"queued", "submitting", "unknown"}
AGAIN_S = 0.1

Found = TypeVar("Found")


@dataclass
class Storm:
    """One storm over an empty migrated database, in a directory of its own."""

    db: Database
    directory: Path
    messages: int
    kills: int
    seed: int
    workers: int = 1
    backend_kills: int = 0
    figures: dict[str, object] = field(default_factory=dict)

    def run(self, deadline_s: float = 120.0) -> list[str]:
        """Kill, restart, wait for the end, judge. Returns what is wrong, in words."""
        started = time.monotonic()
        with Brood("tests.proof.sender") as brood:
            self._prepare()
            killed_in = self._kill(brood)
            stormed = time.monotonic()
            rest = [self._start(brood) for _ in range(self.workers)]
            until = time.monotonic() + deadline_s
            while time.monotonic() < until and self._calm(self._left):
                time.sleep(AGAIN_S)
            asked = time.monotonic()
            for child in rest:
                child.signal(signal.SIGTERM)
            codes = [child.wait(20) for child in rest]
            stopped_s = time.monotonic() - asked
        wrong = self._judge()
        if any(codes) or stopped_s > 10:
            wrong.append(f"the last senders ended with {codes} after {stopped_s:.1f} s")
        self.figures |= {
            "killed_in": dict(killed_in),
            "storm_s": round(stormed - started, 1),
            "stopped_s": round(stopped_s, 2),
            "seconds": round(time.monotonic() - started, 1),
        }
        return wrong

    def _prepare(self) -> None:
        actor = someone(self.db)
        self._campaigns = -(-self.messages // CAMPAIGN_SIZE)
        if self.messages % self._campaigns:
            raise ValueError(f"{self.messages} messages are not {self._campaigns} equal campaigns")
        purchase(self.db, actor.account_id, self.messages * 10_000, "storm")
        for _ in range(self._campaigns):
            add_campaign(self.db, actor, CampaignState.SCHEDULED, self.db.now())

    def _kill(self, brood: Brood) -> Counter[str]:
        """The storm itself. What the campaigns were doing at each kill."""
        rng = random.Random(self.seed)
        killed_in: Counter[str] = Counter()
        alive = [self._start(brood) for _ in range(self.workers)]
        strikes = ["sender"] * self.kills + ["backend"] * self.backend_kills
        rng.shuffle(strikes)
        crash = False
        for strike in strikes:
            time.sleep(rng.uniform(0, 2 * UPTIME_S))
            if strike == "backend":
                crash = not crash
                self._calm(lambda hard=crash: self._cut(rng, hard))
                continue
            one = rng.randrange(self.workers)
            alive[one].kill()
            killed_in[self._calm(self._doing)] += 1
            alive[one] = self._start(brood)
        for child in alive:
            child.kill()
        return killed_in

    def _start(self, brood: Brood) -> Child:
        tps = self.messages / max(1, self.kills) / UPTIME_S
        journal = str(self.directory / "journal")
        size = self.messages // self._campaigns
        return brood.start(url=self.db.url, journal=journal, seed=self.seed, messages=size, tps=tps)

    def _cut(self, rng: random.Random, hard: bool) -> None:
        """End one backend: by kill -9, which crashes the whole server, or as an administrator does."""
        with self.db.read() as session:
            found = session.scalars(
                text(
                    "SELECT pid FROM pg_stat_activity"
                    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid"
                )
            ).all()
            if found and not hard:
                session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": rng.choice(found)})
        if found and hard:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(rng.choice(found), signal.SIGKILL)

    def _calm(self, ask: Callable[[], Found]) -> Found:
        """What the database answers, once it does: it may be recovering from a crash of ours."""
        for _ in range(600):
            try:
                return ask()
            except OperationalError:
                time.sleep(AGAIN_S)
        raise TimeoutError("the database did not come back")

    def _doing(self) -> str:
        with self.db.read() as session:
            found = set(session.connection().scalars(select(CAMPAIGN.c.state)))
        order = ("materialising", "running", "scheduled", "finished")
        return next((state for state in order if state in found), ", ".join(sorted(found)))

    def _left(self) -> bool:
        return self._doing() != "finished" or bool(OPEN & states(self.db).keys())

    def _judge(self) -> list[str]:
        taken = [entry.key for entry in entries(self.directory / "journal") if isinstance(entry, Take)]
        found = states(self.db)
        violations = check(self.db, taken)
        doubled = sum(n > 1 for n in Counter(taken).values())
        lost = self.messages - sum(found.values())
        with self.db.read() as session:
            left = select(func.count()).where(EVENT.c.why == "lease")
            orphans = session.connection().scalar(left) or 0
        # A sender that dies leaves its windows at the gateway; a server that crashes may leave those of every sender.
        at_the_gateway = POLICY.window * (POLICY.in_flight + 1)
        most = (self.kills + self.workers * (1 + self.backend_kills)) * at_the_gateway
        self.figures |= {
            "states": found,
            "taken": len(set(taken)),
            "lost": lost,
            "doubled": doubled,
            "left_by_the_dead": orphans,
            "left_at_most": most,
            "violations": [f"{v.rule}: {v.sentence} {v.figures}" for v in violations],
        }
        wrong = [f"{v.rule}: {v.sentence}" for v in violations]
        if lost:
            wrong.append(f"{lost} messages lost")
        if doubled:
            wrong.append(f"{doubled} messages submitted twice")
        if orphans > most:
            wrong.append(f"{orphans} outcomes were unknown, {most} at most are explained by the kills")
        if self._doing() != "finished" or OPEN & found.keys() - {"unknown"}:
            wrong.append("the campaigns did not finish")
        return wrong


def storm(
    engine: str, messages: int, kills: int, seed: int, *, workers: int = 1, backend_kills: int = 0, deadline_s: float
) -> tuple[list[str], dict[str, object]]:
    """A storm on a fresh database of ``engine`` (sqlite or pg)."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = (
            f"sqlite:///{directory / 'smsapp.db'}"
            if engine == "sqlite"
            else stack.enter_context(server(directory / "pg"))
        )
        db = connect(url)
        stack.callback(db.close)
        upgrade(db)
        made = Storm(db, directory, messages, kills, seed, workers, backend_kills)
        wrong = made.run(deadline_s)
        asked = {"workers": workers, "kills": kills, "backend_kills": backend_kills, "seed": seed}
        return wrong, {"db": engine, "messages": messages} | asked | made.figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="PostgreSQL only")
    parser.add_argument("--backend-kills", type=int, default=0, help="PostgreSQL only")
    parser.add_argument("--deadline", type=float, default=900.0, help="seconds that the rest may take after the storm")
    options = parser.parse_args()
    if options.db == "sqlite" and (options.workers > 1 or options.backend_kills):
        parser.error("SQLite has one sender and no backends")
    wrong, figures = storm(
        options.db,
        options.messages,
        options.kills,
        options.seed,
        workers=options.workers,
        backend_kills=options.backend_kills,
        deadline_s=options.deadline,
    )
    print(json.dumps(figures | {"wrong": wrong, "ok": not wrong}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
