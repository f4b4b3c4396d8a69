"""Undoing an import whose contacts were merged since (S75): a merge is an edit of somebody's, so what it took over
stays and is named; but undone afterwards, it brings back nothing of the import.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlmodel import Session, col

from smsapp.contacts.bulk import CONSENT, INSTANT
from smsapp.contacts.merging import AWAY, KEPT, MERGE, given, packed, standing, storable
from smsapp.contacts.service import FIELD_LENGTHS
from smsapp.contacts.tables import Contact
from smsapp.db import Database
from smsapp.imports import agreements
from smsapp.imports.tables import ImportChange

SLICE: Final = 1_000

Fields = tuple[str, ...]
"""Names of fields, those of the account's own with a plus before theirs."""


def let_go(session: Session, db: Database, import_id: int) -> list[tuple[Contact, Fields]] | None:
    """A slice of the import's contacts that went into others: deleted by now on their own account, so that undoing the
    merge does not bring them back. Returns the contacts that hold something of theirs; None when none is left.
    """
    asked = (
        select(AWAY.c.merge_id, AWAY.c.kept_id)
        .join(MERGE, MERGE.c.id == AWAY.c.merge_id)
        .join(Contact, col(Contact.id) == AWAY.c.contact_id)
        .where(col(Contact.import_id) == import_id, col(Contact.deleted_at) == MERGE.c.created_at)
        .distinct()
        .order_by(AWAY.c.merge_id, AWAY.c.kept_id)
        .limit(SLICE)
    )
    pairs = [(row.merge_id, row.kept_id) for row in session.connection().execute(asked)]
    if not pairs:
        return None
    ids = sorted({kept for _, kept in pairs})
    gone = select(AWAY.c.contact_id).where(AWAY.c.merge_id.in_({merge for merge, _ in pairs}))
    session.connection().execute(
        update(Contact)
        .where(col(Contact.import_id) == import_id, col(Contact.id).in_(gone.where(AWAY.c.kept_id.in_(given(session)))))
        .values(deleted_at=db.now())
        .execution_options(synchronize_session=False),
        packed(session, ids),
    )
    people = living(session, ids)
    told = select(KEPT).where(KEPT.c.contact_id.in_(given(session))).order_by(KEPT.c.merge_id, KEPT.c.contact_id)
    found = []
    for row in session.connection().execute(told, packed(session, ids)):
        person = people.get(row.contact_id)
        if (row.merge_id, row.contact_id) not in pairs or person is None or person.import_id == import_id:
            continue
        before, after = flat(row.before), flat(row.after)
        taken = (name for name in after if after[name] != before.get(name, "") and has(person, name) == after[name])
        if fields := tuple(taken):
            found.append((person, fields))
    return found


def living(session: Session, ids: Collection[int]) -> dict[int, Contact]:
    """Who stands for each of these contacts today: itself, or the one that it was merged into."""
    led = standing(session, ids)
    ends = {led.get(id, id) for id in ids}
    asked = select(Contact).where(col(Contact.id).in_(ends), col(Contact.deleted_at).is_(None))
    people = {one.id: one for one in session.execute(asked).scalars()}
    return {id: people[led.get(id, id)] for id in ids if led.get(id, id) in people}


def forget(session: Session, changes: Sequence[tuple[ImportChange, Fields]]) -> None:
    """Where a merge changed what the import had written, undoing the merge gives back what was there before both."""
    wanted = {change.contact_id: (change, fields) for change, fields in changes if fields}
    if not wanted:
        return
    told = select(KEPT).where(KEPT.c.contact_id.in_(given(session)))
    for row in session.connection().execute(told, packed(session, sorted(wanted))).all():
        change, fields = wanted[row.contact_id]
        before = {name: dict(value) if name == "extra" else value for name, value in row.before.items()}
        known = flat(before)
        for name in fields:
            if known.get(name) != change.after[name]:
                continue
            if name == agreements.NAME:
                had = agreements.columns_of(change.before[name])
                before |= {column: storable(value) for column, value in had.items()}
            elif not name.startswith("+"):
                before[name] = change.before[name]
            elif change.before[name]:
                before["extra"][name[1:]] = change.before[name]
            else:
                before["extra"].pop(name[1:])
        if before != row.before:
            mine = (KEPT.c.merge_id == row.merge_id, KEPT.c.contact_id == row.contact_id)
            session.connection().execute(update(KEPT).where(*mine).values(before=before))


def flat(values: Mapping[str, Any]) -> dict[str, str]:
    """What a merge kept of a contact, as an import names it."""
    own = {f"+{key}": value for key, value in (values.get("extra") or {}).items()}
    if values.keys() >= set(CONSENT):
        at = datetime.fromisoformat(values["consent_at"]) if values["consent_at"] else None
        told = {**values, "consent_at": at.astimezone(UTC).strftime(INSTANT) if at else ""}
        own[agreements.NAME] = agreements.of_row(told)
    return {name: values[name] for name in FIELD_LENGTHS if name in values} | own


def has(person: Contact, name: str) -> str:
    """What a contact says in a field today."""
    if name == agreements.NAME:
        return agreements.of_contact(person)
    return person.extra.get(name[1:], "") if name.startswith("+") else str(getattr(person, name))
