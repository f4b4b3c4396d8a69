"""Unknown outcomes: asked about, believed only when the answer is certain."""

from datetime import timedelta

from smsapp.accounts.actor import Actor
from smsapp.db import Database, SimulatedClock
from smsapp.gateways.contract import Outcome, Result
from smsapp.sending import lifecycle
from smsapp.sending.outbox import Answer, window
from smsapp.sending.unknown import questions, take_answers
from tests.services.sending.house import POLICY, assert_exact, campaign_state, running, states


def made_unknown(db: Database, actor: Actor) -> tuple[int, str]:
    campaign_id = running(db, actor, 1)
    done = window(db, lane="live", gateway="g", size=1, policy=POLICY)
    answers = [Answer(done.tickets[0], Result(done.batch[0].key, Outcome.UNKNOWN))]
    window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)
    lifecycle.finish(db)
    return campaign_id, done.batch[0].key


def ask(db: Database, result: Result | None) -> int:
    found = questions(db, "live", "g")
    take_answers(db, dict.fromkeys(found, result), POLICY)
    return len(found)


def test_what_the_gateway_says_it_took_is_debited(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    _, ref = made_unknown(db, actor)
    assert ask(db, Result(ref, Outcome.ACCEPTED, "id")) == 0  # not before some seconds
    clock.advance(timedelta(seconds=31))
    assert ask(db, Result(ref, Outcome.ACCEPTED, "id")) == 1
    assert states(db) == {"accepted": 1}
    assert_exact(db, [ref])


def test_not_found_is_believed_the_second_time_ten_minutes_later(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    """Reliability 2.2; a campaign that had finished meanwhile goes on."""
    campaign_id, ref = made_unknown(db, actor)
    assert campaign_state(db, campaign_id) == "finished"
    for seconds in (31, 121):
        clock.advance(timedelta(seconds=seconds))
        assert ask(db, None) == 1
        assert states(db) == {"unknown": 1}
    clock.advance(timedelta(seconds=601))
    assert ask(db, None) == 1
    assert states(db) == {"queued": 1}
    assert campaign_state(db, campaign_id) == "running"
    assert [m.key for m in window(db, lane="live", gateway="g", size=5, policy=POLICY).batch] == [ref]
    assert_exact(db)


def test_a_gateway_that_cannot_answer_is_asked_again_later(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    _, ref = made_unknown(db, actor)
    for _ in range(6):
        clock.advance(timedelta(hours=2))
        assert ask(db, Result(ref, Outcome.UNKNOWN)) == 1
        assert ask(db, None) == 0
    assert states(db) == {"unknown": 1}
    assert_exact(db)
