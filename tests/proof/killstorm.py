"""kill -9 of the sender at random moments of a running campaign, then the judgement by the simulator's own journal.

``uv run python -m tests.proof.killstorm --db sqlite|pg --messages 5000 --kills 20 --seed N`` prints one JSON line and
exits 1 on a violation: a message lost, submitted twice, unknown without a line that says why, or a ledger that is not
exact to the unit.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.gateways.journal import Take, entries
from smsapp.ledger.service import purchase
from smsapp.sending.check import check
from tests.proof.postgres import server
from tests.services.sending.house import add_campaign, campaign_state, states

ROOT = Path(__file__).parents[2]
UPTIME_S = 0.45  # how long a sender lives on average before it is killed
OPEN = {"queued", "submitting", "unknown"}


@dataclass
class Storm:
    """One storm over an empty migrated database, in a directory of its own."""

    db: Database
    directory: Path
    messages: int
    kills: int
    seed: int
    figures: dict[str, object] = field(default_factory=dict)

    def run(self, deadline_s: float = 120.0) -> list[str]:
        """Kill, restart, wait for the end, judge. Returns what is wrong, in words."""
        started = time.monotonic()
        rng = random.Random(self.seed)
        campaign_id = self._prepare()
        killed_in: Counter[str] = Counter()
        for _ in range(self.kills):
            child = self._start()
            time.sleep(rng.uniform(0, 2 * UPTIME_S))
            child.kill()
            child.wait()
            killed_in[campaign_state(self.db, campaign_id)] += 1
        stormed = time.monotonic()
        child = self._start()
        until = time.monotonic() + deadline_s
        while time.monotonic() < until and (
            campaign_state(self.db, campaign_id) != "finished" or OPEN & states(self.db).keys()
        ):
            time.sleep(0.1)
        asked = time.monotonic()
        child.send_signal(signal.SIGTERM)
        code = child.wait(20)
        stopped_s = time.monotonic() - asked
        wrong = self._judge(campaign_id)
        if code != 0 or stopped_s > 10:
            wrong.append(f"the last sender ended with {code} after {stopped_s:.1f} s")
        self.figures |= {
            "killed_in": dict(killed_in),
            "storm_s": round(stormed - started, 1),
            "stopped_s": round(stopped_s, 2),
            "seconds": round(time.monotonic() - started, 1),
        }
        return wrong

    def _prepare(self) -> int:
        with self.db.write() as session:
            account = Account(name="Maison", created_at=self.db.now())
            session.add(account)
            session.flush()
            user = User(
                account_id=account.id or 0,
                identifiant="orage",
                email="orage@example.net",
                password_hash="",
                created_at=self.db.now(),
            )
            session.add(user)
            session.flush()
            actor = Actor(user.id or 0, account.id or 0, "orage", user.email, "fr", account.name)
        purchase(self.db, actor.account_id, self.messages * 10_000, "storm")
        return add_campaign(self.db, actor, CampaignState.SCHEDULED, self.db.now())

    def _start(self) -> subprocess.Popen[str]:
        arguments = {
            "url": self.db.url,
            "journal": str(self.directory / "journal"),
            "seed": self.seed,
            "messages": self.messages,
            "tps": self.messages / max(1, self.kills) / UPTIME_S,
        }
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.sender", json.dumps(arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        if child.stdout is None or child.stdout.readline() != "ready\n":
            child.kill()
            raise RuntimeError("the sender did not start")
        return child

    def _judge(self, campaign_id: int) -> list[str]:
        taken = [entry.key for entry in entries(self.directory / "journal") if isinstance(entry, Take)]
        found = states(self.db)
        violations = check(self.db, taken)
        doubled = sum(n > 1 for n in Counter(taken).values())
        lost = self.messages - sum(found.values())
        self.figures |= {
            "states": found,
            "taken": len(set(taken)),
            "lost": lost,
            "doubled": doubled,
            "violations": [f"{v.rule}: {v.sentence} {v.figures}" for v in violations],
        }
        wrong = [f"{v.rule}: {v.sentence}" for v in violations]
        if lost:
            wrong.append(f"{lost} messages lost")
        if doubled:
            wrong.append(f"{doubled} messages submitted twice")
        if campaign_state(self.db, campaign_id) != "finished" or OPEN & found.keys() - {"unknown"}:
            wrong.append("the campaign did not finish")
        return wrong


def storm(engine: str, messages: int, kills: int, seed: int) -> tuple[list[str], dict[str, object]]:
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
        made = Storm(db, directory, messages, kills, seed)
        wrong = made.run()
        return wrong, {"db": engine, "messages": messages, "kills": kills, "seed": seed} | made.figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong, figures = storm(options.db, options.messages, options.kills, options.seed)
    print(json.dumps(figures | {"wrong": wrong, "ok": not wrong}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
