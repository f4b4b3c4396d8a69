"""Claim, settle, pause, cancel, give up: what leaves, what is debited, and that nothing leaves twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Outcome, Result
from smsapp.ledger.posting import Insufficient
from smsapp.ledger.service import balance, grant_signup
from smsapp.sending import lifecycle
from smsapp.sending.materialise import Outdated, fire_due, materialise, waiting
from smsapp.sending.outbox import Answer, Window, window
from smsapp.sending.tables import MESSAGE, SUPPRESSION
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
    return window(db, lane="live", gateway="test", size=size, answers=answers or [], policy=POLICY, **more)  # type: ignore[arg-type]


def answer(done: Window, outcome: Outcome, **more: object) -> list[Answer]:
    return [
        Answer(ticket, Result(submit.key, outcome, **more))  # type: ignore[arg-type]
        for ticket, submit in zip(done.tickets, done.batch, strict=True)
    ]


def test_the_credit_is_held_at_the_claim_and_debited_when_the_gateway_takes_it(db: Database, actor: Actor) -> None:
    """S55: the balance does not move before the real send."""
    running(db, actor, 3)
    assert balance(db, actor).available == 30_000
    claimed = step(db)
    assert [s.e164 for s in claimed.batch] == [FIRST, FIRST + 1, FIRST + 2]
    assert claimed.batch[0].text == "Bonjour Ines"
    assert (balance(db, actor).available, balance(db, actor).held) == (0, 30_000)
    assert_exact(db)
    done = step(db, answers=answer(claimed, Outcome.ACCEPTED, gateway_id="g"))
    assert done.batch == []
    assert done.accounts == {actor.account_id}
    assert (balance(db, actor).available, balance(db, actor).held) == (0, 0)
    assert states(db) == {"accepted": 3}
    assert_exact(db, [s.key for s in claimed.batch])


def test_given_credits_are_spent_first_and_come_back_where_they_were(db: Database, actor: Actor) -> None:
    """S15: 20 given credits, then the bought ones; a refusal gives each back to its own pot."""
    with db.write() as session:
        grant_signup(session, actor.account_id, db.now())
    running(db, actor, 25, credits=5)
    claimed = step(db, size=25)
    assert len(claimed.batch) == 25
    assert balance(db, actor).promo == 0
    step(db, answers=answer(claimed, Outcome.REJECTED, cause=Cause.INVALID))
    found = balance(db, actor)
    assert (found.available, found.promo, found.held) == (250_000, 200_000, 0)
    assert_exact(db, [])


def test_a_reference_holds_no_phone_number(db: Database, actor: Actor) -> None:
    campaign_id = running(db, actor, 2)
    refs = [s.key for s in step(db).batch]
    assert [r.split("-")[1:] for r in refs] == [[str(campaign_id), "0"], [str(campaign_id), "1"]]
    assert len(refs[0].split("-")[0]) == 6


def test_throttled_messages_wait_as_long_as_asked_and_their_credit_is_free(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    running(db, actor, 2)
    claimed = step(db)
    step(db, answers=answer(claimed, Outcome.RETRY, retry_after=30))
    assert states(db) == {"queued": 2}
    assert balance(db, actor).held == 0
    assert step(db).batch == []
    clock.advance(timedelta(seconds=31))
    again = step(db)
    assert [s.key for s in again.batch] == [s.key for s in claimed.batch]
    step(db, answers=answer(again, Outcome.ACCEPTED))
    assert history(db, "0") == [
        ("submitting", "claim"),
        ("queued", "answer"),
        ("submitting", "claim"),
        ("accepted", "answer"),
    ]
    assert_exact(db, [s.key for s in again.batch])


def test_a_message_refused_for_now_during_four_hours_expires(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    running(db, actor, 1)
    for _ in range(2):
        claimed = step(db)
        clock.advance(timedelta(hours=2, minutes=1))
        step(db, size=0, answers=answer(claimed, Outcome.RETRY, retry_after=1))
        clock.advance(timedelta(seconds=2))
    assert states(db) == {"expired": 1}
    assert balance(db, actor).available == 10_000
    assert_exact(db, [])


def test_an_unknown_outcome_is_never_sent_again_and_late_proof_wins(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    running(db, actor, 2)
    claimed = step(db)
    step(db, answers=answer(claimed, Outcome.UNKNOWN))
    clock.advance(timedelta(hours=1))
    assert step(db).batch == []
    assert balance(db, actor).held == 20_000
    # A late throttling says nothing any more, a late acceptance does.
    step(db, answers=answer(claimed, Outcome.RETRY))
    assert states(db) == {"unknown": 2}
    step(db, answers=answer(claimed, Outcome.ACCEPTED)[:1])
    assert states(db) == {"unknown": 1, "accepted": 1}
    assert_exact(db)


def test_after_a_crash_the_outcome_is_unknown_and_an_answer_of_the_dead_lease_does_not_requeue(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    running(db, actor, 2)
    claimed = step(db)
    assert lifecycle.reap(db, POLICY) == set()
    clock.advance(timedelta(seconds=61))
    assert lifecycle.reap(db, POLICY) == {actor.account_id}
    assert states(db) == {"unknown": 2}
    step(db, answers=answer(claimed, Outcome.RETRY))
    assert states(db) == {"unknown": 2}
    assert history(db, "0") == [("submitting", "claim"), ("unknown", "lease")]
    assert_exact(db)


def resent(db: Database, clock: SimulatedClock, actor: Actor) -> Window:
    """A claim whose sender was suspended past its lease; its message was sent again by hand meanwhile."""
    running(db, actor, 1)
    claimed = step(db)
    clock.advance(timedelta(seconds=61))
    lifecycle.reap(db, POLICY)
    lifecycle.resend(db, actor, claimed.tickets[0].message_id)
    return claimed


def test_a_late_acceptance_comes_before_the_new_turn_of_its_message(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    """Told in the very transaction that would claim the message again: it is believed, and nothing is sent twice."""
    claimed = resent(db, clock, actor)
    done = step(db, answers=answer(claimed, Outcome.ACCEPTED))
    assert done.batch == []
    assert states(db) == {"accepted": 1}
    assert_exact(db, [claimed.batch[0].key])


def test_answers_to_two_attempts_of_a_message_may_come_together(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    first = resent(db, clock, actor)
    second = step(db)
    both = answer(first, Outcome.ACCEPTED) + answer(second, Outcome.RETRY)
    assert step(db, answers=both).batch == []
    assert states(db) == {"accepted": 1}
    assert_exact(db, [first.batch[0].key])


def test_a_process_alone_at_its_start_does_not_wait_for_leases(db: Database, actor: Actor) -> None:
    running(db, actor, 2)
    step(db)
    lifecycle.reap(db, POLICY, alone=True)
    assert states(db) == {"unknown": 2}


def test_unknown_for_72_hours_gives_the_credit_back(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    running(db, actor, 1)
    step(db, answers=answer(step(db), Outcome.UNKNOWN))
    clock.advance(timedelta(hours=73))
    lifecycle.give_up_unknown(db, POLICY)
    assert states(db) == {"expired_unknown": 1}
    assert balance(db, actor).available == 10_000
    assert_exact(db)


def test_a_number_blacklisted_meanwhile_is_not_written_to(db: Database, actor: Actor) -> None:
    """S74: nothing claimed after the STOP goes out, nothing is debited for it."""
    running(db, actor, 3)
    with db.write() as session:
        session.connection().execute(
            insert(SUPPRESSION).values(
                account_id=actor.account_id, e164=FIRST + 1, reason="", origin="stop", created_at=db.now()
            )
        )
    assert [s.e164 for s in step(db).batch] == [FIRST, FIRST + 2]
    assert states(db) == {"submitting": 2, "suppressed": 1}
    assert balance(db, actor).available == 10_000
    assert_exact(db)


def test_what_is_not_covered_does_not_begin(db: Database, actor: Actor) -> None:
    """M22: all or nothing by default; the option sends what the balance allows, then pauses with its reason."""
    campaign_id = running(db, actor, 5, credits=3)
    assert campaign_state(db, campaign_id) == "paused_no_credit"
    assert step(db).batch == []
    with pytest.raises(Insufficient) as refused:
        lifecycle.resume(db, actor, campaign_id)
    assert refused.value.params == {"missing": 20_000}
    lifecycle.resume(db, actor, campaign_id, partial=True)
    claimed = step(db)
    assert len(claimed.batch) == 3
    assert claimed.paused
    assert campaign_state(db, campaign_id) == "paused_no_credit"
    assert_exact(db)


def test_two_campaigns_share_a_balance_without_overspending(db: Database, actor: Actor) -> None:
    one = running(db, actor, 5)
    two = running(db, actor, 5, credits=0, first=FIRST + 100)  # each alone is covered
    first = step(db, size=4)
    second = step(db, size=4, after=first.campaign_id)
    assert {first.campaign_id, second.campaign_id} == {one, two}
    assert len(first.batch) + len(second.batch) == 5
    assert balance(db, actor).available == 0
    assert_exact(db)


def test_nothing_is_claimed_after_a_pause_and_all_of_it_after_resuming(db: Database, actor: Actor) -> None:
    campaign_id = running(db, actor, 4)
    flying = step(db, size=1)
    lifecycle.pause(db, actor, campaign_id)
    assert step(db).batch == []
    step(db, answers=answer(flying, Outcome.ACCEPTED))  # what was in flight is settled
    with pytest.raises(lifecycle.NotNow):
        lifecycle.pause(db, actor, campaign_id)
    lifecycle.resume(db, actor, campaign_id)
    assert len(step(db).batch) == 3
    assert_exact(db)


def test_cancelling_keeps_what_left_and_debits_nothing_more(db: Database, actor: Actor) -> None:
    """S34."""
    campaign_id = running(db, actor, 4)
    flying = step(db, size=2)
    lifecycle.cancel(db, actor, campaign_id)
    assert states(db) == {"submitting": 2, "cancelled": 2}
    # One in flight comes back throttled: it is cancelled in turn by the next sweep.
    step(db, answers=answer(flying, Outcome.RETRY)[:1] + answer(flying, Outcome.ACCEPTED)[1:])
    lifecycle.sweep_cancelled(db)
    assert states(db) == {"accepted": 1, "cancelled": 3}
    assert balance(db, actor).available == 30_000
    assert_exact(db)


def test_another_account_can_neither_pause_nor_cancel(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    campaign_id = running(db, actor, 1)
    stranger = make_actor("romarin")
    for act in (lifecycle.pause, lifecycle.cancel, lifecycle.resume):
        with pytest.raises(lifecycle.NotNow):
            act(db, stranger, campaign_id)
    assert campaign_state(db, campaign_id) == "running"


def test_a_campaign_finishes_when_no_row_is_left_to_send(db: Database, actor: Actor) -> None:
    campaign_id = running(db, actor, 2)
    claimed = step(db)
    assert lifecycle.finish(db) == set()
    step(db, answers=answer(claimed, Outcome.ACCEPTED))
    assert lifecycle.finish(db) == {actor.account_id}
    assert campaign_state(db, campaign_id) == "finished"


def test_too_many_refusals_pause_the_campaign_once(db: Database, actor: Actor) -> None:
    """More than 30 % of the first 200: as soon as there are 61, whatever the others become."""
    campaign_id = running(db, actor, 120)
    claimed = step(db, size=60)
    step(db, size=0, answers=answer(claimed, Outcome.REJECTED, cause=Cause.INVALID))
    assert lifecycle.stop_refused(db, POLICY) == set()
    step(db, size=0, answers=answer(step(db, size=1), Outcome.REJECTED, cause=Cause.INVALID))
    assert lifecycle.stop_refused(db, POLICY) == {actor.account_id}
    assert campaign_state(db, campaign_id) == "paused"
    lifecycle.resume(db, actor, campaign_id)
    assert lifecycle.stop_refused(db, POLICY) == set()
    assert campaign_state(db, campaign_id) == "running"


def test_three_refusals_in_ten_do_not_pause_a_campaign(db: Database, actor: Actor) -> None:
    campaign_id = running(db, actor, 400)
    for _ in range(2):
        for outcome, count in ((Outcome.ACCEPTED, 140), (Outcome.REJECTED, 60)):
            cause = Cause.INVALID if outcome is Outcome.REJECTED else None
            step(db, size=0, answers=answer(step(db, size=count), outcome, cause=cause))
        assert lifecycle.stop_refused(db, POLICY) == set()
    assert campaign_state(db, campaign_id) == "running"


def test_marketing_waits_for_the_permitted_hours_even_when_resumed_at_night(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    """M28."""
    campaign_id = add_campaign(db, actor, purpose="marketing")
    materialise(db, campaign_id, quote_of(2))
    with db.write() as session:
        grant_signup(session, actor.account_id, db.now())
    lifecycle.resume(db, actor, campaign_id)
    morning = clock.now() + timedelta(hours=10)
    closed = step(db, opens=lambda _e164, _territory, at: max(at, morning))
    assert closed.batch == []
    assert closed.looked_at == 2
    clock.set(morning)
    assert len(step(db, opens=lambda _e164, _territory, at: at).batch) == 2


def test_a_due_campaign_is_fired_once_and_a_late_one_is_missed(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    """S54."""
    on_time = add_campaign(db, actor, CampaignState.SCHEDULED, clock.now() - timedelta(minutes=5))
    late = add_campaign(db, actor, CampaignState.SCHEDULED, clock.now() - timedelta(hours=3))
    future = add_campaign(db, actor, CampaignState.SCHEDULED, clock.now() + timedelta(minutes=5))
    assert fire_due(db, POLICY, "live") == {actor.account_id}
    assert fire_due(db, POLICY, "live") == set()
    assert [campaign_state(db, c) for c in (on_time, late, future)] == ["materialising", "missed", "scheduled"]
    assert waiting(db, "live") == [on_time]
    assert waiting(db, "demo-1") == []


def test_materialising_again_after_a_crash_writes_each_recipient_once(db: Database, actor: Actor) -> None:
    """S53: the crash comes after a first chunk was committed."""
    campaign_id = running(db, actor, 3)
    with db.write() as session:
        lifecycle.set_state(session, campaign_id, CampaignState.MATERIALISING, db.now(), "")
    materialise(db, campaign_id, quote_of(5))
    assert states(db) == {"queued": 5}
    assert_exact(db)
    with pytest.raises(Outdated):
        materialise(db, campaign_id, quote_of(5))


def test_the_lane_of_a_campaign_is_left_to_its_own_dispatcher(db: Database, actor: Actor) -> None:
    campaign_id = add_campaign(db, actor, lane="demo-1")
    materialise(db, campaign_id, quote_of(1))
    with db.write() as session:
        grant_signup(session, actor.account_id, db.now())
    lifecycle.resume(db, actor, campaign_id)
    assert step(db).batch == []
    assert len(window(db, lane="demo-1", gateway="test", size=5, policy=POLICY).batch) == 1


def test_the_price_of_each_message_is_frozen_and_sums_to_the_quote(db: Database, actor: Actor) -> None:
    running(db, actor, 3)
    with db.read() as session:
        found = session.connection().execute(select(MESSAGE)).all()
    quote = quote_of(3)(db, 0)
    assert sum(m.cost for m in found) == quote.total
    assert all(m.cost == m.segments * m.unit_price and m.tariff_version == quote.tariff_version for m in found)
    assert {State(m.state) for m in found} == {State.QUEUED}
