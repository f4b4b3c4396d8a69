"""Notices: two at once, one of the page with its way back and one of the shell, are both read, neither covers the other.
What Reflex says by itself is said as all the rest is."""

from collections.abc import Callable
from pathlib import Path

import reflex_base
from playwright.sync_api import expect

from smsapp.db import connect
from tests.bench.seed import seed
from tests.e2e.visitor import SOON, WIDE, Visitor
from tests.server import Server

APART = """() => {
  const [one, two] = [...document.querySelectorAll("[data-sonner-toast] .toast")].map((t) => t.getBoundingClientRect());
  return one && two && (one.bottom <= two.top || two.bottom <= one.top);
}"""

# What lies over the page under a dialog has no background of its own but the veil.
SEEN_THROUGH = """() => {
  const veil = document.elementsFromPoint(5, 5).find((one) => one.matches(".rt-BaseDialogOverlay"));
  return veil && getComputedStyle(veil).backgroundColor === "rgba(0, 0, 0, 0)";
}"""


def test_two_notices_stand_apart(visit: Callable[..., Visitor], site: Server) -> None:
    db = connect(site.database_url)
    house = seed(db, "avis", contacts=5)
    db.close()
    who = visit("fr", WIDE, session=house.session)
    who.go("/contacts")
    who.heading(who.t("contacts.title"))
    who.ready()
    who.page.get_by_role("row").nth(1).get_by_role("checkbox").check()
    who.button("contacts.do_delete").click()
    undo = who.button("contacts.undo")
    expect(undo).to_be_visible(timeout=SOON)
    undo.hover()  # a notice that is looked at stays
    who.button("contacts.new_group").focus()
    who.page.keyboard.press("Enter")
    dialog = who.page.get_by_role("dialog")
    dialog.get_by_label(who.t("contacts.group_name"), exact=True).fill("Été")
    assert who.page.evaluate(SEEN_THROUGH)
    who.page.keyboard.press("Enter")
    expect(who.page.get_by_text(who.t("contacts.group_made", name="Été"))).to_be_visible(timeout=SOON)
    who.page.wait_for_function(APART, timeout=SOON)
    who.shoot("notices")
    who.silent()


BANNER = """() => {
  const banner = document.createElement("div");
  banner.id = "reflex-new-version-banner";
  banner.append("A new version of this app is available.");
  const button = document.createElement("button");
  button.onclick = () => { window.reloaded = true; };
  banner.append(button);
  document.body.append(banner);
}"""


def test_a_page_of_another_version_says_so_in_its_own_words(visit: Callable[..., Visitor], site: Server) -> None:
    """The banner is laid into the page here as Reflex lays it: two versions of the server at once are hard to have."""
    script = Path(reflex_base.__file__).parent / ".templates" / "web" / "utils" / "state.js"
    assert 'NEW_VERSION_BANNER_ID = "reflex-new-version-banner"' in script.read_text()
    db = connect(site.database_url)
    house = seed(db, "version", contacts=1)
    db.close()
    who = visit("fr", WIDE, session=house.session)
    who.go("/contacts")
    who.heading(who.t("contacts.title"))
    who.ready()
    who.page.evaluate(BANNER)
    expect(who.page.get_by_text(who.t("ui.newer"))).to_be_visible(timeout=SOON)
    expect(who.page.get_by_text("A new version of this app")).to_be_hidden()
    who.shoot("newer")
    who.button("ui.reload").click()
    assert who.page.evaluate("window.reloaded")
    who.silent()
