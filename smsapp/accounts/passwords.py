"""Passwords: what a good one is, and Argon2id (19 MiB, 2 passes, 1 lane) in two threads of its own.

Two threads, because two hundred people signing in at once must take neither the memory nor the threads of the pages.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from smsapp.domain.errors import Refusal

SHORTEST = 12  # characters
LONGEST = 200
DIFFERENT = 5  # different characters at least

# What is left of a bad password once its figures and signs are taken away.
_COMMON = frozenset(
    (
        *("admin", "administrateur", "azerty", "azertyuiop", "bienvenue", "bonjour", "changeme", "chouchou", "doudou"),
        *("football", "iloveyou", "jetaime", "letmein", "loulou", "marseille", "motdepasse", "passe", "password"),
        *("princesse", "qwerty", "qwertyuiop", "qwertz", "secret", "smsapp", "soleil", "test", "welcome"),
    )
)

Args = ParamSpec("Args")
Result = TypeVar("Result")

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")


class WeakPassword(Refusal):
    """The password will not do; ``key`` says why."""


async def apart(work: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
    """Run ``work``, which hashes, in the two threads kept for it."""
    return await asyncio.get_running_loop().run_in_executor(_threads, lambda: work(*args, **kwargs))


def check(password: str, *names: str) -> None:
    """Refuse a password that is easily guessed; ``names`` are what everybody knows of its owner (identifiant, e-mail).

    Raises:
        WeakPassword: too short, too long, one of the owner's names, or too simple.
    """
    plain = _normal(password)
    if len(plain) < SHORTEST:
        raise WeakPassword("accounts.password_short", {"count": SHORTEST})
    if len(plain) > LONGEST:
        raise WeakPassword("accounts.password_long", {"count": LONGEST})
    folded = plain.casefold()
    known = {part.casefold() for name in names if name for part in (name, name.partition("@")[0])}
    if folded in known:
        raise WeakPassword("accounts.password_is_name")
    letters = "".join(c for c in folded if c.isalpha())
    if len(set(folded)) < DIFFERENT or _runs(folded) or letters in _COMMON:
        raise WeakPassword("accounts.password_simple")


def digest(password: str) -> str:
    """The hash to store. Slow on purpose: call it through ``apart``."""
    return _hasher.hash(_normal(password))


def verify(stored: str, password: str) -> bool:
    """Whether ``password`` is the one. Without a stored hash it takes the same time and answers no."""
    try:
        return _hasher.verify(stored or _nobody(), _normal(password)) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's and should be made anew."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    """The hash that stands in for people who do not exist."""
    return _hasher.hash("nobody has this password")


def _normal(password: str) -> str:
    """One form for the same characters typed on different keyboards (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _runs(text: str) -> bool:
    """Mostly neighbours (abcdef, 654321) or repeats: four steps of five go by one at most."""
    steps = [abs(ord(a) - ord(b)) for a, b in pairwise(text)]
    return sum(step <= 1 for step in steps) >= 0.8 * len(steps)
