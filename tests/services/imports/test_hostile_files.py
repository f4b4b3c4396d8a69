"""Files that are not what they say, or that mean harm: each a sentence, never a crash, never half an import (P19-P21)."""

import io
import os
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsapp.accounts.actor import Actor
from smsapp.i18n.catalogue import LANGUAGES, catalogue
from smsapp.imports import cutting, reader, sandbox
from smsapp.imports.cutting import Unreadable
from smsapp.imports.reader import read
from smsapp.imports.sandbox import Reading, UnreadableFile
from smsapp.imports.service import preview
from smsapp.imports.uploads import KEPT_FILES, KEPT_SECONDS, MAX_BYTES, FileTooLarge, UploadGone, Uploads
from tests.services.imports.conftest import DATA

Receive = Callable[..., str]
HEAD = b"Nom;Portable\n"


@pytest.fixture
def actor() -> Actor:
    """Nobody of a database: files are kept by account."""
    return Actor(1, 1, "lavande", "lavande@example.net", "fr", "Maison lavande")


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


XLSX = (DATA / "clients-800.xlsx").read_bytes()
XLS = (DATA / "clients-400.xls").read_bytes()
BAD = {
    "nothing": (b"", "empty"),
    "only spaces": (b" \n \r\n\t\n", "empty"),
    "only separators": (b";;;\n;;;\n", "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "type"),
    "business cards": ("\ufeffBEGIN:VCARD\nTEL:0612345678\nEND:VCARD\n".encode(), "type"),
    "a PDF": (b"%PDF-1.7\n" + b"x" * 5000, "type"),
    "a page called .xls": (b"<html><table><tr><td>0612345678</td></tr></table></html>", "type"),
    "a document": (zipped({"word/document.xml": b"<x/>"}), "type"),
    "noise": (bytes(range(1, 32)) * 500, "binary"),
    "noise with nulls": (bytes(range(256)) * 40, "binary"),
    "a null in a text": (HEAD + b"Rey;06123\x0045678\n", "nul"),
    "a null far in a text": (HEAD + b"Rey;0612345678\n" * 1000 + b"Roi;06\x0012345678\n", "nul"),
    "a workbook cut short": (XLSX[:20_000], "corrupt"),
    "an old workbook cut short": (XLS[:9_000], "corrupt"),
    "an encrypted workbook": (
        reader._OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600,
        "encrypted",
    ),
    "an encrypted OpenDocument": (
        zipped({"content.xml": b"<x/>", "META-INF/manifest.xml": b"<m:encryption-data/>"}),
        "encrypted",
    ),
    "a zip that unfolds too large": (zipped({"xl/workbook.xml": b"\0" * (30 << 20)}), "too_demanding"),
    "a zip with too many parts": (zipped({f"xl/{i}": b"x" for i in range(600)}), "too_demanding"),
    "too many columns": (b";".join(b"c%d" % i for i in range(300)) + b"\n", "too_many_columns"),
    "too many rows": (HEAD + b"R;0612345678\n" * (reader.MAX_ROWS + 1), "too_many_rows"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_reason(uploads: Uploads, receive: Receive, actor: Actor, name: str) -> None:
    content, why = BAD[name]
    upload = receive(actor, content)
    for _ in range(2):  # the answer is kept, and is the same
        with pytest.raises(UnreadableFile) as refused:
            preview(uploads, actor, upload)
        assert refused.value.why == why
    assert all(refused.value.key in catalogue(lang) for lang in LANGUAGES)


def test_a_child_that_dies_is_a_sentence(
    uploads: Uploads,
    receive: Receive,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for code, why in (("import os; os.kill(os.getpid(), 9)", "too_demanding"), ("raise SystemExit(3)", "corrupt")):
        script = tmp_path_factory.mktemp("child") / "child.py"
        script.write_text(code)
        monkeypatch.setattr(sandbox.reader, "__file__", str(script))
        with pytest.raises(UnreadableFile) as refused:
            preview(uploads, actor, receive(actor, HEAD + b"R;0612345678\n"))
        assert refused.value.why == why


def test_a_child_that_asks_for_too_much_memory_is_stopped(
    uploads: Uploads,
    receive: Receive,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    script = tmp_path_factory.mktemp("child") / "child.py"
    hungry = "\ndef read(*_):\n    return {'x': len(bytearray(3 << 30))}\n\nif __name__"
    script.write_text(Path(reader.__file__).read_text().replace("\nif __name__", hungry))
    monkeypatch.setattr(sandbox.reader, "__file__", str(script))
    with pytest.raises(UnreadableFile) as refused:
        preview(uploads, actor, receive(actor, HEAD + b"R;0612345678\n"))
    assert refused.value.why == "too_demanding"


def test_a_hundred_megabytes_are_the_most(uploads: Uploads, actor: Actor) -> None:
    with pytest.raises(FileTooLarge):
        uploads.receive(actor, "huge.csv", MAX_BYTES + 1)
    incoming = uploads.receive(actor, "huge.csv")
    piece = b"x" * (1 << 20)
    for _ in range(MAX_BYTES >> 20):
        incoming.write(piece)
    with pytest.raises(FileTooLarge):
        incoming.write(b"x")
    assert not list(incoming._path.parent.iterdir())


def test_only_the_last_few_files_of_an_account_are_kept(uploads: Uploads, receive: Receive, actor: Actor) -> None:
    ids = [receive(actor, HEAD + b"R;0612345678\n") for _ in range(KEPT_FILES + 3)]
    preview(uploads, actor, ids[-1])
    with pytest.raises(UploadGone):
        uploads.find(actor, ids[0])
    assert len(list((uploads._folder / "1").glob("*.bin"))) == KEPT_FILES


def test_a_file_is_kept_for_a_day_though_its_account_sends_nothing_more(
    uploads: Uploads, receive: Receive, actor: Actor
) -> None:
    """With all that was made of it, and what a page noted when it was imported already."""
    old, young = receive(actor, HEAD + b"R;0612345678\n"), receive(actor, HEAD + b"R;0612345679\n")
    folder = uploads.find(actor, old).path.parent
    for upload in (old, young):
        preview(uploads, actor, upload)
        uploads.note(actor, upload, {"typed": "06"})
    (folder / f"{'x' * 22}.noted").write_text("{}")
    for path in folder.iterdir():
        if not path.name.startswith(young):
            os.utime(path, (time.time() - KEPT_SECONDS - 60,) * 2)
    uploads.sweep()
    assert {path.name[:22] for path in folder.iterdir()} == {young}
    assert preview(uploads, actor, young).count == 1


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('Nom;Portable\n"Rey;0612345678\nRoi;0687654321\n', {2: "open_quote", 3: ""}),
        ('Nom;Portable\n12" écran;0612345678\n', {2: ""}),
        ('Nom;Portable\n"a ""b"" ; c";0612345678\n', {2: ""}),
        ('Nom;Portable\n"deux\nlignes";0612345678\nRoi;1\n', {2: "", 3: ""}),
        ("Nom;Portable\nRey;0612345678;;\nRoi;0687654321;Paris\nSeul\n", {2: "", 3: "extra_cells", 4: ""}),
        ("sep=;\nNom;Portable\n\nRey;0612345678\n", {3: ""}),
        ("Nom;Portable\r\nRey;0612345678\rRoi;0687654321\n", {2: "", 3: ""}),
    ],
)
def test_p21_quotes_and_ragged_rows(
    uploads: Uploads, receive: Receive, actor: Actor, text: str, rows: dict[int, str]
) -> None:
    table = sandbox.read_table(uploads.find(actor, receive(actor, text.encode())).path, Reading(separator=";"))
    assert dict(table.rows(1).select("row", "flaw").iter_rows()) == rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.text(st.sampled_from('ab;"\n é'), max_size=6), min_size=2, max_size=4), min_size=1, max_size=6)
)
def test_what_a_spreadsheet_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    import csv

    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    cut = [(cells, flaw) for _, cells, flaw in cutting.records(out.getvalue().removesuffix("\n").split("\n"), ";")]
    assert cut == [(row, "") for row in rows]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted([path.name for path in DATA.glob("*-*.csv")] + ["clients-500-tab-utf16.txt"])),
    st.lists(st.tuples(st.integers(0, 20_000), st.binary(min_size=1, max_size=4)), max_size=6),
    st.integers(1, 20_000),
)
def test_a_damaged_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, wounds: list[tuple[int, bytes]], length: int
) -> None:
    content = bytearray((DATA / name).read_bytes()[:length])
    for at, bits in wounds:
        content[at : at + len(bits)] = bits
    folder = tmp_path_factory.mktemp("wounded")
    (folder / "in").write_bytes(content)
    facts: dict[str, object] = {}
    with suppress(Unreadable):
        facts = read(folder / "in", folder / "out", {})
    assert facts.get("rows", 1) != 0


