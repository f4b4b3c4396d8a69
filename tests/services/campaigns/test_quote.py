"""The price on the page, what explains it and what lowers it (S42-S46, S56, S57, S60, S61, M6, M7, M30)."""

from datetime import UTC, datetime

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.explain import (
    DestinationLine,
    EmptyValue,
    FormulaPart,
    FormulaTerm,
    optimise,
    preview,
    quote_view,
)
from smsapp.campaigns.pricing import Terms, quote_campaign
from smsapp.campaigns.rules import BadSender, check_sender, proposed_sender
from smsapp.campaigns.service import add_contacts, draft, edit_draft
from smsapp.campaigns.sizes import of_size
from smsapp.db import Database, SimulatedClock
from smsapp.domain.hours import Window
from smsapp.settings import Settings
from tests.services.campaigns.conftest import TERMS, Book, Ready


def keys(db: Database, actor: Actor, campaign_id: int) -> list[str]:
    return [refusal.key for refusal in quote_view(db, actor, campaign_id, TERMS).problems]


def test_the_page_and_the_outbox_read_the_same_quote(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("Bonjour $prenom", "0612345678, 447700040123, 0612345678", purpose="transactional")
    view, quote = quote_view(db, actor, made, TERMS), quote_campaign(db, made, TERMS)
    assert (view.recipients, view.units) == (quote.kept, quote.total) == (2, 21_000)
    assert quote.lines["body"].to_list() == ["Bonjour ", "Bonjour "]
    assert view.after == 1000 * 10_000 - 21_000


def test_s80_the_formula_adds_up(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("x" * 200, "0612345678, 0612345679, 447700040123, 0033612345670", purpose="transactional")
    view = quote_view(db, actor, made, TERMS)
    assert view.formula == (FormulaPart(2, (FormulaTerm(3, 10_000), FormulaTerm(1, 11_000))),)
    assert view.units == (3 * 10_000 + 11_000) * 2
    assert view.destinations == (
        DestinationLine("FR", 3, 2, 2, 10_000, 60_000),
        DestinationLine("GB", 1, 2, 2, 11_000, 22_000),
    )


def test_m6_marketing_carries_a_stop_mention_counted_in_its_price(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("x" * 155, purpose="transactional")
    assert (quote_view(db, actor, made, TERMS).segments, quote_view(db, actor, made, TERMS).mention) == (1, "")
    edit_draft(db, actor, made, purpose="marketing")
    view = quote_view(db, actor, made, TERMS)
    assert (view.segments, view.units, view.mention) == (2, 20_000, "\nSTOP 36111")
    shown = preview(db, actor, made, 0, TERMS)
    assert shown
    assert shown.body.endswith("x\nSTOP 36111")


def test_s46_marketing_abroad_under_a_name_needs_a_number_or_a_link(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("Soldes", "447700040123", sender="LAVANDE")
    assert keys(db, actor, made) == ["campaigns.no_way_out"]
    edit_draft(db, actor, made, text="Soldes. Stop: lvd.fr/s")
    assert keys(db, actor, made) == []


def test_s45_a_number_that_can_be_answered_takes_stop_by_reply(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("Soldes", "447700040123")
    assert quote_view(db, actor, made, TERMS).mention == "\nReply STOP"
    assert keys(db, actor, made) == []


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("", "campaigns.sender_missing"),
        ("MAISONLAVANDE", "campaigns.sender_too_long"),
        ("MA BOUTIQUE", "campaigns.sender_characters"),
        ("FÊTE", "campaigns.sender_characters"),
        ("36111", "campaigns.sender_digits"),
        ("LAVANDE", None),
        ("Lavande13", None),
    ],
)
def test_a_sender_has_at_most_11_letters_and_digits(name: str, key: str | None) -> None:
    if key is None:
        check_sender(name)
        return
    with pytest.raises(BadSender) as refused:
        check_sender(name)
    assert refused.value.key == key


@pytest.mark.parametrize(("account", "sender"), [("Maison Lavande", "MAISONLAVAN"), ("42", "SMSAPP"), ("é", "SMSAPP")])
def test_a_sender_is_proposed_from_the_name_of_the_account(account: str, sender: str) -> None:
    assert proposed_sender(account) == sender
    check_sender(sender)


def test_m30_recipients_without_a_value_are_counted_unless_there_is_a_fallback(
    db: Database, actor: Actor, book: Book, ready: Ready
) -> None:
    made = ready("$prenom $societe|client|", "0612345678")
    add_contacts(db, actor, made, [book("0612345679", prenom="Inès")])
    assert quote_view(db, actor, made, TERMS).empty == (EmptyValue("prenom", 1),)


def test_s57_an_unknown_variable_is_named(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("Bonjour $prnom, $$ $Prénom")
    [refusal] = quote_view(db, actor, made, TERMS).problems
    assert (refusal.key, refusal.params["names"]) == ("campaigns.unknown_variables", "$prnom")


def test_m7_replacements_are_proposed_with_what_they_save_and_done_only_when_asked(
    db: Database, actor: Actor, ready: Ready
) -> None:
    typed = "Dès 45€ d’achat, la fête continue " + "x" * 80
    made = ready(typed, "0612345678, 447700040123")
    saving = quote_view(db, actor, made, TERMS).saving
    assert saving
    assert (saving.segments_before, saving.segments_after, saving.units) == (2, 1, 21_000)
    assert saving.characters == 2
    assert "45€" in saving.text  # replacing the euro would save nothing more
    assert draft(db, actor, made).text == typed
    optimise(db, actor, made, TERMS)
    assert draft(db, actor, made).text == saving.text
    assert quote_view(db, actor, made, TERMS).saving is None
    assert optimise(db, actor, made, TERMS) is None


def test_s60_s61_the_euro_becomes_e_only_if_that_takes_one_segment_less(
    db: Database, actor: Actor, ready: Ready
) -> None:
    made = ready("x" * 159 + "€", purpose="transactional")
    saving = quote_view(db, actor, made, TERMS).saving
    assert saving
    assert saving.text == "x" * 159 + "E"
    edit_draft(db, actor, made, text="x" * 150 + "€")
    assert quote_view(db, actor, made, TERMS).saving is None


def test_replacements_leave_variables_and_their_fallbacks_whole(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("C’est $prénom|l’hôte| " + "x" * 60)
    saving = quote_view(db, actor, made, TERMS).saving
    assert saving
    assert saving.text.startswith("C'est $prénom|l'hote| ")


def test_previous_and_next_go_round_the_real_recipients(db: Database, actor: Actor, book: Book, ready: Ready) -> None:
    made = ready("Bonjour $prenom", "0612345678", purpose="transactional")
    add_contacts(db, actor, made, [book("0612345679", prenom="Inès", nom="Moreau")])
    shown = [preview(db, actor, made, index, TERMS) for index in (0, 1, 2, -1)]
    assert [one and (one.index, one.total, one.name, one.body) for one in shown] == [
        (0, 2, "", "Bonjour "),
        (1, 2, "Inès Moreau", "Bonjour Inès"),
        (0, 2, "", "Bonjour "),
        (1, 2, "Inès Moreau", "Bonjour Inès"),
    ]
    longest = preview(db, actor, made, quote_view(db, actor, made, TERMS).longest, TERMS)
    assert longest
    assert longest.values["prenom"] == "Inès"


def test_a_draft_without_recipients_has_no_preview(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("Bonjour", "")
    assert preview(db, actor, made, 0, TERMS) is None
    assert keys(db, actor, made) == ["campaigns.no_recipient"]


def test_an_empty_or_endless_text_has_a_sentence_instead_of_a_price(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready(" ")
    view = quote_view(db, actor, made, TERMS)
    assert (view.priced, view.units, [p.key for p in view.problems]) == (False, 0, ["campaigns.text_missing"])
    edit_draft(db, actor, made, text="x" * 100_000)
    view = quote_view(db, actor, made, TERMS)
    assert (view.priced, view.units, [p.key for p in view.problems]) == (False, 0, ["campaigns.text_too_long"])
    edit_draft(db, actor, made, text="é" + "ê" * 800)
    assert keys(db, actor, made) == ["campaigns.too_many_segments"]


def test_many_destinations_are_summed_up_and_a_long_formula_is_left_out(
    db: Database, actor: Actor, ready: Ready
) -> None:
    made = ready("Bonjour", "", purpose="transactional")
    edit_draft(db, actor, made)
    numbers = {
        "+32470123456", "+41791234567", "+4915112345678", "+34612345678", "+393331234567", "+351912345678",
        "+31612345678", "+4369912345678", "+4520123456", "+46701234567", "+4740612345", "+358401234567",
        "+48512345678", "+420601123456", "+33612345678",
    }  # fmt: skip
    from smsapp.campaigns.service import add_numbers

    add_numbers(db, actor, made, ",".join(sorted(numbers)))
    view = quote_view(db, actor, made, TERMS)
    assert view.recipients == len(numbers)
    assert len(view.destinations) == 13
    assert view.destinations[-1].territory == ""
    assert sum(line.units for line in view.destinations) == view.units
    assert sum(line.count for line in view.destinations) == len(numbers)


def test_m28_who_is_outside_the_permitted_hours_is_counted_in_the_recipients_own_zone(
    db: Database, actor: Actor, ready: Ready, clock: SimulatedClock
) -> None:
    clock.set(datetime(2026, 6, 17, 17, 30, tzinfo=UTC))  # 19:30 in Paris, 21:30 in Réunion
    made = ready("Soldes", "0612345678, +262692123456")
    assert quote_view(db, actor, made, TERMS).waiting == 1
    edit_draft(db, actor, made, purpose="transactional")
    assert quote_view(db, actor, made, TERMS).waiting == 0


def test_m28_hours_hold_messages_back_except_in_demonstration_mode() -> None:
    evening = datetime(2026, 6, 17, 17, 30, tzinfo=UTC)
    opens = Terms(window=Window()).opens()
    assert opens
    assert opens(33612345678, "FR", evening) == evening
    assert opens(262692123456, "RE", evening) == datetime(2026, 6, 18, 4, 0, tzinfo=UTC)
    demo = Terms.of(Settings())
    assert (demo.hours_hold, demo.opens(), demo.short_code) == (False, None, "36111")
    assert Terms.of(Settings(smtp_host="mail.example.net")).opens()


def test_the_people_behind_a_bar_of_the_histogram(db: Database, actor: Actor, book: Book, ready: Ready) -> None:
    made = ready("Bonjour $prenom|vous| " + "a" * 140, "0612345678", purpose="transactional")
    long = [book(f"061234569{i}", prenom="Marie-Emmanuelle", nom=f"N{i}") for i in range(3)]
    add_contacts(db, actor, made, long)
    view = quote_view(db, actor, made, TERMS)
    assert view.histogram == ((1, 1), (2, 3))
    found = of_size(db, actor, made, 2, TERMS)
    assert found.total == 3
    assert {row.name for row in found.rows} == {f"Marie-Emmanuelle N{i}" for i in range(3)}
    assert all(row.body.startswith("Bonjour Marie-Emmanuelle aaa") for row in found.rows)
    assert [of_size(db, actor, made, n, TERMS).total for n in (0, 1, 3)] == [0, 1, 0]
