"""Files dropped by people without an account: priced in a few threads, gone at once, the price kept for two minutes.

The page holds the file and sends it again when the message changes; here nothing of it outlives the answer.
"""

import secrets
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from smsapp.accounts.limits import Hit, Rule, network, spend
from smsapp.domain.errors import Refusal
from smsapp.domain.tariff import Tariff
from smsapp.simulator.address import from_query
from smsapp.simulator.screen import FileItem, said
from smsapp.simulator.service import Price, simulate_file
from smsapp.web.runtime import runtime

MAX_BYTES = 10 << 20
LASTS = 120  # seconds
CAPACITY = 200
WAITING = 8
RULE = Rule("simulator_file", 120, timedelta(minutes=10))

_pool = ThreadPoolExecutor(2, "simulator")


class Busy(Refusal):
    """More files wait than can be priced soon."""

    key = "simulator.busy"


@dataclass(frozen=True)
class Drop:
    """The price of a file for the options and the text of the query `ask`."""

    ask: str
    price: Price
    found: FileItem


class Drops:
    """The prices that wait for their page."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Drop]] = OrderedDict()
        self.waiting = 0

    def put(self, drop: Drop) -> str:
        """Keep one and answer its key, which nobody can guess."""
        key = secrets.token_urlsafe(16)
        self._kept[key] = (time.monotonic() + LASTS, drop)
        while len(self._kept) > CAPACITY:
            self._kept.popitem(last=False)
        return key

    def take(self, key: str) -> Drop | None:
        """The price of a key, once."""
        until, drop = self._kept.pop(key, (0.0, None))
        return drop if time.monotonic() < until else None


drops = Drops()


def pool() -> ThreadPoolExecutor:
    """Where files are read: few at a time, whoever asks.

    Raises:
        Busy
    """
    if drops.waiting >= WAITING:
        raise Busy
    return _pool


def count_visit(visitor: str) -> None:
    """Count one file of a visitor's address.

    Raises:
        TooManyTries
    """
    rt = runtime()
    spend(rt.db, rt.settings.signing_key, [Hit(RULE, network(visitor))])


def price_file(path: Path, ask: str, tariff: Tariff, short_code: str, opt_out_link: str = "") -> Drop:
    """Price a received file, which is gone afterwards.

    Raises:
        Refusal: what cannot be read or priced; the key says why.
    """
    price, found = simulate_file(path, from_query(ask), tariff, short_code, opt_out_link)
    return Drop(ask, price, FileItem("", found.kept, found.duplicates, found.unreadable, found.uncovered))


def as_json(refusal: Refusal) -> dict[str, object]:
    """A refusal as the script of the page says it."""
    sentence = said(refusal)
    return {"key": sentence.key, "params": sentence.params}
