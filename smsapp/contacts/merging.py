"""Merging duplicates (S75); `unmerging.py` takes it back exactly.

The oldest contact of a number stays; of each field it takes the value that was chosen, or that the rule prefers, and an
empty one never wins. It comes into the groups of the others, and the stricter state stands; the blacklist hangs on the
number and is not touched. The others are deleted, and whoever still names one, as drafts and old messages do, is led to
the one that stays (`standing`).

What the merge changed is kept, for its undoing.
Many numbers are merged in slices, each a transaction of its own and whole in itself.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, insert, or_, select, text, update
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.contacts.duplicates import CONTACT, MEMBER, RULES, UNITS, Record, ordered, records, repeated, value_of
from smsapp.contacts.duplicates_tables import ContactMerge, MergedAway, MergedContact
from smsapp.contacts.folding import search_text, sort_name
from smsapp.db import Database
from smsapp.db.rows import pack, rows
from smsapp.domain.errors import Refusal

SLICE: Final = 500
"""Numbers of one transaction."""

STRICTNESS: Final = ("active", "invalid")
"""States of a contact, the stricter later; a state that is not among them is the strictest."""

_TABLES = ContactMerge.metadata.tables
MERGE, KEPT, AWAY = (_TABLES[str(model.__tablename__)] for model in (ContactMerge, MergedContact, MergedAway))
COLUMNS: Final = (*(name for unit in UNITS.values() for name in unit), "extra", "state", "updated_at")

Chosen = Callable[[list[Record]], dict[str, Any]]
"""The contacts of one number, oldest first -> the values of COLUMNS (but updated_at) that the one that stays takes."""


class NothingToMerge(Refusal):
    """The contacts are not two or more of the actor's with one number (any more)."""

    key = "duplicates.nothing_to_merge"


class ContactsChanged(Refusal):
    """The number has more or fewer contacts than its person was shown: nobody is merged unseen."""

    key = "duplicates.contacts_changed"


@dataclass(frozen=True)
class Merged:
    """What a merge did."""

    id: int
    numbers: int
    removed: int


def merge_number(
    db: Database, actor: Actor, contact_id: int, choices: Mapping[str, int], seen: int | None = None
) -> Merged:
    """Merge every contact of the number of ``contact_id``; ``choices``: unit or ``own:<key>`` -> whose value wins.

    What is not chosen, or chosen from a contact that is gone, goes by the rule "fullest". ``seen``: how many contacts
    of the number the person was told of.

    Raises:
        NothingToMerge, ContactsChanged
    """

    def chosen(people: list[Record]) -> dict[str, Any]:
        if seen is not None and len(people) != seen:
            raise ContactsChanged
        known = {record["id"]: record for record in people}
        best = ordered(people, "fullest")
        return _taken(people, lambda field: [known[choices[field]], *best] if choices.get(field) in known else best)

    def work(session: Session) -> Merged:
        mine = (CONTACT.c.id == contact_id, CONTACT.c.account_id == actor.account_id, CONTACT.c.deleted_at.is_(None))
        number = session.connection().scalar(select(CONTACT.c.e164).where(*mine))
        merge = _begin(session, db, actor, "hand")
        done = _merge(session, actor, merge, [number] if number else [], chosen)
        if not done.numbers:
            raise NothingToMerge
        return done

    return db.retrying(work)


def merge_all(db: Database, actor: Actor, rule: str) -> Merged:
    """Merge every number that stands more than once by one of RULES. What was merged before a crash stays merged.

    Raises:
        NothingToMerge
    """
    if rule not in RULES:
        raise ValueError(f"unknown rule {rule!r}")

    def chosen(people: list[Record]) -> dict[str, Any]:
        best = ordered(people, rule)
        return _taken(people, lambda _field: best)

    done: Merged | None = None
    after = 0
    while True:
        with db.read() as session:
            numbers = list(session.connection().scalars(repeated(actor.account_id, above=after).limit(SLICE)))
        if not numbers:
            break

        def work(session: Session, numbers: list[int] = numbers, so_far: Merged | None = done) -> Merged:
            merge = session.get(ContactMerge, so_far.id) if so_far else _begin(session, db, actor, rule)
            assert merge is not None
            return _merge(session, actor, merge, numbers, chosen)

        done = db.retrying(work)
        after = numbers[-1]
    if done is None or not done.numbers:
        raise NothingToMerge
    return done


