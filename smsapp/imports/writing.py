"""One slice of an import within one transaction: what the book says of its numbers, and what is written of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, bindparam, insert, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import numbers_in, suppress, suppressed_among
from smsapp.contacts.bulk import CONSENT, INSTANT, MANY, add_contacts, change_contacts, lay_out, with_keys, with_packed
from smsapp.contacts.counters import counted
from smsapp.contacts.groups import NAME_LENGTH, GroupNameTaken, new_group
from smsapp.contacts.service import FIELD_LENGTHS
from smsapp.contacts.tables import Group, Suppression
from smsapp.db import Database
from smsapp.db.book_triggers import counted_at_once
from smsapp.imports import agreements
from smsapp.imports.agreements import TAKEN, decided, says, with_proof
from smsapp.imports.choices import Choices
from smsapp.imports.days import printed_day
from smsapp.imports.grouping import Named, enter_known, enter_new, not_in, noted_groups, there_already
from smsapp.imports.mapping import REASON
from smsapp.imports.met import note_listed, note_met
from smsapp.imports.sorting import GROUPED, NOTHING, printed
from smsapp.imports.tables import CHANGED_AT, ContactImport, ImportChange, ImportSpan, Rejection

_CONTACT = {"id": pl.Int64, "e164": pl.Int64, **dict.fromkeys((*FIELD_LENGTHS, "extra", "updated_at"), pl.String)}
_AGREED = ", c.consent_source, c.consent_text, coalesce({at}, '') AS consent_at, c.consent_import_id"
_PG_AT = "to_char(c.{} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24\\:MI\\:SS.US')"


@dataclass(frozen=True)
class Fates:
    """The numbers of a slice by what becomes of them; together they are the slice.

    ``changed`` are the contacts to change: id, e164, ``row``, the new fields, and the old ones as ``had_``.
    ``listed``: contact_id and key of the groups that the file names for known contacts, ``joining`` those of them that
    they are not in yet.
    ``standing`` are all known numbers: id (the oldest contact), standing (how many contacts have it), e164.
    """

    created: pl.DataFrame
    completed: pl.DataFrame
    known: pl.DataFrame
    blacklisted: pl.DataFrame
    changed: pl.DataFrame
    standing: pl.DataFrame
    listed: pl.DataFrame
    joining: pl.DataFrame

    def agreements(self) -> int:
        """How many contacts come to have a consent that the file says."""
        known = int(self.changed[TAKEN].sum()) if TAKEN in self.changed.columns else 0
        return agreements.count(self.created) + known

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: getattr(self, name).height for name in ("created", "completed", "known", "blacklisted")}


@dataclass(frozen=True)
class Slice:
    """Distinct numbers (`Sorted.numbers`) ready to be written: with the keys of ``with_keys``, on SQLite laid out
    ``beside`` when they are many, on PostgreSQL packed.
    """

    people: pl.DataFrame
    beside: Path | None = None


@dataclass(frozen=True)
class Lists:
    """The groups that a file names, and their ids where they are in the book: by key."""

    named: Named
    ids: Mapping[str, int]


def ready(db: Database, part: pl.DataFrame, choices: Choices, path: Path, import_id: int) -> Slice:
    """Make distinct numbers ready; what is laid out beside the book goes to ``path``. Touches no database."""
    if choices.blacklist:
        return Slice(part)
    people = with_keys(with_proof(part, import_id))
    if not db.is_sqlite:
        return Slice(with_packed(people))
    if people.height < MANY:
        return Slice(people)
    lay_out(people, path)
    return Slice(people, path)


def fates(
    session: Session,
    actor: Actor,
    part: pl.DataFrame,
    choices: Choices,
    lists: Lists | None = None,
    *,
    hold: bool = False,
) -> Fates:
    """What becomes of distinct numbers (`Sorted.numbers`), each with one outcome: asserted. ``hold``: nobody else
    changes the known contacts before the end of the transaction.
    """
    refused = pl.col("e164").is_in(list(_refused(session, actor, part["e164"])))
    blacklisted, free = part.filter(refused), part.filter(~refused)
    standing = pl.DataFrame(schema={**_columns(agreed=says(part)), "standing": pl.Int64})
    if not choices.blacklist and choices.policy != "add":
        standing = _standing(session, actor, free["e164"], hold, agreed=says(part))
    known = pl.col("e164").is_in(standing["e164"].to_list())
    met = free.filter(known)
    changed = _changed(met, standing, choices.policy)
    touched = set(changed["e164"].to_list())
    listed = joining = pl.DataFrame(schema={"contact_id": pl.Int64, "key": pl.String})
    if lists is not None and choices.policy != "skip" and not met.is_empty():
        single = standing.filter(pl.col("standing") == 1).select("id", "e164")
        people = met.select("e164", GROUPED).join(single, on="e164")
        listed = people.select("groups", contact_id="id").join(lists.named.cells, on=GROUPED).drop(GROUPED)
        joining = not_in(session, listed, lists.ids)
        touched.update(people.filter(pl.col("id").is_in(joining["contact_id"].implode()))["e164"].to_list())
    different = pl.col("e164").is_in(list(touched))
    created, rest = free.filter(~known), met.filter(~different)
    made = Fates(created, met.filter(different), rest, blacklisted, changed, standing, listed, joining)
    counted = sum(made.counts().values())
    assert counted == part.height, f"{part.height} numbers, {counted} accounted for"
    return made


def write_slice(
    session: Session,
    db: Database,
    actor: Actor,
    made: ContactImport,
    choices: Choices,
    given: Slice,
    named: Named | None = None,
) -> None:
    """Bring distinct numbers into the book, or onto the blacklist, and count them in ``made``. What stands beside must
    stand beside the session.
    """
    assert made.id is not None
    now = db.now()
    lists = Lists(named, noted_groups(session, made.id)) if named is not None else None
    fate = fates(session, actor, given.people, choices, lists, hold=True)
    if choices.blacklist:
        suppress(
            session,
            db,
            actor.account_id,
            given.people["e164"].to_list(),  # one that wrote STOP stays even if it writes START later
            origin="import",
            reason=made.filename,
            reasons=_reasons(given.people),
            user_id=actor.user_id,
            source_id=made.id,
        )
    else:
        laid_out = given.people.height if given.beside else 0
        span = add_contacts(session, actor.account_id, fate.created, import_id=made.id, at=now, laid_out=laid_out)
        if fate.created.height:
            session.add(ImportSpan(import_id=made.id, first_id=span[0], last_id=span[1]))
        change_contacts(session, with_keys(fate.changed), at=now)
        joined: set[int] = set()
        if made.group_id is not None:
            known = fate.standing["id"].to_list()
            joined = _put_in_group(session, actor.account_id, made.group_id, made.id, span, known)
        if lists is not None:
            enter_new(session, made.id, span, fate.created, lists.named, lists.ids, made.group_id)
            enter_known(session, made.id, fate.joining, lists.ids, made.group_id)
            note_listed(session, made.id, there_already(fate.listed, fate.joining, lists.ids), now)
        _remember(session, made.id, fate.changed, joined, now)
        note_met(session, made.id, set(fate.standing["id"]) - set(fate.changed["id"]) - joined, now)
    for name, count in fate.counts().items():
        setattr(made, name, getattr(made, name) + count)


def reject(session: Session, import_id: int, rejected: pl.DataFrame, rows: pl.DataFrame, phone: int) -> None:
    """Keep rejected rows (`Sorted.rejected`), whole as they stand in ``rows``; a number that was put right already, in
    the column ``phone``, is kept so.
    """
    if rejected.is_empty():
        return
    whole = rejected.join(rows.drop("flaw"), on="row", how="left", maintain_order="left")
    first = whole.columns.index("c0")
    places = [whole.columns.index(name) for name in ("row", "value", "reason", "suggestion", "day", "put")]
    kept = []
    for line in whole.iter_rows():
        row, value, reason, suggestion, day, put = (line[place] for place in places)
        cells = list(line[first:])
        if put:
            cells[phone] = put
        kept.append(
            {
                "import_id": import_id, "row": row, "value": value, "reason": reason,
                "suggestion": printed(suggestion) or printed_day(day), "cells": cells,
            }
        )  # fmt: skip
    session.connection().execute(insert(Rejection), kept)


def group_for(session: Session, db: Database, actor: Actor, name: str) -> tuple[int, bool]:
    """The account's group of that name (S66), and whether it had to be made. Raises as ``named_group``."""
    found = named_group(session, actor, name)
    return (found, False) if found else (new_group(session, db, actor, name), True)


