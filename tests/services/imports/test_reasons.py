"""The reasons of a blacklist file (S73): each number keeps that of its own row; the column is known by its header."""

from dataclasses import replace

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist, suppressed
from smsapp.contacts.blacklist_list import entries
from smsapp.contacts.service import count
from smsapp.db import Database
from smsapp.imports.choices import Choices
from smsapp.imports.mapping import REASON, reason_column, with_reason
from smsapp.imports.repairs import repair
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import habit, preview, run_import
from smsapp.imports.uploads import Uploads
from tests.services.imports.conftest import DATA
from tests.services.imports.test_import import Receive, outcome


def test_s73_each_blacklisted_number_keeps_the_reason_of_its_own_row(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    """Cut to 200 characters, the file's name where the cell is empty, the row with a reason where a number repeats; a
    row repaired afterwards too. Who was there already keeps what was said.
    """
    blacklist(db, actor, [33612345699], reason="au téléphone")
    long = "m" * 250
    rows = [
        "0612345601;Rey;  ne souhaite\tplus ", "0612345602;;", f"0612345603;;{long}", "0612345604;Roi;",
        "06 12 34 56 04;;déménagé", "0612345699;;autre", "06123;Ida;plainte",
    ]  # fmt: skip
    content = "\n".join(["Portable;Nom;Raison du refus", *rows]).encode()
    upload = receive(actor, content, "refus.csv")
    seen = preview(uploads, actor, upload)
    assert [column.field for column in seen.columns] == ["portable", "nom", ""]
    mapping = with_reason({c.index: c.field for c in seen.columns}, reason_column(seen.columns))
    done = run_import(db, uploads, actor, upload, Choices(seen.reading, mapping, blacklist=True))
    assert outcome(done) == (7, 4, 0, 1, 1, 1)
    repair(db, actor, done.id, 8, "0612345605")
    said = {one.e164: one.reason for one in entries(db, actor).rows}
    assert said == {
        33612345601: "ne souhaite plus",
        33612345602: "refus.csv",
        33612345603: long[:200],
        33612345604: "refus.csv",
        33612345605: "plainte",
        33612345699: "au téléphone",
    }
    last = habit(db, actor, seen.columns)
    assert last is not None
    assert last.mapping == {0: "portable", 1: "nom", 2: REASON}


def test_s73_the_reasons_of_a_file_are_those_of_the_list_and_the_book_takes_none(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    content = (DATA / "blacklist-60.csv").read_bytes()
    choices = Choices(Reading(), {0: "portable", 1: REASON})
    into_the_book = run_import(db, uploads, actor, receive(actor, content), choices)
    assert into_the_book.created == count(db, actor) > 0
    assert not suppressed(db, actor)
    done = run_import(db, uploads, actor, receive(actor, content), replace(choices, blacklist=True))
    assert done.created == into_the_book.created
    assert {one.reason for one in entries(db, actor).rows} == {"ne souhaite plus de SMS"}


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ("Portable;Motif", 1),
        ("Portable;MOTIF DE DÉSINSCRIPTION", 1),
        ("Mobile;Reason", 1),
        ("Reason for opt-out;Mobile", 0),
        ("Portable;Raison sociale;Raison", 2),
        ("Portable;Motif d’achat;Raison", 2),
        ("Portable;Raison sociale", None),
        ("Portable;Nom", None),
    ],
)
def test_s73_the_column_of_the_reasons_is_known_by_its_header(
    uploads: Uploads, receive: Receive, actor: Actor, headers: str, taken: int | None
) -> None:
    width = headers.count(";")
    first = "Mobile" in headers.split(";")[0] or "Portable" in headers.split(";")[0]
    row = "0612345678" + ";a" * width if first else "a;" * width + "0612345678"
    columns = preview(uploads, actor, receive(actor, f"{headers}\n{row}\n".encode())).columns
    assert reason_column(columns) == taken
