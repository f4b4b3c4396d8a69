"""What every proof starts from: a migrated database of its own, somebody who sends, a line that says what was found."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.db import Database, connect
from smsapp.db.clock import Clock
from smsapp.db.migrate import upgrade
from smsapp.ledger.service import open_account, purchase
from tests.proof.postgres import server

MEMORY = Path("/dev/shm")  # where the disk is not what is proved


def sender(db: Database, name: str, credits: int = 0) -> Actor:
    """An account ``name`` with so many whole credits bought."""
    with db.write() as session:
        account = Account(name=name, created_at=db.now())
        session.add(account)
        session.flush()
        user = User(
            account_id=account.id or 0,
            identifiant=name,
            email=f"{name}@example.net",
            password_hash="",
            created_at=db.now(),
        )
        session.add(user)
        session.flush()
        open_account(session, account.id or 0)
        actor = Actor(user.id or 0, account.id or 0, name, user.email, "fr", account.name)
    if credits:
        purchase(db, actor.account_id, credits * 10_000, f"world:{name}")
    return actor


@contextmanager
def database(engine: str, directory: Path, clock: Clock | None = None) -> Iterator[Database]:
    """An empty migrated database of ``engine`` (sqlite or pg)."""
    if engine == "sqlite":
        db = connect(f"sqlite:///{directory / 'smsapp.db'}", clock)
        upgrade(db)
        yield db
        db.close()
        return
    with server(directory / "pg") as url:
        db = connect(url, clock)
        upgrade(db)
        yield db
        db.close()


class Template:
    """A migrated SQLite file, copied for each of many short lives."""

    def __init__(self) -> None:
        place = MEMORY if MEMORY.is_dir() else None
        self._directory = tempfile.TemporaryDirectory(dir=place)
        self.path = Path(self._directory.name)
        self._opened: Database | None = None
        made = connect(f"sqlite:///{self.path / 'template.db'}")
        upgrade(made)
        made.close()

    def copy(self, clock: Clock, name: str = "life") -> Database:
        """A fresh database; it takes the place of the last one of that name."""
        self.drop(name)
        shutil.copy(self.path / "template.db", self.path / f"{name}.db")
        return connect(f"sqlite:///{self.path / f'{name}.db'}", clock)

    def fresh(self, clock: Clock) -> Database:
        """A fresh database for one life after another: the same engine over a new file, its statements built once."""
        self.drop()
        shutil.copy(self.path / "template.db", self.path / "life.db")
        if self._opened is None:
            self._opened = connect(f"sqlite:///{self.path / 'life.db'}", clock)
        return self._opened.at(clock)

    def drop(self, name: str = "life") -> None:
        """Remove what a life left behind."""
        for left in self.path.glob(f"{name}.db*"):
            left.unlink()

    def close(self) -> None:
        self._directory.cleanup()


def conclude(figures: Mapping[str, object], wrong: Sequence[str]) -> None:
    """Print one JSON line and end the process, with 1 when something is wrong."""
    print(json.dumps({**figures, "wrong": list(wrong)[:20], "ok": not wrong}, ensure_ascii=False), flush=True)
    sys.exit(1 if wrong else 0)
