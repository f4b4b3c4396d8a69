"""The simulator prices as the debit does, and answers hostile input with a sentence (S11, S60, S80-S84, S92)."""

import shutil
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsapp.domain.encoding import Encoding, measure
from smsapp.domain.errors import Refusal
from smsapp.domain.quote import RECIPIENTS, quote
from smsapp.domain.tariff import SmsType, default_tariff
from smsapp.i18n.catalogue import LANGUAGES, translate
from smsapp.simulator.address import MOST_QUERY, from_query, to_query
from smsapp.simulator.service import ASSUMED, MOST_PEOPLE, Price, Simulation, simulate, simulate_file, territory_named

TARIFF = default_tariff()
TERRITORIES = ["FR", "GB", "GG", "MQ", "RE", "US", "DE"]
TEXT = st.text(st.sampled_from("abé ê€[😀$|'’\n"), max_size=200) | st.sampled_from(
    ["$prenom ê", "$nom|x|" * 9, "a" * 155]
)
ROWS = st.lists(st.tuples(st.sampled_from(TERRITORIES), st.integers(0, 5)), max_size=5)
SIMULATION = st.builds(
    Simulation, ROWS.map(tuple), TEXT, st.sampled_from(SmsType), sender=st.booleans(), stop=st.booleans()
)


@settings(max_examples=100, deadline=None)
@given(SIMULATION)
def test_volumes_cost_what_as_many_recipients_cost(asked: Simulation) -> None:
    people = [territory for territory, count in asked.rows for _ in range(count)]
    blank = {"contact_id": None, "source": "typed", **ASSUMED}
    frame = pl.DataFrame(
        [blank | {"e164": i, "territory": territory, "rank": i} for i, territory in enumerate(people)],
        schema=RECIPIENTS,
    )
    debit = quote(
        frame,
        asked.text,
        tariff=TARIFF,
        sms_type=asked.sms_type,
        purpose="marketing" if asked.stop else "transactional",
        sender_kind="custom" if asked.sender else "reply",
        short_code="36034",
    )
    price = simulate(asked, TARIFF, "36034")
    assert (price.units, price.recipients, price.tariff_version) == (debit.total, debit.kept, debit.tariff_version)
    assert price.by_destination == debit.by_destination
    assert price.formula == debit.formula
    assert all(0 < advice.units <= price.units for advice in price.advice)
    for advice in price.advice:
        if advice.text is not None:
            changed = Simulation(asked.rows, advice.text, asked.sms_type, asked.sender, asked.stop)
            assert simulate(changed, TARIFF, "36034").units == price.units - advice.units


@settings(max_examples=200, deadline=None)
@given(SIMULATION)
def test_an_address_gives_the_simulation_back(asked: Simulation) -> None:
    assert from_query(to_query(asked)) == asked


HOSTILE = [
    "fr=-1", "fr=1e9", "fr=99999999999999999999999", "fr=" + "9" * 5000, "fr=²", "fr=", "zz=1", "=1", "fr", "type=mms",
    "stop=yes", "sender=<script>", "x" * (MOST_QUERY + 1), "&".join(["fr=1"] * 400), "001=5", "text=a&999=1",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_tampered_address_is_refused_in_a_sentence(query: str, lang: str) -> None:
    with pytest.raises(Refusal) as refusal:
        from_query(query)
    assert translate(lang, refusal.value.key, **refusal.value.params)


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        (Simulation((("FR", -5),), "x"), "simulator.bad_volume"),
        (Simulation((("FR", MOST_PEOPLE), ("GB", 1)), "x"), "simulator.too_many"),
        (Simulation((("Atlantis", 1),), "x"), "simulator.unknown_country"),
        (Simulation((("FR", 1),), "a" * 153 * 2_000), "simulator.text_too_long"),
        (Simulation((("FR", 1),), "ê" * 67 * 300), "simulator.text_too_long"),
    ],
)
def test_what_cannot_be_priced_is_refused_in_a_sentence(asked: Simulation, key: str) -> None:
    with pytest.raises(Refusal) as refusal:
        simulate(asked, TARIFF, "36034")
    assert refusal.value.key == key
    assert all(translate(lang, key, **refusal.value.params) for lang in LANGUAGES)


def test_territories_are_named_by_code_or_calling_code() -> None:
    assert [territory_named(name) for name in ("fr", "+44", "596", " MQ ", "1")] == ["FR", "GB", "MQ", "MQ", "US"]


