"""What Python says from the catalogues, and how it writes figures; the browser's part is tested in tests/e2e."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smsapp.i18n import formats
from smsapp.i18n.catalogue import Sentence, plural_form, reader_language, translate


@pytest.mark.parametrize(
    ("lang", "count", "form"),
    [
        ("fr", 0, "one"),
        ("fr", 1.5, "one"),
        ("fr", 2, "other"),
        ("fr", 1_000_000, "many"),
        ("en", 0, "other"),
        ("en", 1, "one"),
    ],
)
def test_plural_rules(lang: str, count: float, form: str) -> None:
    assert plural_form(lang, count) == form


def test_counted_message() -> None:
    assert translate("fr", "ui.ruler.sentence", count=1) == "1 segment"
    assert translate("fr", "ui.ruler.sentence", count=12_345) == "12\u202f345 segments"
    assert translate("en", "ui.ruler.sentence", count=12_345) == "12,345 segments"


def test_missing_message_and_missing_parameter_are_errors() -> None:
    with pytest.raises(KeyError):
        translate("fr", "no.such.key")
    with pytest.raises(KeyError):
        translate("fr", "ui.bar.sentence", received=1)


def test_unknown_language_gets_french() -> None:
    assert translate("xx", "ui.close") == "Fermer"


def test_figures() -> None:
    """GUIDE, writing: 5 411,4 and 97,6 % and 660,00 €."""
    assert formats.credits("fr", 54_114_000) == "5\u202f411,4"
    assert formats.credits("fr", 182_460_000) == "18\u202f246"
    assert formats.credits("en", 1) == "0.0001"
    assert formats.credits("fr", -11_000) == "-1,1"
    assert formats.percent("fr", 0.976) == "97,6\u202f%"
    assert formats.money("fr", Decimal(660)) == "660,00\u00a0€"
    assert formats.money("en", Decimal("1234.5")) == "€1,234.50"
    assert formats.moment(datetime(2026, 6, 17, 9, tzinfo=UTC)) == "17/06/2026 09:00"
    assert formats.day("2026-06-17T09:00:00+00:00") == "17/06/2026"
    assert formats.moment("") == ""


def test_formats_named_by_a_message() -> None:
    assert formats.formatted("fr", 81_171_000, "credits") == "8\u202f117,1"
    assert formats.formatted("fr", 33612345678, "raw") == "33612345678"
    assert formats.formatted("fr", "Inès", None) == "Inès"


def test_sentence_carries_plain_values() -> None:
    at = datetime(2026, 6, 17, tzinfo=UTC)
    assert Sentence.of("k", {"at": at, "n": 2, "d": Decimal("1.5")}).params == {
        "at": at.isoformat(),
        "n": 2,
        "d": "1.5",
    }


@pytest.mark.parametrize(
    ("cookie", "accept", "lang"),
    [
        ("", "", "fr"),
        ("a=b; lang=en", "fr", "en"),
        ("lang=xx", "en-GB,fr;q=0.8", "en"),
        ("", "de, en;q=0.5", "en"),
        ("", "*", "fr"),
    ],
)
def test_language_of_the_reader(cookie: str, accept: str, lang: str) -> None:
    """The choice, else the browser, else French."""
    assert reader_language(cookie, accept) == lang


def test_a_second_figure_brings_its_own_plural() -> None:
    """« 1 crédits » is never written, whatever else the sentence counts."""
    said = [translate("fr", "ledger.insufficient", missing=units) for units in (10_000, 15_000, 20_000)]
    assert [text.removeprefix("Il manque ").partition(" pour")[0] for text in said] == [
        "1 crédit",
        "1,5 crédit",
        "2 crédits",
    ]
    assert translate("en", "ledger.insufficient", missing=15_000).startswith("You are 1.5 credits short")
    assert translate("fr", "counted.n_rows", count=1_000_000).endswith(" de lignes")
