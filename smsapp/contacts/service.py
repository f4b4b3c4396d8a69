"""The address book: list, search, create, edit, delete with a way back (S62, S63, S68, S71, S72, M10).

Lists are read by keyset: a page starts after, or ends before, a contact that is named by its id. See `groups.py` and
`blacklist.py` for the rest of the book.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, tuple_
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.contacts.blacklist import suppressed_among
from smsapp.contacts.folding import search_text, sort_name, sought
from smsapp.contacts.groups import owned_group, set_groups
from smsapp.contacts.tables import Contact, Group, GroupMember, Suppression
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import Number, pretty, read_number

PAGE = 50
UNDO_DAYS = 30
FIELD_LENGTHS = {"nom": 200, "prenom": 200, "email": 254, "societe": 200}

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Sort = Literal["name", "newest"]


def why_unreadable(reason: str, missing: int = 0) -> tuple[str, dict[str, object]]:
    """The sentence (key, parameters) of a number that cannot be written to; ``missing`` digits, if that is known."""
    return ("phone.reason.missing_digits", {"count": missing}) if missing else (f"phone.reason.{reason}", {})


class UnreadableNumber(Refusal):
    """The number typed for a contact cannot be written to; ``suggestion`` is the spelling that can, or empty."""

    def __init__(self, reason: str, suggestion: int | None, missing: int | None) -> None:
        self.suggestion = pretty(suggestion) if suggestion else ""
        super().__init__(*why_unreadable(reason, missing or 0))


class InvalidEmail(Refusal):
    key = "contacts.email_invalid"


class ContactNotFound(Refusal):
    """There is no such contact in this account (any more)."""

    key = "contacts.not_found"


@dataclass(frozen=True)
class Sheet:
    """What a person types about a contact. Only the number is mandatory (S68)."""

    number: str
    nom: str = ""
    prenom: str = ""
    email: str = ""
    societe: str = ""
    group_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class GroupTag:
    """A group as it stands beside a contact."""

    id: int
    name: str


@dataclass(frozen=True)
class ContactRow:
    """A contact as a list shows it. ``state``: active, invalid, or blacklisted, which stands above both."""

    id: int
    e164: int
    number: str
    nom: str
    prenom: str
    email: str
    societe: str
    state: str
    groups: tuple[GroupTag, ...] = ()

    @property
    def name(self) -> str:
        """First name and family name, else the company, else the number."""
        return f"{self.prenom} {self.nom}".strip() or self.societe or self.number


@dataclass(frozen=True)
class Query:
    """Which part of the book is looked at: a page starts after, or ends before, the contact of that id."""

    text: str = ""
    group_id: int | None = None
    sort: Sort = "name"
    after: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class Page:
    """One page of the book; ``previous`` and ``next`` are the ids to ask for with ``before`` and ``after``."""

    rows: tuple[ContactRow, ...]
    previous: int | None = None
    next: int | None = None


@dataclass(frozen=True)
class Totals:
    """How large the book is."""

    contacts: int
    groups: int
    blacklisted: int


@dataclass(frozen=True)
class ContactSheet:
    """All that is known of one contact."""

    row: ContactRow
    extra: dict[str, str] = field(default_factory=dict)
    created: str = ""


def contacts(db: Database, actor: Actor, query: Query = Query(), limit: int = PAGE) -> Page:
    """One page of the book, at most ``limit`` contacts (S62).

    An anchor that is not in the account any more gives the first page.

    Raises:
        GroupNotFound: the group is not in this account.
    """
    with db.read() as session:
        if query.group_id is not None:
            owned_group(session, actor, query.group_id)
        anchor_id = query.after or query.before
        anchor = session.get(Contact, anchor_id) if anchor_id else None
        if anchor is not None and anchor.account_id != actor.account_id:
            anchor = None
        backwards = anchor is not None and query.after is None
        ids = list(session.execute(_page_ids(actor, query, anchor, backwards, limit + 1)).scalars())
        beyond = len(ids) > limit
        ids = ids[:limit]
        if backwards:
            ids.reverse()
        rows = tuple(_rows(session, actor, ids))
    if not rows:
        return Page(())
    before = rows[0].id if (beyond if backwards else anchor is not None) else None
    after = rows[-1].id if (backwards or beyond) else None
    return Page(rows, previous=before, next=after)


def count(db: Database, actor: Actor) -> int:
    """How many contacts the book holds."""
    with db.read() as session:
        return _count(session, actor)


def totals(db: Database, actor: Actor) -> Totals:
    """Contacts, groups and blacklisted numbers of the account."""
    groups = select(func.count()).select_from(Group).where(Group.account_id == actor.account_id)
    refused = select(func.count()).select_from(Suppression).where(Suppression.account_id == actor.account_id)
    with db.read() as session:
        return Totals(
            _count(session, actor), session.execute(groups).scalar_one(), session.execute(refused).scalar_one()
        )


def contact(db: Database, actor: Actor, contact_id: int) -> ContactSheet:
    """One contact.

    Raises:
        ContactNotFound: deleted, or not in this account.
    """
    with db.read() as session:
        found = _owned(session, actor, contact_id)
        [row] = _rows(session, actor, [contact_id])
        return ContactSheet(row, dict(found.extra), found.created_at.isoformat())


def pick(db: Database, actor: Actor, text: str, limit: int = 20) -> list[ContactRow]:
    """Contacts for a picker: the first that answer what was typed, in the order of names (S30)."""
    return list(contacts(db, actor, Query(text), limit).rows)


def create_contact(db: Database, actor: Actor, sheet: Sheet) -> int:
    """Add a contact (S68, S72). The book may hold a number twice: two people, one phone (S75). Returns its id.

    Raises:
        UnreadableNumber, InvalidEmail, GroupNotFound
    """
    with db.write() as session:
        now = db.now()
        made = Contact(account_id=actor.account_id, e164=0, territory="", created_at=now, updated_at=now)
        _fill(session, actor, made, sheet)
        session.add(made)
        session.flush()
        assert made.id is not None
        set_groups(session, actor, made.id, sheet.group_ids)
        return made.id


def edit_contact(db: Database, actor: Actor, contact_id: int, sheet: Sheet) -> None:
    """Change a contact (S62, S71). A new number is a new phone: what a report said of the old one goes.

    Raises:
        ContactNotFound, UnreadableNumber, InvalidEmail, GroupNotFound
    """
    with db.write() as session:
        found = _owned(session, actor, contact_id)
        before = found.e164
        _fill(session, actor, found, sheet)
        if found.e164 != before:
            found.state = "active"
        found.updated_at = db.now()
        session.add(found)
        set_groups(session, actor, contact_id, sheet.group_ids)


def delete_contacts(db: Database, actor: Actor, contact_ids: Collection[int]) -> list[int]:
    """Take contacts out of the book; `restore_contacts` brings them back for 30 days (S63, M10).

    Returns the ids that were deleted, to be given to `restore_contacts`.
    """
    with db.write() as session:
        found = _some(session, actor, contact_ids, col(Contact.deleted_at).is_(None))
        for one in found:
            one.deleted_at = db.now()
            session.add(one)
        return [one.id for one in found if one.id is not None]


def restore_contacts(db: Database, actor: Actor, contact_ids: Collection[int]) -> int:
    """Bring deleted contacts back, in the groups they stood in (M10). Returns how many came back."""
    with db.write() as session:
        oldest = db.now() - timedelta(days=UNDO_DAYS)
        found = _some(session, actor, contact_ids, col(Contact.deleted_at) >= oldest)
        for one in found:
            one.deleted_at = None
            session.add(one)
        return len(found)


def numbers_of(db: Database, actor: Actor, contact_ids: Collection[int]) -> list[int]:
    """The E.164 numbers of contacts, once each."""
    with db.read() as session:
        found = _some(session, actor, contact_ids, col(Contact.deleted_at).is_(None))
        return sorted({one.e164 for one in found})


def region_of(db: Database, actor: Actor) -> str:
    """The country in which the account's numbers without a country code are read (S33)."""
    with db.read() as session:
        return _region(session, actor)


