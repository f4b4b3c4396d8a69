"""The engine over the simulated network, on a real event loop and under a simulated clock."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, SimulatedClock
from smsapp.domain.quote import Quote
from smsapp.gateways.contract import Outcome, Result
from smsapp.gateways.fate import Traits
from smsapp.gateways.journal import Take, entries
from smsapp.gateways.simulator import Simulator
from smsapp.ledger.service import purchase
from smsapp.sending import lifecycle
from smsapp.sending.dispatcher import Dispatcher
from smsapp.sending.engine import Engine
from smsapp.sending.leader import AlreadyRunning
from smsapp.sending.outbox import Window
from smsapp.sending.pace import Pace
from smsapp.sending.policy import Policy
from smsapp.sending.replay import run_to_end
from tests.services.sending.house import add_campaign, assert_exact, campaign_state, quote_of, running, states


def taken(journal: Path) -> list[str]:
    return [entry.key for entry in entries(journal) if isinstance(entry, Take)]


class Watch:
    """What an open page does: waits to be told of a change, then looks."""

    def __init__(self) -> None:
        self.accounts: set[int] = set()
        self._changed = asyncio.Event()

    def __call__(self, accounts: set[int]) -> None:
        self.accounts |= accounts
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(condition):
                await self._changed.wait()
                self._changed.clear()


async def test_a_campaign_runs_from_its_schedule_to_its_end(db: Database, actor: Actor, tmp_path: Path) -> None:
    """S54, S55: fired by the scheduler, sent, reported, finished; stopped within its time."""
    journal = tmp_path / "journal"
    watch = Watch()
    gateway = Simulator.instant(db.now, journal)
    engine = Engine(db, gateway, quote_of(150), on_change=watch, policy=Policy(window=32))
    purchase(db, actor.account_id, 150 * 10_000, "a")
    campaign_id = add_campaign(db, actor, CampaignState.SCHEDULED, db.now())
    await engine.start()
    await engine.wake()
    await watch.until(lambda: states(db) == {"delivered": 150} and campaign_state(db, campaign_id) == "finished")
    await engine.stop()
    assert watch.accounts == {actor.account_id}
    assert_exact(db, taken(journal))


async def test_a_large_campaign_keeps_neither_the_clock_nor_the_small_ones(db: Database, actor: Actor) -> None:
    """S54: while the messages of one are written, another is fired, written and sent."""
    written = Event()
    large, small = (add_campaign(db, actor, CampaignState.SCHEDULED, db.now()) for _ in range(2))

    def quote(of: Database, campaign_id: int) -> Quote:
        assert campaign_id == small or written.wait(60)
        return quote_of(5)(of, campaign_id)

    watch = Watch()
    engine = Engine(db, Simulator.instant(db.now), quote, on_change=watch)
    purchase(db, actor.account_id, 100_000, "a")
    await engine.start()
    await watch.until(lambda: campaign_state(db, small) == "finished")
    assert campaign_state(db, large) == "materialising"
    written.set()
    await watch.until(lambda: campaign_state(db, large) == "finished")
    await engine.stop()
    assert_exact(db)


async def test_stopping_settles_what_is_at_the_gateway(db: Database, actor: Actor, tmp_path: Path) -> None:
    """G14: nothing is left unknown by a graceful stop."""
    journal = tmp_path / "journal"
    gateway = Simulator(
        1,
        1.0,
        journal,
        db.now,
        Traits(),
    )
    watch = Watch()
    engine = Engine(db, gateway, quote_of(300), policy=Policy(window=16), on_change=watch)
    purchase(db, actor.account_id, 300 * 10_000, "a")
    add_campaign(db, actor, CampaignState.SCHEDULED, db.now())
    await engine.start()
    await engine.wake()
    await watch.until(lambda: "submitting" in states(db))
    await engine.stop()
    assert "submitting" not in states(db)
    assert_exact(db, taken(journal))


async def test_a_second_engine_on_the_same_file_is_refused(sqlite_db: Database) -> None:
    one = Engine(sqlite_db, Simulator.instant(sqlite_db.now), quote_of(1))
    two = Engine(sqlite_db, Simulator.instant(sqlite_db.now), quote_of(1))
    await one.start()
    with pytest.raises(AlreadyRunning, match="PostgreSQL"):
        await two.start()
    await one.stop()
    await two.start()
    await two.stop()


async def test_a_lane_is_lived_through_under_a_simulated_clock(
    db: Database, clock: SimulatedClock, actor: Actor, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    gateway = Simulator(3, 1.0, journal, db.now, keep=None)
    purchase(db, actor.account_id, 1000 * 10_000, "a")
    start = clock.now()
    campaigns = [
        add_campaign(db, actor, CampaignState.SCHEDULED, start + timedelta(days=day), lane="demo-1") for day in (1, 3)
    ]
    other = add_campaign(db, actor, CampaignState.SCHEDULED, start, lane="live")
    reached = []
    await run_to_end(db, gateway, "demo-1", clock, start + timedelta(days=8), quote_of(150), progress=reached.append)
    assert clock.now() == start + timedelta(days=8)
    assert reached == sorted(reached)
    assert [campaign_state(db, c) for c in campaigns] == ["finished", "finished"]
    assert campaign_state(db, other) == "scheduled"
    found = states(db)
    assert sum(found.values()) == 300
    assert found["delivered"] > 250
    assert found.keys() <= {"delivered", "failed", "rejected", "accepted", "operator", "suppressed", "expired_unknown"}
    assert_exact(db, taken(journal))


def test_the_pace_slows_when_throttled_and_rests_when_the_gateway_is_down() -> None:
    pace = Pace(100.0, Policy(window=64, breaker_failures=20, breaker_rest_s=30))
    assert (pace.wait(0.0), pace.size(0)) == (0, 64)
    pace.spend(50)
    assert pace.wait(0.0) == pytest.approx(0.5)
    assert pace.wait(0.6) == 0
    pace.learn([Result("a", Outcome.RETRY, retry_after=2.0)], 1.0)
    assert pace.wait(1.0) == 2.0
    assert pace.rate == pytest.approx(70)
    pace.learn([Result("a", Outcome.UNKNOWN)] * 20, 10.0)
    assert pace.wait(11.0) == 29.0
    assert (pace.size(1), pace.size(0)) == (0, 1)  # one probe, alone
    pace.learn([Result("a", Outcome.ACCEPTED)], 40.0)
    assert pace.size(0) == 64


async def test_a_process_that_was_suspended_after_its_claim_calls_nobody(
    db: Database, clock: SimulatedClock, actor: Actor, tmp_path: Path
) -> None:
    """Its messages are somebody else's by now: calling would send them twice."""

    class Suspended(Dispatcher):
        async def _window(self, size: int, left: dict[str, int]) -> Window | None:
            done = await super()._window(size, left)
            if done is not None and done.batch:
                clock.advance(timedelta(minutes=11))
                lifecycle.reap(db, Policy())
                self.stop()
            return done

    journal = tmp_path / "journal"
    running(db, actor, 10)
    await Suspended(db, Simulator.instant(db.now, journal), policy=Policy()).run()
    assert taken(journal) == []
    assert states(db) == {"unknown": 10}
    assert_exact(db, [])
