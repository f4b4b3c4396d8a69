"""A campaign to a smart group: priced from whoever answers, sent to those who did when the price was agreed to (S69)."""

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.explain import look, quote_view
from smsapp.campaigns.launch import QuoteChanged, Seen, launch
from smsapp.campaigns.pricing import quote_campaign
from smsapp.campaigns.service import add_contacts, add_groups, chips
from smsapp.contacts.merging import merge_number
from smsapp.contacts.service import delete_contacts
from smsapp.contacts.smart_groups import Filter, create_smart_group
from smsapp.db import Database
from tests.services.campaigns.conftest import TERMS, Book, Ready


def test_a_draft_follows_the_filter_and_what_left_keeps_its_members(
    db: Database, actor: Actor, book: Book, ready: Ready
) -> None:
    first = book("0612345671", nom="Moreau")
    book("0612345672", nom="Bernard")
    smart = create_smart_group(db, actor, "Les Moreau", Filter(text="moreau"))
    made = ready("Bonjour $nom, STOP au 36111", "", purpose="transactional")
    add_groups(db, actor, made, [smart])
    assert look(db, actor, made, 0, TERMS).view.recipients == 1
    book("0612345673", nom="Moreau")
    view = quote_view(db, actor, made, TERMS)
    assert view.recipients == 2
    [chip] = chips(db, actor, made).shown
    assert (chip.label, chip.count) == ("Les Moreau", 2)
    with pytest.raises(QuoteChanged):  # somebody came after the author looked
        launch(db, actor, made, Seen(1, view.units // 2), TERMS, consent=True)
    launch(db, actor, made, Seen(view.recipients, view.units), TERMS, consent=True)
    book("0612345674", nom="Moreau")
    quote = quote_campaign(db, made, TERMS)
    assert (quote.kept, quote.total) == (2, view.units)
    assert first in quote.lines["contact_id"].to_list()
    assert 33612345674 not in quote.lines["e164"].to_list()
    delete_contacts(db, actor, [first])
    assert quote_campaign(db, made, TERMS).kept == 1  # who left the book is not written to, and the price is asked anew


def test_a_draft_follows_a_contact_that_was_merged(db: Database, actor: Actor, book: Book, ready: Ready) -> None:
    first, second = book("0612345671", nom="Moreau"), book("0612345671", prenom="Inès")
    made = ready("Bonjour $prenom", "")
    add_contacts(db, actor, made, [second])
    merge_number(db, actor, first, {})
    quote = quote_campaign(db, made, TERMS)
    assert quote.lines["contact_id"].to_list() == [first]
    assert quote.line(0).body.startswith("Bonjour Inès")
