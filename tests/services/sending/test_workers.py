"""Several processes over one PostgreSQL database: who leads, how they wake each other, what a lost one costs."""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from smsapp.accounts.actor import Actor
from smsapp.db import Database, SimulatedClock, connect
from smsapp.db.locks import Lock
from smsapp.gateways.simulator import Simulator
from smsapp.ledger.service import purchase
from smsapp.sending import halt
from smsapp.sending.engine import Engine
from smsapp.sending.leader import Leader
from smsapp.sending.wake import CHANNEL, QUEUE, Wakes, end
from smsapp.sending.worker import run
from smsapp.web.hub import Hub
from tests.services.sending.house import add_campaign, assert_exact, quote_of, states
from tests.services.sending.test_engine import Watch, taken

ROOT = Path(__file__).parents[3]
PROCRASTINATE = "c70ec4b400a60ad9"  # of the schema that the newest migration applies


@pytest.fixture
def db(pg_new: Callable[[str], str], pg_template: str, clock: SimulatedClock) -> Iterator[Database]:
    """PostgreSQL: SQLite has one process only."""
    made = connect(pg_new(pg_template), clock)
    yield made
    made.close()


def sever(db: Database, name: str) -> int:
    """End the server's side of the connections called so, as a crash does. How many there were."""
    with db.write() as session:
        ended = session.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = :name AND datname = current_database()"
            ),
            {"name": name},
        )
        return len(ended.all())


class Heard(list[Any]):
    """What was heard, in order; somebody waits for more."""

    def __init__(self) -> None:
        super().__init__()
        self._bell = asyncio.Event()

    def append(self, item: Any) -> None:
        super().append(item)
        self._bell.set()

    async def until(self, condition: Callable[["Heard"], object]) -> None:
        async with asyncio.timeout(15):
            while not condition(self):
                self._bell.clear()
                await self._bell.wait()


def test_one_process_leads_and_another_takes_over_when_its_connection_ends(db: Database) -> None:
    """P16: leadership dies with the connection of its holder."""
    one, two, demo = Leader(db), Leader(db), Leader(db, "demo-1")
    assert (one.leads(), two.leads(), one.leads(), demo.leads()) == (True, False, True, True)
    assert sever(db, f"smsapp leader live {os.getpid()}") == 2
    assert two.leads() is False  # its own connection was cut too: what cannot be seen is not held
    assert two.leads() is True
    assert (one.leads(), one.leads()) == (False, False)
    two.release()
    assert one.leads() is True
    for leader in (one, demo):
        leader.release()


def test_a_campaign_is_started_by_one_process_at_a_time(db: Database, actor: Actor) -> None:
    """Two that write the messages of one campaign at once would undo each other's work for ever."""
    purchase(db, actor.account_id, 50_000, "a")
    campaign_id = add_campaign(db, actor)
    engine = Engine(db, Simulator.instant(db.now), quote_of(5))
    other = Lock(db, f"campaign {campaign_id}")
    assert other.take()
    asyncio.run(engine._start_campaigns())
    assert states(db) == {}
    other.release()
    asyncio.run(engine._start_campaigns())
    assert states(db) == {"queued": 5}


async def test_figures_reach_the_hub_of_every_other_process_once_a_second(db: Database) -> None:
    """reflex.md 3: one coalesced word per second, however often an account changes; not to oneself."""
    heard, mine = Heard(), Heard()
    hub = Hub()
    hub.open()
    sender, page, watcher = (
        Wakes(db, on_accounts=mine.append),
        Wakes(db, on_accounts=hub.heard),
        Wakes(db, on_accounts=heard.append),
    )
    hub.tell = page.changed
    for one in (sender, page, watcher):
        await one.open()
    seen = hub.now(7).version
    await mine.until(lambda it: it == [None])
    await heard.until(lambda it: it == [None])
    for _ in range(300):
        sender.changed({7})
        sender.changed(range(1_000, 1_003))
    snapshot = await hub.next(7, seen, 10)
    assert snapshot is not None
    await heard.until(lambda it: len(it) >= 2)
    assert heard[1:] == [{7, 1_000, 1_001, 1_002}]
    hub.changed([9])  # a page's own change goes out to the others, and is not echoed
    await heard.until(lambda it: {9} in it)
    await mine.until(lambda it: {9} in it)
    assert mine[1:] == [{9}]
    for one in (sender, page, watcher):
        await one.close()


