"""The groups that a file names for its rows: read out of its cells, found in the book or made, and entered.

A cell holds names parted by one sign, the same in the whole file: a bar if there is one anywhere, else a semicolon,
else a comma. A name that holds such a sign stands in quotes, as in our own exports; a cell that is whole the name of a
group of the book is that group. An import puts contacts in groups, and takes none out of one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl
from sqlalchemy import BigInteger, bindparam, literal, text
from sqlalchemy import select as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.groups import NAME_LENGTH, PARTING, new_group
from smsapp.contacts.tables import Group, GroupMember
from smsapp.db import Database
from smsapp.db.binary_copy import copy_packed, packed
from smsapp.db.book_triggers import counted_together
from smsapp.db.rows import pack, rows
from smsapp.domain.errors import Refusal
from smsapp.imports.reader import MAX_CELL
from smsapp.imports.tables import ImportGroup, ImportMember

MOST_NEW = 200  # groups that one file may make
SIGNS = ("|", ";", ",")

_QUOTED = r'"(?:[^"]|"")*"'
_PAIRS = {"contact_id": pl.Int64, "group_id": pl.Int64}


class TooManyGroups(Refusal):
    """The column names more groups than one file may make: it is hardly one of groups."""

    key = "imports.too_many_groups"

    def __init__(self) -> None:
        super().__init__(groups=MOST_NEW)


class SmartGroupInColumn(Refusal):
    """Nobody can be put in a smart group, whose members are whoever answers its filter."""

    key = "imports.smart_group_in_column"


@dataclass(frozen=True)
class Known:
    """A group of the book."""

    id: int
    name: str
    smart: bool


@dataclass(frozen=True)
class Named:
    """The groups of a file. ``cells``: what a cell says (``groups``) -> ``key``, the name of a group without case, a
    line each; ``names``: key -> name; ``sign``: what parts the names; ``new``: the keys that the book does not know.
    """

    cells: pl.DataFrame
    names: Mapping[str, str]
    sign: str
    new: tuple[str, ...]


def known_groups(session: Session, actor: Actor) -> dict[str, Known]:
    """The account's groups by their names without case."""
    asked = select(Group.id, Group.name, Group.filter).where(Group.account_id == actor.account_id)
    found = session.execute(asked.order_by(col(Group.id)))
    return {name.casefold(): Known(int(id or 0), name, kept is not None) for id, name, kept in found}


def named_in(cells: pl.Series, known: Mapping[str, Known], sign: str = "") -> Named:
    """The groups that cells name; ``sign`` parts them, or is found out.

    Raises:
        TooManyGroups, SmartGroupInColumn
    """
    different = cells.unique(maintain_order=True).alias("groups")
    different = different.filter(different != "")
    sign = sign if sign in SIGNS else _sign_of(different)
    awkward = {one.name.lower(): one.name for one in known.values() if PARTING & set(one.name)}
    whole = different.str.to_lowercase()
    mark = re.escape(sign)
    cut = pl.col("groups").str.len_chars() >= MAX_CELL  # what stands after the last sign is a piece of a name
    whole_names = pl.when(cut).then(pl.col("groups").str.replace(rf"[^{mark}]*$", "")).otherwise("groups")
    items = rf"\s*{_QUOTED}\s*(?:{mark}|$)|[^{mark}]*(?:{mark}|$)"
    name = pl.col("name").str.strip_chars().str.strip_suffix(sign).str.strip_chars()
    table = (
        pl.DataFrame(
            {"groups": different, "whole": whole.replace_strict(awkward, default=None, return_dtype=pl.String)}
        )
        .with_columns(name=pl.when(pl.col("whole").is_null()).then(whole_names.str.extract_all(items)))
        .explode("name")
        .with_columns(name=name)
    )
    inner = pl.col("name").str.slice(1, pl.col("name").str.len_chars() - 2).str.replace_all('""', '"', literal=True)
    quoted = pl.col("name").str.contains(rf"^{_QUOTED}$")
    plain = pl.when(quoted).then(inner).otherwise("name").str.replace_all(r"[\s\x00]+", " ").str.strip_chars()
    table = table.with_columns(name=pl.coalesce("whole", plain.str.slice(0, NAME_LENGTH).str.strip_chars()))
    table = table.filter(pl.col("name") != "").select("groups", "name")
    spelled = table["name"].unique(maintain_order=True)
    if spelled.str.to_lowercase().n_unique() > MOST_NEW + len(known):
        raise TooManyGroups
    keys = {name: name.casefold() for name in spelled}
    names: dict[str, str] = {}
    for spelling, key in keys.items():
        names.setdefault(key, known[key].name if key in known else spelling)
    new = tuple(key for key in names if key not in known)
    if len(new) > MOST_NEW:
        raise TooManyGroups
    if smart := next((known[key] for key in names if key in known and known[key].smart), None):
        raise SmartGroupInColumn(name=smart.name)
    of = pl.col("name").replace_strict(keys, return_dtype=pl.String) if keys else pl.col("name")
    return Named(table.select("groups", key=of).unique(maintain_order=True), names, sign, new)


