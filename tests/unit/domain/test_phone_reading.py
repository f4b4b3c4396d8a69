"""One number: every row of RULES part H about numbers, and what surrounds them (S33, S91, S92, M13, M14, M15)."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.phone import Caution, Line, Number, Reason, Unreadable, pretty, read_number
from tests.unit.domain.phone_numbers import world


def accepted(raw: str, region: str = "FR", *, for_voice: bool = False) -> Number:
    reading = read_number(raw, region, for_voice=for_voice)
    assert isinstance(reading, Number), (raw, reading)
    return reading


def refused(raw: str | None, region: str = "FR", *, for_voice: bool = False) -> Unreadable:
    reading = read_number(raw, region, for_voice=for_voice)
    assert isinstance(reading, Unreadable), (raw, reading)
    return reading


@pytest.mark.parametrize(
    "raw",
    ["0612345678", "06.12.34.56.78", "+33 (0)6 12 34 56 78", "0033612345678", "33612345678", "612345678"],
)
def test_s53_every_french_spelling_is_one_number(raw: str) -> None:
    assert accepted(raw) == Number(33612345678, "FR", 33, Line.MOBILE)


@pytest.mark.parametrize("raw", ["447700040123", "00447700040123", "+447700040123", "+44 (0)7700 040123"])
def test_s33_england_with_and_without_prefix(raw: str) -> None:
    assert accepted(raw) == Number(447700040123, "GB", 44, Line.MOBILE)


@pytest.mark.parametrize("raw", ["596696123456", "00596696123456", "+596 696 12 34 56"])
def test_s92_martinique_with_its_code(raw: str) -> None:
    assert accepted(raw) == Number(596696123456, "MQ", 596, Line.MOBILE)


@pytest.mark.parametrize("raw", ["0059669612345678", "59669612345678", "+59669612345678"])
def test_m15_eight_digits_after_596696_are_too_many(raw: str) -> None:
    assert refused(raw).reason is Reason.TOO_LONG


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("0690351234", 590690351234),
        ("0691351234", 590691351234),
        ("0692123456", 262692123456),
        ("0693123456", 262693123456),
        ("0694201234", 594694201234),
        ("0696123456", 596696123456),
        ("0697123456", 596697123456),
        ("0639691234", 262639691234),
        ("696123456", 596696123456),  # Excel ate the zero
        ("+33696123456", 596696123456),
        ("0033 696 12 34 56", 596696123456),
        ("33696123456", 596696123456),
    ],
)
def test_s91_m14_overseas_typed_nationally_is_refused_with_a_repair(raw: str, e164: int) -> None:
    assert refused(raw) == Unreadable(Reason.NEEDS_COUNTRY_CODE, e164, (e164,))
    assert accepted(f"+{e164}").e164 == e164


def test_m14_overseas_block_that_nobody_has_is_refused_without_a_repair() -> None:
    assert refused("0691001234") == Unreadable(Reason.NEEDS_COUNTRY_CODE)


def test_m14_holds_the_other_way_round() -> None:
    """An account in Martinique dials 0696 nationally; a metropolitan mobile needs its code there."""
    assert accepted("0696123456", "MQ").e164 == 596696123456
    assert refused("0612345678", "MQ").suggestion == 33612345678
    assert refused("0690351234", "MQ").suggestion == 590690351234


def test_m14_eaten_zero_is_never_taken_for_a_far_country() -> None:
    """690351234 could be dialled as +690 (Tokelau); it is an overseas mobile from Excel."""
    assert refused("690351234").suggestion == 590690351234


@pytest.mark.parametrize(("raw", "other"), [("687751234", 687751234), ("681821234", 681821234)])
def test_m13_ambiguous_number_is_national_with_the_other_reading(raw: str, other: int) -> None:
    reading = accepted(raw)
    assert reading.e164 == int("33" + raw)
    assert reading.warning == Caution.AMBIGUOUS
    assert reading.choices == (other,)
    assert accepted(f"+{other}").choices == ()
    assert accepted("0" + raw).choices == ()


@pytest.mark.parametrize(("raw", "abroad"), [("508551234", 508551234), ("298212345", 298212345)])
def test_m13_fixed_here_mobile_there_is_asked(raw: str, abroad: int) -> None:
    """02 98 21 23 45 (Brest) without its zero is also a mobile of the Faroe Islands: nobody pays for a guess."""
    assert refused(raw) == Unreadable(Reason.AMBIGUOUS, abroad, (abroad,))
    assert accepted(raw, for_voice=True).choices == (abroad,)


def test_h_four_mistakes_four_reasons() -> None:
    texts = ["0612345678 Paul", "6.12E+08", "0612345678 / 0687654321", "06 12 34 56 7"]
    reasons = [refused(text).reason for text in texts]
    assert reasons == [Reason.LETTERS, Reason.SCIENTIFIC, Reason.TWO_NUMBERS, Reason.TOO_SHORT]


@pytest.mark.parametrize(
    ("raw", "missing"),
    [("06 12 34 56 7", 1), ("06299687", 2), ("+3361234567", 1), ("3361234567", 1), ("61234567", 1), ("0033 6 12", 6)],
)
def test_missing_digits_are_counted(raw: str, missing: int) -> None:
    assert refused(raw) == Unreadable(Reason.TOO_SHORT, missing_digits=missing)


@pytest.mark.parametrize("raw", ["0123456789", "+33123456789", "123456789", "0939123456"])
def test_h_fixed_line_is_refused_for_sms_and_accepted_for_voice(raw: str) -> None:
    assert refused(raw).reason is Reason.FIXED_LINE
    assert accepted(raw, for_voice=True).line in (Line.FIXED, Line.VOIP)


@pytest.mark.parametrize("raw", ["0800123456", "0899123456"])
def test_special_numbers_are_refused_even_for_voice(raw: str) -> None:
    assert refused(raw).reason is Reason.SPECIAL_NUMBER
    assert refused(raw, for_voice=True).reason is Reason.SPECIAL_NUMBER


def test_m13_guernsey_keeps_the_calling_code_of_england() -> None:
    reading = accepted("+447911123456")
    assert (reading.territory, reading.calling_code) == ("GG", 44)


@pytest.mark.parametrize("raw", ["+33700123456", "0712345678", "33712345678", "712345678"])
def test_new_french_block_is_accepted_with_a_warning(raw: str) -> None:
    reading = accepted(raw)
    assert (reading.territory, reading.line, reading.warning) == ("FR", Line.MOBILE, Caution.NEW_BLOCK)


@pytest.mark.parametrize("raw", ["06 39 98 00 01", "639980001", "+33 6 39 98 00 01", "0033639980001"])
def test_fiction_range_is_accepted_with_a_warning(raw: str) -> None:
    assert accepted(raw) == Number(33639980001, "FR", 33, Line.MOBILE, Caution.FICTION)


@pytest.mark.parametrize(
    ("raw", "reason", "suggestions"),
    [
        ("0612345678 Paul", Reason.LETTERS, (33612345678,)),
        ("Tél. 0612345678", Reason.LETTERS, (33612345678,)),
        ("0612345678 ou 0687654321", Reason.TWO_NUMBERS, (33612345678, 33687654321)),
        ("0612345678 0687654321", Reason.TWO_NUMBERS, (33612345678, 33687654321)),
        ("+33612345678+33687654321", Reason.TWO_NUMBERS, (33612345678, 33687654321)),
        ("06 12 34 56 78 06 87 65 43 21", Reason.TWO_NUMBERS, (33612345678, 33687654321)),
        ("0612345678\n0687654321", Reason.TWO_NUMBERS, (33612345678, 33687654321)),
        ("6,12E+08", Reason.SCIENTIFIC, ()),
        ("3.3612345678E+10", Reason.SCIENTIFIC, (33612345678,)),
        ("n/a", Reason.LETTERS, ()),
        ("+999123456789", Reason.UNKNOWN_COUNTRY, ()),
        ("00999123456789", Reason.UNKNOWN_COUNTRY, ()),
        ("061234567890", Reason.TOO_LONG, ()),
        ("0512345678" * 2, Reason.TOO_LONG, ()),
        ("00", Reason.INVALID, ()),
        ("0000000000", Reason.INVALID, ()),
        ("07567O7512", Reason.LETTERS, (33756707512,)),
        ("064l442906", Reason.LETTERS, (33641442906,)),
        ("06123456I8", Reason.LETTERS, (33612345618,)),
        ("0612345678 lol", Reason.LETTERS, (33612345678,)),
        ("bonjour", Reason.LETTERS, ()),
    ],
)
def test_each_mistake_has_its_reason_and_repairs(raw: str, reason: Reason, suggestions: tuple[int, ...]) -> None:
    assert refused(raw) == Unreadable(reason, suggestions[0] if suggestions else None, suggestions)


@pytest.mark.parametrize("raw", [None, "", "   ", "\u200b\ufeff", "-", "+", "\x00"])
def test_nothing_is_empty(raw: str | None) -> None:
    assert refused(raw).reason is Reason.EMPTY


@pytest.mark.parametrize(
    "raw",
    [
        "612345678.0",
        "33612345678.0",
        "33612345678,00",
        "'0612345678",
        '="0612345678"',
        "０６１２３４５６７８",
        "٠٦١٢٣٤٥٦٧٨",
        "\u200e+33\u00a06\u202f12 34 56 78\ufeff",
        "\u202a06 12\u200b34 56 78\u202c",
        "06\u201112\u201134\u201156\u201178",
        "tel:+33612345678",
        "+0612345678",
        "+0033612345678",
        "00+33612345678",
        "\t0612345678\r\n",
        "06/12/34/56/78",
        " " * 1000 + "0612345678",
    ],
)
def test_leavings_of_spreadsheets_and_unicode_are_no_obstacle(raw: str) -> None:
    assert accepted(raw).e164 == 33612345678


@pytest.mark.parametrize("raw", ["9" * 600, "0612345678 " * 100_000, "a" * 10**6, "06" + "\u0301" * 10_000])
def test_length_is_capped(raw: str) -> None:
    assert refused(raw).reason is Reason.TOO_LONG


def test_region_is_checked() -> None:
    assert accepted("0612345678", "fr").e164 == 33612345678
    with pytest.raises(ValueError, match="unknown region"):
        read_number("0612345678", "XX")


def test_answers_are_those_of_libphonenumber() -> None:
    """What is accepted without a warning is valid and mobile; what libphonenumber reads as mobile is accepted."""
    for home, texts in world(6_000, seed=5).items():
        for raw in texts:
            reading = read_number(raw, home)
            if isinstance(reading, Number):
                number = phonenumbers.parse(f"+{reading.e164}")
                assert reading.warning or phonenumbers.is_valid_number(number)
                assert (reading.calling_code, reading.territory) == (
                    number.country_code,
                    phonenumbers.region_code_for_number(number),
                )
            elif (
                not any(c.isalpha() for c in raw)
                and reading.reason not in (Reason.TWO_NUMBERS,)
                and not raw.endswith(".0")
            ):
                try:
                    number = phonenumbers.parse(raw, home)
                except phonenumbers.NumberParseException:
                    continue
                mobile = phonenumbers.number_type(number) in (1, 2)
                assert not (phonenumbers.is_valid_number(number) and mobile), (raw, home, reading)


@given(st.integers(0, 10**8 - 1), st.sampled_from("67"))
def test_pretty_reads_back(tail: int, head: str) -> None:
    reading = read_number(f"0{head}{tail:08}")
    if isinstance(reading, Number):
        assert accepted(pretty(reading.e164)) == reading


@given(st.text(max_size=60), st.sampled_from(["FR", "GP", "US", "AR", "IT"]), st.booleans())
def test_any_text_gets_an_answer_whose_repairs_work(raw: str, region: str, for_voice: bool) -> None:
    reading = read_number(raw, region, for_voice=for_voice)
    if isinstance(reading, Unreadable):
        assert reading.suggestion == (reading.suggestions[0] if reading.suggestions else None)
        assert (reading.missing_digits is not None) == (reading.reason is Reason.TOO_SHORT)
        for e164 in reading.suggestions:
            assert accepted(f"+{e164}", region, for_voice=for_voice).e164 == e164
