"""Credits are exact: parsing, printing and arithmetic in whole units (S77-S82)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.credits import MAX_UNITS, UNITS, Credits, NotAnAmount

AMOUNTS = st.integers(-(10**15), 10**15).map(Credits)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("1", 10_000),
        ("1.1", 11_000),  # S80
        ("1,41", 14_100),  # S81
        ("0.0001", 1),
        ("-0,5", -5_000),
        ("\u22125", -50_000),
        ("+3", 30_000),
        ("5 411,4", 54_114_000),
        ("5\u202f411,4", 54_114_000),
        ("1.10000", 11_000),
        (20, 200_000),
        (Decimal("1E+2"), 1_000_000),
        (Decimal("0.065"), 650),
    ],
)
def test_S80_S81_amounts_are_read_exactly(text: str | int | Decimal, units: int) -> None:
    assert Credits.parse(text).units == units


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "1.1.1", "1,", ".5", "1e3", "nan", "inf", "0x10", "٣", "1.00001", "1-", "9" * 15, Decimal("NaN")],
)
def test_what_is_not_an_amount_is_refused(text: str | Decimal) -> None:
    with pytest.raises(NotAnAmount):
        Credits.parse(text)


def test_a_fifth_decimal_is_named_as_the_reason() -> None:
    with pytest.raises(NotAnAmount) as refusal:
        Credits.parse("1.12345")
    assert refusal.value.key == "credits.too_many_decimals"
    assert refusal.value.params == {"value": "1.12345"}


@pytest.mark.parametrize("value", [1.1, True, None])
def test_floats_are_never_credits(value: object) -> None:
    with pytest.raises(TypeError):
        Credits.parse(value)  # type: ignore[arg-type]  # the refusal of a wrong type is what is proved
    with pytest.raises(TypeError):
        Credits(value)  # type: ignore[arg-type]


def test_credits_do_not_mix_with_bare_numbers() -> None:
    with pytest.raises(TypeError):
        Credits(1) + 1  # type: ignore[operator]
    with pytest.raises(TypeError):
        Credits(1) * 1.5  # type: ignore[operator]


@given(AMOUNTS)
def test_printing_then_reading_gives_the_same_amount(amount: Credits) -> None:
    assert Credits.parse(str(amount)) == amount
    assert amount.decimal * UNITS == amount.units


@given(AMOUNTS, AMOUNTS, st.integers(-1000, 1000))
def test_arithmetic_is_that_of_whole_units(a: Credits, b: Credits, times: int) -> None:
    assert (a + b).units == a.units + b.units
    assert a - b == -(b - a)
    assert (a * times).units == (times * a).units == a.units * times
    assert (a < b) is (a.units < b.units)
    assert bool(a) is (a.units != 0)


def test_the_screen_gets_a_plain_number() -> None:
    assert Credits(54_114_000).number == 5411.4
    assert str(Credits(54_114_000)) == "5411.4"
    assert str(Credits(-1)) == "-0.0001"


def test_the_largest_amount_fits_a_bigint() -> None:
    assert Credits.parse(str(Credits(MAX_UNITS))).units == MAX_UNITS
    with pytest.raises(NotAnAmount):
        Credits.parse("922337203685477.5808")
