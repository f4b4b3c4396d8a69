"""A file on disk -> rows of text. Runs alone in a child process with limits, so that a hostile file hurts nobody.

Started by `sandbox.py` as a script, with a request on its standard input; nothing of smsapp is imported here. The rows
go to a file of our own making (Arrow; columns ``row`` Int64, ``flaw``, ``c0``, ``c1``... String), what was found out
about the file goes to standard output. Numbers of a workbook become the digits that it shows, never a float. Lines
without a quote, nearly all, are cut by the column; the others one by one, as a person would read them.

``row`` is the number that a spreadsheet shows beside the row. ``flaw`` is empty, or why the row cannot be trusted:
``open_quote`` (a quote that is never closed), ``extra_cells`` (more cells than the file has columns).
"""

import codecs
import json
import re
import resource
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import polars as pl

MAX_ROWS = 1_048_576  # as many as a sheet holds
MAX_COLUMNS = 256
MAX_CELL = 1_000
MAX_INFLATED = 200 << 20
MAX_RATIO = 200
MAX_PARTS = 500
QUOTED_LINES = 50  # a quoted cell that runs over more lines than this was never meant to be quoted
SAMPLE_LINES = 200
SAMPLE_ROWS = 1_000  # whose usual width is the file's
PIECE = 50_000  # rows
LONE = 64  # plain lines between two quoted ones that are worth cutting by the column

MEMORY = 3 << 29  # bytes of addresses, of which a file of a million rows fills a third
CPU_SECONDS = 40
OUTPUT = 1 << 30

SEPARATORS = (";", "\t", ",", "|", "/")
ENCODINGS = ("utf-8", "utf-16", "cp1252", "iso-8859-1", "mac_roman")

_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DIRECTIVE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_GUARDED = re.compile(r"'[=+\-@\t\r]")
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

Record = tuple[int, list[str], str]  # row, cells, flaw
Frames = Iterator[pl.DataFrame]  # columns row, flaw, cells (a list)


