"""Two notices at once, one of the page with its way back and one of the shell: both are read, neither covers the other."""

from collections.abc import Callable

from playwright.sync_api import expect

from smsapp.db import connect
from tests.bench.seed import seed
from tests.e2e.visitor import SOON, WIDE, Visitor
from tests.server import Server

APART = """() => {
  const [one, two] = [...document.querySelectorAll("[data-sonner-toast] .toast")].map((t) => t.getBoundingClientRect());
  return one && two && (one.bottom <= two.top || two.bottom <= one.top);
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
    who.page.keyboard.press("Enter")
    expect(who.page.get_by_text(who.t("contacts.group_made", name="Été"))).to_be_visible(timeout=SOON)
    who.page.wait_for_function(APART, timeout=SOON)
    who.shoot("notices")
    who.silent()
