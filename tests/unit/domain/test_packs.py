"""The cheapest packs, judged by trying every mix (S76, S82, S83)."""

from decimal import Decimal
from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from smsapp.domain.packs import cheapest_cover, single_covers
from smsapp.domain.tariff import Pack, Tariff, default_tariff

TARIFF = default_tariff()


def cheapest_by_trial(needed: int, priced: tuple[tuple[int, int], ...]) -> int:
    @cache
    def price(amount: int) -> int:
        return 0 if amount <= 0 else min(cost + price(amount - size) for size, cost in priced)

    for amount in range(needed):  # shallow recursion
        price(amount)
    return price(needed)


PACKS = st.dictionaries(st.integers(1, 60), st.integers(1, 2000), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(PACKS, st.integers(1, 400))
@example({3: 100, 50: 100}, 1)
def test_no_mix_is_cheaper(packs: dict[int, int], needed: int) -> None:
    tariff = Tariff(
        "t", Decimal(1), {}, tuple(Pack(size, Decimal(eur).scaleb(-4)) for size, eur in sorted(packs.items()))
    )
    cover = cheapest_cover(needed, tariff)
    assert cover is not None
    assert cover.price == cheapest_by_trial(needed, tuple((size, size * eur) for size, eur in packs.items()))
    assert cover.price == sum(size * packs[size] * count for size, count in cover.packs)
    assert cover.credits == needed + cover.left >= needed
    assert all(cover.price <= single.price for single in single_covers(needed, tariff))


def test_the_figures_of_the_board_for_16_716_credits() -> None:
    cover = cheapest_cover(16_716, TARIFF)
    assert cover is not None
    assert cover.packs == ((10_000, 1), (5_000, 1), (1_000, 1), (500, 1), (100, 2), (50, 1))
    assert (cover.price, cover.left) == (9_690_000, 34)
    singles = {c.packs[0]: (c.price, c.left) for c in single_covers(16_716, TARIFF)}
    assert singles[10_000, 2] == (11_000_000, 3_284)
    assert singles[1_000, 17] == (11_050_000, 284)
    assert singles[5_000, 4] == (11_800_000, 3_284)


@settings(deadline=None)
@given(st.integers(1, 10**12))
def test_any_amount_is_answered(needed: int) -> None:
    cover = cheapest_cover(needed, TARIFF)
    assert cover is not None
    assert cover.left >= 0


def test_nothing_to_buy() -> None:
    assert cheapest_cover(0, TARIFF) is None
    assert single_covers(0, TARIFF) == ()
    assert cheapest_cover(5, Tariff("t", Decimal(1), {}, ())) is None