class Unreadable(Exception):
    """The file cannot be read: ``args[0]`` is the last part of the key of the sentence that says why."""


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
    """Write the rows of ``path`` to ``out`` and return the facts: kind, encoding, separator, sheets, sheet, width, raw.

    ``options`` may fix ``encoding``, ``separator`` and ``sheet``; what is absent is guessed.

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
        facts, frames = _workbook(path, head, options.get("sheet"))
    else:
        facts, frames = _text(path.read_bytes(), options.get("encoding"), options.get("separator"))
    facts["width"], facts["rows"] = _write(frames, out)
    return facts


def _write(frames: Frames, out: Path) -> tuple[int, int]:
    """Write the rows that are not blank, all equally wide. Returns width and count."""
    full = (said for said in map(_not_blank, frames) if not said.is_empty())
    sample: list[pl.DataFrame] = []
    while sum(frame.height for frame in sample) < SAMPLE_ROWS and (more := next(full, None)) is not None:
        sample.append(more)
    if not sample:
        raise Unreadable("empty")
    width, count = _width(pl.concat(sample)), 0
    kept: list[pl.DataFrame] = []
    for frame in chain(sample, full):
        count += frame.height
        if count > MAX_ROWS + 1:  # one of them may be the header
            raise Unreadable("too_many_rows")
        kept.append(_squared(frame, width))
    pl.concat(kept, rechunk=False).write_ipc(out, compression="uncompressed")
    return width, count


def _not_blank(frame: pl.DataFrame) -> pl.DataFrame:
    said = pl.col("cells").list.eval(pl.element().str.strip_chars() != "").list.any()
    return frame.filter(said)


def _width(frame: pl.DataFrame) -> int:
    """The usual number of cells, and never fewer than in the first row, which names them."""
    widths = frame["cells"].head(SAMPLE_ROWS).list.len()
    width = max(Counter(widths.to_list()).most_common(1)[0][0], widths[0])
    if width > MAX_COLUMNS:
        raise Unreadable("too_many_columns")
    return int(width)


def _squared(frame: pl.DataFrame, width: int) -> pl.DataFrame:
    """``row``, ``flaw`` and one column per cell."""
    cells = pl.col("cells")
    names = [f"c{i}" for i in range(width)]
    table = frame.select(
        "row", "flaw", beyond=cells.list.len() > width, cut=cells.list.to_struct(fields=names), cells="cells"
    )
    if table["beyond"].any():
        more = pl.col("cells").list.slice(width).list.eval(pl.element() != "").list.any() & (pl.col("flaw") == "")
        table = table.with_columns(flaw=pl.when(pl.col("beyond") & more).then(pl.lit("extra_cells")).otherwise("flaw"))
    table = table.select("row", "flaw", "cut").unnest("cut").with_columns(pl.col(names).fill_null(""))
    return table.with_columns(_cell(table[name]) for name in names)


def _cell(cells: pl.Series) -> pl.Series:
    """Cells without space around them, of a bearable length, without the apostrophe by which our own exports guard
    what a spreadsheet would compute."""
    cells = cells.str.strip_chars()
    if (cells.str.len_bytes() > MAX_CELL).any():
        cells = cells.str.slice(0, MAX_CELL)
    if cells.str.starts_with("'").any():
        cells = cells.str.replace(r"^'([=+\-@\t\r])", "${1}")
    return cells


# --- text ---


def _text(data: bytes, encoding: str | None, separator: str | None) -> tuple[dict[str, Any], Frames]:
    if b"<html" in data[:2048].lower() or data.lstrip()[:5].lower() in (b"<?xml", b"<!doc", b"<tabl"):
        raise Unreadable("type")
    encoding = encoding or _encoding(data)
    text = _decoded(data, encoding).removeprefix("\ufeff")
    if "\0" in text:
        raise Unreadable("nul")
    if len(_CONTROL.findall(text[:65_536])) * 50 > len(text[:65_536]):
        raise Unreadable("binary")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    del text, data
    directive = _DIRECTIVE.fullmatch(lines[0])
    if directive:
        del lines[0]
        separator = separator or directive[1]
    separator = separator or _separator(lines)
    raw = list(islice((line[:300] for line in lines if line.strip()), 5))
    return {"kind": "text", "encoding": encoding, "separator": separator, "raw": raw}, _frames(lines, separator)


def _encoding(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = data[:4096]
    if start.count(0):
        if max(start[0::2].count(0), start[1::2].count(0)) * 3 > len(start) / 2:
            return "utf-16"
        raise Unreadable("binary" if start.count(0) > 8 else "nul")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "utf-8" if _mostly_utf8(data) else "cp1252"
    return "utf-8"


def _mostly_utf8(data: bytes) -> bool:
    """Whether the lines with accents are UTF-8 more often than not: two files pasted together have both."""
    good = bad = 0
    for line in data.split(b"\n"):
        if not line.isascii():
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
    return good > bad


def _decoded(data: bytes, encoding: str) -> str:
    if encoding == "utf-16" and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        zeros = data[:4096]
        encoding = "utf-16-be" if zeros[0::2].count(0) > zeros[1::2].count(0) else "utf-16-le"
    if encoding == "utf-8":
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return b"\n".join(map(_line, data.split(b"\n"))).decode("utf-8")
    if encoding not in (*ENCODINGS, "utf-16-le", "utf-16-be"):
        raise Unreadable("encoding")
    if encoding == "cp1252":
        return data.decode("cp1252", errors="latin1")
    return data.decode(encoding, errors="replace")


def _line(line: bytes) -> bytes:
    """A line as UTF-8; a stray one in Windows' encoding is put right."""
    if line.isascii():
        return line
    try:
        line.decode("utf-8")
        return line
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="latin1").encode("utf-8")