def settle(session: Session, db: Database, actor: Actor, import_id: int, named: Named) -> None:
    """Find the groups of an import in the book, or make them, and note them.

    Raises:
        TooManyGroups, SmartGroupInColumn
    """
    known = known_groups(session, actor)
    noted = noted_groups(session, import_id)
    made = _made(session, import_id)
    for key, name in named.names.items():
        if key in noted:
            continue
        one = known.get(key)
        if one is not None and one.smart:
            raise SmartGroupInColumn(name=one.name)
        if one is not None:
            session.add(ImportGroup(import_id=import_id, group_id=one.id, key=key))
            continue
        made += 1
        if made > MOST_NEW:
            raise TooManyGroups
        group_id = new_group(session, db, actor, name)
        session.add(ImportGroup(import_id=import_id, group_id=group_id, key=key, made=True))
    session.flush()


def noted_groups(session: Session, import_id: int) -> dict[str, int]:
    """The groups of an import that are still there: key -> id."""
    asked = select(ImportGroup.key, ImportGroup.group_id).where(ImportGroup.import_id == import_id)
    return {row.key: row.group_id for row in session.execute(asked)}


def made_groups(session: Session, import_id: int) -> list[str]:
    """The names of the groups that an import made and that are still there."""
    asked = select(Group.name).join(ImportGroup, col(ImportGroup.group_id) == col(Group.id))
    mine = asked.where(ImportGroup.import_id == import_id, col(ImportGroup.made))
    return sorted(session.execute(mine).scalars(), key=str.casefold)


def not_in(session: Session, wanted: pl.DataFrame, ids: Mapping[str, int]) -> pl.DataFrame:
    """The groups that known contacts are to stand in (``wanted``: contact_id, key) and do not yet: the same columns."""
    found = _pairs(wanted, ids)
    if found.is_empty():
        return wanted
    sqlite = session.get_bind().dialect.name == "sqlite"
    among = "SELECT value FROM json_each(:{0})" if sqlite else "SELECT unnest(:{0})"
    asked = "SELECT contact_id, group_id FROM group_member WHERE contact_id IN ({}) AND group_id IN ({})"
    asked = asked.format(among.format("people"), among.format("lists"))
    given = {"people": found["contact_id"].unique(), "lists": found["group_id"].unique()}
    if sqlite:
        statement = text(asked).bindparams(**{name: f"[{','.join(map(str, some))}]" for name, some in given.items()})
    else:
        bound = (bindparam(name, some.to_list(), type_=ARRAY(BigInteger)) for name, some in given.items())
        statement = text(asked).bindparams(*bound)
    members = pl.DataFrame([tuple(row) for row in session.execute(statement)], schema=_PAIRS, orient="row")
    there = found.join(members, on=["contact_id", "group_id"], how="semi").select("contact_id", "key")
    return wanted.join(there, on=["contact_id", "key"], how="anti", maintain_order="left")


