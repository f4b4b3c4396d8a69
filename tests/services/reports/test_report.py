"""The report of a campaign: its figures are the messages, its debit is the ledger (S40, S47-S52, S55)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.pricing import CampaignNotFound
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import Cause, State, Status
from smsapp.gateways.contract import Dlr
from smsapp.reports.campaign import ledger_debit, live, report
from smsapp.reports.course import course
from smsapp.reports.recipients import recipients
from smsapp.reports.story import MessageNotFound, timeline
from smsapp.sending import lifecycle
from smsapp.sending.receipts import take_in
from tests.services.reports.scene import EXPECTED, INVALID, SIZE, TAKEN, add_contact, leave, message_ids, rows_by_state
from tests.services.sending.house import FIRST, POLICY, add_campaign, assert_exact

MakeActor = Callable[[str], Actor]


def test_the_figures_are_the_messages_and_the_debit_is_the_ledger(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    """S47-S50, S55: whatever happened, counted once; debited to the unit."""
    campaign_id = leave(db, actor, clock)
    found = report(db, actor, campaign_id)
    f = found.live.figures
    assert rows_by_state(db, campaign_id) == EXPECTED
    assert (f.total, f.waiting, f.sent, f.operator, f.received) == (SIZE, 10, 3, 3, 6)
    assert (f.error, f.refused, f.unknown, f.excluded) == (6, 2, 2, 0)
    assert f.total == sum(f.of(status) for status in Status)
    assert (f.handed_over, f.at_operator, f.done) == (TAKEN, 9, 20)
    assert f.reception_rate == 0.5
    assert found.live.debited == ledger_debit(db, actor, campaign_id) == TAKEN * 10_000
    assert found.live.offered == 0
    [france] = found.live.cost
    assert (france.territory, france.count, france.segments, france.unit_price) == ("FR", TAKEN, TAKEN, 10_000)
    assert france.units == found.live.debited
    assert (found.written_units, found.live.to_come) == (SIZE * 10_000, 100_000)
    assert found.median_delay_s == 6.0
    assert found.author == "lavande"
    assert_exact(db)


def test_causes_say_which_numbers_to_remove(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """S50, M34: permanent ones only; refusals of the gateway count with the reports."""
    campaign_id = leave(db, actor, clock)
    add_contact(db, actor, INVALID[0])
    found = report(db, actor, campaign_id)
    assert [(c.cause, c.count, c.remove) for c in found.live.causes] == [
        (Cause.INVALID, 3, True),
        (Cause.CONTENT, 1, False),
        (Cause.OFF, 1, False),
        (Cause.SPAM, 1, False),
    ]
    assert (found.removable_numbers, found.removable_contacts) == (3, 1)


def test_a_running_campaign_tells_its_speed_and_its_end(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """The speed is that of the last two minutes: nothing is promised when nothing leaves."""
    campaign_id = leave(db, actor, clock)
    found = live(db, actor, campaign_id)
    assert found.can_pause
    assert found.pace.speed_per_min == 160  # 16 in the 6 seconds since the hand-over
    assert found.pace.ends_at == db.now() + timedelta(seconds=10 / (16 / 6))
    clock.advance(timedelta(seconds=600))
    assert live(db, actor, campaign_id).pace.ends_at is None
    lifecycle.pause(db, actor, campaign_id)
    paused = live(db, actor, campaign_id)
    assert (paused.state, paused.pause_reason, paused.can_resume) == ("paused", "asked", True)
    assert paused.pace.speed_per_min == 0


def test_what_the_house_paid_is_not_told_as_debited(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """A message whose credit had been given back, and which turns out to have left, costs the customer nothing."""
    campaign_id = leave(db, actor, clock)
    clock.advance(timedelta(hours=73))
    lifecycle.give_up_unknown(db, POLICY)
    late = recipients(db, actor, campaign_id, status="unknown").rows[0]
    ref = timeline(db, actor, late.message_id).reference
    take_in(db, "g", [Dlr("late", ref, None, State.DELIVERED, None, None, db.now())])
    found = report(db, actor, campaign_id).live
    assert found.figures.handed_over == TAKEN + 1
    assert found.debited == ledger_debit(db, actor, campaign_id) == TAKEN * 10_000
    assert found.offered == 10_000
    story = timeline(db, actor, late.message_id)
    assert [step.credit for step in story.steps] == ["", "hold", "", "release", "offered"]
    assert story.units == 0
    assert_exact(db)


def test_reports_of_others_do_not_exist(
    db: Database, actor: Actor, clock: SimulatedClock, make_actor: MakeActor
) -> None:
    """Another tenant's campaign answers as one that never was; so does a draft."""
    campaign_id = leave(db, actor, clock)
    other = make_actor("other")
    for read in (report, live, course, recipients):
        with pytest.raises(CampaignNotFound) as refused:
            read(db, other, campaign_id)
        assert refused.value.key == "reports.not_found"
    with pytest.raises(MessageNotFound):
        timeline(db, other, message_ids(db, campaign_id)[FIRST])
    assert ledger_debit(db, other, campaign_id) == 0


