"""Pauses under several sending processes on PostgreSQL: nothing is claimed after the commit of a pause, which is quick.

``uv run python -m tests.proof.pause_processes --pauses 40 --workers 4`` prints one JSON line and exits 1 on a claim after a
pause, a pause that took a second or more (p99), or a ledger that is not exact.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.gateways.journal import Take, entries
from smsapp.ledger.service import purchase
from smsapp.sending import lifecycle
from smsapp.sending.check import check
from tests.proof import witness
from tests.proof.brood import Brood
from tests.proof.house import someone
from tests.proof.postgres import server
from tests.services.sending.house import add_campaign, campaign_state, states

TPS = 1_500.0  # segments per second of all processes together
RUNS_S = 0.25  # between a resumption and the next pause, on average
SLOWEST_S = 1.0


def proof(db: Database, directory: Path, pauses: int, workers: int, seed: int) -> tuple[list[str], dict[str, object]]:
    """Pause and resume one campaign in a migrated database. What is wrong, in words, and the figures."""
    rng = random.Random(seed)
    witness.watch(db)
    actor = someone(db)
    messages = int(pauses * RUNS_S * TPS * 1.5)
    purchase(db, actor.account_id, messages * 10_000, "pause")
    campaign_id = add_campaign(db, actor, CampaignState.SCHEDULED, db.now())
    took = []
    journal = directory / "journal"
    with Brood("tests.proof.sender") as brood:
        children = [
            brood.start(url=db.url, journal=str(journal), seed=seed, messages=messages, tps=TPS) for _ in range(workers)
        ]
        until = time.monotonic() + 120
        while campaign_state(db, campaign_id) != "running" and time.monotonic() < until:
            time.sleep(0.05)
        for _ in range(pauses):
            time.sleep(rng.uniform(0.4, 1.6) * RUNS_S)
            started = time.monotonic()
            lifecycle.pause(db, actor, campaign_id)
            took.append(time.monotonic() - started)
            time.sleep(rng.uniform(0, 0.1))
            lifecycle.resume(db, actor, campaign_id)
        before = states(db)
        lifecycle.cancel(db, actor, campaign_id)
        for child in children:
            child.signal(signal.SIGTERM)
        codes = [child.wait(20) for child in children]
    sights = witness.seen(db)
    late = witness.late_claims(sights)
    violations = check(db, [entry.key for entry in entries(journal) if isinstance(entry, Take)])
    took.sort()
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    wrong = [f"{v.rule}: {v.sentence}" for v in violations]
    if late:
        wrong.append(f"{late} messages were claimed after a pause")
    if p99 >= SLOWEST_S:
        wrong.append(f"a pause took {p99:.2f} s")
    if "queued" not in before:
        wrong.append("everything had left before the last pause: nothing was shown")
    if any(codes):
        wrong.append(f"the senders ended with {codes}")
    figures = {
        "messages": messages,
        "claims": sum(sight.what == "claim" for sight in sights),
        "late": late,
        "pause_p50_s": round(took[len(took) // 2], 3),
        "pause_p99_s": round(p99, 3),
    }
    return wrong, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pauses", type=int, default=40)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        db = connect(stack.enter_context(server(directory / "pg")))
        stack.callback(db.close)
        upgrade(db)
        wrong, figures = proof(db, directory, options.pauses, options.workers, options.seed)
    asked = {"pauses": options.pauses, "workers": options.workers, "seed": options.seed}
    print(json.dumps(asked | figures | {"wrong": wrong, "ok": not wrong}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
