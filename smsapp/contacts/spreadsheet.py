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
from itertools import chain
from xml.sax.saxutils import escape

import polars as pl

from smsapp.domain.phone import pretty, read_column

FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")  # space before it is taken off by many a program
PIECE = 64 * 1024
MOST_ROWS = 1_048_575  # of a sheet, its header apart
MOST_LETTERS = 32_767  # of a cell

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

_OPEN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_LINKS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = f'<worksheet xmlns="{_MAIN}"><sheetData>'


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


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
    """The rows as a workbook, every cell a text. What one sheet cannot hold goes on in the next, under the same first
    row.
    """
    sink, rows = _Sink(), iter(table)
    head = next(rows, None)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as package:
        sheets, more = 0, True
        while more:
            sheets += 1
            with package.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as sheet:
                sheet.write((_HEAD + _SHEET).encode())
                more = False
                for place, row in enumerate(chain([head] if head is not None else [], rows)):
                    sheet.write(_row(row))
                    if sink.waiting >= PIECE:
                        yield sink.take()
                    if place == MOST_ROWS:
                        more = True
                        break
                sheet.write(b"</sheetData></worksheet>")
            if more:
                following = next(rows, None)
                more = following is not None
                rows = chain([following], rows) if following is not None else rows
        for path, text in _package(name, sheets).items():
            package.writestr(path, _HEAD + text)
    yield sink.take()


def _row(row: Sequence[str]) -> bytes:
    cells = "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{_text(cell)}</t></is></c>' for cell in row)
    return f"<row>{cells}</row>".encode()


def _package(name: str, sheets: int) -> dict[str, str]:
    """What holds so many sheets together."""
    tidy = re.sub(r"[\[\]:*?/\\']", " ", name)
    names = [_text(tidy[:31] if place == 1 else f"{tidy[:26]} {place}") for place in range(1, sheets + 1)]
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{place}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        for place in range(1, sheets + 1)
    )
    listed = "".join(
        f'<sheet name="{said}" sheetId="{place}" r:id="rId{place}"/>' for place, said in enumerate(names, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{place}" Type="{_OPEN}/worksheet" Target="worksheets/sheet{place}.xml"/>'
        for place in range(1, sheets + 1)
    )
    return {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>{parts}</Types>',
        "_rels/.rels": f'{_LINKS}<Relationship Id="rId1" Type="{_OPEN}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OPEN}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"{_LINKS}{links}</Relationships>",
    }


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
