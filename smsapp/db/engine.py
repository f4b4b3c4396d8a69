"""The engine behind the two doors, on SQLite and on PostgreSQL.

SQLite: WAL, ``synchronous=FULL``, foreign keys; one writer connection behind one lock (``BEGIN IMMEDIATE``),
first come, first served; readers on connections that cannot write. Checkpoints happen only on the writer connection
while it holds the lock, and nothing is memory-mapped: that keeps the WAL-reset race of SQLite before 3.51.3 out of
reach, which needs a checkpoint beside a commit on another connection.
PostgreSQL: READ COMMITTED; rows are locked by the statements themselves.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool
from sqlmodel import Session

from smsapp.db.clock import Clock, SystemClock

CHECKPOINT_PAGES = 2_000  # about 8 MB of write-ahead log
# While very much is written, transaction after transaction: many pages change in each of them and go over once.
CHECKPOINT_PAGES_IN_BULK = 32_000
RETRIED = ("40001", "40P01")  # serialisation failure, deadlock: PostgreSQL asks to run the transaction again
ATTEMPTS = 6
BESIDE = "beside"  # the name of the database that stands beside during a write


Result = TypeVar("Result")


class Database:
    """One database with its clock. Thread-safe; a process opens one and shares it."""

    def __init__(self, doors: "_Doors", clock: Clock) -> None:
        self._doors = doors
        self.clock = clock

    @property
    def is_sqlite(self) -> bool:
        return self._doors.is_sqlite

    @property
    def url(self) -> str:
        """The address, password included: not for logs."""
        return self._doors.url.render_as_string(hide_password=False)

    @property
    def conninfo(self) -> str:
        """The address as PostgreSQL's own library takes it, for connections that are no transactions of the product
        (locks, notifications). Password included: not for logs.
        """
        return self._doors.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations and schema checks only; everything else goes through the doors."""
        return self._doors.writer

    def now(self) -> datetime:
        """The present instant of this database's clock, aware, in UTC."""
        return self.clock.now()

    def at(self, clock: Clock) -> "Database":
        """The same database under another clock: the demonstration's past, a test's future."""
        return Database(self._doors, clock)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view. On SQLite the connection cannot write; on PostgreSQL the transaction is read only."""
        with Session(self._doors.reader, expire_on_commit=False) as session:
            if not self.is_sqlite:
                session.connection(
                    execution_options={"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
                )
            try:
                yield session
            finally:
                session.expunge_all()  # a rollback would empty the objects that leave through this door
                session.rollback()

    @contextmanager
    def write(self, beside: Path | None = None) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back by any exception.

        Keep it short: on SQLite everybody else who writes waits for it. ``beside`` (SQLite): a database, closed by
        whoever made it, whose tables are read under the name ``BESIDE`` within this transaction.
        """
        with (
            self._doors.turn(CHECKPOINT_PAGES_IN_BULK if beside else CHECKPOINT_PAGES),
            self._doors.beside(beside),
            Session(self._doors.writer, expire_on_commit=False) as session,
        ):
            yield session
            session.commit()

    def retrying(self, work: Callable[[Session], Result], beside: Path | None = None) -> Result:
        """Run ``work`` in ``write(beside)``, and again with jitter when the database asks for it.

        PostgreSQL aborts one of two transactions that collide (40001, 40P01) and expects the loser to run again.
        ``work`` must hold no effect outside the transaction. Constraint violations are never retried.
        """
        for attempt in range(ATTEMPTS):
            try:
                with self.write(beside) as session:
                    return work(session)
            except OperationalError as error:
                if attempt == ATTEMPTS - 1 or getattr(error.orig, "sqlstate", None) not in RETRIED:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def close(self) -> None:
        """Let go of every connection; on SQLite the write-ahead log is folded in first."""
        self._doors.close()


def connect(url: str, clock: Clock | None = None) -> Database:
    """Open the database at ``url`` (``sqlite:///path`` or ``postgresql+psycopg://...``) under ``clock``."""
    return Database(_Doors(url), clock or SystemClock())


class Line:
    """A lock that is handed to whoever has waited longest.

    An ordinary lock goes to whoever asks at the right instant, which is the thread that has just released it: a loop
    that writes without rest would keep a person waiting for seconds.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._mutex:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            turn.acquire()
        except BaseException:  # an interrupt while waiting: leave the line, or pass on what was handed to us
            with self._mutex:
                waiting = turn in self._waiting
                if waiting:
                    self._waiting.remove(turn)
            if not waiting:
                self._pass_on()
            raise

    def __exit__(self, *_error: object) -> None:
        self._pass_on()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def _pass_on(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


class _Doors:
    """The engines of one database and, on SQLite, the turn of the single writer."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = Line()
        self._holder: int | None = None
        if self.is_sqlite:
            Path(self.url.database or "").parent.mkdir(parents=True, exist_ok=True)
            self.writer = _sqlite(self.url, pool_size=1, begin="BEGIN IMMEDIATE", read_only=False)
            with self.writer.connect():  # creates the file and turns WAL on before any reader comes
                pass
            self.reader = _sqlite(self.url, pool_size=8, begin="BEGIN", read_only=True)
        else:
            self.writer = self.reader = create_engine(self.url, pool_size=8, max_overflow=8, pool_pre_ping=True)

    @contextmanager
    def turn(self, pages: int = CHECKPOINT_PAGES) -> Iterator[None]:
        """Wait for the writer's turn (SQLite). A writer inside a writer would wait for itself: refused at once.

        A write-ahead log of more than so many ``pages`` is folded in at the end.
        """
        if not self.is_sqlite:
            yield
            return
        me = threading.get_ident()
        if self._holder == me:
            raise RuntimeError("db.write() inside db.write(): pass the session on instead")
        with self._lock:
            self._holder = me
            try:
                yield
                self._checkpoint(pages)
            finally:
                self._holder = None

    @contextmanager
    def beside(self, path: Path | None) -> Iterator[None]:
        """Have another database beside this one on the writer's connection; not possible within a transaction."""
        if path is None:
            yield
            return
        self._raw("ATTACH DATABASE ? AS " + BESIDE, str(path))
        try:
            yield
        finally:
            self._raw("DETACH DATABASE " + BESIDE)

    def _raw(self, statement: str, *given: str) -> None:
        raw = self.writer.raw_connection()
        try:
            raw.cursor().execute(statement, given)
        finally:
            raw.close()

    def _checkpoint(self, pages: int) -> None:
        """Fold a long write-ahead log into the file, here and nowhere else (see the head of this file)."""
        log = Path(f"{self.url.database}-wal")
        try:
            long = log.stat().st_size > pages * 4096
        except FileNotFoundError:
            return
        if long:
            raw = self.writer.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()

    def close(self) -> None:
        if self.is_sqlite:
            with self._lock:
                raw = self.writer.raw_connection()
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                raw.close()
        self.reader.dispose()
        self.writer.dispose()


def _sqlite(url: URL, *, pool_size: int, begin: str, read_only: bool) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0 if not read_only else 24,
        pool_timeout=60,
        connect_args={"timeout": 60, "check_same_thread": False},
    )

    def on_connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # the driver would begin by itself, and not before a SELECT
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "wal_autocheckpoint=0",
            "mmap_size=0",
            "cache_size=-32768",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine
