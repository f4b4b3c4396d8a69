"""Contacts that several imports name. The first has brought them; a later one found them in the book and had nothing to
add. When the first is undone they stay, for the later one has them in its file, and are its own from then on.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Text,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col

from smsapp.contacts.service import UNDO_DAYS
from smsapp.contacts.tables import Contact, GroupMember
from smsapp.db.rows import pack, rows
from smsapp.imports.tables import ContactImport, ImportChange, ImportGroup, ImportMember, ImportSpan

SLICE = 100_000


def note_met(session: Session, import_id: int, contact_ids: Collection[int], at: datetime) -> None:
    """Note which of these contacts, which an import left as they were, owe it to another that they are in the book, or
    in a group, and may lose it when that one is undone.
    """
    if not contact_ids:
        return
    grouped = exists().where(col(ImportChange.contact_id) == Contact.id, col(ImportChange.joined))
    fresh = col(Contact.created_at) >= at - timedelta(days=UNDO_DAYS)
    brought = col(Contact.import_id).is_not(None) & (col(Contact.import_id) != import_id) & fresh
    nothing = literal({}, JSON())
    met: Any = select(col(Contact.id).label("contact_id"), literal(import_id), nothing, nothing, literal(False))
    among, given = _these(session, contact_ids, col(Contact.id))
    names = ["contact_id", "import_id", "before", "after", "joined"]
    session.connection().execute(insert(ImportChange).from_select(names, met.where(among, brought | grouped)), given)


def note_listed(session: Session, import_id: int, pairs: Collection[tuple[int, int]], at: datetime) -> None:
    """Note which contacts, found in groups that the file names for them, owe it to another import that they are in the
    book, or in that group: contact and group, each.
    """
    if not pairs:
        return
    sqlite = session.get_bind().dialect.name == "sqlite"
    told = rows(sqlite, (("contact_id", BigInteger()), ("group_id", BigInteger())))
    contact, group = told.c.contact_id, told.c.group_id
    put = exists().where(col(ImportMember.contact_id) == contact, col(ImportMember.group_id) == group)
    fresh = col(Contact.created_at) >= at - timedelta(days=UNDO_DAYS)
    brought = exists().where(
        col(Contact.id) == contact, col(Contact.import_id).is_not(None), col(Contact.import_id) != import_id, fresh
    )
    noted = select(literal(import_id), contact, group, literal(False)).where(put | brought)
    names = ["import_id", "contact_id", "group_id", "joined"]
    statement = (sqlite_insert if sqlite else pg_insert)(ImportMember).from_select(names, noted)
    session.connection().execute(statement.on_conflict_do_nothing(), {"rows": pack(sqlite, list(pairs))})


def leave_lists(session: Session, import_id: int, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Take contacts out of groups which an import's file names, contact and group each, but for those that a later one
    names as well: they owe it to that one from now on. Returns those who left.
    """
    among, given = _these(session, {contact for contact, _ in pairs}, col(ImportMember.contact_id))
    asked = (
        select(col(ImportMember.contact_id), col(ImportMember.group_id), func.min(ImportMember.import_id))
        .join(ContactImport, col(ContactImport.id) == ImportMember.import_id)
        .where(among, col(ImportMember.import_id) > import_id, col(ContactImport.status).in_(("running", "done")))
        .group_by(col(ImportMember.contact_id), col(ImportMember.group_id))
    )
    found = session.connection().execute(asked, given).all()
    heirs = {(contact, group): heir for contact, group, heir in found}
    staying = [{"c": one[0], "g": one[1], "i": heirs[one]} for one in pairs if one in heirs]
    leaving = [{"c": one[0], "g": one[1]} for one in pairs if one not in heirs]
    if staying:
        owed = "UPDATE import_member SET joined = true WHERE import_id = :i AND contact_id = :c AND group_id = :g"
        session.connection().execute(text(owed), staying)
    if leaving:
        gone = "DELETE FROM group_member WHERE contact_id = :c AND group_id = :g"
        session.connection().execute(text(gone), leaving)
    return {one for one in pairs if one not in heirs}


