"""Smart groups: a saved filter of the book whose members are whoever answers it, and putting groups together.

A filter is kept as what it asks for: ``text`` (a search), ``group`` (id of a list), ``state``, ``country``, ``status``
(of the last SMS); empty parts are left out. Its members are read when they are asked for; a campaign freezes them when
its author agrees to the price (`campaigns/audience.py`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.counters import counted, counts
from smsapp.contacts.counting import live_count
from smsapp.contacts.groups import UNCOUNTED, GroupNotFound, add_members, new_group, owned_group, renamed
from smsapp.contacts.listing import STATES, Query, conditions
from smsapp.contacts.tables import Contact, Group
from smsapp.db import Database
from smsapp.domain.delivery import Status
from smsapp.domain.errors import Refusal

TEXT_LENGTH: Final = 200
KINDS: Final = ("active", "invalid", "stop", "blacklisted")
"""States that a smart group may ask for: the deleted are nobody's members."""


class FilterMissing(Refusal):
    """A smart group that asks for nothing would be the whole book under another name."""

    key = "groups.filter_missing"


class TooFewGroups(Refusal):
    key = "groups.too_few"


@dataclass(frozen=True)
class Filter:
    """What a smart group asks for; an empty part asks for nothing."""

    text: str = ""
    group_id: int | None = None
    state: str = ""
    country: str = ""
    status: str = ""

    def kept(self) -> dict[str, Any]:
        """As it is stored."""
        said = {
            "text": self.text, "group": self.group_id, "state": self.state, "country": self.country,
            "status": self.status,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value}

    def query(self) -> Query:
        """The part of the book that answers."""
        state = next((known for known in STATES if known == self.state and known in KINDS), None)
        status = Status(self.status) if self.status in set(Status) else None
        return Query(self.text, self.group_id, state=state, territory=self.country, status=status)


@dataclass(frozen=True)
class GroupFacts:
    """A group as its page lists it: ``filter`` is None for a list; ``base`` the name of the group a filter names, empty
    when that one is gone (with the import that made it).

    ``members`` is UNCOUNTED when nobody asked for the live count of a smart group.
    """

    id: int
    name: str
    members: int
    filter: Filter | None = None
    base: str = ""


def every_group(
    db: Database, actor: Actor, containing: str = "", limit: int | None = None, *, live: bool = True
) -> list[GroupFacts]:
    """The account's groups by name; ``containing`` as in `groups.groups`. ``live``: count the members of smart ones,
    each of which reads the book.
    """
    with db.read() as session:
        asked = select(Group.id, Group.name, Group.filter).where(Group.account_id == actor.account_id)
        told = session.execute(asked).all()
        names = {id: name for id, name, _ in told}
        sought = containing.strip().casefold()
        named = [row for row in told if sought in row[1].casefold()]
        named.sort(key=lambda row: (row[1].casefold(), row[0]))
        named = named[:limit]
        sizes = counts(session, "members", [id or 0 for id, _, kept in named if kept is None])
        facts = []
        for id, name, kept in named:
            wanted = read_filter(kept) if kept is not None else None
            members = sizes.get(id or 0, 0)
            if wanted:
                members = live_count(session, actor, wanted.query()) if live else UNCOUNTED
            base = names.get(wanted.group_id, "") if wanted else ""
            facts.append(GroupFacts(id or 0, name, members, wanted, base))
    return facts


def smart_group(db: Database, actor: Actor, group_id: int) -> GroupFacts:
    """One group.

    Raises:
        GroupNotFound
    """
    found = next((g for g in every_group(db, actor, live=False) if g.id == group_id), None)
    if found is None:
        raise GroupNotFound
    return replace(found, members=count_of(db, actor, found.filter)) if found.filter else found


def create_smart_group(db: Database, actor: Actor, name: str, wanted: Filter) -> int:
    """Save a filter as a group. Returns its id.

    Raises:
        FilterMissing, GroupNotFound (the list it asks for), GroupNameMissing, GroupNameTaken
    """
    with db.write() as session:
        kept = _checked(session, actor, wanted)
        made = new_group(session, db, actor, name)
        owned_group(session, actor, made).filter = kept
        return made


