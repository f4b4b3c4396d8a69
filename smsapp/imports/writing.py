"""The import itself, within one transaction, set by set; and the sum that must come out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import bindparam, insert, text, update
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import numbers_in, suppress, suppressed_among
from smsapp.contacts.folding import search_text, sort_name
from smsapp.contacts.groups import NAME_LENGTH, new_group
from smsapp.contacts.service import FIELD_LENGTHS
from smsapp.contacts.tables import Contact, Group
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.imports.mapping import checked, guess_header
from smsapp.imports.sandbox import Reading, Table
from smsapp.imports.sorting import Sorted, printed
from smsapp.imports.tables import ContactImport, Rejection
from smsapp.imports.uploads import Upload

OUTCOMES = ("created", "known", "duplicates", "blacklisted", "rejected")
TURN = 7_301_200  # any constant: the family of locks by which the imports of an account take turns


class ImportNotFound(Refusal):
    key = "imports.not_found"


@dataclass(frozen=True)
class Choices:
    """What the person decided: how to read, column -> field, the group to put the contacts in, blacklist or book."""

    reading: Reading
    mapping: Mapping[int, str]
    group_name: str = ""
    blacklist: bool = False
    region: str = ""


@dataclass(frozen=True)
class Result:
    """What an import did; the same sum as in `Check`."""

    id: int
    filename: str
    group_id: int | None
    group_name: str
    read: int
    created: int
    known: int
    completed: int
    duplicates: int
    blacklisted: int
    rejected: int
    at: datetime


def fates(session: Session, actor: Actor, found: Sorted, to_blacklist: bool) -> dict[str, pl.DataFrame]:
    """The distinct numbers of a file by what the book and the blacklist already say of them."""
    numbers = found.numbers["e164"].to_list()
    refused = pl.col("e164").is_in(list(suppressed_among(session, actor.account_id, numbers)))
    here: set[int] = set()
    if not to_blacklist:
        asked = "SELECT e164 FROM contact WHERE account_id = :a AND deleted_at IS NULL AND e164 IN ({})"
        here = numbers_in(session, asked, actor.account_id, numbers)
    known = pl.col("e164").is_in(list(here))
    fates = {
        "created": found.numbers.filter(~refused & ~known),
        "known": found.numbers.filter(~refused & known),
        "blacklisted": found.numbers.filter(refused),
    }
    outcomes = sum(table.height for table in fates.values()) + found.repeated.height + found.rejected.height
    assert outcomes == found.read, f"{found.read} rows read, {outcomes} accounted for"
    return fates


def write_import(
    session: Session, db: Database, actor: Actor, upload: Upload, choices: Choices, table: Table, found: Sorted
) -> Result:
    """Bring the sorted rows of a file into the book, or onto the blacklist. Returns what was done."""
    if not db.is_sqlite:  # two imports of one account take turns, or both would create the same contacts
        session.execute(text(f"SELECT pg_advisory_xact_lock({TURN}, :a)"), {"a": actor.account_id % 2**31})
    outcome = fates(session, actor, found, choices.blacklist)
    now = db.now()
    header = choices.reading.header if choices.reading.header is not None else guess_header(table.rows)
    made = ContactImport(
        account_id=actor.account_id,
        user_id=actor.user_id,
        filename=upload.name,
        reading={
            "kind": table.kind, "encoding": table.encoding, "separator": table.separator, "sheet": table.sheet,
            "header": str(header),
        },
        columns=list(table.rows.row(0)[2:]) if header else [""] * table.width,
        mapping={str(index): field for field, index in checked(choices.mapping, table.width).items()},
        read=found.read,
        created=outcome["created"].height,
        known=outcome["known"].height,
        duplicates=found.repeated.height,
        blacklisted=outcome["blacklisted"].height,
        rejected=found.rejected.height,
        created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    assert made.id is not None
    if choices.blacklist:
        numbers = outcome["created"]["e164"].to_list()
        suppress(session, db, actor.account_id, numbers, origin="import", reason=upload.name, source_id=made.id)
    else:
        _create(session, actor, made.id, now, outcome["created"])
        ids, made.completed = _complete(session, actor, now, outcome["known"])
        if choices.group_name.strip():
            made.group_id = _group(session, db, actor, choices.group_name)
            _put_in_group(session, made.group_id, made.id, ids)
    _reject(session, made.id, table, found)
    session.add(made)
    session.flush()
    return result_of(session, made)


def _create(session: Session, actor: Actor, import_id: int, now: datetime, rows: pl.DataFrame) -> None:
    people = [
        {
            "account_id": actor.account_id, "e164": e164, "territory": territory, "nom": nom, "prenom": prenom,
            "email": email, "societe": societe, "extra": {}, "sort_name": sort_name(nom, prenom, societe),
            "search": search_text(e164, nom, prenom, societe, email), "state": "active", "import_id": import_id,
            "created_at": now, "updated_at": now,
        }
        for e164, territory, nom, prenom, email, societe in rows.select(
            "e164", "territory", "nom", "prenom", "email", "societe"
        ).iter_rows()
    ]  # fmt: skip
    if people:
        session.connection().execute(insert(Contact), people)


def _complete(session: Session, actor: Actor, now: datetime, rows: pl.DataFrame) -> tuple[list[int], int]:
    """Fill the empty fields of contacts already in the book, never more than that.

    A number that stands in the book twice is two people (S75): the file does not say which of them it means, so neither
    is touched; the older one goes to the group. Returns the ids of the contacts, and how many were completed.
    """
    fresh = {row["e164"]: row for row in rows.iter_rows(named=True)}
    asked = "SELECT id FROM contact WHERE account_id = :a AND deleted_at IS NULL AND e164 IN ({})"
    ids = sorted(numbers_in(session, asked, actor.account_id, list(fresh)))
    people: dict[int, list[Contact]] = {}
    for at in range(0, len(ids), 5000):
        found = select(Contact).where(col(Contact.id).in_(ids[at : at + 5000]))
        for one in session.execute(found).scalars():
            people.setdefault(one.e164, []).append(one)
    changes = []
    for e164, standing in people.items():
        if len(standing) > 1:
            continue
        had = standing[0]
        now_has = {name: getattr(had, name) or fresh[e164][name] for name in FIELD_LENGTHS}
        if any(now_has[name] != getattr(had, name) for name in FIELD_LENGTHS):
            changes.append(
                {
                    "contact": had.id, **now_has, "at": now,
                    "sort": sort_name(now_has["nom"], now_has["prenom"], now_has["societe"]),
                    "find": search_text(e164, now_has["nom"], now_has["prenom"], now_has["societe"], now_has["email"]),
                }
            )  # fmt: skip
    if changes:
        names: dict[str, Any] = {name: bindparam(name) for name in FIELD_LENGTHS}
        statement = update(Contact).where(col(Contact.id) == bindparam("contact"))
        session.connection().execute(
            statement.values(
                **names, sort_name=bindparam("sort"), search=bindparam("find"), updated_at=bindparam("at")
            ),
            changes,
        )
    return [min(one.id or 0 for one in standing) for standing in people.values()], len(changes)


def _group(session: Session, db: Database, actor: Actor, name: str) -> int:
    """The account's group of that name, made if there is none (S66)."""
    tidy = " ".join(name.replace("\0", "").split())[:NAME_LENGTH]
    for id, taken in session.execute(select(Group.id, Group.name).where(Group.account_id == actor.account_id)):
        if taken.casefold() == tidy.casefold():
            return int(id or 0)
    return new_group(session, db, actor, tidy)


