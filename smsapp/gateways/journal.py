"""The memory of the simulated network: an append-only file that survives a kill -9 of the process that writes it.

One JSON line for every message taken, written before the gateway answers, and one for every batch of events that its
reader has handled:

    {"kind": "take", "key": "12-345", "e164": 33612345678, "gateway_id": "9f...", "at": "2026-...", "reply_to": "36111",
     "validity_h": 48, "events": 2}
    {"kind": "read", "events": ["9f....0", "9f....1"]}

A message submitted twice stands twice, the second time mostly with `"again": true`: whoever judges the engine counts
the lines (`entries`). A line that a crash left torn is skipped: what it tells was never answered. The file is not
synced to the disk: it is the truth about a process that dies, not about a machine that does.

Several processes may share a journal, as several machines share a real network: each notes what it takes, and one of
them, whoever holds the lock of the teller, tells the events of all. The lock dies with its holder.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

if sys.platform != "win32":
    import fcntl

_parse = json.JSONDecoder().raw_decode


class Take(NamedTuple):
    """A message taken by the network. `events` is how many it will tell; `reply_to` is None when nobody can reply."""

    key: str
    e164: int
    gateway_id: str
    at: datetime
    reply_to: str | None
    validity_h: float
    events: int
    again: bool = False


class Read(NamedTuple):
    """Events that their reader has handled, by label."""

    labels: list[str]


@dataclass(slots=True)
class History:
    """What the lines of a journal say: every key taken with its identifier, and takes not told to the end."""

    taken: dict[str, str] = field(default_factory=dict)
    _waiting: dict[str, tuple[Take, set[int]]] = field(default_factory=dict)

    @property
    def pending(self) -> list[tuple[Take, Set[int]]]:
        """Takes not told to the end, with the indexes already handled."""
        return list(self._waiting.values())

    def add(self, lines: Iterable[Take | Read]) -> None:
        """Take further lines in."""
        for line in lines:
            if isinstance(line, Read):
                for label in line.labels:
                    gateway_id, _, index = label.rpartition(".")
                    self._handled(gateway_id, int(index))
            elif line.key not in self.taken:
                self.taken[line.key] = line.gateway_id
                if line.events:
                    self._waiting[line.gateway_id] = (line, set())

    def _handled(self, gateway_id: str, index: int) -> None:
        if (found := self._waiting.get(gateway_id)) is not None:
            take, done = found
            done.add(index)
            if len(done) >= take.events:
                del self._waiting[gateway_id]


def entries(path: Path) -> Iterator[Take | Read]:
    """The lines of a journal in the order they were written; torn ones are skipped, a missing file has none."""
    if path.exists():
        yield from _entries(path.read_bytes())


def _entries(data: bytes) -> Iterator[Take | Read]:
    for line in data.decode(errors="replace").split("\n"):
        if not line:
            continue
        try:
            row, _ = _parse(line)
            if row.get("kind") == "take":
                yield Take(
                    row["key"],
                    row["e164"],
                    row["gateway_id"],
                    datetime.fromisoformat(row["at"]),
                    row["reply_to"],
                    row["validity_h"],
                    row["events"],
                    row.get("again", False),
                )
            elif row.get("kind") == "read":
                yield Read(row["events"])
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


class Journal:
    """One open journal. Several processes may append to the same file; it is shortened only when it has one user."""

    def __init__(self, path: Path, *, forget_before: datetime | None = None) -> None:
        """Open or create `path`. Takes older than `forget_before` that are told to the end leave the file, when at
        least half of it can go; with None nothing ever does.
        """
        self._fd = self._teller = -1
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._read = 0  # bytes already given by `news`
        self._fd = self._open()
        if forget_before is not None and self._alone():
            lines = list(entries(path))
            history = History()
            history.add(lines)
            kept = _recent(lines, history, forget_before)
            if lines and len(kept) * 2 <= len(lines):
                self._rewrite(kept)
        self._reopen()

    def write(self, rows: Sequence[Take | Read], *, news: bool = True) -> None:
        """Append the lines in one write: all of them, or none and `OSError`.

        Without `news`, the method of that name may leave them out.
        """
        # The first line break ends a line that a process which died may have left torn.
        data = b"\n" + b"".join(_line(row) for row in rows)
        written = os.write(self._fd, data)
        if written != len(data):
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
            raise OSError(errno.ENOSPC, "the journal of the simulated network cannot be written")
        if not news and os.fstat(self._fd).st_size == self._read + written:  # nobody else wrote in between
            self._read += written

    def news(self) -> list[Take | Read]:
        """The lines written since the last call, by whichever process; at the first call, all of them."""
        size = os.fstat(self._fd).st_size
        if size == self._read:
            return []
        data = os.pread(self._fd, size - self._read, self._read)
        whole = data.rfind(b"\n") + 1  # a line that is being written comes with the next call
        self._read += whole
        return list(_entries(data[:whole]))

    def may_tell(self) -> bool:
        """Whether this process tells the events of the network: it does already, or nobody else did."""
        if self._teller < 0:
            fd = os.open(self._path.with_name(self._path.name + ".teller"), os.O_RDWR | os.O_CREAT, 0o600)
            if not _lock(fd, alone=True) and sys.platform != "win32":
                os.close(fd)
                return False
            self._teller = fd
        return True

    def close(self) -> None:
        """Let go of the file and of the telling; writing afterwards raises `OSError`. May be called twice."""
        for fd in (self._fd, self._teller):
            if fd >= 0:
                os.close(fd)
        self._fd = self._teller = -1

    def __del__(self) -> None:
        """A journal that nobody holds any more must not keep the others from telling."""
        self.close()

    def _open(self) -> int:
        """The file, with the lock that says that this process uses it."""
        while True:
            fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            _lock(fd, alone=False)
            if self._current(fd):
                return fd
            os.close(fd)  # another process put a shorter file in its place in between

    def _reopen(self) -> None:
        os.close(self._fd)
        self._fd = self._open()

    def _current(self, fd: int) -> bool:
        """Whether `fd` is the file that stands under the path."""
        try:
            return os.path.samestat(os.fstat(fd), self._path.stat())
        except FileNotFoundError:
            return False

    def _alone(self) -> bool:
        """Whether no other process uses the journal; if so none can until `_reopen`."""
        return _lock(self._fd, alone=True) and self._current(self._fd)

    def _rewrite(self, rows: Iterable[Take | Read]) -> None:
        """Put a shorter file in the place of this one: whoever looks sees the old or the new, never a part."""
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("wb") as out:
            out.writelines(_line(row) for row in rows)
            out.flush()
            os.fsync(out.fileno())
        beside.chmod(0o600)
        beside.replace(self._path)


def _line(row: Take | Read) -> bytes:
    fields: dict[str, object]
    if isinstance(row, Read):
        fields = {"kind": "read", "events": row.labels}
    else:
        fields = {
            "kind": "take",
            "key": row.key,
            "e164": row.e164,
            "gateway_id": row.gateway_id,
            "at": row.at.isoformat(),
            "reply_to": row.reply_to,
            "validity_h": row.validity_h,
            "events": row.events,
        }
        if row.again:
            fields["again"] = True
    return json.dumps(fields).encode() + b"\n"


def _recent(lines: Iterable[Take | Read], history: History, since: datetime) -> list[Take | Read]:
    """The lines worth keeping: takes since `since` or not told to the end, and the readings that concern them."""
    pending = {take.key for take, _ in history.pending}
    kept: list[Take | Read] = []
    known: set[str] = set()
    for line in lines:
        if isinstance(line, Read):
            labels = [label for label in line.labels if label.rpartition(".")[0] in known]
            if labels:
                kept.append(Read(labels))
        elif line.at >= since or line.key in pending:
            known.add(line.gateway_id)
            kept.append(line)
    return kept


def _lock(fd: int, *, alone: bool) -> bool:
    """Lock an open journal among processes: together with others, or, without waiting, `alone`. False when refused,
    and always false for `alone` where files cannot be locked.
    """
    if sys.platform == "win32":
        return not alone
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
    except OSError:
        return False
    return True
