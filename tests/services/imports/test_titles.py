"""Files with titles above their header, as associations and town halls have them: read as if the titles were not there,
each row under the number that the spreadsheet shows (S64-S67)."""

import io
import zipfile
from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.groups import group
from smsapp.contacts.listing import contacts
from smsapp.contacts.service import count
from smsapp.db import Database
from smsapp.imports import steps
from smsapp.imports.choices import Choices
from smsapp.imports.headers import NoSuchRow
from smsapp.imports.rejections import rejected_rows, rejections
from smsapp.imports.repairs import accept, repair
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import begin_import, check, habit, import_result, preview, run_import
from smsapp.imports.tables import ContactImport
from smsapp.imports.undo import undo_import
from smsapp.imports.uploads import Uploads
from tests.services.imports.conftest import DATA
from tests.services.imports.test_import import bring, guessed, outcome
from tests.services.imports.test_workbooks import text, workbook

Receive = Callable[..., str]

TITLES = [["Fichier clients - juin 2026"], ["Export du", "12/06/2026"], []]
HEADER = ["Nom", "Prénom", "Tél. mobile", "Ville"]
PEOPLE = [
    ["Rey", "Léa", "0612345678", "Lyon"],
    ["Roi", "Max", "06 12 34 56", "Bruz"],
    [],
    ["Roy", "Zoé", "06.87.65.43.21", "Nice"],
    ["Sor", "Eva", "0696123456", "Fort-de-France"],
    ["Rey", "", "06 12 34 56 78", ""],
]
ROWS = [*TITLES, HEADER, *PEOPLE]


def written(separator: str, encoding: str, *, padded: bool) -> bytes:
    """The rows as a text file, all equally wide or each as wide as what it says."""
    width = len(HEADER)
    lines = (separator.join(row + [""] * (width - len(row)) * padded) for row in ROWS)
    return ("\n".join(lines) + "\n").encode(encoding)


def opendocument() -> bytes:
    """The rows as LibreOffice writes them, a blank row as a repeated one."""
    table = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + ("" if row else '<table:table-cell table:number-columns-repeated="4"/>')
        + "</table:table-row>"
        for row in ROWS
    )
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {names}><office:body><office:spreadsheet>'
        f'<table:table table:name="S">{table}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return out.getvalue()


def excel() -> bytes:
    return workbook(
        (
            "S",
            "visible",
            ["".join(text(f"{'ABCD'[i]}{at}", cell) for i, cell in enumerate(row)) for at, row in enumerate(ROWS, 1)],
        )
    )


