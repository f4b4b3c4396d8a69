"""A field of the account's own in a browser: made in the book, put into a message, read on the phone; a view saved."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from smsapp.contacts.fields import create_field
from smsapp.contacts.service import Sheet, create_contact
from smsapp.contacts.smart_groups import Filter, count_of
from smsapp.db import connect
from tests.bench.seed import seed
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import Server


@pytest.mark.parametrize(
    ("lang", "size", "dark"), [("fr", WIDE, False), ("en", NARROW, True)], ids=["1440", "390-dark"]
)
def test_S57_a_message_says_what_stands_in_a_field_of_ones_own(
    lang: str, size: tuple[int, int], dark: bool, visit: Callable[..., Visitor], site: Server
) -> None:
    db = connect(site.database_url)
    house = seed(db, f"champs-{lang}", credit=10)
    create_field(db, house.actor, "Ville")
    inès = create_contact(db, house.actor, Sheet("+33639982301", prenom="Inès", extra={"ville": "Aix"}))
    db.close()
    who = visit(lang, size, dark=dark, session=house.session)
    who.go(f"/compose?contacts={inès}")
    who.ready()
    who.button("campaigns.own_fields").click()
    menu = who.page.get_by_role("group", name=who.t("campaigns.own_fields"), exact=True)
    expect(menu.get_by_role("button")).to_have_text("Ville $ville")
    who.accessible()
    who.shoot("compose-own-fields")
    menu.get_by_role("button").click()
    text = who.field("campaigns.message")
    expect(text).to_have_value("$ville")
    expect(who.page.get_by_text("Aix", exact=False).filter(visible=True).first).to_be_visible(timeout=SOON)
    expect(who.page.locator(".sms-variable")).to_have_text("$ville")
    who.fits()
    who.silent()


def test_S69_the_view_of_the_book_becomes_a_smart_group(visit: Callable[..., Visitor], site: Server) -> None:
    db = connect(site.database_url)
    house = seed(db, "vues", contacts=30)
    moreau = count_of(db, house.actor, Filter(text="moreau"))
    assert moreau
    db.close()
    who = visit("fr", WIDE, session=house.session)
    who.go("/contacts?q=moreau")
    who.heading(who.t("contacts.title"))
    who.ready()
    who.button("contacts.save_view").click()
    dialog = who.page.get_by_role("dialog")
    dialog.get_by_label(who.t("contacts.group_name"), exact=True).fill("Les Moreau")
    who.accessible()
    who.button("groups.save", within=dialog).click()
    expect(dialog).to_be_hidden(timeout=SOON)
    who.go("/groups")
    row = who.main.get_by_role("row").filter(has_text="Les Moreau")
    expect(row).to_contain_text(who.t("contacts.count", count=moreau), timeout=SOON)
    who.silent()
