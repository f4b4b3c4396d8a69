"""What the report page reads: figures, recipients by status, cause and search, the history of a message."""

from collections.abc import Callable

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.delivery import Cause, State, Status
from smsapp.gateways.contract import Dlr, Outcome, Result
from smsapp.sending.outbox import Answer, window
from smsapp.sending.receipts import take_in
from smsapp.sending.service import figures, recipients, timeline
from tests.services.sending.house import FIRST, POLICY, running


def sent(db: Database, actor: Actor) -> int:
    """Five messages: received, failed, sent, at the gateway, waiting."""
    campaign_id = running(db, actor, 5)
    done = window(db, lane="live", gateway="g", size=4, policy=POLICY)
    answers = [
        Answer(t, Result(m.key, Outcome.ACCEPTED)) for t, m in zip(done.tickets[:3], done.batch[:3], strict=True)
    ]
    window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)
    at = db.now()
    take_in(
        db,
        "g",
        [
            Dlr("1", done.batch[0].key, None, State.DELIVERED, None, "208-01", at),
            Dlr("2", done.batch[1].key, None, State.FAILED, Cause.OFF, "208-10", at),
        ],
    )
    return campaign_id


def test_the_figures_of_a_campaign(db: Database, actor: Actor, make_actor: Callable[[str], Actor]) -> None:
    """S47-S50, S55."""
    campaign_id = sent(db, actor)
    found = figures(db, actor, campaign_id)
    assert found is not None
    assert found.statuses == {Status.RECEIVED: 1, Status.ERROR: 1, Status.SENT: 1, Status.WAITING: 2}
    assert (found.total, found.debited, found.held, found.waiting) == (5, 30_000, 10_000, 10_000)
    assert found.causes == {Cause.OFF: 1}
    assert found.state == "running"
    assert figures(db, make_actor("romarin"), campaign_id) is None


def test_recipients_by_page_status_cause_and_search(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    campaign_id = sent(db, actor)
    first = recipients(db, actor, campaign_id, limit=2)
    rest = recipients(db, actor, campaign_id, after=first[-1].rank)
    assert [r.e164 for r in first + rest] == [FIRST + i for i in range(5)]
    assert [r.e164 for r in recipients(db, actor, campaign_id, status=Status.ERROR)] == [FIRST + 1]
    assert [r.e164 for r in recipients(db, actor, campaign_id, cause=Cause.OFF)] == [FIRST + 1]
    assert [r.e164 for r in recipients(db, actor, campaign_id, search="more 0600100003")] == [FIRST + 2]
    assert recipients(db, actor, campaign_id, search="m%u") == []
    assert recipients(db, make_actor("romarin"), campaign_id) == []


def test_the_history_of_a_message(db: Database, actor: Actor, make_actor: Callable[[str], Actor]) -> None:
    message = recipients(db, actor, sent(db, actor), status=Status.ERROR)[0]
    found = timeline(db, actor, message.message_id)
    assert found is not None
    assert [m.state for m in found[1]] == [State.SUBMITTING, State.ACCEPTED, State.FAILED]
    assert (found[1][-1].cause, found[1][-1].operator) == (Cause.OFF, "208-10")
    assert timeline(db, make_actor("romarin"), message.message_id) is None
