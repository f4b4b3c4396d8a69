"""Duplicates: numbers that stand in the book two or more times, compared on E.164 (S75). `merging.py` merges them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, Select, Subquery, Text, cast, func, select
from sqlalchemy import text as sql
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.contacts.folding import inside, sought
from smsapp.contacts.repeated import REPEATED, repeated_among
from smsapp.contacts.search import not_indexed
from smsapp.contacts.tables import Contact, ContactField, Group, GroupMember
from smsapp.db import Database
from smsapp.db.rows import pack, rows
from smsapp.domain.phone import pretty

PAGE: Final = 10
COPIES: Final = 6
"""Contacts of one number that stand side by side; a merge takes them all."""

RULES: Final = ("fullest", "newest", "oldest")

UNITS: Final[dict[str, tuple[str, ...]]] = {
    "nom": ("nom",),
    "prenom": ("prenom",),
    "email": ("email",),
    "societe": ("societe",),
    "consent": ("consent_source", "consent_text", "consent_at", "consent_import_id"),
}
"""What is chosen as one: a consent is worth nothing in pieces. Fields of the account's own are chosen one by one."""

_TABLES = Contact.metadata.tables
CONTACT, GROUP, MEMBER, FIELD = (
    _TABLES[str(model.__tablename__)] for model in (Contact, Group, GroupMember, ContactField)
)

_PEOPLE = sql(
    "SELECT count(*) FROM contact_repeated AS r CROSS JOIN contact AS c WHERE r.account_id = :a"
    " AND c.account_id = r.account_id AND c.e164 = r.e164 AND c.deleted_at IS NULL"
)

Record = dict[str, Any]
"""A contact as a row of its table, by column."""


@dataclass(frozen=True)
class Copy:
    """One of the contacts that share a number. ``values``: unit or own field -> what it says, empty for nothing."""

    id: int
    name: str
    values: dict[str, str]
    groups: tuple[str, ...]
    state: str
    created_at: datetime
    import_id: int | None


@dataclass(frozen=True)
class Duplicate:
    """A number with its contacts, oldest first; ``total`` of them, of which COPIES are shown.

    ``fields`` are those that have something to choose or to show, own ones with their names; ``proposed`` says which
    contact's value the rule "fullest" takes for each.
    """

    e164: int
    number: str
    total: int
    copies: tuple[Copy, ...]
    fields: tuple[tuple[str, str], ...]
    proposed: dict[str, int]


@dataclass(frozen=True)
class Duplicates:
    """A page; ``previous`` and ``next`` are ids of contacts to ask for with ``before`` and ``after``."""

    rows: tuple[Duplicate, ...] = ()
    previous: int | None = None
    next: int | None = None


@dataclass(frozen=True)
class Extent:
    """How many numbers stand more than once, and how many contacts merging them all would take away."""

    numbers: int
    surplus: int


