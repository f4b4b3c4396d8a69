"""What a person does from a report: hold, go on, stop, clean the address book (S34, S41, M10, M34)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.pricing import CampaignNotFound
from smsapp.db import Database, SimulatedClock
from smsapp.reports import actions
from smsapp.reports.campaign import live, report
from smsapp.sending.lifecycle import NotNow
from tests.services.reports.scene import INVALID, REFUSED, TAKEN, add_contact, in_book, leave, message_ids
from tests.services.sending.house import FIRST, assert_exact

MakeActor = Callable[[str], Actor]


def test_a_campaign_is_held_resumed_and_cancelled_by_its_owner_only(
    db: Database, actor: Actor, clock: SimulatedClock, make_actor: MakeActor
) -> None:
    """S34, S35: what has left cannot be recalled, what has not is never debited."""
    campaign_id = leave(db, actor, clock)
    other = make_actor("other")
    for act in (actions.pause, actions.resume, actions.cancel, actions.remove_failed):
        with pytest.raises(CampaignNotFound):
            act(db, other, campaign_id)
    actions.pause(db, actor, campaign_id)
    with pytest.raises(NotNow):
        actions.pause(db, actor, campaign_id)
    actions.resume(db, actor, campaign_id)
    actions.cancel(db, actor, campaign_id)
    found = live(db, actor, campaign_id)
    assert (found.is_over, found.figures.excluded, found.debited) == (True, 10, TAKEN * 10_000)
    assert_exact(db)


@pytest.mark.parametrize("mark", [False, True])
def test_only_numbers_that_failed_for_good_leave_the_book_and_come_back(
    db: Database, actor: Actor, clock: SimulatedClock, make_actor: MakeActor, mark: bool
) -> None:
    """S41, M10, M34; S75: two people on one dead phone both go."""
    other = make_actor("other")
    gone = {add_contact(db, actor, e164) for e164 in (INVALID[0], INVALID[0], REFUSED)}
    kept = {add_contact(db, actor, e164) for e164 in (FIRST, FIRST + 11, FIRST + 12, FIRST + 17)}
    foreign = add_contact(db, other, INVALID[0])
    campaign_id = leave(db, actor, clock)
    assert report(db, actor, campaign_id).removable_contacts == 3
    before = in_book(db, actor)
    clock.advance(timedelta(seconds=1))
    done = actions.remove_failed(db, actor, campaign_id, mark=mark)
    assert (done.count, done.numbers) == (3, 2)
    book = in_book(db, actor)
    assert {id for id, state in book.items() if state == "active"} == kept
    assert set(book) == (kept | gone if mark else kept)
    assert set(in_book(db, other)) == {foreign}
    assert actions.remove_failed(db, actor, campaign_id, mark=mark) == actions.Removed(0, 0, "")
    with pytest.raises(actions.CannotUndo):
        actions.undo_removal(db, other, done.token)
    assert actions.undo_removal(db, actor, done.token) == 3
    assert in_book(db, actor) == before
    with pytest.raises(actions.CannotUndo):
        actions.undo_removal(db, actor, done.token)


def test_chosen_errors_leave_the_book_whatever_their_cause(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """S41: the selection is the person's; what was received cannot be in it."""
    contacts = {e164: add_contact(db, actor, e164) for e164 in (FIRST, FIRST + 11, INVALID[0])}
    campaign_id = leave(db, actor, clock)
    ids = message_ids(db, campaign_id)
    done = actions.remove_failed(db, actor, campaign_id, message_ids=[ids[FIRST], ids[FIRST + 11], 10**12])
    assert done.count == 1
    assert set(in_book(db, actor)) == {contacts[FIRST], contacts[INVALID[0]]}


@pytest.mark.parametrize("token", ["", "1", "1|delete|", "x|delete|2026-06-17T10:00:00+00:00", "1|drop|2026-06-17"])
def test_a_token_that_is_none_brings_nothing_back(sqlite_db: Database, token: str) -> None:
    nobody = Actor(1, 1, "x", "x@example.net", "fr", "X")
    with pytest.raises(actions.CannotUndo):
        actions.undo_removal(sqlite_db, nobody, token)


def test_after_thirty_days_nothing_comes_back(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    """M10."""
    add_contact(db, actor, REFUSED)
    done = actions.remove_failed(db, actor, leave(db, actor, clock))
    clock.advance(timedelta(days=31))
    with pytest.raises(actions.CannotUndo):
        actions.undo_removal(db, actor, done.token)
