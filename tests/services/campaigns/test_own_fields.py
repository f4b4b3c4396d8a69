"""A field of the account's own is a variable of its messages (S57, M30): insert, fallback, exact price, exact debit."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.explain import look
from smsapp.campaigns.launch import Seen, launch
from smsapp.campaigns.pricing import quote_campaign
from smsapp.campaigns.rules import UnknownVariables
from smsapp.campaigns.service import add_contacts, add_groups, add_numbers, create_draft, edit_draft
from smsapp.contacts.fields import FieldNameTaken, create_field, delete_field
from smsapp.contacts.groups import create_group
from smsapp.contacts.service import Sheet, create_contact
from smsapp.contacts.smart_groups import Filter, create_smart_group
from smsapp.db import Database
from smsapp.domain.encoding import measure
from smsapp.sending.materialise import materialise
from smsapp.sending.tables import MESSAGE
from tests.services.campaigns.conftest import TERMS, Ready


def bodies(db: Database, campaign_id: int) -> dict[int, tuple[str, int, int]]:
    """E.164 -> (text, segments, units) of each message in the outbox."""
    with db.read() as session:
        asked = select(MESSAGE.c.e164, MESSAGE.c.body, MESSAGE.c.segments, MESSAGE.c.cost)
        found = session.connection().execute(asked.where(MESSAGE.c.campaign_id == campaign_id))
        return {e164: (body, segments, cost) for e164, body, segments, cost in found}


def test_S57_a_field_of_the_accounts_own_says_each_persons_value(db: Database, actor: Actor, ready: Ready) -> None:
    create_field(db, actor, "Code fidélité")
    for number, code in (("0612345678", "A-[1]"), ("0612345679", "Ж"), ("0612345680", "")):
        create_contact(db, actor, Sheet(number, extra={"code_fidelite": code}))
    text = "Votre code : $Code_Fidélité|à demander|"
    draft = ready(text=text, numbers="0612345678 0612345679 0612345680 0612345681", purpose="transactional")
    found = look(db, actor, draft, 0, TERMS)
    assert found.view.problems == ()
    assert found.view.variables == ("code_fidelite",)
    assert found.person is not None
    assert found.person.values["code_fidelite"] == "A-[1]"
    launch(db, actor, draft, Seen(4, found.view.units), TERMS, consent=True)
    materialise(db, draft, lambda db, id: quote_campaign(db, id, TERMS))
    assert [body for body, _, _ in bodies(db, draft).values()] == [
        "Votre code : A-[1]",
        "Votre code : Ж",
        "Votre code : à demander",
        "Votre code : à demander",
    ]


def test_M30_people_without_a_value_and_without_a_fallback_are_counted(
    db: Database, actor: Actor, ready: Ready
) -> None:
    create_field(db, actor, "Ville")
    create_contact(db, actor, Sheet("0612345678", extra={"ville": "Aix"}))
    draft = ready(text="A $ville, $nom", numbers="0612345678 0612345679")
    view = look(db, actor, draft, 0, TERMS).view
    assert [(empty.variable, empty.count) for empty in view.empty] == [("nom", 2), ("ville", 1)]


def test_M30_a_variable_that_is_no_field_of_this_account_is_named(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor], ready: Ready
) -> None:
    create_field(db, make_actor("autre"), "Ville")
    draft = ready(text="A $ville|vous|")
    refusals = look(db, actor, draft, 0, TERMS).view.problems
    assert [type(refusal) for refusal in refusals] == [UnknownVariables]
    assert refusals[0].params["names"] == "$ville"


@pytest.mark.parametrize("name", ["Nom", "prénom", "E-mail ", "Société", "Numéro", "email"])
def test_a_field_cannot_take_the_name_of_a_standard_variable(db: Database, actor: Actor, name: str) -> None:
    if name == "E-mail ":
        assert create_field(db, actor, name).key == "e_mail"
        return
    with pytest.raises(FieldNameTaken):
        create_field(db, actor, name)


@pytest.mark.parametrize("name", ["Territory", "Rank", "Source", "Body", "Place", "Personal", "Units", "Unicode"])
def test_a_field_may_be_called_like_anything_inside_us(db: Database, actor: Actor, ready: Ready, name: str) -> None:
    key = create_field(db, actor, name).key
    create_contact(db, actor, Sheet("0612345678", extra={key: "bleu"}))
    draft = ready(text=f"Un ${key}")
    assert quote_campaign(db, draft, TERMS).line(0).body.startswith("Un bleu")
    assert quote_campaign(db, draft, TERMS).lines["body"][0].startswith("Un bleu")


def test_a_field_that_is_deleted_after_the_launch_is_still_said(db: Database, actor: Actor, ready: Ready) -> None:
    create_field(db, actor, "Ville")
    create_contact(db, actor, Sheet("0612345678", extra={"ville": "Aix"}))
    draft = ready(text="A $ville", purpose="transactional")
    view = look(db, actor, draft, 0, TERMS).view
    launch(db, actor, draft, Seen(1, view.units), TERMS, consent=True)
    delete_field(db, actor, "ville")
    materialise(db, draft, lambda db, id: quote_campaign(db, id, TERMS))
    assert bodies(db, draft)[33612345678][0] == "A Aix"


VALUE = st.sampled_from(["", "Aix", "Crêpe", "[x]", "€" * 5, "😀" * 20, "a" * 120, "$nom", "é😀€ç", "Z" * 151])
WORDS = (
    "$ville",
    "$ville|vous|",
    "$Code_Fidélité",
    "$code_fidelite|😀|",
    "$nom",
    "[",
    "€",
    "ê",
    "abc",
    "z" * 59,
    "€" * 30,
)
NUMBERS = [f"06123456{i:02d}" for i in range(12)]
FRESH = count(1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(st.tuples(st.sampled_from(NUMBERS), VALUE, VALUE, VALUE), min_size=1, max_size=8),
    typed=st.lists(st.sampled_from(NUMBERS), max_size=3),
    text=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join),
    source=st.sampled_from(["contacts", "group", "smart"]),
)
def test_the_quote_with_own_fields_is_the_debit(
    db: Database,
    actor: Actor,
    credit: Callable[[int], None],
    people: list[tuple[str, str, str, str]],
    typed: list[str],
    text: str,
    source: str,
) -> None:
    """Whatever the values: what is in the outbox is each person's text, and costs what the author agreed to."""
    run = next(FRESH)
    credit(10_000)
    for name in ("Ville", "Code fidélité"):
        with suppress(FieldNameTaken):  # of the example before
            create_field(db, actor, name)
    firm = f"Maison {run} fin"
    ids = [
        create_contact(db, actor, Sheet(number, nom=nom, societe=firm, extra={"ville": ville, "code_fidelite": code}))
        for number, nom, ville, code in people
    ]
    draft = create_draft(db, actor)
    edit_draft(db, actor, draft, text=text, purpose="transactional")
    if source == "contacts":
        add_contacts(db, actor, draft, ids)
    elif source == "group":
        add_groups(db, actor, draft, [create_group(db, actor, f"G{run}", ids)])
    else:
        add_groups(db, actor, draft, [create_smart_group(db, actor, f"G{run}", Filter(text=firm))])
    add_numbers(db, actor, draft, " ".join(typed))
    view = look(db, actor, draft, 0, TERMS).view
    launch(db, actor, draft, Seen(view.recipients, view.units), TERMS, consent=True)
    materialise(db, draft, lambda db, id: quote_campaign(db, id, TERMS))
    written = bodies(db, draft)
    assert sum(cost for _, _, cost in written.values()) == view.units
    for body, segments, cost in written.values():
        assert (segments, cost) == (measure(body).segments, segments * 10_000)
        assert "ville" not in body
