"""SMS programmés in a real browser (board 10): a date given and explained (S54, M22-M24, M28), the list and the calendar,
a plan changed under its id (S36), copied (S37), deleted (S34)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect
from sqlmodel import select

from smsapp.campaigns.tables import Campaign
from smsapp.db import connect
from smsapp.domain.moment import moment_of
from tests.e2e.conftest import House
from tests.e2e.visitor import NARROW, WIDE, Visitor
from tests.server import Server

NUMBER = "06 39 98 00 03"


def at_plans(who: Visitor, query: str = "") -> None:
    who.go(f"/scheduled{query}")
    who.ready()
    expect(who.page.locator(".skel")).to_have_count(0)
    who.heading(who.t("planning.title"))


def compose(who: Visitor, name: str) -> Locator:
    """A message to one person; the field of its date."""
    who.go("/compose")
    who.ready()
    people = who.page.get_by_role("textbox", name=who.t("campaigns.recipients"), exact=True)
    people.fill(NUMBER)
    people.press("Enter")
    expect(who.page.locator(".cmp-counts")).to_contain_text("1")
    message = who.field("campaigns.message")
    message.fill("Rendez-vous demain à la boutique.")
    title = who.field("campaigns.name")
    title.fill(name)
    title.blur()
    who.button("schedule.later").click()
    return who.field("schedule.date")


def plan(who: Visitor, date: str) -> None:
    """Give a date, look at it once more, agree."""
    field = who.field("schedule.date")
    field.fill(date)
    field.blur()
    expect(who.page.locator(".cmp-departure .cmp-checks li").first).to_be_visible()
    who.button("campaigns.review").click()
    window = who.page.get_by_role("dialog", name=who.t("campaigns.review"))
    expect(window).to_contain_text(date)
    window.get_by_label(who.t("campaigns.consent")).check()
    who.shoot("plan review")
    who.button("schedule.plan", within=window, count=1).click()
    who.at("/scheduled")


def soon(days: int) -> str:
    """A date that is to come, at an hour in which marketing may leave."""
    from datetime import UTC, datetime

    return moment_of(datetime.now(UTC) + timedelta(days=days), "Europe/Paris").typed[:11] + "10:30"


def line(who: Visitor, name: str) -> Locator:
    return who.main.get_by_role("row").filter(has_text=name)


@pytest.mark.parametrize(("lang", "size"), [("fr", WIDE), ("en", NARROW)], ids=["1440", "390"])
def test_a_plan_is_made_changed_copied_and_deleted(
    lang: str, size: tuple[int, int], visit: Callable[..., Visitor], site: Server, furniture: House
) -> None:
    who = visit(lang, size, session=furniture.planner.session)
    name = f"Essai {size[0]}"
    field = compose(who, name)
    remarks = who.page.locator(".cmp-departure .cmp-checks")
    field.fill("28/03/2027 02:30")
    expect(remarks).to_contain_text(who.t("schedule.odd.skipped", day="28/03/2027", hour="02:30", instead="03:30"))
    who.accessible()
    who.fits()
    who.shoot("plan composer")
    field.fill("31/02/2027 10:00")
    field.blur()
    expect(who.page.locator("#send-date-help")).to_contain_text("31/02/2027 10:00")
    field.fill("01/02/2020 10:00")
    field.blur()
    expect(remarks).to_contain_text(who.t("schedule.past", date="01/02/2020 10:00"))
    who.button("campaigns.review").click()
    past = who.page.get_by_role("alertdialog", name=who.t("schedule.past_q"))
    who.button("schedule.past_keep", within=past).click()
    expect(past).to_have_count(0)

    first, second = soon(2), soon(3)
    plan(who, first)
    expect(line(who, name)).to_contain_text("10:30")
    who.accessible()
    who.fits()
    made = plans_of(site, furniture, name)

    edit = line(who, name).get_by_role("button", name=re.compile(f"^{who.t('planning.edit')}"))
    edit.click()
    who.heading(who.t("campaigns.title"))
    expect(who.page.get_by_text(who.t("schedule.edits"), exact=True)).to_be_visible()
    expect(who.field("schedule.date")).to_have_value(first)
    plan(who, second)
    expect(line(who, name)).to_have_count(1)
    assert plans_of(site, furniture, name) == [(made[0][0], second)]

    line(who, name).get_by_role("button", name=re.compile(f"^{who.t('planning.copy')}")).click()
    who.heading(who.t("campaigns.title"))
    expect(who.field("schedule.date")).to_have_value(second)
    plan(who, soon(4))
    expect(line(who, name)).to_have_count(2)
    assert len(plans_of(site, furniture, name)) == 2

    line(who, name).first.get_by_role("button", name=re.compile(f"^{who.t('planning.delete')}")).click()
    question = who.page.get_by_role("alertdialog", name=who.t("planning.delete_q", title=name))
    who.button("planning.delete_go", within=question, count=1).click()
    expect(line(who, name)).to_have_count(1)
    said = who.page.locator(".toast").filter(has_text=who.t("planning.deleted", title=name))
    who.shoot("plan deleted")
    said.get_by_role("button", name=who.t("planning.undo"), exact=True).click()
    expect(line(who, name)).to_have_count(2)
    expect(
        who.page.locator(".toast").filter(has_text=who.t("planning.restored", title=name, date=second))
    ).to_be_visible()
    assert sorted(date for _, date in plans_of(site, furniture, name)) == sorted([second, soon(4)])

    for left in (1, 0):
        line(who, name).first.get_by_role("button", name=re.compile(f"^{who.t('planning.delete')}")).click()
        question = who.page.get_by_role("alertdialog", name=who.t("planning.delete_q", title=name))
        who.shoot("plan delete")
        who.button("planning.delete_go", within=question, count=1).click()
        expect(line(who, name)).to_have_count(left)
    assert plans_of(site, furniture, name) == []
    who.silent()


def plans_of(site: Server, furniture: House, name: str) -> list[tuple[int, str]]:
    db = connect(site.database_url)
    mine = (Campaign.account_id == furniture.planner.actor.account_id, Campaign.state == "scheduled")
    with db.read() as session:
        found = session.exec(select(Campaign).where(*mine, Campaign.name == name)).all()
        kept = [(one.id or 0, moment_of(one.send_at, one.zone).typed if one.send_at else "") for one in found]
    db.close()
    return kept


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (WIDE, True), (NARROW, False)])
def test_the_plans_are_readable_by_everybody(
    size: tuple[int, int], dark: bool, visit: Callable[..., Visitor], furniture: House
) -> None:
    who = visit("en" if dark else "fr", size, dark=dark, session=furniture.planner.session)
    look = "dark" if dark else "light"
    if who.narrow:
        who.go("/sent")
        who.ready()
        who.link("ui.nav.scheduled", within=who.main).click()
        who.at("/scheduled")
    at_plans(who)
    expect(line(who, "Soldes")).to_contain_text(who.t("planning.short"))
    expect(line(who, "Manquée")).to_contain_text(who.t("planning.missed"))
    who.accessible()
    who.fits()
    who.shoot(f"plans list {look}")
    line(who, "Manquée").get_by_role("button", name=re.compile(f"^{who.t('planning.now')}")).click()
    question = who.page.get_by_role("alertdialog", name=who.t("planning.now_q", title="Manquée"))
    expect(question).to_be_visible()
    who.accessible()
    who.button("planning.keep", within=question).click()
    expect(question).to_have_count(0)
    who.link("planning.calendar", within=who.main).click()
    who.page.get_by_role("button", name=re.compile("Nocturne")).or_(
        who.page.get_by_role("link", name=who.t("planning.later"), exact=True)
    ).first.wait_for()
    who.accessible()
    who.fits()
    who.shoot(f"plans calendar {look}")
    at_plans(who, "?view=calendar&month=" + soon(1)[6:10] + "-" + soon(1)[3:5])
    who.page.get_by_role("button", name=re.compile("Nocturne")).click()
    sheet = who.page.get_by_role("dialog", name="Nocturne")
    expect(sheet).to_contain_text("Europe/Paris")
    who.accessible()
    who.shoot(f"plans sheet {look}")
    who.button("planning.close", within=sheet).click()
    expect(sheet).to_have_count(0)
    who.silent()
