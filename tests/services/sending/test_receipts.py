"""Reports: early, late, twice, out of order, about nothing; and replies with STOP in its spellings."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist, suppress, suppressed
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Dlr, Mo, Outcome, Result
from smsapp.ledger.service import balance
from smsapp.ledger.tables import TRANSFER
from smsapp.reports.story import timeline
from smsapp.sending import lifecycle
from smsapp.sending.outbox import Answer, Window, window
from smsapp.sending.receipts import retry_unmatched, take_in
from smsapp.sending.tables import CONVERSATION, INBOX, MESSAGE, REPLY, SUPPRESSION
from tests.services.sending.house import FIRST, POLICY, assert_exact, history, running, states


def claim(db: Database, size: int = 10) -> Window:
    return window(db, lane="live", gateway="g", size=size, policy=POLICY)


def settle(db: Database, done: Window, outcome: Outcome, gateway_id: str | None = None) -> None:
    answers = [Answer(t, Result(s.key, outcome, gateway_id)) for t, s in zip(done.tickets, done.batch, strict=True)]
    window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)


def dlr(
    db: Database,
    ref: str | None,
    state: State,
    event: str = "",
    gateway_id: str | None = None,
    cause: Cause | None = None,
) -> Dlr:
    return Dlr(event or f"{ref}-{state}", ref, gateway_id, state, cause, "208-01", db.now())


def inbox(db: Database) -> dict[str, str]:
    with db.read() as session:
        return {r.key: r.outcome for r in session.connection().execute(select(INBOX.c.key, INBOX.c.outcome))}


def test_reports_move_the_message_whatever_their_order_and_number(db: Database, actor: Actor) -> None:
    """S47-S50."""
    running(db, actor, 1)
    done = claim(db)
    settle(db, done, Outcome.ACCEPTED, "x")
    ref = done.batch[0].key
    assert take_in(db, "g", [dlr(db, ref, State.DELIVERED)]) == {actor.account_id}
    assert take_in(db, "g", [dlr(db, ref, State.OPERATOR), dlr(db, ref, State.DELIVERED)]) == set()
    assert states(db) == {"delivered": 1}
    assert history(db, "0")[-1] == ("delivered", "report")
    assert_exact(db, [ref])


def test_a_report_before_the_answer_is_the_proof_and_debits(db: Database, actor: Actor) -> None:
    running(db, actor, 1)
    done = claim(db)
    take_in(db, "g", [dlr(db, done.batch[0].key, State.OPERATOR)])
    assert balance(db, actor).held == 0
    settle(db, done, Outcome.ACCEPTED, "0042")  # only the gateway's own id is learnt
    assert states(db) == {"operator": 1}
    with db.read() as session:
        assert session.connection().scalar(select(MESSAGE.c.gateway_message_id)) == "0042"
    assert_exact(db, [done.batch[0].key])


@pytest.mark.parametrize("late", [Outcome.REJECTED, Outcome.RETRY, Outcome.UNKNOWN])
def test_after_the_proof_no_answer_takes_it_back(db: Database, actor: Actor, late: Outcome) -> None:
    running(db, actor, 1)
    done = claim(db)
    take_in(db, "g", [dlr(db, done.batch[0].key, State.DELIVERED)])
    settle(db, done, late)
    assert states(db) == {"delivered": 1}
    assert_exact(db, [done.batch[0].key])


def test_both_reports_in_one_batch_leave_both_lines_of_history(db: Database, actor: Actor) -> None:
    running(db, actor, 1)
    done = claim(db)
    settle(db, done, Outcome.ACCEPTED)
    ref = done.batch[0].key
    take_in(db, "g", [dlr(db, ref, State.OPERATOR), dlr(db, ref, State.FAILED, cause=Cause.OFF)])
    assert [state for state, _ in history(db, "0")] == ["submitting", "accepted", "operator", "failed"]
    # A phone that has the message has it.
    take_in(db, "g", [dlr(db, ref, State.DELIVERED)])
    assert states(db) == {"delivered": 1}
    assert_exact(db, [ref])


def test_proof_after_the_deadline_is_believed_and_the_house_pays(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    running(db, actor, 1)
    done = claim(db)
    settle(db, done, Outcome.UNKNOWN)
    clock.advance(timedelta(hours=73))
    lifecycle.give_up_unknown(db, POLICY)
    take_in(db, "g", [dlr(db, done.batch[0].key, State.DELIVERED)])
    assert states(db) == {"delivered": 1}
    assert balance(db, actor).available == 10_000
    assert_exact(db, [done.batch[0].key])


def test_a_report_by_gateway_id_waits_for_its_message(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    running(db, actor, 1)
    done = claim(db)
    take_in(db, "g", [dlr(db, None, State.DELIVERED, "e1", gateway_id="0007")])
    assert inbox(db) == {"g:e1": "unmatched"}
    settle(db, done, Outcome.ACCEPTED, "0007")
    assert retry_unmatched(db, POLICY) == set()  # not yet: it is tried again after some seconds
    clock.advance(timedelta(seconds=6))
    assert retry_unmatched(db, POLICY) == {actor.account_id}
    assert states(db) == {"delivered": 1}
    assert inbox(db) == {"g:e1": "applied"}
    assert_exact(db, [done.batch[0].key])


def test_a_report_waits_longer_than_an_outcome_may_be_unknown(
    db: Database, clock: SimulatedClock, actor: Actor
) -> None:
    """The gateway says its own id late: what it reported meanwhile is not lost."""
    running(db, actor, 1)
    done = claim(db)
    settle(db, done, Outcome.UNKNOWN)
    take_in(db, "g", [dlr(db, None, State.DELIVERED, "e1", gateway_id="0007")])
    for _ in range(14):
        clock.advance(timedelta(hours=5))
        retry_unmatched(db, POLICY)
    settle(db, done, Outcome.ACCEPTED, "0007")
    clock.advance(POLICY.unmatched_every)
    retry_unmatched(db, POLICY)
    assert states(db) == {"delivered": 1}
    assert_exact(db, [done.batch[0].key])


def test_a_report_about_nothing_is_kept_and_given_up_after_a_week(db: Database, clock: SimulatedClock) -> None:
    take_in(db, "g", [dlr(db, "zzz-1-1", State.DELIVERED, "e1")])
    for _ in range(16):
        clock.advance(timedelta(hours=12))
        retry_unmatched(db, POLICY)
    assert inbox(db) == {"g:e1": "orphan"}


def test_a_failed_report_without_a_cause_is_counted_under_unknown_cause(db: Database, actor: Actor) -> None:
    """M34: cause indéterminée, numéro à conserver."""
    running(db, actor, 1)
    done = claim(db)
    settle(db, done, Outcome.ACCEPTED)
    take_in(db, "g", [dlr(db, done.batch[0].key, State.FAILED)])
    with db.read() as session:
        assert session.connection().scalar(select(MESSAGE.c.cause)) == Cause.UNKNOWN
    assert_exact(db)


def test_a_reply_finds_its_campaign_and_a_stop_suppresses_in_the_same_commit(db: Database, actor: Actor) -> None:
    """S44, S45, S74."""
    campaign_id = running(db, actor, 2)
    settle(db, claim(db), Outcome.ACCEPTED)
    replies = [
        Mo("m1", FIRST, "36111", "merci !", db.now()),
        Mo("m2", FIRST + 1, "36111", "Stop.", db.now()),
        Mo("m3", 33700000000, "36111", "qui ?", db.now()),
    ]
    for _ in range(2):  # told twice, kept once
        take_in(db, "g", replies)
    with db.read() as session:
        kept = session.connection().execute(select(REPLY).order_by(REPLY.c.id)).all()
        stopped = list(session.connection().scalars(select(SUPPRESSION.c.e164)))
    assert [(r.account_id, r.campaign_id, r.text, r.is_stop) for r in kept] == [
        (actor.account_id, campaign_id, "merci !", False),
        (actor.account_id, campaign_id, "Stop.", True),
        (None, None, "qui ?", False),
    ]
    assert stopped == [FIRST + 1]


def test_a_stop_is_heard_by_every_account_that_wrote_lately(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    other = make_actor("romarin")
    for who in (actor, other):
        running(db, who, 1)
        settle(db, claim(db), Outcome.ACCEPTED)
    assert take_in(db, "g", [Mo("m", FIRST, "36111", "ARRÊT svp", db.now())]) == {actor.account_id, other.account_id}
    with db.read() as session:
        assert set(session.connection().scalars(select(SUPPRESSION.c.account_id))) == {
            actor.account_id,
            other.account_id,
        }


END = ["refused", "stopped", "cancelled", "too late"]


def sent_again(db: Database, clock: SimulatedClock, actor: Actor, end: str) -> str:
    """A message of unknown outcome, sent again by hand, whose second attempt comes to nothing. Its reference."""
    campaign_id = running(db, actor, 1)
    first = claim(db)
    settle(db, first, Outcome.UNKNOWN)
    lifecycle.resend(db, actor, first.tickets[0].message_id)
    if end == "stopped":
        take_in(db, "g", [Mo("m", FIRST, "36111", "STOP", db.now())])
        claim(db)
    elif end == "cancelled":
        lifecycle.cancel(db, actor, campaign_id)
    else:
        second = claim(db)
        clock.advance(timedelta(hours=5))
        settle(db, second, Outcome.REJECTED if end == "refused" else Outcome.RETRY)
    return first.batch[0].key


@pytest.mark.parametrize("end", END)
def test_l8_the_phone_that_has_the_first_attempt_has_the_message(
    db: Database, clock: SimulatedClock, actor: Actor, end: str
) -> None:
    """S48, S55: received is received; what was given back meanwhile is paid by the house, told twice or not."""
    ref = sent_again(db, clock, actor, end)
    (closed,) = states(db)
    assert closed in ("rejected", "suppressed", "cancelled", "expired")
    before = balance(db, actor)
    assert (before.available, before.held) == (10_000, 0)
    # The attempt that was refused may be told to have failed: of the first one that says nothing.
    take_in(db, "g", [dlr(db, ref, State.FAILED, cause=Cause.INVALID), dlr(db, ref, State.OPERATOR)])
    assert states(db) == {closed: 1}
    assert take_in(db, "g", [dlr(db, ref, State.DELIVERED)]) == {actor.account_id}
    assert take_in(db, "g", [dlr(db, ref, State.DELIVERED, event="said again")]) == set()
    assert (states(db), balance(db, actor)) == ({"delivered": 1}, before)
    assert history(db, "0")[-1] == ("delivered", "report")
    with db.read() as session:
        message = session.connection().execute(select(MESSAGE)).one()
        kinds = session.connection().scalars(select(TRANSFER.c.kind)).all()
    assert (message.cause, message.accepted_at) == (None, db.now())
    assert [kind for kind in kinds if kind in ("capture", "writeoff")] == ["writeoff"]
    told = timeline(db, actor, message.id)
    assert (told.status, told.units, told.steps[-1].credit) == ("received", 0, "offered")
    assert_exact(db, [ref])


def test_a_refusal_that_nobody_doubted_stays_one(db: Database, actor: Actor) -> None:
    """A gateway that refused a message at once and tells that it was delivered is not believed."""
    running(db, actor, 1)
    done = claim(db)
    settle(db, done, Outcome.REJECTED)
    take_in(db, "g", [dlr(db, done.batch[0].key, State.DELIVERED)])
    assert (states(db), balance(db, actor).available) == ({"rejected": 1}, 10_000)
    assert_exact(db, [])


def test_a_stop_is_heard_for_a_message_that_was_sent_again_by_hand(db: Database, actor: Actor) -> None:
    """S74: its outcome was unknown, the phone had it all the same; it is not written to a second time."""
    running(db, actor, 1)
    done = claim(db)
    settle(db, done, Outcome.UNKNOWN)
    lifecycle.resend(db, actor, done.tickets[0].message_id)
    assert take_in(db, "g", [Mo("m", FIRST, "36111", "STOP", db.now())]) == {actor.account_id}
    assert claim(db).batch == []
    assert states(db) == {"suppressed": 1}
    assert_exact(db, [done.batch[0].key])


def test_start_takes_back_what_stop_did_and_nothing_else(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """M27: who was blacklisted by hand or by a file, before or after the STOP, stays so."""
    running(db, actor, 4)
    settle(db, claim(db), Outcome.ACCEPTED)
    stopped, by_hand, by_file, after = range(FIRST, FIRST + 4)
    blacklist(db, actor, [by_hand])
    with db.write() as session:
        suppress(session, db, actor.account_id, [by_file], origin="import")
    take_in(db, "g", [Mo(f"s{n}", n, "36111", "STOP", db.now()) for n in (stopped, by_hand, by_file, after)])
    blacklist(db, actor, [after])
    clock.advance(timedelta(minutes=1))
    take_in(db, "g", [Mo(f"r{n}", n, "36111", "START", db.now()) for n in (stopped, by_hand, by_file, after)])
    assert suppressed(db, actor) == {by_hand, by_file, after}


def test_the_last_wish_counts_even_in_one_delivery(db: Database, actor: Actor) -> None:
    running(db, actor, 2)
    settle(db, claim(db), Outcome.ACCEPTED)
    now = db.now()
    later = now + timedelta(seconds=5)
    take_in(
        db,
        "g",
        [
            Mo("b", FIRST, "36111", "START", later),
            Mo("a", FIRST, "36111", "STOP", now),
            Mo("c", FIRST + 1, "36111", "STOP", later),
            Mo("d", FIRST + 1, "36111", "START", now),
        ],
    )
    assert suppressed(db, actor) == {FIRST + 1}


def test_a_start_that_was_overtaken_by_a_later_stop_lifts_nothing(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    running(db, actor, 1)
    settle(db, claim(db), Outcome.ACCEPTED)
    before = db.now()
    clock.advance(timedelta(minutes=1))
    take_in(db, "g", [Mo("a", FIRST, "36111", "STOP", db.now())])
    take_in(db, "g", [Mo("b", FIRST, "36111", "START", before)])
    assert suppressed(db, actor) == {FIRST}


def test_a_conversation_keeps_count_of_what_was_not_read(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """S44: one line per number, the last text on top, a STOP dealt with when it arrives, late replies in their place."""
    running(db, actor, 2)
    settle(db, claim(db), Outcome.ACCEPTED)
    start = db.now()
    clock.advance(timedelta(minutes=2))
    take_in(db, "g", [Mo("a", FIRST, "36111", "oui\npour jeudi", db.now()), Mo("s", FIRST + 1, "36111", "stop", start)])
    take_in(db, "g", [Mo("late", FIRST, "36111", "allo ?", start)])
    with db.read() as session:
        rows = session.connection().execute(select(CONVERSATION).order_by(CONVERSATION.c.e164)).all()
    assert [(r.e164, r.last_text, r.unread, r.replies, r.stopped) for r in rows] == [
        (FIRST, "oui pour jeudi", 2, 2, False),
        (FIRST + 1, "stop", 0, 1, True),
    ]
