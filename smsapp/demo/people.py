"""The people of a demonstration: names, companies, e-mails at example.net, mobile numbers that no other one has.

Replies and STOP go by number, to whoever wrote to it last: so that demonstrations do not mix, each has its own numbers,
given by its place. They look like anybody's, hence a demonstration only ever meets the simulated network (see
``service.py``). The phone that a visitor calls their own is in the range kept for films, 06 39 98.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from smsapp.contacts.folding import fold
from smsapp.demo.names import FAMILY_NAMES, FIRST_NAMES, TOWNS, TRADES
from smsapp.gateways.fate import MAGIC

FICTION = 33_639_980_000  # +33 6 39 98 xx xx
MOST = 20_000  # people in one demonstration: the numbers kept for each
SHARED_PHONES = 400  # one person in so many shares the phone of the one before (S75)
SEED = 7


@dataclass(frozen=True, slots=True)
class Range:
    """Mobile numbers of a territory: a prefix, then ``digits`` digits. ``share``: people out of a thousand."""

    territory: str
    prefixes: tuple[int, ...]
    digits: int
    share: int

    @property
    def _each(self) -> int:
        return int(10**self.digits)

    @property
    def size(self) -> int:
        return len(self.prefixes) * self._each

    @property
    def room(self) -> int:
        """The numbers kept for one demonstration: a quarter more than its share of people, which chance decides."""
        return MOST * self.share // 800

    def number(self, place: int, index: int) -> int:
        """The number of the ``index``-th person of this range in the demonstration at ``place``.

        Different for all people of all demonstrations, until the range is used up and begins again. Neighbours lie far
        apart: the step is near the golden section of the range and has no divisor in common with its size.
        """
        at = (place * self.room + index) * _step(self.size) % self.size
        prefix, rest = divmod(at, self._each)
        return self.prefixes[prefix] * self._each + rest


@cache
def _step(size: int) -> int:
    step = int(size * 0.618034)
    while math.gcd(step, size) != 1:
        step += 1
    return step


RANGES = (
    Range("FR", (*range(3364, 3369), 3361, 3362, *range(3373, 3380)), 7, 955),
    Range("MQ", (596696, 596697), 6, 8),
    Range("GP", (590690,), 6, 8),
    Range("RE", (262692,), 6, 8),
    Range("BE", (3247, 3248, 3249), 7, 9),
    Range("CH", (4176, 4177, 4178, 4179), 7, 6),
    Range("LU", (352621, 352691), 6, 3),
    Range("ES", (3461, 3462, 3465), 7, 3),
)


@dataclass(frozen=True, slots=True)
class Face:
    """What is the same in every demonstration: who the person is, and where among the numbers of which range."""

    nom: str
    prenom: str
    email: str
    societe: str
    town: str
    range: Range
    index: int


@dataclass(frozen=True, slots=True)
class Person:
    """A contact to be."""

    e164: int
    territory: str
    nom: str
    prenom: str
    email: str
    societe: str
    town: str


def people(place: int, count: int) -> list[Person]:
    """The people of the demonstration at ``place`` (any number from 0 on), always the same ones, with its numbers."""
    if not 0 <= count <= MOST:
        raise ValueError(f"a demonstration has at most {MOST} people")
    return [
        Person(f.range.number(place, f.index), f.range.territory, f.nom, f.prenom, f.email, f.societe, f.town)
        for f in _faces(count)
    ]


def own_number(user_id: int) -> int:
    """The phone that a user calls their own (E.164): in the range kept for films, with no ending that fixes a fate."""
    return _ordinary()[user_id * 3_571 % len(_ordinary())]


@cache
def _ordinary() -> tuple[int, ...]:
    return tuple(n for n in range(FICTION, FICTION + 10_000) if str(n)[-3:] not in MAGIC)


@cache
def _faces(count: int) -> tuple[Face, ...]:
    return tuple(_invent(count))


def _invent(count: int) -> Iterator[Face]:
    chance = random.Random(SEED)
    firsts, families = list(dict.fromkeys(FIRST_NAMES)), list(dict.fromkeys(FAMILY_NAMES))
    # Common names first in the lists: people have them more often.
    first_weights, family_weights = ([1 / (9 + i) ** 0.6 for i in range(len(names))] for names in (firsts, families))
    used: dict[str, int] = {}
    taken = dict.fromkeys(RANGES, 0)
    shares = [r.share for r in RANGES]
    last: tuple[Range, int] | None = None
    for number in range(1, count + 1):
        [prenom] = chance.choices(firsts, first_weights)
        nom = chance.choices(families, family_weights)[0]
        societe = chance.choice(TRADES).format(nom) if chance.random() < 0.3 else ""
        where = chance.choices(RANGES, shares)[0]
        if number % SHARED_PHONES == 0 and last:
            where, index = last
        else:
            index = taken[where]
            if index >= where.room:  # chance gave this range too many: France has room
                where = RANGES[0]
                index = taken[where]
            taken[where] += 1
        last = where, index
        email = ""
        if chance.random() < 0.85:
            local = f"{fold(prenom)}.{fold(nom)}".replace(" ", "-").replace("'", "")
            used[local] = used.get(local, 0) + 1
            email = f"{local}{used[local] if used[local] > 1 else ''}@example.net"
        yield Face(nom, prenom, email, societe, chance.choice(TOWNS), where, index)