async def test_nothing_personal_travels_and_foreign_words_are_ignored(db: Database) -> None:
    heard = Heard()
    said: list[str] = []
    wakes, other = Wakes(db, on_accounts=heard.append), Wakes(db)
    wakes._heard = lambda payload: (said.append(payload), Wakes._heard(wakes, payload))[1]  # type: ignore[method-assign]
    await wakes.open()
    await other.open()
    await heard.until(lambda it: it == [None])
    with db.write() as session:
        for payload in ("", "[]", "bonjour", '{"from": 1, "accounts": "x"}'):
            session.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": payload})
    other.changed({12})
    await heard.until(lambda it: {12} in it)
    assert json.loads(said[-1]).keys() == {"from", "accounts", "look"}
    await wakes.close()
    await other.close()


async def test_a_lost_connection_is_made_again_and_everything_looked_at(db: Database) -> None:
    heard, looks, others = Heard(), Heard(), Heard()
    wakes = Wakes(db, on_accounts=heard.append, on_look=lambda: looks.append(1))
    other = Wakes(db, on_accounts=others.append)
    await wakes.open()
    await other.open()
    await heard.until(lambda it: it == [None])
    await others.until(lambda it: it == [None])
    assert await asyncio.to_thread(sever, db, "smsapp listens") == 2
    await heard.until(lambda it: it == [None, None])
    await looks.until(lambda it: len(it) == 2)
    other.changed({3})
    other.look()
    await heard.until(lambda it: {3} in it)
    await looks.until(lambda it: len(it) == 3)
    await wakes.close()
    await other.close()


async def test_a_campaign_to_start_wakes_one_worker_by_a_job(db: Database) -> None:
    """Procrastinate: at most one job waits; it is kept for the first worker that comes, and taken by one of them."""
    web = Wakes(db)
    for _ in range(5):
        await web.start()
    with db.read() as session:
        waiting = text("SELECT count(*) FROM procrastinate.procrastinate_jobs")
        assert session.scalar(waiting) == 1
    done = Heard()

    async def start(name: str) -> None:
        done.append(name)

    workers = [Wakes(db), Wakes(db)]
    tasks = [asyncio.create_task(w.work(lambda n=str(i): start(n))) for i, w in enumerate(workers)]
    await done.until(lambda it: len(it) == 1)
    started = time.monotonic()
    await web.start()
    await done.until(lambda it: len(it) == 2)
    assert time.monotonic() - started < 3  # notified: the next look by itself would be after 5 s
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with db.read() as session:
        assert session.scalar(waiting) == 0
    for one in (web, *workers):
        await one.close()


async def test_the_job_of_a_dead_worker_is_harmless(db: Database) -> None:
    """The outbox rows are the queue: a job lost with its worker holds nothing up, and is swept."""
    web, worker = Wakes(db), Wakes(db)
    await web.start()
    with db.write() as session:
        session.execute(text("SET LOCAL search_path TO procrastinate"))
        dead = session.scalar(
            text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id")
        )
        session.execute(
            text("SELECT procrastinate_fetch_job_v2(:queues, :worker)"), {"queues": [QUEUE], "worker": dead}
        )
    done = Heard()

    async def start() -> None:
        done.append(1)

    await web.start()  # the dead worker's job does not stand in the way of another
    task = asyncio.create_task(worker.work(start))
    await done.until(len)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM procrastinate.procrastinate_jobs")) == 0
    for one in (web, worker):
        await one.close()


def test_the_schema_of_the_jobs_is_the_one_of_the_package() -> None:
    """When this fails Procrastinate moved forward: a new migration drops its schema and makes it again."""
    assert hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()[:16] == PROCRASTINATE


