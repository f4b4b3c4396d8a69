"""Dashboard and sent list: sums of the same counters, one account at a time (S34, S35, S58, M11)."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.db import Database, SimulatedClock
from smsapp.reports import actions
from smsapp.reports.campaign import ledger_debit, report
from smsapp.reports.dashboard import dashboard
from smsapp.reports.sent import sent_page
from smsapp.sending import lifecycle
from tests.services.reports.scene import SIZE, TAKEN, leave
from tests.services.sending.house import FIRST, add_campaign, assert_exact

MakeActor = Callable[[str], Actor]


def _past(db: Database, actor: Actor, count: int) -> list[int]:
    """Finished campaigns without messages, two at each instant, latest first."""
    with db.write() as session:
        made = [
            Campaign(
                account_id=actor.account_id,
                user_id=actor.user_id,
                name=f"Été {i}",
                text="Bonjour",
                state=CampaignState.FINISHED,
                created_at=db.now(),
                updated_at=db.now(),
                started_at=db.now() - timedelta(hours=i // 2),
            )
            for i in range(count)
        ]
        session.add_all(made)
        session.flush()
        order = sorted(made, key=lambda c: (c.started_at, c.id), reverse=True)
        return [c.id or 0 for c in order]


def test_an_empty_account_has_an_empty_dashboard(db: Database, actor: Actor) -> None:
    found = dashboard(db, actor, days=7)
    assert (found.available, found.held, found.contacts, found.spent, found.days_left) == (0, 0, 0, 0, None)
    assert (found.running, found.last, found.causes, found.reception_rate) == ((), (), (), None)
    assert len(found.per_day) == 7
    assert found.per_day[-1].day == db.now().date()
    assert not found.sent_ever
    assert sent_page(db, actor).rows == ()


def test_the_dashboard_adds_up(db: Database, actor: Actor, clock: SimulatedClock, make_actor: MakeActor) -> None:
    """Figures, days and debits are those of the reports; another account's do not show."""
    other = make_actor("other")
    foreign = leave(db, other, clock, FIRST + 1_000)
    lifecycle.cancel(db, other, foreign)
    campaign_id = leave(db, actor, clock)
    found = dashboard(db, actor)
    [running] = found.running
    assert (running.id, running.figures.total, found.running_total) == (campaign_id, SIZE, 1)
    assert running.speed_per_min > 0
    assert found.figures == report(db, actor, campaign_id).live.figures
    today = found.per_day[-1]
    assert (today.received, today.operator, today.sent, today.error) == (6, 3, 3, 6)
    assert found.spent == today.units == ledger_debit(db, actor, campaign_id) == TAKEN * 10_000
    assert found.held == 20_000  # the two whose outcome is unknown
    assert found.days_left == found.available * 30 // found.spent
    assert found.sent_ever
    lifecycle.cancel(db, actor, campaign_id)
    [line] = dashboard(db, actor).last
    assert (line.id, line.units, line.figures.excluded) == (campaign_id, TAKEN * 10_000, 10)


def test_the_rate_is_compared_with_the_period_before(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    campaign_id = leave(db, actor, clock)
    lifecycle.cancel(db, actor, campaign_id)
    clock.advance(timedelta(days=8))
    found = dashboard(db, actor, days=7)
    assert (found.reception_rate, found.rate_before) == (None, 0.5)
    assert sum(day.received for day in found.per_day) == 0
    assert dashboard(db, actor, days=30).reception_rate == 0.5


@pytest.mark.parametrize("size", [1, 4, 9])
def test_the_sent_list_shows_each_campaign_once_both_ways(db: Database, actor: Actor, size: int) -> None:
    expected = _past(db, actor, 9)
    add_campaign(db, actor, CampaignState.DRAFT)
    add_campaign(db, actor, CampaignState.CANCELLED)  # before it began: never sent
    pages = [sent_page(db, actor, size=size)]
    while pages[-1].next:
        pages.append(sent_page(db, actor, after=pages[-1].next, size=size))
    assert [line.id for page in pages for line in page.rows] == expected
    for earlier, later in pairwise(pages):
        assert sent_page(db, actor, before=later.previous, size=size) == earlier


def test_the_sent_list_is_filtered_and_searched(
    db: Database, actor: Actor, clock: SimulatedClock, make_actor: MakeActor
) -> None:
    past = _past(db, actor, 3)
    running = leave(db, actor, clock)
    assert [line.id for line in sent_page(db, actor, state="running").rows] == [running]
    assert [line.id for line in sent_page(db, actor, state="finished").rows] == past
    assert sent_page(db, actor, state="paused").rows == ()
    assert [line.name for line in sent_page(db, actor, search="ETE 1").rows] == ["Été 1"]
    assert [line.id for line in sent_page(db, actor, search="prenom essai").rows] == [running]
    assert len(sent_page(db, actor, after="nonsense").rows) == 4
    assert sent_page(db, make_actor("other")).rows == ()


def test_hiding_only_takes_out_of_the_list(
    db: Database, actor: Actor, clock: SimulatedClock, make_actor: MakeActor
) -> None:
    """S35, M11: ledger, figures and report stay; what is leaving is cancelled first (S34)."""
    past = _past(db, actor, 2)
    running = leave(db, actor, clock)
    other = make_actor("other")
    assert actions.hide(db, other, [*past, running]) == actions.Hidden((), 0)
    with pytest.raises(actions.StillLeaving):
        actions.hide(db, actor, [running])
    assert actions.hide(db, actor, [past[0], running]) == actions.Hidden((past[0],), 1)
    assert [line.id for line in sent_page(db, actor).rows] == [running, past[1]]
    lifecycle.cancel(db, actor, running)
    before = report(db, actor, running).live
    actions.hide(db, actor, [running])
    after = report(db, actor, running)
    assert after.hidden
    assert (after.live.figures, after.live.debited) == (before.figures, before.debited)
    assert dashboard(db, actor).spent == TAKEN * 10_000
    assert actions.unhide(db, other, [running]) == 0
    assert actions.unhide(db, actor, [running, past[0]]) == 2
    assert len(sent_page(db, actor).rows) == 3
    assert_exact(db)
