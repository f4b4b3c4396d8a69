"""The e-mails of M22: a campaign that lacks credit when its date comes, or runs dry on its way, says so at once, once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from smsapp.accounts.actor import Actor
from smsapp.accounts.mail import Postman, letters
from smsapp.accounts.tables import User
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.db import Database, SimulatedClock
from smsapp.domain.quote import Quote
from smsapp.gateways.contract import Outcome, Result
from smsapp.ledger.service import balance, purchase
from smsapp.sending.assembly import engine_of
from smsapp.sending.lifecycle import cancel, resume
from smsapp.sending.materialise import Outdated, fire_due, materialise, waiting
from smsapp.sending.outbox import Answer, Window, window
from smsapp.sending.policy import Policy
from smsapp.settings import Settings
from tests.services.accounts.test_mail import Box, box, settings
from tests.services.sending.house import add_campaign, assert_exact, campaign_state, quote_of, states

__all__ = ["box"]  # a fixture of the e-mails

SITE = "https://sms.example"


def due(db: Database, clock: SimulatedClock, actor: Actor) -> int:
    """A campaign of five credits whose date has come."""
    made = add_campaign(db, actor, CampaignState.SCHEDULED, db.now() + timedelta(hours=1))
    clock.advance(timedelta(hours=1))
    fire_due(db, Policy(), "live")
    assert waiting(db, "live") == [made]
    materialise(db, made, quote_of(5), site=SITE)
    return made


def claim(db: Database, size: int = 64, answers: list[Answer] | None = None) -> Window:
    return window(db, lane="live", gateway="g", size=size, answers=answers or [], policy=Policy(), site=SITE)


def accepted(done: Window) -> list[Answer]:
    found = zip(done.tickets, done.batch, strict=True)
    return [Answer(ticket, Result(m.key, Outcome.ACCEPTED, gateway_id=m.key)) for ticket, m in found]


def runs_dry(db: Database, actor: Actor) -> int:
    """A campaign of five credits that may leave in part, and has: three are with the network, nothing is left."""
    made = add_campaign(db, actor)
    purchase(db, actor.account_id, 30_000, "three")
    with db.write() as session:
        campaign = session.get(Campaign, made)
        assert campaign
        campaign.partial = True
    materialise(db, made, quote_of(5), site=SITE)
    done = claim(db)
    assert (len(done.batch), done.paused, campaign_state(db, made)) == (3, True, "paused_no_credit")
    claim(db, 0, accepted(done))
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
    assert f"\nhttps://sms.example/sent/{made}\n" in sent[0].body
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
    assert letters(db, actor)[0].subject == "“Essai” did not leave: 5 credits short"


def test_nothing_is_written_about_a_campaign_that_is_covered_or_may_leave_in_part(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    purchase(db, actor.account_id, 50_000, "five")
    assert campaign_state(db, due(db, clock, actor)) == "running"
    assert letters(db, actor) == []


def test_m22_a_campaign_that_runs_dry_on_its_way_says_so_once_a_pause(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    """One letter for each pause, whoever looks how often; it says what left, what waits, what lacks, and leads there."""
    make_actor("romarin")
    made = runs_dry(db, actor)
    assert claim(db).batch == []
    (first,) = letters(db, actor)
    assert (first.recipient, first.subject) == (
        "lavande@example.net",
        "«\u00a0Essai\u00a0» s’est arrêté en chemin\u00a0: il manque 2 crédits",
    )
    assert "3 SMS sont partis, 2 SMS attendent encore\u00a0: il manque 2 crédits pour tout envoyer." in first.body
    assert f"\nhttps://sms.example/sent/{made}\n" in first.body
    purchase(db, actor.account_id, 10_000, "one more")
    resume(db, actor, made, partial=True)
    assert letters(db, actor) == [first]
    claim(db, answers=accepted(claim(db)))
    second, again = letters(db, actor)
    assert again == first
    assert second.subject == "«\u00a0Essai\u00a0» s’est arrêté en chemin\u00a0: il manque 1 crédit"
    assert "4 SMS sont partis, 1 SMS attend encore" in second.body
    purchase(db, actor.account_id, 10_000, "the last")
    resume(db, actor, made)
    claim(db, 0, accepted(claim(db)))
    assert (states(db), len(letters(db, actor))) == ({"accepted": 5}, 2)
    assert_exact(db)


def test_m22_one_that_may_leave_in_part_and_finds_nothing_to_spend_did_not_leave(db: Database, actor: Actor) -> None:
    made = add_campaign(db, actor)
    with db.write() as session:
        campaign = session.get(Campaign, made)
        assert campaign
        campaign.partial = True
    materialise(db, made, quote_of(5), site=SITE)
    assert claim(db).paused
    assert [one.subject for one in letters(db, actor)] == [
        "«\u00a0Essai\u00a0» n’est pas parti\u00a0: il manque 5 crédits"
    ]


def test_m22_the_letter_of_a_campaign_that_ran_dry_is_in_the_language_of_its_author(db: Database, actor: Actor) -> None:
    with db.write() as session:
        author = session.get(User, actor.user_id)
        assert author
        author.language = "en"
    runs_dry(db, actor)
    (letter,) = letters(db, actor)
    assert letter.subject == "“Essai” stopped on its way: 2 credits short"
    assert "3 SMS have left, 2 SMS still wait: you are 2 credits short to send everything." in letter.body


async def test_m22_the_engine_of_the_settings_knows_the_public_address(
    db: Database, actor: Actor, tmp_path: Path
) -> None:
    """From `SMSAPP_PUBLIC_URL` to the link in both letters, through the engine that the product runs."""
    given = Settings(data_dir=tmp_path, public_url="https://sms.example/", simulator_speed=100.0)
    told = asyncio.Event()
    engine = engine_of(db, given, on_change=lambda _accounts: told.set(), on_ready=lambda: None)
    # A text to one number, priced by the product itself: it may leave, and there is nothing to pay it with.
    made = add_campaign(db, actor)
    with db.write() as session:
        campaign = session.get(Campaign, made)
        assert campaign
        campaign.typed, campaign.partial = "0612345678", True
    await engine.start()
    try:
        await engine.wake()
        async with asyncio.timeout(15):
            while not letters(db, actor):
                told.clear()
                await told.wait()
    finally:
        await engine.stop()
    assert f"\nhttps://sms.example/sent/{made}\n" in letters(db, actor)[0].body


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