def _latin1(error: UnicodeError) -> tuple[str, int]:
    """The five bytes that Windows-1252 leaves undefined, as Latin-1 has them."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin1", _latin1)


def _separator(lines: list[str]) -> str:
    """The separator under which most rows have the same number of cells, more than one."""
    sample = [line for line in lines if line.strip()][:SAMPLE_LINES]
    best, found = 0.0, ";"
    for separator in SEPARATORS:
        rows = [cells for _, cells, _ in _records(sample, separator)]
        width, often = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        if width < 2:
            continue
        first = rows[0]
        if separator == "/" and (len(first) != width or not any(c.isalpha() for c in "".join(first))):
            continue  # a number or a date written with slashes is no row of cells
        score = often / len(rows) * (1 + width) ** 0.5
        if score > best * 1.05:  # the order of SEPARATORS decides between equals
            best, found = score, separator
    return found


def _frames(lines: list[str], separator: str) -> Frames:
    """Cut lines into rows, a piece at a time."""
    at, row = 0, 0
    begun: list[Record] = []
    while at < len(lines):
        end = at
        while end < len(lines) and end < at + PIECE and '"' not in lines[end]:
            end += 1
        if end - at >= LONE:
            if begun:
                yield _as_frame(begun)
                begun = []
            yield _plain(lines[at:end], row + 1, separator)
            row += end - at
            del lines[:end]  # what is cut is not kept twice
            at = 0
            continue
        for _ in range(max(end - at, 1)):
            cells, flaw, at = _record(lines, at, separator)
            row += 1
            begun.append((row, cells, flaw))
        if len(begun) >= PIECE:
            yield _as_frame(begun)
            begun = []
    if begun:
        yield _as_frame(begun)


def _as_frame(records: list[Record]) -> pl.DataFrame:
    return pl.DataFrame(
        records, schema={"row": pl.Int64, "cells": pl.List(pl.String), "flaw": pl.String}, orient="row"
    ).select("row", "flaw", "cells")


def _plain(lines: list[str], first: int, separator: str) -> pl.DataFrame:
    """Lines without a quote."""
    series = pl.Series("cells", lines, dtype=pl.String)
    if series.str.contains(_CONTROL.pattern).any():
        series = series.str.replace_all(_CONTROL.pattern, " ")
    rows = pl.int_range(first, first + len(lines), dtype=pl.Int64, eager=True)
    return pl.DataFrame(
        {"row": rows, "flaw": pl.repeat("", len(lines), eager=True), "cells": series.str.split(separator)}
    )


def _records(lines: list[str], separator: str) -> Iterator[Record]:
    """The same one by one, for a sample."""
    at, row = 0, 0
    while at < len(lines):
        cells, flaw, at = _record(lines, at, separator)
        row += 1
        yield row, cells, flaw


def _record(lines: list[str], at: int, separator: str) -> tuple[list[str], str, int]:
    """The row that begins at a line: its cells, its flaw, where the next begins.

    Only a quote that opens a cell is one; it may hold separators and line ends.
    """
    line = lines[at]
    if _CONTROL.search(line):
        line = _CONTROL.sub(" ", line)
    at += 1
    if '"' not in line:
        return line.split(separator), "", at
    cells, closed = _quoted(line, separator)
    if not closed:
        for more in range(at + 1, min(at + QUOTED_LINES, len(lines)) + 1):
            if '"' in lines[more - 1]:
                joined = _CONTROL.sub(" ", "\n".join([line, *lines[at:more]]))
                wider, closed = _quoted(joined, separator)
                if closed:
                    return wider, "", more
    return cells, "" if closed else "open_quote", at


def _quoted(line: str, separator: str) -> tuple[list[str], bool]:
    """Cut one row that holds quotes. The flag is False when one is never closed; the row is then cut as it lies."""
    cells: list[str] = []
    at = 0
    while True:
        if line.startswith('"', at):
            parts: list[str] = []
            at += 1
            while True:
                end = line.find('"', at)
                if end < 0:
                    return line.split(separator), False
                parts.append(line[at:end])
                at = end + 1
                if not line.startswith('"', at):
                    break
                parts.append('"')
                at += 1
            end = line.find(separator, at)
            cells.append("".join(parts) + line[at : end if end >= 0 else len(line)])
        else:
            end = line.find(separator, at)
            cells.append(line[at : end if end >= 0 else len(line)])
        if end < 0:
            return cells, True
        at = end + 1


# --- workbooks ---


def _workbook(path: Path, head: bytes, sheet: str | None) -> tuple[dict[str, Any], Frames]:
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


def _sheet(table: pl.DataFrame) -> Frames:
    if not table.width:
        return
    cells = table.select(
        pl.all()
        .cast(pl.String)
        .fill_null("")
        .str.replace_all("\0", "", literal=True)
        .str.replace_all(_CONTROL.pattern, " ")
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
