"""Who does the rounds of a lane: start what is due, ask about unknown outcomes, close what is over.

SQLite: one process may send from a file, by a lock that dies with it. PostgreSQL: every process sends, for the rows are
locked; one of them leads, by a lock of the database that dies with its connection. Leading only saves work: a round
done twice, or by two leaders at once, changes nothing.
"""

import os
import sys
from pathlib import Path
from typing import IO

from sqlalchemy import make_url

from smsapp.db import Database
from smsapp.db.locks import Lock

if sys.platform != "win32":
    import fcntl


class AlreadyRunning(Exception):
    """Another process sends from this database."""


class Leader:
    """The right to send from a SQLite database, and the leadership of ``lane`` on PostgreSQL.

    ``alone`` says that no other process can be sending.
    """

    def __init__(self, db: Database, lane: str = "live") -> None:
        self._path = Path(f"{make_url(db.url).database}.leader") if db.is_sqlite else None
        self._file: IO[str] | None = None
        self._lock = Lock(db, f"leader {lane}", name=f"leader {lane} {os.getpid()}")

    @property
    def alone(self) -> bool:
        return self._file is not None

    def take(self) -> None:
        """Take the right to send, or raise AlreadyRunning with the sentence to print. PostgreSQL gives it to all."""
        if self._path is None or sys.platform == "win32":  # no such lock there: leases run out instead
            return
        file = self._path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise AlreadyRunning(
                "another smsapp already uses this database: stop it first, or point SMSAPP_DATABASE_URL to PostgreSQL"
            ) from None
        self._file = file

    def leads(self) -> bool:
        """Whether this process does the rounds now. Asks the database: call it from a worker thread."""
        return self._lock.take()

    def release(self) -> None:
        """Let another process send and lead. Harmless when nothing is held."""
        self._lock.release()
        if self._file is not None:
            self._file.close()
            self._file = None
