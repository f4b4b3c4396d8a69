"""Rejected rows repaired in place, after the import: each becomes what it would have been with the right number."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.contacts.blacklist import numbers_in
from smsapp.contacts.bulk import with_keys
from smsapp.contacts.service import why_unreadable
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import Unreadable, read_number
from smsapp.imports.choices import Choices
from smsapp.imports.mapping import checked
from smsapp.imports.sandbox import Reading
from smsapp.imports.sorting import sort_rows
from smsapp.imports.steps import check_sum
from smsapp.imports.tables import ContactImport, Rejection
from smsapp.imports.turns import take_turn
from smsapp.imports.undo import owned_import
from smsapp.imports.writing import Slice, write_slice

AT_ONCE = 5_000


class NotRepairable(Refusal):
    """The import was taken back, or is not done: there is nothing to add to."""

    key = "imports.not_repairable"


class StillUnreadable(Refusal):
    """What was typed is no number that can be written to either."""

    def __init__(self, found: Unreadable) -> None:
        super().__init__(*why_unreadable(found.reason, found.missing_digits or 0))


@dataclass(frozen=True)
class Repaired:
    """How many rows are no longer rejected, and how many still are."""

    repaired: int
    left: int


def repair(db: Database, actor: Actor, import_id: int, row: int, number: str) -> Repaired:
    """Import one rejected row with another number.

    Raises:
        ImportNotFound, NotRepairable, StillUnreadable
    """
    return db.retrying(lambda session: _repair(session, db, actor, import_id, {row: number}, typed=True))


def accept(db: Database, actor: Actor, import_id: int, reason: str = "") -> Repaired:
    """Import every rejected row that has a suggestion, as suggested; those of one reason, or all.

    Raises:
        ImportNotFound, NotRepairable
    """
    total, left, after = 0, 0, 0
    while True:
        with db.read() as session:
            owned_import(session, actor, import_id)
            asked = select(Rejection.row, Rejection.suggestion).where(
                Rejection.import_id == import_id, Rejection.suggestion != "", Rejection.row > after
            )
            if reason:
                asked = asked.where(Rejection.reason == reason)
            found = session.execute(asked.order_by(col(Rejection.row)).limit(AT_ONCE)).all()
        if not found:
            return Repaired(total, left)
        numbers = {int(row): str(suggestion) for row, suggestion in found}
        done = db.retrying(lambda session, numbers=numbers: _repair(session, db, actor, import_id, numbers))  # type: ignore[misc]
        total, left, after = total + done.repaired, done.left, max(numbers)


def _repair(
    session: Session, db: Database, actor: Actor, import_id: int, numbers: Mapping[int, str], *, typed: bool = False
) -> Repaired:
    take_turn(session, db, actor.account_id)
    made = owned_import(session, actor, import_id, lock=True)
    if made.status != "done":
        raise NotRepairable
    asked = select(Rejection).where(Rejection.import_id == import_id, col(Rejection.row).in_(list(numbers)))
    rows = session.execute(asked.order_by(col(Rejection.row))).scalars().all()
    if not rows:  # somebody else has done it
        return Repaired(0, made.rejected)
    region = made.reading.get("region") or _region(session, actor)
    if typed and isinstance(found := read_number(numbers[rows[0].row], region), Unreadable):
        raise StillUnreadable(found)
    width = max(len(row.cells) for row in rows)
    fields = checked({int(index): field for index, field in made.mapping.items()}, width)
    table = pl.DataFrame(
        [(row.row, row.reason if row.reason in ("open_quote", "extra_cells") else "", *row.cells) for row in rows],
        schema={"row": pl.Int64, "flaw": pl.String, **{f"c{i}": pl.String for i in range(width)}},
        orient="row",
    )
    sorted_rows = sort_rows([table], fields, region, repairs={row.row: numbers[row.row] for row in rows})
    choices = Choices(Reading(), {}, blacklist=made.to_blacklist, policy=made.policy)
    people = sorted_rows.numbers
    if not choices.blacklist:  # what the file holds twice comes once, before a repair as after it
        people = people.filter(~pl.col("e164").is_in(list(_brought(session, actor, import_id, people["e164"]))))
    write_slice(session, db, actor, made, choices, Slice(with_keys(people)))
    made.duplicates += sorted_rows.repeated.height + sorted_rows.numbers.height - people.height
    still = set(sorted_rows.rejected["row"].to_list())
    for row in rows:
        if row.row not in still:
            session.delete(row)
    made.rejected -= len(rows) - len(still)
    check_sum(made)
    session.add(made)
    return Repaired(len(rows) - len(still), made.rejected)


def _brought(session: Session, actor: Actor, import_id: int, numbers: pl.Series) -> set[int]:
    """Those of the numbers that rows of this import brought already, or whose contact it changed."""
    asked = (
        "SELECT c.e164 FROM contact AS c WHERE c.account_id = :a AND c.deleted_at IS NULL AND c.e164 IN ({{}}) AND"
        " (c.import_id = {i} OR EXISTS (SELECT 1 FROM import_change WHERE import_id = {i} AND contact_id = c.id))"
    )
    asked = asked.format(i=int(import_id))
    return numbers_in(session, asked, actor.account_id, numbers.to_list())


def _region(session: Session, actor: Actor) -> str:
    account = session.get(Account, actor.account_id)
    return account.region if account else "FR"


def repairable(session: Session, made: ContactImport) -> int:
    """How many rejected rows of an import have a suggestion."""
    asked = select(col(Rejection.row)).where(Rejection.import_id == made.id, Rejection.suggestion != "")
    return len(session.execute(asked).all())
