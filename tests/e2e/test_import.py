"""The import desk in a browser: four steps for a CSV and a workbook, repairs in place, undo, a file of refusals (S64-S67)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import ROOT

DATA = ROOT / "tests" / "data"
ROWS = [
    "Nom de famille;Prénom;Tél. mobile;Raison sociale;Mail;Date_crea",
    "MOREAU;Inès;06 39 98 22 10;Studio Mistral;ines@studio-mistral.fr;03/02/2025",
    "BERNARD;Thomas;0639983144;Bernard & Fils;t.bernard@bernard.fr;11/02/2025",
    "GIRARD;Léa;6 39 98 05 71;;lea.girard@mel.fr;11/02/2025",
    "LEFEVRE;Mathieu;+33 6 39 98 64 18;Cave du Panier;;20/03/2025",
    "BENALI;Karim;06.39.98.17.53;Benali Optique;karim@benali.fr;02/04/2025",
    "MARCHAND;Sophie;06 39 98 48;;;02/04/2025",
    "REY;Paul;06 39 98 1O 22;;;17/04/2025",
    "HADDAD;Nadia;06-39-98-77-5I;;;17/04/2025",
    "VIDAL;Marc;01 42 68 53 00;;;06/05/2025",
    "KEROUEDAN;Yann;;;;06/05/2025",
    "MOREAU;Inès;0033639982210;;;06/05/2025",
    "ROCHE;Marie-Emmanuelle;0696 00 14 20;Roche Rhum;me@roche.mq;19/05/2025",
]


def outcomes(who: Visitor) -> dict[str, int]:
    """The six figures of the check, which make up the rows read."""
    sums = who.page.get_by_role("group", name=who.t("imports.outcomes"))
    expect(sums).to_be_visible(timeout=SOON)
    names = ("created", "completed", "known", "duplicates", "blacklisted", "rejected")
    figures = [int(re.sub(r"\D", "", words)) for words in sums.locator(".big").all_text_contents()]
    return dict(zip(names, figures, strict=True))


def choose(who: Visitor, path: Path) -> None:
    """The first step."""
    who.go("/import")
    who.ready()
    chooser = who.page.get_by_label(who.t("imports.choose"), exact=True)
    chooser.and_(who.page.locator("input")).set_input_files(path)


def repair_row(who: Visitor, row: int) -> tuple[Locator, Locator]:
    """The field and the button of a rejected row."""
    field = who.page.get_by_label(who.t("imports.correction_of", row=row), exact=True)
    return field, who.page.get_by_role("button", name=who.t("imports.accept_row", row=row), exact=True)


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (WIDE, True), (NARROW, False)], ids=["1440", "dark", "390"])
def test_four_steps_repairs_and_undo(
    visit: Callable[..., Visitor], tmp_path: Path, size: tuple[int, int], dark: bool
) -> None:
    lang = "en" if size == NARROW else "fr"
    who = visit(lang, size, dark=dark)
    look = "dark" if dark else "light"
    who.sign_up(f"import-{look}-{size[0]}")
    file = tmp_path / "clients-juin.csv"
    file.write_text("\n".join(ROWS) + "\n", "cp1252")

    choose(who, file)
    on = who.button("imports.do_check", count=12)
    expect(on).to_be_visible(timeout=SOON)
    heads = who.page.locator(".mapping th select")
    expect(heads).to_have_count(6)
    assert heads.evaluate_all("all => all.map(one => one.value)") == [
        "nom",
        "prenom",
        "portable",
        "societe",
        "email",
        "",
    ]
    heads.nth(5).select_option("+Date_crea")
    expect(who.page.get_by_role("columnheader").nth(5)).to_contain_text(who.t("imports.chosen"))
    for policy in ("replace", "complete"):
        one = who.page.get_by_role("radio", name=who.t(f"imports.policy_{policy}"), exact=False)
        one.click()
        expect(one).to_be_checked()
    who.page.get_by_label(who.t("imports.group"), exact=True).fill("Clients juin 2026")
    who.page.get_by_label(who.t("imports.group"), exact=True).blur()
    who.shoot(f"import-2-columns-{look}")
    who.fits()
    who.accessible()
    on.click()

    assert outcomes(who) == {
        "created": 5, "completed": 0, "known": 0, "duplicates": 1, "blacklisted": 0, "rejected": 6,
    }  # fmt: skip
    who.shoot(f"import-3-check-{look}")
    who.accessible()
    field, button = repair_row(who, 7)
    expect(button).to_be_disabled()
    field.fill("06 39 98 48 2")
    expect(who.page.get_by_text(who.t("imports.still_missing", count=1), exact=True)).to_be_visible()
    field.fill("06 39 98 48 21")
    expect(button).to_be_enabled()
    button.click()
    expect(who.page.get_by_text(who.t("imports.repaired_here", count=1))).to_be_visible()
    assert outcomes(who)["created"] == 6
    who.button("imports.do_import", count=6).click()

    who.at(r"/import/?\?done=\d+")
    expect(who.page.get_by_text(who.t("imports.done", name=file.name), exact=True)).to_be_visible(timeout=SOON)
    who.shoot(f"import-4-result-{look}")
    who.fits()
    who.accessible()
    who.page.reload()
    who.ready()
    who.button("imports.accept_all", count=3).click()
    expect(who.page.get_by_text(who.t("imports.repaired", count=3), exact=True)).to_be_visible(timeout=SOON)
    field, button = repair_row(who, 10)
    field.fill("06 39 98 00 01")
    expect(button).to_be_enabled()
    button.click()
    expect(field).to_have_count(0)
    expect(who.page.locator(".sums .big").first).to_have_text("10")
    who.shoot(f"import-5-repaired-{look}")

    who.page.get_by_role("button", name=who.t("imports.undo"), exact=True).click()
    question = who.page.get_by_role("alertdialog")
    expect(question).to_be_visible()
    who.button("imports.undo", within=question).click()
    expect(who.page.get_by_text(who.t("imports.undone", name=file.name), exact=True)).to_be_visible(timeout=SOON)
    expect(who.page.get_by_text(who.t("imports.undone_removed", count=10))).to_be_visible()
    who.shoot(f"import-6-undone-{look}")
    who.go("/import")
    who.ready()
    expect(who.page.get_by_role("link", name=file.name, exact=True)).to_be_visible()
    expect(who.page.get_by_text(who.t("imports.status_undone"), exact=True)).to_be_visible()
    who.shoot(f"import-1-file-{look}")
    who.accessible()
    who.silent()


def test_a_workbook_then_refusals_then_the_same_shape_again(visit: Callable[..., Visitor]) -> None:
    who = visit("fr", WIDE)
    who.sign_up("import-classeur")
    choose(who, DATA / "clients-800.xlsx")
    on = who.button("imports.do_check", count=800)
    expect(on).to_be_visible(timeout=SOON)
    on.click()
    first = outcomes(who)
    assert sum(first.values()) == 800
    who.button("imports.do_import", count=first["created"]).click()
    expect(who.page.get_by_text(who.t("imports.done", name="clients-800.xlsx"), exact=True)).to_be_visible(timeout=SOON)

    choose(who, DATA / "blacklist-60.csv")
    on = who.button("imports.do_check", count=60)
    expect(on).to_be_visible(timeout=SOON)
    box = who.page.get_by_role("checkbox")
    box.click()
    expect(box).to_be_checked()
    on.click()
    refused = outcomes(who)
    who.button("imports.do_blacklist", count=refused["created"]).click()
    expect(who.page.get_by_text(who.t("imports.now_blacklisted"), exact=True)).to_be_visible(timeout=SOON)
    expect(who.page.get_by_role("button", name=who.t("imports.undo"), exact=True)).to_have_count(0)

    choose(who, DATA / "clients-800.xlsx")
    expect(who.page.get_by_text(who.t("imports.remembered"), exact=True)).to_be_visible(timeout=SOON)
    who.button("imports.do_check", count=800).click()
    again = outcomes(who)
    assert again["created"] == 0
    assert again["known"] + again["blacklisted"] == first["created"]

    who.go("/import")
    who.ready()
    who.page.get_by_text(who.t("imports.paste"), exact=True).click()
    who.page.get_by_role("textbox", name=who.t("imports.paste")).fill("Portable\tNom\n0639980001\tRey\n")
    who.button("imports.take_pasted").click()
    expect(who.button("imports.do_check", count=1)).to_be_visible(timeout=SOON)
    who.silent()


def test_s65_a_wide_file_with_an_unusual_separator(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    """Cut at its signs without a word; columns beyond the first two dozen can be shown and taken."""
    who = visit("fr", WIDE)
    who.sign_up("import-large")
    file = tmp_path / "large.csv"
    heads = ["Nom", "Portable", *(f"Visite {'abcdefghij'[i % 10]}{'xyz'[i // 10]}" for i in range(28))]
    file.write_text("\n".join("^".join(row) for row in (heads, ["Rey", "0639980001", *["12"] * 28])) + "\n")
    choose(who, file)
    on = who.button("imports.do_check", count=1)
    expect(on).to_be_visible(timeout=SOON)
    expect(who.page.get_by_label(who.t("imports.separator"), exact=True)).to_have_value("^")
    columns = who.page.locator(".mapping th select")
    expect(columns).to_have_count(24)
    who.shoot("import-2-wide-light")
    who.fits()
    who.accessible()
    who.button("imports.show_columns").click()
    expect(columns).to_have_count(30)
    columns.nth(29).select_option(f"+{heads[29]}")
    expect(who.page.get_by_role("columnheader").nth(29)).to_contain_text(who.t("imports.chosen"))
    on.click()
    assert outcomes(who)["created"] == 1
    who.silent()
