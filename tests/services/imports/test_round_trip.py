"""What the book exports comes back as it left, with consent and groups (S59, M28); undone, the book is as before (M10)."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsapp.accounts.actor import Actor
from smsapp.contacts.export import COLUMNS, export_answering
from smsapp.contacts.groups import create_group, groups
from smsapp.contacts.listing import Query
from smsapp.contacts.service import Sheet, create_contact
from smsapp.contacts.spreadsheet import csv_pieces, xlsx_pieces
from smsapp.db import Database
from smsapp.i18n.catalogue import translate
from smsapp.imports.choices import Choices
from smsapp.imports.service import check, preview, run_import
from smsapp.imports.undo import undo_import
from smsapp.imports.uploads import Uploads

Receive = Callable[..., str]
ACCOUNTS = count()
COMES_BACK = ("number", "nom", "prenom", "email", "societe", "country", "groups", "consent_source", "consent_day",
              "consent_text")  # fmt: skip

words = st.text(st.sampled_from("aÉ ß'=,;|\"+9"), max_size=7).map(lambda said: " ".join(said.split()))
days = st.dates(date(2020, 1, 1), date(2026, 6, 1)).map(str)
sheets = st.builds(
    dict,
    nom=words,
    prenom=words,
    societe=words,
    consent_source=words,
    consent_text=words,
    consent_day=st.just("") | days,
    lists=st.sets(st.integers(0, 3)),
)
books = st.tuples(
    st.lists(words.filter(bool), min_size=4, max_size=4, unique_by=str.casefold),
    st.dictionaries(st.integers(612_000_000, 612_000_040), sheets, max_size=6),
)


def rows(db: Database, actor: Actor, language: str) -> list[list[str]]:
    """The file that leaves the book, as a table."""
    _, people = export_answering(db, actor, Query())
    head = [translate(language, f"contacts.export_{name}") for name in COLUMNS]
    return [head, *([one.cells[name] for name in COLUMNS] for one in people)]


def lines(table: list[list[str]]) -> list[list[str]]:
    """The rows without what no file can bring (state, day of entry), in the order of the numbers."""
    places = [COLUMNS.index(name) for name in COMES_BACK]
    return sorted([row[place] for place in places] for row in table[1:])


def filled(db: Database, actor: Actor, book: tuple[list[str], dict[int, dict[str, object]]]) -> None:
    names, people = book
    ids = [create_group(db, actor, name) for name in names]
    for number, told in people.items():
        lists = tuple(ids[place] for place in told["lists"])  # type: ignore[attr-defined]
        rest = {name: value for name, value in told.items() if name != "lists"}
        create_contact(db, actor, Sheet(f"+33{number}", group_ids=lists, **rest))  # type: ignore[arg-type]


@settings(max_examples=20, deadline=timedelta(seconds=60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(book=books, there=books, kind=st.sampled_from(["csv", "xlsx"]), language=st.sampled_from(["fr", "en"]),
       policy=st.sampled_from(["complete", "replace", "add"]))  # fmt: skip
def test_m28_an_export_comes_back_as_it_left_and_an_undoing_leaves_no_trace(
    uploads: Uploads,
    receive: Receive,
    db: Database,
    make_actor: Callable[[str], Actor],
    book: tuple[list[str], dict[int, dict[str, object]]],
    there: tuple[list[str], dict[int, dict[str, object]]],
    kind: str,
    language: str,
    policy: str,
) -> None:
    """Into an empty account the same rows; into one that holds people and groups already, gone again without a trace."""
    source, empty, other = (make_actor(f"compte-{next(ACCOUNTS)}") for _ in range(3))
    filled(db, source, book)
    filled(db, other, there)
    table = rows(db, source, language)
    file = b"".join(xlsx_pieces(table, "Contacts") if kind == "xlsx" else csv_pieces(table))
    if not book[1]:
        return
    before = rows(db, other, language), groups(db, other)
    for actor in (empty, other):
        upload = receive(actor, file, f"contacts.{kind}")
        seen = preview(uploads, actor, upload)
        mapping = {column.index: column.field for column in seen.columns}
        assert [mapping[place] for place in (6, 8, 9, 10)] == [
            "groupes", "consentement_source", "consentement_date", "consentement_texte",
        ]  # fmt: skip
        choices = Choices(seen.reading, mapping, policy=policy)
        said = check(db, uploads, actor, upload, choices)
        done = run_import(db, uploads, actor, upload, choices)
        assert (said.created, said.completed, said.known) == (done.created, done.completed, done.known)
        assert sorted(said.new_groups) == sorted(done.groups_made)
        if actor is empty:
            assert lines(rows(db, empty, language)) == lines(table)
        undo_import(db, actor, done.id)
    assert (rows(db, empty, language)[1:], groups(db, empty)) == ([], [])
    assert (rows(db, other, language), groups(db, other)) == before


def test_the_file_of_an_export_is_a_table_that_a_spreadsheet_reads(db: Database, actor: Actor) -> None:
    """Names of groups that hold what parts them stand in quotes, within a cell."""
    ids = tuple(create_group(db, actor, name) for name in ("Lyon, Est", "VIP"))
    create_contact(db, actor, Sheet("0612345678", group_ids=ids))
    written = b"".join(csv_pieces(rows(db, actor, "fr"))).decode("utf-8-sig")
    [_, row] = csv.reader(io.StringIO(written), delimiter=";")
    assert row[COLUMNS.index("groups")] == '"Lyon, Est", VIP'
