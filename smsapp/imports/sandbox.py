"""Starts the child that reads a file (`reader.py`) and takes its answer, whatever becomes of the child."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from smsapp.domain.errors import Refusal
from smsapp.imports import reader
from smsapp.imports.cutting import ENCODINGS

WALL_SECONDS = 60
# One heap for all threads: each would reserve its own, and the limit counts addresses; a file of a million rows, which
# fits, was refused now and then.
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "POLARS_MAX_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


class UnreadableFile(Refusal):
    """The file cannot be imported; the key says why: type, empty, binary, encrypted, too demanding..."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"imports.bad.{why}", rows=reader.MAX_ROWS, columns=reader.MAX_COLUMNS)


@dataclass(frozen=True)
class Reading:
    """How a file is to be read; what is empty is guessed. ``header``: whether its first row names the columns."""

    encoding: str = ""
    separator: str = ""
    header: bool | None = None
    sheet: str = ""


@dataclass(frozen=True)
class Table:
    """The rows of a file, blank ones left out: columns ``row`` Int64, ``flaw`` String, ``c0``... String."""

    kind: str
    encoding: str
    separator: str
    sheets: tuple[str, ...]
    sheet: str
    raw: tuple[str, ...]
    width: int
    rows: pl.DataFrame


def read_table(path: Path, reading: Reading) -> Table:
    """Read ``path`` in a child process, once per way of reading: the answer is kept beside the file.

    Raises:
        UnreadableFile
    """
    if reading.encoding and reading.encoding not in ENCODINGS:
        raise UnreadableFile("encoding")
    if len(reading.separator) > 1 or reading.separator in ('"', "\n", "\r", "\0"):
        raise UnreadableFile("separator")
    asked = {"encoding": reading.encoding, "separator": reading.separator, "sheet": reading.sheet}
    answer = _beside(path, asked, ".json")
    if not answer.exists():
        # A file of each child's own: another may be read at this moment, and what is mapped must not be written over.
        out = _beside(path, asked, f".{secrets.token_hex(4)}.arrow")
        options = {name: value for name, value in asked.items() if value}
        facts = _run_child({"path": str(path), "out": str(out), "options": options})
        facts["out"] = out.name
        _put(answer, facts)
        if "refused" not in facts:  # whoever asks for what was guessed asks for the same
            guessed = {name: str(facts.get(name, "")) for name in asked}
            _put(_beside(path, guessed, ".json"), facts)
    facts = json.loads(answer.read_text())
    if "refused" in facts:
        raise UnreadableFile(str(facts["refused"]))
    width = int(facts["width"])
    rows = pl.read_ipc(path.with_name(facts["out"]))  # of the child's own making
    return Table(
        facts["kind"], facts["encoding"], facts["separator"], tuple(facts.get("sheets", ())), facts.get("sheet", ""),
        tuple(facts["raw"]), width, rows,
    )  # fmt: skip


def _beside(path: Path, asked: dict[str, str], suffix: str) -> Path:
    """Where the answer to one way of reading lies."""
    tag = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
    return path.with_suffix(f".{tag}{suffix}")


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
