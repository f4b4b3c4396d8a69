"""An import from its first step to its last: each step is one transaction that also says how far the import is.

A process that dies between two steps leaves a ``running`` import behind: whoever starts next sorts the same file the
same way and goes on after the last step that was committed. What cannot go on is taken back whole. Never half.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.contacts.fields import MOST_FIELDS, TooManyFields, fields_of, key_of, new_field
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.imports.choices import Choices
from smsapp.imports.days import Calendar, is_month_first
from smsapp.imports.grouping import Known, Named, known_groups, named_in, settle
from smsapp.imports.headers import Headed, read_headed
from smsapp.imports.mapping import DAY, OWN, by_key, checked, kept_by, shape_of
from smsapp.imports.sorting import GROUPED, Sorted, sort_rows
from smsapp.imports.tables import ContactImport
from smsapp.imports.turns import take_turn
from smsapp.imports.undo import take_back
from smsapp.imports.uploads import Upload, UploadGone, Uploads
from smsapp.imports.writing import Slice, group_for, ready, reject, write_slice

SLICE = 100_000  # numbers in one transaction: a second of SQLite's only writer
REJECTED = 20_000  # rejected rows in one transaction
OUTCOMES = ("created", "completed", "known", "duplicates", "blacklisted", "rejected")

Told = Callable[[int], bool]
"""Called with the account's id after each step; False stops the import there, to go on another time."""


class NoPhoneColumn(Refusal):
    """No column of the file was chosen as the one with the numbers (S67)."""

    key = "imports.no_phone_column"


class NoRows(Refusal):
    """The file has a header and nothing below it."""

    key = "imports.bad.empty"


