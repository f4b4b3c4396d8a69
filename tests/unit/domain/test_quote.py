"""A quote is exact: it equals a slow count of every message, row by row (S32, S53, S56, S80, S81, M6, M7, M12, M30)."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsapp.domain import counting
from smsapp.domain.credits import Credits
from smsapp.domain.encoding import Encoding, measure
from smsapp.domain.quote import RECIPIENTS, Quote, empty_recipients, quote
from smsapp.domain.tariff import SmsType, default_tariff, parse_tariff
from smsapp.domain.template import Template, stop_mention
from tests.unit.domain import reference

TARIFF = default_tariff()
NARROW = parse_tariff(
    'version = "n"\neur_per_credit = "0.065"\n'
    '[[price]]\ntype = "pro"\ncredits = "1"\nterritories = ["FR"]\n'
    '[[price]]\ntype = "pro"\ncredits = "1.1"\nterritories = ["GB", "MQ"]\n'
    '[[price]]\ntype = "voice"\ncredits = "1.41"\nterritories = ["FR"]\n'
)


def people(*rows: dict[str, Any]) -> pl.DataFrame:
    """A recipients frame; each row may leave out what it does not care about."""
    blank = dict.fromkeys(RECIPIENTS, None) | {"territory": "FR", "source": "typed"}
    return pl.DataFrame([blank | {"rank": i} | row for i, row in enumerate(rows)], schema=RECIPIENTS)


def ask(recipients: pl.DataFrame, text: str, **more: Any) -> Quote:
    settled: dict[str, Any] = {
        "tariff": TARIFF,
        "sms_type": SmsType.PRO,
        "purpose": "transactional",
        "sender_kind": "custom",
        "short_code": "36034",
    }
    return quote(recipients, text, **(settled | more))


VALUE = st.none() | st.sampled_from(["", "Inès", "Crêpe", "[x]", "€" * 5, "😀" * 20, "a" * 120, "$nom", "é😀€ç"])
ROW = st.fixed_dictionaries(
    {
        "e164": st.integers(33600000000, 33600000012),
        "territory": st.sampled_from(["FR", "GB", "GG", "MQ", "DE"]),
        "nom": VALUE,
        "prenom": VALUE,
        "email": VALUE,
        "societe": VALUE,
        "rank": st.integers(0, 5),
    }
)
PIECE = st.sampled_from(
    ["$nom", "$prenom|vous|", "$email", "$societe|😀|", "[", "€", "😀", "ê", "abc ", "$$", "z" * 30, "é" * 59, "€" * 40]
)
TEXT = st.lists(PIECE, max_size=12).map("".join)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(ROW, max_size=20),
    TEXT,
    st.sampled_from(["marketing", "transactional"]),
    st.sampled_from(["reply", "custom"]),
    st.sets(st.integers(33600000000, 33600000012), max_size=4),
    st.sampled_from(["", "lvd.fr/s/k3f9"]),
    st.sampled_from([3, counting.SLICE]),
)
def test_the_total_equals_a_slow_count_of_every_message(
    rows: list[dict[str, Any]], text: str, purpose: str, kind: str, blacklist: set[int], link: str, at_once: int
) -> None:
    with patch.object(counting, "SLICE", at_once):
        priced = ask(
            people(*rows),
            text,
            tariff=NARROW,
            purpose=purpose,
            sender_kind=kind,
            blacklist=blacklist,
            opt_out_link=link,
        )
    prices = {"FR": 10_000, "GB": 11_000, "GG": 11_000, "MQ": 11_000}
    template = Template.parse(text)
    # Who stays, read from the rule: not blacklisted, covered, and the best copy of each number.
    best: dict[int, tuple[tuple[int, int, int], dict[str, Any]]] = {}
    for position, row in enumerate(rows):
        if row["e164"] in blacklist or row["territory"] not in prices:
            continue
        filled = sum(bool(row[name]) for name in ("nom", "prenom", "email", "societe"))
        merit = (-filled, row["rank"], position)
        if row["e164"] not in best or merit < best[row["e164"]][0]:
            best[row["e164"]] = (merit, row)
    expected = {}
    for e164, (_, row) in best.items():
        mention = stop_mention(
            row["territory"],
            sender_kind="reply" if kind == "reply" else "custom",
            purpose="marketing" if purpose == "marketing" else "transactional",
            short_code="36034",
            opt_out_link=link,
        )
        body = template.render(row) + mention
        encoding, fills = reference.fills(body)
        expected[e164] = (body, encoding, len(fills), sum(fills), len(fills) * prices[row["territory"]])
    lines = priced.lines.select("e164", "body", "encoding", "segments", "units", "cost")
    assert {row[0]: row[1:] for row in lines.iter_rows()} == expected
    assert priced.total == sum(row[4] for row in expected.values())
    assert priced.kept == len(expected) == sum(priced.histogram.values()) == sum(priced.encodings.values())
    assert sum(place.count for place in priced.by_destination) == priced.kept
    assert sum(place.units for place in priced.by_destination) == priced.total
    assert sum(term.segments * term.unit_price * term.count for term in priced.formula) == priced.total
    assert priced.kept + priced.duplicates + priced.blacklisted + priced.uncovered == len(rows)
    assert priced.removed.height == len(rows) - priced.kept


@settings(max_examples=50, deadline=None)
@given(st.lists(ROW, max_size=20), TEXT)
def test_a_quote_without_bodies_is_the_same_quote(rows: list[dict[str, Any]], text: str) -> None:
    full, light = ask(people(*rows), text), ask(people(*rows), text, bodies=False)
    assert light.lines.equals(full.lines.drop("body"))
    assert (light.total, light.longest) == (full.total, full.longest)
    assert [light.line(i) for i in range(light.kept)] == [full.line(i) for i in range(full.kept)]


@settings(max_examples=50, deadline=None)
@given(st.lists(ROW, max_size=20, unique_by=lambda row: row["e164"]), TEXT, st.integers(0, 20))
def test_the_quote_of_a_union_is_the_sum_of_its_disjoint_parts(rows: list[dict[str, Any]], text: str, cut: int) -> None:
    whole = ask(people(*rows), text, purpose="marketing")
    parts = [ask(people(*part), text, purpose="marketing") for part in (rows[:cut], rows[cut:])]
    assert whole.total == sum(part.total for part in parts)


def test_an_empty_campaign_costs_nothing() -> None:
    priced = ask(empty_recipients(), "Bonjour $prenom", unreadable=3)
    assert (priced.kept, priced.total, priced.histogram, priced.by_destination) == (0, 0, {}, ())
    assert (priced.longest, priced.formula, priced.empty_values, priced.unreadable) == (None, (), {}, 3)
    assert {"body", "encoding", "segments", "units", "cost"} <= set(priced.lines.columns)


def test_S80_S53_board_figures_2698_french_and_7_at_1_1_in_two_segments() -> None:
    rows: list[dict[str, Any]] = [{"e164": 33600000000 + i} for i in range(2698)]
    rows += [{"e164": 447700000000 + i, "territory": "GB"} for i in range(5)]
    rows += [{"e164": 596696000000 + i, "territory": "MQ"} for i in range(2)]
    priced = ask(people(*rows), "a" * 185)
    assert Credits(priced.total) == Credits.parse("5411.4")
    assert [(t.segments, t.unit_price, t.count) for t in priced.formula] == [(2, 10_000, 2698), (2, 11_000, 7)]
    assert [(d.territory, d.count, d.segments, d.units) for d in priced.by_destination] == [
        ("FR", 2698, 5396, 53_960_000),
        ("GB", 5, 10, 110_000),
        ("MQ", 2, 4, 44_000),
    ]
    assert priced.tariff_version == TARIFF.version


def test_S53_M12_one_message_per_number_and_the_fullest_then_earliest_copy_wins() -> None:
    priced = ask(
        people(
            {"e164": 33612345678, "rank": 0},
            {"e164": 33612345678, "rank": 1, "prenom": "Inès", "source": "contact"},
            {"e164": 33612345678, "rank": 2, "prenom": "Léa", "nom": "", "source": "group:1"},
            {"e164": 33612345679, "rank": 3},
        ),
        "Bonjour $prenom",
    )
    assert priced.lines["body"].to_list() == ["Bonjour Inès", "Bonjour "]
    assert priced.duplicates == 2
    assert priced.saved == 20_000
    assert priced.removed.select("rank", "reason", "kept_rank").rows() == [(0, "duplicate", 1), (2, "duplicate", 1)]


def test_S74_the_blacklist_goes_first_whatever_its_form() -> None:
    recipients = people({"e164": 1}, {"e164": 1}, {"e164": 2})
    for blacklist in ({1}, [1], pl.Series([1], dtype=pl.Int64)):
        priced = ask(recipients, "x", blacklist=blacklist)
        assert (priced.kept, priced.blacklisted, priced.duplicates) == (1, 2, 0)


def test_S32_a_destination_without_a_price_is_removed_with_its_reason() -> None:
    priced = ask(people({"e164": 49151, "territory": "DE"}, {"e164": 33612345678}), "x", tariff=NARROW)
    assert (priced.kept, priced.uncovered) == (1, 1)
    assert priced.removed.select("territory", "reason").rows() == [("DE", "uncovered")]


def test_M6_the_stop_mention_is_counted_before_the_price() -> None:
    recipients = people({"e164": 33612345678}, {"e164": 447911123456, "territory": "GB"})
    bare = ask(recipients, "a" * 155)
    marketing = ask(recipients, "a" * 155, purpose="marketing")
    assert bare.histogram == {1: 2}
    assert marketing.histogram == {1: 1, 2: 1}
    assert marketing.lines["body"][0].endswith("a\nSTOP 36034")
    assert (bare.without_stop, marketing.without_stop) == (0, 1)


def test_M30_recipients_with_nothing_to_say_for_a_variable_are_counted() -> None:
    recipients = people({"e164": 1, "prenom": "A"}, {"e164": 2, "prenom": ""}, {"e164": 3})
    assert ask(recipients, "$prenom $nom|x|").empty_values == {"prenom": 2}
    assert ask(recipients, "$prenom|ami|").empty_values == {}


def test_S60_M7_pairs_on_a_segment_boundary_are_counted_exactly() -> None:
    # 306 units would fill two segments exactly, but a euro straddles the boundary: three are needed.
    recipients = people(
        {"e164": 1, "nom": "a" * 152 + "€" + "a" * 152}, {"e164": 2, "nom": "a" * 151 + "€" + "a" * 153}
    )
    priced = ask(recipients, "$nom")
    assert priced.lines["units"].to_list() == [306, 306]
    assert priced.lines["segments"].to_list() == [3, 2]


def test_the_longest_message_is_the_one_with_most_segments_then_units() -> None:
    recipients = people({"e164": 1, "prenom": "Al"}, {"e164": 2, "prenom": "Marie-Emmanuelle"}, {"e164": 3})
    longest = ask(recipients, "Bonjour $prenom").longest
    assert longest is not None
    assert (longest.e164, longest.body, longest.encoding) == (2, "Bonjour Marie-Emmanuelle", Encoding.GSM7)


def test_S81_M29_a_voice_message_is_priced_by_call_and_carries_no_mention() -> None:
    priced = ask(people({"e164": 33123456789}), "ê" * 161, sms_type=SmsType.VOICE, purpose="marketing")
    assert (priced.lines["body"][0], priced.lines["segments"][0], priced.total) == ("ê" * 161, 2, 28_200)
    assert ask(people({"e164": 33123456789}), "ê" * 160, sms_type=SmsType.VOICE).total == 14_100


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(ROW, VALUE), max_size=20, unique_by=lambda pair: pair[0]["e164"]),
    st.lists(PIECE | st.sampled_from([" $ville ", "$Ville|ici|", " $place", "$nomade"]), max_size=12).map("".join),
    st.sampled_from([3, counting.SLICE]),
)
def test_S57_columns_of_own_fields_are_variables_counted_as_any(
    pairs: list[tuple[dict[str, Any], str | None]], text: str, at_once: int
) -> None:
    rows, said = [row for row, _ in pairs], [value for _, value in pairs]
    own = {"own:ville": pl.Series(said, dtype=pl.String), "own:place": pl.Series(said, dtype=pl.String)}
    with patch.object(counting, "SLICE", at_once):
        priced = ask(people(*rows).with_columns(**own), text)
    template = Template.parse(text, ("ville", "place"))
    assert priced.template == template
    values = {row["e164"]: {**row, "ville": value, "place": value} for row, value in pairs}
    for e164, body, segments in priced.lines.select("e164", "body", "segments").iter_rows():
        assert body == template.render(values[e164])
        assert segments == len(reference.fills(body)[1])
    assert [priced.line(i).body for i in range(priced.kept)] == priced.lines["body"].to_list()
    holes = sum(not values[e164]["ville"] for e164 in priced.lines["e164"]) if "ville" in template.unguarded else 0
    assert priced.empty_values.get("ville", 0) == holes


def test_further_columns_are_carried_along() -> None:
    recipients = people({"e164": 1}, {"e164": 1}).with_columns(zone=pl.lit("Europe/Paris"))
    priced = ask(recipients, "x")
    assert priced.lines["zone"].to_list() == priced.removed["zone"].to_list() == ["Europe/Paris"]


@pytest.mark.parametrize("text", ["", "$prenom"])
def test_an_empty_message_is_billed_as_one_segment_like_measure_says(text: str) -> None:
    assert ask(people({"e164": 1}), text).histogram == {measure("").segments: 1}
