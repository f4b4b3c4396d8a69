"""The import desk: look at a file, check it, import it. Every row read has one outcome: `writing.py` asserts it.

``preview`` reads the file and guesses; ``check`` says what would happen and writes nothing; ``run_import`` does it in
one transaction (S64-S67, S73, S74, M4, M27). What was rejected is read in `rejections.py`.
"""

from dataclasses import dataclass, replace

import polars as pl

from smsapp.accounts.actor import Actor
from smsapp.contacts.service import region_of
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import pretty
from smsapp.imports.mapping import Column, checked, guess_columns, guess_header
from smsapp.imports.rejections import CheckedRow
from smsapp.imports.sandbox import Reading, Table, read_table
from smsapp.imports.sorting import Sorted, printed, sort_rows
from smsapp.imports.uploads import Upload, Uploads
from smsapp.imports.writing import Choices, Result, fates, owned_import, result_of, write_import

SHOWN = 50
PREVIEW_ROWS = 12

GUESS = Reading()


class NoPhoneColumn(Refusal):
    """No column of the file was chosen as the one with the numbers (S67)."""

    key = "imports.no_phone_column"


class NoRows(Refusal):
    """The file has a header and nothing below it."""

    key = "imports.bad.empty"


@dataclass(frozen=True)
class Preview:
    """What a file looks like as it was read: ``reading`` has every guess filled in, ``rows`` are the first of them."""

    upload: Upload
    kind: str
    reading: Reading
    sheets: tuple[str, ...]
    raw: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    count: int


@dataclass(frozen=True)
class Check:
    """What an import would do. ``read = created + known + duplicates + blacklisted + rejected``.

    ``samples`` holds at most 50 rows per outcome; ``reasons`` counts the rejected rows by reason, ``repairable`` those
    with a suggestion, ``ambiguous`` the numbers that another country's reading fits as well (M13).
    """

    read: int
    created: int
    known: int
    duplicates: int
    blacklisted: int
    rejected: int
    repairable: int
    ambiguous: int
    reasons: dict[str, int]
    samples: dict[str, tuple[CheckedRow, ...]]


def preview(uploads: Uploads, actor: Actor, upload_id: str, reading: Reading = GUESS) -> Preview:
    """Read a received file as ``reading`` says, guessing what it leaves open.

    Raises:
        UploadGone, UnreadableFile
    """
    upload = uploads.find(actor, upload_id)
    table = read_table(upload.path, reading)
    header = guess_header(table.rows) if reading.header is None else reading.header
    body = table.rows.slice(1 if header else 0)
    return Preview(
        upload=upload,
        kind=table.kind,
        reading=replace(reading, encoding=table.encoding, separator=table.separator, sheet=table.sheet, header=header),
        sheets=table.sheets,
        raw=table.raw,
        columns=guess_columns(table.rows, header),
        rows=tuple((row[0], row[2:]) for row in body.head(PREVIEW_ROWS).iter_rows()),
        count=body.height,
    )


def check(db: Database, uploads: Uploads, actor: Actor, upload_id: str, choices: Choices) -> Check:
    """Say what would become of each row; nothing is written.

    Raises:
        UploadGone, UnreadableFile, NoPhoneColumn, NoRows
    """
    upload = uploads.find(actor, upload_id)
    _, found = _sorted(db, actor, upload, choices)
    with db.read() as session:
        outcome = fates(session, actor, found, choices.blacklist)
    repeated = found.repeated.with_columns(note=pl.col("of").cast(pl.String))
    rejected = tuple(
        CheckedRow(row, name, value, reason, missing, printed(suggestion))
        for row, name, value, reason, suggestion, missing in found.rejected.head(SHOWN).iter_rows()
    )
    reasons = dict(found.rejected["reason"].value_counts(sort=True).iter_rows())
    return Check(
        read=found.read,
        created=outcome["created"].height,
        known=outcome["known"].height,
        duplicates=repeated.height,
        blacklisted=outcome["blacklisted"].height,
        rejected=found.rejected.height,
        repairable=found.rejected.height - found.rejected["suggestion"].null_count(),
        ambiguous=int((found.numbers["warning"] == "ambiguous").sum()),
        reasons=reasons,
        samples={
            **{name: _shown(table) for name, table in outcome.items()},
            "duplicates": _shown(repeated),
            "rejected": rejected,
        },
    )


def run_import(db: Database, uploads: Uploads, actor: Actor, upload_id: str, choices: Choices) -> Result:
    """Import a file: all of it or nothing. The file is forgotten afterwards.

    A number already in the book keeps its state, and only its empty fields are completed. A blacklisted number stays
    blacklisted and nothing of it is touched (M27). With ``blacklist`` the numbers go to the blacklist, not to the book
    (S73): ``created`` are those that were not on it.

    Raises:
        UploadGone, UnreadableFile, NoPhoneColumn, NoRows
    """
    upload = uploads.claim(actor, upload_id)
    try:
        table, found = _sorted(db, actor, upload, choices)
        result = db.retrying(lambda session: write_import(session, db, actor, upload, choices, table, found))
    except BaseException:
        uploads.give_back(upload)
        raise
    uploads.remove(upload)
    return result


def import_result(db: Database, actor: Actor, import_id: int) -> Result:
    """What an import of this account did.

    Raises:
        ImportNotFound
    """
    with db.read() as session:
        return result_of(session, owned_import(session, actor, import_id))


def _sorted(db: Database, actor: Actor, upload: Upload, choices: Choices) -> tuple[Table, Sorted]:
    table = read_table(upload.path, choices.reading)
    fields = checked(choices.mapping, table.width)
    if "portable" not in fields:
        raise NoPhoneColumn
    header = guess_header(table.rows) if choices.reading.header is None else choices.reading.header
    body = table.rows.slice(1 if header else 0)
    if body.is_empty():
        raise NoRows
    return table, sort_rows(body, fields, choices.region or region_of(db, actor))


def _shown(table: pl.DataFrame) -> tuple[CheckedRow, ...]:
    notes = table["note"] if "note" in table.columns else [""] * min(table.height, SHOWN)
    return tuple(
        CheckedRow(r["row"], f"{r['prenom']} {r['nom']}".strip() or r["societe"], pretty(r["e164"]), note=note or "")
        for r, note in zip(table.head(SHOWN).iter_rows(named=True), notes, strict=False)
    )
