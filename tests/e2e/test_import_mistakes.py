"""Mistakes at the import desk: each gets a sentence that says what to do, and nothing that was typed is lost (S64-S67)."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from smsapp.contacts.smart_groups import Filter, create_smart_group
from smsapp.db import connect
from tests.bench.seed import Seeded, seed
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import Server

LINES = "Portable\tNom\n06 39 98 22 10\tMoreau\n06 39 98 48\tMarchand\n"


@pytest.fixture
def mine(site: Server, request: pytest.FixtureRequest) -> Iterator[Seeded]:
    """An account of the test's own, with a smart group."""
    db = connect(site.database_url)
    name = re.sub(r"\W+", "-", request.node.name)[-40:].strip("-")
    made = seed(db, f"faute-{name}", credit=10)
    create_smart_group(db, made.actor, "Les Moreau", Filter(text="moreau"))
    yield made
    db.close()


def opened(who: Visitor) -> None:
    """The first step."""
    who.go("/import")
    who.ready()


def choose(who: Visitor, path: Path) -> None:
    """A file is chosen, and its columns are there."""
    opened(who)
    chooser = who.page.get_by_label(who.t("imports.choose"), exact=True)
    chooser.and_(who.page.locator("input")).set_input_files(path)
    expect(who.page.locator(".mapping")).to_be_visible(timeout=SOON)


def pasting(who: Visitor) -> Locator:
    """The field for lines, open."""
    field = who.page.get_by_role("textbox", name=who.t("imports.paste"))
    if not field.is_visible():
        who.page.get_by_text(who.t("imports.paste"), exact=True).click()
    return field


def test_pasted_lines_stay_until_they_are_imported(visit: Callable[..., Visitor], mine: Seeded) -> None:
    """Over a lost connection, a reload and the way back; then they are gone, and never another session's."""
    who = visit("fr", WIDE, session=mine.session)
    opened(who)
    take = who.button("imports.take_pasted")
    field = pasting(who)
    for nothing in ("", "  \n "):
        field.fill(nothing)
        expect(take).to_be_disabled()
    field.fill(LINES)
    who.page.reload()
    who.ready()
    expect(field).to_have_value(LINES)

    def lose(route: Route) -> None:
        route.abort("connectionfailed")

    who.expected.append(re.compile(r"/import/files"))  # the browser's own line about a connection that failed
    who.page.route("**/import/files", lose)
    take.click()
    expect(who.page.get_by_role("alert")).to_have_text(who.t("imports.connection_lost"))
    expect(field).to_have_value(LINES)
    who.page.unroute("**/import/files", lose)
    take.click()
    on = who.button("imports.do_check", count=2)
    expect(on).to_be_visible(timeout=SOON)
    who.page.go_back()
    expect(field).to_have_value(LINES, timeout=SOON)
    who.page.go_forward()
    on.click()
    go = who.button("imports.do_import", count=1)
    expect(go).to_be_visible(timeout=SOON)
    go.click()
    expect(who.page.get_by_text(who.t("imports.part_created", rows=1), exact=True)).to_be_visible(timeout=SOON)
    opened(who)
    expect(pasting(who)).to_have_value("")
    who.silent()


@pytest.mark.parametrize(("lang", "size"), [("fr", WIDE), ("en", NARROW)], ids=["1440", "390"])
def test_a_refusal_stands_beside_the_button_that_was_pressed(
    lang: str, size: tuple[int, int], visit: Callable[..., Visitor], mine: Seeded, tmp_path: Path
) -> None:
    """No column of numbers, a separator that is none, a group that is a smart one, a column of names as numbers."""
    who = visit(lang, size, session=mine.session)
    file = tmp_path / "salon.csv"
    file.write_text("Nom,Ville,Mobile\nMoreau,Aix,06 39 98 22 10\nRey,Lyon,06 39 98 22 11\n" * 20)
    choose(who, file)
    on = who.page.locator(".desk-foot button").last
    heads = who.page.locator(".mapping th select")
    separator = who.page.get_by_label(who.t("imports.separator"), exact=True)
    separator.select_option(";")
    expect(who.page.get_by_text(who.t("imports.one_column"), exact=True)).to_be_visible(timeout=SOON)
    separator.select_option(",")
    expect(heads).to_have_count(3)
    heads.nth(2).select_option("")
    expect(heads.nth(2)).to_have_value("")
    on.click()
    said = who.page.locator(".foot").get_by_role("alert")
    expect(said).to_have_text(who.t("imports.no_phone_column"), timeout=SOON)
    expect(said).to_be_in_viewport()
    who.fits()
    who.accessible()
    who.shoot("import-refused")

    heads.nth(0).select_option("portable")
    expect(said).to_have_count(0, timeout=SOON)
    group = who.page.get_by_label(who.t("imports.group"), exact=True)
    group.fill("les moreau")
    group.blur()
    on.click()
    expect(said).to_have_text(who.t("imports.smart_group", name="Les Moreau"), timeout=SOON)
    expect(said).to_be_in_viewport()
    expect(group).to_have_value("les moreau")
    group.fill("Salon")
    group.blur()
    on.click()
    doubt = who.page.get_by_text(who.t("imports.mostly_rejected"))
    expect(doubt).to_be_visible(timeout=SOON)
    who.shoot("import-wrong-column")
    who.accessible()
    who.page.locator(".note").filter(has=doubt).get_by_role("link").click()
    expect(group).to_have_value("Salon", timeout=SOON)
    heads.nth(2).select_option("portable")
    expect(heads.nth(0)).to_have_value("", timeout=SOON)
    on.click()
    expect(who.page.get_by_role("group", name=who.t("imports.outcomes"))).to_be_visible(timeout=SOON)
    expect(doubt).to_have_count(0)
    who.silent()


