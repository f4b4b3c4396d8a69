"""Groups of contacts: a contact may stand in several, a group belongs to one account (S69-S72, M5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, text
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.counters import counts
from smsapp.contacts.naming import one_at_a_time
from smsapp.contacts.tables import Contact, Group, GroupMember
from smsapp.db import Database
from smsapp.domain.errors import Refusal

NAME_LENGTH = 120
PARTING = frozenset(',;|"')
"""Signs that part the names of groups in a cell, and the quotes around one that holds them."""
UNCOUNTED = -1
"""Members of a smart group: counting them means asking its filter, which only its page and a price do."""

_UNUSED = (
    "SELECT 1 + max((SELECT coalesce(max(id), 0) FROM contact_group),"
    " (SELECT coalesce(max(ref), 0) FROM book_counter WHERE kind = 'members'))"
)
_COUNTER_OF_NOBODY = (
    "INSERT INTO book_counter (kind, ref, slot, count) VALUES ('members', :g, 0, 0) ON CONFLICT DO NOTHING"
)


class GroupNameMissing(Refusal):
    key = "contacts.group_name_missing"


class GroupNameTaken(Refusal):
    """``name`` is the group that carries it already."""

    key = "contacts.group_name_taken"


class GroupNotFound(Refusal):
    """There is no such group in this account (any more)."""

    key = "contacts.group_not_found"


class GroupNeeded(Refusal):
    """``name`` is a smart group whose filter asks for members of this one: it would find nobody any more."""

    key = "groups.needed"


@dataclass(frozen=True)
class GroupCount:
    """A group and how many contacts it holds, deleted ones left out; UNCOUNTED for a smart group."""

    id: int
    name: str
    members: int


def groups(
    db: Database, actor: Actor, containing: str = "", limit: int | None = None, *, smart: bool = False
) -> list[GroupCount]:
    """The account's lists by name, with their counts; ``containing`` keeps those whose name holds it, without case.

    With ``smart`` the smart groups too, which a campaign may be sent to but nobody can be put in.
    """
    asked = select(Group.id, Group.name, Group.filter).where(Group.account_id == actor.account_id)
    with db.read() as session:
        told = session.execute(asked).all()
        sizes = counts(session, "members", [id or 0 for id, _, kept in told if kept is None])
    found = [
        GroupCount(id or 0, name, sizes.get(id or 0, 0) if kept is None else UNCOUNTED)
        for id, name, kept in told
        if smart or kept is None
    ]
    wanted = containing.strip().casefold()
    kept = sorted((g for g in found if wanted in g.name.casefold()), key=lambda g: (g.name.casefold(), g.id))
    return kept[:limit]


def group(db: Database, actor: Actor, group_id: int) -> GroupCount:
    """One group with its count.

    Raises:
        GroupNotFound: not in this account.
    """
    with db.read() as session:
        found = owned_group(session, actor, group_id)
        count = session.execute(
            select(func.count())
            .select_from(GroupMember)
            .join(Contact, col(Contact.id) == GroupMember.contact_id)
            .where(GroupMember.group_id == group_id, col(Contact.deleted_at).is_(None))
        ).scalar_one()
    return GroupCount(group_id, found.name, count)


def create_group(db: Database, actor: Actor, name: str, contact_ids: Sequence[int] = ()) -> int:
    """Make a group, with members if any are given (S69). Returns its id.

    Raises:
        GroupNameMissing, GroupNameTaken
    """
    with db.write() as session:
        made = new_group(session, db, actor, name)
        add_members(session, actor, made, contact_ids)
    return made


def rename_group(db: Database, actor: Actor, group_id: int, name: str) -> None:
    """Give a group another name.

    Raises:
        GroupNotFound, GroupNameMissing, GroupNameTaken
    """
    with db.write() as session:
        renamed(session, actor, owned_group(session, actor, group_id), name)


def delete_group(db: Database, actor: Actor, group_id: int) -> None:
    """Delete a group; its contacts stay in the book.

    Raises:
        GroupNotFound, GroupNeeded
    """
    with db.write() as session:
        found = owned_group(session, actor, group_id)
        smart = select(Group.name, Group.filter).where(
            Group.account_id == actor.account_id, col(Group.filter).is_not(None)
        )
        for name, kept in session.execute(smart):
            if kept and kept.get("group") == group_id:
                raise GroupNeeded(name=name)
        session.delete(found)


def group_contacts(db: Database, actor: Actor, group_id: int, contact_ids: Sequence[int]) -> int:
    """Put contacts in a group (S70). Returns how many were not in it before.

    Raises:
        GroupNotFound
    """
    with db.write() as session:
        owned_list(session, actor, group_id)
        return add_members(session, actor, group_id, contact_ids)


def ungroup_contacts(db: Database, actor: Actor, group_id: int, contact_ids: Sequence[int]) -> int:
    """Take contacts out of a group. Returns how many were in it.

    Raises:
        GroupNotFound
    """
    with db.write() as session:
        owned_group(session, actor, group_id)
        return (
            session.connection()
            .execute(
                text("DELETE FROM group_member WHERE group_id = :g AND contact_id IN :ids").bindparams(
                    bindparam("ids", list(contact_ids), expanding=True)
                ),
                {"g": group_id},
            )
            .rowcount
        )


def as_list(names: Sequence[str]) -> str:
    """Names of groups as one cell of a file: "Clients, VIP"; one that holds a sign which parts names stands in quotes,
    as `smsapp/imports/grouping.py` reads it.
    """
    return ", ".join('"{}"'.format(name.replace('"', '""')) if PARTING & set(name) else name for name in names)


def new_group(session: Session, db: Database, actor: Actor, name: str) -> int:
    """Make a group within the caller's transaction. Raises as ``create_group``."""
    free, unused = _free_name(session, actor, name), _unused_id(session)
    made = Group(id=unused, account_id=actor.account_id, name=free, created_at=db.now())
    session.add(made)
    session.flush()
    assert made.id is not None
    if unused is not None:
        session.execute(text(_COUNTER_OF_NOBODY), {"g": unused})
    return made.id