def _put_in_group(session: Session, group_id: int, import_id: int, known: Sequence[int]) -> None:
    session.execute(
        text("INSERT INTO group_member (group_id, contact_id) SELECT :g, id FROM contact WHERE import_id = :i"
             " ON CONFLICT DO NOTHING"),
        {"g": group_id, "i": import_id},
    )  # fmt: skip
    if known:
        session.connection().execute(
            text("INSERT INTO group_member (group_id, contact_id) VALUES (:g, :c) ON CONFLICT DO NOTHING"),
            [{"g": group_id, "c": contact_id} for contact_id in known],
        )


def _reject(session: Session, import_id: int, table: Table, found: Sorted) -> None:
    if found.rejected.is_empty():
        return
    whole = found.rejected.join(table.rows.drop("flaw"), on="row", how="left", maintain_order="left")
    first = whole.columns.index("c0")
    places = [whole.columns.index(name) for name in ("row", "value", "reason", "suggestion")]
    rows = []
    for line in whole.iter_rows():
        row, value, reason, suggestion = (line[place] for place in places)
        rows.append(
            {
                "import_id": import_id, "row": row, "value": value, "reason": reason,
                "suggestion": printed(suggestion), "cells": list(line[first:]),
            }
        )  # fmt: skip
    session.connection().execute(insert(Rejection), rows)


def result_of(session: Session, made: ContactImport) -> Result:
    """What an import did; its sum is asserted."""
    assert made.id is not None
    outcomes = sum(getattr(made, outcome) for outcome in OUTCOMES)
    assert made.read == outcomes, f"{made.read} rows read, {outcomes} accounted for"
    group = session.get(Group, made.group_id) if made.group_id else None
    return Result(
        made.id, made.filename, group.id if group else None, group.name if group else "", made.read, made.created,
        made.known, made.completed, made.duplicates, made.blacklisted, made.rejected, made.created_at,
    )  # fmt: skip


def owned_import(session: Session, actor: Actor, import_id: int) -> ContactImport:
    """The import, if it is the actor's. Raises ImportNotFound."""
    found = session.get(ContactImport, import_id)
    if found is None or found.account_id != actor.account_id:
        raise ImportNotFound
    return found
