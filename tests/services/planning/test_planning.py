"""« SMS programmés »: order, pages, what the balance does not cover, the calendar, deletion, leaving at once (S34, M22-M24)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.explain import quote_view
from smsapp.campaigns.launch import Seen
from smsapp.campaigns.pricing import CampaignNotFound, Terms, quote_campaign
from smsapp.campaigns.schedule import NotPlanned, Plan, count_planned, schedule, send_now
from smsapp.campaigns.service import add_numbers, create_draft, edit_draft
from smsapp.campaigns.tables import Campaign
from smsapp.db import Database, SimulatedClock
from smsapp.domain.moment import moment, parse
from smsapp.ledger.service import balance, purchase
from smsapp.planning import service, shown
from smsapp.sending.lifecycle import NotNow, cancel, take_back
from smsapp.sending.materialise import fire_due, materialise, waiting
from smsapp.sending.policy import Policy

TERMS = Terms()
PARIS = "Europe/Paris"
Planned = Callable[..., int]


@pytest.fixture
def plan(db: Database, actor: Actor) -> Planned:
    """A campaign to one number: ``plan("18/06/2026 09:00", name="Atelier")`` -> its id."""

    def make(typed: str, *, name: str = "Atelier", zone: str = PARIS, numbers: str = "0612345678") -> int:
        made = create_draft(db, actor)
        edit_draft(db, actor, made, text="Bonjour", name=name)
        add_numbers(db, actor, made, numbers)
        view = quote_view(db, actor, made, TERMS)
        agreed = Seen(view.recipients, view.units)
        return schedule(db, actor, made, agreed, TERMS, Plan(parse(typed, zone)), consent=True)

    return make


def titles(found: service.Agenda) -> list[str]:
    return [line.title for line in found.lines]


def test_plans_stand_in_the_order_in_which_they_leave(db: Database, actor: Actor, plan: Planned) -> None:
    plan("25/06/2026 09:00", name="C")
    plan("18/06/2026 09:00", name="B")
    plan("18/06/2026 08:00", name="A", zone="Indian/Reunion")  # 06:00 in Paris
    found = service.agenda(db, actor)
    assert (titles(found), found.total, found.scheduled, found.units) == (["A", "B", "C"], 3, 3, 30_000)
    assert count_planned(db, actor) == 3
    rows = shown.rows(found)
    assert [(r.group, r.size, r.first, r.hour, r.zone) for r in rows] == [
        ("tomorrow", 2, True, "08:00", "Indian/Reunion"),
        ("tomorrow", 2, False, "09:00", ""),
        ("next_week", 1, True, "09:00", ""),
    ]


def test_fifty_a_page_forth_and_back(db: Database, actor: Actor, plan: Planned) -> None:
    for n in range(103):
        plan(f"{18 + n // 60}/06/2026 09:{n % 60:02d}", name=f"{n:03d}")
    first = service.agenda(db, actor)
    second = service.agenda(db, actor, after=first.next)
    third = service.agenda(db, actor, after=second.next)
    assert [len(page.lines) for page in (first, second, third)] == [50, 50, 3]
    assert (first.previous, third.next) == ("", "")
    assert titles(service.agenda(db, actor, before=third.previous)) == titles(second)
    back = service.agenda(db, actor, before=second.previous)
    assert (titles(back), back.previous) == (titles(first), "")
    for wrong in ("x", "|", "2026-06-18|1", f"2026-06-18T00:00:00+00:00|{2**70}"):
        assert titles(service.agenda(db, actor, after=wrong)) == titles(first)


def test_m22_the_plans_that_the_balance_does_not_cover_are_named(db: Database, actor: Actor, plan: Planned) -> None:
    purchase(db, actor.account_id, 25_000, "two and a half")
    ids = [plan(f"{day}/06/2026 09:00", name=str(day)) for day in (18, 19, 20, 22)]
    found = service.agenda(db, actor)
    assert found.first_short == service.Short("20", "20/06/2026 09:00")
    assert found.short == frozenset(ids[2:])
    purchase(db, actor.account_id, 15_000, "the rest")
    assert service.agenda(db, actor).first_short is None


def test_the_calendar_shows_what_left_what_leaves_and_closed_days(
    db: Database, clock: SimulatedClock, actor: Actor, plan: Planned
) -> None:
    purchase(db, actor.account_id, 100_000, "enough")
    gone = plan("17/06/2026 18:30", name="Partie")
    plan("30/06/2026 23:30", name="Nuit")
    clock.set(parse("17/06/2026 18:30", PARIS).at)
    fire_due(db, Policy(), "live")
    materialise(db, gone, lambda of, i: quote_campaign(of, i, TERMS))
    found = service.month(db, actor, TERMS)
    assert (found.first, found.today, found.days[0].day) == (date(2026, 6, 1), date(2026, 6, 17), date(2026, 6, 1))
    by_day = {day.day: [(entry.title, entry.state) for entry in day.entries] for day in found.days if day.entries}
    assert by_day == {
        date(2026, 6, 17): [("Partie", "running")],
        date(2026, 6, 30): [("Nuit", "scheduled")],  # on the clock of the account: in UTC too, here
    }
    closed = {day.day for day in found.days if day.closed}
    assert {date(2026, 6, 7), date(2026, 6, 14)} <= closed
    july = service.month(db, actor, TERMS, date(2026, 7, 1))
    assert (july.days[0].day, july.days[1].entries[0].title) == (date(2026, 6, 29), "Nuit")
    assert next(day for day in july.days if day.day == date(2026, 7, 14)).closed
    looks = {item.title: item.look for cell in shown.cells(found) for item in cell.listed}
    assert looks == {"Partie": "going", "Nuit": "plan"}


def test_a_full_month_says_how_many_it_leaves_out(db: Database, actor: Actor, plan: Planned) -> None:
    for n in range(service.SHOWN + 3):
        plan(f"18/06/2026 10:{n:02d}")
    found = service.month(db, actor, TERMS)
    assert found.hidden == 3
    cell = next(cell for cell in shown.cells(found) if cell.number == 18 and cell.inside)
    assert (len(cell.listed), cell.more) == (shown.LISTED, service.SHOWN - shown.LISTED)


def test_s34_a_deleted_plan_never_leaves(
    db: Database, clock: SimulatedClock, actor: Actor, plan: Planned, make_actor: Callable[[str], Actor]
) -> None:
    made = plan("18/06/2026 09:00")
    stranger = make_actor("romarin")
    for act in (service.one, service.delete):
        with pytest.raises(NotPlanned):
            act(db, stranger, made)
    before = balance(db, actor)
    assert service.delete(db, actor, made).title == "Atelier"
    clock.set(parse("18/06/2026 09:00", PARIS).at)
    fire_due(db, Policy(), "live")
    assert (waiting(db, "live"), balance(db, actor), service.agenda(db, actor).lines) == ([], before, ())
    with pytest.raises(NotPlanned):
        service.delete(db, actor, made)


def kept(db: Database, campaign_id: int) -> dict[str, Any]:
    """All that is kept of a campaign, but the instant of its last change."""
    with db.read() as session:
        found = session.get(Campaign, campaign_id)
        assert found
        return found.model_dump(exclude={"updated_at"})


def test_s34_a_deleted_plan_comes_back_as_it_was(
    db: Database, clock: SimulatedClock, actor: Actor, plan: Planned, make_actor: Callable[[str], Actor]
) -> None:
    """M10: to the unit and to the minute; what the balance lacks is counted again, and it leaves once at its date."""
    purchase(db, actor.account_id, 10_000, "one")
    made, other = plan("18/06/2026 09:00"), plan("18/06/2026 10:00", name="Second")
    before, funds, agenda = kept(db, made), balance(db, actor), service.agenda(db, actor)
    assert (agenda.units, agenda.short) == (20_000, {other})
    service.delete(db, actor, made)
    assert service.agenda(db, actor).short == frozenset()
    with pytest.raises(service.CannotRestore):
        service.restore(db, make_actor("romarin"), made)
    back = service.restore(db, actor, made)
    assert (back.state, back.local_time) == ("scheduled", "2026-06-18T09:00")
    assert (kept(db, made), balance(db, actor)) == (before, funds)
    assert service.agenda(db, actor) == agenda
    with pytest.raises(service.CannotRestore):  # a second click changes nothing
        service.restore(db, actor, made)
    clock.set(parse("18/06/2026 09:00", PARIS).at)
    fire_due(db, Policy(), "live")
    assert waiting(db, "live") == [made]


def test_m24_a_plan_that_comes_back_after_its_date_is_missed(
    db: Database, clock: SimulatedClock, actor: Actor, plan: Planned
) -> None:
    """Nothing leaves because somebody clicked « Annuler » a second too late: its author decides."""
    made = plan("18/06/2026 09:00")
    before = balance(db, actor)
    clock.set(parse("18/06/2026 08:59", PARIS).at)
    service.delete(db, actor, made)
    clock.set(parse("18/06/2026 09:00", PARIS).at)
    assert service.restore(db, actor, made).state == "missed"
    fire_due(db, Policy(), "live")
    assert (waiting(db, "live"), balance(db, actor)) == ([], before)
    assert [row.missed for row in shown.rows(service.agenda(db, actor))] == [True]
    purchase(db, actor.account_id, 100_000, "enough")
    send_now(db, actor, made)
    assert waiting(db, "live") == [made]


def test_only_a_deleted_plan_comes_back(db: Database, actor: Actor, plan: Planned) -> None:
    """What was stopped on its way stays stopped, at whatever step."""
    early, late, waits = (plan(f"18/06/2026 09:0{n}") for n in range(3))
    purchase(db, actor.account_id, 100_000, "enough")
    for one in (early, late):
        send_now(db, actor, one)
    materialise(db, late, lambda of, i: quote_campaign(of, i, TERMS))
    for one in (early, late):
        cancel(db, actor, one)
    for one in (early, late, waits):
        with pytest.raises(service.CannotRestore):
            service.restore(db, actor, one)
    assert [kept(db, one)["state"] for one in (early, late, waits)] == ["cancelled", "cancelled", "scheduled"]


def test_a_plan_that_has_just_left_is_not_deleted(db: Database, actor: Actor, plan: Planned) -> None:
    """What is leaving is cancelled knowingly, from its report."""
    made = plan("18/06/2026 09:00")
    send_now(db, actor, made)
    with pytest.raises(NotNow):
        take_back(db, actor, made)
    with pytest.raises(NotPlanned):
        service.delete(db, actor, made)
    assert waiting(db, "live") == [made]


def test_m24_a_missed_campaign_leaves_when_its_author_says_so(
    db: Database, clock: SimulatedClock, actor: Actor, plan: Planned, make_actor: Callable[[str], Actor]
) -> None:
    """At the price that was agreed to."""
    purchase(db, actor.account_id, 100_000, "enough")
    made = plan("18/06/2026 09:00")
    clock.set(parse("18/06/2026 09:00", PARIS).at + timedelta(hours=3))
    fire_due(db, Policy(), "live")
    found = service.agenda(db, actor)
    assert [(row.missed, row.group) for row in shown.rows(found)] == [(True, "missed")]
    assert (found.total, found.scheduled, found.units) == (1, 0, 0)
    with pytest.raises(CampaignNotFound):
        send_now(db, make_actor("romarin"), made)
    send_now(db, actor, made)
    with pytest.raises(NotPlanned):
        send_now(db, actor, made)
    materialise(db, made, lambda of, i: quote_campaign(of, i, TERMS))
    with db.read() as session:
        kept = session.get(Campaign, made)
        assert kept
        assert (kept.state, kept.send_at, kept.quoted_units) == ("running", db.now(), 10_000)


def test_a_skipped_hour_is_shown_as_the_one_in_its_place(db: Database, actor: Actor, plan: Planned) -> None:
    """M23."""
    made = plan("28/03/2027 02:30")
    assert shown.asked(service.one(db, actor, made)).date == "28/03/2027 03:30"
    assert shown.rows(service.agenda(db, actor))[0].hour == "03:30"
    assert moment("2027-03-28T02:30", PARIS).odd is not None
