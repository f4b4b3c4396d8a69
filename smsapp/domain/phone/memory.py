"""What the column reader has learnt, kept in a file between two processes: one file per version of phonenumbers.

The name of the file also holds a digest of the rules of this package, so that an answer is never older than the code
that gave it. A file that is damaged, cut short or written by something else is as good as none, and is replaced whole.
"""

from __future__ import annotations

import io
import os
import tempfile
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import phonenumbers
import polars as pl

from smsapp import domain

Classes = dict[tuple[str, bool], pl.DataFrame]
"""Default region and whether fixed lines will do -> the classes judged for them."""

_SOURCES = ("classes.py", "column.py", "model.py", "reading.py", "spelling.py", "territory.py")
_DIGEST = 32


def path_in(directory: Path) -> Path:
    """Where the answers of the installed phonenumbers are kept. Raises ValueError for a place within smsapp itself."""
    directory = directory.expanduser().resolve()
    if directory.is_relative_to(Path(str(resources.files(domain))).resolve().parent):
        raise ValueError(f"answers are not kept among the sources: {directory}")
    return directory / f"phonenumbers-{phonenumbers.__version__}-{_rules()}.answers"


def load(path: Path, schema: dict[str, Any]) -> Classes:
    """The classes kept at `path`; nothing when the file is absent or cannot be trusted."""
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    if sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
        return {}
    table = pl.read_ipc(io.BytesIO(data[_DIGEST:]))
    if table.schema != pl.Schema({"region": pl.String, "for_voice": pl.Boolean, **schema}):
        return {}
    parts = table.partition_by("region", "for_voice", as_dict=True, include_key=False)
    return {(str(region), bool(for_voice)): part for (region, for_voice), part in parts.items()}


def save(path: Path, classes: Classes) -> None:
    """Put `classes` at `path`, all or nothing. Raises OSError when the directory cannot be written."""
    tables = [
        table.select(pl.lit(region).alias("region"), pl.lit(for_voice).alias("for_voice"), pl.all())
        for (region, for_voice), table in classes.items()
    ]
    buffer = io.BytesIO()
    pl.concat(tables).write_ipc(buffer, compression="zstd")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(sha256(buffer.getvalue()).digest())
            file.write(buffer.getvalue())
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


@cache
def _rules() -> str:
    here = resources.files("smsapp.domain.phone")
    return sha256(b"\0".join(here.joinpath(name).read_bytes() for name in _SOURCES)).hexdigest()[:12]
