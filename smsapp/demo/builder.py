"""Making a demonstration: an account of its own whose 90 days were lived through by the real engine.

Groups, blacklist, purchases, drafts and launches go through the services that people use, under a simulated clock;
messages are materialised, claimed, submitted, reported and answered by the engine, in a lane of their own so that the
live dispatcher leaves them alone until the past has caught up with the present.
"""

import asyncio
import json
import math
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import Session

from smsapp.accounts import mail, sessions
from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.campaigns import service as campaigns
from smsapp.campaigns.launch import Seen, launch
from smsapp.campaigns.pricing import Terms, price, quote_campaign
from smsapp.campaigns.tables import Campaign
from smsapp.contacts.blacklist import suppress
from smsapp.contacts.folding import search_text, sort_name
from smsapp.contacts.groups import create_group
from smsapp.contacts.tables import Contact
from smsapp.db import Database, SimulatedClock
from smsapp.db.rows import insert_rows
from smsapp.demo import plan
from smsapp.demo.people import SEED, Person, own_number, people
from smsapp.domain.credits import UNITS
from smsapp.gateways.contract import Event, Mo
from smsapp.gateways.fate import DEFAULT
from smsapp.gateways.simulator import Simulator
from smsapp.i18n.catalogue import translate
from smsapp.ledger import service as ledger
from smsapp.sending.policy import Policy
from smsapp.sending.replay import run_to_end
from smsapp.sending.tables import CAMPAIGN
from smsapp.settings import Settings

CONTACT = Contact.metadata.tables["contact"]
LANE = "demo:{}"
"""The lane of an account while it is being made; no dispatcher serves it."""

RUSH = timedelta(minutes=5)  # after a campaign has left, most of its reports are there
GRAIN = timedelta(hours=24)  # the others are gathered so long; each keeps the instant at which it happened
POLICY = Policy(window=500)
CHUNK = 2_000  # contacts of one transaction
PEOPLE_WEIGHT = 0.15  # of a contact beside a message, in the progress

Progress = Callable[[int, int, str], None]
"""Told how much of how much is done, and the catalogue key of the step."""


def _silent(_done: int, _total: int, _step: str) -> None:
    """Nobody watches."""


class Gathered:
    """The simulated network with the reports of one message told together, so that each message is written once."""

    def __init__(self, network: Simulator) -> None:
        self.name = network.name
        self.take, self.next_due, self.find = network.take, network.next_due, network.find
        self._network = network
        self._waiting: list[Event] = []

    def due(self, until: datetime | None = None, limit: int | None = None) -> list[Event]:
        """As ``Simulator.due``, but in the order of messages; replies come last."""
        self._waiting += sorted(self._network.due(until), key=lambda e: (isinstance(e, Mo), e.event_id))
        now = self._waiting[:limit]
        del self._waiting[:limit]
        return now


@dataclass
class _Work:
    """One demonstration under way: ``past`` is the database under ``clock``."""

    db: Database
    past: Database
    clock: SimulatedClock
    terms: Terms
    size: plan.Size
    progress: Progress
    total: float
    done: float = 0.0

    def advance(self, amount: float, step: str) -> None:
        self.done += amount
        self.progress(min(round(self.done), math.ceil(self.total)), math.ceil(self.total), step)


async def open_demonstration(
    db: Database,
    settings: Settings,
    progress: Progress = _silent,
    *,
    size: plan.Size = plan.FULL,
    language: str = "fr",
) -> Actor:
    """Make a demonstration up to the present instant of ``db`` and answer who is to be signed in.

    Its last campaign is left running in the live lane, for the live engine to send before the visitor's eyes. All
    writing happens in short transactions of worker threads. A failure leaves an account that nobody can enter, which
    ``removal.sweep`` takes away.
    """
    if not settings.demo:
        raise RuntimeError("a demonstration is only made where the simulated network is the one gateway")
    now = db.now()
    clock = SimulatedClock(plan.instant(now, plan.DAYS + 1, "08:30"))
    calendar = plan.calendar(now)
    members = [size.scaled(plan.GROUPS[planned.group][1]) for _, planned in calendar]
    work = _Work(
        db,
        db.at(clock),
        clock,
        Terms.of(settings),
        size,
        progress,
        total=size.contacts * PEOPLE_WEIGHT + sum(members),
    )
    work.advance(0, "demo.step.account")
    actor = await asyncio.to_thread(_open_account, work.past, language)
    groups = await asyncio.to_thread(_fill_book, work, actor)
    purchases = sorted((plan.instant(now, ago, "08:45"), credits) for ago, credits in plan.PURCHASES)
    network = Gathered(Simulator(settings.simulator_seed, 1.0, None, clock.now, replace(DEFAULT, max_tps=math.inf)))

    lane = LANE.format(actor.account_id)

    async def live_until(at: datetime) -> None:
        while purchases and purchases[0][0] <= at:
            bought_at, credits = purchases.pop(0)
            clock.set(max(bought_at, clock.now()))
            units = size.scaled(credits) * UNITS
            key = f"demo:{actor.account_id}:{len(purchases)}"
            await asyncio.to_thread(ledger.purchase, work.past, actor.account_id, units, key)
        await run_to_end(
            work.past,
            network,
            lane,
            clock,
            at,
            lambda database, campaign_id: quote_campaign(database, campaign_id, work.terms),
            opens=work.terms.opens(),
            policy=POLICY,
            grain=GRAIN,
        )

    for (at, planned), count in zip(calendar, members, strict=True):
        await live_until(at)
        await asyncio.to_thread(_launch, work.past, actor, planned, groups[planned.group], work.terms, lane)
        work.advance(count / 2, "demo.step.campaigns")
        await live_until(at + RUSH)
        work.advance(count / 2, "demo.step.campaigns")
    await live_until(now)
    work.advance(0, "demo.step.live")
    await asyncio.to_thread(_come_to_life, work, actor, groups)
    return actor


