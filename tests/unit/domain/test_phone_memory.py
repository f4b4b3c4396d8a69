"""What the column reader learns is kept between processes, and nothing that happens to the file can hurt an import."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from smsapp.domain.phone import column, keep_answers, memory, read_column, save_answers

TEXTS = pl.Series([f"06{i % 100:02}{i:06}" for i in range(2_000)])


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column, "_classes", {})
    monkeypatch.setattr(column, "_kept", column._Kept())


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column, "_classes", {})


def never_asked(*_: object) -> list[object]:
    raise AssertionError("a class was asked again")


def test_another_process_asks_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keep_answers(tmp_path) == 0
    answer = read_column(TEXTS)
    save_answers()
    known = column._classes["FR", False].height
    forget(monkeypatch)
    assert keep_answers(tmp_path) == known > 50
    monkeypatch.setattr(column, "_answers", never_asked)
    assert read_column(TEXTS).equals(answer)


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:-1], lambda b: b[:100] + b"x" + b[101:], lambda b: b"\0" * 99]
)
def test_a_damaged_file_is_ignored_then_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: object
) -> None:
    keep_answers(tmp_path)
    answer = read_column(TEXTS)
    save_answers()
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    forget(monkeypatch)
    assert keep_answers(tmp_path) == 0
    assert read_column(TEXTS).equals(answer)
    save_answers()
    assert memory.load(path, column._CLASS)["FR", False].height > 50
    assert list(tmp_path.iterdir()) == [path]  # no draft is left behind


def test_a_directory_that_cannot_be_written_costs_nothing_but_speed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    keep_answers(tmp_path / "file" / "cache")
    assert read_column(TEXTS)["e164"].null_count() < 2_000
    save_answers()


def test_answers_are_never_kept_among_the_sources() -> None:
    with pytest.raises(ValueError, match="sources"):
        keep_answers(Path(column.__file__).parent)


def test_threads_learn_and_write_together(tmp_path: Path) -> None:
    keep_answers(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda region: read_column(TEXTS, region), ["FR", "GP", "US"] * 2))
    save_answers()
    assert answers[0].equals(answers[3])
    (path,) = tmp_path.iterdir()
    kept = memory.load(path, column._CLASS)
    assert kept.keys() == {("FR", False), ("GP", False), ("US", False)}
    assert all(table["key"].is_unique().all() for table in kept.values())
