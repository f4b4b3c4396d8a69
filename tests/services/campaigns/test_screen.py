"""What the composer and its review say about a draft (M6, M28, M30, S42)."""

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.explain import look
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.screen import Part, Term, chip_items, figures, id_in, ids_in, shown
from smsapp.campaigns.service import add_groups
from smsapp.contacts.groups import create_group
from smsapp.db import Database
from tests.services.campaigns.conftest import TERMS, Book, Ready


def said(db: Database, actor: Actor, campaign_id: int, terms: Terms = TERMS) -> list[tuple[str, str]]:
    found = look(db, actor, campaign_id, 0, terms)
    return [(check.tone, check.sentence.key) for check in figures(found.view, found.draft, terms).checks]


def test_the_review_says_what_is_right_and_what_to_know(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("Bonjour $prenom, $nom|client|", sender="LAVANDE")
    assert said(db, actor, made) == [
        ("ok", "campaigns.check.credits"),
        ("ok", "campaigns.check.hours"),
        ("ok", "campaigns.check.stop"),
        ("warn", "campaigns.check.empty"),
        ("warn", "campaigns.check.no_reply"),
    ]


def test_a_transactional_message_has_neither_hours_nor_stop(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("Votre colis est là, $prenom|client|", purpose="transactional")
    assert said(db, actor, made) == [
        ("ok", "campaigns.check.credits"),
        ("ok", "campaigns.check.transactional"),
        ("ok", "campaigns.check.fallbacks"),
    ]


@pytest.mark.parametrize(("hold", "key"), [(True, "campaigns.check.hours_wait"), (False, "campaigns.check.hours_demo")])
def test_m28_outside_the_hours_messages_wait_or_are_only_told_so_in_demonstration(
    db: Database, actor: Actor, ready: Ready, hold: bool, key: str
) -> None:
    made = ready("Soldes", "+687 75 12 34")  # 21:00 in Nouméa
    assert ("warn", key) in said(db, actor, made, Terms(hours_hold=hold))


def test_the_page_shows_the_formula_the_chips_and_the_person(
    db: Database, actor: Actor, book: Book, ready: Ready
) -> None:
    made = ready("Bonjour $prenom", "447700040123, Paul", purpose="transactional")
    members = [book("0612345678", prenom="Inès"), book("0612345679", prenom="Zoë")]
    add_groups(db, actor, made, [create_group(db, actor, "Fidèles", members)])
    found = look(db, actor, made, 1, TERMS)
    page = figures(found.view, found.draft, TERMS)
    assert page.formula == [Part(1, [Term(2, 10_000, True), Term(1, 11_000, False)], False)]
    assert [(line.territory, line.segments) for line in page.destinations] == [("FR", "1"), ("GB", "1")]
    assert [(chip.label, chip.count, chip.bad) for chip in chip_items(found.chips)] == [
        ("Fidèles", "2", False),
        ("447700040123", "", False),
        ("Paul", "", True),
    ]
    person = shown(found.person)
    assert (person.place, person.total, person.name, person.body) == (2, 3, "Inès", "Bonjour Inès")
    assert person.words == {"nom": "", "prenom": "Inès", "email": "", "societe": ""}


@pytest.mark.parametrize("address", ["", "abc", "1;2", "-1", "9" * 30, "1,"])
def test_an_address_that_was_tampered_with_names_nothing(address: str) -> None:
    assert id_in(address) == 0
    assert ids_in(address) == []


def test_an_address_names_a_draft_or_some_contacts() -> None:
    assert id_in("12") == 12
    assert ids_in("3,1,2") == [3, 1, 2]
