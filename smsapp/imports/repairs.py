"""Rejected rows repaired in place, after the import: each becomes what it would have been with the right number."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from sqlalchemy import func
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.contacts.blacklist import numbers_in
from smsapp.contacts.bulk import with_keys
from smsapp.contacts.service import why_unreadable
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import Unreadable, read_number
from smsapp.imports.agreements import with_proof
from smsapp.imports.choices import Choices
from smsapp.imports.days import REASONS as DAYS
from smsapp.imports.days import Calendar, is_day, printed_day
from smsapp.imports.grouping import known_groups, named_in, settle
from smsapp.imports.mapping import GROUPS, checked
from smsapp.imports.reader import MAX_CELL
from smsapp.imports.sandbox import Reading
from smsapp.imports.sorting import FLAWS, GROUPED, sort_rows
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


class StillNoDay(Refusal):
    """What was typed is no day on which somebody can have agreed."""

    key = "imports.still_no_day"


@dataclass(frozen=True)
class Repaired:
    """How many rows are no longer rejected, and how many still are."""

    repaired: int
    left: int


def repair(db: Database, actor: Actor, import_id: int, row: int, number: str) -> Repaired:
    """Import one rejected row with another number, or another day of consent where that is what cannot be read.

    Raises:
        ImportNotFound, NotRepairable, StillUnreadable, StillNoDay
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
    calendar = Calendar(db.now().date(), made.reading.get("days") == "month_first")
    days = {row.row: numbers[row.row] for row in rows if row.reason in DAYS}
    put = {row.row: numbers[row.row] for row in rows if row.reason not in DAYS}
    if typed:
        _check_typed(rows[0], numbers[rows[0].row], region, calendar)
    width = max(len(row.cells) for row in rows)
    fields = checked({int(index): field for index, field in made.mapping.items()}, width)
    table = pl.DataFrame(
        [(row.row, row.reason if row.reason in FLAWS else "", *row.cells) for row in rows],
        schema={"row": pl.Int64, "flaw": pl.String, **{f"c{i}": pl.String for i in range(width)}},
        orient="row",
    )
    sorted_rows = sort_rows([table], fields, region, repairs=put, by_hand=days, calendar=calendar)
    choices = Choices(Reading(), {}, blacklist=made.to_blacklist, policy=made.policy)
    people = sorted_rows.numbers
    if not choices.blacklist:  # what the file holds twice comes once, before a repair as after it
        people = people.filter(~pl.col("e164").is_in(list(_brought(session, actor, import_id, people["e164"]))))
    named = None
    if GROUPED in people.columns:
        named = named_in(people[GROUPED], known_groups(session, actor), made.reading.get("groups", ""))
        settle(session, db, actor, import_id, named)
    write_slice(session, db, actor, made, choices, Slice(with_keys(with_proof(people, import_id))), named)
    made.duplicates += sorted_rows.repeated.height + sorted_rows.numbers.height - people.height
    still = {one["row"]: one for one in sorted_rows.rejected.iter_rows(named=True)}
    for row in rows:
        if row.row not in still:
            session.delete(row)
        elif still[row.row]["reason"] in DAYS and row.row in put:
            _now_a_day(session, row, still[row.row], fields)
    made.rejected -= len(rows) - len(still)
    check_sum(made)
    session.add(made)
    return Repaired(len(rows) - len(still), made.rejected)


def _check_typed(row: Rejection, typed: str, region: str, calendar: Calendar) -> None:
    """Raises StillUnreadable, StillNoDay."""
    if row.reason in DAYS:
        if not is_day(typed.strip(), calendar.today):
            raise StillNoDay
    elif isinstance(found := read_number(typed, region), Unreadable):
        raise StillUnreadable(found)


def _now_a_day(session: Session, row: Rejection, found: Mapping[str, str], fields: Mapping[str, int]) -> None:
    """The number of a row is right now, the day of its consent is not: that is what is left to put right."""
    cells = list(row.cells)
    cells[fields["portable"]] = found["put"]
    if GROUPS in fields:  # trusted from now on, as far as it goes
        cells[fields[GROUPS]] = cells[fields[GROUPS]][: MAX_CELL - 1]
    row.value, row.reason, row.suggestion, row.cells = found["value"], found["reason"], printed_day(found["day"]), cells
    session.add(row)


def _brought(session: Session, actor: Actor, import_id: int, numbers: pl.Series) -> set[int]:
    """Those of the numbers that rows of this import brought already, or whose contact it changed."""
    asked = (
        "SELECT c.e164 FROM contact AS c WHERE c.account_id = :a AND c.deleted_at IS NULL AND c.e164 IN ({{}}) AND"
        " (c.import_id = {i} OR EXISTS (SELECT 1 FROM import_change WHERE import_id = {i} AND contact_id = c.id)"
        " OR EXISTS (SELECT 1 FROM import_member WHERE import_id = {i} AND contact_id = c.id))"
    )
    asked = asked.format(i=int(import_id))
    return numbers_in(session, asked, actor.account_id, numbers.to_list())


def _region(session: Session, actor: Actor) -> str:
    account = session.get(Account, actor.account_id)
    return account.region if account else "FR"


def repairable(session: Session, made: ContactImport) -> int:
    """How many rejected rows of an import have a suggestion."""
    asked = select(func.count()).where(Rejection.import_id == made.id, Rejection.suggestion != "")
    return int(session.execute(asked).scalar_one())
