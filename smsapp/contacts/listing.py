"""Reading the book: pages by keyset, search, filters, and which contacts an answer holds (S62).

The order is that of names, or the newest first. A search in the order of names shows first whose sorted name begins as
was typed ("moreau" finds the Moreaus), then everybody else who holds it, newest first.

What few contacts answer to (a fragment found by the search index, a small group, a country: see sources.py) is gathered
and sorted; what many answer to is met soon enough by reading an index in its order: the names from what was typed on,
or, newest first, what the search index hands out. All ways give the same page; nothing is ever skipped by OFFSET.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from sqlalchemy import BigInteger, ColumnElement, Select, case, column, func, literal_column, table, true, tuple_
from sqlalchemy import text as sql
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.counters import counted
from smsapp.contacts.folding import SORT_LENGTH, fold, inside, sought
from smsapp.contacts.groups import owned_list
from smsapp.contacts.last_sms import last_is
from smsapp.contacts.search import asked_of, candidates, handed_out, not_indexed
from smsapp.contacts.sources import few
from smsapp.contacts.tables import Contact, Group, GroupMember, Suppression
from smsapp.db import Database
from smsapp.db.rows import pack, rows
from smsapp.domain.delivery import Status
from smsapp.domain.phone import pretty, territory_of

PAGE = 50
COUNTRIES_MET = 1_500  # numbers looked up at most to know the countries of a book
FEW = 5_000  # contacts that a filter may have, worth gathering and sorting
CHUNK = 200  # candidates looked up at a time, newest first
LARGE = 20_000  # contacts; a smaller book is read whole sooner than the index, which holds every account, is searched

_FTS = table("contact_fts", column("rowid", BigInteger()))
_SHOWN = tuple(col(getattr(Contact, name)) for name in ("id", "e164", "nom", "prenom", "email", "societe", "state"))

Sort = Literal["name", "newest"]
State = Literal["active", "stop", "invalid", "blacklisted", "deleted"]
STATES: tuple[State, ...] = ("active", "stop", "invalid", "blacklisted", "deleted")


@dataclass(frozen=True)
class GroupTag:
    """A group as it stands beside a contact."""

    id: int
    name: str


@dataclass(frozen=True)
class ContactRow:
    """A contact as a list shows it.

    ``state``: active, invalid (a report said so: M34), stop or blacklisted, which stand above both.
    """

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
    """Which part of the book is looked at: a page starts after, or ends before, the contact of that id.

    ``status`` is that of the last SMS to the number.
    """

    text: str = ""
    group_id: int | None = None
    sort: Sort = "name"
    after: int | None = None
    before: int | None = None
    state: State | None = None
    territory: str = ""
    status: Status | None = None


@dataclass(frozen=True)
class Page:
    """One page of the book; ``previous`` and ``next`` are the ids to ask for with ``before`` and ``after``."""

    rows: tuple[ContactRow, ...]
    previous: int | None = None
    next: int | None = None


def contacts(db: Database, actor: Actor, query: Query = Query(), limit: int = PAGE) -> Page:
    """One page of the book, at most ``limit`` contacts (S62).

    An anchor that is not in the account any more gives the first page.

    Raises:
        GroupNotFound: the group is not in this account.
    """
    with db.read() as session:
        anchor_id = query.after or query.before
        anchor = session.get(Contact, anchor_id) if anchor_id else None
        if anchor is not None and anchor.account_id != actor.account_id:
            anchor = None
        backwards = anchor is not None and query.after is None
        ids = page_ids(session, actor, query, limit + 1, anchor=anchor, backwards=backwards)
        beyond = len(ids) > limit
        ids = ids[:limit]
        if backwards:
            ids.reverse()
        found = tuple(rows_of(session, actor, ids))
    if not found:
        return Page(())
    before = found[0].id if (beyond if backwards else anchor is not None) else None
    after = found[-1].id if (backwards or beyond) else None
    return Page(found, previous=before, next=after)


def pick(db: Database, actor: Actor, text: str, limit: int = 20) -> list[ContactRow]:
    """Contacts for a picker: the first that answer what was typed, in the order of names (S30)."""
    return list(contacts(db, actor, Query(text), limit).rows)


def answering(db: Database, actor: Actor, query: Query, limit: int) -> list[int]:
    """The ids of the contacts that answer ``query``, whatever its page, in its order, at most ``limit``.

    Raises:
        GroupNotFound
    """
    with db.read() as session:
        return page_ids(session, actor, query, limit)


def countries(db: Database, actor: Actor) -> list[str]:
    """The territories of the book's numbers, found by leaps through the index of numbers rather than by reading it."""
    met: dict[str, None] = {}
    number = col(Contact.e164)
    mine = (col(Contact.account_id) == actor.account_id, col(Contact.deleted_at).is_(None))
    with db.read() as session:
        at = 0
        for _ in range(COUNTRIES_MET):
            found = session.execute(select(number).where(*mine, number >= at).order_by(number).limit(1)).scalar()
            if found is None:
                break
            territory, code = territory_of(found)
            met[territory] = None
            # Numbers of one length that begin with the same four digits stand in one country; where several share a
            # calling code (Réunion and Mayotte, Britain and Jersey) six tell them apart. +1 has its area codes.
            same = 6 if code != 1 and len(COUNTRY_CODE_TO_REGION_CODE[code]) > 1 else 4
            block = 10 ** max(len(str(found)) - same, 0)
            at = (found // block + 1) * block
    return list(met)


def page_ids(
    session: Session,
    actor: Actor,
    query: Query,
    limit: int,
    *,
    anchor: Contact | None = None,
    backwards: bool = False,
) -> list[int]:
    """The ids of the contacts that answer, in order, from ``anchor`` on.

    Raises:
        GroupNotFound
    """
    gathered = _few(session, actor, query)
    stretches = _stretches(query)
    if backwards:
        stretches.reverse()
    if anchor is not None:
        stretches = stretches[next((i for i, one in enumerate(stretches) if one.holds(anchor)), 0) :]
    found: list[int] = []
    for one in stretches:
        part = _Part(session, actor, query, one, limit - len(found), anchor if one is stretches[0] else None, backwards)
        found += part.of(gathered) if gathered is not None else part.of_many()
        if len(found) >= limit:
            break
    return found


@dataclass(frozen=True)
class _Stretch:
    """A part of an answer with one order; ``begins``: the sorted name must (not) begin with ``head``."""

    sort: Sort
    head: str = ""
    begins: bool = True

    def holds(self, contact: Contact) -> bool:
        return contact.sort_name.startswith(self.head) is self.begins

    def conditions(self) -> list[ColumnElement[bool]]:
        if not self.head:
            return []
        name = col(Contact.sort_name)
        if not self.begins:
            return [~name.startswith(self.head, autoescape=True)]
        return [name >= self.head, name < self.head + "\U0010ffff"]  # bounds lead into the index


def _stretches(query: Query) -> list[_Stretch]:
    head = fold(query.text.replace("\0", " "))[:SORT_LENGTH]
    if query.sort == "name" and head:
        return [_Stretch("name", head), _Stretch("newest", head, begins=False)]
    return [_Stretch(query.sort)]


@dataclass(frozen=True)
class _Part:
    """The question for one stretch: at most ``limit`` ids after ``anchor`` (before it, if ``backwards``)."""

    session: Session
    actor: Actor
    query: Query
    stretch: _Stretch
    limit: int
    anchor: Contact | None
    backwards: bool

    @property
    def rising(self) -> bool:
        return (self.stretch.sort == "name") != self.backwards

    def of(self, candidates: Collection[int]) -> list[int]:
        """Among a few candidates: looked up one by one, and sorted; newest first, no more of them than are wanted."""
        if self.stretch.sort == "name":
            return self._looked_up(candidates, self.limit)
        at = self.anchor.id if self.anchor is not None else None
        left = [id for id in candidates if at is None or (id > at if self.rising else id < at)]
        left.sort(reverse=not self.rising)
        found: list[int] = []
        start, size = 0, CHUNK
        while start < len(left) and len(found) < self.limit:
            found += self._looked_up(left[start : start + size], self.limit - len(found))
            start, size = start + size, size * 4
        return found

    def of_many(self) -> list[int]:
        """By reading an index in its order until the page is full."""
        session, fragments = self.session, sought(self.query.text)
        in_order = select(Contact.id).where(col(Contact.account_id) == self.actor.account_id)
        sqlite = session.get_bind().dialect.name == "sqlite"
        if self.stretch.sort != "newest" or not (words := asked_of(fragments)):
            return self._ids(in_order, {})
        if sqlite and counted(session, "contacts", self.actor.account_id) <= LARGE:
            return self._ids(in_order, {})
        tail = not_indexed(session, self.actor)
        if tail is None:
            return self._ids(in_order, {})
        if sqlite:
            joined = _FTS.join(Contact.__table__, _FTS.c.rowid == Contact.__table__.c.id)  # type: ignore[attr-defined]
            asked = select(_FTS.c.rowid).select_from(joined).where(sql("contact_fts MATCH :words"), _mine(self.actor))
            indexed = self._ids(asked, {"words": words}, _FTS.c.rowid)
        else:
            indexed = self._handed_out(fragments)
        found = sorted({*indexed, *self.of(tail)}, reverse=not self.rising)
        return found[: self.limit]

    def _handed_out(self, fragments: Sequence[str]) -> list[int]:
        """From what PostgreSQL's search index hands out, a part at a time, until the page is full."""
        after = self.anchor.id if self.anchor is not None else None
        found: list[int] = []
        most = self.limit + self.limit // 4  # a few may hold the trigrams apart
        for ids in handed_out(self.session, self.actor, fragments, after=after, rising=self.rising, most=most):
            found += self.of(ids)
            if len(found) >= self.limit:
                break
        return found

    def _looked_up(self, ids: Collection[int], limit: int) -> list[int]:
        sqlite = self.session.get_bind().dialect.name == "sqlite"
        chosen = rows(sqlite, (("value", BigInteger()),))
        asked = select(Contact.id).where(col(Contact.id).in_(select(chosen.c.value)), _mine(self.actor))
        return self._ids(asked, {"rows": pack(sqlite, ((value,) for value in ids))}, limit=limit)

    def _ids(
        self,
        asked: Select[Any],
        given: dict[str, Any],
        id: ColumnElement[int] | None = None,
        limit: int | None = None,
    ) -> list[int]:
        by: ColumnElement[int] = col(Contact.id) if id is None else id  # type: ignore[assignment]
        keys: tuple[Any, ...] = (col(Contact.sort_name), by) if self.stretch.sort == "name" else (by,)
        likely = self.stretch.sort == "name" and bool(self.stretch.head)
        asked = asked.where(*conditions(self.actor.account_id, self.query, likely), *self.stretch.conditions())
        asked = self._in_order(asked, keys).limit(self.limit if limit is None else limit)
        return list(self.session.execute(asked, given).scalars())

    def _in_order(self, asked: Select[Any], keys: tuple[Any, ...]) -> Select[Any]:
        """From the anchor on, by ``keys``: the sorted name and the id, or the id alone."""
        if self.anchor is not None:
            here: tuple[Any, ...] = (self.anchor.sort_name, self.anchor.id)[-len(keys) :]
            left: Any = tuple_(*keys) if len(keys) > 1 else keys[0]
            right: Any = tuple_(*here) if len(keys) > 1 else here[0]
            asked = asked.where(left > right if self.rising else left < right)
        return asked.order_by(*(key.asc() if self.rising else key.desc() for key in keys))


def rows_of(session: Session, actor: Actor, ids: Sequence[int]) -> Iterable[ContactRow]:
    """The contacts of ``ids``, in that order, with their groups and whether they are written to."""
    asked = select(Contact).with_only_columns(*_SHOWN).where(col(Contact.id).in_(ids), _mine(actor))
    found = {c.id: c for c in session.execute(asked)}
    tags = _tags(session, ids)
    refused = origins(session, actor, {c.e164 for c in found.values()})
    for c in (found[id] for id in ids if id in found):
        state = refused.get(c.e164, c.state)
        groups = tuple(tags.get(c.id, ()))
        yield ContactRow(c.id, c.e164, pretty(c.e164), c.nom, c.prenom, c.email, c.societe, state, groups)


def _mine(actor: Actor) -> ColumnElement[bool]:
    """Contacts of the account that are looked up by id: the plus keeps the account's indexes out of it, which would be
    read from end to end.
    """
    return literal_column("+contact.account_id", BigInteger()) == actor.account_id


def origins(session: Session, actor: Actor, numbers: Collection[int]) -> dict[int, str]:
    """Those of ``numbers`` that are never written to: "stop" for who asked for it by SMS, else "blacklisted" (S74)."""
    asked = select(Suppression.e164, Suppression.origin).where(
        Suppression.account_id == actor.account_id, col(Suppression.e164).in_(numbers)
    )
    return {e164: "stop" if origin == "stop" else "blacklisted" for e164, origin in session.execute(asked)}


def _tags(session: Session, ids: Sequence[int]) -> dict[int, list[GroupTag]]:
    tags: dict[int, list[GroupTag]] = {}
    asked = (
        select(GroupMember.contact_id, Group.id, Group.name)
        .join(Group, col(Group.id) == GroupMember.group_id)
        .where(col(GroupMember.contact_id).in_(ids))
        .order_by(func.lower(Group.name), col(Group.id))
    )
    for contact_id, group_id, name in session.execute(asked):
        tags.setdefault(contact_id, []).append(GroupTag(group_id or 0, name))
    return tags


def conditions(account_id: int, query: Query, likely: bool = False) -> list[ColumnElement[bool]]:
    """What a contact must be to answer, its account apart; ``likely``: most of those asked for hold what was typed."""
    deleted = col(Contact.deleted_at)
    asked: list[ColumnElement[bool]] = [deleted.is_not(None) if query.state == "deleted" else deleted.is_(None)]
    holds = [col(Contact.search).like(*inside(fragment)) for fragment in sought(query.text)]
    # PostgreSQL takes LIKE for rare, and would sort them all rather than read the first in order; it knows no CASE.
    asked += [case((one, true())) for one in holds] if likely else holds
    if query.group_id is not None:
        member = select(GroupMember.contact_id).where(
            GroupMember.group_id == query.group_id, GroupMember.contact_id == col(Contact.id)
        )
        asked.append(member.exists())
    if query.territory:
        asked.append(col(Contact.territory) == query.territory)
    refused = select(Suppression.e164).where(
        Suppression.account_id == account_id, Suppression.e164 == col(Contact.e164)
    )
    if query.state == "invalid":
        asked.append(col(Contact.state) == literal_column("'invalid'"))  # as the index of the invalid says it
    if query.state in ("active", "invalid"):
        asked.append(~refused.exists())
    if query.state == "active":
        asked.append(col(Contact.state) == "active")
    if query.state == "stop":
        asked.append(refused.where(Suppression.origin == "stop").exists())
    if query.state == "blacklisted":
        asked.append(refused.where(Suppression.origin != "stop").exists())
    if query.status is not None:
        asked.append(last_is(account_id, query.status))
    return asked


def _few(session: Session, actor: Actor, query: Query) -> list[int] | None:
    """Candidates for ``query`` when they are few enough to be sorted; they are confirmed by `conditions`."""
    if query.group_id is not None:
        owned_list(session, actor, query.group_id)
    if session.get_bind().dialect.name == "sqlite":  # PostgreSQL is asked in order, see `_Part.of_many`
        found = candidates(session, actor, sought(query.text))
        if found is not None:
            return found
    if query.state == "deleted":
        return None
    return few(
        session, actor, query.group_id, state=query.state, territory=query.territory, status=query.status, most=FEW
    )
