"""How many numbers stand more than once, for a figure beside a menu: counted beside the pages, at most once a minute.

Counting reads the whole index of numbers; nobody waits for it. Whoever merges says the new figure at once.
"""

import time
from typing import Final

from smsapp.accounts.actor import Actor
from smsapp.contacts.duplicates import extent
from smsapp.db import Database

FRESH: Final = 60.0  # seconds
CAPACITY: Final = 10_000


class Repeated:
    """The figures known in this process, by account."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[int, tuple[float, int]] = {}

    def known(self, actor: Actor) -> int:
        """The figure as it was counted last, 0 when it never was."""
        return self._known.get(actor.account_id, (0.0, 0))[1]

    def count(self, actor: Actor) -> int:
        """The figure, counted anew when it is older than FRESH: call it in a worker thread."""
        found = self._known.get(actor.account_id)
        if found is not None and time.monotonic() - found[0] < FRESH:
            return found[1]
        return self.tell(actor, extent(self._db, actor).numbers)

    def tell(self, actor: Actor, numbers: int) -> int:
        """The figure is known: somebody has just counted."""
        if len(self._known) >= CAPACITY:
            self._known.clear()
        self._known[actor.account_id] = (time.monotonic(), numbers)
        return numbers
