"""The date of a draft: kept, explained, put in a plan's place, and what other plans take of the balance (S36, S54, M22-M24,
M28)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.campaigns import departure
from smsapp.campaigns.departure import DateMissing, leave, leave_at, leave_in, leave_later, leave_now, spread_over
from smsapp.campaigns.departure_shown import leaves
from smsapp.campaigns.explain import quote_view
from smsapp.campaigns.launch import Seen
from smsapp.campaigns.pricing import CampaignNotFound
from smsapp.campaigns.schedule import BadSpread, DatePast, NotPlanned, edit, set_free
from smsapp.campaigns.screen import credit_check
from smsapp.campaigns.service import Draft, draft, edit_draft
from smsapp.campaigns.tables import Campaign
from smsapp.db import Database
from smsapp.domain.moment import ZoneUnknown, parse
from smsapp.sending.lifecycle import cancel
from tests.services.campaigns.conftest import TERMS, Ready

PARIS = "Europe/Paris"


def seen(db: Database, actor: Actor, campaign_id: int) -> Seen:
    view = quote_view(db, actor, campaign_id, TERMS)
    return Seen(view.recipients, view.units)


def dated(db: Database, actor: Actor, campaign_id: int, typed: str, zone: str = PARIS) -> Draft:
    return leave_at(db, actor, campaign_id, parse(typed, zone))


def row(db: Database, campaign_id: int) -> Campaign:
    with db.read() as session:
        found = session.get(Campaign, campaign_id)
        assert found
        return found


def said(db: Database, found: Draft, **terms: bool) -> list[str]:
    return [one.sentence.key for one in leaves(found, replace(TERMS, **terms), db.now()).remarks]  # type: ignore[arg-type]


def test_m23_a_draft_leaves_on_the_clock_of_its_account(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready()
    with db.write() as session:
        account = session.get(Account, actor.account_id)
        assert account
        account.time_zone = "Indian/Reunion"
    found = leave_later(db, actor, made)
    assert (found.later, found.zone, found.local_time) == (True, "Indian/Reunion", "")
    found = dated(db, actor, made, "18/06/2026 09:00", found.zone)
    assert row(db, made).send_at == parse("18/06/2026 07:00", PARIS).at
    assert leaves(found, TERMS, db.now()).date == "18/06/2026 09:00"
    leave_in(db, actor, made, PARIS)  # the same hour elsewhere is another instant
    assert row(db, made).send_at == parse("18/06/2026 09:00", PARIS).at
    for wrong in ("", "Paris", "../etc"):
        with pytest.raises(ZoneUnknown):
            leave_in(db, actor, made, wrong)
    assert not leave_now(db, actor, made).later
    assert (row(db, made).send_at, row(db, made).zone, row(db, made).local_time) == (None, "", "")


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("18/06/2026 09:00", ["schedule.open"]),
        ("28/03/2027 02:30", ["schedule.odd.skipped", "schedule.closed.day"]),  # a Sunday night
        ("25/10/2026 02:30", ["schedule.odd.repeated", "schedule.closed.day"]),
        ("21/06/2026 10:00", ["schedule.closed.day"]),
        ("14/07/2026 10:00", ["schedule.closed.holiday"]),
        ("18/06/2026 20:00", ["schedule.closed.hour"]),
        ("15/06/2026 10:00", ["schedule.past"]),
    ],
)
def test_what_is_odd_about_a_date_is_said(
    db: Database, actor: Actor, ready: Ready, typed: str, keys: list[str]
) -> None:
    """M23, M24, M28."""
    assert said(db, dated(db, actor, ready(), typed)) == keys


def test_m28_a_forbidden_slot_proposes_the_next_one(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready()
    found = dated(db, actor, made, "13/07/2026 21:00")
    assert leaves(found, TERMS, db.now()).slot == "15/07/2026 08:00"  # the 14th is a holiday
    assert said(db, found, hours_hold=False) == ["schedule.closed.demo"]
    assert leaves(found, replace(TERMS, hours_hold=False), db.now()).slot == ""
    assert said(db, edit_draft(db, actor, made, purpose="transactional")) == []


def test_a_spread_that_goes_beyond_the_hours_is_said(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready()
    dated(db, actor, made, "18/06/2026 18:00")
    assert said(db, spread_over(db, actor, made, 120)) == ["schedule.open"]
    assert said(db, spread_over(db, actor, made, 240)) == ["schedule.overruns"]
    with pytest.raises(BadSpread):
        spread_over(db, actor, made, 24 * 60 + 1)


def test_a_date_is_wanted_before_it_leaves_and_a_past_one_asks(db: Database, actor: Actor, ready: Ready) -> None:
    """S54, M24."""
    made = ready()
    leave_later(db, actor, made)
    with pytest.raises(DateMissing):
        leave(db, actor, made, seen(db, actor, made), TERMS, consent=True)
    dated(db, actor, made, "17/06/2026 08:00")
    with pytest.raises(DatePast):
        leave(db, actor, made, seen(db, actor, made), TERMS, consent=True)
    agreed = seen(db, actor, made)
    assert leave(db, actor, made, agreed, TERMS, consent=True, now_if_past=True) == (made, None)
    assert row(db, made).state == "materialising"


def test_s36_a_plan_is_changed_and_may_be_sent_at_once(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready()
    when = parse("18/06/2026 09:00", PARIS)
    leave_at(db, actor, made, when)
    agreed = seen(db, actor, made)
    assert leave(db, actor, made, agreed, TERMS, consent=True) == (made, when)
    assert leave(db, actor, made, agreed, TERMS, consent=True) == (made, when)  # a second click
    changing = edit(db, actor, made)
    found = draft(db, actor, changing)
    assert (found.edits_id, found.local_time, found.zone) == (made, "2026-06-18T09:00", PARIS)
    leave_now(db, actor, changing)
    assert leave(db, actor, changing, seen(db, actor, changing), TERMS, consent=True) == (made, None)
    assert row(db, made).state == "materialising"


def test_a_draft_whose_plan_is_gone_can_stand_for_itself(db: Database, actor: Actor, ready: Ready) -> None:
    """Nothing typed is lost."""
    made = ready()
    dated(db, actor, made, "18/06/2026 09:00")
    leave(db, actor, made, seen(db, actor, made), TERMS, consent=True)
    changing = edit(db, actor, made)
    cancel(db, actor, made)
    agreed = seen(db, actor, changing)
    with pytest.raises(NotPlanned):
        leave(db, actor, changing, agreed, TERMS, consent=True)
    set_free(db, actor, changing)
    assert leave(db, actor, changing, agreed, TERMS, consent=True)[0] == changing


def test_m22_what_other_plans_will_have_taken_is_counted(db: Database, actor: Actor, ready: Ready) -> None:
    """The balance need not cover a plan yet; what will lack is said."""
    numbers = ", ".join(f"06123{n:05d}" for n in range(600))
    first = ready("Bonjour à tous", numbers)
    dated(db, actor, first, "18/06/2026 09:00")
    leave(db, actor, first, seen(db, actor, first), TERMS, consent=True)
    second = ready("Bonsoir", numbers)
    dated(db, actor, second, "19/06/2026 09:00")
    view = quote_view(db, actor, second, TERMS)
    assert (view.planned, view.committed, view.available, view.problems) == (True, 6_000_000, 10_000_000, ())
    found = draft(db, actor, second)
    short = credit_check(view, found)
    assert short
    assert (short.sentence.key, short.sentence.params["missing"]) == ("schedule.short.whole", 2_000_000)
    found = departure.allow_partly(db, actor, second, True)
    assert (short := credit_check(view, found))
    assert short.sentence.key == "schedule.short.partly"
    dated(db, actor, second, "18/06/2026 08:00")  # before the other one
    assert credit_check(quote_view(db, actor, second, TERMS), found) is None


def test_the_date_of_anothers_draft_is_not_there(
    db: Database, actor: Actor, ready: Ready, make_actor: Callable[[str], Actor]
) -> None:
    made, stranger = ready(), make_actor("romarin")
    for act in (leave_now, leave_later, set_free):
        with pytest.raises(CampaignNotFound):
            act(db, stranger, made)
    with pytest.raises(CampaignNotFound):
        leave(db, stranger, made, Seen(1, 10_000), TERMS, consent=True)
