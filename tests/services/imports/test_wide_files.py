"""Tables with very many cells, most of them empty: read within the limits, and light on the disk."""

from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.imports import reader, sandbox
from smsapp.imports.sandbox import Reading, UnreadableFile, read_table
from smsapp.imports.uploads import Uploads

Receive = Callable[..., str]


@pytest.fixture
def actor() -> Actor:
    """Nobody of a database: files are kept by account."""
    return Actor(1, 1, "lavande", "lavande@example.net", "fr", "Maison lavande")


def test_as_many_columns_as_there_may_be_times_a_hundred_thousand_rows(
    uploads: Uploads, receive: Receive, actor: Actor
) -> None:
    width, rows = reader.MAX_COLUMNS, 100_000
    lines = b"".join(b"06%08d%b\n" % (i, b";" * (width - 1)) for i in range(rows))
    path = uploads.find(actor, receive(actor, b";".join(b"C%d" % i for i in range(width)) + b"\n" + lines)).path
    table = read_table(path, Reading())
    assert (table.width, table.count) == (width, rows + 1)
    assert sum(piece.height for piece in table.pieces(1)) == rows
    assert max(part.count for part in table.parts) * width <= 3 * reader.PART_CELLS
    assert sum(part.path.stat().st_size for part in table.parts) < path.stat().st_size
    between = table.between(50_000, 50_001)
    assert between["c0"].to_list() == ["0600049998", "0600049999"]


def test_the_tables_of_a_few_ways_of_reading_are_kept_and_no_more(
    uploads: Uploads, receive: Receive, actor: Actor
) -> None:
    """Whoever tries each separator and sheet does not fill the disk."""
    upload = uploads.find(actor, receive(actor, b"Nom;Portable\nRey;0612345678\n"))
    first = read_table(upload.path, Reading())
    for separator in "abcdefghijklmnopqrstuvwxyz":
        table = read_table(upload.path, Reading(separator=separator))
        assert table.rows().height == 2, "what was read last is there"
    kept = list(upload.path.parent.glob(f"{upload.id}.*"))
    assert len(kept) <= 2 + 2 * sandbox.KEPT_ANSWERS
    assert read_table(upload.path, Reading()).rows().equals(first.head)


def test_a_file_that_is_refused_late_leaves_nothing_of_what_was_read(
    uploads: Uploads, receive: Receive, actor: Actor
) -> None:
    upload = uploads.find(actor, receive(actor, b"Nom;Portable\n" + b"R;0612345678\n" * (reader.MAX_ROWS + 1)))
    with pytest.raises(UnreadableFile):
        read_table(upload.path, Reading())
    assert not list(upload.path.parent.glob("*.arrow"))
