"""Pauses of a campaign that several workers are sending: no claim after a pause is committed, and none waits long.

``uv run python -m tests.proof.pause --pauses 40 [--db pg] [--workers 4]`` prints one JSON line and exits 1 on a
violation: a claim that began after the pause had returned, or a p99 of one second or more.
"""

import argparse
import random
import tempfile
import threading
import time
from pathlib import Path

from smsapp.db import Database
from smsapp.gateways.contract import Outcome, Result
from smsapp.sending import lifecycle
from smsapp.sending.check import check
from smsapp.sending.outbox import Answer, window
from smsapp.sending.policy import Policy
from tests.proof.world import conclude, database, sender
from tests.services.sending.house import running

WINDOW, LIMIT_S = 32, 1.0


def storm(db: Database, pauses: int, workers: int, seed: int, messages: int) -> tuple[list[str], dict[str, object]]:
    """Pause and resume while the workers claim without rest."""
    rng = random.Random(seed)
    actor = sender(db, "orage", messages)
    campaign_id = running(db, actor, messages, credits=0)
    claims: list[tuple[float, float, int]] = []  # when it began and ended, how many
    over = threading.Event()

    def work() -> None:
        answers: list[Answer] = []
        while not over.is_set() or answers:
            began = time.monotonic()
            size = 0 if over.is_set() else WINDOW
            done = window(db, lane="live", gateway="g", size=size, answers=answers, policy=Policy())
            if done.batch:
                claims.append((began, time.monotonic(), len(done.batch)))
            # Half goes back to the queue, so that there is always something to claim.
            answers = [
                Answer(ticket, Result(message.key, Outcome.ACCEPTED if i % 2 else Outcome.RETRY, retry_after=0.0))
                for i, (ticket, message) in enumerate(zip(done.tickets, done.batch, strict=True))
            ]
            if not done.batch:
                over.wait(0.002)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    latencies, late, spans = [], 0, []
    for _ in range(pauses):
        over.wait(rng.uniform(0.01, 0.08))
        asked = time.monotonic()
        lifecycle.pause(db, actor, campaign_id)
        paused = time.monotonic()
        latencies.append(paused - asked)
        over.wait(0.03)
        resumed = time.monotonic()
        lifecycle.resume(db, actor, campaign_id)
        spans.append((paused, resumed))
    over.set()
    for thread in threads:
        thread.join()
    for paused, resumed in spans:
        late += sum(count for began, ended, count in claims if paused < began and ended < resumed)
    latencies.sort()
    p99 = latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))]
    wrong = [f"{v.rule}: {v.sentence} {v.figures}" for v in check(db)]
    if late:
        wrong.append(f"{late} messages claimed after a pause")
    if p99 >= LIMIT_S:
        wrong.append(f"a pause took {p99:.2f} s")
    figures: dict[str, object] = {
        "pauses": pauses,
        "workers": workers,
        "claims": len(claims),
        "late_claims": late,
        "latency_p50_ms": round(latencies[len(latencies) // 2] * 1000, 1),
        "latency_p99_ms": round(p99 * 1000, 1),
    }
    return wrong, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--pauses", type=int, default=40)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, database(options.db, Path(place)) as db:
        wrong, figures = storm(db, options.pauses, options.workers, options.seed, 20_000)
    conclude({"proof": "pause", "db": options.db, "seed": options.seed, **figures}, wrong)


if __name__ == "__main__":
    main()
