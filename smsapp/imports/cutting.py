"""Text -> rows of cells: its encoding, its separator, its quotes. Runs in the child of `reader.py`; pure.

Lines without a quote, nearly all, are cut by the column; the others one by one, as a person would read them.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import polars as pl

QUOTED_LINES = 50  # a quoted cell that runs over more lines than this was never meant to be quoted
SAMPLE_LINES = 200
WINDOW = 1 << 22  # characters looked at in one go
PIECE = 50_000  # rows
LONE = 1_000  # plain lines between two quoted ones that are worth cutting by the column
SEPARATORS = (";", "\t", ",", "|", "/")
NEVER = frozenset("\"'+-.@()_&\0\ufeff\ufffd")  # signs of names, numbers and addresses: chosen by hand, never guessed
ENCODINGS = ("utf-8", "utf-16", "cp1252", "iso-8859-1", "mac_roman")
CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UTF8 = re.compile(rb"[\xc3-\xc5][\x80-\xbf]|[\xe2-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NO_MORE = bytes((*range(0x80), *range(0xC0, 0x100)))  # what continues no letter of UTF-8
_NUMBER = re.compile(r"\+?[\d .()-]{9,22}")
_RUNS = re.compile('"+')
_BLANKED = bytes(32 if CONTROL.match(chr(code)) else code for code in range(256))
_DIRECTIVE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_LOOKED_AT = 1 << 14  # bytes, in each of so many places of a large file, that tell its encoding
_PLACES = 128

Record = tuple[int, list[str], str]  # row, cells, flaw


class Unreadable(Exception):
    """The file cannot be read: ``args[0]`` is the last part of the key of the sentence that says why."""


@dataclass(frozen=True)
class Plain:
    """Lines without a quote that are still to be cut; ``first`` is the row of the first of them."""

    first: int
    text: str
    separator: str

    def head(self, count: int) -> "Plain":
        """The first lines."""
        return Plain(self.first, "\n".join(islice(_lines(self.text), count)), self.separator)

    def ragged(self) -> pl.DataFrame:
        """Columns row, flaw, cells (a list), whatever the widths."""
        lines = self.text.split("\n")
        series = pl.Series("cells", lines, dtype=pl.String)
        if series.str.contains(CONTROL.pattern).any():
            series = series.str.replace_all(CONTROL.pattern, " ")
        rows = pl.int_range(self.first, self.first + len(lines), dtype=pl.Int64, eager=True)
        flaws = pl.repeat("", len(lines), eager=True)
        return pl.DataFrame({"row": rows, "flaw": flaws, "cells": series.str.split(self.separator)})

    def even(self, width: int) -> pl.DataFrame | None:
        """Columns row, flaw, c0, c1...: what is missing in a line is empty. None for lines that are not so simple: one
        with more cells, an empty one.
        """
        simple = width > 1 and self.separator.isascii() and self.text[:1] not in ("", "\n") and self.text[-1] != "\n"
        if not simple or "\n\n" in self.text:
            return None
        try:
            cells = pl.read_csv(
                self.text.encode().translate(_BLANKED),
                separator=self.separator,
                schema={f"c{i}": pl.String for i in range(width)},
                has_header=False,
                quote_char=None,
            )
        except pl.exceptions.PolarsError:
            return None
        if cells.height != self.text.count("\n") + 1:
            return None
        rows = pl.int_range(self.first, self.first + cells.height, dtype=pl.Int64)
        return cells.select(row=rows, flaw=pl.lit(""), **{name: pl.col(name).fill_null("") for name in cells.columns})


Pieces = Iterator[pl.DataFrame | Plain]  # frames have the columns row, flaw, cells (a list)


def cut_text(data: bytes, encoding: str | None, separator: str | None) -> tuple[dict[str, Any], Pieces]:
    """The facts of a text (encoding, separator, its first lines) and its rows.

    Raises:
        Unreadable
    """
    if b"<html" in data[:2048].lower() or data.lstrip()[:5].lower() in (b"<?xml", b"<!doc", b"<tabl"):
        raise Unreadable("type")
    encoding = encoding or _encoding(data)
    text = _decoded(data, encoding).removeprefix("\ufeff")
    if text[:11].upper() == "BEGIN:VCARD":
        raise Unreadable("type")
    if "\0" in text:
        raise Unreadable("nul")
    if len(CONTROL.findall(text[:65_536])) * 50 > len(text[:65_536]):
        raise Unreadable("binary")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    at = 0
    directive = _DIRECTIVE.fullmatch(next(_lines(text)))
    if directive:
        at = directive.end() + 1
        separator = separator or directive[1]
    said = list(islice((line for line in _lines(text, at) if line.strip()), SAMPLE_LINES))
    separator = separator or _separator(said)
    raw = [line[:300] for line in said[:5]]
    facts = {"kind": "text", "encoding": encoding, "separator": separator, "raw": raw}
    return facts, _pieces(text, at, separator)


def _lines(text: str, at: int = 0) -> Iterator[str]:
    """The lines one by one, from a place on."""
    while (end := text.find("\n", at)) >= 0:
        yield text[at:end]
        at = end + 1
    yield text[at:]


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
        return "utf-8" if _mostly_utf8(_spread(data)) else "cp1252"
    return "utf-8"


def _spread(data: bytes) -> bytes:
    """The file, or so much of it, from its beginning to its end, that it speaks for the whole."""
    step = len(data) // _PLACES
    if step <= _LOOKED_AT:
        return data
    # The first and the last line of each place are cut somewhere, perhaps within a letter.
    return b"\n".join(data[at : at + _LOOKED_AT].partition(b"\n")[2].rpartition(b"\n")[0]
                      for at in range(0, len(data) - _LOOKED_AT, step))  # fmt: skip


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
        # No word of Windows' own looks like it: lines of another file. Bytes that continue a letter are rare as well.
        if data.translate(None, _NO_MORE) and _UTF8.search(data):
            return b"\n".join(map(_line, data.split(b"\n"))).decode("utf-8")
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


def _separator(sample: list[str]) -> str:
    """The separator under which most rows have the same number of cells, more than one."""
    best, found = 0.0, ";"
    for separator in SEPARATORS:
        rows = [cells for _, cells, _ in records(sample, separator)]
        width, often = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        if width < 2:
            continue
        if separator == "/" and not _has_names(rows, width):
            continue  # a number or a date written with slashes is no row of cells
        score = often / len(rows) * (1 + width) ** 0.5
        if score > best * 1.05:  # the order of SEPARATORS decides between equals
            best, found = score, separator
    return found if best else _unusual(sample) or found


def _has_names(rows: list[list[str]], width: int) -> bool:
    """Whether the first row has letters; or, where titles stand above, the first that is so wide has nothing else, and
    most below it a phone number in one cell.
    """
    if len(rows[0]) == width:
        return any(letter.isalpha() for letter in "".join(rows[0]))
    wide = [cells for cells in rows if len(cells) == width]
    numbers = sum(1 for cells in wide[1:] if any(_NUMBER.fullmatch(cell.strip()) for cell in cells))
    words = all(any(map(str.isalpha, cell)) and not any(map(str.isdigit, cell)) for cell in wide[0])
    return words and numbers * 2 > len(wide[1:])


def _unusual(sample: list[str]) -> str:
    """Another sign that stands in each row equally often, if there is one: the most frequent."""
    often: dict[str, int] = {}
    signs = dict.fromkeys(sample[0][:65_536] if len(sample) > 1 else "")
    for sign in islice((one for one in signs if not (one.isalnum() or one.isspace() or one in NEVER)), 20):
        counts = Counter(len(cells) - 1 for _, cells, _ in records(sample, sign))
        times, rows = counts.most_common(1)[0]
        if times and times == sample[0].count(sign) and rows * 20 >= counts.total() * 19:
            often[sign] = times
    return max(often, key=lambda sign: often[sign], default="")


def _pieces(text: str, at: int, separator: str) -> Pieces:
    """Cut a text into rows from a place on, a window at a time."""
    row = 1
    while at < len(text):
        end = text.find("\n", at + WINDOW)
        end = len(text) if end < 0 else end
        quote = text.find('"', at, end)
        plain = end + 1 if quote < 0 else max(at, text.rfind("\n", at, quote) + 1)  # where the plain lines end
        if quote < 0 or text.count("\n", at, plain) >= LONE:
            piece = Plain(row, text[at : plain - 1], separator)
            yield piece
            row, at = row + piece.text.count("\n") + 1, plain
            continue
        lines = text[at:end].split("\n")
        whole = end == len(text)
        begun, done = _one_by_one(lines, row, separator, len(lines) if whole else max(1, len(lines) - QUOTED_LINES))
        yield from map(_as_frame, (begun[i : i + PIECE] for i in range(0, len(begun), PIECE)))
        row, at = row + len(begun), at + sum(len(line) + 1 for line in lines[:done])


def _one_by_one(lines: list[str], row: int, separator: str, enough: int) -> tuple[list[Record], int]:
    """The rows of the first lines, up to ``enough`` or a long stretch without a quote; how many lines they took."""
    begun: list[Record] = []
    at = 0
    while at < enough:
        end = at
        while end < len(lines) and '"' not in lines[end]:
            end += 1
        if end - at >= LONE:
            break
        for _ in range(max(end - at, 1)):
            cells, flaw, at = _record(lines, at, separator)
            begun.append((row + len(begun), cells, flaw))
    return begun, at


def _as_frame(records: list[Record]) -> pl.DataFrame:
    return pl.DataFrame(
        records, schema={"row": pl.Int64, "cells": pl.List(pl.String), "flaw": pl.String}, orient="row"
    ).select("row", "flaw", "cells")


def records(lines: list[str], separator: str) -> Iterator[Record]:
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
    if CONTROL.search(line):
        line = CONTROL.sub(" ", line)
    at += 1
    if '"' not in line:
        return line.split(separator), "", at
    cells, closed = _quoted(line, separator)
    if not closed:
        for more in range(at + 1, min(at + QUOTED_LINES, len(lines)) + 1):
            if '"' in lines[more - 1]:
                if _stands_alone(lines[more - 1], separator):
                    break  # its quotes are its own: the one above was never meant to reach here
                joined = CONTROL.sub(" ", "\n".join([line, *lines[at:more]]))
                wider, closed = _quoted(joined, separator, strict=True)
                if closed:
                    return wider, "", more
    return cells, "" if closed else "open_quote", at


def _stands_alone(line: str, separator: str) -> bool:
    """Whether a line is a row by itself, each of its quotes around a cell. It is not in the middle of a quoted cell:
    there quotes come in pairs, and what stands between one that closes and the next that opens begins with a separator
    or with a pair.
    """
    return _row(separator).fullmatch(line) is not None and any(len(run) % 2 for run in _RUNS.findall(line))


@cache
def _row(separator: str) -> re.Pattern[str]:
    sign = re.escape(separator)
    cell = f'(?:"(?:[^"{sign}](?:[^"]|"")*)?"|[^"{sign}]*)'
    return re.compile(f"{cell}(?:{sign}{cell})*")


def _quoted(line: str, separator: str, *, strict: bool = False) -> tuple[list[str], bool]:
    """Cut one row that holds quotes. The flag is False when one is never closed; the row is then cut as it lies.
    ``strict``: only a quote at the end of its cell closes it.
    """
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
                if line.startswith('"', at):
                    at += 1
                elif not strict or at == len(line) or line.startswith(separator, at):
                    break
                parts.append('"')
            end = line.find(separator, at)
            cells.append("".join(parts) + line[at : end if end >= 0 else len(line)])
        else:
            end = line.find(separator, at)
            cells.append(line[at : end if end >= 0 else len(line)])
        if end < 0:
            return cells, True
        at = end + 1
