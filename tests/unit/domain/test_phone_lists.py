"""A pasted list of numbers (S29): where one ends and the next begins."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.phone import Number, read_number, split_numbers

A, B = "0612345678", "0687654321"


@pytest.mark.parametrize(
    "text",
    [
        f"{A},{B}",
        f"{A}, {B}",
        f"{A};{B}",
        f"{A}\n{B}",
        f"{A}\r\n{B}",
        f"{A}\t{B}",
        f"{A}|{B}",
        f"{A}  {B}",
        f"{A} {B}",
        f"{A}\u00a0\u00a0{B}",
        f"{A}\u2028{B}",
        f",;\n {A} ,;,\n\n{B};\t",
    ],
)
def test_s29_separators(text: str) -> None:
    assert split_numbers(text) == [A, B]


@pytest.mark.parametrize(
    "number",
    [
        "06 12 34 56 78",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "0033 612345678",
        "33 612 345 678",
        "+33 612345678",
        "+1 415 5552671",
        "+44 7700 900123",
        "00596 696 123456",
        "00596 696 12345678",
        "(+33) 6 12 34 56 78",
        "06.12.34.56.78",
        "0612345678 Paul",
        "6,12E+08",
    ],
)
def test_s29_one_number_stays_one(number: str) -> None:
    assert split_numbers(number) == [number]
    assert split_numbers(f"{number};{number}") == [number, number]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("06 12 34 56 78 06 87 65 43 21", ["06 12 34 56 78", "06 87 65 43 21"]),
        ("+33 6 12 34 56 78 +33 6 87 65 43 21", ["+33 6 12 34 56 78", "+33 6 87 65 43 21"]),
        ("33612345678 33687654321 0612345679", ["33612345678", "33687654321", "0612345679"]),
        ("0612345678 +447700040123", ["0612345678", "+447700040123"]),
        ("612345678 687654321", ["612345678", "687654321"]),
    ],
)
def test_s29_one_space_separates_whole_numbers(text: str, numbers: list[str]) -> None:
    assert split_numbers(text) == numbers
    assert all(isinstance(read_number(number), Number) for number in numbers)


@pytest.mark.parametrize("text", ["", " ", "\n\n", ",;|\t"])
def test_nothing_gives_nothing(text: str) -> None:
    assert split_numbers(text) == []


@given(st.text(alphabet="0123456789+ .-()/,;|\t\n\u00a0\u202faE", max_size=80))
def test_no_digit_is_lost_or_moved(text: str) -> None:
    numbers = split_numbers(text)
    assert [c for c in "".join(numbers) if c.isdigit()] == [c for c in text if c.isdigit()]
    assert all(number.strip() for number in numbers)


@given(st.text(max_size=80))
def test_any_text_is_split_for_good(text: str) -> None:
    numbers = split_numbers(text)
    assert [c for c in "".join(numbers) if c.isdigit()] == [c for c in text if c.isdigit()]
    assert [again for number in numbers for again in split_numbers(number)] == numbers


@pytest.mark.parametrize("piece", ["0612345678,", "06 12 34 56 78\n", "0612345678 ", " ", "1", "1 ", ",", "+", "1,1E"])
def test_a_megabyte_is_split_in_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.perf_counter()
    split_numbers(text)
    assert time.perf_counter() - start < 5