async def test_workers_send_one_campaign_together(db: Database, actor: Actor, tmp_path: Path) -> None:
    """Three senders over the same rows: everything leaves once, everything is settled, whoever stops."""
    purchase(db, actor.account_id, 400 * 10_000, "a")
    campaign_id = add_campaign(db, actor)
    journals = [tmp_path / f"journal-{i}" for i in range(3)]
    stops = [asyncio.Event() for _ in journals]
    watch = Watch()

    def engine(journal: Path) -> Callable[..., Engine]:
        def make(changed: Callable[[set[int]], None], ready: Callable[[], None]) -> Engine:
            def both(accounts: set[int]) -> None:
                watch(accounts)
                changed(accounts)

            gateway = Simulator.instant(db.now, journal)
            return Engine(db, gateway, quote_of(400), on_change=both, on_ready=ready)

        return make

    tasks = [asyncio.create_task(run(db, engine(j), stop=s)) for j, s in zip(journals, stops, strict=True)]
    await watch.until(lambda: states(db, campaign_id) == {"delivered": 400})
    for stop in stops:
        stop.set()
    await asyncio.gather(*tasks)
    assert_exact(db, [key for journal in journals for key in taken(journal)])


async def test_a_ledger_in_doubt_stops_every_process(db: Database, actor: Actor) -> None:
    """1.6: the brake stands in the database; a person's clean check lets it go."""
    purchase(db, actor.account_id, 20_000, "a")
    with db.write() as session:
        session.execute(text("UPDATE ledger_account SET balance = balance + 1 WHERE kind = 'available'"))
    assert {v.rule for v in halt.prove(db)} >= {"L1"}
    add_campaign(db, actor)
    watch = Watch()
    engine = Engine(db, Simulator.instant(db.now), quote_of(2), on_change=watch)
    await engine._look_at_the_brake()
    assert engine.violations
    await engine.start()
    await engine.wake()
    assert states(db) == {"queued": 2}
    with db.write() as session:
        session.execute(text("UPDATE ledger_account SET balance = balance - 1 WHERE kind = 'available'"))
    assert halt.prove(db) == []
    await watch.until(lambda: "queued" not in states(db))
    await engine.stop()


def _worker(url: str, data: Path) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SMSAPP_")}
    return subprocess.Popen(
        [sys.executable, "-c", "from smsapp.cli import app; app()", "worker"],
        cwd=ROOT,
        env=clean | {"SMSAPP_DATA_DIR": str(data), "SMSAPP_DATABASE_URL": url, "SMSAPP_SIMULATOR_SPEED": "1000"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_sender_on_a_sqlite_file_is_refused_in_a_sentence(sqlite_db: Database, tmp_path: Path) -> None:
    first = Leader(sqlite_db)
    first.take()
    child = _worker(sqlite_db.url, tmp_path)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (1, "")
    assert err == (
        "smsapp cannot start: another smsapp already uses this database: stop it first, "
        "or point SMSAPP_DATABASE_URL to PostgreSQL\n"
    )
    first.release()


async def test_what_takes_a_cancellation_for_an_error_ends_all_the_same() -> None:
    """As a library may that is cancelled while it connects."""
    lives = 0

    async def stubborn() -> None:
        nonlocal lives
        while True:
            lives += 1
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if lives == 3:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end(task, patience=0.01)
    assert (task.cancelled(), lives) == (True, 3)


def test_sigterm_lets_a_worker_finish_and_leaves_nothing_unknown(db: Database, actor: Actor, tmp_path: Path) -> None:
    """G14: the window at the gateway is settled, the process ends within 10 s."""
    child = _worker(db.url, tmp_path)
    assert child.stdout is not None
    assert child.stdout.readline() == "worker is ready\n"
    child.send_signal(signal.SIGTERM)
    started = time.monotonic()
    assert child.wait(20) == 0
    assert time.monotonic() - started < 10
    assert "Traceback" not in child.communicate()[1]
