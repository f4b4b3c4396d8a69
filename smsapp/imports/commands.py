"""The import of the command line: the page's own service, its answer as one JSON object."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.sessions import actor as actor_of
from smsapp.accounts.tables import Account, User
from smsapp.contacts.fields import fields
from smsapp.contacts.folding import fold
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.imports import service
from smsapp.imports.choices import Choices
from smsapp.imports.mapping import Column, is_field, kept_by, own_field, reason_column, with_reason
from smsapp.imports.rejections import CheckedRow, rejections
from smsapp.imports.sandbox import Reading
from smsapp.imports.steps import OUTCOMES
from smsapp.imports.uploads import Upload, Uploads

PIECE = 1 << 20


class UnknownAccount(Refusal):
    """Nobody has that identifiant."""

    key = "imports.unknown_account"


class UnknownColumn(Refusal):
    """``--map`` names a column that the file does not have, or a field that cannot be."""

    key = "imports.unknown_column"


def owner(db: Database, identifiant: str) -> Actor:
    """The person with that identifiant.

    Raises:
        UnknownAccount
    """
    asked = select(User, Account).join(Account, col(Account.id) == col(User.account_id))
    with db.read() as session:
        found = session.execute(asked.where(func.lower(User.identifiant) == identifiant.strip().lower())).first()
    if found is None:
        raise UnknownAccount(name=identifiant)
    return actor_of(found[0], found[1])


def bring(
    db: Database,
    uploads: Uploads,
    actor: Actor,
    path: Path,
    maps: Sequence[str] = (),
    *,
    group: str = "",
    blacklist: bool = False,
    dry_run: bool = False,
    header_row: int | None = None,
) -> dict[str, Any]:
    """Import a file, or only check it: the row that names the columns and how many lines stand above it, which are left
    out; rows read, the count of each outcome, the rejected rows. ``header_row`` is that row, 0 for none; it is guessed
    when it is not said.

    ``maps`` are ``COLUMN=FIELD``: a header or a column's number from 1; portable, nom, prenom, email, societe, nothing
    to ignore it, +NAME for a field of one's own, consentement_source, consentement_date, consentement_texte, groupes,
    or motif for the reasons of a ``blacklist``.

    Raises:
        OSError, Refusal
    """
    upload = _received(uploads, actor, path)
    try:
        seen = service.preview(uploads, actor, upload.id, Reading(header=header_row), fields(db, actor))
        mapping = {column.index: column.field for column in seen.columns}
        if blacklist:
            mapping = with_reason(mapping, reason_column(seen.columns))
        for one in maps:
            index, field = _mapped(one, seen.columns, blacklist)
            mapping = {i: "" if name == field else name for i, name in mapping.items()} | {index: field}
        choices = Choices(seen.reading, mapping, group, blacklist)
        header = {"header_row": seen.reading.header, "left_out": seen.above}
        if dry_run:
            said = service.check(db, uploads, actor, upload.id, choices, named=seen.count)
            counts = {name: getattr(said, name) for name in ("read", *OUTCOMES)}
            return header | counts | {"rejected_rows": [_row(row) for row in said.samples["rejected"]]}
        done = service.run_import(db, uploads, actor, upload.id, choices)
    finally:
        uploads.remove(upload)
    counts = {name: getattr(done, name) for name in ("read", *OUTCOMES)}
    return {"import": done.id} | header | counts | {"rejected_rows": [_row(row) for row in _every(db, actor, done.id)]}


def _received(uploads: Uploads, actor: Actor, path: Path) -> Upload:
    with path.open("rb") as file:
        incoming = uploads.receive(actor, path.name, path.stat().st_size)
        while piece := file.read(PIECE):
            incoming.write(piece)
    return incoming.done()


def _mapped(one: str, columns: Sequence[Column], blacklist: bool) -> tuple[int, str]:
    name, _, wanted = one.rpartition("=")
    field = own_field(wanted[1:]) if wanted.startswith("+") else wanted.strip().lower()
    found = [c.index for c in columns if fold(c.header) == fold(name) or str(c.index + 1) == name.strip()]
    known = is_field(field) and kept_by({0: field}, blacklist)[0] == field
    if not found or (not known if field else bool(wanted.strip())):
        raise UnknownColumn(name=one)
    return found[0], field


def _every(db: Database, actor: Actor, import_id: int) -> Iterator[CheckedRow]:
    after = 0
    while rows := rejections(db, actor, import_id, after=after, limit=1_000):
        yield from rows
        after = rows[-1].row


def _row(row: CheckedRow) -> dict[str, Any]:
    return {"row": row.row, "value": row.value, "reason": row.reason, "suggestion": row.suggestion}
