"""Which packs to buy for a number of credits: the cheapest single size, and the cheapest mix (S76, S82, S83).

Everything is whole numbers: credits, and euros in ten-thousandths. The mix is exact for any tariff. With B the pack
whose credits are cheapest, a mix without B that adds up to T credits is worth, beyond the rate of B, a surcharge that
never falls as packs are added; so the least surcharge for each remainder of T by the size of B, found once per tariff
as shortest paths, answers every amount.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from math import gcd

from smsapp.domain.tariff import Pack, Tariff

TENTHS = 10_000
"""Ten-thousandths in one euro."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Packs that hold at least `needed` credits: (size, count) from the largest; `price` in ten-thousandths of euro
    before tax; `left` credits remain once `needed` are used."""

    needed: int
    packs: tuple[tuple[int, int], ...]
    price: int

    @property
    def credits(self) -> int:
        """Credits bought."""
        return sum(size * count for size, count in self.packs)

    @property
    def left(self) -> int:
        """Credits that remain."""
        return self.credits - self.needed


def single_covers(needed: int, tariff: Tariff) -> tuple[Cover, ...]:
    """One cover per size of pack, using that size alone; cheapest first. Nothing for no credits."""
    if needed <= 0:
        return ()
    covers = []
    for pack in tariff.packs:
        count = -(-needed // pack.credits)
        covers.append(Cover(needed, ((pack.credits, count),), count * _price(pack)))
    return tuple(sorted(covers, key=lambda cover: (cover.price, cover.left)))


def cheapest_cover(needed: int, tariff: Tariff) -> Cover | None:
    """The cheapest packs of any sizes that hold `needed` credits; of equal prices, the one with most credits left.

    None when nothing is needed or nothing is sold.
    """
    if needed <= 0 or not tariff.packs:
        return None
    priced = tuple((pack.credits, _price(pack)) for pack in tariff.packs)
    paths = _paths(priced)
    units = -(-needed // paths.unit)
    best, price = paths.base, paths.base_price
    chosen = min(
        (
            (surcharge + price * ((total - units) % best), -((total - units) % best), total)
            for total, surcharge in zip(paths.totals, paths.surcharges, strict=True)
            if total >= 0
        ),
    )
    total, left = chosen[2], -chosen[1]
    if total > units + left:  # the mix overshoots a small amount: settle it by trying every amount up to it
        counts = _small(units, priced, paths.unit)
    else:
        counts = Counter(paths.packs_of(total))
        counts[best * paths.unit] += (units + left - total) // best
    prices = dict(priced)
    packs = tuple(sorted(((size, count) for size, count in counts.items() if count), reverse=True))
    return Cover(needed, packs, sum(prices[size] * count for size, count in packs))


def _price(pack: Pack) -> int:
    """Ten-thousandths of euro for one pack: a tariff has at most four decimals."""
    return int(pack.total * TENTHS)


@dataclass(frozen=True)
class _Paths:
    """For each remainder by `base`: the total that reaches it with the least surcharge, and the pack added last.

    Sizes and totals are in `unit`s, the greatest common divisor of all sizes; a surcharge is in ten-thousandths times
    `base`; a total of -1 is out of reach.
    """

    unit: int
    base: int
    base_price: int
    totals: tuple[int, ...]
    surcharges: tuple[int, ...]
    last: tuple[int, ...]

    def packs_of(self, total: int) -> list[int]:
        found = []
        while total:
            size = self.last[total % self.base]
            found.append(size * self.unit)
            total -= size
        return found


@lru_cache(maxsize=16)
def _paths(priced: tuple[tuple[int, int], ...]) -> _Paths:
    unit = gcd(*(size for size, _ in priced))
    base_size, base_price = min(priced, key=lambda pack: (_Rate(pack[1], pack[0]), -pack[0]))
    base = base_size // unit
    others = [(size // unit, price * base - base_price * (size // unit)) for size, price in priced if size != base_size]
    totals, surcharges, last = [-1] * base, [0] * base, [0] * base
    queue = [(0, 0, 0)]
    while queue:
        surcharge, total, size = heapq.heappop(queue)
        if totals[total % base] >= 0:
            continue
        totals[total % base], surcharges[total % base], last[total % base] = total, surcharge, size
        for more, extra in others:
            if totals[(total + more) % base] < 0:
                heapq.heappush(queue, (surcharge + extra, total + more, more))
    return _Paths(unit, base, base_price, tuple(totals), tuple(surcharges), tuple(last))


@dataclass(frozen=True, slots=True)
class _Rate:
    """A price per credit, compared without division."""

    price: int
    size: int

    def __lt__(self, other: _Rate) -> bool:
        return self.price * other.size < other.price * self.size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rate) and self.price * other.size == other.price * self.size

    __hash__ = None  # type: ignore[assignment]  # compared, never kept


def _small(units: int, priced: tuple[tuple[int, int], ...], unit: int) -> Counter[int]:
    """The cheapest packs for a small amount, by the cheapest packs of every smaller one."""
    best: list[tuple[int, int, int]] = [(0, 0, 0)]  # price, minus credits, size added last
    for amount in range(1, units + 1):
        best.append(
            min(
                (
                    best[max(0, amount - size // unit)][0] + price,
                    best[max(0, amount - size // unit)][1] - size,
                    size,
                )
                for size, price in priced
            )
        )
    counts: Counter[int] = Counter()
    while units > 0:
        size = best[units][2]
        counts[size] += 1
        units -= size // unit
    return counts