FILES = {
    "semicolons": (lambda: written(";", "cp1252", padded=True), "clients.csv"),
    "ragged": (lambda: written(";", "utf-8", padded=False), "clients.csv"),
    "commas": (lambda: written(",", "utf-8-sig", padded=True), "clients.csv"),
    "tabs": (lambda: written("\t", "utf-16", padded=False), "clients.txt"),
    "bars": (lambda: written("|", "utf-8", padded=True), "clients.csv"),
    "xlsx": (excel, "clients.xlsx"),
    "ods": (opendocument, "clients.ods"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_s64_s67_titles_above_the_header_are_no_rows(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, kind: str
) -> None:
    """Guessed, checked, imported, repaired, downloaded and undone as the same file without them, numbers apart."""
    content, name = FILES[kind]
    upload = receive(actor, content(), name)
    seen = preview(uploads, actor, upload)
    assert (seen.reading.header, seen.above, seen.count) == (4, 3, 5)
    assert [column.header for column in seen.columns] == HEADER
    assert [column.field for column in seen.columns] == ["nom", "prenom", "portable", ""]
    assert seen.rows[0] == (5, tuple(PEOPLE[0]))
    assert [row for row, _ in seen.lines][:3] == [1, 2, 4]
    assert seen.raw[0].startswith("Fichier clients - juin 2026")
    assert any("Prénom" in line for line in seen.raw)
    said = check(db, uploads, actor, upload, guessed(uploads, actor, upload))
    assert (said.read, said.above, [row.row for row in said.samples["rejected"]]) == (5, 3, [6, 9])
    done = bring(db, uploads, actor, upload, group_name="Juin")
    assert (outcome(done), done.above) == ((5, 2, 0, 1, 0, 2), 3)
    columns, rows = rejected_rows(db, actor, done.id)
    assert (columns, [(row.row, row.cells) for row in rows]) == (HEADER, [(6, PEOPLE[1]), (9, PEOPLE[4])])
    repair(db, actor, done.id, 6, "06 12 34 56 79")
    assert accept(db, actor, done.id).repaired == 1
    assert outcome(import_result(db, actor, done.id)) == (5, 4, 0, 1, 0, 0)
    assert {one.nom for one in contacts(db, actor).rows} == {"Rey", "Roi", "Roy", "Sor"}
    assert group(db, actor, done.group_id or 0).members == 4
    assert undo_import(db, actor, done.id).removed == 4
    assert count(db, actor) == 0


@pytest.mark.parametrize(
    "name", ["clients-300-slash-latin1.csv", "clients-500-comma-utf8bom.csv", "clients-500-tab-utf16.txt"]
)
def test_s65_a_title_does_not_hide_how_a_file_is_written(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, name: str
) -> None:
    """Separator, encoding and outcomes are those of the file without it."""
    encoding = "cp1252" if "latin1" in name else "utf-16" if "utf16" in name else "utf-8-sig"
    plain = (DATA / name).read_bytes()
    titled = ("Fichier clients - juin 2026\n\n" + plain.decode(encoding)).encode(encoding)
    before = preview(uploads, actor, receive(actor, plain, name))
    upload = receive(actor, titled, name)
    seen = preview(uploads, actor, upload)
    assert (seen.reading.header, seen.count, seen.columns) == (3, before.count, before.columns)
    assert (seen.reading.separator, seen.reading.encoding) == (before.reading.separator, before.reading.encoding)
    assert [(row - 2, cells) for row, cells in seen.rows] == list(before.rows)
    done = bring(db, uploads, actor, upload)
    without = check(
        db, uploads, actor, receive(actor, plain, name), guessed(uploads, actor, receive(actor, plain, name))
    )
    assert (done.read, done.duplicates, done.rejected) == (without.read, without.duplicates, without.rejected)


def test_the_header_can_be_said_and_none_can_be_said(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    """Also one that is wider than most rows, and one that is blank: the next that says something."""
    lines = [
        "Club;Saison",
        "Qui;Où;Quoi;Encore",
        "Rey;0612345678",
        "Roi;0687654321",
        "Roy;0611111111",
        "Sor;0622222222;x;y;z",
    ]
    upload = receive(actor, "\n".join(["", *lines]).encode())
    seen = preview(uploads, actor, upload, Reading(header=3))
    assert ([c.header for c in seen.columns], seen.above, seen.count) == (["Qui", "Où", "Quoi", "Encore"], 2, 4)
    assert preview(uploads, actor, upload, seen.reading) == seen
    done = run_import(
        db, uploads, actor, receive(actor, "\n".join(["", *lines]).encode()), Choices(seen.reading, {1: "portable"})
    )
    assert (outcome(done), [(row.row, row.reason) for row in rejections(db, actor, done.id)]) == (
        (4, 3, 0, 0, 0, 1),
        [(7, "extra_cells")],
    )
    for said, header, read in ((0, 0, 6), (1, 2, 5), (2, 2, 5), (7, 7, 0)):
        other = preview(uploads, actor, upload, Reading(header=said))
        assert (other.reading.header, other.above, other.count) == (header, max(0, header - 1), read)
    assert preview(uploads, actor, upload, Reading(header=0)).columns[0].header == ""
    with pytest.raises(NoSuchRow):
        preview(uploads, actor, upload, Reading(header=8))
    with pytest.raises(steps.NoRows):
        check(db, uploads, actor, upload, Choices(Reading(header=7), {1: "portable"}))


def test_s67_a_file_with_another_title_is_taken_as_the_last_time(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    upload = receive(actor, written(";", "utf-8", padded=True))
    mapping = {0: "prenom", 1: "nom", 2: "portable", 3: "+Ville"}
    run_import(db, uploads, actor, upload, Choices(preview(uploads, actor, upload).reading, mapping, policy="replace"))
    for title in ("Fichier clients - juillet 2026\n", ""):
        seen = preview(uploads, actor, receive(actor, f"{title}{';'.join(HEADER)}\nRey;Léa;0612345678;Lyon\n".encode()))
        last = habit(db, actor, seen.columns)
        assert last is not None
        assert (last.mapping, last.policy) == (mapping, "replace")


@pytest.mark.parametrize(("kept", "read"), [(True, 2), (False, 3)])
def test_an_import_that_an_earlier_version_began_goes_on(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, kept: bool, read: int
) -> None:
    """Its choices say only whether the first row names the columns, even where it is a title."""
    upload = receive(actor, b"\nClub de tir;\nNom;Portable\nRey;0612345678\n")
    begun = begin_import(db, uploads, actor, upload, Choices(Reading(separator=";"), {1: "portable"}))
    with db.write() as session:
        made = session.get_one(ContactImport, begun)
        made.choices = {**made.choices, "reading": {**made.choices["reading"], "header": kept}}
        session.add(made)
    steps.work(db, uploads, begun)
    assert import_result(db, actor, begun).read == read
