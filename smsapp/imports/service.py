"""The import desk: look at a file, check it, import it. Every row read has one outcome, asserted before it is said.

``preview`` reads the file and guesses; ``check`` says what would happen and writes nothing; ``run_import`` does it, or
``begin_import`` for a page that does not wait (S64-S67, S73, S74, M4, M27). The steps are in `steps.py`, what was
rejected in `rejections.py` and `repairs.py`, the way back in `undo.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.fields import CustomField, fields_of
from smsapp.contacts.service import UNDO_DAYS, region_of
from smsapp.contacts.tables import Group
from smsapp.db import Database
from smsapp.domain.phone import pretty
from smsapp.imports import steps
from smsapp.imports.agreements import with_proof
from smsapp.imports.choices import Choices
from smsapp.imports.days import printed_day
from smsapp.imports.grouping import known_groups, made_groups
from smsapp.imports.headers import read_headed
from smsapp.imports.mapping import Column, by_name, guess_columns, is_field, shape_of
from smsapp.imports.rejections import CheckedRow
from smsapp.imports.repairs import repairable
from smsapp.imports.sandbox import Reading
from smsapp.imports.sorting import Sorted, printed
from smsapp.imports.steps import OUTCOMES, Told
from smsapp.imports.tables import ContactImport
from smsapp.imports.undo import Undone, can_undo, owned_import
from smsapp.imports.uploads import Upload, Uploads
from smsapp.imports.writing import Lists, fates, named_group, seconds_between

SHOWN = 50
PREVIEW_ROWS = 12
HISTORY = 50

GUESS = Reading()


@dataclass(frozen=True)
class Preview:
    """What a file looks like as it was read: ``reading`` has every guess filled in, ``rows`` are the first of them.
    ``above`` lines stand above the header and are left out; ``lines`` are those that could be the header.
    """

    upload: Upload
    kind: str
    reading: Reading
    sheets: tuple[str, ...]
    raw: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    count: int
    above: int
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Check:
    """What an import would do. ``read = created + completed + known + duplicates + blacklisted + rejected``.

    ``samples`` holds at most 50 rows per outcome, and of the rejected per reason ("rejected/letters"); ``reasons``
    counts the rejected rows by reason, ``repairable`` those with a suggestion by reason, ``ambiguous`` the numbers that
    another country's reading fits as well (M13), of which ``samples`` has the first as "ambiguous".
    """

    read: int
    created: int
    completed: int
    known: int
    duplicates: int
    blacklisted: int
    rejected: int
    ambiguous: int
    reasons: dict[str, int]
    repairable: dict[str, int]
    samples: dict[str, tuple[CheckedRow, ...]]
    above: int = 0  # lines above the header, which are no rows
    agreed: int = 0  # contacts that come to have a consent of the file's
    new_groups: tuple[str, ...] = ()  # that the file names and the book does not know


@dataclass(frozen=True)
class Result:
    """What an import did, or how far it is; the same sum as in `Check` once ``status`` is "done".

    ``status``: running, done, failed (``failure`` says why), undoing, undone (``undone`` says what was put back).
    ``step`` of ``steps``; ``rows`` of ``read`` have their outcome already. ``seconds`` since it began, or that it took.
    """

    id: int
    filename: str
    status: str
    step: int
    steps: int
    group_id: int | None
    group_name: str
    group_made: bool
    to_blacklist: bool
    read: int
    rows: int
    created: int
    completed: int
    known: int
    duplicates: int
    blacklisted: int
    rejected: int
    repairable: int
    at: datetime
    seconds: float
    can_undo: bool
    undo_until: datetime
    failure: str = ""
    undone: Undone = field(default_factory=Undone)
    above: int = 0  # lines above the header, which are no rows
    region: str = ""  # whose numbers it read without a country code
    groups_made: tuple[str, ...] = ()  # that the file named


@dataclass(frozen=True)
class Habit:
    """What was chosen the last time for a file with the same columns."""

    mapping: dict[int, str]
    policy: str
    region: str


def preview(
    uploads: Uploads, actor: Actor, upload_id: str, reading: Reading = GUESS, known: Sequence[CustomField] = ()
) -> Preview:
    """Read a received file as ``reading`` says, guessing what it leaves open; ``known``: the account's own fields.

    Raises:
        UploadGone, UnreadableFile, NoSuchRow
    """
    upload = uploads.find(actor, upload_id)
    headed = read_headed(upload.path, reading)
    table, header = headed.table, headed.header
    return Preview(
        upload=upload,
        kind=table.kind,
        reading=replace(reading, encoding=table.encoding, separator=table.separator, sheet=table.sheet, header=header),
        sheets=table.sheets,
        raw=table.raw,
        columns=guess_columns(headed.body, headed.names, known),
        rows=tuple((row[0], row[2:]) for row in headed.body.head(PREVIEW_ROWS).iter_rows()),
        count=headed.count,
        above=headed.above,
        lines=headed.lines(),
    )


def check(db: Database, uploads: Uploads, actor: Actor, upload_id: str, choices: Choices, named: int = SHOWN) -> Check:
    """Say what would become of each row; nothing is written. ``named``: how many of the rejected rows to name.

    Raises:
        UploadGone, UnreadableFile, NoPhoneColumn, NoRows
        GroupNameTaken: by a smart group
        TooManyFields, TooManyGroups, SmartGroupInColumn
    """
    _check_group(db, actor, choices)
    with db.read() as session:
        choices, known = steps.settled(session, actor, choices), known_groups(session, actor)
    course = steps.plan(uploads.find(actor, upload_id), choices, region_of(db, actor), db.now().date(), known)
    lists = Lists(course.named, {key: one.id for key, one in known.items()}) if course.named else None
    agreed = 0
    found = course.found
    counts = dict.fromkeys(("created", "completed", "known", "blacklisted"), 0)
    samples: dict[str, list[pl.DataFrame]] = {name: [] for name in counts}
    for place in range(len(course.edges)):
        with db.read() as session:
            fate = fates(session, actor, with_proof(course.slice_of(place), 0), choices, lists)
        agreed += fate.agreements()
        for name, count in fate.counts().items():
            counts[name] += count
            samples[name].append(getattr(fate, name).sort("row").head(SHOWN))
    repeated = found.repeated.with_columns(note=pl.col("of").cast(pl.String))
    fixed = pl.col("suggestion").is_not_null() | (pl.col("day") != "")
    by_reason = found.rejected.group_by("reason").agg(pl.len(), fixed.sum().alias("with"))
    by_reason = by_reason.sort("len", "reason", descending=[True, False])
    said = Check(
        read=found.read,
        **counts,
        duplicates=repeated.height,
        rejected=found.rejected.height,
        ambiguous=found.doubtful.height,
        reasons=dict(by_reason.select("reason", "len").iter_rows()),
        repairable={reason: n for reason, n in by_reason.select("reason", "with").iter_rows() if n},
        samples={
            **{name: _shown(tables) for name, tables in samples.items()},
            "duplicates": _shown([repeated]),
            "ambiguous": _doubtful(found),
            "rejected": _rejected(found.rejected, named),
            **{f"rejected/{reason}": _rejected(rows) for (reason,), rows in found.rejected.group_by("reason")},
        },
        above=course.headed.above,
        agreed=agreed,
        new_groups=tuple(course.named.names[key] for key in course.named.new) if course.named else (),
    )
    outcomes = sum(getattr(said, outcome) for outcome in OUTCOMES)
    assert outcomes == said.read, f"{said.read} rows read, {outcomes} accounted for"
    return said


def begin_import(db: Database, uploads: Uploads, actor: Actor, upload_id: str, choices: Choices) -> int:
    """Claim a file for its import and note the import, which is then ``running``: see `jobs.py`. Returns its id.

    Raises:
        UploadGone
        GroupNameTaken: by a smart group
    """
    _check_group(db, actor, choices)
    upload = uploads.claim(actor, upload_id)
    try:
        return steps.begin(db, actor, upload, choices)
    except BaseException:
        uploads.give_back(actor.account_id, upload_id)
        raise


def run_import(
    db: Database, uploads: Uploads, actor: Actor, upload_id: str, choices: Choices, told: Told = lambda _: True
) -> Result:
    """Import a file to its end: all of it or nothing. The file is forgotten afterwards.

    A number already in the book keeps its state; what else becomes of it is ``choices.policy``. A blacklisted number
    stays blacklisted and nothing of it is touched (M27). With ``blacklist`` the numbers go to the blacklist, not to the
    book (S73): ``created`` are those that were not on it.

    Raises:
        UploadGone, UnreadableFile, NoPhoneColumn, NoRows
    """
    import_id = begin_import(db, uploads, actor, upload_id, choices)
    steps.work(db, uploads, import_id, told)
    return import_result(db, actor, import_id)


def import_result(db: Database, actor: Actor, import_id: int) -> Result:
    """What an import of this account did, or how far it is.

    Raises:
        ImportNotFound
    """
    with db.read() as session:
        made = owned_import(session, actor, import_id)
        return _result(session, db, made, told=made.status == "done")


def history(db: Database, actor: Actor, before: int = 0, limit: int = HISTORY) -> list[Result]:
    """The imports of the account, the newest first, those older than import ``before``. What could be repaired of them
    is not counted.
    """
    asked = select(ContactImport).where(ContactImport.account_id == actor.account_id)
    if before:
        asked = asked.where(col(ContactImport.id) < before)
    with db.read() as session:
        found = session.execute(asked.order_by(col(ContactImport.id).desc()).limit(limit)).scalars().all()
        return [_result(session, db, made, told=False) for made in found]


def habit(db: Database, actor: Actor, columns: tuple[Column, ...]) -> Habit | None:
    """What this account chose the last time it imported a file with these columns."""
    shape = shape_of([column.header for column in columns])
    if not shape:
        return None
    asked = select(ContactImport).where(
        ContactImport.account_id == actor.account_id, ContactImport.shape == shape, ContactImport.status == "done"
    )
    with db.read() as session:
        made = session.execute(asked.order_by(col(ContactImport.id).desc()).limit(1)).scalars().first()
        own = fields_of(session, actor.account_id)
    if made is None:
        return None
    mapping = {int(index): name for index, name in made.mapping.items() if is_field(name)}
    return Habit(by_name(mapping, own), made.policy, made.reading.get("region", ""))


def _check_group(db: Database, actor: Actor, choices: Choices) -> None:
    if choices.group_name.strip() and not choices.blacklist:
        with db.read() as session:
            named_group(session, actor, choices.group_name)


def _result(session: Session, db: Database, made: ContactImport, *, told: bool = True) -> Result:
    """``told``: whether to count what can be repaired, which is asked of each rejected row."""
    assert made.id is not None
    if made.status == "done":
        steps.check_sum(made)
    group = session.get(Group, made.group_id) if made.group_id else None
    return Result(
        made.id, made.filename, made.status, made.step, made.steps, group.id if group else None,
        group.name if group else "", made.group_made, made.to_blacklist, made.read,
        sum(getattr(made, outcome) for outcome in OUTCOMES), made.created, made.completed, made.known, made.duplicates,
        made.blacklisted, made.rejected, repairable(session, made) if told and made.rejected else 0, made.created_at,
        seconds_between(made.created_at, made.finished_at or db.now()), can_undo(made, db),
        made.created_at + timedelta(days=UNDO_DAYS), made.failure, Undone.of_json(made.undone),
        _above(made), made.reading.get("region", ""),
        tuple(made_groups(session, made.id)) if "groups" in made.reading else (),
    )  # fmt: skip


def _above(made: ContactImport) -> int:
    header = made.reading.get("header", "")
    return max(0, int(header) - 1) if header.isdecimal() else 0  # once it was whether there is one


def _rejected(table: pl.DataFrame, named: int = SHOWN) -> tuple[CheckedRow, ...]:
    return tuple(
        CheckedRow(row, name, value, reason, missing, printed(suggestion) or printed_day(day))
        for row, name, value, reason, suggestion, missing, day, _ in table.sort("row").head(named).iter_rows()
    )


def _doubtful(found: Sorted) -> tuple[CheckedRow, ...]:
    """The first of the rows that two countries read, with both readings."""
    some = found.doubtful.sort("row").head(SHOWN)
    people = found.numbers.filter(pl.col("row").is_in(some["row"].implode())) if some.height else found.numbers.clear()
    return tuple(
        CheckedRow(r["row"], _name_of(r), r["value"], e164=r["e164"], other=r["other"])
        for r in some.join(people, on="row", maintain_order="left").iter_rows(named=True)
    )


def _shown(tables: list[pl.DataFrame]) -> tuple[CheckedRow, ...]:
    if not tables:
        return ()
    table = pl.concat(tables).sort("row").head(SHOWN)
    notes = table["note"] if "note" in table.columns else [""] * table.height
    return tuple(
        CheckedRow(r["row"], _name_of(r), pretty(r["e164"]), note=note or "")
        for r, note in zip(table.iter_rows(named=True), notes, strict=True)
    )


def _name_of(row: dict[str, Any]) -> str:
    return f"{row['prenom']} {row['nom']}".strip() or str(row["societe"])