def _open_account(past: Database, language: str) -> Actor:
    """The account, its one user, who has no password, and its pots of credits."""

    def work(session: Session) -> Actor:
        at = past.now()
        account = Account(name=plan.ACCOUNT, is_demo=True, created_at=at)
        session.add(account)
        session.flush()
        assert account.id is not None
        identifiant = f"camille-{secrets.token_hex(4)}"
        user = User(
            account_id=account.id,
            identifiant=identifiant,
            email=f"{identifiant}@example.net",
            password_hash="",
            language=language,
            created_at=at,
        )
        session.add(user)
        ledger.open_account(session, account.id)
        subject, body = (translate(language, f"demo.mail_{part}") for part in ("subject", "body"))
        mail.post(session, account.id, user.email, subject, body, at)
        session.flush()
        return sessions.actor(user, account)

    return past.retrying(work)


def _fill_book(work: _Work, actor: Actor) -> dict[plan.GroupKey, int]:
    """Contacts, groups and blacklist. Returns the groups' ids. The visitor's own phone stands in two of the groups."""
    chance = random.Random(SEED)
    yours = Person(own_number(actor.user_id), "FR", "Roussel", "Camille", actor.email, plan.ACCOUNT, plan.TOWN)
    book = [yours, *people(actor.account_id, work.size.contacts - 1)]  # first, so that its SMS are among the first
    ids = []
    for start in range(0, len(book), CHUNK):
        chunk = book[start : start + CHUNK]
        ids += work.past.retrying(lambda session, chunk=chunk: _add(session, actor, chunk, work.past.now()))  # type: ignore[misc]  # bound in the loop
        work.advance(len(chunk) * PEOPLE_WEIGHT, "demo.step.contacts")
    companies = [i for i, person in zip(ids, book, strict=True) if person.societe]
    groups: dict[plan.GroupKey, int] = {}
    for key, (name, count) in plan.GROUPS.items():
        pool = companies if key == "pro" else ids
        chosen = sorted(chance.sample(pool, min(work.size.scaled(count), len(pool))))
        if key in plan.YOURS and ids[0] not in chosen:
            chosen[0] = ids[0]
        groups[key] = create_group(work.past, actor, name, chosen)
    refusing = {p.e164 for p in chance.sample(book[1:], work.size.scaled(plan.BLACKLISTED))} - {yours.e164}
    with work.past.write() as session:
        suppress(session, work.past, actor.account_id, refusing, origin="import", reason=plan.OPPOSITION)
    return groups


def _add(session: Session, actor: Actor, chunk: list[Person], at: datetime) -> list[int]:
    """Write contacts; their ids, in the order of ``chunk``."""
    connection = session.connection()
    columns = ("account_id", "e164", "territory", "nom", "prenom", "email", "societe", "extra", "sort_name", "search",
               "state", "created_at", "updated_at")  # fmt: skip
    before = connection.scalar(select(func.max(CONTACT.c.id)).where(CONTACT.c.account_id == actor.account_id)) or 0
    insert_rows(
        connection,
        CONTACT,
        columns,
        [
            (
                actor.account_id,
                p.e164,
                p.territory,
                p.nom,
                p.prenom,
                p.email,
                p.societe,
                json.dumps({"Ville": p.town}),
                sort_name(p.nom, p.prenom, p.societe),
                search_text(p.e164, p.nom, p.prenom, p.societe, p.email),
                "active",
                at,
                at,
            )
            for p in chunk
        ],
    )
    written = connection.scalars(
        select(CONTACT.c.id)
        .where(CONTACT.c.account_id == actor.account_id, CONTACT.c.id > before)
        .order_by(CONTACT.c.id)
    )
    return list(written)


def _launch(
    db: Database, actor: Actor, planned: plan.Planned, group_id: int, terms: Terms, lane: str | None = None
) -> int:
    """Write a draft and send it, as a person does: recipients, text, exact price seen, consent given."""
    campaign_id = _draft(db, actor, planned, group_id)
    if lane is not None:
        with db.write() as session:
            session.connection().execute(update(CAMPAIGN).where(CAMPAIGN.c.id == campaign_id).values(lane=lane))
    with db.read() as session:
        quote = price(session, session.get_one(Campaign, campaign_id), terms)
    return launch(db, actor, campaign_id, Seen(quote.kept, quote.total), terms, consent=True)


def _draft(db: Database, actor: Actor, planned: plan.Planned, group_id: int) -> int:
    campaign_id = campaigns.create_draft(db, actor)
    campaigns.add_groups(db, actor, campaign_id, [group_id])
    campaigns.edit_draft(
        db,
        actor,
        campaign_id,
        name=planned.name,
        text=planned.text,
        purpose=planned.purpose,
        sender=planned.sender,
    )
    return campaign_id


def _come_to_life(work: _Work, actor: Actor, groups: dict[plan.GroupKey, int]) -> None:
    """Hand the past over to the live engine, leave a draft to be finished, and launch today's campaign under it."""
    with work.db.write() as session:
        mine = (CAMPAIGN.c.account_id == actor.account_id, CAMPAIGN.c.lane == LANE.format(actor.account_id))
        session.connection().execute(update(CAMPAIGN).where(*mine).values(lane="live"))
        session.get_one(User, actor.user_id).last_login_at = work.db.now()  # from here on it counts as opened
    _draft(work.db, actor, plan.DRAFT, groups[plan.DRAFT.group])
    _launch(work.db, actor, plan.LIVE, groups[plan.LIVE.group], work.terms)