def renamed(session: Session, actor: Actor, group: Group, name: str) -> None:
    """Give a group another name within the caller's transaction. Raises GroupNameMissing, GroupNameTaken."""
    group.name = _free_name(session, actor, name, but=group.id)
    session.add(group)


def owned_group(session: Session, actor: Actor, group_id: int) -> Group:
    """The group, if it is the actor's. Raises GroupNotFound."""
    found = session.get(Group, group_id)
    if found is None or found.account_id != actor.account_id:
        raise GroupNotFound
    return found


def owned_list(session: Session, actor: Actor, group_id: int) -> Group:
    """The same, if contacts can be put in it: not a smart group. Raises GroupNotFound."""
    found = owned_group(session, actor, group_id)
    if found.filter is not None:
        raise GroupNotFound
    return found


def add_members(session: Session, actor: Actor, group_id: int, contact_ids: Sequence[int]) -> int:
    """Put the actor's own contacts among ``contact_ids`` in a group; ids of others are passed over."""
    if not contact_ids:
        return 0
    return (
        session.connection()
        .execute(
            text(
                "INSERT INTO group_member (group_id, contact_id)"
                " SELECT :g, id FROM contact WHERE account_id = :a AND deleted_at IS NULL AND id IN :ids"
                " ON CONFLICT DO NOTHING"
            ).bindparams(bindparam("ids", list(contact_ids), expanding=True)),
            {"g": group_id, "a": actor.account_id},
        )
        .rowcount
    )


def set_groups(session: Session, actor: Actor, contact_id: int, group_ids: Collection[int]) -> None:
    """Make ``group_ids`` the groups of a contact of the actor (S71, S72).

    Raises:
        GroupNotFound: one of them is not in this account.
    """
    for group_id in group_ids:
        owned_list(session, actor, group_id)
    session.execute(text("DELETE FROM group_member WHERE contact_id = :c"), {"c": contact_id})
    for group_id in set(group_ids):
        session.add(GroupMember(group_id=group_id, contact_id=contact_id))


def _unused_id(session: Session) -> int | None:
    """An id that no group ever had, which drafts, plans and filters may still name. PostgreSQL sees to that by itself;
    SQLite would give that of the newest one again, once it is deleted: here the counters, which stay, remember it.
    """
    if session.get_bind().dialect.name != "sqlite":
        return None
    unused: int = session.execute(text(_UNUSED)).scalar_one()
    return unused


def _free_name(session: Session, actor: Actor, name: str, but: int | None = None) -> str:
    """``name`` tidied, if no other group of the account carries it, whatever its case."""
    tidy = " ".join(name.replace("\0", "").split())[:NAME_LENGTH]
    if not tidy:
        raise GroupNameMissing
    one_at_a_time(session, actor)
    for id, taken in session.execute(select(Group.id, Group.name).where(Group.account_id == actor.account_id)):
        if id != but and taken.casefold() == tidy.casefold():
            raise GroupNameTaken(name=taken)
    return tidy