def enter_new(
    session: Session, import_id: int, span: tuple[int, int], people: pl.DataFrame, named: Named, ids: Mapping[str, int],
    but: int | None,
) -> None:  # fmt: skip
    """Put contacts that were just added (``people``: e164, ``groups``; their ids are in ``span``) in their groups;
    they are in group ``but`` already.
    """
    told = people.filter(pl.col("groups") != "").select("e164", "groups")
    if told.is_empty() or not ids:
        return
    asked = text("SELECT e164, id FROM contact WHERE id BETWEEN :first AND :last AND import_id = :i")
    found = session.execute(asked, {"first": span[0], "last": span[1], "i": import_id})
    schema = {"e164": pl.Int64, "contact_id": pl.Int64}
    added = pl.DataFrame([tuple(row) for row in found], schema=schema, orient="row")
    pairs = _pairs(told.join(added, on="e164").join(named.cells, on="groups"), ids)
    pairs = pairs.filter(pl.col("group_id") != (but or 0)).select("group_id", "contact_id").sort(pl.all())
    if pairs.is_empty():
        return
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        copy_packed(connection, "group_member", {}, ("group_id", "contact_id"), packed(pairs))
        return
    sizes = dict(pairs.group_by("group_id").len().iter_rows())
    with counted_together(connection, "group_member_book_added", "members", lambda: sizes):
        connection.exec_driver_sql("INSERT INTO group_member (group_id, contact_id) VALUES (?, ?)", pairs.rows())


def enter_known(
    session: Session, import_id: int, joining: pl.DataFrame, ids: Mapping[str, int], but: int | None
) -> None:
    """Put known contacts in the groups that they are not in (``joining``: contact_id, key), and note it for an undoing;
    group ``but`` is another's to note.
    """
    pairs = _pairs(joining, ids).filter(pl.col("group_id") != (but or 0))
    pairs = pairs.select("contact_id", "group_id").sort("group_id", "contact_id")
    if pairs.is_empty():
        return
    sqlite = session.get_bind().dialect.name == "sqlite"
    add = sqlite_insert if sqlite else pg_insert
    told = rows(sqlite, (("contact_id", BigInteger()), ("group_id", BigInteger())))
    contact, group, some = told.c.contact_id, told.c.group_id, told.c.contact_id > 0
    for statement in (
        add(GroupMember).from_select(["contact_id", "group_id"], sql(contact, group).where(some)),
        add(ImportMember).from_select(
            ["import_id", "contact_id", "group_id", "joined"],
            sql(literal(import_id), contact, group, literal(True)).where(some),
        ),
    ):
        session.connection().execute(statement.on_conflict_do_nothing(), {"rows": pack(sqlite, pairs.rows())})


def there_already(listed: pl.DataFrame, joining: pl.DataFrame, ids: Mapping[str, int]) -> list[tuple[int, int]]:
    """Contact and group where a known contact stood before in a group that the file names for it."""
    there = listed.join(joining, on=["contact_id", "key"], how="anti")
    return _pairs(there, ids).select("contact_id", "group_id").rows()


def _pairs(wanted: pl.DataFrame, ids: Mapping[str, int]) -> pl.DataFrame:
    """contact_id and group_id (and key) of the groups that are in the book, once each."""
    lists = pl.DataFrame(
        {"key": list(ids), "group_id": list(ids.values())}, schema={"key": pl.String, "group_id": pl.Int64}
    )
    return wanted.join(lists, on="key").select("contact_id", "group_id", "key").unique()


def _sign_of(cells: Iterable[str] | pl.Series) -> str:
    """What parts the names of a column: the first of SIGNS that stands in it outside quotes."""
    bare = pl.Series(cells, dtype=pl.String).str.replace_all(_QUOTED, "")
    return next((sign for sign in SIGNS if bare.str.contains(sign, literal=True).any()), ",")


def _made(session: Session, import_id: int) -> int:
    asked = text("SELECT count(*) FROM import_group WHERE import_id = :i AND made")
    found: int = session.execute(asked, {"i": import_id}).scalar_one()
    return found