def hand_on(session: Session, made: ContactImport, *among: ColumnElement[bool]) -> list[int]:
    """Give those of an import's contacts that a later one met to it, the first of several; they leave the group of the
    import, unless it is the later one's as well. Returns their ids.
    """
    heirs: dict[int, list[int]] = {}
    for contact_id, heir in _later(
        session, made, col(ImportChange.contact_id).in_(select(col(Contact.id)).where(*among))
    ):
        heirs.setdefault(heir, []).append(contact_id)
    for heir, ids in heirs.items():
        these, given = _these(session, ids, col(Contact.id))
        session.connection().execute(update(Contact).where(these).values(import_id=heir), given)
        session.add(ImportSpan(import_id=heir, first_id=min(ids), last_id=max(ids)))
        later = session.get(ContactImport, heir)
        if made.group_id is not None and later is not None and later.group_id != made.group_id:
            those, given = _these(session, ids, col(GroupMember.contact_id))
            leaving = delete(GroupMember).where(col(GroupMember.group_id) == made.group_id, those)
            session.connection().execute(leaving, given)
        those, given = _these(session, ids, col(GroupMember.contact_id))
        named = select(col(ImportGroup.group_id)).where(col(ImportGroup.import_id) == made.id)
        asked = select(col(GroupMember.contact_id), col(GroupMember.group_id)).where(those)
        listed = session.connection().execute(asked.where(col(GroupMember.group_id).in_(named)), given).all()
        if listed and made.id is not None:
            leave_lists(session, made.id, [(contact, group) for contact, group in listed])
    return sorted(id for ids in heirs.values() for id in ids)


def stay_joined(session: Session, made: ContactImport, contact_ids: Collection[int]) -> set[int]:
    """Those of the contacts whom an import put in its group that a later one put there as well: they owe it to that one
    from now on.
    """
    staying = set()
    same = (col(ImportChange.contact_id).in_(contact_ids), col(ContactImport.group_id) == made.group_id)
    for contact_id, heir in _later(session, made, *same):
        change = session.get(ImportChange, (heir, contact_id))
        assert change is not None
        change.joined = True
        session.add(change)
        staying.add(contact_id)
    return staying


def forget_met(session: Session, import_id: int) -> bool:
    """Drop a slice of what `note_met` noted for an import that is being undone. False when none is left."""
    mine = (col(ImportChange.import_id) == import_id, ~col(ImportChange.joined), cast(ImportChange.after, Text) == "{}")
    some = select(col(ImportChange.contact_id)).where(*mine).limit(SLICE)
    gone = delete(ImportChange).where(*mine, col(ImportChange.contact_id).in_(some))
    return session.connection().execute(gone).rowcount > 0


def _later(session: Session, made: ContactImport, *which: ColumnElement[bool]) -> list[tuple[int, int]]:
    """Contacts with the first later import that names them and stands."""
    asked = (
        select(col(ImportChange.contact_id), func.min(ImportChange.import_id))
        .join(ContactImport, col(ContactImport.id) == ImportChange.import_id)
        .where(*which, col(ImportChange.import_id) > made.id, col(ContactImport.status).in_(("running", "done")))
        .group_by(col(ImportChange.contact_id))
    )
    return [(contact_id, heir) for contact_id, heir in session.connection().execute(asked)]


def _these(session: Session, ids: Collection[int], column: Any) -> tuple[ColumnElement[bool], dict[str, str]]:
    """Whether ``column`` is one of any amount of ids, and the parameter that says which."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    chosen = rows(sqlite, (("value", BigInteger()),))
    return column.in_(select(chosen.c.value)), {"rows": pack(sqlite, [(id,) for id in ids])}
