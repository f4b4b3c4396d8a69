"""Undoing a merge exactly (S75): each field goes back that nobody has edited since; later edits stay and are named.

Contacts that were merged away come back as they were, the one that stayed leaves the groups that the merge brought it
into. A merge is undone in slices; one that is interrupted is finished by asking again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, text, tuple_, update
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.contacts.duplicates import CONTACT, Record
from smsapp.contacts.duplicates_tables import ContactMerge
from smsapp.contacts.merging import AWAY, COLUMNS, KEPT, MERGE, SLICE, given, packed, storable, write_values
from smsapp.contacts.service import UNDO_DAYS
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import pretty

NAMED: Final = 20
"""Later edits that an undo names one by one; the rest are counted."""

_INSTANTS: Final = ("consent_at", "updated_at")


class MergeNotFound(Refusal):
    """There is no such merge in this account, or it was undone, or it is older than UNDO_DAYS."""

    key = "duplicates.merge_not_found"


class LaterMergeFirst(Refusal):
    """A later merge took up contacts of this one: that one is undone first."""

    key = "duplicates.later_merge_first"


@dataclass(frozen=True)
class LaterEdit:
    """A field that somebody changed after the merge: it stays as it is. ``field`` is a column or ``own:<key>``."""

    contact_id: int
    number: str
    field: str


@dataclass(frozen=True)
class Undone:
    """What an undo did: contacts brought back, and the later edits that were kept."""

    restored: int
    edits: int
    named: tuple[LaterEdit, ...] = ()


@dataclass(frozen=True)
class MergeLine:
    """A merge in the history; ``undoable`` while it stands and is not too old."""

    id: int
    rule: str
    numbers: int
    removed: int
    at: datetime
    undone_at: datetime | None
    undoable: bool


def undo_merge(db: Database, actor: Actor, merge_id: int) -> Undone:
    """Take a merge back: every contact comes back as it was, but for what somebody has edited since.

    Raises:
        MergeNotFound, LaterMergeFirst
    """
    restored, edits = 0, 0
    named: list[LaterEdit] = []

    def work(session: Session) -> tuple[int, list[LaterEdit], bool]:
        merge = _standing_merge(session, db, actor, merge_id)
        return _undo_slice(session, db, actor, merge)

    more = True
    while more:
        back, found, more = db.retrying(work)
        restored += back
        edits += len(found)
        named += found[: NAMED - len(named)]
    return Undone(restored, edits, tuple(named))


def purge_merged(db: Database, limit: int = 500) -> int:
    """Forget what contacts said before merges that can no longer be undone, ``limit`` of them; where each went stays
    known (`merging.standing`). Returns how many.
    """
    oldest = db.now() - timedelta(days=UNDO_DAYS)
    both = (KEPT.c.merge_id, KEPT.c.contact_id)
    old = select(*both).join(MERGE, MERGE.c.id == KEPT.c.merge_id).where(MERGE.c.created_at < oldest).limit(limit)

    def work(session: Session) -> int:
        return session.connection().execute(delete(KEPT).where(tuple_(*both).in_(old))).rowcount

    return db.retrying(work)


def merges(db: Database, actor: Actor, limit: int = 20) -> list[MergeLine]:
    """The account's merges, newest first."""
    asked = select(MERGE).where(MERGE.c.account_id == actor.account_id).order_by(MERGE.c.id.desc()).limit(limit)
    oldest = db.now() - timedelta(days=UNDO_DAYS)
    with db.read() as session:
        return [
            MergeLine(
                row.id, row.rule, row.numbers, row.removed, row.created_at, row.undone_at,
                row.undone_at is None and row.created_at >= oldest,
            )
            for row in session.connection().execute(asked)
        ]  # fmt: skip


