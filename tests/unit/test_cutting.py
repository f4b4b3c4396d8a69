"""Text cut by the column and text cut line by line are the same rows (P21): whatever the quotes, whatever the window."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smsapp.imports import cutting, reader, sandbox
from smsapp.imports.cutting import Plain, cut_text, records

LETTERS = st.text(st.sampled_from("ab ;\n\té\u00a0\x02'=,0"), max_size=60)
QUOTED = st.text(st.sampled_from('a;" é'), max_size=8)


def _as_lines(text: str, width: int) -> list[tuple[int, str, tuple[str, ...]]]:
    """The rows as one would cut them by hand: blank ones left out, all equally wide."""
    found = []
    for row, cells, flaw in records(text.split("\n"), ";"):
        if any(cell.strip() for cell in cells):
            beyond = any(cells[width:]) and not flaw
            padded = (cells + [""] * width)[:width]
            tidy = reader._cell(pl.Series(padded, dtype=pl.String)).to_list()
            found.append((row, "extra_cells" if beyond else flaw, tuple(tidy)))
    return found


def _rows(frame: pl.DataFrame) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(row[0], row[1], row[2:]) for row in frame.iter_rows()]


@settings(max_examples=400, deadline=None)
@given(LETTERS, st.integers(1, 4))
@example("a;b\n;\nc;d", 2)
@example(" ;\nc;d;", 2)
@example("a;b;c\nd;e", 2)
@example("\x02;b", 2)
def test_p21_lines_cut_by_the_column_are_those_cut_one_by_one(text: str, width: int) -> None:
    assert _rows(reader._squared(Plain(1, text, ";"), width)) == _as_lines(text, width)


def test_even_lines_take_the_short_way() -> None:
    even = Plain(5, "a;b\nc\n ;d", ";").even(2)
    assert even is not None
    assert even.rows() == [(5, "", "a", "b"), (6, "", "c", ""), (7, "", " ", "d")]
    for odd in ("a;b;c\nd", "a;b\n\nc;d", "\na;b", "a;b\n", ""):
        assert Plain(1, odd, ";").even(2) is None
    assert Plain(1, "a\nb", ";").even(1) is None
    assert Plain(1, "a\u00a7b", "\u00a7").even(2) is None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(QUOTED, max_size=60), st.integers(0, 60), st.integers(1, 4), st.integers(2, 5))
def test_p21_a_window_cuts_no_row_in_two(
    monkeypatch: pytest.MonkeyPatch, lines: list[str], more: int, lone: int, quoted: int
) -> None:
    text = "\n".join(lines)
    monkeypatch.setattr(cutting, "LONE", lone)
    monkeypatch.setattr(cutting, "QUOTED_LINES", quoted)
    monkeypatch.setattr(cutting, "WINDOW", 9 * (quoted + 2) + more)  # the shortest that holds the longest row
    found = []
    for piece in cutting._pieces(text, 0, ";"):
        frame = piece.ragged() if isinstance(piece, Plain) else piece
        found += [(row, cells, flaw) for row, flaw, cells in frame.iter_rows() if cells != [""]]
    assert found == [one for one in records(text.split("\n"), ";") if one[1] != [""]]


def test_rows_are_found_again_by_their_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clients.csv"
    lines = [f"R{i};06123{i:05}" if i % 7 else "" for i in range(2, 1_000)]
    path.write_text("\n".join(["Nom;Portable", *lines]))
    table = sandbox.read_table(path, sandbox.Reading())
    assert len(table.parts) == 1
    monkeypatch.setattr(reader, "PART", 10)
    monkeypatch.setattr(cutting, "WINDOW", 300)
    facts = reader.read(path, tmp_path / "small.arrow", {})
    parts = tuple(sandbox.Part(tmp_path / name, first, count) for name, first, count in facts["parts"])
    counts = (facts["width"], facts["rows"])
    small = sandbox.Table("text", "", ";", (), "", (), *counts, table.head, parts, facts["usual"], ())
    assert len(parts) > 20
    assert sum(part.count for part in parts) == small.count == table.count
    assert small.rows().equals(table.rows())
    assert small.rows(55).equals(table.rows().slice(55))
    whole = table.rows()
    for first, last in ((1, 1), (2, 57), (399, 404), (998, 2_000), (14, 14)):
        assert small.between(first, last).equals(whole.filter(pl.col("row").is_between(first, last)))


def test_a_large_file_of_two_encodings_is_read_as_most_of_it_says() -> None:
    for many, few, said in (("utf-8", "cp1252", "utf-8"), ("cp1252", "utf-8", "cp1252")):
        data = "Zoé;0612345678\n".encode(few) * 50_000 + "Zoé;0612345678\n".encode(many) * 150_000
        assert cut_text(data, None, None)[0]["encoding"] == said
