"""What the tests of campaigns share: an address book, credits, a draft ready to leave."""

from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.service import add_numbers, create_draft, edit_draft
from smsapp.contacts.service import Sheet, create_contact
from smsapp.db import Database
from smsapp.domain.credits import UNITS
from smsapp.ledger.service import purchase

TERMS = Terms(short_code="36111")

Book = Callable[..., int]
Ready = Callable[..., int]


@pytest.fixture
def book(db: Database, actor: Actor) -> Book:
    """Add a contact: ``book("0612345678", prenom="Inès")`` -> its id."""

    def add(number: str, *, owner: Actor = actor, **fields: str) -> int:
        return create_contact(db, owner, Sheet(number, **fields))  # type: ignore[arg-type]

    return add


@pytest.fixture
def credit(db: Database, actor: Actor) -> Callable[[int], None]:
    """Buy credits for the account."""
    return lambda credits: purchase(db, actor.account_id, credits * UNITS, f"test-{credits}") and None


@pytest.fixture
def ready(db: Database, actor: Actor, credit: Callable[[int], None]) -> Ready:
    """A draft to one number, paid for: ``ready(text="...", numbers="...")`` -> its id."""
    credit(1000)

    def make(text: str = "Bonjour", numbers: str = "0612345678", **fields: str) -> int:
        made = create_draft(db, actor)
        edit_draft(db, actor, made, text=text, **fields)  # type: ignore[arg-type]
        if numbers:
            add_numbers(db, actor, made, numbers)
        return made

    return make
