"""Replies in a real browser (S42-S46, board 09): read, search, answer at the price shown, live STOP, keys, files; and the
page behind the opt-out link, pressed by somebody without an account."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from smsapp.db import connect
from smsapp.domain.phone import pretty
from smsapp.inbox.opt_out_sheet import words
from smsapp.sending.opt_out import tokens_of
from tests.e2e.conftest import REPLIES, House
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import Server

ASKS, YES = REPLIES[0][0], REPLIES[1][0]


def at_replies(who: Visitor, query: str = "") -> None:
    who.go(f"/replies{query}")
    who.ready()
    expect(who.page.locator(".skel")).to_have_count(0)
    who.heading(who.t("inbox.title"))


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (WIDE, True), (NARROW, False)])
def test_the_page_of_replies_is_readable_by_everybody(
    size: tuple[int, int], dark: bool, visit: Callable[..., Visitor], furniture: House
) -> None:
    lang = "en" if dark else "fr"
    who = visit(lang, size, dark=dark, session=furniture.asked.session)
    at_replies(who)
    expect(who.page.locator(".line")).to_have_count(len(REPLIES))
    who.accessible()
    who.fits()
    who.shoot(f"replies list {'dark' if dark else 'light'}")
    at_replies(who, f"?with={YES}")
    expect(who.page.locator(".said .theirs")).to_have_count(1)
    who.accessible()
    who.fits()
    who.shoot(f"replies {'dark' if dark else 'light'}")
    who.silent()


def test_replies_are_found_read_and_dealt_with_by_keyboard(visit: Callable[..., Visitor], furniture: House) -> None:
    who = visit("fr", session=furniture.asked.session)
    at_replies(who)
    lines = who.page.locator(".line")
    who.link("inbox.view.stop", within=who.main).click()
    expect(lines).to_have_count(2)
    who.page.go_back()
    expect(lines).to_have_count(len(REPLIES))
    who.page.keyboard.press("/")
    who.page.keyboard.type("atelier est complet")
    expect(lines).to_have_count(1)
    expect(who.page).to_have_url(re.compile("q=atelier"))
    who.page.get_by_role("searchbox").fill("")
    expect(lines).to_have_count(len(REPLIES))
    who.page.get_by_role("searchbox").blur()
    who.page.keyboard.press("j")
    expect(lines.nth(0)).to_have_attribute("aria-current", "true")
    who.page.keyboard.press("j")
    expect(lines.nth(1)).to_have_attribute("aria-current", "true")
    expect(who.page.locator(".inbox-top")).to_contain_text(pretty(YES))
    expect(lines.nth(1).locator(".dot")).to_have_count(0)  # opened is read
    who.page.keyboard.press("e")
    expect(who.button("inbox.reopen")).to_be_visible()
    expect(lines.nth(1)).to_contain_text(who.t("inbox.done"))
    who.silent()


def test_an_answer_leaves_at_the_price_shown_and_the_stop_it_brings_is_heard_live(
    visit: Callable[..., Visitor], furniture: House
) -> None:
    """S44, S45, S74: nobody reloads the page."""
    who = visit("fr", session=furniture.asked.session)
    at_replies(who, f"?with={ASKS}")
    text = "Oui, de 9 h à 12 h. À bientôt !"
    who.field("inbox.answer").fill(text)
    expect(who.page.locator(".inbox-answer")).to_contain_text(re.compile(r"1\s+crédit"))
    who.page.keyboard.press("Control+Enter")
    expect(who.page.locator(".said .ours").last).to_contain_text(text)
    expect(who.field("inbox.answer")).to_have_value("")
    stopped = who.page.locator(".said .theirs").last
    expect(stopped).to_contain_text(who.t("inbox.wish.stop"), timeout=4 * SOON)
    expect(who.page.locator(".inbox-barred")).to_be_visible()
    expect(who.page.locator(".line").first).to_contain_text("STOP")
    who.silent()


def test_replies_leave_as_a_file(visit: Callable[..., Visitor], furniture: House) -> None:
    who = visit("fr", session=furniture.asked.session)
    at_replies(who)
    for kind in ("csv", "xlsx"):
        who.button("inbox.export").click()
        with who.page.expect_download() as fetched:
            who.button(f"inbox.export.{kind}").click()
        assert fetched.value.suggested_filename.endswith(f".{kind}")
        body = fetched.value.path().read_bytes()
        assert body.startswith(b"PK" if kind == "xlsx" else "\ufeffDate;Num".encode())
    who.silent()


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_somebody_without_an_account_unsubscribes_with_one_press(
    lang: str, visit: Callable[..., Visitor], furniture: House, site: Server
) -> None:
    number = 447911123456 if lang == "fr" else 447911123457
    db = connect(site.database_url)
    token = tokens_of(db, furniture.asked.actor.account_id, [number])[number]
    db.close()
    who = visit(lang, NARROW)
    who.go(f"/s/{token}")
    who.accessible()
    who.fits()
    who.shoot("opt out")
    who.page.get_by_role("button", name=words()[lang]["button"], exact=True).click()
    expect(who.page.get_by_role("heading", level=1)).to_have_text(words()[lang]["done_title"])
    who.silent()
