"""Locks that die with whoever holds them: leadership, and work that one process does at a time.

PostgreSQL: an advisory lock on a connection of its own, which the server lets go of as soon as the connection ends,
whether its holder stopped, was killed or lost the network. SQLite: one process is all there is, the lock is its own.
Such a lock saves work and collisions; what must never happen twice is kept from it by the rows themselves.
"""

import contextlib
import threading
import zlib
from typing import Any, LiteralString

import psycopg

from smsapp.db.engine import Database

SPACE = 7_301  # of our advisory locks, apart from those of other programs on the same database
KEPT_ALIVE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Connection parameters under which a broken network is noticed within seconds."""


class Lock:
    """The lock called ``key``. Thread-safe; blocking for a round trip at most, so call it from a worker thread.

    ``name`` is what the server shows of its connection (``pg_stat_activity.application_name``).
    """

    def __init__(self, db: Database, key: str, *, name: str = "") -> None:
        self._db, self._name = db, name or key
        self._key = zlib.crc32(key.encode()) - 2**31
        self._turn = threading.Lock()
        self._connection: psycopg.Connection | None = None
        self._held = False

    def take(self) -> bool:
        """Whether the lock is ours: still, or from now on. Never waits for another holder.

        False also when the database does not answer: what cannot be seen is not held.
        """
        if self._db.is_sqlite:
            return True
        with self._turn:
            try:
                if self._connection is None:
                    self._connection = psycopg.connect(
                        self._db.conninfo, autocommit=True, application_name=f"smsapp {self._name}"[:63], **KEPT_ALIVE
                    )
                ask: LiteralString = "SELECT true" if self._held else "SELECT pg_try_advisory_lock(%s, %s)"
                found = self._connection.execute(ask, None if self._held else (SPACE, self._key)).fetchone()
            except psycopg.Error:
                self._let_go()
                return False
            self._held = bool(found and found[0])
            return self._held

    def release(self) -> None:
        """Let another take it, at once. Harmless when it is not held."""
        with self._turn:
            if self._held and self._connection is not None:
                with contextlib.suppress(psycopg.Error):  # ended by the server already
                    self._connection.execute("SELECT pg_advisory_unlock(%s, %s)", (SPACE, self._key))
            self._let_go()

    def _let_go(self) -> None:
        self._held = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
