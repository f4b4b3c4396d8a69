"""Readings that are too dear for every refresh, kept for all the pages that show them.

A reading is made anew when what it describes has changed, but not before three seconds and twenty times what the last
one took have passed: a long list of messages never fills the machine.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from smsapp.db import Database

LEAST_PAUSE = 3.0  # seconds
LOAD = 20
CAPACITY = 256  # readings per database

Result = TypeVar("Result")


@dataclass
class _Reading:
    value: Any
    signature: Hashable
    again_at: float


_lock = threading.Lock()
_shelves: WeakKeyDictionary[Database, OrderedDict[Hashable, _Reading]] = WeakKeyDictionary()


def kept(db: Database, key: Hashable, signature: Hashable, read: Callable[[], Result]) -> Result:
    """What ``read`` answered last under ``key``; asked again when ``signature`` is another one and the pause is over.

    ``key`` must name the account: what one tenant reads is never given to another.
    """
    with _lock:
        known = _shelves.setdefault(db, OrderedDict()).get(key)
    if known and (known.signature == signature or time.monotonic() < known.again_at):
        found: Result = known.value
        return found
    begun = time.monotonic()
    value = read()
    ended = time.monotonic()
    with _lock:
        shelf = _shelves.setdefault(db, OrderedDict())
        shelf[key] = _Reading(value, signature, ended + max(LEAST_PAUSE, LOAD * (ended - begun)))
        shelf.move_to_end(key)
        while len(shelf) > CAPACITY:
            shelf.popitem(last=False)
    return value


def forget(db: Database, key: Hashable) -> None:
    """Read anew next time: something that the signature does not know of has changed."""
    with _lock:
        _shelves.setdefault(db, OrderedDict()).pop(key, None)