def test_a_campaign_without_messages_has_an_empty_report(db: Database, actor: Actor) -> None:
    campaign_id = add_campaign(db, actor)
    found = report(db, actor, campaign_id)
    assert found.live.figures.total == 0
    assert found.live.figures.progress == 0
    assert found.live.figures.reception_rate is None
    assert (found.live.cost, found.live.causes, found.live.debited, found.median_delay_s) == ((), (), 0, None)
    assert course(db, actor, campaign_id).points == ()
    assert recipients(db, actor, campaign_id).rows == ()


def test_the_course_grows_to_the_figures(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """The last point of the curves is the report's own figures; none of them ever falls."""
    campaign_id = leave(db, actor, clock)
    found = course(db, actor, campaign_id, points=12)
    figures = live(db, actor, campaign_id).figures
    last = found.points[-1]
    assert len(found.points) == 13
    assert (last.sent, last.operator, last.received) == (figures.handed_over, figures.at_operator, figures.received)
    assert found.later == 0
    for earlier, later in zip(found.points, found.points[1:], strict=False):
        assert earlier.at < later.at
        assert (earlier.sent, earlier.operator, earlier.received) <= (later.sent, later.operator, later.received)
        assert later.sent >= later.operator >= later.received


def test_the_story_of_a_message_explains_its_status(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """S47-S50: what happened, when, why, what it cost and what to do."""
    campaign_id = leave(db, actor, clock)
    ids = message_ids(db, campaign_id)
    got = timeline(db, actor, ids[FIRST])
    assert [step.sentence.key for step in got.steps] == [
        "reports.timeline.written",
        "reports.timeline.submitting.claim",
        "reports.timeline.accepted.answer",
        "reports.timeline.operator.report",
        "reports.timeline.delivered.report",
    ]
    assert [step.credit for step in got.steps] == ["", "hold", "debit", "", ""]
    assert (got.status, got.units, got.operator, got.name) == ("received", 10_000, "SFR", "Ines Moreau")
    assert [step.at for step in got.steps] == sorted(step.at for step in got.steps)
    failed = timeline(db, actor, ids[INVALID[0]])
    assert (failed.status, failed.cause_key, failed.permanent) == ("error", "delivery.cause.invalid", True)
    assert failed.next.key == "reports.timeline.next.remove"
    kept = timeline(db, actor, ids[FIRST + 11])
    assert (kept.next.key, kept.permanent) == ("reports.timeline.next.keep", False)
    held = timeline(db, actor, ids[FIRST + 6])
    assert held.next.key == "reports.timeline.next.operator"
    assert held.next.at is not None
    assert held.next.at > db.now() + timedelta(hours=47)
    waiting = timeline(db, actor, ids[FIRST + 29])
    assert (waiting.next.key, waiting.units) == ("reports.timeline.next.queued", 0)
    unknown = timeline(db, actor, ids[FIRST + 18])
    assert (unknown.status, unknown.next.key) == ("unknown", "reports.timeline.next.unknown")
