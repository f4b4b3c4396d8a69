"""The list of recipients: each exactly once, both ways, under every filter (S52)."""

from itertools import pairwise

import pytest

from smsapp.accounts.actor import Actor
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import Status
from smsapp.reports.campaign import live
from smsapp.reports.recipients import Recipient, recipients
from tests.services.reports.scene import INVALID, REFUSED, SIZE, leave
from tests.services.sending.house import FIRST


@pytest.mark.parametrize("size", [1, 7, 29, 30, 31])
def test_pages_show_each_recipient_once_forwards_and_backwards(
    db: Database, actor: Actor, clock: SimulatedClock, size: int
) -> None:
    campaign_id = leave(db, actor, clock)
    pages = [recipients(db, actor, campaign_id, size=size)]
    assert pages[0].previous == ""
    while pages[-1].next:
        pages.append(recipients(db, actor, campaign_id, after=pages[-1].next, size=size))
    forwards = [row.e164 for page in pages for row in page.rows]
    assert forwards == list(range(FIRST, FIRST + SIZE))
    for earlier, later in pairwise(pages):
        back = recipients(db, actor, campaign_id, before=later.previous, size=size)
        assert back.rows == earlier.rows
        assert (back.previous, back.next) == (earlier.previous, earlier.next)


def test_a_filter_lists_as_many_as_the_figures_say(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """S47-S50: the seven filters share out the recipients."""
    campaign_id = leave(db, actor, clock)
    figures = live(db, actor, campaign_id).figures
    seen: list[Recipient] = []
    for status in Status:
        rows = recipients(db, actor, campaign_id, status=status.value).rows
        assert len(rows) == figures.of(status)
        assert {row.status for row in rows} <= {status.value}
        seen += rows
    assert sorted(row.e164 for row in seen) == list(range(FIRST, FIRST + SIZE))
    assert sum(row.units for row in seen) == live(db, actor, campaign_id).debited


def test_filters_by_cause_and_by_what_is_typed(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """S29, S33: a number is found as people write it; M34: only hopeless numbers are preselected."""
    campaign_id = leave(db, actor, clock)
    invalid = recipients(db, actor, campaign_id, status="error", cause="invalid").rows
    assert [row.e164 for row in invalid] == [*INVALID, REFUSED]
    assert [row.units for row in invalid] == [10_000, 10_000, 0]  # what the gateway refused was not debited
    errors = recipients(db, actor, campaign_id, status="error").rows
    assert {row.e164 for row in errors if row.removable} == {*INVALID, REFUSED}
    for typed in ("06 00 10 00 05", "+33 6 00 10 00 05", "600100005", "0033600100005"):
        assert [row.e164 for row in recipients(db, actor, campaign_id, search=typed).rows] == [33600100005]
    assert len(recipients(db, actor, campaign_id, search="MOREAU ines").rows) == SIZE
    assert recipients(db, actor, campaign_id, search="nobody").rows == ()
    assert recipients(db, actor, campaign_id, status="nonsense").rows == ()
    assert recipients(db, actor, campaign_id, after="nonsense").rows[0].e164 == FIRST
