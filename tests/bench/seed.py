"""A server's database filled before it starts: an account with many contacts, credits and a session to come in with."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert
from sqlmodel import SQLModel

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.contacts.folding import search_text, sort_name
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
