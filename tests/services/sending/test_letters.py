"""The e-mail of M22: a planned campaign that lacks credit when its date comes says so at once, once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from smsapp.accounts.actor import Actor
from smsapp.accounts.mail import Postman, letters
from smsapp.accounts.tables import User
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, SimulatedClock
from smsapp.domain.quote import Quote
from smsapp.ledger.service import balance, purchase
from smsapp.sending.lifecycle import cancel, resume
from smsapp.sending.materialise import Outdated, fire_due, materialise, waiting
from smsapp.sending.policy import Policy
from tests.services.accounts.test_mail import Box, box, settings
from tests.services.sending.house import add_campaign, assert_exact, campaign_state, quote_of, states

__all__ = ["box"]  # a fixture of the e-mails


def due(db: Database, clock: SimulatedClock, actor: Actor) -> int:
    """A campaign of five credits whose date has come."""
    made = add_campaign(db, actor, CampaignState.SCHEDULED, db.now() + timedelta(hours=1))
    clock.advance(timedelta(hours=1))
    fire_due(db, Policy(), "live")
    assert waiting(db, "live") == [made]
    materialise(db, made, quote_of(5))
    return made


def test_m22_the_author_is_told_at_once_and_once(
    db: Database, clock: SimulatedClock, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    make_actor("romarin")
    purchase(db, actor.account_id, 30_000, "three")
    before = balance(db, actor)
    made = due(db, clock, actor)
    assert (campaign_state(db, made), states(db), balance(db, actor)) == ("paused_no_credit", {"queued": 5}, before)
    sent = letters(db, actor)
    assert [(one.recipient, one.subject) for one in sent] == [
        ("lavande@example.net", "«\u00a0Essai\u00a0» n’est pas parti\u00a0: il manque 2 crédits")
    ]
    assert "17/06/2026 13:00 (Europe/Paris)" in sent[0].body
    purchase(db, actor.account_id, 20_000, "the rest")
    resume(db, actor, made)
    assert (campaign_state(db, made), len(letters(db, actor))) == ("running", 1)
    assert_exact(db)


def test_it_is_written_in_the_language_of_its_author(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    with db.write() as session:
        author = session.get(User, actor.user_id)
        assert author
        author.language = "en"
    due(db, clock, actor)
    assert letters(db, actor)[0].subject == "“Essai” did not leave: 5 credits are missing"


def test_nothing_is_written_about_a_campaign_that_is_covered_or_may_leave_in_part(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    purchase(db, actor.account_id, 50_000, "five")
    assert campaign_state(db, due(db, clock, actor)) == "running"
    assert letters(db, actor) == []


def test_a_campaign_taken_back_while_it_is_written_writes_to_nobody(db: Database, actor: Actor) -> None:
    """The letter is of the transaction that pauses: an attempt that gives up leaves none."""
    made = add_campaign(db, actor)

    def quote(of: Database, campaign_id: int) -> Quote:
        cancel(of, actor, campaign_id)
        return quote_of(5)(of, campaign_id)

    with pytest.raises(Outdated):
        materialise(db, made, quote)
    assert (campaign_state(db, made), letters(db, actor)) == ("cancelled", [])


async def test_it_arrives_by_a_real_mail_server(
    db: Database, clock: SimulatedClock, actor: Actor, box: tuple[Box, int]
) -> None:
    due(db, clock, actor)
    postman = Postman(db, settings(box[1]))
    assert (await postman.round(), await postman.round()) == (1, 0)
    message = box[0].received[0]
    assert message["To"] == "lavande@example.net"
    assert "aucun crédit n’est débité" in message.get_payload(decode=True).decode()  # type: ignore[union-attr]
    with db.read() as session:
        assert session.exec(select(User.email)).one() == message["To"]
