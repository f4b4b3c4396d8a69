"""Who is signed in: from the cookie of a request or a websocket to an ``Actor``, asked anew at most every 5 s.

A sign-out forgets its session here at once; a session revoked elsewhere (another process) lives 5 s longer.
"""

import asyncio
import time

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.db import Database

FRESH = 5.0  # seconds
CAPACITY = 10_000


def cookie_name(secure: bool) -> str:
    """``__Host-`` binds the cookie to this very host over https; browsers refuse the prefix on plain http."""
    return "__Host-smsapp" if secure else "smsapp_session"


def cookie_value(header: str, name: str) -> str:
    """The value of one cookie in a Cookie header, empty when it is not there."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value.strip().strip('"')
    return ""


class People:
    """The sessions seen lately, by the hash of their id."""

    def __init__(self, db: Database, *, secure: bool = False) -> None:
        self._db = db
        self._cookie = cookie_name(secure)
        self._seen: dict[str, tuple[float, Actor | None]] = {}

    @property
    def cookie(self) -> str:
        """The name of the session cookie."""
        return self._cookie

    def session_id(self, cookie_header: str) -> str:
        """The session id that a Cookie header carries, empty when it carries none."""
        return cookie_value(cookie_header, self._cookie)

    async def actor(self, cookie_header: str) -> Actor | None:
        """Who the cookie belongs to; None for a missing, unknown, expired or revoked session. Never blocks the loop."""
        sid = self.session_id(cookie_header)
        if not sid:
            return None
        key = sessions.digest(sid)
        found = self._seen.get(key)
        if found and time.monotonic() - found[0] < FRESH:
            return found[1]
        actor = await asyncio.to_thread(sessions.actor_of, self._db, sid)
        if len(self._seen) >= CAPACITY:
            self._seen.clear()
        self._seen[key] = (time.monotonic(), actor)
        return actor

    def forget(self, sid: str) -> None:
        """Ask the database again next time this session is seen."""
        self._seen.pop(sessions.digest(sid), None)

    def forget_all(self) -> None:
        """Ask the database again for everybody."""
        self._seen.clear()
