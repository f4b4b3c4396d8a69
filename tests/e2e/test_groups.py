"""Groups in a browser: a smart group is made with its live count and chosen in the composer; lists are put together."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from smsapp.contacts.groups import create_group
from smsapp.contacts.service import Sheet, create_contact
from smsapp.db import connect
from tests.bench.seed import seed
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import Server


@pytest.mark.parametrize(
    ("lang", "size", "dark"), [("fr", WIDE, False), ("en", NARROW, True)], ids=["1440", "390-dark"]
)
def test_s69_a_smart_group_follows_its_filter(
    lang: str, size: tuple[int, int], dark: bool, visit: Callable[..., Visitor], site: Server
) -> None:
    db = connect(site.database_url)
    house = seed(db, f"groupes-{lang}", credit=10)
    ids = [
        create_contact(db, house.actor, Sheet(f"+3363998221{i}", nom=nom))
        for i, nom in enumerate(("Moreau", "Moreau", "Bernard"))
    ]
    create_group(db, house.actor, "Aix", ids[:1])
    create_group(db, house.actor, "Lyon", ids[1:])
    who = visit(lang, size, dark=dark, session=house.session)
    who.go("/groups")
    who.heading(who.t("groups.title"))
    who.ready()
    who.button("groups.new_smart").click()
    dialog = who.page.get_by_role("dialog")
    dialog.get_by_label(who.t("contacts.group_name"), exact=True).fill("Les Moreau")
    dialog.get_by_label(who.t("groups.text"), exact=True).fill("moreau")
    expect(dialog.get_by_text(who.t("groups.found", count=2))).to_be_visible(timeout=SOON)
    who.accessible()
    who.shoot("groups-smart")
    who.button("groups.save", within=dialog).click()
    row = who.main.get_by_role("row").filter(has_text="Les Moreau")
    expect(row).to_contain_text(who.t("contacts.count", count=2), timeout=SOON)
    create_contact(db, house.actor, Sheet("+33639982219", nom="Moreau"))
    who.go("/groups")
    expect(row).to_contain_text(who.t("contacts.count", count=3), timeout=SOON)
    who.accessible()
    who.fits()
    who.shoot("groups")

    for name in ("Aix", "Lyon"):
        who.page.get_by_role("checkbox", name=who.t("groups.tick", name=name)).check()
    who.button("groups.merge").click()
    dialog = who.page.get_by_role("dialog")
    dialog.get_by_label(who.t("contacts.group_name"), exact=True).fill("Sud")
    who.button("groups.merge_go", within=dialog, count=2).click()
    expect(who.main.get_by_role("row").filter(has_text="Sud")).to_contain_text(who.t("contacts.count", count=3))

    row.get_by_role("link", name=who.t("contacts.write")).click()
    who.at(r"/compose/?\?draft=\d+")
    expect(who.main.get_by_text("Les Moreau")).to_be_visible(timeout=SOON)
    who.silent()
    db.close()
