"""The rows that an import rejected: read by page, counted by reason, written out to be repaired and imported again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.service import region_of
from smsapp.db import Database
from smsapp.domain.phone import Reason, Unreadable, read_number
from smsapp.imports.tables import Rejection
from smsapp.imports.undo import owned_import

SHOWN = 50


@dataclass(frozen=True)
class CheckedRow:
    """A row in its outcome. ``row`` as the spreadsheet shows it; ``note``: the row it repeats, or empty. ``e164`` and
    ``other``: the two readings of an ambiguous value, the one that was taken and the other country's (M13), or 0.
    """

    row: int
    name: str
    value: str
    reason: str = ""
    missing: int = 0
    suggestion: str = ""
    note: str = ""
    e164: int = 0
    other: int = 0


@dataclass(frozen=True)
class ReasonCount:
    """How many rows were rejected for a reason, and how many of them have a suggestion."""

    reason: str
    count: int
    repairable: int


def rejections(
    db: Database, actor: Actor, import_id: int, *, reason: str = "", after: int = 0, limit: int = SHOWN
) -> list[CheckedRow]:
    """Rejected rows of an import in the order of the file, those after row ``after``.

    Raises:
        ImportNotFound
    """
    with db.read() as session:
        made = owned_import(session, actor, import_id)
        asked = select(Rejection).where(Rejection.import_id == import_id, Rejection.row > after)
        if reason:
            asked = asked.where(Rejection.reason == reason)
        found = session.execute(asked.order_by(col(Rejection.row)).limit(limit)).scalars().all()
    named = [int(index) for field in ("prenom", "nom") for index, given in made.mapping.items() if given == field]
    region = made.reading.get("region") or region_of(db, actor)
    return [
        CheckedRow(
            rejection.row,
            " ".join(filter(None, (_at(rejection.cells, index) for index in named))),
            rejection.value,
            rejection.reason,
            _missing(rejection, region),
            rejection.suggestion,
        )
        for rejection in found
    ]


def rejection_reasons(db: Database, actor: Actor, import_id: int) -> list[ReasonCount]:
    """How many rows of an import were rejected for each reason, the most frequent first.

    Raises:
        ImportNotFound
    """
    with db.read() as session:
        owned_import(session, actor, import_id)
        asked = (
            select(Rejection.reason, func.count(), func.count(func.nullif(Rejection.suggestion, "")))
            .where(Rejection.import_id == import_id)
            .group_by(Rejection.reason)
            .order_by(func.count().desc(), Rejection.reason)
        )
        return [ReasonCount(*found) for found in session.execute(asked)]


def rejected_rows(db: Database, actor: Actor, import_id: int) -> tuple[list[str], Iterator[Rejection]]:
    """Header and rejected rows of an import, whole, to be written out; read in slices of a thousand.

    Raises:
        ImportNotFound
    """
    with db.read() as session:
        columns = list(owned_import(session, actor, import_id).columns)

    def walk() -> Iterator[Rejection]:
        after = 0
        while True:
            asked = select(Rejection).where(Rejection.import_id == import_id, Rejection.row > after)
            with db.read() as session:
                found = session.execute(asked.order_by(col(Rejection.row)).limit(1000)).scalars().all()
            if not found:
                return
            yield from found
            after = found[-1].row

    return columns, walk()


def _at(cells: Sequence[str], index: int) -> str:
    return cells[index] if index < len(cells) else ""


def _missing(rejection: Rejection, region: str) -> int:
    """How many digits a number that is too short lacks, if that can be said."""
    if rejection.reason != Reason.TOO_SHORT:
        return 0
    read = read_number(rejection.value, region)
    return (read.missing_digits or 0) if isinstance(read, Unreadable) else 0
