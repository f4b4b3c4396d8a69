"""Schedules under several processes on PostgreSQL whose leader is killed again and again, through both clock changes.

``uv run python -m tests.proof.schedule --schedules 500 --processes 4 --leader-kills 20`` prints one JSON line and exits
1 when a campaign did not fire exactly once, fired before its time, or its message did not leave exactly once. Half of
the schedules stand around the night of 29 March 2026 in Paris (02:00 to 03:00 does not exist), half around that of
25 October (02:00 to 03:00 comes twice); the clock runs 300 times as fast as life.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text, update

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.domain.moment import moment
from smsapp.gateways.journal import Take, entries
from smsapp.ledger.service import purchase
from smsapp.sending.check import check
from smsapp.sending.tables import CAMPAIGN
from tests.proof import witness
from tests.proof.brood import Brood, Child
from tests.proof.house import someone
from tests.proof.postgres import server
from tests.proof.ticker import FastClock
from tests.services.sending.house import add_campaign, states

SPEED = 300.0
ZONE = "Europe/Paris"
SPRING, AUTUMN = datetime(2026, 3, 29), datetime(2026, 10, 25)  # midnight on the clocks of Paris
FIRST, LAST = timedelta(minutes=45), timedelta(hours=4)  # of the night, from midnight
WARM_S = 5.0  # before the clock runs, for the processes to be at work
HOUR = timedelta(hours=1)
LATEST_S = 5.0  # p99, in seconds of this machine
PATIENCE_S = 60.0

_LEADER = text(
    "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND application_name LIKE 'smsapp leader live %'"
    " AND datname = current_database()"
)


def instant(local: datetime) -> datetime:
    """What a local time of the two nights means, spelled out: a skipped one counts from the clock before the change,
    of a repeated one the first passage counts.
    """
    summer = local >= SPRING + 3 * HOUR if local < AUTUMN else local < AUTUMN + 3 * HOUR
    return (local - (2 if summer else 1) * HOUR).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Plan:
    """What to live through: ``speed`` times as fast as life, the hours of each night ``first`` to ``last``."""

    schedules: int = 500
    processes: int = 4
    leader_kills: int = 20
    seed: int = 1
    speed: float = SPEED
    first: timedelta = FIRST
    last: timedelta = LAST

    def times(self, rng: random.Random, night: datetime, count: int) -> list[datetime]:
        """Local times of a night, to the minute."""
        minutes = int((self.last - self.first) / timedelta(minutes=1))
        return [night + self.first + timedelta(minutes=rng.randrange(minutes)) for _ in range(count)]


def one_night(
    db: Database, actor: Actor, brood: Brood, journal: Path, locals_: list[datetime], plan: Plan, seed: int
) -> tuple[dict[int, datetime], int]:
    """Live through a night. When each campaign was to fire, and how many leaders were killed."""
    rng = random.Random(seed)
    speed = plan.speed
    due = {}
    for local in locals_:
        when = moment(local, ZONE)
        assert when.at == instant(local), f"{local} in {ZONE} is {instant(local)}, not {when.at}"
        campaign_id = add_campaign(db, actor, CampaignState.SCHEDULED, when.at)
        due[campaign_id] = when.at
        with db.write() as session:
            kept = update(CAMPAIGN).where(CAMPAIGN.c.id == campaign_id)
            session.connection().execute(kept.values(local_time=when.stored, zone=ZONE))
    start = min(due.values())
    began = time.time() + WARM_S
    clock = FastClock(start, began, speed)
    arguments = {"url": db.url, "journal": str(journal), "seed": seed, "start": start.isoformat()}

    def another() -> Child:
        return brood.start(**arguments, began=began, speed=speed)

    alive = {child.pid: child for child in (another() for _ in range(plan.processes))}
    length = (max(due.values()) - start).total_seconds() / speed
    killed = 0
    for at in sorted(rng.uniform(0.05, 0.95) * length for _ in range(plan.leader_kills // 2)):
        time.sleep(max(0.0, began + at - time.time()))
        leader = _leader(db, alive)
        if leader is None:
            continue
        alive.pop(leader).kill()
        killed += 1
        child = another()
        alive[child.pid] = child
    until = time.time() + max(0.0, began + length - time.time()) + PATIENCE_S
    while time.time() < until and not _over(db, clock):
        time.sleep(0.1)
    for child in alive.values():
        child.signal(signal.SIGTERM)
    assert not any(child.wait(20) for child in alive.values())
    return due, killed


def _leader(db: Database, alive: dict[int, Child]) -> int | None:
    """The process that leads; None when nobody does within some seconds."""
    until = time.time() + 10
    while time.time() < until:
        with db.read() as session:
            for name in session.scalars(_LEADER):
                if (pid := int(name.rpartition(" ")[2])) in alive:
                    return pid
        time.sleep(0.02)
    return None


def _over(db: Database, clock: FastClock) -> bool:
    with db.read() as session:
        left = session.scalar(text("SELECT count(*) FROM campaign WHERE state <> 'finished'"))
    return not left and not states(db).keys() & {"queued", "submitting", "unknown"}


def proof(db: Database, directory: Path, plan: Plan) -> tuple[list[str], dict[str, object]]:
    """Both nights in a migrated database. What is wrong, in words, and the figures."""
    rng = random.Random(plan.seed)
    schedules, kills = plan.schedules, plan.leader_kills // 2 * 2
    witness.watch(db)
    actor = someone(db)
    purchase(db, actor.account_id, schedules * 10_000, "schedule")
    journal = directory / "journal"
    due: dict[int, datetime] = {}
    killed = odd = 0
    with Brood("tests.proof.ticker") as brood:
        for night, share in ((SPRING, schedules // 2), (AUTUMN, schedules - schedules // 2)):
            times = plan.times(rng, night, share)
            odd += sum(moment(local, ZONE).odd is not None for local in times)
            some, dead = one_night(db, actor, brood, journal, times, plan, rng.randrange(1_000_000))
            due |= some
            killed += dead
    sights = witness.seen(db)
    fired = Counter(sight.campaign_id for sight in sights if sight.what == "materialising")
    late = sorted(
        (sight.at - due[sight.campaign_id]).total_seconds() / plan.speed
        for sight in sights
        if sight.what == "materialising"
    )
    taken = [entry.key for entry in entries(journal) if isinstance(entry, Take)]
    violations = check(db, taken)
    p99 = late[min(len(late) - 1, int(len(late) * 0.99))]
    left = Counter(states(db))
    wrong = [f"{v.rule}: {v.sentence}" for v in violations]
    if fired != dict.fromkeys(due, 1):
        wrong.append(f"{sum(fired[c] != 1 for c in due)} campaigns did not fire exactly once")
    if late[0] < 0:
        wrong.append(f"a campaign fired {-late[0]:.1f} s early")
    if p99 > LATEST_S:
        wrong.append(f"campaigns fired {p99:.1f} s late")
    if len(taken) != schedules or len(set(taken)) != schedules:
        wrong.append(f"{len(taken)} messages left, {len(set(taken))} different ones, of {schedules}")
    if killed < kills:
        wrong.append(f"only {killed} leaders were found to kill")
    figures = {
        "fired": sum(fired.values()),
        "at_odd_times": odd,
        "leaders_killed": killed,
        "late_p50_s": round(late[len(late) // 2], 2),
        "late_p99_s": round(p99, 2),
        "states": dict(left),
    }
    return wrong, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=500)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--leader-kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        db = connect(stack.enter_context(server(directory / "pg")))
        stack.callback(db.close)
        upgrade(db)
        plan = Plan(options.schedules, options.processes, options.leader_kills, options.seed)
        wrong, figures = proof(db, directory, plan)
    asked = {"schedules": options.schedules, "processes": options.processes, "seed": options.seed}
    print(json.dumps(asked | figures | {"wrong": wrong, "ok": not wrong}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
