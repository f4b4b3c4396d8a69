"""The address book in a browser: search, filters, selection over pages, a file fetched and opened, deletion undone."""

import csv
import io
import re
from collections.abc import Callable

import fastexcel
import pytest
from playwright.sync_api import Download, Locator, expect

from tests.e2e.conftest import House
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor

SIZES = [WIDE, NARROW]


def book(who: Visitor, asked: str = "") -> Locator:
    """Open the book; its rows."""
    who.go(f"/contacts{asked}")
    who.ready()
    rows = who.main.get_by_role("row").filter(has=who.page.locator("td"))
    expect(rows.first).to_be_visible(timeout=SOON)
    return rows


def fetch(who: Visitor, press: Callable[[], None]) -> Download:
    with who.page.expect_download(timeout=SOON) as waiting:
        press()
    return waiting.value


def choose(who: Visitor, key: str, value: str) -> None:
    who.page.get_by_role("combobox", name=who.t(key), exact=True).select_option(value)


def bulk(who: Visitor) -> Locator:
    return who.main.locator(".bulk")


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_s62_search_filters_and_the_record_beside_the_list(
    visit: Callable[..., Visitor], furniture: House, size: tuple[int, int]
) -> None:
    who = visit("fr", size, session=furniture.full.session)
    rows = book(who)
    name = rows.first.locator("a.cell").inner_text()
    family = name.split()[-2]  # the last word is a number, which would be looked for among telephone numbers too
    who.page.get_by_role("searchbox").fill(family)
    expect(who.page).to_have_url(re.compile(r"[?&]q="))
    expect(rows.first).to_contain_text(family)
    who.fits()
    book(who, f"?group={furniture.group}")
    choose(who, "contacts.last_status", "received")
    expect(who.page).to_have_url(re.compile("status=received"))
    expect(rows.first).to_be_visible()
    choose(who, "contacts.country", "FR")
    expect(who.page).to_have_url(re.compile("country=FR"))
    expect(rows.first).to_be_visible()
    choose(who, "contacts.state", "invalid")
    expect(who.main.get_by_text(who.t("contacts.none_found"))).to_be_visible()
    rows = book(who, f"?group={furniture.group}&status=received")
    rows.first.locator("a.cell").click()
    record = who.page.get_by_role("complementary", name=who.t("contacts.record"))
    expect(record.get_by_role("heading", level=3)).to_have_text(who.t("contacts.past"))
    expect(record.locator(".past li").first).to_be_visible()
    who.fits()
    who.accessible()
    who.shoot("contacts record")
    who.silent()


def test_s68_s62_the_first_contact_of_an_account_without_fields_of_its_own(
    visit: Callable[..., Visitor], furniture: House
) -> None:
    """A form whose list of own fields is empty is a form all the same: made, and changed."""
    who = visit("fr", WIDE, session=furniture.empty.session)
    who.go("/contacts")
    who.ready()
    who.button("contacts.new").first.click()  # an empty book offers it twice
    form = who.page.get_by_role("dialog")
    form.get_by_role("textbox", name=who.t("contacts.field_number")).fill("06 39 98 45 67")
    form.get_by_role("textbox", name=who.t("contacts.field_nom"), exact=True).fill("Premier")
    who.button("contacts.save", within=form).click()
    expect(form).to_have_count(0, timeout=SOON)
    who.main.get_by_role("link", name="Premier", exact=True).click()
    record = who.page.get_by_role("complementary", name=who.t("contacts.record"))
    record.get_by_text(who.t("contacts.edit"), exact=True).click()
    record.get_by_role("textbox", name=who.t("contacts.field_nom"), exact=True).fill("Dernier")
    who.button("contacts.save", within=record).click()
    expect(record.get_by_role("heading", level=2)).to_have_text("Dernier", timeout=SOON)
    record.get_by_role("button", name=who.t("contacts.do_delete"), exact=True).click()
    expect(record).to_have_count(0, timeout=SOON)
    who.silent()


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_a_record_is_entered_and_left_with_the_keyboard(
    visit: Callable[..., Visitor], furniture: House, size: tuple[int, int]
) -> None:
    """Nobody has to walk through the whole list to reach the record beside it, nor to come back."""
    who = visit("fr", size, session=furniture.full.session)
    link = book(who).nth(2).locator("a.cell")
    name = link.inner_text()
    link.focus()
    who.page.keyboard.press("Enter")
    record = who.page.get_by_role("complementary", name=who.t("contacts.record"))
    expect(record.get_by_role("heading", name=name, exact=True)).to_be_focused(timeout=SOON)
    who.page.keyboard.press("Tab")
    expect(record.get_by_role("link", name=who.t("contacts.write_to"), exact=True)).to_be_focused()
    record.get_by_role("link", name=who.t("contacts.close"), exact=True).focus()
    who.page.keyboard.press("Enter")
    expect(record).to_have_count(0, timeout=SOON)
    expect(link).to_be_focused()
    who.silent()


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_m10_a_selection_over_pages_is_fetched_deleted_and_brought_back(
    visit: Callable[..., Visitor], furniture: House, size: tuple[int, int]
) -> None:
    who = visit("fr", size, session=furniture.full.session)
    rows = book(who)
    rows.first.get_by_role("checkbox").check()
    who.button("contacts.do_delete", within=bulk(who)).click()
    who.page.get_by_role("button", name=who.t("contacts.undo"), exact=True).click()
    expect(who.page.get_by_text(who.t("contacts.restored", count=1))).to_be_visible()
    rows = book(who)
    rows.nth(1).get_by_role("checkbox").check()
    expect(bulk(who)).to_be_visible()
    who.page.locator(".pager a").last.click()
    expect(who.page).to_have_url(re.compile("after="))
    who.main.get_by_role("row").filter(has=who.page.locator("td")).nth(2).get_by_role("checkbox").check()
    expect(bulk(who)).to_contain_text(who.t("contacts.count", count=2))
    who.shoot("contacts selection")
    who.accessible()

    def as_(kind: str) -> Callable[[], None]:
        def press() -> None:
            who.button("contacts.do_export", within=bulk(who)).click()
            who.page.get_by_role("button", name=who.t(f"contacts.export_{kind}"), exact=True).filter(
                visible=True
            ).click()

        return press

    got = fetch(who, as_("csv"))
    assert got.suggested_filename.startswith("contacts-")
    lines = list(csv.DictReader(io.StringIO(got.path().read_text("utf-8-sig"), newline=""), delimiter=";"))
    assert len(lines) == 2
    assert all(re.fullmatch(r"33 [67]( \d\d){4}", line["Portable"]) for line in lines)
    got = fetch(who, as_("xlsx"))
    assert fastexcel.read_excel(got.path()).load_sheet(0, dtypes="string").to_polars().height == 2
    who.button("contacts.do_delete", within=bulk(who)).click()
    notice = who.page.get_by_text(who.t("contacts.deleted", count=2))
    expect(notice).to_be_visible()
    book(who, "?state=deleted")
    expect(who.main.get_by_role("row").filter(has=who.page.locator("td"))).to_have_count(2)
    who.main.get_by_role("checkbox", name=who.t("contacts.tick_page")).filter(visible=True).first.click()
    expect(bulk(who)).to_contain_text(who.t("contacts.count", count=2))
    who.button("contacts.do_restore", within=bulk(who)).click()
    expect(who.page.get_by_text(who.t("contacts.restored", count=2))).to_be_visible()
    who.fits()
    who.silent()


