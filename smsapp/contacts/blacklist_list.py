"""The blacklist as its page reads it: newest first, by keyset, with who stands in the book under each number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, select
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import User
from smsapp.contacts.blacklist import ORIGINS
from smsapp.contacts.blacklist_tables import SuppressionEvent
from smsapp.contacts.folding import inside, sought
from smsapp.contacts.tables import Contact, Suppression
from smsapp.db import Database
from smsapp.domain.phone import pretty

PAGE: Final = 50
SLICE: Final = 5_000

_TABLES = Suppression.metadata.tables
EVENT, SUPPRESSION, CONTACT, USER = (
    _TABLES[str(model.__tablename__)] for model in (SuppressionEvent, Suppression, Contact, User)
)


@dataclass(frozen=True)
class Entry:
    """A number that is not written to: ``id`` is that of the line of the history that put it there.

    ``name`` is that of a contact of the book with this number, ``by`` the identifiant of who put it there; both may be
    empty.
    """

    id: int
    e164: int
    number: str
    name: str
    reason: str
    origin: str
    since: datetime
    by: str


@dataclass(frozen=True)
class Entries:
    """A page of the blacklist; ``previous`` and ``next`` are the ids to ask for with ``before`` and ``after``."""

    rows: tuple[Entry, ...] = ()
    previous: int | None = None
    next: int | None = None


def entries(
    db: Database,
    actor: Actor,
    *,
    origin: str = "",
    text: str = "",
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Entries:
    """The numbers on the blacklist, newest first; ``origin`` is one of ORIGINS or empty, ``text`` part of a number."""
    backwards = after is None and before is not None
    event = EVENT.c.id
    asked = _asked(actor, origin, text)
    if after is not None:
        asked = asked.where(event < after)
    elif before is not None:
        asked = asked.where(event > before)
    with db.read() as session:
        found = list(session.execute(asked.order_by(event.asc() if backwards else event.desc()).limit(limit + 1)))
        beyond = len(found) > limit
        found = found[:limit]
        if backwards:
            found.reverse()
        rows = tuple(_entries(session, actor, found))
    if not rows:
        return Entries()
    anchored = after is not None or before is not None
    return Entries(
        rows,
        previous=rows[0].id if (beyond if backwards else anchored) else None,
        next=rows[-1].id if (backwards or beyond) else None,
    )


def counts(db: Database, actor: Actor) -> dict[str, int]:
    """How many numbers of the blacklist come from where; every origin has its count."""
    asked = (
        select(SUPPRESSION.c.origin, func.count())
        .where(SUPPRESSION.c.account_id == actor.account_id)
        .group_by(SUPPRESSION.c.origin)
    )
    with db.read() as session:
        return dict.fromkeys(ORIGINS, 0) | {row[0]: row[1] for row in session.execute(asked)}


def every_entry(db: Database, actor: Actor, origin: str = "") -> Iterator[Entry]:
    """The whole blacklist, newest first, read in slices: for an export."""
    after: int | None = None
    while True:
        page = entries(db, actor, origin=origin, after=after, limit=SLICE)
        yield from page.rows
        after = page.next
        if after is None:
            return


def _asked(actor: Actor, origin: str, text: str) -> Select[Any]:
    """The last line of the history that put each number where it is."""
    later = EVENT.alias()
    superseded = (
        select(later.c.id)
        .where(
            later.c.account_id == actor.account_id,
            later.c.e164 == EVENT.c.e164,
            later.c.kind == "added",
            later.c.id > EVENT.c.id,
        )
        .exists()
    )
    where: list[ColumnElement[bool]] = [
        EVENT.c.account_id == actor.account_id,
        EVENT.c.kind == "added",
        ~superseded,
    ]
    if origin in ORIGINS:
        where.append(SUPPRESSION.c.origin == origin)
    where += [cast(SUPPRESSION.c.e164, Text).like(*inside(fragment)) for fragment in sought(text)]
    standing = and_(
        SUPPRESSION.c.account_id == EVENT.c.account_id,
        SUPPRESSION.c.e164 == EVENT.c.e164,
    )
    return (
        select(
            EVENT.c.id, SUPPRESSION.c.e164, SUPPRESSION.c.reason, SUPPRESSION.c.origin, SUPPRESSION.c.created_at,
            USER.c.identifiant,
        )
        .join(SUPPRESSION, standing)
        .outerjoin(USER, and_(USER.c.id == SUPPRESSION.c.user_id, USER.c.account_id == actor.account_id))
        .where(*where)
    )  # fmt: skip


def _entries(session: Session, actor: Actor, found: list[Any]) -> Iterator[Entry]:
    names: dict[int, str] = {}
    for start in range(0, len(found), 500):
        numbers = [row.e164 for row in found[start : start + 500]]
        asked = (
            select(CONTACT.c.e164, CONTACT.c.prenom, CONTACT.c.nom, CONTACT.c.societe)
            .where(
                CONTACT.c.account_id == actor.account_id,
                CONTACT.c.deleted_at.is_(None),
                CONTACT.c.e164.in_(numbers),
            )
            .order_by(CONTACT.c.id.desc())
        )
        for e164, prenom, nom, societe in session.execute(asked):
            if name := f"{prenom} {nom}".strip() or societe:
                names[e164] = name
    for id, e164, reason, origin, since, by in found:
        yield Entry(id, e164, pretty(e164), names.get(e164, ""), reason, origin, since, by or "")
