"""The imports of an account take turns, step by step; so do their undoings and repairs."""

from sqlalchemy import text
from sqlmodel import Session

from smsapp.db import Database

TURN = 7_301_200  # any constant: the family of locks by which the imports of an account take turns


def take_turn(session: Session, db: Database, account_id: int) -> None:
    """Wait until no other transaction of the account's imports is under way: two would create the same contacts, or one
    take out what the other counts as known. On SQLite everybody takes turns.

    To be asked for before any row is locked: whoever holds the turn waits for rows.
    """
    if not db.is_sqlite:
        session.execute(text(f"SELECT pg_advisory_xact_lock({TURN}, :a)"), {"a": account_id % 2**31})
