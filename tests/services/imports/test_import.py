"""The import desk: every file of tests/data, every row accounted for, nobody revived, nothing half done."""

import time
from collections.abc import Callable
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist, suppressed
from smsapp.contacts.blacklist_list import entries
from smsapp.contacts.groups import create_group, group, groups
from smsapp.contacts.listing import Query, contacts, pick
from smsapp.contacts.service import Sheet, contact, count, create_contact
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.imports.choices import Choices
from smsapp.imports.rejections import rejected_rows, rejection_reasons, rejections
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Check, Result, check, import_result, preview, run_import
from smsapp.imports.steps import NoPhoneColumn
from smsapp.imports.undo import ImportNotFound
from smsapp.imports.uploads import UploadGone, Uploads
from tests.services.imports.conftest import DATA

Receive = Callable[..., str]


def outcome(result: Result | Check) -> tuple[int, int, int, int, int, int]:
    """Read, created, already in the book (completed or not), duplicates, blacklisted, rejected."""
    known = result.known + result.completed
    return (result.read, result.created, known, result.duplicates, result.blacklisted, result.rejected)


def guessed(uploads: Uploads, actor: Actor, upload_id: str, **more: object) -> Choices:
    """What the page sends when nobody changes a guess."""
    seen = preview(uploads, actor, upload_id)
    return Choices(seen.reading, {c.index: c.field for c in seen.columns}, **more)  # type: ignore[arg-type]


def bring(db: Database, uploads: Uploads, actor: Actor, upload_id: str, **more: object) -> Result:
    choices = guessed(uploads, actor, upload_id, **more)
    said = check(db, uploads, actor, upload_id, choices)
    done = run_import(db, uploads, actor, upload_id, choices)
    assert (outcome(done), done.completed) == (outcome(said), said.completed)
    assert sum(said.reasons.values()) == said.rejected
    return done


@pytest.mark.parametrize(
    ("name", "encoding", "separator"),
    [
        ("clients-5000-semicolon-cp1252.csv", "cp1252", ";"),
        ("clients-500-comma-utf8bom.csv", "utf-8", ","),
        ("clients-500-tab-utf16.txt", "utf-16", "\t"),
        ("clients-300-slash-latin1.csv", "cp1252", "/"),
        ("clients-400.xls", "", ""),
        ("clients-800.xlsx", "", ""),
    ],
)
def test_m4_s64_s65_every_kind_of_file_is_read_with_its_accents_and_its_columns(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, name: str, encoding: str, separator: str
) -> None:
    rows = int(name.split("-")[1].split(".")[0])
    upload = receive(actor, (DATA / name).read_bytes(), name)
    seen = preview(uploads, actor, upload)
    assert (seen.reading.encoding, seen.reading.separator, seen.reading.header) == (encoding, separator, True)
    assert [c.field for c in seen.columns] == ["nom", "prenom", "portable", "societe", "email", "", ""]
    assert seen.count == rows
    assert len(seen.raw) == 5
    assert "Timothée" in seen.raw[1]
    done = bring(db, uploads, actor, upload, group_name="Clients juin")
    assert done.read == rows
    assert done.created == count(db, actor) == group(db, actor, done.group_id or 0).members
    assert done.rejected == sum(one.count for one in rejection_reasons(db, actor, done.id))
    assert min(done.created, done.duplicates, done.rejected) > 0
    assert pick(db, actor, "lemaire timothee")[0].prenom == "Timothée"
    first = rejections(db, actor, done.id)[0]
    assert (first.row, first.name, first.value, first.reason) == (3, "Adrien DUPUIS", "06299687", "too_short")


def test_the_big_file_is_imported_within_three_seconds(
    uploads: Uploads, receive: Receive, sqlite_db: Database, db: Database, actor: Actor
) -> None:
    if not db.is_sqlite:
        return
    content = (DATA / "clients-5000-semicolon-cp1252.csv").read_bytes()
    began = time.monotonic()
    done = bring(db, uploads, actor, receive(actor, content), group_name="Tous")
    assert done.read == 5000
    assert time.monotonic() - began < 3