def test_a_repair_being_typed_outlives_a_lost_connection_and_a_reload(
    visit: Callable[..., Visitor], mine: Seeded, tmp_path: Path
) -> None:
    who = visit("fr", WIDE, session=mine.session)
    file = tmp_path / "clients.csv"
    file.write_text("Nom;Mobile\nMoreau;06 39 98 22 10\nMarchand;06 39 98 48\nRey;06 39 98 49\n")
    choose(who, file)
    who.page.locator(".desk-foot button").last.click()
    field = who.page.get_by_label(who.t("imports.correction_of", row=3), exact=True)
    accept = who.page.get_by_role("button", name=who.t("imports.accept_row", row=3), exact=True)
    expect(field).to_be_visible(timeout=SOON)
    who.expected.append(re.compile(r"ERR_INTERNET_DISCONNECTED|_event|WebSocket"))
    who.context.set_offline(True)
    field.fill("06 39 98 48 2")
    who.context.set_offline(False)
    expect(who.page.get_by_text(who.t("imports.still_missing", count=1), exact=True)).to_be_visible(timeout=3 * SOON)
    who.page.reload()
    who.ready()
    expect(field).to_have_value("06 39 98 48 2", timeout=SOON)
    field.fill("06 39 98 48 21")
    expect(accept).to_be_enabled(timeout=SOON)
    accept.click()
    expect(who.page.get_by_text(who.t("imports.repaired_here", count=1))).to_be_visible(timeout=SOON)
    who.button("imports.do_import", count=2).click()
    expect(who.page.get_by_text(who.t("imports.download"))).to_be_visible(timeout=SOON)  # not the check any more
    left = who.page.get_by_label(who.t("imports.correction_of", row=4), exact=True)
    expect(left).to_be_visible(timeout=SOON)
    left.fill("06 39 98 49 3")
    expect(who.page.get_by_text(who.t("imports.still_missing", count=1), exact=True)).to_be_visible(timeout=SOON)
    who.page.reload()
    who.ready()
    expect(left).to_have_value("06 39 98 49 3", timeout=SOON)
    who.silent()


def test_s73_the_result_of_a_blacklist_speaks_of_the_blacklist(
    visit: Callable[..., Visitor], mine: Seeded, tmp_path: Path
) -> None:
    who = visit("fr", WIDE, session=mine.session)
    file = tmp_path / "refus.csv"
    file.write_text("Mobile;Motif\n06 39 98 22 10;ne veut plus\n06 39 98 22 11;ne veut plus\n")
    choose(who, file)
    switch = who.page.get_by_role("checkbox")
    switch.click()
    expect(switch).to_be_checked()
    expect(who.page.get_by_text(who.t("imports.consent"), exact=True)).to_have_count(0)
    who.accessible()
    who.page.locator(".desk-foot button").last.click()
    go = who.button("imports.do_blacklist", count=2)
    expect(go).to_be_visible(timeout=SOON)
    go.click()
    expect(who.page.get_by_text(who.t("imports.all_blacklisted"), exact=True)).to_be_visible(timeout=SOON)
    who.link("imports.see_blacklist").click()
    who.at("/blacklist")
    expect(who.main.get_by_text("+33 6 39 98 22 11")).to_be_visible(timeout=SOON)
    who.silent()