def test_all_that_answers_is_selected_and_exported(visit: Callable[..., Visitor], furniture: House) -> None:
    who = visit("en", WIDE, session=furniture.full.session)
    rows = book(who, f"?group={furniture.group}")
    rows.first.get_by_role("checkbox").check()
    who.button("contacts.tick_all", within=bulk(who)).click()
    expect(bulk(who)).to_contain_text(who.t("contacts.count", count=150))

    def press() -> None:
        who.button("contacts.export_view").click()
        who.page.get_by_role("button", name=who.t("contacts.export_xlsx"), exact=True).filter(visible=True).click()

    got = fetch(who, press)
    assert fastexcel.read_excel(got.path()).load_sheet(0, dtypes="string").to_polars().height == 150
    who.silent()


def test_m28_a_record_takes_a_field_of_its_own_and_a_consent(visit: Callable[..., Visitor], furniture: House) -> None:
    who = visit("fr", WIDE, session=furniture.full.session)
    rows = book(who)
    rows.first.locator("a.cell").click()
    record = who.page.get_by_role("complementary", name=who.t("contacts.record"))
    record.get_by_text(who.t("contacts.edit"), exact=True).click()
    who.button("contacts.custom_manage", within=record).click()
    dialog = who.page.get_by_role("dialog")
    dialog.get_by_label(who.t("contacts.custom_name")).fill("Ville")
    who.button("contacts.custom_add", within=dialog).click()
    expect(dialog.locator("li").filter(has_text="Ville")).to_be_visible()
    who.accessible()
    who.shoot("contacts fields")
    who.button("contacts.close_dialog", within=dialog).click()
    record.get_by_text(who.t("contacts.edit"), exact=True).click()
    form = record.locator("form")
    if not form.is_visible():
        record.get_by_text(who.t("contacts.edit"), exact=True).click()
    form.get_by_label("Ville", exact=True).fill("Aix-en-Provence")
    form.get_by_label(who.t("contacts.consent_source")).fill("Bulletin en boutique")
    form.get_by_label(who.t("contacts.consent_day")).fill("2025-02-03")
    who.button("contacts.save", within=form).click()
    expect(record.locator(".known")).to_contain_text("Aix-en-Provence")
    expect(record.locator(".known")).to_contain_text("Recueilli le 03/02/2025")
    who.shoot("contacts consent")
    who.silent()


def test_the_book_in_the_dark(visit: Callable[..., Visitor], furniture: House) -> None:
    for size in SIZES:
        who = visit("fr", size, dark=True, session=furniture.full.session)
        rows = book(who)
        rows.nth(1).get_by_role("checkbox").check()
        if not who.narrow:
            rows.first.locator("a.cell").click()
            expect(who.page.locator(".past")).to_be_visible()
        expect(bulk(who)).to_be_visible()
        who.fits()
        who.accessible()
        who.shoot("contacts dark")
        who.silent()
