"""Tables as spreadsheets open them: CSV with semicolons and a byte order mark, XLSX; both made piece by piece.

What a stranger typed into a name must not run as a formula on the desk of whoever opens the file: a CSV cell that
begins like one gets an apostrophe, which our import takes off again; a cell of an XLSX is text by its type. What our
import would take off comes with one more, so that every cell comes back as it left.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

import polars as pl

from smsapp.domain.phone import pretty, read_column

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
PIECE = 64 * 1024
MOST_ROWS = 1_048_575  # of a sheet, its header apart
MOST_LETTERS = 32_767  # of a cell

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

_PACKAGE = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="{name}" '
    'sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def written(numbers: Sequence[int], region: str) -> list[str]:
    """Numbers (E.164) as cells, for people of ``region``: without the plus, which begins a formula, and with spaces, or
    a spreadsheet would round them. Where that would be read as another number, the country stands in brackets.
    """
    plain = [pretty(number).removeprefix("+") for number in numbers]
    read = read_column(pl.Series(plain, dtype=pl.String), region)["e164"]
    return [
        text if found == number else "({}) {}".format(*f"{pretty(number)} ".split(" ", 1)).rstrip()
        for number, text, found in zip(numbers, plain, read, strict=True)
    ]


def csv_pieces(table: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The rows as Excel in Europe opens them: semicolons, UTF-8 with its mark, CRLF."""
    out = io.StringIO()
    out.write("\ufeff")
    write = csv.writer(out, delimiter=";", lineterminator="\r\n").writerow
    for row in table:
        write([neutral(cell.replace("\0", "")) for cell in row])
        if out.tell() >= PIECE:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def xlsx_pieces(table: Iterable[Sequence[str]], name: str) -> Iterator[bytes]:
    """The rows as a workbook of one sheet, every cell a text; what a sheet cannot hold is left out."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as package:
        for path, text in _PACKAGE.items():
            package.writestr(path, _HEAD + text.replace("{name}", _text(re.sub(r"[\[\]:*?/\\']", " ", name)[:31])))
        with package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write((_HEAD + _SHEET).encode())
            for place, row in enumerate(table):
                if place > MOST_ROWS:
                    break
                cells = "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{_text(c)}</t></is></c>' for c in row)
                sheet.write(f"<row>{cells}</row>".encode())
                if sink.waiting >= PIECE:
                    yield sink.take()
            sheet.write(b"</sheetData></worksheet>")
    yield sink.take()


def _text(cell: str) -> str:
    cell = neutral(cell) if cell.startswith("'") else cell
    return escape(_UNPRINTABLE.sub("", cell)[:MOST_LETTERS], {'"': "&quot;"})


class _Sink(io.RawIOBase):
    """Where a zip is written that nobody can wind back; what has been written is taken away as it comes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0
        self.waiting = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return self._at

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        self._at += len(piece)
        self.waiting += len(piece)
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces, self.waiting = [], 0
        return taken
