"""One sender for one SQLite file: a lock that dies with the process. PostgreSQL needs none, its rows are locked."""

import sys
from pathlib import Path
from typing import IO

from sqlalchemy import make_url

from smsapp.db import Database

if sys.platform != "win32":
    import fcntl


class AlreadyRunning(Exception):
    """Another process sends from this database."""


class Leader:
    """The right to send from a database. ``alone`` says that no other process can be sending."""

    def __init__(self, db: Database) -> None:
        self._path = Path(f"{make_url(db.url).database}.leader") if db.is_sqlite else None
        self._file: IO[str] | None = None

    @property
    def alone(self) -> bool:
        return self._file is not None

    def take(self) -> None:
        """Take the lock, or raise AlreadyRunning with the sentence to print."""
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

    def release(self) -> None:
        """Let another process send. Harmless when the lock is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None
