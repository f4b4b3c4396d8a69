"""Sign-in sessions: a random id in the browser's cookie, its SHA-256 here. Revocable; the id itself is never stored."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete, update
from sqlmodel import col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User, UserSession
from smsapp.db import Database

ID_BYTES = 32


def digest(sid: str) -> str:
    """What stands for a session id in the database and in caches."""
    return hashlib.sha256(sid.encode()).hexdigest()


def open_session(db: Database, user_id: int, lasts: timedelta) -> str:
    """Begin a session and answer its id, for the cookie. Sessions of this user that have ended are swept away."""
    sid = secrets.token_urlsafe(ID_BYTES)
    now = db.now()
    with db.write() as s:
        s.execute(delete(UserSession).where(col(UserSession.user_id) == user_id, col(UserSession.expires_at) <= now))
        s.add(UserSession(sid_hash=digest(sid), user_id=user_id, created_at=now, expires_at=now + lasts))
    return sid


def close_session(db: Database, sid: str) -> None:
    """Revoke one session: signing out. An unknown id is no error."""
    with db.write() as s:
        s.execute(
            update(UserSession)
            .where(col(UserSession.sid_hash) == digest(sid), col(UserSession.revoked_at).is_(None))
            .values(revoked_at=db.now())
        )


def revoke_all(db: Database, user_id: int) -> int:
    """Revoke every session of a user and answer how many were still good (M1: a new password ends them all)."""
    with db.write() as s:
        done = s.execute(
            update(UserSession)
            .where(col(UserSession.user_id) == user_id, col(UserSession.revoked_at).is_(None))
            .values(revoked_at=db.now())
        )
        return int(getattr(done, "rowcount", 0))


def actor_of(db: Database, sid: str) -> Actor | None:
    """The person behind a session id; None when it is unknown, over or revoked."""
    with db.read() as s:
        found = s.exec(
            select(User, Account)
            .join(UserSession, col(UserSession.user_id) == col(User.id))
            .join(Account, col(Account.id) == col(User.account_id))
            .where(
                UserSession.sid_hash == digest(sid),
                col(UserSession.revoked_at).is_(None),
                UserSession.expires_at > db.now(),
            )
        ).first()
    if found is None:
        return None
    user, account = found
    return actor(user, account)


def actor(user: User, account: Account) -> Actor:
    """The actor of a stored user, who must have been given an id by the database."""
    assert user.id is not None
    assert account.id is not None
    return Actor(user.id, account.id, user.identifiant, user.email, user.language, account.name)
