"""Files for spreadsheets: what a stranger typed never runs as a formula, and comes back as it was."""

import csv
import io
import random
import zipfile
from xml.etree import ElementTree

import fastexcel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.contacts import spreadsheet
from smsapp.contacts.spreadsheet import csv_pieces, neutral, xlsx_pieces

HOSTILE = [
    '=HYPERLINK("http://x";"y")',
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    " =1+1",
    "\u00a0\u3000＠x",
    "\n=1",
    "|cmd",
    "<b>&\"'",
    "a;b\nc",
    "é€𝄞",
]


@pytest.mark.parametrize("cell", HOSTILE[:10])
def test_no_cell_of_a_csv_begins_as_a_formula(cell: str) -> None:
    assert neutral(cell) == "'" + cell
    assert neutral(f"x{cell}") == f"x{cell}"


def test_a_csv_is_what_excel_opens_by_itself() -> None:
    whole = b"".join(csv_pieces([["Nom", "Société"], ["Rey; Paul", 'dit "le fin"'], *([["=1", "x"]] * 9000)]))
    assert whole.startswith(b"\xef\xbb\xbfNom;Soci\xc3\xa9t\xc3\xa9\r\n")
    rows = list(csv.reader(io.StringIO(whole.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[1] == ["Rey; Paul", 'dit "le fin"']
    assert len(rows) == 9002
    assert {tuple(row) for row in rows[2:]} == {("'=1", "x")}


def test_a_large_file_comes_in_pieces() -> None:
    rng = random.Random(1)
    table = [[f"nom {i}", f"{rng.getrandbits(200):x}"] for i in range(30_000)]
    assert sum(1 for _ in csv_pieces(table)) > 10
    assert sum(1 for piece in xlsx_pieces(table, "t") if piece) > 5


def test_every_cell_of_a_workbook_is_a_text() -> None:
    whole = b"".join(xlsx_pieces([HOSTILE, ["0612345678", "1e9"]], "Carnet d'adresses [2026]: a/b"))
    package = zipfile.ZipFile(io.BytesIO(whole))
    assert package.testzip() is None
    for name in package.namelist():
        ElementTree.fromstring(package.read(name))
    sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count('t="inlineStr"') == sheet.count("<c ") == len(HOSTILE) + 2
    read = fastexcel.read_excel(whole).load_sheet(0, header_row=None, dtypes="string").to_polars()
    assert [str(v) for v in read.row(1)[:2]] == ["0612345678", "1e9"]
    assert read.row(0)[0] == HOSTILE[0]


@pytest.mark.parametrize(("below", "sheets"), [(0, 1), (2, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_what_a_sheet_cannot_hold_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch, below: int, sheets: int) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 3)
    rows = [[f"nom {i}", str(i)] for i in range(below)]
    book = fastexcel.read_excel(b"".join(xlsx_pieces([["Nom", "Rang"], *rows], "Un nom bien plus long qu'un onglet")))
    assert len(set(book.sheet_names)) == len(book.sheet_names) == sheets
    found = []
    for place in range(sheets):
        head, *more = book.load_sheet(place, header_row=None, dtypes="string").to_polars().rows()
        assert head == ("Nom", "Rang")
        assert len(more) <= 3
        found += [list(row) for row in more]
    assert found == rows


@given(st.text(max_size=30))
def test_any_text_makes_a_workbook_that_opens(text: str) -> None:
    whole = b"".join(xlsx_pieces([[text]], text))
    for name in (package := zipfile.ZipFile(io.BytesIO(whole))).namelist():
        ElementTree.fromstring(package.read(name))
