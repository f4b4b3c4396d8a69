"""A file on disk -> rows of text. Runs alone in a child process with limits, so that a hostile file hurts nobody.

Started by `sandbox.py` as a script, with a request on its standard input; it knows only `cutting.py`. The rows go to
files of our own making, ``PART`` or a few more in each, fewer of a wide table (Arrow streams; columns ``row`` Int64,
``flaw``, ``c0``, ``c1``... String), what was found out about the file goes to standard output. Numbers of a workbook
become the digits that it shows, never a float.

``row`` is the number that a spreadsheet shows beside the row. ``flaw`` is empty, or why the row cannot be trusted:
``open_quote`` (a quote that is never closed), ``extra_cells`` (more cells than the file has columns).
"""

import json
import resource
import sys
import zipfile
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from smsapp.imports.cutting import CONTROL, PIECE, Pieces, Plain, Unreadable, cut_text

MAX_ROWS = 1_048_576  # as many as a sheet holds
MAX_COLUMNS = 256
MAX_CELL = 1_000
MAX_INFLATED = 200 << 20
MAX_RATIO = 200
MAX_PARTS = 500
SAMPLE_ROWS = 1_000  # whose usual width is the file's
FIRST_ROWS = 40  # that are told as they stand: the header is one of them, or there is none
FIRST_CELL = 80
PART = 100_000  # rows in a file
PART_CELLS = 3_000_000  # and cells: each weighs sixteen bytes, however empty, and several times that on its way
WIDE = 32  # columns, beyond which most cells are empty and a file shrinks to a tenth

MEMORY = 3 << 29  # bytes of addresses, of which a file of a million rows fills a third
CPU_SECONDS = 40
OUTPUT = 1 << 30


_FOREIGN = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"{\\rtf",
    b"BEGIN:VCARD",
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def main() -> None:
    """Read the request, set the limits, write the rows and the facts."""
    request = json.load(sys.stdin)
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    try:
        facts = read(Path(request["path"]), Path(request["out"]), request["options"])
    except Unreadable as refusal:
        facts = {"refused": refusal.args[0]}
    except MemoryError:
        facts = {"refused": "too_demanding"}
    json.dump(facts, sys.stdout)


