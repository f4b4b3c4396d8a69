"""How fast delivery reports are taken in, in batches, against one durable commit for each.

``uv run python -m tests.bench.dlr [--reports N]`` prints ``name ours peer ratio goal PASS|FAIL`` lines and exits 1 on a
FAIL. Ours and the peer do the same work (inbox, merge, history, counters, credits, fsync), the peer with a commit of its
own for each report, as a callback that answers once its report is kept would. ``bare`` is the floor below which nobody
can go: an UPDATE of one row by its reference, committed; it keeps nothing and counts nothing. Rounds alternate, the
median of their ratios counts, and the counters are compared with the rows before a figure is printed.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import update

from smsapp.db import Database
from smsapp.domain.delivery import State
from smsapp.gateways.contract import Dlr, Outcome, Result
from smsapp.sending.check import check
from smsapp.sending.engine import keep_for_life
from smsapp.sending.outbox import Answer, window
from smsapp.sending.policy import Policy
from smsapp.sending.receipts import BATCH, take_in
from smsapp.sending.tables import MESSAGE
from tests.proof.world import database, sender
from tests.services.sending.house import running, states

GOALS = {"sqlite": 7.0, "pg": 20.0}
ROUNDS, PEER, BARE, WARM = 3, 300, 300, 100


def accepted(db: Database, count: int) -> list[str]:
    """So many messages that wait for their reports; their references."""
    running(db, sender(db, f"banc{time.monotonic_ns()}", count), count, credits=0)
    keys: list[str] = []
    while (done := window(db, lane="live", gateway="g", size=1_000, policy=Policy())).batch:
        keys += [message.key for message in done.batch]
        answers = [Answer(t, Result(m.key, Outcome.ACCEPTED)) for t, m in zip(done.tickets, done.batch, strict=True)]
        window(db, lane="live", gateway="g", size=0, answers=answers, policy=Policy())
    return keys


def taken_in(db: Database, keys: Sequence[str], batch: int) -> float:
    """Reports per second, both of each message, ``batch`` in a transaction."""
    told = [
        Dlr(f"{key}.{state.value}", key, None, state, None, "20801", db.now())
        for state in (State.OPERATOR, State.DELIVERED)
        for key in keys
    ]
    started = time.perf_counter()
    for start in range(0, len(told), batch):
        take_in(db, "g", told[start : start + batch])
    return len(told) / (time.perf_counter() - started)


def bare(db: Database, keys: Sequence[str]) -> float:
    """Commits per second of an UPDATE that changes nothing that counts."""
    started = time.perf_counter()
    for key in keys:
        with db.write() as session:
            session.connection().execute(update(MESSAGE).where(MESSAGE.c.client_ref == key).values(operator="20801"))
    return len(keys) / (time.perf_counter() - started)


def measure(db: Database, reports: int) -> dict[str, float]:
    """Medians of the rounds: reports per second of ours, of the peer and of the floor, and the ratio ours / peer."""
    ways: dict[str, Callable[[], float]] = {
        "ours": lambda: taken_in(db, accepted(db, reports // 2), BATCH),
        "peer": lambda: taken_in(db, accepted(db, PEER // 2), 1),
        "bare": lambda: bare(db, accepted(db, BARE)),
    }
    keep_for_life()
    taken_in(db, accepted(db, WARM), BATCH)
    rounds = [{name: way() for name, way in ways.items()} for _ in range(ROUNDS)]
    assert check(db) == []
    delivered = ROUNDS * (reports // 2 + PEER // 2) + WARM
    assert states(db) == {"delivered": delivered, "accepted": ROUNDS * BARE}
    found = {name: statistics.median(one[name] for one in rounds) for name in ways}
    return found | {"ratio": statistics.median(one["ours"] / one["peer"] for one in rounds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=20_000)
    reports = parser.parse_args().reports
    failed = False
    print("name ours peer ratio goal PASS|FAIL")
    for name, goal in GOALS.items():
        with tempfile.TemporaryDirectory() as place, database(name, Path(place)) as db:
            found = measure(db, reports)
        verdict = "PASS" if found["ratio"] >= goal else "FAIL"
        failed |= verdict == "FAIL"
        print(
            f"reports-{name} {found['ours']:.0f}/s {found['peer']:.0f}/s {found['ratio']:.1f} {goal:.0f} "
            f"{verdict} bare {found['bare']:.0f}/s",
            flush=True,
        )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
