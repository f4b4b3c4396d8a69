"""Campaigns that leave later: planned, changed under the same id, copied, taken back (S34, S36, S37, S54, S55, M24)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.explain import quote_view
from smsapp.campaigns.launch import ConsentMissing, QuoteChanged, Seen, launch
from smsapp.campaigns.pricing import CampaignNotFound, quote_campaign
from smsapp.campaigns.schedule import BadSpread, DatePast, NotPlanned, Plan, copy, edit, planned, schedule
from smsapp.campaigns.service import NotADraft, draft, edit_draft
from smsapp.campaigns.tables import Campaign
from smsapp.db import Database, SimulatedClock
from smsapp.domain.moment import parse
from smsapp.ledger.service import balance
from smsapp.sending.lifecycle import cancel
from smsapp.sending.materialise import fire_due, materialise, waiting
from smsapp.sending.policy import Policy
from tests.services.campaigns.conftest import TERMS, Ready

EVENING = Plan(parse("17/06/2026 18:30", "Europe/Paris"))


def planned_one(db: Database, actor: Actor, ready: Ready, text: str = "Bonjour à tous") -> int:
    made = ready(text, "0612345678, 0612345679")
    return schedule(db, actor, made, seen(db, actor, made), TERMS, EVENING, consent=True)


def seen(db: Database, actor: Actor, campaign_id: int) -> Seen:
    view = quote_view(db, actor, campaign_id, TERMS)
    return Seen(view.recipients, view.units)


def row(db: Database, campaign_id: int) -> Campaign:
    with db.read() as session:
        found = session.get(Campaign, campaign_id)
        assert found
        return found


def test_a_planned_campaign_waits_for_its_date_and_costs_nothing_yet(
    db: Database, clock: SimulatedClock, actor: Actor, ready: Ready
) -> None:
    """S54, S55."""
    before = balance(db, actor)
    made = planned_one(db, actor, ready)
    kept = row(db, made)
    assert (kept.state, kept.send_at, kept.local_time, kept.zone) == (
        "scheduled",
        EVENING.when.at,
        "2026-06-17T18:30",
        "Europe/Paris",
    )
    assert schedule(db, actor, made, Seen(2, 20_000), TERMS, EVENING, consent=True) == made  # a second click
    assert [(p.id, p.recipients, p.units) for p in planned(db, actor)] == [(made, 2, 20_000)]
    fire_due(db, Policy(), "live")
    assert (waiting(db, "live"), balance(db, actor)) == ([], before)
    clock.set(EVENING.when.at)
    fire_due(db, Policy(), "live")
    assert waiting(db, "live") == [made]
    materialise(db, made, lambda of, i: quote_campaign(of, i, TERMS))
    assert row(db, made).state in ("running", "paused_no_credit")
    assert planned(db, actor) == []


def test_what_is_not_agreed_to_is_not_planned(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready("Bonjour à tous", "0612345678")
    agreed = seen(db, actor, made)
    with pytest.raises(ConsentMissing):
        schedule(db, actor, made, agreed, TERMS, EVENING, consent=False)
    with pytest.raises(QuoteChanged):
        schedule(db, actor, made, Seen(5, 5), TERMS, EVENING, consent=True)
    with pytest.raises(BadSpread):
        schedule(db, actor, made, agreed, TERMS, Plan(EVENING.when, spread_minutes=-1), consent=True)
    assert row(db, made).state == "draft"


def test_a_date_that_is_over_means_now_only_when_that_is_said(db: Database, actor: Actor, ready: Ready) -> None:
    """S37, M24."""
    made = ready("Bonjour à tous", "0612345678")
    past = Plan(parse("16/06/2026 09:00", "Europe/Paris"))
    with pytest.raises(DatePast):
        schedule(db, actor, made, seen(db, actor, made), TERMS, past, consent=True)
    now = Plan(past.when, now_if_past=True)
    schedule(db, actor, made, seen(db, actor, made), TERMS, now, consent=True)
    assert (row(db, made).state, row(db, made).send_at) == ("materialising", db.now())


def test_a_plan_is_changed_under_the_same_id(db: Database, actor: Actor, ready: Ready) -> None:
    """S36: text, recipients and date; until it is saved the plan stays as it was."""
    made = planned_one(db, actor, ready)
    changing = edit(db, actor, made)
    assert edit(db, actor, made) == changing
    edit_draft(db, actor, changing, text="Bonsoir à tous")
    assert (row(db, made).text, draft(db, actor, changing).text) == ("Bonjour à tous", "Bonsoir à tous")
    with pytest.raises(NotADraft):  # sent by itself, it would leave beside the plan
        launch(db, actor, changing, seen(db, actor, changing), TERMS, consent=True)
    later = Plan(parse("18/06/2026 09:15", "Europe/Paris"), spread_minutes=30, partial=True)
    assert schedule(db, actor, changing, seen(db, actor, changing), TERMS, later, consent=True) == made
    kept = row(db, made)
    assert (kept.text, kept.send_at, kept.spread_minutes, kept.partial) == ("Bonsoir à tous", later.when.at, 30, True)
    assert [p.id for p in planned(db, actor)] == [made]
    with pytest.raises(CampaignNotFound):
        draft(db, actor, changing)


def test_a_plan_that_left_meanwhile_left_as_it_was(
    db: Database, clock: SimulatedClock, actor: Actor, ready: Ready
) -> None:
    made = planned_one(db, actor, ready)
    changing = edit(db, actor, made)
    edit_draft(db, actor, changing, text="Bonsoir à tous")
    clock.set(EVENING.when.at + timedelta(seconds=1))
    fire_due(db, Policy(), "live")
    later = Plan(parse("18/06/2026 09:15", "Europe/Paris"))
    with pytest.raises(NotPlanned):
        schedule(db, actor, changing, seen(db, actor, changing), TERMS, later, consent=True)
    assert row(db, made).text == "Bonjour à tous"
    assert draft(db, actor, changing).text == "Bonsoir à tous"  # nothing typed is lost


def test_a_copy_is_another_campaign(db: Database, actor: Actor, ready: Ready) -> None:
    """S37: the original is not modified."""
    made = planned_one(db, actor, ready)
    before = row(db, made).model_dump()
    again = copy(db, actor, made)
    edit_draft(db, actor, again, text="Autre chose")
    other = schedule(db, actor, again, seen(db, actor, again), TERMS, EVENING, consent=True)
    assert other == again != made
    assert row(db, made).model_dump() == before


def test_a_plan_that_is_taken_back_never_leaves(
    db: Database, clock: SimulatedClock, actor: Actor, ready: Ready
) -> None:
    """S34: no debit."""
    made = planned_one(db, actor, ready)
    cancel(db, actor, made)
    clock.set(EVENING.when.at)
    fire_due(db, Policy(), "live")
    assert (row(db, made).state, waiting(db, "live"), planned(db, actor)) == ("cancelled", [], [])
    with pytest.raises(NotPlanned):
        edit(db, actor, made)


def test_another_account_has_no_part_in_it(
    db: Database, actor: Actor, ready: Ready, make_actor: Callable[[str], Actor]
) -> None:
    made = planned_one(db, actor, ready)
    stranger = make_actor("romarin")
    for act in (edit, copy):
        with pytest.raises(CampaignNotFound):
            act(db, stranger, made)
    with pytest.raises(CampaignNotFound):
        schedule(db, stranger, made, Seen(2, 20_000), TERMS, EVENING, consent=True)
    assert planned(db, stranger) == []
