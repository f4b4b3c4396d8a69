"""The groups that a column names (S66, S70): parted by one sign of the file, in quotes where a name holds it."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.contacts.groups import as_list
from smsapp.imports.grouping import MOST_NEW, Known, SmartGroupInColumn, TooManyGroups, named_in
from smsapp.imports.reader import MAX_CELL


def names(*cells: str, known: tuple[str, ...] = (), sign: str = "") -> list[list[str]]:
    """The names of each cell."""
    book = {name.casefold(): Known(place, name, smart=False) for place, name in enumerate(known, 1)}
    found = named_in(pl.Series(cells, dtype=pl.String), book, sign)
    by_cell: dict[str, list[str]] = {}
    for cell, key in found.cells.iter_rows():
        by_cell.setdefault(cell, []).append(found.names[key])
    return [by_cell.get(cell, []) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["Clients, VIP", "VIP", ""], [["Clients", "VIP"], ["VIP"], []]),
        (["Clients; VIP", "Lyon, Est"], [["Clients", "VIP"], ["Lyon, Est"]]),
        (["Clients|VIP;Or|Lyon, Est"], [["Clients", "VIP;Or", "Lyon, Est"]]),
        (['"Lyon, Est", VIP', '"Lyon, Est"'], [["Lyon, Est", "VIP"], ["Lyon, Est"]]),
        (['"Le ""Bar""; ici", VIP'], [['Le "Bar"; ici', "VIP"]]),
        (["  Clients ,, ,VIP  ;"], [["Clients ,, ,VIP"]]),
        (["Clients,, ,VIP", "a\t  b"], [["Clients", "VIP"], ["a b"]]),
        (["vip", "VIP", "VIP,vip"], [["vip"], ["vip"], ["vip"]]),
        (['12" vinyles, "Rock'], [['12" vinyles', '"Rock']]),
    ],
)
def test_s70_names_are_parted_by_the_sign_of_the_file(cells: list[str], said: list[list[str]]) -> None:
    assert names(*cells) == said


def test_s70_a_cell_that_is_whole_the_name_of_a_group_is_that_group() -> None:
    assert names("lyon, est", "Lyon, Est, VIP", known=("Lyon, Est", "vip")) == [["Lyon, Est"], ["Lyon", "Est", "vip"]]


def test_s70_the_sign_that_the_file_has_shown_is_kept_for_a_row_alone() -> None:
    assert names("Lyon, Est", sign=";") == [["Lyon, Est"]]


def test_a_cell_that_was_cut_off_ends_with_its_last_whole_name() -> None:
    cell = ("a" * 99 + ",") * 10
    assert names(cell[:MAX_CELL]) == [["a" * 99]]
    assert names(("b" * 110 + ",") * 9 + "c" * 10) == [["b" * 110]]


def test_s70_a_column_that_is_none_of_groups_is_refused() -> None:
    assert len(names(*(f"G{i}" for i in range(MOST_NEW)))) == MOST_NEW
    with pytest.raises(TooManyGroups):
        names(*(f"G{i}" for i in range(MOST_NEW + 1)))
    with pytest.raises(TooManyGroups):
        names(*(f"remarque {i}" for i in range(100_000)), known=("remarque 1",))
    assert len(names(*(f"G{i}" for i in range(MOST_NEW + 1)), known=("g7",))) == MOST_NEW + 1


def test_nobody_is_put_in_a_smart_group() -> None:
    with pytest.raises(SmartGroupInColumn):
        named_in(pl.Series(["Actifs"]), {"actifs": Known(1, "Actifs", smart=True)})


tidy = (
    st.text(st.sampled_from("aé ,;|\"'B"), min_size=1, max_size=8).map(lambda name: " ".join(name.split())).filter(bool)
)


@given(st.lists(st.lists(tidy, max_size=4), max_size=5))
def test_s70_what_an_export_writes_is_read_back(groups: list[list[str]]) -> None:
    cells = [as_list(sorted({name.casefold(): name for name in some}.values())) for some in groups]
    read = [[name.casefold() for name in some] for some in names(*cells)]
    assert [sorted(some) for some in read] == [sorted({name.casefold() for name in some}) for some in groups]