def _page_ids(actor: Actor, query: Query, anchor: Contact | None, backwards: bool, limit: int) -> Select[Any]:
    asked = select(Contact.id).where(Contact.account_id == actor.account_id, col(Contact.deleted_at).is_(None))
    for fragment in sought(query.text):
        asked = asked.where(col(Contact.search).like(f"%{fragment}%"))
    if query.group_id is not None:
        member = select(GroupMember.contact_id).where(
            GroupMember.group_id == query.group_id, GroupMember.contact_id == col(Contact.id)
        )
        asked = asked.where(member.exists())
    keys: tuple[Any, ...] = (col(Contact.sort_name), col(Contact.id)) if query.sort == "name" else (col(Contact.id),)
    rising = (query.sort == "name") != backwards
    if anchor is not None:
        here: tuple[Any, ...] = (anchor.sort_name, anchor.id) if query.sort == "name" else (anchor.id,)
        beyond: ColumnElement[bool] = tuple_(*keys) > tuple_(*here) if rising else tuple_(*keys) < tuple_(*here)
        asked = asked.where(beyond)
    return asked.order_by(*(key.asc() if rising else key.desc() for key in keys)).limit(limit)


def _rows(session: Session, actor: Actor, ids: Sequence[int | None]) -> Iterable[ContactRow]:
    """The contacts of ``ids``, in that order, with their groups and whether they are blacklisted."""
    found = {c.id: c for c in session.execute(select(Contact).where(col(Contact.id).in_(ids))).scalars()}
    tags: dict[int, list[GroupTag]] = {}
    asked = (
        select(GroupMember.contact_id, Group.id, Group.name)
        .join(Group, col(Group.id) == GroupMember.group_id)
        .where(col(GroupMember.contact_id).in_(ids))
        .order_by(func.lower(Group.name), col(Group.id))
    )
    for contact_id, group_id, name in session.execute(asked):
        tags.setdefault(contact_id, []).append(GroupTag(group_id or 0, name))
    refused = suppressed_among(session, actor.account_id, {c.e164 for c in found.values()})
    for c in (found[id] for id in ids):
        assert c.id is not None
        state = "blacklisted" if c.e164 in refused else c.state
        groups = tuple(tags.get(c.id, ()))
        yield ContactRow(c.id, c.e164, pretty(c.e164), c.nom, c.prenom, c.email, c.societe, state, groups)