def test_mixed_encodings_and_utf16_without_a_mark(uploads: Uploads, receive: Receive, actor: Actor) -> None:
    mixed = "Nom;Portable\nÉlan;0612345678\nœuf;0687654321\n".encode() + "Été;0611111111\n".encode("cp1252")
    seen = preview(uploads, actor, receive(actor, mixed))
    assert [cells[0] for _, cells in seen.rows] == ["Élan", "œuf", "Été"]
    seen = preview(uploads, actor, receive(actor, "Nom;Portable\nÉlan;0612345678\n".encode("utf-16-le")))
    assert seen.rows[0][1] == ("Élan", "0612345678")


@pytest.mark.parametrize("sign", [*"^~:#!*=%$§¤€<>{}[]?", " ", "a", "µ"])
def test_s65_any_single_character_may_stand_between_the_cells(
    uploads: Uploads, receive: Receive, actor: Actor, sign: str
) -> None:
    rows = [("nom", "portable", "mel"), ("Rey", "+33 6 12 34 56 78", "r.ey@x-y.fr"), ("L'Œil", "0687654321", "")]
    if sign in " aµ":  # no guess: a person says so
        rows = [tuple(cell.replace(sign, "") for cell in row) for row in rows]
    table = "\n".join(sign.join(row) for row in rows)
    upload = receive(actor, table.encode())
    seen = preview(uploads, actor, upload, Reading(separator=sign if sign in " aµ" else ""))
    assert seen.reading.separator == sign
    assert [row for _, row in seen.rows] == rows[1:]