def _standing_merge(session: Session, db: Database, actor: Actor, merge_id: int) -> ContactMerge:
    merge = session.get(ContactMerge, merge_id, with_for_update=True)
    if merge is None or merge.account_id != actor.account_id or merge.undone_at is not None:
        raise MergeNotFound
    if merge.created_at < db.now() - timedelta(days=UNDO_DAYS):
        raise MergeNotFound
    mine = select(KEPT.c.contact_id).where(KEPT.c.merge_id == merge_id)
    later = (MERGE.c.id > merge_id, MERGE.c.account_id == actor.account_id, MERGE.c.undone_at.is_(None))
    for table in (KEPT, AWAY):
        asked = select(MERGE.c.id).join(table, table.c.merge_id == MERGE.c.id)
        if session.connection().scalar(asked.where(*later, table.c.contact_id.in_(mine)).limit(1)) is not None:
            raise LaterMergeFirst
    return merge


def _undo_slice(session: Session, db: Database, actor: Actor, merge: ContactMerge) -> tuple[int, list[LaterEdit], bool]:
    """Undo the next numbers of a merge, and forget what was kept of them.

    Returns how many contacts came back, the later edits that stay, and whether there is more to undo.
    """
    connection = session.connection()
    asked = select(KEPT).where(KEPT.c.merge_id == merge.id).order_by(KEPT.c.contact_id).limit(SLICE)
    told = connection.execute(asked).all()
    ids = [row.contact_id for row in told]
    chosen = packed(session, ids)
    now_has = {
        row["id"]: dict(row)
        for row in connection.execute(
            select(CONTACT)
            .where(CONTACT.c.id.in_(given(session)), CONTACT.c.account_id == actor.account_id)
            .order_by(CONTACT.c.id)
            .with_for_update(),
            chosen,
        ).mappings()
    }
    changes, edits = [], []
    left: list[dict[str, int]] = []
    for row in told:
        record = now_has.get(row.contact_id)
        if record is None:
            continue
        values, edited = _restored(record, row.before, row.after)
        edits += [LaterEdit(row.contact_id, pretty(record["e164"]), field) for field in edited]
        changes.append((record, values))
        left += [{"g": group, "c": row.contact_id} for group in row.group_ids]
    write_values(session, changes)
    if left:
        connection.execute(text("DELETE FROM group_member WHERE group_id = :g AND contact_id = :c"), left)
    away = select(AWAY.c.contact_id).where(AWAY.c.merge_id == merge.id, AWAY.c.kept_id.in_(given(session)))
    back = connection.execute(
        update(CONTACT)
        .where(
            CONTACT.c.id.in_(away), CONTACT.c.account_id == actor.account_id, CONTACT.c.deleted_at == merge.created_at
        )
        .values(deleted_at=None),
        chosen,
    )
    connection.execute(delete(AWAY).where(AWAY.c.merge_id == merge.id, AWAY.c.kept_id.in_(given(session))), chosen)
    connection.execute(delete(KEPT).where(KEPT.c.merge_id == merge.id, KEPT.c.contact_id.in_(given(session))), chosen)
    more = connection.scalar(asked.limit(1)) is not None
    if not more:
        merge.undone_at = db.now()
        session.add(merge)
    return back.rowcount, edits, more


def _restored(record: Record, before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values that go back, and the fields that somebody edited since."""
    values = {name: record[name] for name in COLUMNS}
    edited: list[str] = []
    for name in before:
        if name == "extra":
            values["extra"], keys = _restored_extra(record["extra"] or {}, before[name] or {}, after[name] or {})
            edited += [f"own:{key}" for key in keys]
        elif storable(record[name]) == after[name]:
            values[name] = _again(name, before[name])
        elif name != "updated_at":
            edited.append(name)
    return values, edited


def _restored_extra(
    has: dict[str, str], before: dict[str, str], after: dict[str, str]
) -> tuple[dict[str, str], list[str]]:
    if has == after:
        return before, []
    values, edited = dict(has), []
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) == after.get(key):
            continue
        if has.get(key) != after.get(key):
            edited.append(key)
        elif key in before:
            values[key] = before[key]
        else:
            values.pop(key, None)
    return values, edited


def _again(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in _INSTANTS and value is not None else value
