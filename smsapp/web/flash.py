"""What a refused form says to the page it goes back to: kept here for two minutes under a random key, read once.

Neither the typed values nor the reason travel in an address or in a cookie; passwords are not kept at all.
"""

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from smsapp.domain.errors import Refusal
from smsapp.web.people import cookie_value

COOKIE = "smsapp_flash"
LASTS = 120  # seconds
CAPACITY = 2_000


@dataclass(frozen=True)
class Flash:
    """``refusal`` speaks of the whole form, ``problems`` of its fields; ``typed`` is what the person wrote."""

    form: str
    refusal: Refusal | None = None
    problems: dict[str, Refusal] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)


class Flashes:
    """The flashes that wait for their page."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Flash]] = OrderedDict()

    def put(self, flash: Flash) -> str:
        """Keep one and answer its key."""
        key = secrets.token_urlsafe(16)
        self._kept[key] = (time.monotonic() + LASTS, flash)
        while len(self._kept) > CAPACITY:
            self._kept.popitem(last=False)
        return key

    def take(self, key: str) -> Flash | None:
        """The flash of a key, once."""
        until, flash = self._kept.pop(key, (0.0, Flash("")))
        return flash if time.monotonic() < until else None

    def for_page(self, cookie_header: str) -> Flash | None:
        """What waits for the page whose websocket came with this Cookie header, once."""
        key = cookie_value(cookie_header, COOKIE)
        return self.take(key) if key else None
