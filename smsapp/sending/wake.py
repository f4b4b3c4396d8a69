"""Between the processes of one PostgreSQL database: there is something to send, and these accounts have new figures.

A campaign to start is a Procrastinate job: one worker takes it, whichever is free, or the first that comes. News goes
to everybody by NOTIFY, an account at most once a second from each process, with nothing in it but numbers of accounts.
Either may be lost without harm: the rows are the queue and the figures, and every process looks at them by itself.
On SQLite there is one process and nobody to tell.
"""

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from sqlalchemy import text

from smsapp.db import Database
from smsapp.db.locks import KEPT_ALIVE

log = structlog.get_logger(__name__)

CHANNEL = "smsapp"
PACE_S = 1.0  # between two pieces of news from this process
AGAIN_S = 1.0  # after an error of the database
ALIVE_S = 10.0  # a silent connection is tried so often
TOGETHER = 500  # accounts of one notification, which may have 8 000 bytes
QUEUE, TASK = "sending", "smsapp.start"
STALLED_S = 60.0  # a job whose worker has been silent for so long has lost it

NOTIFY = text("SELECT pg_notify(:channel, :payload)")


def _nobody(_accounts: set[int] | None) -> None:
    return None


def _nothing() -> None:
    return None


class Wakes:
    """What this process tells the others and hears from them. ``open`` and ``close`` belong to the running loop.

    ``on_accounts`` is told from the loop whose figures another process changed, None for anybody's (the connection was
    lost, or is new). ``on_look``: there is something to send.
    """

    def __init__(
        self,
        db: Database,
        *,
        on_accounts: Callable[[set[int] | None], None] = _nobody,
        on_look: Callable[[], None] = _nothing,
    ) -> None:
        self._db = db
        self._on_accounts, self._on_look = on_accounts, on_look
        self._me = secrets.token_hex(4)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._accounts: set[int] = set()
        self._look = False
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._jobs: App | None = None
        self._start: Callable[[], Awaitable[None]] | None = None

    async def open(self) -> None:
        """Begin to tell and to hear; nothing to do on SQLite."""
        if self._db.is_sqlite:
            return
        self._loop = asyncio.get_running_loop()
        self._tasks = [asyncio.create_task(self._tell()), asyncio.create_task(self._listen())]

    async def close(self) -> None:
        """Tell what is left to tell, then fall silent."""
        await end(*self._tasks)
        self._tasks = []
        self._loop = None
        if self._news.is_set():
            with contextlib.suppress(Exception):  # the others look by themselves
                await asyncio.to_thread(self._notify, *self._taken())
        if self._jobs is not None:
            await self._jobs.close_async()
            self._jobs = None

    def changed(self, accounts: Iterable[int]) -> None:
        """These accounts have new figures. From any thread; the others hear of it within a second."""
        if self._loop is not None and (ids := set(accounts)):
            self._loop.call_soon_threadsafe(self._add, ids, False)

    def look(self) -> None:
        """There is something to send: every process that sends looks within a second."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._add, set(), True)

    async def start(self) -> None:
        """A campaign is to be started: one worker is asked to, at most one such job waits. Never raises."""
        if self._db.is_sqlite:
            return
        try:
            app = await self._opened()
            await app.configure_task(TASK, queue=QUEUE, queueing_lock=TASK).defer_async()
        except AlreadyEnqueued:
            return
        except Exception as error:
            log.warning("no worker was woken", error=type(error).__name__)

    async def work(self, start: Callable[[], Awaitable[None]]) -> None:
        """Take the jobs as they come and run ``start`` for each, until cancelled. Survives losing the database."""
        self._start = start
        while not self._db.is_sqlite:
            try:
                app = await self._opened()
                for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
                    await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
                await app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=1,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    shutdown_graceful_timeout=2.0,
                )
            except Exception as error:
                log.warning("not taking jobs", error=type(error).__name__)
            await asyncio.sleep(AGAIN_S)

    async def _opened(self) -> App:
        if self._jobs is None:
            self._jobs = _jobs(self._db, self._run)
        await self._jobs.open_async()
        return self._jobs

    async def _run(self) -> None:
        if self._start is not None:
            await self._start()

    def _add(self, accounts: set[int], look: bool) -> None:
        self._accounts |= accounts
        self._look |= look
        self._news.set()

    def _taken(self) -> tuple[set[int], bool]:
        self._news.clear()
        taken = self._accounts, self._look
        self._accounts, self._look = set(), False
        return taken

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            accounts, look = self._taken()
            try:
                await asyncio.to_thread(self._notify, accounts, look)
            except Exception as error:
                log.warning("the others were not told", error=type(error).__name__)
                self._add(accounts, look)
            await asyncio.sleep(PACE_S)

    def _notify(self, accounts: set[int], look: bool) -> None:
        ids = sorted(accounts)
        parts = [ids[i : i + TOGETHER] for i in range(0, len(ids), TOGETHER)] or [[]]
        with self._db.write() as session:
            for i, part in enumerate(parts):
                payload = json.dumps({"from": self._me, "accounts": part, "look": look and not i})
                session.connection().execute(NOTIFY, {"channel": CHANNEL, "payload": payload})

    async def _listen(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self._db.conninfo, autocommit=True, application_name="smsapp listens", **KEPT_ALIVE
                )
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._on_accounts(None)  # what was said before, nobody here has heard
                    self._on_look()
                    while True:
                        async for note in connection.notifies(timeout=ALIVE_S):
                            self._heard(note.payload)
                        await connection.execute("SELECT 1")
            except (psycopg.Error, OSError) as error:
                log.warning("not listening", error=type(error).__name__)
            await asyncio.sleep(AGAIN_S)

    def _heard(self, payload: str) -> None:
        try:
            said = json.loads(payload)
            mine = said["from"] == self._me
            accounts, look = {int(i) for i in said["accounts"]}, bool(said["look"])
        except (ValueError, TypeError, KeyError):  # another program on this database
            return
        if mine:
            return
        if accounts:
            self._on_accounts(accounts)
        if look:
            self._on_look()


async def end(*tasks: asyncio.Task[None], patience: float = 3.0) -> None:
    """Cancel tasks until they have ended: a library may take one cancellation for an error of its own and go on.

    ``patience``: seconds between two cancellations, more than the grace that a job has.
    """
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=patience)


def _jobs(db: Database, run: Callable[[], Awaitable[None]]) -> App:
    """Procrastinate on this database, in the schema of its own that our migration made."""
    for library in ("procrastinate", "psycopg.pool"):  # they repeat for each try what we say once
        logging.getLogger(library).setLevel(logging.ERROR)
    parameters = {"options": "-c search_path=procrastinate", "application_name": "smsapp jobs", **KEPT_ALIVE}
    app = App(connector=PsycopgConnector(conninfo=db.conninfo, min_size=1, max_size=4, timeout=5.0, kwargs=parameters))
    app.task(name=TASK, queue=QUEUE)(run)
    return app
