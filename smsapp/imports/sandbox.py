"""Starts the child that reads a file (`reader.py`) and takes its answer, whatever becomes of the child."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from smsapp.domain.errors import Refusal
from smsapp.imports import reader
from smsapp.imports.cutting import ENCODINGS

WALL_SECONDS = 60
KEPT_ANSWERS = 8  # beside a file, the newest: as it was read lately, each under what was asked and what was guessed
LAYOUT = 3  # of the answers kept beside the file: those of another version are not looked at
HEAD = 1_000  # rows that are enough for every guess
# One heap for all threads: each would reserve its own, and the limit counts addresses; a file of a million rows, which
# fits, was refused now and then.
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "POLARS_MAX_THREADS": "2", "MALLOC_ARENA_MAX": "1"}


class UnreadableFile(Refusal):
    """The file cannot be imported; the key says why: type, empty, binary, encrypted, too demanding..."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"imports.bad.{why}", rows=reader.MAX_ROWS, columns=reader.MAX_COLUMNS)


@dataclass(frozen=True)
class Reading:
    """How a file is to be read; what is empty is guessed. ``header``: the row that names the columns (`headers.py`), by
    its number as the spreadsheet shows it, 0 when none does.
    """

    encoding: str = ""
    separator: str = ""
    header: int | None = None
    sheet: str = ""

    @staticmethod
    def of_json(kept: Mapping[str, Any]) -> "Reading":
        """The reading that was kept as plain values; once, ``header`` was whether the first row names the columns."""
        header = kept.get("header")
        return Reading(**{**kept, "header": None if header is None else int(header)})


@dataclass(frozen=True)
class Part:
    """Some rows of a table, in a file of the child's own making; ``first`` is the row of the first of ``count``."""

    path: Path
    first: int
    count: int

    def rows(self) -> pl.DataFrame:
        """The rows."""
        return pl.read_ipc_stream(self.path)


@dataclass(frozen=True)
class Table:
    """The rows of a file, blank ones left out: columns ``row`` Int64, ``flaw`` String, ``c0``... String.

    A million rows weigh hundreds of megabytes: they stand on the disk and are looked at part by part.
    """

    kind: str
    encoding: str
    separator: str
    sheets: tuple[str, ...]
    sheet: str
    raw: tuple[str, ...]
    width: int
    count: int
    head: pl.DataFrame  # the first rows, `HEAD` at most
    parts: tuple[Part, ...]
    usual: int  # cells of most rows
    first: tuple[tuple[int, tuple[str, ...]], ...]  # the first rows before they were made equally wide, cells cut short

    def pieces(self, skip: int = 0) -> Iterator[pl.DataFrame]:
        """All rows but the first ``skip``, in their order, at most `reader.PART` or a few more at a time."""
        for part in self.parts:
            if part.count > skip:
                yield part.rows().slice(skip)
            skip = max(0, skip - part.count)

    def rows(self, skip: int = 0) -> pl.DataFrame:
        """All rows but the first ``skip``, at once."""
        return pl.concat([self.head.clear(), *self.pieces(skip)])

    def between(self, first: int, last: int) -> pl.DataFrame:
        """The rows with these numbers."""
        ends = (*(part.first for part in self.parts[1:]), last + 1)
        near = [part for part, end in zip(self.parts, ends, strict=True) if part.first <= last and end > first]
        found = pl.concat([self.head.clear(), *(part.rows() for part in near)])
        return found.filter(pl.col("row").is_between(first, last))


def read_table(path: Path, reading: Reading, width: int = 0) -> Table:
    """Read ``path`` in a child process, once per way of reading: the answer is kept beside the file. ``width``: how
    many columns it has; 0 for the usual number, and never fewer than in the first row.

    Raises:
        UnreadableFile
    """
    if reading.encoding and reading.encoding not in ENCODINGS:
        raise UnreadableFile("encoding")
    if len(reading.separator) > 1 or reading.separator in ('"', "\n", "\r", "\0"):
        raise UnreadableFile("separator")
    asked = {"encoding": reading.encoding, "separator": reading.separator, "sheet": reading.sheet}
    asked["width"] = str(width or "")
    answer = _beside(path, asked, ".json")
    if not answer.exists():
        # Files of each child's own: others may be read at this moment, and must not be written over.
        out = _beside(path, asked, f".{secrets.token_hex(4)}.arrow")
        options = {name: value for name, value in asked.items() if value}
        facts = _run_child({"path": str(path), "out": str(out), "options": options})
        _put(answer, facts)
        if "refused" not in facts:  # whoever asks for what was guessed asks for the same
            guessed = {name: str(facts.get(name, "")) for name in asked} | {"width": asked["width"]}
            _put(_beside(path, guessed, ".json"), facts)
        else:  # what was written before it was refused
            for part in path.parent.glob(f"{out.stem}.*"):
                part.unlink(missing_ok=True)
        with suppress(FileNotFoundError):  # another does the same at this moment
            _drop_older(path)
    facts = json.loads(answer.read_text())
    if "refused" in facts:
        raise UnreadableFile(str(facts["refused"]))
    return table_of(path.parent, facts)


def table_of(folder: Path, facts: Mapping[str, Any]) -> Table:
    """The table of which the child told the facts and whose rows it left in a folder."""
    parts = tuple(Part(folder / name, first, count) for name, first, count in facts["parts"])
    return Table(
        facts["kind"], facts["encoding"], facts["separator"], tuple(facts.get("sheets", ())), facts.get("sheet", ""),
        tuple(facts["raw"]), int(facts["width"]), int(facts["rows"]),
        pl.read_ipc_stream(parts[0].path, n_rows=HEAD), parts, int(facts["usual"]),
        tuple((int(row), tuple(cells)) for row, cells in facts["first"]),
    )  # fmt: skip


def _beside(path: Path, asked: dict[str, str], suffix: str) -> Path:
    """Where the answer to one way of reading lies."""
    tag = hashlib.sha256(json.dumps([LAYOUT, asked], sort_keys=True).encode()).hexdigest()[:16]
    return path.with_suffix(f".{tag}{suffix}")


def _drop_older(path: Path) -> None:
    """Forget the answers to ways of reading that were tried before: a table may weigh many times what its file does."""
    answers = sorted(path.parent.glob(f"{path.stem}.*.json"), key=_age)
    parts = [{name for name, *_ in json.loads(one.read_text()).get("parts", ())} for one in answers]
    for answer in answers[KEPT_ANSWERS:]:
        answer.unlink(missing_ok=True)
    for name in set().union(*parts[KEPT_ANSWERS:]) - set().union(*parts[:KEPT_ANSWERS]):
        path.with_name(name).unlink(missing_ok=True)


def _age(answer: Path) -> int:
    return -answer.stat().st_mtime_ns


def _put(answer: Path, facts: dict[str, object]) -> None:
    """Leave an answer for whoever asks next: all of it at once."""
    whole = answer.with_suffix(f".{secrets.token_hex(4)}.part")
    whole.write_text(json.dumps(facts))
    whole.replace(answer)


def _run_child(request: dict[str, object]) -> dict[str, object]:
    try:
        child = subprocess.run(  # noqa: S603 (our own interpreter and script)
            [sys.executable, "-I", reader.__file__],
            input=json.dumps(request),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            text=True,
            encoding="utf-8",
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"refused": "too_demanding"}
    if child.returncode != 0:  # killed at a limit, or fallen over what it read
        return {"refused": "too_demanding" if child.returncode < 0 else "corrupt"}
    answer: dict[str, object] = json.loads(child.stdout)
    return answer