class SmartGroupNamed(GroupNameTaken):
    """The members of a smart group are whoever answers its filter: an import can put nobody in it."""

    key = "imports.smart_group"


def named_group(session: Session, actor: Actor, name: str) -> int | None:
    """The account's group of that name, if there is one.

    Raises:
        SmartGroupNamed
    """
    tidy = " ".join(name.replace("\0", "").split())[:NAME_LENGTH]
    asked = select(Group.id, Group.name, Group.filter).where(Group.account_id == actor.account_id)
    for id, taken, wanted in session.execute(asked):
        if taken.casefold() == tidy.casefold():
            if wanted is not None:
                raise SmartGroupNamed(name=taken)
            return int(id or 0)
    return None


def _reasons(people: pl.DataFrame) -> dict[int, str]:
    """The reasons that the file gives, by number; none where the cell is empty."""
    if REASON not in people.columns:
        return {}
    return {e164: said for e164, said in people.select("e164", REASON).iter_rows() if said}


def _refused(session: Session, actor: Actor, numbers: pl.Series) -> set[int]:
    """Those of the numbers that are never written to; a short blacklist is read rather than asked number by number."""
    if counted(session, "blacklisted", actor.account_id) > numbers.len():
        return suppressed_among(session, actor.account_id, numbers.to_list())
    between = col(Suppression.e164).between(numbers.min(), numbers.max())
    asked = select(Suppression.e164).where(Suppression.account_id == actor.account_id, between)
    return set(session.execute(asked).scalars())


