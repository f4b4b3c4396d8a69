"""The life of a campaign: late or outside its hours, spread, at a shared rate, partly paid, sent again by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from smsapp.accounts.actor import Actor
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import State
from smsapp.domain.moment import parse
from smsapp.gateways.contract import Dlr, Outcome, Result
from smsapp.ledger.service import balance, purchase
from smsapp.sending import lifecycle, rates
from smsapp.sending.materialise import Outdated, fire_due, keep_local_time, materialise
from smsapp.sending.outbox import Answer, Window, window
from smsapp.sending.receipts import take_in
from smsapp.sending.tables import CAMPAIGN, EVENT, MESSAGE
from tests.services.sending.house import (
    FIRST,
    POLICY,
    add_campaign,
    assert_exact,
    campaign_state,
    history,
    quote_of,
    running,
    states,
)


def step(db: Database, size: int = 10, answers: list[Answer] | None = None, **more: object) -> Window:
    return window(db, lane="live", gateway="g", size=size, answers=answers or [], policy=POLICY, **more)  # type: ignore[arg-type]


def answer(done: Window, outcome: Outcome) -> list[Answer]:
    return [Answer(t, Result(m.key, outcome)) for t, m in zip(done.tickets, done.batch, strict=True)]


def change(db: Database, campaign_id: int, **values: object) -> None:
    with db.write() as session:
        session.connection().execute(update(CAMPAIGN).where(CAMPAIGN.c.id == campaign_id).values(**values))


def test_marketing_that_is_late_and_finds_its_hours_over_asks_its_author(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    """M28: planned at 19:45, the process was away until 20:10; a transactional one leaves."""
    planned = parse("17/06/2026 19:45", "Europe/Paris")
    late = add_campaign(db, actor, CampaignState.SCHEDULED, planned.at, purpose="marketing")
    useful = add_campaign(db, actor, CampaignState.SCHEDULED, planned.at)
    by_night = parse("17/06/2026 20:05", "Europe/Paris")  # its author knew: each number waits for its own opening
    wanted = add_campaign(db, actor, CampaignState.SCHEDULED, by_night.at, purpose="marketing")
    for campaign in (late, useful, wanted):
        change(db, campaign, zone="Europe/Paris")
    clock.set(datetime(2026, 6, 17, 18, 10, tzinfo=UTC))
    fire_due(db, POLICY, "live", Terms().opens_in())
    assert [campaign_state(db, c) for c in (late, useful, wanted)] == ["missed", "materialising", "materialising"]


def test_a_change_of_the_rules_of_a_zone_keeps_the_local_time(db: Database, actor: Actor) -> None:
    """M23: what was agreed to is the time on the clock of the place."""
    planned = parse("24/12/2026 18:30", "Europe/Paris")
    kept = add_campaign(db, actor, CampaignState.SCHEDULED, planned.at)
    moved = add_campaign(db, actor, CampaignState.SCHEDULED, planned.at + timedelta(hours=1))
    for campaign in (kept, moved):
        change(db, campaign, local_time=planned.stored, zone=planned.zone)
    assert keep_local_time(db) == 1
    with db.read() as session:
        assert set(session.connection().scalars(select(CAMPAIGN.c.send_at))) == {planned.at}


def test_a_spread_campaign_leaves_little_by_little_and_says_so(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    campaign_id = add_campaign(db, actor)
    purchase(db, actor.account_id, 100_000, "spread")
    change(db, campaign_id, spread_minutes=60)
    materialise(db, campaign_id, quote_of(10))
    left = []
    for _ in range(3):
        left.append(len(step(db, size=100).batch))
        clock.advance(timedelta(minutes=30))
    assert left == [1, 5, 4]
    assert_exact(db)


def test_rows_that_wait_for_their_own_opening_are_counted_as_such(db: Database, actor: Actor) -> None:
    """M9, M28: « reporté », with its reason, in the live figures."""
    campaign_id = add_campaign(db, actor, purpose="marketing")
    purchase(db, actor.account_id, 100_000, "hours")
    later = db.now() + timedelta(hours=9)
    materialise(db, campaign_id, quote_of(4), lambda e164, _t, at: later if e164 > FIRST + 1 else at)
    with db.read() as session:
        found = session.connection().execute(select(MESSAGE.c.cause, MESSAGE.c.not_before).order_by(MESSAGE.c.rank))
        assert [tuple(row) for row in found] == [(None, db.now())] * 2 + [("hours", later)] * 2
    assert len(step(db).batch) == 2
    assert_exact(db)  # the counters too


def test_processes_share_the_rate_of_a_gateway(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    running(db, actor, 100)
    assert len(step(db, size=20, tps={"g": 10.0}).batch) == 20
    other = step(db, size=20, tps={"g": 10.0})
    assert (other.batch, other.waits) == ([], {"g": 1.75})
    clock.advance(timedelta(seconds=2))
    assert len(step(db, size=5, tps={"g": 10.0}).batch) == 5
    rates.rest(db, "g", db.now() + timedelta(seconds=30))
    assert step(db, tps={"g": 10.0}).waits == {"g": 30.0}
    with db.read() as session:
        assert rates.rests_until(session.connection(), db.now()) == db.now() + timedelta(seconds=30)


def test_a_sender_may_have_a_rate_of_its_own(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    slow = running(db, actor, 10)
    change(db, slow, sender="LAVANDE")
    running(db, actor, 10, first=FIRST + 100)
    rates.set_rate(db, "g", "LAVANDE", 1.0)
    assert len(step(db, size=4).batch) == 1
    held = step(db, size=4)
    assert (held.batch, held.wait_s, held.campaign_id) == ([], 0.75, slow)
    found = [step(db, size=4, after=slow) for _ in range(2)]
    assert all(done.campaign_id != slow and done.batch for done in found)
    rates.set_rate(db, "g", "LAVANDE", None)
    assert step(db, size=4).batch


def test_by_choice_a_campaign_sends_what_the_balance_allows(db: Database, actor: Actor) -> None:
    """M22, the option taken when it was scheduled."""
    campaign_id = add_campaign(db, actor)
    change(db, campaign_id, partial=True)
    purchase(db, actor.account_id, 30_000, "some")
    materialise(db, campaign_id, quote_of(5))
    assert campaign_state(db, campaign_id) == "running"
    assert len(step(db).batch) == 3
    assert campaign_state(db, campaign_id) == "paused_no_credit"
    assert_exact(db)


def test_a_campaign_cancelled_while_it_is_written_never_leaves(db: Database, actor: Actor) -> None:
    campaign_id = add_campaign(db, actor)
    purchase(db, actor.account_id, 30_000, "some")
    lifecycle.cancel(db, actor, campaign_id)
    with pytest.raises(Outdated):
        materialise(db, campaign_id, quote_of(3))
    assert campaign_state(db, campaign_id) == "cancelled"
    assert states(db) == {}


def test_of_two_processes_that_write_a_campaign_the_second_goes_on_alone(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    """A late first one must not set half a campaign running."""
    campaign_id = add_campaign(db, actor)
    purchase(db, actor.account_id, 100_000, "race")

    stopped: list[Callable[[], None]] = []

    def opens(_e164: int, _territory: str, at: datetime) -> datetime:
        if not stopped:  # in the middle of the first attempt a second one begins, and ends
            stopped.append(lambda: None)
            clock.advance(timedelta(milliseconds=1))
            materialise(db, campaign_id, quote_of(5))
        return at

    change(db, campaign_id, purpose="marketing")
    with pytest.raises(Outdated):
        materialise(db, campaign_id, quote_of(5), opens)
    assert (campaign_state(db, campaign_id), states(db)) == ("running", {"queued": 5})
    assert_exact(db)


@pytest.mark.parametrize("deadline", [False, True])
def test_an_unknown_message_is_sent_again_by_hand_and_the_history_says_who(
    db: Database, clock: SimulatedClock, actor: Actor, make_actor: Callable[[str], Actor], deadline: bool
) -> None:
    """Reliability 2.2: a new attempt, logged; debited once although it was taken twice."""
    campaign_id = running(db, actor, 1)
    first = step(db)
    step(db, answers=answer(first, Outcome.UNKNOWN))
    lifecycle.finish(db)
    if deadline:
        clock.advance(timedelta(hours=73))
        lifecycle.give_up_unknown(db, POLICY)
    with db.read() as session:
        message_id = session.connection().scalar(select(MESSAGE.c.id)) or 0
    with pytest.raises(lifecycle.NotNow):
        lifecycle.resend(db, make_actor("romarin"), message_id)
    lifecycle.resend(db, actor, message_id)
    with pytest.raises(lifecycle.NotNow):
        lifecycle.resend(db, actor, message_id)
    assert (campaign_state(db, campaign_id), states(db)) == ("running", {"queued": 1})
    assert (balance(db, actor).available, balance(db, actor).held) == (10_000, 0)
    second = step(db)
    assert (second.batch[0].key, second.tickets[0].attempt) == (first.batch[0].key, 2)
    step(db, answers=answer(second, Outcome.ACCEPTED))
    take_in(db, "g", [Dlr("late", first.batch[0].key, None, State.DELIVERED, None, None, db.now())])
    assert balance(db, actor).available == 0
    assert ("queued", "resend") in history(db, "0")
    with db.read() as session:
        who = session.connection().scalar(select(EVENT.c.user_id).where(EVENT.c.why == "resend"))
    assert who == actor.user_id
    assert_exact(db, [first.batch[0].key] * 2)
