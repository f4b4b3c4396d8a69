"""A server's database filled before it starts: an account with contacts, credits, a campaign, and a session to come in."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select
from sqlmodel import SQLModel, col

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.campaigns import service as campaigns
from smsapp.campaigns.explain import look
from smsapp.campaigns.launch import Seen, launch
from smsapp.campaigns.pricing import Terms
from smsapp.contacts.folding import search_text, sort_name
from smsapp.contacts.groups import create_group
from smsapp.contacts.tables import Contact
from smsapp.db import Database
from smsapp.ledger import service as ledger

FIRST = ("Inès", "Chloé", "Bastien", "Anaïs", "Victor", "Élise", "Timothée", "Marie-Emmanuelle", "Adrien", "Zoé")
LAST = ("Moreau", "Garnier", "Roy", "Colin", "Hamon", "Lemaire", "Dupuis", "Lebreton", "Pascal", "Lamy", "Nguyen")
FICTION = 33_639_980_000  # 10 000 numbers that nobody has; a book may hold a number more than once (S75)


@dataclass(frozen=True)
class Seeded:
    """Who was made, and the id of a session of theirs."""

    actor: Actor
    session: str


def seed(db: Database, name: str, *, contacts: int = 0, credit: int = 0) -> Seeded:
    """Open an account ``name`` with ``contacts`` contacts and ``credit`` whole credits."""
    now = db.now()
    with db.write() as s:
        account = Account(name=f"Maison {name}", created_at=now)
        s.add(account)
        s.flush()
        user = User(
            account_id=account.id or 0, identifiant=name, email=f"{name}@example.net", password_hash="", created_at=now
        )
        s.add(user)
        s.flush()
        ledger.open_account(s, account.id or 0)
        actor = sessions.actor(user, account)
        table = SQLModel.metadata.tables[str(Contact.__tablename__)]
        for start in range(0, contacts, 5_000):
            people = [_contact(actor.account_id, i, now) for i in range(start, min(start + 5_000, contacts))]
            s.connection().execute(insert(table), people)
    if credit:
        ledger.purchase(db, actor.account_id, credit * 10_000, f"seed:{name}")
    return Seeded(actor, sessions.open_session(db, actor.user_id, timedelta(hours=6)))


def group_of(db: Database, who: Seeded, name: str, members: int) -> int:
    """A group of the first ``members`` contacts; its id."""
    with db.read() as s:
        mine = select(col(Contact.id)).where(col(Contact.account_id) == who.actor.account_id)
        ids = s.scalars(mine.order_by(col(Contact.id)).limit(members)).all()
    return create_group(db, who.actor, name, [i for i in ids if i is not None])


def draft_to(db: Database, who: Seeded, group_id: int, text: str, *, name: str = "") -> int:
    """A draft to a group; its id."""
    made = campaigns.create_draft(db, who.actor)
    campaigns.edit_draft(db, who.actor, made, text=text, name=name)
    campaigns.add_groups(db, who.actor, made, [group_id])
    return made


def send(db: Database, who: Seeded, draft_id: int) -> int:
    """Send a draft, as its author would who agrees with the price; how many messages it has. The server's engine does
    the rest as soon as it runs.
    """
    terms = Terms(hours_hold=False)
    seen = look(db, who.actor, draft_id, 0, terms).view
    launch(db, who.actor, draft_id, Seen(seen.recipients, seen.units), terms, consent=True)
    return seen.recipients


def _contact(account_id: int, i: int, now: object) -> dict[str, object]:
    prenom, nom = FIRST[i % len(FIRST)], f"{LAST[i // 7 % len(LAST)]} {i:05d}"
    number = FICTION + i % 10_000
    return {
        "account_id": account_id,
        "e164": number,
        "territory": "FR",
        "nom": nom,
        "prenom": prenom,
        "email": f"client{i}@example.net",
        "societe": "",
        "extra": {},
        "sort_name": sort_name(nom, prenom),
        "search": search_text(number, nom, prenom, "", f"client{i}@example.net"),
        "state": "active",
        "created_at": now,
        "updated_at": now,
    }