def _columns(*, agreed: bool) -> dict[str, Any]:
    """The columns of a contact of the book."""
    return {**_CONTACT, **agreements.SCHEMA} if agreed else _CONTACT


def _standing(session: Session, actor: Actor, numbers: pl.Series, hold: bool, *, agreed: bool) -> pl.DataFrame:
    """The contacts with these numbers, the oldest of each; with their consent, if that is asked for. On SQLite nobody
    else writes meanwhile anyway.
    """
    columns = _columns(agreed=agreed)
    schema = {**columns, "standing": pl.Int64}
    if numbers.is_empty():
        return pl.DataFrame(schema=schema)
    between = text("SELECT 1 FROM contact WHERE account_id = :a AND e164 BETWEEN :lo AND :hi LIMIT 1")
    edges = {"a": actor.account_id, "lo": numbers.min(), "hi": numbers.max()}
    if session.execute(between, edges).first() is None:
        return pl.DataFrame(schema=schema)
    fields = ", ".join(f"c.{name}" for name in FIELD_LENGTHS)
    asked = (
        "SELECT c.id, c.e164, {fields}, {extra} AS extra, {at}{more}"
        " FROM contact c WHERE c.account_id = :a AND c.deleted_at IS NULL AND c.e164 IN ({numbers})"
    )
    if session.get_bind().dialect.name == "sqlite":
        given = "[" + ",".join(map(str, numbers)) + "]"
        numbers_sql, extra = "SELECT value FROM json_each(:numbers)", "c.extra"
        more = _AGREED.format(at="c.consent_at") if agreed else ""
        asked = asked.format(fields=fields, extra=extra, at="c.updated_at", more=more, numbers=numbers_sql)
        statement = text(asked).bindparams(numbers=given)
    else:
        at, then = (_PG_AT.format(name) for name in ("updated_at", "consent_at"))
        more, given = _AGREED.format(at=then) if agreed else "", "SELECT unnest(:numbers)"
        asked = asked.format(fields=fields, extra="c.extra::text", at=at, more=more, numbers=given)
        statement = text(f"{asked} FOR NO KEY UPDATE" if hold else asked)
        statement = statement.bindparams(bindparam("numbers", numbers.to_list(), type_=ARRAY(BigInteger)))
    found = session.execute(statement, {"a": actor.account_id}).all()
    people = pl.DataFrame([tuple(row) for row in found], schema=columns, orient="row")
    people = people.with_columns(standing=pl.len().over("e164").cast(pl.Int64))
    return people.sort("id").unique("e164", keep="first", maintain_order=True)


