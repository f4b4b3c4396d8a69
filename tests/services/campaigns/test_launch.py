"""Sending now: every check, the figures the author agreed to, once (S27, S53, S59, M12, M28)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.explain import quote_view
from smsapp.campaigns.launch import ConsentMissing, QuoteChanged, Seen, launch
from smsapp.campaigns.pricing import CampaignNotFound, Terms, quote_campaign
from smsapp.campaigns.rules import BadSender, NoRecipient, NotEnoughCredits, NoWayOut, TextMissing, UnknownVariables
from smsapp.campaigns.service import NotADraft, add_groups, add_numbers, create_draft, edit_draft
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.contacts.blacklist import blacklist
from smsapp.contacts.groups import create_group
from smsapp.contacts.service import delete_contacts
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.tariff_store import TariffStore
from smsapp.sending.materialise import materialise
from smsapp.sending.tables import CampaignRun, Message
from smsapp.settings import Settings
from tests.services.campaigns.conftest import TERMS, Book, Ready


def seen(db: Database, actor: Actor, campaign_id: int) -> Seen:
    view = quote_view(db, actor, campaign_id, TERMS)
    return Seen(view.recipients, view.units)


def campaign(db: Database, campaign_id: int) -> Campaign:
    with db.read() as session:
        found = session.get(Campaign, campaign_id)
        assert found
        return found


def test_a_launched_campaign_keeps_its_figures_its_tariff_and_a_name(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("Bonjour à tous", "0612345678, 447700040123")
    assert launch(db, actor, made, seen(db, actor, made), TERMS, consent=True) == made
    left = campaign(db, made)
    assert (left.state, left.send_at) == (CampaignState.MATERIALISING, db.now())
    assert (left.quoted_recipients, left.quoted_units, left.tariff_version) == (2, 21_000, TERMS.tariff.version)
    assert left.name == "Bonjour à tous"


def test_S82_a_loaded_tariff_is_that_of_new_quotes_and_a_launched_campaign_keeps_its_own(
    db: Database, actor: Actor, ready: Ready, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    tariffs = TariffStore(tmp_path / "tariffs")
    for version, price in (("summer", "1.5"), ("autumn", "2")):
        tariffs.load(
            f'version = "{version}"\neur_per_credit = "0.065"\n'
            f'[[price]]\ntype = "pro"\ncredits = "{price}"\nterritories = ["FR"]\n'
        )
        if version == "summer":
            terms = Terms.of(settings)
            made = ready("Bonjour")
            view = quote_view(db, actor, made, terms)
            launch(db, actor, made, Seen(view.recipients, view.units), terms, consent=True)
    assert (view.units, campaign(db, made).tariff_version) == (15_000, "summer")
    now = Terms.of(settings)
    assert quote_view(db, actor, ready("Bonjour"), now).units == 20_000
    materialise(db, made, lambda db, id: quote_campaign(db, id, now))
    with db.read() as session:
        message = session.execute(select(Message).where(Message.campaign_id == made)).scalar_one()
    assert (message.cost, message.tariff_version) == (15_000, "summer")
    assert campaign(db, made).state == CampaignState.RUNNING


def test_a_double_click_launches_once(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready()
    agreed = seen(db, actor, made)
    with ThreadPoolExecutor(4) as pool:
        again = [pool.submit(launch, db, actor, made, agreed, TERMS, consent=True) for _ in range(4)]
    assert {one.result() for one in again} == {made}
    at = campaign(db, made).updated_at
    assert launch(db, actor, made, agreed, TERMS, consent=True) == made
    assert campaign(db, made).updated_at == at


def test_the_quote_is_what_the_outbox_writes_to_the_last_unit(
    db: Database, actor: Actor, book: Book, ready: Ready
) -> None:
    made = ready("Bonjour $prenom|client|, dès 45€ d’achat", "0612345678, 0033612345678, 447700040123, 0696123456")
    members = [book(f"06123456{i:02d}", prenom="Marie-Emmanuelle" * (i % 3), nom="ô") for i in range(70, 90)]
    add_groups(db, actor, made, [create_group(db, actor, "Fidèles", members)])
    blacklist(db, actor, [33612345671])
    view = quote_view(db, actor, made, TERMS)
    launch(db, actor, made, Seen(view.recipients, view.units), TERMS, consent=True)
    materialise(db, made, lambda db, id: quote_campaign(db, id, TERMS))
    with db.read() as session:
        messages = session.execute(select(Message).where(Message.campaign_id == made)).scalars().all()
        run = session.get(CampaignRun, made)
    assert run
    assert len(messages) == len({message.e164 for message in messages}) == view.recipients == 20
    assert sum(message.cost for message in messages) == run.units == view.units
    assert (run.duplicates, run.blacklisted, run.unreadable) == (2, 1, 1)
    assert campaign(db, made).state == CampaignState.RUNNING


def test_a_book_that_changed_meanwhile_is_refused_with_the_new_figures(
    db: Database, actor: Actor, book: Book, ready: Ready
) -> None:
    made = ready("Bonjour", "0612345678")
    gone = book("0612345679")
    add_groups(db, actor, made, [create_group(db, actor, "Fidèles", [gone, book("0612345670")])])
    agreed = seen(db, actor, made)
    delete_contacts(db, actor, [gone])
    with pytest.raises(QuoteChanged) as refused:
        launch(db, actor, made, agreed, TERMS, consent=True)
    assert refused.value.params == {"recipients": 2, "units": 20_000, "seen_recipients": 3, "seen_units": 30_000}
    assert campaign(db, made).state == CampaignState.DRAFT
    launch(db, actor, made, Seen(2, 20_000), TERMS, consent=True)


@pytest.mark.parametrize(
    ("refusal", "change"),
    [
        (TextMissing, {"text": "  "}),
        (UnknownVariables, {"text": "Bonjour $prnom"}),
        (BadSender, {"sender": "12345"}),
        (NoWayOut, {"sender": "LAVANDE", "numbers": "447700040123"}),
        (NoRecipient, {"numbers": ""}),
        (NoRecipient, {"numbers": "Paul"}),
    ],
)
def test_s27_a_campaign_that_cannot_leave_is_refused_with_the_reason(
    db: Database, actor: Actor, ready: Ready, refusal: type[Refusal], change: dict[str, str]
) -> None:
    made = ready(**change)
    with pytest.raises(refusal):
        launch(db, actor, made, seen(db, actor, made), TERMS, consent=True)
    assert campaign(db, made).state == CampaignState.DRAFT


def test_s27_missing_credits_are_counted_to_the_last_unit(db: Database, actor: Actor) -> None:
    made = create_draft(db, actor)
    edit_draft(db, actor, made, text="Bonjour")
    add_numbers(db, actor, made, "0612345678, 447700040123")
    with pytest.raises(NotEnoughCredits) as refused:
        launch(db, actor, made, seen(db, actor, made), TERMS, consent=True)
    assert refused.value.params == {"missing": 21_000, "total": 21_000, "available": 0}


def test_s59_without_the_consent_box_nothing_leaves(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready()
    with pytest.raises(ConsentMissing):
        launch(db, actor, made, seen(db, actor, made), TERMS, consent=False)
    assert campaign(db, made).state == CampaignState.DRAFT


def test_a_cancelled_campaign_is_not_launched_again(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready()
    with db.write() as session:
        found = session.get(Campaign, made)
        assert found
        found.state = CampaignState.CANCELLED
        session.add(found)
    with pytest.raises(NotADraft):
        launch(db, actor, made, Seen(1, 10_000), TERMS, consent=True)


def test_nobody_launches_the_draft_of_another_account(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor], ready: Ready
) -> None:
    made = ready()
    with pytest.raises(CampaignNotFound):
        launch(db, make_actor("menthe"), made, seen(db, actor, made), TERMS, consent=True)
