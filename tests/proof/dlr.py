"""A storm of delivery reports: doubled, too early, about nobody, in any order; the end is what the network says.

``uv run python -m tests.proof.dlr --reports 200000 [--db pg] --seed N`` prints one JSON line and exits 1 on a violation:
a message that does not stand where the strongest of its reports puts it, or a counter that counting the rows gives
otherwise.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Dlr, Outcome, Result
from smsapp.sending.check import check
from smsapp.sending.outbox import Answer, window
from smsapp.sending.policy import Policy
from smsapp.sending.receipts import retry_unmatched, take_in
from smsapp.sending.tables import COUNTER, INBOX, MESSAGE
from tests.proof.network import STRENGTH
from tests.proof.world import conclude, database, sender
from tests.services.sending.house import running

NOON = datetime(2026, 6, 17, 10, 0, tzinfo=UTC)
DOUBLED, EARLY, STRANGE, BY_ID = 0.3, 0.3, 0.05, 0.3
STORIES = (
    (State.OPERATOR, State.DELIVERED),
    (State.DELIVERED,),
    (State.OPERATOR, State.FAILED),
    (State.FAILED, State.DELIVERED),
    (State.OPERATOR,),
)


@dataclass
class Told:
    """The reports of a storm: those before the answers of their calls, those after, and what they come to."""

    early: list[Dlr]
    late: list[Dlr]
    truth: dict[str, State]


def reports(keys: Sequence[str], rng: random.Random, at: datetime) -> Told:
    """A story for each message, doubled, shuffled, with reports about nobody in between."""
    made: list[Dlr] = []
    truth = {}
    for key in keys:
        story = rng.choice(STORIES)
        truth[key] = max(story, key=STRENGTH.__getitem__)
        by_id = rng.random() < BY_ID
        for state in story:
            cause = Cause.OFF if state is State.FAILED else None
            named = None if by_id else key
            made.append(Dlr(f"{key}.{state.value}", named, f"id-{key}", state, cause, "20801", at))
    made += [
        Dlr(f"nobody.{i}", None, f"nobody-{i}", State.DELIVERED, None, None, at)
        for i in range(int(len(made) * STRANGE))
    ]
    made += rng.sample(made, int(len(made) * DOUBLED))
    rng.shuffle(made)
    early = int(len(made) * EARLY)
    return Told(made[:early], made[early:], truth)


def storm(db: Database, clock: SimulatedClock, wanted: int, seed: int) -> tuple[list[str], dict[str, object]]:
    """Send, report, compare. What is wrong, and the figures."""
    rng = random.Random(seed)
    messages = max(10, round(wanted / (1.6 * (1 + STRANGE) * (1 + DOUBLED))))
    running(db, sender(db, "orage", messages), messages, credits=0)
    batches, keys = [], []
    while (done := window(db, lane="live", gateway="g", size=2_000, policy=Policy(lease_s=9_999))).batch:
        batches.append(done)
        keys += [message.key for message in done.batch]
    told = reports(keys, rng, db.now())
    started = time.perf_counter()
    _tell(db, told.early)
    for done in batches:
        answers = [
            Answer(ticket, Result(message.key, Outcome.ACCEPTED, f"id-{message.key}"))
            for ticket, message in zip(done.tickets, done.batch, strict=True)
        ]
        window(db, lane="live", gateway="g", size=0, answers=answers, policy=Policy())
    _tell(db, told.late)
    for _ in range(4_000):
        clock.advance(timedelta(hours=1))
        retry_unmatched(db, Policy())
        with db.read() as session:
            if not session.connection().scalar(select(INBOX.c.key).where(INBOX.c.processed_at.is_(None)).limit(1)):
                break
    seconds = time.perf_counter() - started
    wrong = [f"{v.rule}: {v.sentence} {v.figures}" for v in check(db, keys)]
    with db.read() as session:
        connection = session.connection()
        found = {
            r.client_ref: State(r.state) for r in connection.execute(select(MESSAGE.c.client_ref, MESSAGE.c.state))
        }
        outcomes: dict[str, int] = {
            row[0]: row[1]
            for row in connection.execute(select(INBOX.c.outcome, func.count()).group_by(INBOX.c.outcome))
        }
        rows = Counter(state.value for state in found.values())
        kept: Counter[str] = Counter()
        for row in connection.execute(select(COUNTER.c.state, COUNTER.c.count).where(COUNTER.c.count != 0)):
            kept[row.state] += row.count
    differ = [key for key, state in told.truth.items() if found[key] is not state]
    if differ:
        wrong.append(f"{len(differ)} messages do not stand where the network says, such as {differ[:3]}")
    if rows != kept:
        wrong.append(f"counters {dict(kept)} for rows {dict(rows)}")
    strange = sum(1 for one in {r.event_id for r in told.early + told.late} if one.startswith("nobody"))
    if outcomes.get("orphan", 0) != strange:
        wrong.append(f"{outcomes.get('orphan', 0)} orphans for {strange} reports about nobody")
    total = len(told.early) + len(told.late)
    figures: dict[str, object] = {
        "messages": len(keys),
        "reports": total,
        "early": len(told.early),
        "as_the_network_says": len(keys) - len(differ),
        "states": dict(rows),
        "inbox": outcomes,
        "per_s": round(total / seconds),
    }
    return wrong, figures


def _tell(db: Database, events: Sequence[Dlr]) -> None:
    for start in range(0, len(events), 500):
        take_in(db, "g", events[start : start + 500])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--reports", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    clock = SimulatedClock(NOON)
    with tempfile.TemporaryDirectory() as place, database(options.db, Path(place), clock) as db:
        wrong, figures = storm(db, clock, options.reports, options.seed)
    conclude({"proof": "dlr", "db": options.db, "seed": options.seed, **figures}, wrong)


if __name__ == "__main__":
    main()