def duplicates(
    db: Database,
    actor: Actor,
    *,
    text: str = "",
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Duplicates:
    """Numbers that stand more than once, in rising order; ``text`` is part of a number."""
    backwards = after is None and before is not None
    with db.read() as session:
        anchor = _number_of(session, actor, after or before)
        above, below = (None, anchor) if backwards else (anchor, None)
        found = _numbers(session, actor, text, above, below, falling=backwards, limit=limit + 1)
        beyond = len(found) > limit
        found = sorted(found[:limit])
        people = records(session, actor.account_id, found)
        names = _field_names(session, actor)
        groups = _groups(session, [record["id"] for record in people])
    if not found:
        return Duplicates()
    shown = tuple(_duplicate(e164, [r for r in people if r["e164"] == e164], names, groups) for e164 in found)
    return Duplicates(
        shown,
        previous=shown[0].copies[0].id if (beyond if backwards else anchor is not None) else None,
        next=shown[-1].copies[0].id if (backwards or beyond) else None,
    )


def extent(db: Database, actor: Actor) -> Extent:
    """How much there is to merge."""
    with db.read() as session:
        connection = session.connection()
        if (beside := _beside(session, actor)) is None:
            several, living = _several(actor.account_id)
            counted = select(living.label("n")).select_from(several).subquery()
            asked = select(func.count(), func.sum(counted.c.n)).where(counted.c.n > 1)
            numbers, people = connection.execute(asked).one()
            return Extent(numbers, int(people or 0) - numbers)
        numbers = _kept(session, actor) + len(beside)
        people = connection.scalar(_PEOPLE, {"a": actor.account_id}) + len(records(session, actor.account_id, beside))
    return Extent(numbers, people - numbers)


def how_many(db: Database, actor: Actor) -> int:
    """How many numbers stand more than once, now: what is kept, and what the contacts that are only noted add."""
    with db.read() as session:
        if (beside := _beside(session, actor)) is not None:
            return _kept(session, actor) + len(beside)
    return extent(db, actor).numbers


def _kept(session: Session, actor: Actor) -> int:
    asked = select(func.count()).select_from(REPEATED).where(REPEATED.c.account_id == actor.account_id)
    return int(session.connection().scalar(asked) or 0)


def _beside(session: Session, actor: Actor) -> list[int] | None:
    """Numbers that stand more than once and are not kept yet, rising; None when very many contacts are only noted."""
    tail = not_indexed(session, actor)
    if tail is None:
        return None
    found = repeated_among(session, tail, actor.account_id).get(actor.account_id, set())
    mine = (REPEATED.c.account_id == actor.account_id, REPEATED.c.e164.in_(found))
    return sorted(found.difference(session.connection().scalars(select(REPEATED.c.e164).where(*mine))))


def _numbers(
    session: Session, actor: Actor, text: str, above: int | None, below: int | None, *, falling: bool, limit: int
) -> list[int]:
    """The numbers of a page, in order."""
    connection = session.connection()
    if (beside := _beside(session, actor)) is None:
        asked = repeated(actor.account_id, text, above=above, below=below, falling=falling)
        return list(connection.scalars(asked.limit(limit)))
    number = REPEATED.c.e164
    mine = (REPEATED.c.account_id == actor.account_id, *_fitting(number, text, above, below))
    kept = select(number).where(*mine).order_by(number.desc() if falling else number.asc()).limit(limit)
    fits = (
        n
        for n in beside
        if all(fragment in str(n) for fragment in sought(text))
        and (above is None or n > above)
        and (below is None or n < below)
    )
    return sorted({*connection.scalars(kept), *fits}, reverse=falling)[:limit]


def repeated(
    account_id: int, text: str = "", *, above: int | None = None, below: int | None = None, falling: bool = False
) -> Select[Any]:
    """The numbers of an account that stand more than once, deleted contacts left out, in order, read from the index of
    numbers.

    ``text`` is part of a number; ``above`` and ``below`` are numbers that it must be beyond.
    """
    several, living = _several(account_id, *_fitting(CONTACT.c.e164, text, above, below))
    found = several.c.e164
    return select(found).where(living > 1).order_by(found.desc() if falling else found.asc())


def _fitting(number: ColumnElement[int], text: str, above: int | None, below: int | None) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [cast(number, Text).like(*inside(fragment)) for fragment in sought(text)]
    asked += [number > above] if above is not None else []
    asked += [number < below] if below is not None else []
    return asked


def _several(account_id: int, *asked: ColumnElement[bool]) -> tuple[Subquery, ScalarSelect[int]]:
    """Numbers that stand more than once, the deleted counted too, which the index of numbers answers alone; and how
    many contacts each has that are not deleted, looked up for those few.
    """
    number = CONTACT.c.e164
    mine = (CONTACT.c.account_id == account_id, *asked)
    several = select(number).where(*mine).group_by(number).having(func.count() > 1).subquery("several")
    contact = CONTACT.alias("living")
    living = (
        select(func.count())
        .where(contact.c.account_id == account_id, contact.c.e164 == several.c.e164, contact.c.deleted_at.is_(None))
        .correlate(several)
        .scalar_subquery()
    )
    return several, living


def records(session: Session, account_id: int, numbers: Sequence[int], *, lock: bool = False) -> list[Record]:
    """The contacts of ``numbers``, by number, oldest first."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    wanted = rows(sqlite, (("value", BigInteger()),))
    asked = (
        select(CONTACT)
        .where(
            CONTACT.c.account_id == account_id,
            CONTACT.c.deleted_at.is_(None),
            CONTACT.c.e164.in_(select(wanted.c.value)),
        )
        .order_by(CONTACT.c.e164, CONTACT.c.id)
    )
    if lock:
        asked = asked.with_for_update()
    given = {"rows": pack(sqlite, [(number,) for number in numbers])}
    return [dict(row) for row in session.connection().execute(asked, given).mappings()]


def ordered(people: Sequence[Record], rule: str) -> list[Record]:
    """The contacts of one number, the one whose values win first."""
    if rule == "newest":
        return sorted(people, key=lambda r: (r["updated_at"], r["id"]), reverse=True)
    if rule == "fullest":
        return sorted(people, key=lambda r: (-_filled(r), r["id"]))
    return sorted(people, key=lambda r: r["id"])


def value_of(record: Record, field: str) -> str:
    """What a contact says in a unit, or in a field of the account's own (``own:<key>``)."""
    if field.startswith("own:"):
        return str((record["extra"] or {}).get(field[4:], ""))
    if field == "consent":
        at = record["consent_at"]
        parts = [at.strftime("%d/%m/%Y") if at else "", record["consent_source"], record["consent_text"]]
        return " · ".join(part for part in parts if part)
    return str(record[field])


def _filled(record: Record) -> int:
    own = sum(1 for value in (record["extra"] or {}).values() if value)
    return own + sum(1 for unit in UNITS if value_of(record, unit))


def _duplicate(e164: int, people: list[Record], names: dict[str, str], groups: dict[int, list[str]]) -> Duplicate:
    own = {f"own:{key}": names.get(key, key) for record in people for key in (record["extra"] or {})}
    fields = [(unit, "") for unit in UNITS] + sorted(own.items())
    told = [(field, name) for field, name in fields if any(value_of(record, field) for record in people)]
    best = ordered(people, "fullest")
    proposed = {field: next(record["id"] for record in best if value_of(record, field)) for field, _ in told}
    copies = tuple(
        Copy(
            record["id"],
            f"{record['prenom']} {record['nom']}".strip() or record["societe"],
            {field: value_of(record, field) for field, _ in told},
            tuple(groups.get(record["id"], ())),
            record["state"],
            record["created_at"],
            record["import_id"],
        )
        for record in people[:COPIES]
    )
    return Duplicate(e164, pretty(e164), len(people), copies, tuple(told), proposed)


def _number_of(session: Session, actor: Actor, contact_id: int | None) -> int | None:
    if contact_id is None:
        return None
    mine = (CONTACT.c.id == contact_id, CONTACT.c.account_id == actor.account_id)
    return session.connection().scalar(select(CONTACT.c.e164).where(*mine))


def _field_names(session: Session, actor: Actor) -> dict[str, str]:
    asked = select(FIELD.c.key, FIELD.c.name).where(FIELD.c.account_id == actor.account_id)
    return {row.key: row.name for row in session.connection().execute(asked)}


def _groups(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    asked = (
        select(MEMBER.c.contact_id, GROUP.c.name)
        .join(GROUP, GROUP.c.id == MEMBER.c.group_id)
        .where(MEMBER.c.contact_id.in_(ids))
        .order_by(func.lower(GROUP.c.name))
    )
    found: dict[int, list[str]] = {}
    for contact_id, name in session.connection().execute(asked):
        found.setdefault(contact_id, []).append(name)
    return found
