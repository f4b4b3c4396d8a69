"""Duplicates in a browser: merged by hand with the values that were picked, undone, then all by a rule (S75)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from smsapp.contacts.groups import create_group
from smsapp.contacts.service import Sheet, contact, create_contact
from smsapp.db import connect
from smsapp.domain.phone import pretty
from tests.bench.seed import seed
from tests.e2e.visitor import NARROW, WIDE, Visitor
from tests.server import Server

FIRST = 33639982210


@pytest.mark.parametrize(
    ("lang", "size", "dark"), [("fr", WIDE, False), ("en", NARROW, True)], ids=["1440", "390-dark"]
)
def test_s75_duplicates_are_merged_and_the_merge_is_undone(
    lang: str, size: tuple[int, int], dark: bool, visit: Callable[..., Visitor], site: Server
) -> None:
    db = connect(site.database_url)
    house = seed(db, f"doublons-{lang}")
    first = create_contact(db, house.actor, Sheet(f"+{FIRST}", nom="Moreau", prenom="Ines", email="ines@mistral.fr"))
    second = create_contact(db, house.actor, Sheet("06 39 98 22 10", nom="MOREAU", prenom="Inès", societe="Mistral"))
    for nom in ("Bernard", "Bernard & Fils", "T. Bernard"):
        create_contact(db, house.actor, Sheet(f"+{FIRST + 1}", nom=nom))
    create_group(db, house.actor, "Aix", [second])

    who = visit(lang, size, dark=dark, session=house.session)
    who.go("/duplicates")
    who.heading(who.t("duplicates.title"))
    who.ready()
    merge = who.button("duplicates.merge_of", number=pretty(FIRST))
    table = who.page.get_by_role("region", name=who.t("duplicates.table", number=pretty(FIRST)))
    expect(table.get_by_role("radio", checked=True)).to_have_count(4)  # a value for each field that differs
    who.accessible()
    who.fits()
    who.shoot("duplicates")
    table.get_by_role("row", name="Inès").get_by_role("radio", name="Inès", exact=True).check()
    table.get_by_role("radio", name="Moreau", exact=True).check()
    merge.click()
    expect(merge).to_have_count(0)
    row = contact(db, house.actor, first).row
    assert (row.nom, row.prenom, row.email, row.societe) == ("Moreau", "Inès", "ines@mistral.fr", "Mistral")
    assert [group.name for group in row.groups] == ["Aix"]

    history = who.main.locator(".dup-history").get_by_role("listitem")
    expect(history).to_have_count(1)
    history.get_by_role("button").click()
    expect(merge).to_have_count(1)
    assert contact(db, house.actor, first).row.prenom == "Ines"
    assert contact(db, house.actor, second).row.prenom == "Inès"

    who.button("duplicates.merge_all").click()
    dialog = who.page.get_by_role("dialog")
    who.button("duplicates.short.newest", within=dialog).click()
    expect(dialog.get_by_text(who.t("duplicates.rule.newest"))).to_be_visible()
    who.shoot("duplicates-all")
    who.button("duplicates.all_go", within=dialog, count=2).click()
    expect(who.page.get_by_text(who.t("duplicates.none"), exact=True)).to_be_visible()
    assert contact(db, house.actor, first).row.nom == "MOREAU"
    who.accessible()
    who.shoot("duplicates-none")
    who.silent()
    db.close()
