"""Workbooks as spreadsheets write them: numbers that are floats, dates, formulas, merged cells, hidden sheets (M4)."""

import io
import zipfile
from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.listing import contacts
from smsapp.db import Database
from smsapp.imports import reader
from smsapp.imports.choices import Choices
from smsapp.imports.sandbox import Reading, UnreadableFile
from smsapp.imports.service import preview, run_import
from smsapp.imports.uploads import Uploads

Receive = Callable[..., str]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACK = "http://schemas.openxmlformats.org/package/2006"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1">'
    '<border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/>'
    '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def text(place: str, words: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{words}</t></is></c>'


def number(place: str, value: str, *, style: int = 0, formula: str = "") -> str:
    inside = f"<f>{formula}</f>" if formula else ""
    return f'<c r="{place}" s="{style}">{inside}<v>{value}</v></c>'


def workbook(*sheets: tuple[str, str, list[str]], merged: str = "") -> bytes:
    """Sheets as (name, state, rows of cells in XML)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        kinds = "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for i in range(len(sheets))
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACK}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType='
            f'"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{kinds}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACK}/relationships"><Relationship Id="r0" Type="{RELS}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        named = "".join(
            f'<sheet name="{name}" sheetId="{i + 1}" state="{state}" r:id="r{i}"/>'
            for i, (name, state, _) in enumerate(sheets)
        )
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{RELS}"><sheets>{named}</sheets></workbook>'
        )
        ties = "".join(
            f'<Relationship Id="r{i}" Type="{RELS}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in range(len(sheets))
        )
        style = f'<Relationship Id="s" Type="{RELS}/styles" Target="styles.xml"/>'
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACK}/relationships">{ties}{style}</Relationships>'
        )
        archive.writestr("xl/styles.xml", STYLES)
        for i, (_, _, rows) in enumerate(sheets):
            lines = "".join(f'<row r="{at}">{cells}</row>' for at, cells in enumerate(rows, start=1))
            archive.writestr(
                f"xl/worksheets/sheet{i}.xml",
                f'<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData>{merged}</worksheet>',
            )
    return out.getvalue()


def test_numbers_that_are_floats_formulas_and_dates_become_what_the_sheet_shows(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    rows = [
        text("A1", "Nom") + text("B1", "Portable") + text("C1", "Inscrit le"),
        text("A2", "Rey") + number("B2", "612345678") + number("C2", "45800", style=1),
        text("A3", "Roi") + number("B3", "33687654321.0") + number("C3", "45801", style=1),
        text("A4", "Marc") + number("B4", "611111111", formula="600000000+11111111"),
        text("A5", "Léa") + number("B5", "6.12E+8"),
    ]
    upload = receive(actor, workbook(("Clients", "visible", rows)), "clients.xlsx")
    seen = preview(uploads, actor, upload)
    assert (seen.kind, seen.count, [c.field for c in seen.columns]) == ("xlsx", 4, ["nom", "portable", ""])
    assert [cells[2] for _, cells in seen.rows][:2] == ["2025-05-23", "2025-05-24"]
    done = run_import(db, uploads, actor, upload, Choices(seen.reading, {0: "nom", 1: "portable"}))
    assert (done.created, done.rejected) == (4, 0)
    assert {one.e164 for one in contacts(db, actor).rows} == {33612345678, 33687654321, 33611111111, 33612000000}


def test_the_first_sheet_that_is_seen_is_read_and_another_can_be_chosen(
    uploads: Uploads, receive: Receive, actor: Actor
) -> None:
    hidden = [text("A1", "Secret"), text("A2", "x")]
    empty: list[str] = []
    shown = [text("A1", "Portable"), text("A2", "0612345678")]
    upload = receive(
        actor,
        workbook(("Calculs", "hidden", hidden), ("Vide", "visible", empty), ("Clients", "visible", shown)),
        "c.xlsx",
    )
    seen = preview(uploads, actor, upload)
    assert (seen.reading.sheet, seen.sheets) == ("Clients", ("Calculs", "Vide", "Clients"))
    other = preview(uploads, actor, upload, Reading(sheet="Calculs"))
    assert [c.header for c in other.columns] in (["Secret"], [""])
    with pytest.raises(UnreadableFile) as refused:
        preview(uploads, actor, upload, Reading(sheet="Autre"))
    assert refused.value.why == "sheet"


def test_merged_cells_are_their_first_cell(uploads: Uploads, receive: Receive, actor: Actor) -> None:
    rows = [
        text("A1", "Fichier clients 2026"),
        text("A2", "Nom") + text("B2", "Portable"),
        text("A3", "Rey") + text("B3", "0612345678"),
        text("B4", "0687654321"),
    ]
    merged = '<mergeCells count="2"><mergeCell ref="A1:B1"/><mergeCell ref="A3:A4"/></mergeCells>'
    seen = preview(uploads, actor, receive(actor, workbook(("S", "visible", rows), merged=merged), "c.xlsx"))
    assert [cells for _, cells in seen.rows][-2:] == [("Rey", "0612345678"), ("", "0687654321")]


def test_a_cell_bomb_and_a_far_cell_hurt_nobody(uploads: Uploads, receive: Receive, actor: Actor) -> None:
    bomb = workbook(("S", "visible", [text("A1", "x" * (30 << 20))]))
    with pytest.raises(UnreadableFile) as refused:
        preview(uploads, actor, receive(actor, bomb, "bomb.xlsx"))
    assert refused.value.why == "too_demanding"
    far = workbook(("S", "visible", [text("A1", "Portable"), text("A2", "0612345678") + text("XFD2", "x")]))
    seen = preview(uploads, actor, receive(actor, far, "far.xlsx"))
    assert len(seen.columns) <= reader.MAX_COLUMNS


@pytest.mark.parametrize("columns", [1, 200, 256])
def test_many_columns_empty_and_double_names(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, columns: int
) -> None:
    names = ["Portable", "", "Portable", *(f"C{i % 7}" for i in range(columns))][:columns]
    cells = ["0612345678", "x", "0687654321", *("" for _ in range(columns))][:columns]
    upload = receive(actor, f"{';'.join(names)}\n{';'.join(cells)}\n0611111111\n".encode())
    seen = preview(uploads, actor, upload, Reading(separator=";", header=True))
    assert len(seen.columns) == columns
    assert [c.index for c in seen.columns if c.field == "portable"] == [0]
    done = run_import(db, uploads, actor, upload, Choices(seen.reading, {0: "portable", columns - 1: "portable"}))
    assert (done.read, done.created) == (2, 2)


def test_a_million_rows_are_read_and_sorted(uploads: Uploads, receive: Receive, actor: Actor) -> None:
    """Read and looked at; the bench imports them."""
    lines = b"Nom;Portable\n" + b"".join(b"R%d;06%08d\n" % (i, 10_000_000 + i) for i in range(1_000_000))
    seen = preview(uploads, actor, receive(actor, lines))
    assert (seen.count, seen.rows[0]) == (1_000_000, (2, ("R0", "0610000000")))
