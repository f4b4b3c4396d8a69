"""Undoing an import that put contacts in groups which its file names: who joined leaves, and what was made for it goes,
unless somebody else needs it by now.
"""

from sqlalchemy import text
from sqlmodel import Session, col, select

from smsapp.contacts.tables import Group
from smsapp.imports.met import leave_lists
from smsapp.imports.tables import ContactImport, ImportChange, ImportMember

_FREE = (
    "SELECT g.id FROM contact_group AS g JOIN import_group AS i ON i.group_id = g.id WHERE i.import_id = :i AND i.made"
    " AND NOT EXISTS (SELECT 1 FROM group_member AS m JOIN contact AS c ON c.id = m.contact_id"
    " WHERE m.group_id = g.id AND c.deleted_at IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM contact_import AS o WHERE o.group_id = g.id AND o.status = 'running')"
    " AND NOT EXISTS (SELECT 1 FROM import_group AS j JOIN contact_import AS o ON o.id = j.import_id"
    " WHERE j.group_id = g.id AND o.id <> :i AND o.status = 'running')"
)


def ungroup(session: Session, import_id: int, most: int) -> int | None:
    """Take some of the contacts that were in the book before out of the groups which the file named for them. Returns
    how many are as before by that alone; None when none is left.
    """
    asked = select(ImportMember.contact_id, ImportMember.group_id, ImportMember.joined)
    asked = asked.where(ImportMember.import_id == import_id).order_by(col(ImportMember.contact_id))
    found = session.execute(asked.limit(most)).all()
    if not found:
        return None
    left = {contact for contact, _ in leave_lists(session, import_id, [(c, g) for c, g, joined in found if joined])}
    session.connection().execute(
        text("DELETE FROM import_member WHERE import_id = :i AND contact_id = :c AND group_id = :g"),
        [{"i": import_id, "c": contact, "g": group} for contact, group, _ in found],
    )
    changed = select(ImportChange.contact_id, ImportChange.before).where(ImportChange.import_id == import_id)
    changes = session.execute(changed.where(col(ImportChange.contact_id).in_(left)))
    told = {contact for contact, before in changes if before}  # counted with their fields
    rest = select(ImportMember.contact_id).where(ImportMember.import_id == import_id, col(ImportMember.joined))
    more = set(session.execute(rest.where(col(ImportMember.contact_id).in_(left))).scalars())
    return len(left - told - more)


def let_groups_go(session: Session, made: ContactImport) -> None:
    """Delete the groups that the import made because its file named them, but for those that hold somebody by now, that
    an import fills at this moment, or that a smart group asks for.
    """
    session.flush()
    free = set(session.execute(text(_FREE), {"i": made.id}).scalars())
    smart = select(Group.filter).where(Group.account_id == made.account_id, col(Group.filter).is_not(None))
    free -= {kept.get("group") for kept in session.execute(smart).scalars() if kept}
    session.connection().execute(text("DELETE FROM import_group WHERE import_id = :i"), {"i": made.id})
    for group in session.execute(select(Group).where(col(Group.id).in_(free))).scalars():
        session.delete(group)
    session.flush()
