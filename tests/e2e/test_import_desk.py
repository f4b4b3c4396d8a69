"""The import desk in a browser: an import that runs is stopped whole (S67), a blacklist brings its reasons (S73), numbers
that two countries read are shown with both (M13)."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from smsapp.contacts.service import count
from smsapp.db import Database, connect
from tests.bench.seed import Seeded, seed
from tests.e2e.test_import_mistakes import choose
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import Server

ROWS = 400_000  # a second or two of writing


@pytest.fixture
def book(site: Server) -> Iterator[Database]:
    """The server's database."""
    db = connect(site.database_url)
    yield db
    db.close()


@pytest.fixture
def mine(book: Database, request: pytest.FixtureRequest) -> Seeded:
    """An account of the test's own."""
    name = re.sub(r"\W+", "-", request.node.name)[-40:].strip("-")
    return seed(book, f"bureau-{name}", credit=10)


@pytest.mark.parametrize(
    ("lang", "size", "dark"), [("fr", WIDE, False), ("en", NARROW, True)], ids=["1440", "390-dark"]
)
def test_s67_an_import_that_runs_is_stopped_whole(
    lang: str,
    size: tuple[int, int],
    dark: bool,
    visit: Callable[..., Visitor],
    book: Database,
    mine: Seeded,
    tmp_path: Path,
) -> None:
    """The writer's turn is held by us meanwhile, so that the import is surely under way when it is stopped."""
    path = tmp_path / "grand.csv"
    path.write_text("Portable;Nom\n" + "\n".join(f"0612{i:06};R{i}" for i in range(ROWS)))
    who = visit(lang, size, dark=dark, session=mine.session)
    choose(who, path)
    who.button("imports.do_check", count=ROWS).click()
    go = who.button("imports.do_import", count=ROWS)
    expect(go).to_be_enabled(timeout=60_000)
    go.click()
    stop = who.button("imports.stop")
    expect(stop).to_be_visible(timeout=SOON)
    with book.write():
        stop.click()
        dialog = who.page.get_by_role("alertdialog")
        expect(dialog).to_be_visible(timeout=SOON)
        who.accessible()
        who.shoot("import-stop")
        who.button("imports.stop", within=dialog).click()
    expect(who.page.get_by_text(who.t("imports.stopped"))).to_be_visible(timeout=60_000)
    who.shoot("import-stopped")
    assert count(book, mine.actor) == 0
    who.page.get_by_text(who.t("imports.same_file")).click()
    expect(who.page.locator(".mapping")).to_be_visible(timeout=SOON)
    who.silent()


@pytest.mark.parametrize(
    ("lang", "size", "dark"), [("fr", WIDE, False), ("en", NARROW, True)], ids=["1440", "390-dark"]
)
def test_m13_s73_both_readings_and_the_reasons_are_shown(
    lang: str, size: tuple[int, int], dark: bool, visit: Callable[..., Visitor], mine: Seeded, tmp_path: Path
) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("Nom;Portable;Motif\nRey;687751234;\nRoi;06 39 98 22 10;ne veut plus rien\nMia;681821234;\n")
    who = visit(lang, size, dark=dark, session=mine.session)
    choose(who, path)
    who.button("imports.do_check", count=3).click()
    see = who.button("imports.see_ambiguous")
    expect(see).to_be_visible(timeout=SOON)
    see.click()
    expect(who.page.get_by_text(re.compile(r"Nouvelle-Calédonie|New Caledonia")).first).to_be_visible(timeout=SOON)
    who.accessible()
    who.shoot("import-readings")
    who.page.go_back()
    who.page.get_by_role("checkbox").click()
    expect(who.page.locator(".mapping select").last).to_have_value("motif", timeout=SOON)
    who.accessible()
    who.shoot("import-reason")
    who.silent()