def _fill(session: Session, actor: Actor, contact: Contact, sheet: Sheet) -> None:
    read = read_number(sheet.number, _region(session, actor))
    if not isinstance(read, Number):
        raise UnreadableNumber(read.reason, read.suggestion, read.missing_digits)
    contact.e164, contact.territory = read.e164, read.territory
    for name, length in FIELD_LENGTHS.items():
        setattr(contact, name, " ".join(getattr(sheet, name).replace("\0", "").split())[:length])
    if contact.email and not _EMAIL.fullmatch(contact.email):
        raise InvalidEmail(email=contact.email)
    contact.sort_name = sort_name(contact.nom, contact.prenom, contact.societe)
    contact.search = search_text(contact.e164, contact.nom, contact.prenom, contact.societe, contact.email)


def _owned(session: Session, actor: Actor, contact_id: int) -> Contact:
    found = session.get(Contact, contact_id)
    if found is None or found.account_id != actor.account_id or found.deleted_at is not None:
        raise ContactNotFound
    return found


def _some(session: Session, actor: Actor, ids: Collection[int], only: ColumnElement[bool]) -> Sequence[Contact]:
    asked = select(Contact).where(Contact.account_id == actor.account_id, col(Contact.id).in_(ids), only)
    return session.execute(asked).scalars().all()


def _count(session: Session, actor: Actor) -> int:
    asked = (
        select(func.count())
        .select_from(Contact)
        .where(Contact.account_id == actor.account_id, col(Contact.deleted_at).is_(None))
    )
    total: int = session.execute(asked).scalar_one()
    return total


def _region(session: Session, actor: Actor) -> str:
    account = session.get(Account, actor.account_id)
    return account.region if account else "FR"
