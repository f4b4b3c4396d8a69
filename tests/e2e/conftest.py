"""The server that browser tests visit, what is in it, and the people who visit it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from smsapp.campaigns import service as campaigns
from smsapp.campaigns.departure import leave_at
from smsapp.campaigns.explain import look
from smsapp.campaigns.launch import Seen
from smsapp.campaigns.pricing import Terms, quote_campaign
from smsapp.campaigns.schedule import Plan, schedule
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.db.tables import Deployment
from smsapp.domain.moment import moment_of
from smsapp.gateways import service as gateways
from smsapp.gateways.contract import Mo, Outcome, Result
from smsapp.operator.service import vault_of
from smsapp.sending.materialise import materialise
from smsapp.sending.outbox import Answer, window
from smsapp.sending.policy import Policy
from smsapp.sending.receipts import take_in
from smsapp.settings import Settings
from tests.bench.seed import Seeded, draft_to, group_of, seed, send
from tests.e2e.visitor import Visitor, visitor
from tests.server import Server, start_server

SPEED = "200"  # times life: reports of minutes arrive in a second
REPLIES = (
    (33639980555, "Vous ouvrez dimanche ?"),
    (33639980001, "OUI pour deux personnes, merci !"),
    (33639980002, "STOP"),
    (33639980003, "Est-ce que l'atelier est complet ?"),
    (33639980777, "Stop svp"),
    (33639980005, "👍"),
)
"""Latest first. 33639980555 answers STOP to whatever is sent to it (see gateways/fate.py)."""
DOUBTED = (33639985555, 33639986555)
"""They receive what is sent to them, whatever the seed (see gateways/fate.py)."""
INSTALLATION = "000017"
"""The head of every reference. Fates follow it: here no answer to the first twelve messages of a campaign gets lost."""
TEXT = "Bonjour $prenom|client|, -20% chez Lavande jusqu'à samedi soir."


@dataclass(frozen=True)
class House:
    """What was there before the server started: an account with contacts, a group, a draft, a campaign; an empty one; one
    that people replied to; one that plans; one whose two messages are of unknown outcome."""

    full: Seeded
    empty: Seeded
    asked: Seeded
    planner: Seeded
    doubting: Seeded
    doubted: int
    group: int
    draft: int
    campaign: int


def furnish(data: Path) -> House:
    """Fill a fresh database."""
    data.mkdir(parents=True, exist_ok=True)
    db = connect(f"sqlite:///{data / 'smsapp.db'}")
    upgrade(db)
    with db.write() as session:
        session.add(Deployment(id=INSTALLATION, created_at=db.now()))
    full, empty = seed(db, "maison-pleine", contacts=400, credit=1_000), seed(db, "maison-vide", credit=20)
    group = group_of(db, full, "Fidèles", 150)
    draft = draft_to(db, full, group, TEXT + " Profitez-en !", name="Soldes")
    campaign = draft_to(db, full, group, TEXT, name="Ventes privées")
    send(db, full, campaign)
    asked = seed(db, "maison-ecoute", contacts=40, credit=200)
    talk(db, asked)
    planner = seed(db, "maison-agenda", contacts=40, credit=50)
    plan(db, planner)
    doubting = seed(db, "maison-doute", credit=20)
    doubted = lose(db, doubting)
    options = {"url": "http://127.0.0.1:13013", "username": "lavande", "password": "lavande"}
    vault = vault_of(Settings(data_dir=data))
    for name in ("kannel-paris", "kannel-secours"):
        gateways.add(db, vault, name=name, kind="kannel", options=options, territories=["FR"])
    db.close()
    return House(full, empty, asked, planner, doubting, doubted, group, draft, campaign)


def plan(db: Database, who: Seeded) -> None:
    """Three campaigns that leave later, of which the balance covers two, and one whose date went by."""
    group = group_of(db, who, "Habitués", 20)
    day = timedelta(days=1)
    for name, in_ in (("Manquée", -3 * day), ("Nocturne", day), ("Atelier", 9 * day), ("Soldes", 40 * day)):
        draft = draft_to(db, who, group, TEXT, name=name)
        when = moment_of(db.now() + in_, "Europe/Paris")
        leave_at(db, who.actor, draft, when)
        terms = Terms(hours_hold=False)
        seen = look(db, who.actor, draft, 0, terms).view
        agreed = Seen(seen.recipients, seen.units)
        schedule(db, who.actor, draft, agreed, terms, Plan(when, now_if_past=True), consent=True)
        if in_ < day:
            with db.write() as session:
                missed = session.get(Campaign, draft)
                assert missed
                missed.state, missed.send_at = CampaignState.MISSED, when.at
                session.add(missed)


def lose(db: Database, who: Seeded) -> int:
    """A campaign whose every answer got lost on the way; the network never took it."""
    draft = campaigns.create_draft(db, who.actor)
    campaigns.edit_draft(
        db, who.actor, draft, text="Votre commande est prête.", name="Commande", purpose="transactional"
    )
    campaigns.add_numbers(db, who.actor, draft, " ".join(f"+{number}" for number in DOUBTED))
    send(db, who, draft)
    materialise(db, draft, lambda of, one: quote_campaign(of, one, Terms(hours_hold=False)))
    done = window(db, lane="live", gateway="simulator", size=64, policy=Policy())
    lost = [Answer(t, Result(m.key, Outcome.UNKNOWN)) for t, m in zip(done.tickets, done.batch, strict=True)]
    window(db, lane="live", gateway="simulator", size=0, answers=lost, policy=Policy())
    return draft


def talk(db: Database, who: Seeded) -> None:
    """A campaign that the operator took, and what people wrote back: the first number is one that answers STOP."""
    draft = campaigns.create_draft(db, who.actor)
    text = "Bonjour $prenom|client|, un atelier lavande vous dit ? Répondez OUI."
    campaigns.edit_draft(db, who.actor, draft, text=text, name="Atelier lavande", purpose="transactional")
    campaigns.add_numbers(db, who.actor, draft, " ".join(f"+{number}" for number, _ in REPLIES))
    send(db, who, draft)
    materialise(db, draft, lambda of, one: quote_campaign(of, one, Terms(hours_hold=False)))
    for _ in range(2):  # what is left of other accounts' campaigns is not running yet
        done = window(db, lane="live", gateway="simulator", size=64, policy=Policy())
        pairs = zip(done.tickets, done.batch, strict=True)
        answers = [Answer(ticket, Result(submit.key, Outcome.ACCEPTED)) for ticket, submit in pairs]
        window(db, lane="live", gateway="simulator", size=0, answers=answers, policy=Policy())
    now = db.now()
    replies = [
        Mo(f"said-{place}", number, "36111", text, now + timedelta(milliseconds=place))
        for place, (number, text) in enumerate(reversed(REPLIES))
    ]
    take_in(db, "simulator", replies)


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
    with start_server(
        house[0], built=True, SMSAPP_SIMULATOR_SPEED=SPEED, SMSAPP_OPERATORS=house[1].full.actor.identifiant
    ) as running:
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
