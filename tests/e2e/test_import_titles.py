"""A file with titles above its header, in a browser: the guess is shown, said otherwise and taken back (S65, S67)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.test_import import outcomes, repair_row
from tests.e2e.test_import_mistakes import choose
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.services.imports.test_workbooks import text, workbook

ROWS = [
    ["Association sportive de Bruz, fichier des adhérents - juin 2026"],
    ["Export du", "12/06/2026"],
    [],
    ["Nom", "Prénom", "Tél. mobile", "Ville"],
    ["Moreau", "Inès", "06 39 98 22 10", "Bruz"],
    ["Marchand", "Sophie", "06 39 98 48", "Rennes"],
    ["Benali", "Karim", "06.39.98.17.53", "Bruz"],
]


def _workbook() -> bytes:
    rows = ["".join(text(f"{'ABCD'[i]}{at}", cell) for i, cell in enumerate(row)) for at, row in enumerate(ROWS, 1)]
    return workbook(("Adhérents", "visible", rows))


@pytest.mark.parametrize(
    ("lang", "size", "dark", "name"),
    [
        ("fr", WIDE, False, "adherents.csv"),
        ("fr", WIDE, True, "adherents.xlsx"),
        ("en", NARROW, False, "adherents.csv"),
        ("en", NARROW, True, "adherents.xlsx"),
    ],
    ids=["1440", "1440-dark", "390", "390-dark"],
)
def test_s67_the_row_of_the_header_is_guessed_and_can_be_said(
    lang: str, size: tuple[int, int], dark: bool, name: str, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(_workbook() if name.endswith("xlsx") else "\n".join(map(";".join, ROWS)).encode("cp1252"))
    who = visit(lang, size, dark=dark)
    look = f"{size[0]}{'-dark' if dark else ''}"
    who.sign_up(f"titres-{look}")
    choose(who, path)
    header = who.page.get_by_label(who.t("imports.header"), exact=True)
    left_out = who.page.get_by_text(who.t("imports.left_out", count=3))
    fields = who.page.locator(".mapping th select")
    expect(header).to_have_value("4")
    expect(left_out).to_be_visible()
    expect(header).to_have_accessible_description(re.compile(re.escape(who.t("imports.left_out", count=3))))
    expect(who.button("imports.do_check", count=3)).to_be_visible()
    assert fields.evaluate_all("all => all.map(one => one.value)") == ["nom", "prenom", "portable", ""]
    fields.nth(3).select_option("+Ville")
    expect(who.page.get_by_role("columnheader").nth(3)).to_contain_text(who.t("imports.chosen"))
    who.shoot(f"import-titles-{look}")
    who.fits()
    who.accessible()

    header.select_option("0")
    expect(who.button("imports.do_check", count=6)).to_be_visible(timeout=SOON)
    expect(left_out).to_have_count(0)
    header.select_option("2")
    expect(who.page.get_by_text(who.t("imports.left_out", count=1))).to_be_visible(timeout=SOON)
    expect(fields.nth(3)).to_have_value("+Ville")
    header.focus()
    who.page.keyboard.press("ArrowDown")
    expect(header).to_have_value("4", timeout=SOON)
    expect(left_out).to_be_visible(timeout=SOON)
    expect(fields.nth(2)).to_have_value("portable")
    expect(fields.nth(3)).to_have_value("+Ville")
    header.select_option("2")
    expect(who.page.get_by_text(who.t("imports.left_out", count=1))).to_be_visible(timeout=SOON)
    who.page.reload()
    who.ready()
    expect(header).to_have_value("2", timeout=SOON)
    header.select_option("4")
    expect(left_out).to_be_visible(timeout=SOON)

    who.button("imports.do_check", count=3).click()
    assert outcomes(who)["rejected"] == 1
    expect(who.page.get_by_text(who.t("imports.left_out", count=3))).to_be_visible()
    expect(repair_row(who, 6)[0]).to_be_visible()
    who.shoot(f"import-titles-check-{look}")
    who.button("imports.do_import", count=2).click()
    expect(who.page.get_by_text(who.t("imports.done", name=name), exact=True)).to_be_visible(timeout=SOON)
    expect(who.page.get_by_text(who.t("imports.left_out", count=3))).to_be_visible()
    expect(repair_row(who, 6)[0]).to_be_visible()
    who.shoot(f"import-titles-result-{look}")
    who.fits()
    who.accessible()
    who.silent()
