"""Units, segments and costly characters (S60, S61, M7, RULES part H)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.encoding import (
    BASIC,
    EXTENDED,
    GSM7,
    Encoding,
    culprits,
    measure,
    name_key,
    replace,
    replacement_of,
    shorten,
)
from tests.unit.domain import reference

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "encoding_vectors.json").read_text(encoding="utf-8"))
LETTERS = st.sampled_from("aé €[]ê’😀\u200d\u0301çA\n中")
TEXTS = st.text(LETTERS, max_size=400) | st.text(max_size=200)


@pytest.mark.parametrize("vector", VECTORS, ids=[str(number) for number in range(len(VECTORS))])
def test_shared_vectors_are_counted_as_the_browser_counts_them(vector: dict[str, object]) -> None:
    counted = measure(str(vector["text"]))
    assert counted.encoding.value == vector["encoding"]
    assert counted.units == vector["units"]
    assert counted.segments == vector["segments"]
    assert list(counted.fills) == vector["fills"]


@given(TEXTS)
def test_counting_equals_the_slow_reference(text: str) -> None:
    counted = measure(text)
    encoding, fills = reference.fills(text)
    assert (counted.encoding, list(counted.fills)) == (encoding, fills)
    assert (counted.segments, counted.units, counted.characters) == (len(fills), sum(fills), len(text))
    assert 0 <= counted.left <= counted.capacity


@given(TEXTS, LETTERS)
def test_segments_never_fall_when_a_character_is_added(text: str, char: str) -> None:
    assert measure(text + char).segments >= measure(text).segments


def test_S60_euro_counts_two_and_H_160_characters_with_a_euro_take_two_segments() -> None:
    text = "€" + "a" * 159
    assert (measure(text).units, measure(text).segments) == (161, 2)
    assert measure(text.replace("€", "E")).segments == 1


def test_H_seventy_emoji_take_three_segments_and_no_pair_is_cut() -> None:
    counted = measure("😀" * 70)
    assert (counted.encoding, counted.units, counted.segments) == (Encoding.UCS2, 140, 3)
    assert counted.fills == (66, 66, 8)


def test_H_brackets_cost_one_under_unicode() -> None:
    counted = measure("this is a " + "]" * 75 + "😀")
    assert (counted.characters, counted.units, counted.segments) == (86, 87, 2)


def test_the_alphabet_is_that_of_gsm_03_38() -> None:
    assert len(BASIC) == 127
    assert frozenset(reference.BASIC) == BASIC
    assert frozenset(reference.EXTENDED) == EXTENDED


def test_S61_euro_becomes_e_only_when_that_lowers_the_number_of_segments() -> None:
    long, short = "€" + "a" * 159, "Dès 45€"
    assert shorten(long) == "E" + "a" * 159
    assert shorten(short) == short


@given(TEXTS)
def test_M7_shortening_never_costs_and_never_changes_without_gain(text: str) -> None:
    shorter = shorten(text)
    assert shorter == text or measure(shorter).segments < measure(text).segments


@pytest.mark.parametrize("char", sorted(EXTENDED))
def test_M7_each_character_of_the_extension_table_costs_double_and_has_a_replacement(char: str) -> None:
    (culprit,) = culprits(char * 3)
    assert (culprit.char, culprit.count, culprit.effect) == (char, 3, "double")
    assert culprit.replacement is not None
    assert BASIC.issuperset(culprit.replacement)


FRENCH = {
    "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ",
    "\u202f": " ", "ç": "c", "â": "a", "ê": "e", "î": "i", "ô": "o", "û": "u", "ë": "e", "ï": "i", "œ": "oe", "À": "A",
    "È": "E", "Ù": "U", "Ê": "E", "Œ": "OE",
}  # fmt: skip


@pytest.mark.parametrize(("char", "replacement"), FRENCH.items())
def test_M7_french_letters_and_typography_outside_the_alphabet_have_a_replacement(char: str, replacement: str) -> None:
    (culprit,) = culprits(char)
    assert (culprit.effect, culprit.replacement) == ("unicode", replacement)
    assert measure(replace(char)).encoding is Encoding.GSM7


@pytest.mark.parametrize("char", "àéèùìòÉÇäöüñæÆøßÄÖÜÑ")
def test_M7_letters_of_the_alphabet_are_left_alone(char: str) -> None:
    assert culprits(char) == []
    assert replace(char, {char}) == char


def test_culprits_are_listed_unicode_first_in_order_of_appearance() -> None:
    listed = culprits("45€ c’est la fête, d’accord [oui]")
    assert [(c.char, c.count) for c in listed] == [("’", 2), ("ê", 1), ("€", 1), ("[", 1), ("]", 1)]
    assert [c.name_key for c in listed[:3]] == [
        "text.char.curly_apostrophe",
        "text.char.e_circumflex",
        "text.char.euro",
    ]


def test_a_single_kind_of_character_can_be_replaced() -> None:
    assert replace("c’est 5€", {"’"}) == "c'est 5€"
    assert replace("c’est 5€") == "c'est 5E"


def test_an_accent_typed_apart_joins_its_letter() -> None:
    assert replace("e\u0301te\u0302") == "éte"
    assert replace("e\u0301", {"\u0301"}) == "é"


def test_emoji_and_invisible_characters_can_be_taken_out_and_other_scripts_cannot() -> None:
    assert replace("a\u200bb 👨\u200d👩\u200d👧 ok🎉") == "ab  ok"
    assert replacement_of("中") is None
    assert replace("中") == "中"
    assert (name_key("🎉"), name_key("\u200b"), name_key("中")) == (
        "text.char.emoji",
        "text.char.invisible",
        "text.char.letter",
    )


@given(TEXTS)
def test_every_replacement_is_made_of_characters_that_cost_nothing(text: str) -> None:
    replaced = replace(text)
    left = {culprit.char for culprit in culprits(replaced)}
    assert all(replacement_of(char) is None for char in left)
    if not left:
        assert GSM7.issuperset(replaced)


@given(st.characters())
def test_every_character_has_a_name(char: str) -> None:
    assert name_key(char).startswith("text.char.")
    assert replacement_of(char) is None or BASIC.issuperset(replacement_of(char) or "")
