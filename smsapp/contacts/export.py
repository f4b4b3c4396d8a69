"""What leaves the book as a file: every field of the chosen contacts, read slice by slice (S62, M28).

A selection is kept here for a while under a random key, because its ids would not fit into an address; the key is
worth nothing without the session of the account that made it.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from sqlmodel import col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.fields import CustomField, fields
from smsapp.contacts.listing import Query, origins, page_ids
from smsapp.contacts.tables import Contact, Group, GroupMember
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import pretty

SLICE = 1_000
LASTS = 900  # seconds
CAPACITY = 200  # selections kept at once

COLUMNS = (
    "number", "nom", "prenom", "email", "societe", "country", "groups", "state", "consent_source", "consent_day",
    "consent_text", "added",
)  # fmt: skip


class ExportGone(Refusal):
    """The selection is not kept any more, or it is somebody else's."""

    key = "contacts.export_gone"


@dataclass(frozen=True)
class Exported:
    """One contact as a file tells it: texts by the names of COLUMNS (``state`` is its key), then custom values."""

    cells: dict[str, str]
    custom: tuple[str, ...]


class Selections:
    """Selections that wait to be fetched, for a quarter of an hour."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, int, tuple[int, ...]]] = OrderedDict()

    def keep(self, actor: Actor, ids: Collection[int]) -> str:
        """Keep a selection of the actor's and answer its key."""
        key = secrets.token_urlsafe(16)
        self._kept[key] = (time.monotonic() + LASTS, actor.account_id, tuple(sorted(ids)))
        while len(self._kept) > CAPACITY:
            self._kept.popitem(last=False)
        return key

    def of(self, actor: Actor, key: str) -> tuple[int, ...]:
        """The ids kept under a key. Raises ExportGone when there are none, or they are another account's."""
        until, account_id, ids = self._kept.get(key, (0.0, 0, ()))
        if time.monotonic() > until or account_id != actor.account_id:
            raise ExportGone
        return ids


def export_selection(db: Database, actor: Actor, ids: Collection[int]) -> tuple[list[CustomField], Iterator[Exported]]:
    """The account's own fields, and the contacts of ``ids`` that are the actor's and not deleted."""
    own, chosen = fields(db, actor), list(ids)
    slices = (chosen[at : at + SLICE] for at in range(0, len(chosen), SLICE))
    return own, (one for some in slices for one in _slice(db, actor, own, some))


def export_answering(db: Database, actor: Actor, query: Query) -> tuple[list[CustomField], Iterator[Exported]]:
    """The account's own fields, and every contact that answers ``query``, in its order.

    Each slice is a short look of its own at the book, so that a slow download holds nothing open; it begins after the
    last contact of the slice before.

    Raises:
        GroupNotFound
    """
    own = fields(db, actor)
    first = _after(db, actor, query, None)

    def walk() -> Iterator[Exported]:
        ids = first
        while ids:
            yield from _slice(db, actor, own, ids)
            ids = _after(db, actor, query, ids[-1]) if len(ids) == SLICE else []

    return own, walk()


def _after(db: Database, actor: Actor, query: Query, last: int | None) -> list[int]:
    with db.read() as session:
        anchor = session.get(Contact, last) if last else None
        if last and anchor is None:
            return []
        return page_ids(session, actor, replace(query, after=None, before=None), SLICE, anchor=anchor)


def _slice(db: Database, actor: Actor, own: list[CustomField], ids: list[int]) -> list[Exported]:
    with db.read() as session:
        mine = (
            col(Contact.id).in_(ids),
            col(Contact.account_id) == actor.account_id,
            col(Contact.deleted_at).is_(None),
        )
        found = {c.id: c for c in session.execute(select(Contact).where(*mine)).scalars()}
        groups: dict[int, list[str]] = {}
        named = (
            select(GroupMember.contact_id, Group.name)
            .join(Group, col(Group.id) == GroupMember.group_id)
            .where(col(GroupMember.contact_id).in_(ids))
            .order_by(col(Group.name))
        )
        for contact_id, name in session.execute(named):
            groups.setdefault(contact_id, []).append(name)
        refused = origins(session, actor, {c.e164 for c in found.values()})
    return [
        Exported(
            {
                "number": pretty(c.e164), "nom": c.nom, "prenom": c.prenom, "email": c.email, "societe": c.societe,
                "country": c.territory, "groups": ", ".join(groups.get(c.id or 0, ())),
                "state": refused.get(c.e164, c.state), "consent_source": c.consent_source,
                "consent_day": f"{c.consent_at:%d/%m/%Y}" if c.consent_at else "", "consent_text": c.consent_text,
                "added": f"{c.created_at:%d/%m/%Y}",
            },
            tuple(c.extra.get(one.key, "") for one in own),
        )
        for c in (found[id] for id in ids if id in found)
    ]  # fmt: skip
