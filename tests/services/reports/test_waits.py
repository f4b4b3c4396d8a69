"""What a running campaign waits for, and until when: its report says it (M28, the rates and rests of gateways)."""

from datetime import timedelta

from sqlalchemy import update

from smsapp.accounts.actor import Actor
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import State, Wait
from smsapp.ledger.service import purchase
from smsapp.reports.campaign import live
from smsapp.reports.story import timeline
from smsapp.sending import lifecycle, rates
from smsapp.sending.materialise import materialise
from smsapp.sending.tables import CAMPAIGN, MESSAGE
from tests.services.reports.scene import leave, message_ids
from tests.services.sending.house import FIRST, add_campaign, quote_of, running


def waits(db: Database, actor: Actor, campaign_id: int) -> tuple[str, object]:
    found = live(db, actor, campaign_id).pace
    return found.waits, found.resumes_at


def test_m28_permitted_hours_and_a_spread_are_told_apart(db: Database, actor: Actor) -> None:
    purchase(db, actor.account_id, 100_000, "enough")
    later = db.now() + timedelta(hours=9)
    closed = add_campaign(db, actor, purpose="marketing")
    materialise(db, closed, quote_of(4), lambda _e164, _territory, _at: later)
    assert waits(db, actor, closed) == (Wait.HOURS, later)
    slow = add_campaign(db, actor)
    with db.write() as session:
        session.connection().execute(update(CAMPAIGN).where(CAMPAIGN.c.id == slow).values(spread_minutes=40))
    materialise(db, slow, quote_of(4, FIRST + 50))
    assert waits(db, actor, slow) == ("", None)  # the first one leaves now
    mine = (MESSAGE.c.campaign_id == slow, MESSAGE.c.rank == 0)
    with db.write() as session:
        session.connection().execute(update(MESSAGE).where(*mine).values(state=State.ACCEPTED))
    assert waits(db, actor, slow) == (Wait.SPREAD, db.now() + timedelta(minutes=10))
    with db.write() as session:
        put_off = update(MESSAGE).where(MESSAGE.c.campaign_id == closed).values(cause=None)
        session.connection().execute(put_off)
    assert waits(db, actor, closed) == ("retry", later)


def test_a_gateway_that_rests_is_said_while_no_other_works(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    campaign_id = running(db, actor, 5)
    rates.rest(db, "g", db.now() + timedelta(seconds=5))
    assert waits(db, actor, campaign_id) == ("", None)  # that is its rate, not a breakdown
    until = db.now() + timedelta(seconds=30)
    rates.rest(db, "g", until)
    assert waits(db, actor, campaign_id) == ("gateway", until)
    rates.set_rate(db, "other", "", 10.0)
    assert waits(db, actor, campaign_id) == ("", None)
    rates.rest(db, "other", until)
    clock.advance(timedelta(seconds=31))
    assert waits(db, actor, campaign_id) == ("", None)


def test_only_an_unknown_outcome_may_be_sent_again(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    campaign_id = leave(db, actor, clock)
    ids = message_ids(db, campaign_id)
    unknown, sent = ids[FIRST + 18], ids[FIRST]
    assert [timeline(db, actor, one).resendable for one in (unknown, sent)] == [True, False]
    lifecycle.pause(db, actor, campaign_id)
    assert timeline(db, actor, unknown).resendable
    lifecycle.cancel(db, actor, campaign_id)
    assert not timeline(db, actor, unknown).resendable
