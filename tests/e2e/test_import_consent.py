"""A file with consent and groups in a browser (S59, M28, S70): known by their headers, said before anything is written,
a day put right in place, and the record that names its proof."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from smsapp.contacts.groups import groups
from smsapp.contacts.listing import contacts
from smsapp.contacts.service import contact
from smsapp.db import connect
from tests.bench.seed import seed
from tests.e2e.test_import_mistakes import choose
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import Server

ROWS = [
    "Portable;Nom;Groupes;Accord recueilli où;Date de l’accord;Texte accepté",
    "06 39 98 22 10;Moreau;Clients, VIP;Boutique;17/06/2026;J’accepte les SMS",
    "06 39 98 31 44;Bernard;VIP;Salon;hier;J’accepte les SMS",
    "06 39 98 05 71;Girard;;Salon;46190;",
    "06 39 98 64 18;Lefevre;Presse;;;",
]
FIELDS = [
    "portable", "nom", "groupes", "consentement_source", "consentement_date", "consentement_texte",
]  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "size", "dark"), [("fr", WIDE, False), ("en", NARROW, True)], ids=["1440", "390-dark"]
)
def test_m28_consent_and_groups_come_in_with_their_proof(
    lang: str, size: tuple[int, int], dark: bool, visit: Callable[..., Visitor], site: Server, tmp_path: Path
) -> None:
    db = connect(site.database_url)
    mine = seed(db, f"accords-{lang}", credit=10)
    path = tmp_path / "accords.csv"
    path.write_text("\n".join(ROWS) + "\n", "utf-8")
    who = visit(lang, size, dark=dark, session=mine.session)
    choose(who, path)
    heads = who.page.locator(".mapping th select")
    expect(heads).to_have_count(6)
    assert heads.evaluate_all("all => all.map(one => one.value)") == FIELDS
    blacklist = who.page.get_by_role("checkbox")
    blacklist.click()
    expect(heads.nth(2)).to_have_value("", timeout=SOON)  # the blacklist keeps no groups
    blacklist.click()
    expect(heads.nth(2)).to_have_value("groupes", timeout=SOON)
    who.accessible()
    who.fits()
    heads.nth(3).scroll_into_view_if_needed()
    who.shoot("import-consent-columns")

    who.button("imports.do_check", count=4).click()
    field = who.page.get_by_label(who.t("imports.correction_of", row=3), exact=True)
    expect(field).to_be_visible(timeout=SOON)
    for name in ("Clients", "VIP", "Presse"):
        expect(who.main.locator(".tag", has_text=name)).to_be_visible(timeout=SOON)
    field.fill("demain")
    expect(who.page.get_by_text(who.t("imports.still_no_day"))).to_be_visible(timeout=SOON)
    who.accessible()
    who.fits()
    who.shoot("import-consent-check")
    field.fill("16/06/2026")
    row = who.page.get_by_role("button", name=who.t("imports.accept_row", row=3), exact=True)
    expect(row).to_be_enabled(timeout=SOON)
    row.click()
    every = who.button("imports.accept_all", count=1)
    expect(every).to_be_visible(timeout=SOON)
    every.click()
    go = who.button("imports.do_import", count=4)
    expect(go).to_be_enabled(timeout=SOON)
    go.click()
    expect(who.page.get_by_text(who.t("imports.groups_made", count=3))).to_be_visible(timeout=SOON)
    who.accessible()
    who.fits()
    who.shoot("import-consent-done")
    assert {one.name: one.members for one in groups(db, mine.actor)} == {"Clients": 1, "Presse": 1, "VIP": 2}
    people = {one.name: one.id for one in contacts(db, mine.actor).rows}
    days = {name: contact(db, mine.actor, id).consent.day for name, id in people.items()}
    assert [str(days[name]) for name in ("Moreau", "Bernard", "Girard", "Lefevre")] == [
        "2026-06-17", "2026-06-16", "2026-06-17", "None",
    ]  # fmt: skip

    who.go(f"/contacts?open={people['Moreau']}")
    proof = who.page.get_by_role("link", name=re.compile(re.escape(who.t("contacts.consent_import", number=""))))
    expect(proof).to_be_visible(timeout=SOON)
    who.accessible()
    who.shoot("import-consent-record")
    proof.click()
    expect(who.page.get_by_text(who.t("imports.done", name="accords.csv"))).to_be_visible(timeout=SOON)
    who.silent()
    db.close()