def read(path: Path, out: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Write the rows of ``path`` to files that begin like ``out`` and return the facts: kind, encoding, separator,
    sheets, sheet, width, usual, raw, first, rows, ``parts`` (per file its name, its first row and how many it holds).

    ``options`` may fix ``encoding``, ``separator``, ``sheet`` and ``width``; what is absent is guessed.

    Raises:
        Unreadable
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip():
        raise Unreadable("empty")
    if head.startswith(_FOREIGN):
        raise Unreadable("type")
    if head.startswith((b"PK\x03\x04", _OLE)):
        facts, pieces = _workbook(path, head, options.get("sheet"))
    else:
        facts, pieces = cut_text(path.read_bytes(), options.get("encoding"), options.get("separator"))
    return facts | _write(pieces, out, int(options.get("width", 0)))


def _write(pieces: Pieces, out: Path, width: int) -> dict[str, Any]:
    """Write the rows that are not blank, all equally wide."""
    begun: list[pl.DataFrame | Plain] = []
    sample: list[pl.DataFrame] = []
    while sum(frame.height for frame in sample) < SAMPLE_ROWS and (more := next(pieces, None)) is not None:
        begun.append(more)
        sample.append(_not_blank(more.head(SAMPLE_ROWS * 2).ragged() if isinstance(more, Plain) else more))
    if not any(frame.height for frame in sample):
        raise Unreadable("empty")
    looked_at, count = pl.concat(sample), 0
    usual = _usual(looked_at)
    width = width or max(usual, looked_at["cells"].list.len()[0])
    if width > MAX_COLUMNS:
        raise Unreadable("too_many_columns")
    enough = min(PART, PART_CELLS // width)
    parts: list[tuple[str, int, int]] = []
    kept: list[pl.DataFrame] = []

    def put() -> None:
        part = pl.concat(kept, rechunk=False)
        kept.clear()
        path = out.with_suffix(f".{len(parts)}{out.suffix}")
        part.write_ipc_stream(path, compression="lz4" if width > WIDE else "uncompressed")
        parts.append((path.name, part["row"][0], part.height))

    for piece in chain(begun, pieces):
        said = _squared(piece, width)
        count += said.height
        if count > MAX_ROWS + 1:  # one of them may be the header
            raise Unreadable("too_many_rows")
        if said.height:
            kept.append(said)
        if sum(frame.height for frame in kept) >= enough:
            put()
    if kept:
        put()
    return {"width": width, "usual": usual, "first": _first(looked_at), "rows": count, "parts": parts}


def _not_blank(frame: pl.DataFrame) -> pl.DataFrame:
    said = pl.col("cells").list.eval(pl.element().str.strip_chars() != "").list.any()
    return frame.filter(said)


def _usual(frame: pl.DataFrame) -> int:
    """The usual number of cells."""
    return int(Counter(frame["cells"].head(SAMPLE_ROWS).list.len().to_list()).most_common(1)[0][0])


def _first(frame: pl.DataFrame) -> list[tuple[int, list[str]]]:
    """The first rows with all their cells, whatever the width of the others."""
    rows = frame.head(FIRST_ROWS).select("row", pl.col("cells").list.head(MAX_COLUMNS))
    return [(row, [cell.strip()[:FIRST_CELL] for cell in cells]) for row, cells in rows.iter_rows()]


def _squared(piece: pl.DataFrame | Plain, width: int) -> pl.DataFrame:
    """``row``, ``flaw`` and one column per cell, blank rows left out."""
    names = [f"c{i}" for i in range(width)]
    table = piece.even(width) if isinstance(piece, Plain) else None
    even = table is not None
    if table is None:
        table = _cut_to(_not_blank(piece.ragged() if isinstance(piece, Plain) else piece), names)
    table = table.with_columns(_cell(table[name]) for name in names)
    return table.filter(pl.any_horizontal(pl.col(names) != "")) if even else table


def _cut_to(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    cells, width = pl.col("cells"), len(names)
    table = frame.select(
        "row", "flaw", beyond=cells.list.len() > width, cut=cells.list.to_struct(fields=names), cells="cells"
    )
    if table["beyond"].any():
        more = pl.col("cells").list.slice(width).list.eval(pl.element() != "").list.any() & (pl.col("flaw") == "")
        table = table.with_columns(flaw=pl.when(pl.col("beyond") & more).then(pl.lit("extra_cells")).otherwise("flaw"))
    return table.select("row", "flaw", "cut").unnest("cut").with_columns(pl.col(names).fill_null(""))


def _cell(cells: pl.Series) -> pl.Series:
    """Cells without space around them, of a bearable length, without the apostrophe by which our own exports guard
    what a spreadsheet would compute."""
    cells = cells.str.strip_chars()
    if (cells.str.len_bytes() > MAX_CELL).any():
        cells = cells.str.slice(0, MAX_CELL)
    if cells.str.starts_with("'").any():
        cells = cells.str.replace(r"^'('*(?:[\t\r\n]|\s*[=+\-@＝＋－＠]))", "${1}")
    return cells


# --- workbooks ---


def _workbook(path: Path, head: bytes, sheet: str | None) -> tuple[dict[str, Any], Pieces]:
    kind = _zipped(path) if head.startswith(b"PK") else _ole(path)
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        names = list(book.sheet_names)
        if sheet is not None and sheet not in names:
            raise Unreadable("sheet")
        for name in [sheet] if sheet is not None else names:
            loaded = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
            if sheet is not None or (loaded.visible == "visible" and loaded.height):
                break
        else:
            raise Unreadable("empty")
        if loaded.height > MAX_ROWS * 2 or loaded.width > 16_384:
            raise Unreadable("too_many_rows")
        table = loaded.to_polars()
    except fastexcel.FastExcelError as error:
        raise Unreadable("encrypted" if "password" in str(error).lower() else "corrupt") from error
    if table.width > MAX_COLUMNS:
        table = table[:, [not column.is_null().all() for column in table]]
    if table.width > MAX_COLUMNS:
        raise Unreadable("too_many_columns")
    raw = [" | ".join(cell or "" for cell in cells)[:300] for cells in table.head(5).iter_rows()]
    facts = {"kind": kind, "encoding": "", "separator": "", "sheets": names, "sheet": loaded.name, "raw": raw}
    return facts, _sheet(table)


def _sheet(table: pl.DataFrame) -> Pieces:
    if not table.width:
        return
    cells = table.select(
        pl.all()
        .cast(pl.String)
        .fill_null("")
        .str.replace_all("\0", "", literal=True)
        .str.replace_all(CONTROL.pattern, " ")
        .str.replace(r"^(\d{4}-\d\d-\d\d) 00:00:00$", "${1}")  # a day is no instant
    )
    for start in range(0, cells.height, PIECE):
        piece = cells.slice(start, PIECE)
        yield piece.select(
            row=pl.int_range(start + 1, start + 1 + piece.height, dtype=pl.Int64),
            flaw=pl.lit(""),
            cells=pl.concat_list(pl.all()),
        )


def _zipped(path: Path) -> str:
    """Which workbook a zip archive is. Its directory is read first: what would unfold too large is not opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            manifest = archive.read("META-INF/manifest.xml")[:65_536] if "META-INF/manifest.xml" in names else b""
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError) as error:
        raise Unreadable("corrupt") from error
    if any(part.flag_bits & 1 for part in parts) or b"encryption-data" in manifest:
        raise Unreadable("encrypted")
    inflated, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > MAX_PARTS or inflated > MAX_INFLATED or inflated > max(packed, 1) * MAX_RATIO:
        raise Unreadable("too_demanding")
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    raise Unreadable("type")


def _ole(path: Path) -> str:
    """An old container of Microsoft's: a workbook, an encrypted one, or a document of another kind."""
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Unreadable("encrypted")
    if "Workbook".encode("utf-16-le") in data or "Book".encode("utf-16-le") in data:
        return "xls"
    others = ("WordDocument", "PowerPoint Document", "__substg1")
    raise Unreadable("type" if any(name.encode("utf-16-le") in data for name in others) else "corrupt")


if __name__ == "__main__":
    main()
