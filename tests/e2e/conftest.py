"""The server that browser tests visit, what is in it, and the people who visit it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from smsapp.db import connect
from smsapp.db.migrate import upgrade
from tests.bench.seed import Seeded, draft_to, group_of, seed, send
from tests.e2e.visitor import Visitor, visitor
from tests.server import Server, start_server

SPEED = "200"  # times life: reports of minutes arrive in a second
TEXT = "Bonjour $prenom|client|, -20% chez Lavande jusqu'à samedi soir."


@dataclass(frozen=True)
class House:
    """What was there before the server started: an account with contacts, a group, a draft, a campaign; an empty one."""

    full: Seeded
    empty: Seeded
    group: int
    draft: int
    campaign: int


def furnish(data: Path) -> House:
    """Fill a fresh database."""
    data.mkdir(parents=True, exist_ok=True)
    db = connect(f"sqlite:///{data / 'smsapp.db'}")
    upgrade(db)
    full, empty = seed(db, "maison-pleine", contacts=400, credit=1_000), seed(db, "maison-vide", credit=20)
    group = group_of(db, full, "Fidèles", 150)
    draft = draft_to(db, full, group, TEXT + " Profitez-en !", name="Soldes")
    campaign = draft_to(db, full, group, TEXT, name="Ventes privées")
    send(db, full, campaign)
    db.close()
    return House(full, empty, group, draft, campaign)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House]:
    data = tmp_path_factory.mktemp("site")
    return data, furnish(data)


@pytest.fixture(scope="session")
def furniture(house: tuple[Path, House]) -> House:
    return house[1]


@pytest.fixture(scope="session")
def site(browser_type_launch_args: dict[str, object], server: Server, house: tuple[Path, House]) -> Iterator[Server]:
    """The finished build, in demonstration mode, with a fast network."""
    del browser_type_launch_args, server  # without Chromium nothing starts; the other server has made the build
    with start_server(house[0], built=True, SMSAPP_SIMULATOR_SPEED=SPEED) as running:
        yield running


@pytest.fixture
def visit(browser: Browser, site: Server) -> Iterator[Callable[..., Visitor]]:
    """Somebody at a browser of their own: ``visit("fr", NARROW, dark=True)``."""
    people: list[Visitor] = []

    def come(lang: str, *args: object, url: str = site.url, **more: object) -> Visitor:
        people.append(visitor(browser, url, lang, *args, **more))  # type: ignore[arg-type]
        return people[-1]

    yield come
    for one in people:
        one.context.close()