def edit_smart_group(db: Database, actor: Actor, group_id: int, name: str, wanted: Filter) -> None:
    """Give a smart group another name or filter.

    Raises:
        GroupNotFound, FilterMissing, GroupNameMissing, GroupNameTaken
    """
    with db.write() as session:
        found = owned_group(session, actor, group_id)
        if found.filter is None:
            raise GroupNotFound
        found.filter = _checked(session, actor, wanted)
        renamed(session, actor, found, name)


def count_of(db: Database, actor: Actor, wanted: Filter) -> int:
    """How many contacts answer a filter now."""
    with db.read() as session:
        return live_count(session, actor, wanted.query())


def merge_groups(db: Database, actor: Actor, group_ids: Collection[int], name: str) -> tuple[int, int]:
    """Put groups together in one list called ``name``; they are gone, their contacts stay. Returns its id and size.

    Of a smart group the members of this moment are taken. Smart groups that asked for members of one of them ask for
    those of the new list.

    Raises:
        TooFewGroups, GroupNotFound, GroupNameMissing, GroupNameTaken
    """
    with db.write() as session:
        parts = [owned_group(session, actor, group_id) for group_id in dict.fromkeys(group_ids)]
        if len(parts) < 2:
            raise TooFewGroups
        stays = next((part for part in parts if part.filter is None), None)
        members = {part.id: _answering(session, actor.account_id, read_filter(part.filter)) for part in parts
                   if part.filter is not None}  # fmt: skip
        others = [part.id for part in parts if part is not stays]
        for part in parts:
            if part is not stays and part.name.casefold() == " ".join(name.split()).casefold():
                part.name = f"{part.name[:100]} \x7f{part.id}"  # it goes in a moment and gives its name away
                session.add(part)
        session.flush()
        if stays is None:
            to = new_group(session, db, actor, name)
        else:
            renamed(session, actor, stays, name)
            to = stays.id or 0
        session.execute(
            text("INSERT INTO group_member (group_id, contact_id)"
                 " SELECT DISTINCT CAST(:to AS BIGINT), contact_id FROM group_member WHERE group_id IN :others"
                 " ON CONFLICT DO NOTHING").bindparams(bindparam("others", others, expanding=True)),
            {"to": to},
        )  # fmt: skip
        for ids in members.values():
            for start in range(0, len(ids), 5_000):
                add_members(session, actor, to, ids[start : start + 5_000])
        session.flush()
        for part in parts:
            if part is not stays:
                session.delete(part)
        session.flush()
        smart = select(Group).where(Group.account_id == actor.account_id, col(Group.filter).is_not(None))
        for one in session.execute(smart).scalars():
            if one.filter and one.filter.get("group") in others:
                one.filter = {**one.filter, "group": to}
        session.flush()
        return to, counted(session, "members", to)


def members_of(session: Session, account_id: int, kept: Mapping[str, Any]) -> list[int]:
    """The contacts that answer a stored filter now, oldest first."""
    return _answering(session, account_id, read_filter(kept))


def read_filter(kept: Mapping[str, Any] | None) -> Filter:
    """A filter as it was stored."""
    said = kept or {}
    group = said.get("group")
    return Filter(
        str(said.get("text", "")),
        group if isinstance(group, int) else None,
        str(said.get("state", "")),
        str(said.get("country", "")),
        str(said.get("status", "")),
    )


def _answering(session: Session, account_id: int, wanted: Filter) -> list[int]:
    mine = (col(Contact.account_id) == account_id, *conditions(account_id, wanted.query()))
    return [id for id in session.execute(select(Contact.id).where(*mine).order_by(col(Contact.id))).scalars() if id]


def _checked(session: Session, actor: Actor, wanted: Filter) -> dict[str, Any]:
    tidy = Filter(
        " ".join(wanted.text.replace("\0", " ").split())[:TEXT_LENGTH],
        wanted.group_id,
        wanted.state if wanted.state in KINDS else "",
        wanted.country if len(wanted.country) in (2, 3) and wanted.country.isalnum() else "",
        wanted.status if wanted.status in set(Status) else "",
    )
    if tidy.group_id is not None and owned_group(session, actor, tidy.group_id).filter is not None:
        raise GroupNotFound  # a filter of a filter: lists only
    kept = tidy.kept()
    if not kept:
        raise FilterMissing
    return kept
