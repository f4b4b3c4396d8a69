"""What somebody without an account takes along while they sign in: a text for the composer, for half an hour, once.

The cookie holds a random key and nothing else; a restart of the server forgets it.
"""

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass

from smsapp.web.people import cookie_value

COOKIE = "smsapp_carried"
LASTS = 1800  # seconds
CAPACITY = 1_000
LONGEST = 20_000  # characters of a text
PAGE = "/compose?carried=1"


@dataclass(frozen=True)
class Carried:
    """A message: its text, whether it is marketing, whether it goes under a name; how many people of which territories
    it was priced for, and that price in units of credit."""

    text: str
    marketing: bool = True
    custom: bool = False
    volumes: tuple[tuple[str, int], ...] = ()
    units: int = 0


class Luggage:
    """What waits for its person."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Carried]] = OrderedDict()

    def put(self, carried: Carried) -> str:
        """Keep one and answer its key."""
        key = secrets.token_urlsafe(16)
        self._kept[key] = (time.monotonic() + LASTS, carried)
        while len(self._kept) > CAPACITY:
            self._kept.popitem(last=False)
        return key

    def waits(self, key: str) -> bool:
        """Whether something is kept for a key."""
        return time.monotonic() < self._kept.get(key, (0.0, None))[0]

    def take(self, cookie_header: str) -> Carried | None:
        """What waits for the browser of this Cookie header, once."""
        until, carried = self._kept.pop(cookie_value(cookie_header, COOKIE), (0.0, None))
        return carried if time.monotonic() < until else None
