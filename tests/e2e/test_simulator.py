"""The simulator and the price list in a real browser, without an account (S10, S11, S84)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from smsapp.domain.tariff import default_tariff
from smsapp.i18n import formats
from smsapp.simulator.address import to_query
from smsapp.simulator.service import Simulation, simulate
from smsapp.simulator.territories import name
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor

TEXT = "Bonjour $prenom, jusqu’à -50% en boutique ce samedi. Présentez ce SMS et recevez un savon offert !"
ROWS = (("FR", 5_000), ("GB", 400), ("MQ", 120))
BOOK = "prenom;portable\nInès;0612345678\nBob;06 12 34 56 78\nÀ;0612345679\n"


def total(who: Visitor, asked: Simulation) -> None:
    """The page shows what the service says, in the reader's figures."""
    price = simulate(asked, default_tariff(), "36111")
    expect(who.page.locator("#credits")).to_have_text(who.credits(price.units), timeout=SOON)
    shown = formats.money(who.lang, price.euros)
    expect(who.page.locator("#price")).to_have_text(re.compile(re.escape(shown).replace("\u202f", r"\s")), timeout=SOON)


def check_page(who: Visitor, shot: str) -> None:
    who.accessible()
    who.fits()
    who.silent()
    who.shoot(shot)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_S84_a_campaign_is_priced_shared_and_begun_without_an_account(
    visit: Callable[..., Visitor], lang: str, size: tuple[int, int]
) -> None:
    who = visit(lang, size)
    asked = Simulation(ROWS, TEXT)
    who.go(f"/simulator?{to_query(asked)}")
    who.heading(who.t("simulator.title"))
    total(who, asked)
    check_page(who, "simulator")

    who.button("simulator.apply").first.click()
    straight = TEXT.replace("’", "'")
    better = Simulation(ROWS, straight)
    total(who, better)
    text = who.page.get_by_role("textbox", name=who.t("simulator.message"), exact=True)
    expect(text).to_have_value(straight)

    text.press("End")
    text.press_sequentially(" ok", delay=5)
    longer = Simulation(ROWS, straight + " ok")
    total(who, longer)
    picker = who.page.get_by_role("combobox", name=who.t("simulator.country"), exact=True)
    picker.nth(1).click()
    picker.nth(1).fill("262")
    who.page.get_by_role("option", name=re.compile(re.escape(name("RE", lang)))).click()
    abroad = Simulation((("FR", 5_000), ("RE", 400), ("MQ", 120)), straight + " ok")
    total(who, abroad)
    expect(who.page).to_have_url(re.compile("re=400"), timeout=SOON)

    who.page.reload()  # the address is the simulation
    total(who, abroad)
    expect(text).to_have_value(straight + " ok")
    expect(picker.nth(1)).to_have_value(name("RE", lang))
    who.go("/pricing")
    who.page.go_back()
    total(who, abroad)

    answer = who.page.request.get(who.page.url.replace("/simulator/?", "/simulator?").replace("?", "/quote.pdf?"))
    assert answer.body().startswith(b"%PDF-")
    who.button("simulator.create").click()
    who.at("/signup")
    who.silent()


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_S53_a_dropped_file_is_counted_row_by_row(visit: Callable[..., Visitor], lang: str) -> None:
    who = visit(lang)
    who.go(f"/simulator?{to_query(Simulation((('FR', 3),), '$prenom ' + 'a' * 150))}")
    total(who, Simulation((("FR", 3),), "$prenom " + "a" * 150))
    book = {"name": "carnet.csv", "mimeType": "text/csv", "buffer": BOOK.encode()}
    who.page.locator("input[type=file]").set_input_files(files=[book])  # type: ignore[list-item]
    expect(who.main.get_by_text(who.t("simulator.file_duplicates", count=1))).to_be_visible(timeout=SOON)
    expect(who.page.locator("#credits")).to_have_text(who.credits(40_000))  # À makes one message Unicode: 3 segments
    text = who.page.get_by_role("textbox", name=who.t("simulator.message"), exact=True)
    text.fill("Bonjour $prenom")  # the page sends the file once more for the new message
    expect(who.page.locator("#credits")).to_have_text(who.credits(20_000), timeout=SOON)
    who.button("simulator.drop_remove").click()
    total(who, Simulation((("FR", 3),), "Bonjour $prenom"))
    who.go("/simulator?fr=-1")
    expect(who.page.get_by_role("alert")).to_contain_text("-1", timeout=SOON)
    who.silent()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_S10_prices_are_found_by_name_and_by_calling_code(
    visit: Callable[..., Visitor], lang: str, size: tuple[int, int]
) -> None:
    who = visit(lang, size)
    who.go("/pricing")
    who.heading(who.t("simulator.pricing_title"))
    rows = who.page.locator(".price-table tbody tr")
    expect(rows.nth(200)).to_be_attached(timeout=SOON)
    check_page(who, "pricing")
    search = who.page.get_by_role("searchbox", name=who.t("simulator.table_search"))
    search.fill("+596")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(name("MQ", lang))
    search.fill("martini")
    expect(rows).to_have_count(1)
    search.fill("zzz")
    expect(who.main.get_by_text(who.t("simulator.no_country"))).to_be_visible()
    who.silent()