def test_the_worked_example_of_5_520_people() -> None:
    text = "Bonjour $prenom, jusqu’à -50% en boutique : " + "a" * 50
    price = simulate(Simulation((("FR", 5000), ("GB", 400), ("MQ", 120)), text), TARIFF, "36034")
    assert (price.encoding, price.segments, price.units) == (Encoding.UCS2, 2, 2 * 55_720_000)
    best = price.advice[0]
    assert (best.kind, best.count, best.segments, best.units) == ("replace", 1, 1, 55_720_000)
    assert best.text == text.replace("’", "'")
    assert price.cover is not None
    assert price.euros == Decimal(price.cover.price) / 10_000
    assert price.euros_with_tax == (price.euros * Decimal("1.2")).quantize(Decimal("0.01"))


def test_S60_dropping_the_stop_mention_or_some_characters_is_advised_with_its_saving() -> None:
    advice = {a.kind: a for a in simulate(Simulation((("FR", 10),), "a" * 155, stop=True), TARIFF, "36034").advice}
    assert (advice["drop_stop"].units, advice["shorten"].count, advice["shorten"].segments) == (100_000, 6, 1)


def test_S53_a_file_is_priced_row_by_row_and_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text("prenom;portable\nInès;0612345678\nBob;06 12 34 56 78\nLéa;0700\nÀ;0612345679\n", "utf-8")
    price, found = simulate_file(path, Simulation(text="$prenom " + "a" * 150), TARIFF, "36034")
    assert not path.exists()
    assert list(tmp_path.iterdir()) == []
    assert (found.kept, found.duplicates, found.unreadable) == (2, 1, 1)
    assert price.units == sum(measure(name + " " + "a" * 150).segments * 10_000 for name in ("Inès", "À"))


def test_S60_a_file_too_is_told_what_would_cost_less_to_the_unit(tmp_path: Path) -> None:
    lines = "".join(f"Marie;06123456{i:02d}\n" for i in range(40)) + "À;0612345690\n"

    def priced(text: str, stop: bool) -> Price:
        path = tmp_path / "book.csv"
        path.write_text("prenom;portable\n" + lines, "utf-8")
        return simulate_file(path, Simulation(text=text, stop=stop), TARIFF, "36034")[0]

    text = "Bonjour $prenom, c’est la fête : " + "a" * 50
    now = priced(text, stop=True)
    advice = {one.kind: one for one in now.advice}
    assert (advice["replace"].count, advice["replace"].text) == (2, text.replace("’", "'").replace("ê", "e"))
    assert now.units - advice["replace"].units == priced(advice["replace"].text or "", stop=True).units
    assert now.units == 41 * 2 * 10_000
    assert advice["replace"].units == 40 * 10_000  # À alone stays Unicode


def test_a_file_is_priced_as_its_import_would_keep_it(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text("prenom;portable\n" + "a" * 300 + ";0612345678\n" + "Anne   Marie;0612345679\n", "utf-8")
    price, _ = simulate_file(path, Simulation(text="$prenom"), TARIFF, "36034")
    assert price.units == (measure("a" * 200).segments + measure("Anne Marie").segments) * 10_000
    assert price.characters == 200


def test_titles_above_the_header_of_a_file_are_not_priced(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text("Liste de juin 2026\n\nprenom;portable\nInès;0612345678\nLéa;0612345679\n", "utf-8")
    price, found = simulate_file(path, Simulation(text="$prenom " + "a" * 150), TARIFF, "36034")
    assert (found.kept, found.duplicates, found.unreadable) == (2, 0, 0)
    assert price.units == sum(measure(name + " " + "a" * 150).segments * 10_000 for name in ("Inès", "Léa"))


def test_a_name_too_long_for_any_message_has_no_price(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text("prenom;portable\n" + "a" * 190 + ";0612345678\n", "utf-8")
    with pytest.raises(Refusal):  # one Camille each would fit: 400 of this name take more than the 255 of a long SMS
        simulate_file(path, Simulation(text="$prenom" * 400), TARIFF, "36034")


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"PK\x03\x04broken", b"\x00" * 5000])
def test_a_hostile_file_is_refused_and_not_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(Refusal):
        simulate_file(path, Simulation(text="x"), TARIFF, "36034")
    assert not path.exists()


def test_the_file_of_a_script_is_left_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("portable\n0612345678\n")
    copy = shutil.copy(path, tmp_path / "y.csv")
    assert simulate_file(Path(copy), Simulation(text="x"), TARIFF, "36034", keep=True)[0].units == 10_000
    assert path.read_bytes() == Path(copy).read_bytes()