def test_the_same_file_again_changes_nothing_but_the_counts(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    content = (DATA / "clients-500-comma-utf8bom.csv").read_bytes()
    first = bring(db, uploads, actor, receive(actor, content), group_name="Été")
    again = bring(db, uploads, actor, receive(actor, content), group_name="été")
    assert (again.created, again.known, again.completed) == (0, first.created, 0)
    assert (again.duplicates, again.rejected) == (first.duplicates, first.rejected)
    assert again.group_id == first.group_id
    assert group(db, actor, first.group_id or 0).members == count(db, actor) == first.created


def test_s33_m13_one_number_in_all_its_spellings_is_one_contact(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    spellings = ["0612345678", "06.12.34.56.78", "+33 (0)6 12 34 56 78", "0033612345678", "33612345678", "612345678"]
    done = bring(
        db, uploads, actor, receive(actor, ("Portable;Nom\n" + "".join(f"{s};Rey\n" for s in spellings)).encode())
    )
    assert outcome(done) == (6, 1, 0, 5, 0, 0)
    assert contacts(db, actor).rows[0].e164 == 33612345678


def test_m13_ambiguous_numbers_are_listed_with_both_readings(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    """The one that is taken is the country's own; a row that repeats another, or has a country code, is none of them."""
    rows = ["Rey;687751234", "Roi;06 12 34 56 78", "Mia;681821234", "Rey;687751234", "Zoe;+687751234", "Max;12"]
    rows += [f"N{i};6877512{i:02d}" for i in range(35, 99)]
    upload = receive(actor, "\n".join(["Nom;Portable", *rows]).encode())
    choices = guessed(uploads, actor, upload)
    said = check(db, uploads, actor, upload, choices)
    listed = said.samples["ambiguous"]
    assert (said.ambiguous, len(listed)) == (66, 50)
    assert [(one.row, one.name, one.value, one.e164, one.other) for one in listed[:3]] == [
        (2, "Rey", "687751234", 33687751234, 687751234),
        (4, "Mia", "681821234", 33681821234, 681821234),
        (8, "N35", "687751235", 33687751235, 687751235),
    ]
    run_import(db, uploads, actor, upload, choices)
    taken = [one.e164 for name in ("Rey", "Mia", "Zoe") for one in contacts(db, actor, Query(name)).rows]
    assert taken == [33687751234, 33681821234, 687751234]


def test_s91_m14_m15_rejected_rows_have_number_value_reason_and_repair(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    table = 'Nom;Portable\nRey;0612345678 Paul\n\nMarc;6.12E+08\nLéa;0612345678 / 0687654321\n"Eva\nligne 2";06 12 34 56 7\nMax;0123456789\nNoé;0696123456\nIda;\nZoé;596696123456\n'
    done = bring(db, uploads, actor, receive(actor, table.encode()))
    assert outcome(done) == (8, 1, 0, 0, 0, 7)
    assert [(r.row, r.name, r.value, r.reason) for r in rejections(db, actor, done.id)] == [
        (2, "Rey", "0612345678 Paul", "letters"),
        (4, "Marc", "6.12E+08", "scientific"),
        (5, "Léa", "0612345678 / 0687654321", "two_numbers"),
        (6, "Eva ligne 2", "06 12 34 56 7", "too_short"),
        (7, "Max", "0123456789", "fixed_line"),
        (8, "Noé", "0696123456", "needs_country_code"),
        (9, "Ida", "", "empty"),
    ] or [r.name for r in rejections(db, actor, done.id)][3] == "Eva\nligne 2"
    [overseas] = rejections(db, actor, done.id, reason="needs_country_code")
    assert overseas.suggestion.replace(" ", "") == "+596696123456"
    assert contacts(db, actor).rows[0].e164 == 596696123456


def test_m12_of_repeated_rows_the_fullest_is_kept(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    table = "Portable;Nom;Prénom;Mail\n0612345678;Rey;;\n06 12 34 56 78;Rey;Paul;p@x.fr\n0612345678;Autre;Marie;\n"
    upload = receive(actor, table.encode())
    said = check(db, uploads, actor, upload, guessed(uploads, actor, upload))
    assert [(r.row, r.note) for r in said.samples["duplicates"]] == [(2, "3"), (4, "3")]
    bring(db, uploads, actor, upload)
    assert [(r.nom, r.prenom, r.email) for r in contacts(db, actor).rows] == [("Rey", "Paul", "p@x.fr")]


def test_a_known_number_keeps_its_state_and_has_its_empty_fields_completed(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    made = create_contact(db, actor, Sheet("0612345678", nom="Moreau"))
    done = bring(
        db, uploads, actor, receive(actor, b"Portable;Nom;Prenom;Mail\n0612345678;AUTRE;Ines;i@x.fr\n"), group_name="G"
    )
    assert outcome(done) == (1, 0, 1, 0, 0, 0)
    assert (done.completed, done.known) == (1, 0)
    row = contact(db, actor, made).row
    assert (row.nom, row.prenom, row.email) == ("Moreau", "Ines", "i@x.fr")
    assert [tag.name for tag in row.groups] == ["G"]
    assert [r.id for r in pick(db, actor, "i@x.fr")] == [made]


def test_s75_two_people_with_one_phone_are_not_mixed_up(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    pair = [create_contact(db, actor, Sheet("0612345678", nom=nom)) for nom in ("Rey", "Roi")]
    done = bring(db, uploads, actor, receive(actor, b"Portable;Prenom\n0612345678;Ines\n"), group_name="G")
    assert (done.known, done.completed) == (1, 0)
    assert [contact(db, actor, id).row.prenom for id in pair] == ["", ""]
    assert [r.id for r in contacts(db, actor, Query(group_id=done.group_id)).rows] == pair[:1]


def test_m27_s74_an_import_never_revives_a_blacklisted_number(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    made = create_contact(db, actor, Sheet("0612345678", nom="Moreau"))
    blacklist(db, actor, [33612345678, 33687654321], reason="STOP")
    done = bring(
        db, uploads, actor, receive(actor, b"Portable;Prenom\n0612345678;Ines\n0687654321;Paul\n0611111111;Zoe\n")
    )
    assert outcome(done) == (3, 1, 0, 0, 2, 0)
    row = contact(db, actor, made).row
    assert (row.prenom, row.state) == ("", "blacklisted")
    assert suppressed(db, actor) == {33612345678, 33687654321}
    assert count(db, actor) == 2


def test_s73_a_blacklist_file_goes_to_the_blacklist(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    content = (DATA / "blacklist-60.csv").read_bytes()
    done = bring(db, uploads, actor, receive(actor, content, "refus.csv"), blacklist=True, group_name="ignored")
    assert done.read == 60
    assert done.created == len(suppressed(db, actor)) == 60 - done.duplicates - done.rejected
    assert {(s.origin, s.reason) for s in entries(db, actor).rows} == {("import", "refus.csv")}
    assert count(db, actor) == len(groups(db, actor)) == 0
    again = bring(db, uploads, actor, receive(actor, content, "refus.csv"), blacklist=True)
    assert (again.created, again.blacklisted) == (0, done.created)


def test_s66_a_group_is_made_or_joined(uploads: Uploads, receive: Receive, db: Database, actor: Actor) -> None:
    old = create_group(db, actor, "Clients")
    done = bring(db, uploads, actor, receive(actor, b"Portable\n0612345678\n"), group_name=" CLIENTS ")
    assert (done.group_id, done.group_name) == (old, "Clients")


def test_s67_no_column_with_numbers_is_a_refusal_and_the_file_is_kept(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    upload = receive(actor, b"Nom;Ville\nRey;Lyon\n")
    choices = guessed(uploads, actor, upload)
    for ask in (check, run_import):
        with pytest.raises(NoPhoneColumn):
            ask(db, uploads, actor, upload, choices)
    assert preview(uploads, actor, upload).count == 1


def test_guesses_can_be_overridden(uploads: Uploads, receive: Receive, db: Database, actor: Actor) -> None:
    upload = receive(actor, "0612345678,Rey;Élan\n0687654321,Roi;Œuf\n".encode("cp1252"))
    seen = preview(uploads, actor, upload, Reading(separator=",", encoding="cp1252", header=False))
    assert (seen.count, len(seen.columns), seen.rows[0]) == (2, 2, (1, ("0612345678", "Rey;Élan")))
    wrong = preview(uploads, actor, upload, Reading(encoding="mac_roman", header=False))
    assert "Élan" not in wrong.rows[0][1][-1]
    done = run_import(db, uploads, actor, upload, Choices(seen.reading, {0: "portable", 1: "nom"}))
    assert done.created == 2


def test_a_file_is_imported_once_however_often_it_is_asked(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    upload = receive(actor, b"Portable\n0612345678\n")
    choices = guessed(uploads, actor, upload)
    run_import(db, uploads, actor, upload, choices)
    with pytest.raises(UploadGone):
        run_import(db, uploads, actor, upload, choices)


def test_an_import_that_fails_leaves_the_book_and_the_file_as_they_were(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = receive(actor, b"Portable\n0612345678\nx\n")
    choices = guessed(uploads, actor, upload, group_name="G")

    def fall(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as broken:
        broken.setattr("smsapp.imports.steps.write_slice", fall)
        with pytest.raises(RuntimeError):
            run_import(db, uploads, actor, upload, choices)
    assert count(db, actor) == len(groups(db, actor)) == 0
    assert run_import(db, uploads, actor, upload, choices).created == 1


def test_rejected_rows_come_back_whole(uploads: Uploads, receive: Receive, db: Database, actor: Actor) -> None:
    lines = [f"N{i};x{i};=1+1" for i in range(1200)]
    table = "\n".join(["Nom;Portable;Note", "0;0612345678;", *lines])
    done = bring(db, uploads, actor, receive(actor, table.encode()))
    columns, rows = rejected_rows(db, actor, done.id)
    rows = list(rows)
    assert columns == ["Nom", "Portable", "Note"]
    assert len(rows) == done.rejected == 1200
    assert (rows[0].row, rows[0].cells) == (3, ["N0", "x0", "=1+1"])
    assert len(rejections(db, actor, done.id)) == 50
    assert rejections(db, actor, done.id, after=1201)[0].row == 1202


def test_one_account_never_sees_the_files_and_imports_of_another(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    rival = make_actor("rival")
    upload = receive(rival, b"Portable\n0612345678\nx\n")
    choices = guessed(uploads, rival, upload, group_name="G")
    for stranger in (upload, "../" + upload, "..", f"../{rival.account_id}/{upload}", "", "a" * 22):
        with pytest.raises(UploadGone):
            preview(uploads, actor, stranger)
        with pytest.raises(UploadGone):
            run_import(db, uploads, actor, stranger, choices)
    create_contact(db, actor, Sheet("0612345678", nom="Moreau"))
    blacklist(db, actor, [33612345678])
    done = run_import(db, uploads, rival, upload, choices)
    assert outcome(done) == (2, 1, 0, 0, 0, 1)
    for peep in (import_result, rejections, rejection_reasons, rejected_rows):
        with pytest.raises(ImportNotFound):
            peep(db, actor, done.id)
    assert count(db, actor) == 1
    assert groups(db, actor) == []


cells = st.one_of(
    st.sampled_from(
        [
            "0612345678",
            "06 12 34 56 78",
            "+33612345679",
            "0687654321",
            "0696123456",
            "x",
            "",
            '"',
            'a"b',
            "=1",
            "12/12/2025",
        ]
    ),
    st.text(alphabet=st.sampled_from('ab;,/"é\n\t\r 0612345678+'), max_size=14),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=12),
    separator=st.sampled_from(";,\t|/"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    refused=st.sets(st.sampled_from([33612345678, 33687654321])),
    to_blacklist=st.booleans(),
)
def test_rows_read_are_the_sum_of_the_outcomes_for_any_table(
    uploads: Uploads,
    receive: Receive,
    db: Database,
    actor: Actor,
    rows: list[list[str]],
    separator: str,
    encoding: str,
    refused: set[int],
    to_blacklist: bool,
) -> None:
    blacklist(db, actor, refused)
    was_refused, had = suppressed(db, actor), count(db, actor)
    text = "\n".join(separator.join(row) for row in [["Portable", "Nom", "Prénom"], *rows])
    upload = receive(actor, text.encode(encoding))
    try:
        done = bring(db, uploads, actor, upload, blacklist=to_blacklist)
    except Refusal:
        return
    assert done.read == sum(outcome(done)[1:])
    assert len(list(islice(rejected_rows(db, actor, done.id)[1], 1000))) == done.rejected
    assert count(db, actor) == had + (0 if to_blacklist else done.created)
    assert len(suppressed(db, actor)) == len(was_refused) + (done.created if to_blacklist else 0)
    assert was_refused <= suppressed(db, actor)
