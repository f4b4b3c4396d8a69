"""Several sending processes on PostgreSQL, in small: the long forms are ``python -m tests.proof.pause_processes`` and
``tests.proof.schedule``.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from smsapp.db import Database, connect
from smsapp.sending import lifecycle
from smsapp.sending.outbox import window
from tests.proof import pause_processes, schedule, witness
from tests.proof.house import someone
from tests.services.sending.house import POLICY, running


@pytest.fixture
def db(pg_new: Callable[[str], str], pg_template: str) -> Iterator[Database]:
    made = connect(pg_new(pg_template))
    yield made
    made.close()


def test_nothing_is_claimed_after_a_pause(db: Database, tmp_path: Path) -> None:
    """P29, P30: 6 pauses under 4 processes that send."""
    wrong, figures = pause_processes.proof(db, tmp_path, pauses=6, workers=4, seed=3)
    assert wrong == [], figures


def test_every_schedule_fires_once_through_both_clock_changes(db: Database, tmp_path: Path) -> None:
    """M23, G7: 16 schedules around the hour that is skipped and the one that comes twice, 2 leaders killed."""
    hours = {"first": timedelta(hours=1, minutes=30), "last": timedelta(hours=3, minutes=30)}
    plan = schedule.Plan(schedules=16, processes=2, leader_kills=2, seed=3, speed=900.0, **hours)
    wrong, figures = schedule.proof(db, tmp_path, plan)
    assert wrong == [], figures


def test_the_witness_sees_a_claim_that_comes_too_late(db: Database) -> None:
    """The proof bites: a claim that does not ask the campaign is seen."""
    actor = someone(db)
    witness.watch(db)
    campaign_id = running(db, actor, 20)
    assert window(db, lane="live", gateway="g", size=5, policy=POLICY).batch
    lifecycle.pause(db, actor, campaign_id)
    assert not window(db, lane="live", gateway="g", size=5, policy=POLICY).batch
    sights = witness.seen(db)
    assert [sight.what for sight in sights] == ["running", *["claim"] * 5, "paused"]
    assert witness.late_claims(sights) == 0
    with db.write() as session:
        session.execute(text("UPDATE message SET state = 'submitting' WHERE state = 'queued'"))
    assert witness.late_claims(witness.seen(db)) == 15


@pytest.mark.parametrize(
    ("local", "at"),
    [
        (datetime(2026, 3, 29, 1, 59), datetime(2026, 3, 29, 0, 59)),
        (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 1, 30)),
        (datetime(2026, 3, 29, 3, 0), datetime(2026, 3, 29, 1, 0)),
        (datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 0, 30)),
        (datetime(2026, 10, 25, 3, 0), datetime(2026, 10, 25, 2, 0)),
    ],
)
def test_the_judge_of_the_schedules_knows_the_clocks_of_paris(local: datetime, at: datetime) -> None:
    assert schedule.instant(local) == at.replace(tzinfo=UTC)