def _changed(met: pl.DataFrame, standing: pl.DataFrame, policy: str) -> pl.DataFrame:
    """The contacts that the rows change. A number that stands in the book twice is two people (S75): the file does not
    say which of them it means, so neither is touched.
    """
    agreed = says(met)
    own = (*FIELD_LENGTHS, "extra", *(CONSENT if agreed else ()))
    had = standing.filter(pl.col("standing") == 1).rename({name: f"had_{name}" for name in own})
    pairs = met.join(had, on="e164", how="inner", maintain_order="left")
    if policy == "skip":
        pairs = pairs.clear()
    fields = list(FIELD_LENGTHS)
    first, second = ("{}", "had_{}") if policy == "replace" else ("had_{}", "{}")
    new = pairs.with_columns(
        pl.when(pl.col(first.format(name)) != "")
        .then(pl.col(first.format(name)))
        .otherwise(pl.col(second.format(name)))
        .alias(name)
        for name in fields
    )
    if (new["extra"] != NOTHING).any():
        new = new.with_columns(
            pl.Series("extra", [_merged(own, had, policy) for own, had in new.select("extra", "had_extra").iter_rows()])
        )
    else:
        new = new.with_columns(extra="had_extra")
    differs = pl.any_horizontal(pl.col(name) != pl.col(f"had_{name}") for name in (*fields, "extra"))
    if agreed:
        new = decided(new, policy)
        differs |= pl.col(TAKEN)
    return new.filter(differs)


def _merged(own: str, had: str, policy: str) -> str:
    new, old = json.loads(own), json.loads(had)
    both = {**old, **new} if policy == "replace" else {**new, **{name: value for name, value in old.items() if value}}
    return had if both == old else json.dumps(both)


def _remember(session: Session, import_id: int, changed: pl.DataFrame, joined: set[int], now: datetime) -> None:
    """Keep what an undoing puts back."""
    kept = []
    at = now.astimezone(UTC).strftime(INSTANT)
    for one in changed.iter_rows(named=True):
        had = _fields_of(one, "had_") | {CHANGED_AT: one["updated_at"]}
        has = _fields_of(one, "") | {CHANGED_AT: at}
        if one.get(TAKEN):
            had[agreements.NAME], has[agreements.NAME] = agreements.of_row(one, "had_"), agreements.of_row(one)
        names = [name for name in {**had, **has} if had.get(name, "") != has.get(name, "")]
        kept.append(
            {
                "import_id": import_id, "contact_id": one["id"], "joined": one["id"] in joined,
                "before": {name: had.get(name, "") for name in names},
                "after": {name: has.get(name, "") for name in names},
            }
        )  # fmt: skip
    only = joined - {one["contact_id"] for one in kept}
    kept += [
        {"import_id": import_id, "contact_id": id, "joined": True, "before": {}, "after": {}} for id in sorted(only)
    ]
    for start in range(0, len(kept), 5_000):
        session.connection().execute(_KEEP, kept[start : start + 5_000])


_KEEP = insert(ImportChange)


def _fields_of(one: dict[str, str], prefix: str) -> dict[str, str]:
    """The fields of a contact by name, those of one's own with a plus before theirs."""
    own = json.loads(one[f"{prefix}extra"])
    return {name: one[f"{prefix}{name}"] for name in FIELD_LENGTHS} | {f"+{name}": value for name, value in own.items()}


def _put_in_group(
    session: Session, account_id: int, group_id: int, import_id: int, span: tuple[int, int], known: Sequence[int]
) -> set[int]:
    """Put the contacts just added, and the known ones, in the group. Returns the known who were not in it."""
    connection = session.connection()
    added = text(
        "INSERT INTO group_member (group_id, contact_id)"
        " SELECT :g, id FROM contact WHERE id BETWEEN :first AND :last AND import_id = :i"
    )
    counted = [0]
    with counted_at_once(connection, "group_member_book_added", "members", group_id, lambda: counted[0]):
        counted[0] = connection.execute(
            added, {"g": group_id, "i": import_id, "first": span[0], "last": span[1]}
        ).rowcount
    asked = (
        f"INSERT INTO group_member (group_id, contact_id) SELECT {group_id}, id FROM contact"  # noqa: S608 (an integer)
        " WHERE +account_id = :a AND id IN ({}) ON CONFLICT DO NOTHING RETURNING contact_id"
    )
    return numbers_in(session, asked, account_id, known) if known else set()


def seconds_between(first: datetime, last: datetime) -> float:
    """Seconds, never negative."""
    return max(0.0, (last - first).total_seconds())