@dataclass(frozen=True)
class Plan:
    """A sorted file, cut into steps: rejected rows first, then the numbers in rising order."""

    headed: Headed
    found: Sorted
    region: str
    edges: tuple[tuple[int, int], ...]  # lowest and highest number of each slice
    calendar: Calendar
    named: Named | None  # the groups that the rows name, if a column does

    @property
    def rejections(self) -> int:
        """How many steps the rejected rows take."""
        return -(-self.found.rejected.height // REJECTED)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return self.rejections + len(self.edges)

    def slice_of(self, place: int) -> pl.DataFrame:
        """The numbers of one slice."""
        low, high = self.edges[place]
        return self.found.numbers.filter(pl.col("e164").is_between(low, high))


def settled(session: Session, actor: Actor, choices: Choices) -> Choices:
    """The choices with the account's own fields by key, whatever their names are by now; for the book, no reasons;
    for the blacklist, no consent and no groups.

    Raises:
        TooManyFields: the account may not have so many of its own.
    """
    known = fields_of(session, actor.account_id)
    mapping = by_key(kept_by(choices.mapping, choices.blacklist), known)
    new = {key_of(field[1:]) for field in mapping.values() if field.startswith(OWN)} - {one.key for one in known}
    if new and not choices.blacklist and len(known) + len(new) > MOST_FIELDS:
        raise TooManyFields
    return replace(choices, mapping=mapping)


def plan(upload: Upload, choices: Choices, region: str, today: date, known: Mapping[str, Known]) -> Plan:
    """Read and sort a file; ``known`` are the account's groups.

    Raises:
        UnreadableFile, NoSuchRow, NoPhoneColumn, NoRows, TooManyGroups, SmartGroupInColumn
    """
    headed = read_headed(upload.path, choices.reading)
    fields = checked(choices.mapping, headed.table.width)
    if "portable" not in fields:
        raise NoPhoneColumn
    if not headed.count:
        raise NoRows
    region = choices.region or region
    calendar = Calendar(today)
    if DAY in fields:
        days = (piece.select(f"c{fields[DAY]}").to_series() for piece in headed.table.pieces(headed.skip))
        calendar = Calendar(today, is_month_first(pl.concat([day.unique() for day in days])))
    pieces = headed.table.pieces(headed.skip)
    found = sort_rows(pieces, fields, region, choices.accepted, choices.repairs, choices.days, calendar)
    outcomes = found.numbers.height + found.repeated.height + found.rejected.height
    assert outcomes == found.read == headed.count, f"{found.read} rows read, {outcomes} accounted for"
    numbers = found.numbers["e164"].sort()
    edges = tuple(
        (int(numbers[at]), int(numbers[min(at + SLICE, numbers.len()) - 1])) for at in range(0, numbers.len(), SLICE)
    )
    named = named_in(found.numbers[GROUPED], known) if GROUPED in found.numbers.columns else None
    return Plan(headed, found, region, edges, calendar, named)


def begin(db: Database, actor: Actor, upload: Upload, choices: Choices) -> int:
    """Note an import that is to run; its id."""
    with db.write() as session:
        made = ContactImport(
            account_id=actor.account_id,
            user_id=actor.user_id,
            filename=upload.name,
            status="running",
            upload=upload.id,
            choices=choices.to_json(),
            policy=choices.policy,
            to_blacklist=choices.blacklist,
            created_at=db.now(),
        )
        session.add(made)
        session.flush()
        assert made.id is not None
        return made.id


def work(db: Database, uploads: Uploads, import_id: int, told: Told = lambda _: True) -> None:
    """Run a ``running`` import from where it is to its end, or until it is stopped (`undo.stop_import`).

    Harmless when another process does the same: a step that was done is not done again.

    Raises:
        Refusal: the file cannot be imported; what was written is taken back, the file can be tried again.
    """
    with db.read() as session:
        made = session.get(ContactImport, import_id)
        if made is None or made.status != "running":
            return
        actor = _actor(session, made)
        region = _region(session, made)
    choices = Choices.of_json(made.choices)
    try:
        with db.read() as session:
            choices, known = settled(session, actor, choices), known_groups(session, actor)
        upload = uploads.claimed(actor, made.upload)
        course = plan(upload, choices, region, made.created_at.date(), known)
        if made.steps and (made.steps, made.read) != (course.steps, course.found.read):
            raise UploadGone  # sorted otherwise than before, by another version of the rules: not to be mixed
        beside = upload.path.with_suffix(f".{import_id}")  # an import that was stopped may still hold one of its own
        with _made_ready(db, course, choices, beside, import_id) as given:
            for step in range(made.step, course.steps + 1):
                part = given(step)

                def do(session: Session, step: int = step, part: Slice | None = part) -> bool:
                    return _step(session, db, actor, import_id, choices, course, step, part)

                if not db.retrying(do, beside=part.beside if part else None):
                    return
                if not told(actor.account_id) and step < course.steps:
                    return
    except Exception as problem:
        take_back(db, uploads, import_id, problem.key if isinstance(problem, Refusal) else "imports.failed")
        told(actor.account_id)
        raise
    uploads.remove(upload)


@contextmanager
def _made_ready(
    db: Database, course: Plan, choices: Choices, path: Path, import_id: int
) -> Iterator[Callable[[int], Slice | None]]:
    """A function that gives the slice which a step writes, if it writes one; the next is made ready meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="import-slice") as thread:
        begun: dict[int, Future[Slice]] = {}

        def begin(place: int) -> None:
            if 0 <= place < len(course.edges) and place not in begun:
                beside = path.with_name(f"{path.name}.{place % 2}.db")
                begun[place] = thread.submit(lambda: ready(db, course.slice_of(place), choices, beside, import_id))

        def given(step: int) -> Slice | None:
            place = step - course.rejections
            begin(place)
            begin(place + 1)
            return begun.pop(place).result() if place in begun else None

        yield given


def running(db: Database) -> list[int]:
    """The imports that have not come to an end."""
    with db.read() as session:
        return list(session.execute(select(col(ContactImport.id)).where(ContactImport.status == "running")).scalars())


def _step(
    session: Session,
    db: Database,
    actor: Actor,
    import_id: int,
    choices: Choices,
    course: Plan,
    step: int,
    given: Slice | None,
) -> bool:
    """Do one step, if it is the next; the step after the last one ends the import."""
    take_turn(session, db, actor.account_id)
    made = session.get(ContactImport, import_id, with_for_update=True)  # who stops it waits for the end of the step
    if made is None or made.status != "running" or made.step != step:
        return False
    found = course.found
    if step == 0:
        _describe(session, db, actor, made, choices, course)
    if step < course.rejections:
        part = found.rejected.slice(step * REJECTED, REJECTED)
        table = course.headed.table
        phone = checked(choices.mapping, table.width)["portable"]
        reject(session, import_id, part, table.between(part["row"][0], part["row"][-1]), phone)
        made.rejected += part.height
    elif given is not None:
        write_slice(session, db, actor, made, choices, given, course.named)
    made.step = step + 1
    if step == course.steps:
        made.status, made.upload, made.choices, made.finished_at = "done", "", {}, db.now()
        check_sum(made)
    session.add(made)
    session.flush()
    return True


def _describe(
    session: Session, db: Database, actor: Actor, made: ContactImport, choices: Choices, course: Plan
) -> None:
    """What is known of the import before anything is written."""
    headed, table, found = course.headed, course.headed.table, course.found
    made.reading = {
        "kind": table.kind, "encoding": table.encoding, "separator": table.separator, "sheet": table.sheet,
        "header": str(headed.header), "region": course.region,
        **({"days": "month_first"} if course.calendar.month_first else {}),
        **({"groups": course.named.sign} if course.named is not None else {}),
    }  # fmt: skip
    made.columns = list(headed.names)
    taken = sorted(checked(choices.mapping, table.width).values())
    made.mapping = {str(index): choices.mapping[index] for index in taken}
    known = {one.key for one in fields_of(session, actor.account_id)}
    for name in () if choices.blacklist else made.mapping.values():
        if name.startswith(OWN) and key_of(name[1:]) not in known:
            new_field(session, db, actor, name[1:])
    made.shape = shape_of(made.columns)
    made.read, made.duplicates, made.steps = found.read, found.repeated.height, course.steps
    if choices.group_name.strip() and not choices.blacklist:
        made.group_id, made.group_made = group_for(session, db, actor, choices.group_name)
    if course.named is not None:
        assert made.id is not None
        settle(session, db, actor, made.id, course.named)


def check_sum(made: ContactImport) -> None:
    """Every row read has one outcome."""
    outcomes = sum(getattr(made, outcome) for outcome in OUTCOMES)
    assert made.read == outcomes, f"{made.read} rows read, {outcomes} accounted for"


def _actor(session: Session, made: ContactImport) -> Actor:
    user, account = session.get(User, made.user_id), session.get(Account, made.account_id)
    assert user is not None
    assert account is not None
    return Actor(made.user_id, made.account_id, user.identifiant, user.email, user.language, account.name)


def _region(session: Session, made: ContactImport) -> str:
    account = session.get(Account, made.account_id)
    return account.region if account else "FR"