def standing(session: Session, contact_ids: Collection[int]) -> dict[int, int]:
    """Where contacts that were merged away are now: id -> the id of the one that stays, at the end of the chain.

    Also when the one that was merged away is gone for good.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    wanted = rows(sqlite, (("value", BigInteger()),))
    asked = (
        select(AWAY.c.contact_id, AWAY.c.kept_id)
        .outerjoin(CONTACT, CONTACT.c.id == AWAY.c.contact_id)
        .where(
            AWAY.c.contact_id.in_(select(wanted.c.value)),
            or_(CONTACT.c.id.is_(None), CONTACT.c.deleted_at.is_not(None)),
        )
        .order_by(AWAY.c.merge_id)
    )
    led: dict[int, int] = {}
    ask = set(contact_ids)
    while ask:
        found = session.connection().execute(asked, {"rows": pack(sqlite, [(id,) for id in ask])}).all()
        met = {row.contact_id: row.kept_id for row in found if row.contact_id not in led}
        led |= met
        ask = set(met.values()) - led.keys()
    ends = {}
    for id in set(contact_ids) & led.keys():
        end, seen = led[id], {id}
        while end in led and end not in seen:
            seen.add(end)
            end = led[end]
        ends[id] = end
    return ends


def _taken(people: list[Record], order: Callable[[str], Sequence[Record]]) -> dict[str, Any]:
    """The values that win: of each field the first that is not empty in its order of contacts."""
    values: dict[str, Any] = {}
    for unit, columns in UNITS.items():
        winner = next((record for record in order(unit) if value_of(record, unit)), people[0])
        values |= {name: winner[name] for name in columns}
    own = sorted({key for record in people for key in (record["extra"] or {})})
    extra = {}
    for key in own:
        field = f"own:{key}"
        winner = next((record for record in order(field) if value_of(record, field)), people[0])
        extra[key] = value_of(winner, field)
    kept = people[0]["extra"] or {}
    said = {key: value for key, value in extra.items() if value or key in kept}
    values["extra"] = kept if said == kept else said
    values["state"] = max((record["state"] for record in people), key=_strictness)
    return values


def _strictness(state: str) -> int:
    return STRICTNESS.index(state) if state in STRICTNESS else len(STRICTNESS)


def _begin(session: Session, db: Database, actor: Actor, rule: str) -> ContactMerge:
    merge = ContactMerge(account_id=actor.account_id, user_id=actor.user_id, rule=rule, created_at=db.now())
    session.add(merge)
    session.flush()
    return merge


def _merge(session: Session, actor: Actor, merge: ContactMerge, numbers: Sequence[int], chosen: Chosen) -> Merged:
    assert merge.id is not None
    connection = session.connection()
    people: dict[int, list[Record]] = {}
    for record in records(session, actor.account_id, numbers, lock=True):
        people.setdefault(record["e164"], []).append(record)
    several = [some for some in people.values() if len(some) > 1]
    ids = [record["id"] for some in several for record in some]
    groups = _memberships(session, ids)
    kept_rows, away_rows, changes, joined = [], [], [], []
    for some in several:
        stays, others = some[0], some[1:]
        values = {**chosen(some), "updated_at": merge.created_at}
        changed = [name for name in COLUMNS if values[name] != stays[name]]
        if not set(changed).isdisjoint(UNITS["consent"]):  # worth nothing in pieces: kept whole
            changed = [name for name in COLUMNS if name in changed or name in UNITS["consent"]]
        new = sorted({g for record in others for g in groups.get(record["id"], ())} - groups.get(stays["id"], set()))
        kept_rows.append(
            {
                "merge_id": merge.id, "contact_id": stays["id"], "e164": stays["e164"], "group_ids": new,
                "before": {name: storable(stays[name]) for name in changed},
                "after": {name: storable(values[name]) for name in changed},
            }
        )  # fmt: skip
        away_rows += [{"merge_id": merge.id, "contact_id": record["id"], "kept_id": stays["id"]} for record in others]
        joined += [{"group_id": group, "contact_id": stays["id"]} for group in new]
        changes.append((stays, values))
    if not several:
        return Merged(merge.id, merge.numbers, merge.removed)
    write_values(session, changes)
    gone = update(CONTACT).where(CONTACT.c.id.in_(given(session)))
    away_ids = [row["contact_id"] for row in away_rows]
    connection.execute(gone.values(deleted_at=merge.created_at), packed(session, away_ids))
    connection.execute(insert(KEPT), kept_rows)
    connection.execute(insert(AWAY), away_rows)
    if joined:
        connection.execute(
            text("INSERT INTO group_member (group_id, contact_id) VALUES (:group_id, :contact_id)"
                 " ON CONFLICT DO NOTHING"),
            joined,
        )  # fmt: skip
    merge.numbers += len(several)
    merge.removed += len(away_rows)
    session.add(merge)
    session.flush()
    return Merged(merge.id, merge.numbers, merge.removed)


def storable(value: Any) -> Any:
    """A value as it is kept in JSON."""
    return value.isoformat() if isinstance(value, datetime) else value


def write_values(session: Session, changes: Sequence[tuple[Record, dict[str, Any]]]) -> None:
    """Give contacts their new values, and what they are sorted and searched by."""
    if not changes:
        return
    statement = update(CONTACT).where(CONTACT.c.id == bindparam("of")).values(
        **{name: bindparam(f"v_{name}") for name in (*COLUMNS, "sort_name", "search")}
    )  # fmt: skip
    session.connection().execute(
        statement,
        [
            {
                "of": record["id"],
                **{f"v_{name}": values[name] for name in COLUMNS},
                "v_sort_name": sort_name(values["nom"], values["prenom"], values["societe"]),
                "v_search": search_text(
                    record["e164"], values["nom"], values["prenom"], values["societe"], values["email"]
                ),
            }
            for record, values in changes
        ],
    )


def _memberships(session: Session, ids: Sequence[int]) -> dict[int, set[int]]:
    asked = select(MEMBER.c.contact_id, MEMBER.c.group_id).where(MEMBER.c.contact_id.in_(given(session)))
    found: dict[int, set[int]] = {}
    for contact_id, group_id in session.connection().execute(asked, packed(session, ids)):
        found.setdefault(contact_id, set()).add(group_id)
    return found


def given(session: Session) -> Any:
    """The ids that come with ``packed``, as a sub-query."""
    return select(rows(session.get_bind().dialect.name == "sqlite", (("value", BigInteger()),)).c.value)


def packed(session: Session, ids: Sequence[int]) -> dict[str, str]:
    """The parameter of ``given``."""
    return {"rows": pack(session.get_bind().dialect.name == "sqlite", [(id,) for id in ids])}
