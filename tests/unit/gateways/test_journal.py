"""The journal of the simulated network: what it keeps across a crash, what it forgets, what it does when torn or full."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smsapp.gateways.journal import History, Journal, Read, Take, entries

AT = datetime(2026, 6, 17, 10, 0, tzinfo=UTC)


def take(n: int, *, at: datetime = AT, events: int = 2, again: bool = False) -> Take:
    return Take(f"7-{n}", 33612345600 + n, f"{n:016x}", at, "36111", 48, events, again)


def history(journal: Journal) -> History:
    found = History()
    found.add(journal.news())
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "network.jsonl"


def test_lines_come_back_as_written(path: Path) -> None:
    rows: list[Take | Read] = [take(1), take(2, events=0), Read(["0000000000000001.0"]), take(1, again=True)]
    journal = Journal(path)
    journal.write(rows[:2])
    journal.write(rows[2:])
    journal.close()
    assert list(entries(path)) == rows


def test_a_missing_journal_has_no_lines(path: Path) -> None:
    assert list(entries(path)) == []


def test_only_its_owner_may_read_it(path: Path) -> None:
    Journal(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_history_knows_every_key_and_what_is_not_told_to_the_end(path: Path) -> None:
    journal = Journal(path)
    journal.write([take(1), take(2), take(3, events=0), take(2, again=True)])
    journal.write([Read([f"{1:016x}.0", f"{2:016x}.0", f"{2:016x}.1"])])
    journal.close()
    found = history(Journal(path))
    assert found.taken == {f"7-{n}": f"{n:016x}" for n in (1, 2, 3)}
    assert [(t.key, set(done)) for t, done in found.pending] == [("7-1", {0})]


@pytest.mark.parametrize("cut", range(1, 40, 6))
def test_a_torn_last_line_is_skipped_and_the_next_one_is_whole(path: Path, cut: int) -> None:
    journal = Journal(path)
    journal.write([take(1), take(2)])
    journal.close()
    os.truncate(path, path.stat().st_size - cut)
    journal = Journal(path)
    assert {row.key for row in entries(path) if isinstance(row, Take)} == ({"7-1"} if cut > 1 else {"7-1", "7-2"})
    journal.write([take(3)])
    assert [row.key for row in entries(path) if isinstance(row, Take)][-1] == "7-3"
    assert history(Journal(path)).taken.keys() >= {"7-1", "7-3"}


def test_foreign_lines_are_skipped(path: Path) -> None:
    journal = Journal(path)
    journal.write([take(1)])
    with path.open("ab") as file:
        file.write(b'[]\n"x"\n{"kind": "take"}\n\xff\xfe\n{"kind": "other"}\n\n')
    journal.write([take(2)])
    assert list(entries(path)) == [take(1), take(2)]


def test_a_full_disk_writes_nothing_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.write([take(1)])
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: real(fd, data[:50]))
        with pytest.raises(OSError, match="cannot be written"):
            journal.write([take(2)])
    journal.write([take(3)])
    assert list(entries(path)) == [take(1), take(3)]


def test_writing_after_closing_is_refused(path: Path) -> None:
    journal = Journal(path)
    journal.close()
    journal.close()
    with pytest.raises(OSError, match="descriptor"):
        journal.write([take(1)])


def old_and_new(path: Path) -> None:
    """Five old takes told to the end, one old that is not, one of today."""
    journal = Journal(path)
    old = AT - timedelta(days=8)
    journal.write([take(n, at=old) for n in range(6)])
    journal.write([Read([f"{n:016x}.{i}" for n in range(5) for i in range(2)] + [f"{5:016x}.0"])])
    journal.write([take(6)])
    journal.close()


def test_what_is_old_and_told_to_the_end_is_forgotten(path: Path) -> None:
    old_and_new(path)
    Journal(path, forget_before=AT - timedelta(days=7)).close()
    kept = list(entries(path))
    assert [row.key for row in kept if isinstance(row, Take)] == ["7-5", "7-6"]
    found = history(Journal(path))
    assert [(t.key, set(done)) for t, done in found.pending] == [("7-5", {0}), ("7-6", set())]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_judge_may_ask_that_nothing_be_forgotten(path: Path) -> None:
    old_and_new(path)
    before = path.read_bytes()
    Journal(path, forget_before=None).close()
    assert path.read_bytes() == before


def test_a_journal_is_not_rewritten_for_little(path: Path) -> None:
    journal = Journal(path)
    journal.write([take(1, at=AT - timedelta(days=8), events=0)] + [take(n) for n in range(2, 9)])
    journal.close()
    before = path.read_bytes()
    Journal(path, forget_before=AT - timedelta(days=7)).close()
    assert path.read_bytes() == before


def test_a_journal_that_another_uses_is_not_shortened(path: Path) -> None:
    old_and_new(path)
    other = Journal(path)
    size = path.stat().st_size
    mine = Journal(path, forget_before=AT - timedelta(days=7))
    assert path.stat().st_size == size
    other.write([take(10)])
    mine.write([take(11)])
    assert [row.key for row in entries(path) if isinstance(row, Take)][-2:] == ["7-10", "7-11"]


def test_writing_goes_on_in_the_shortened_file(path: Path) -> None:
    old_and_new(path)
    journal = Journal(path, forget_before=AT - timedelta(days=7))
    journal.write([take(12)])
    assert [row.key for row in entries(path) if isinstance(row, Take)] == ["7-5", "7-6", "7-12"]


def test_processes_read_what_the_others_wrote_and_their_torn_lines_spoil_nothing(path: Path) -> None:
    one, two = Journal(path), Journal(path)
    one.write([take(1)])
    assert two.news() == [take(1)]
    with path.open("ab") as file:
        file.write(b'{"kind": "take", "key": "7-')  # a third process dies in the middle of its line
    two.write([take(2)])
    assert one.news() == [take(1), take(2)]
    assert two.news() == [take(2)]
    one.write([take(3)], news=False)
    assert one.news() == []
    assert two.news() == [take(3)]
    two.write([take(4)])
    one.write([take(5)], news=False)  # not alone: read again rather than missed
    assert one.news() == [take(4), take(5)]


def test_one_process_tells_and_the_next_one_when_it_is_gone(path: Path) -> None:
    one, two = Journal(path), Journal(path)
    assert (one.may_tell(), two.may_tell(), one.may_tell()) == (True, False, True)
    one.close()
    assert two.may_tell()
    two.close()