def test_a_list_of_numbers_only_has_no_separator(uploads: Uploads, receive: Receive, actor: Actor) -> None:
    for lines in (["06.12.34.56.78", "06.87.65.43.21"], ["+33-612345678", "+33-687654321"], ["a_b@x.fr", "c_d@x.fr"]):
        seen = preview(uploads, actor, receive(actor, "\n".join(lines).encode()))
        assert [row for _, row in seen.rows] == [(line,) for line in lines]


def test_two_who_open_a_file_at_once_read_a_copy_each(
    uploads: Uploads, receive: Receive, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one of them reads must not be written over by the other's child."""
    path = uploads.find(actor, receive(actor, HEAD + b"R;0612345678\n")).path
    both, child, written = Barrier(2), sandbox._run_child, []

    def run(request: dict[str, object]) -> dict[str, object]:
        both.wait(30)
        written.append(request["out"])
        return child(request)

    monkeypatch.setattr(sandbox, "_run_child", run)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: sandbox.read_table(path, Reading()), range(2))
    assert len(set(written)) == 2
    assert first.rows().equals(second.rows())
    assert not list(path.parent.glob("*.part"))


@pytest.mark.parametrize(
    "below",
    [
        '"Paul";"0687654321"\n"Duc";0633333333\n',
        '"Duc; Roi";"0687654321"\nPaul;0633333333\n',
        'B "x" y;0687654321\nC;0633333333\n',
        "Paul;0687654321\nLea;0633333333\n",
    ],
)
def test_a_lone_quote_takes_no_other_row_with_it(uploads: Uploads, receive: Receive, actor: Actor, below: str) -> None:
    upload = receive(actor, HEAD + b'"Jean;0612345678\n' + below.encode())
    rows = sandbox.read_table(uploads.find(actor, upload).path, Reading()).rows()
    assert rows["row"].to_list() == [1, 2, 3, 4]
    assert rows["flaw"].to_list() == ["", "open_quote", "", ""]
    assert rows["c1"].to_list() == ["Portable", "0612345678", "0687654321", "0633333333"]


def test_lines_of_two_encodings_are_each_read_as_they_are(uploads: Uploads, receive: Receive, actor: Actor) -> None:
    windows, unicode = "Œil’\nÉlise\n".encode("cp1252"), "Zoé œ ’ €\n".encode()
    for mixed in (windows + unicode, unicode * 3 + windows, windows * 3 + unicode):
        names = {row[0] for _, row in preview(uploads, actor, receive(actor, mixed), Reading(header=False)).rows}
        assert names == {"Œil’", "Élise", "Zoé œ ’ €"}
