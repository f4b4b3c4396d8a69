"""A runtime on a fresh SQLite database, two tenants in it, and tabs to send events from."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.db import Database
from smsapp.settings import Settings
from smsapp.web.runtime import Runtime, using
from tests.web.driver import Browsers, browsers


@pytest.fixture
def rt(sqlite_db: Database, tmp_path: Path) -> Iterator[Runtime]:
    with using(Runtime(Settings(data_dir=tmp_path), sqlite_db)) as made:
        yield made


@pytest.fixture
def person(rt: Runtime) -> Callable[[str], Actor]:
    """Open an account with one user and its pots of credits, without the slow password hash."""
    from smsapp.ledger.service import grant_signup, open_account

    def make(identifiant: str) -> Actor:
        with rt.db.write() as s:
            account = Account(name=f"Maison {identifiant}", created_at=rt.db.now())
            s.add(account)
            s.flush()
            assert account.id is not None
            user = User(
                account_id=account.id,
                identifiant=identifiant,
                email=f"{identifiant}@example.net",
                password_hash="",
                created_at=rt.db.now(),
            )
            s.add(user)
            open_account(s, account.id)
            grant_signup(s, account.id, rt.db.now())
            s.flush()
            assert user.id is not None
            return Actor(user.id, account.id, identifiant, user.email, "fr", account.name)

    return make


@pytest.fixture
async def open_tabs(rt: Runtime) -> AsyncIterator[Browsers]:
    rt.hub.open()
    async with browsers() as made:
        yield made
