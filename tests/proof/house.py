"""Somebody to send for, in the database of a proof."""

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.db import Database


def someone(db: Database) -> Actor:
    """A fresh account with one user."""
    with db.write() as session:
        account = Account(name="Maison", created_at=db.now())
        session.add(account)
        session.flush()
        user = User(
            account_id=account.id or 0,
            identifiant="preuve",
            email="preuve@example.net",
            password_hash="",
            created_at=db.now(),
        )
        session.add(user)
        session.flush()
        return Actor(user.id or 0, account.id or 0, user.identifiant, user.email, "fr", account.name)
