"""A list of rows as a table inside one statement, the same on SQLite and PostgreSQL: the way to do things in bulk.

The rows travel as one JSON parameter, so that a statement is built once whatever their number, and kept:

    source = rows(sqlite, (("id", BigInteger()), ("state", Text())))       # in a statement built once per engine
    connection.execute(statement, {"rows": pack(sqlite, data)})
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    FromClause,
    Insert,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

Columns = Sequence[tuple[str, TypeEngine[Any]]]


def rows(sqlite: bool, columns: Columns) -> FromClause:
    """A table with ``columns`` (name, type) whose rows come with the parameter ``rows`` made by ``pack``."""
    payload = bindparam("rows", type_=Text())
    if sqlite:
        each = func.json_each(payload).table_valued("value")
        values = [
            type_coerce(func.json_extract(each.c.value, f"$[{i}]"), kind).label(name)
            for i, (name, kind) in enumerate(columns)
        ]
    else:
        each = func.jsonb_array_elements(cast(payload, JSONB)).table_valued("value")
        values = [
            cast(type_coerce(column("value", JSONB).op("->>")(i), Text), kind).label(name)
            for i, (name, kind) in enumerate(columns)
        ]
    return select(*values).select_from(each).subquery()


def pack(sqlite: bool, data: Iterable[Sequence[object]]) -> str:
    """The parameter for ``rows``: tuples of int, str, None or aware datetime, in the order of the columns."""

    known: dict[int, str] = {}  # one instant stands in many columns and rows, as the same object

    def instant(value: object) -> str:
        if (text := known.get(id(value))) is not None:
            return text
        if not isinstance(value, datetime):
            raise TypeError(f"{type(value).__name__} is not a value of a row")
        text = value.astimezone(UTC).isoformat(" ", "microseconds")
        known[id(value)] = text = text[:-6] if sqlite else text
        return text

    return json.dumps(data if isinstance(data, list) else list(data), default=instant)


def insert_rows(connection: Connection, table: Table, names: tuple[str, ...], data: list[tuple[object, ...]]) -> None:
    """Insert ``data`` (one value per name, in order) in one statement. What is the same in all rows travels once."""
    if not data:
        return
    sqlite = connection.dialect.name == "sqlite"
    columns = list(zip(*data, strict=True))
    same = tuple(all_same(values) for values in columns)
    varying = [values for values, one in zip(columns, same, strict=True) if not one]
    told = {name: values[0] for name, values, one in zip(names, columns, same, strict=True) if one}
    source = pack(sqlite, list(zip(*varying, strict=True))) if varying else pack(sqlite, [()] * len(data))
    connection.execute(_insert(sqlite, table, names, same), told | {"rows": source})


def all_same(values: Sequence[object]) -> bool:
    """Whether all values, at least one, are equal and of one type (1 and True are not the same to a database)."""
    first = values[0]
    return values.count(first) == len(values) and len(set(map(type, values))) == 1


@cache
def _insert(sqlite: bool, table: Table, names: tuple[str, ...], same: tuple[bool, ...]) -> Insert:
    once = {name: bindparam(name, type_=table.c[name].type) for name, one in zip(names, same, strict=True) if one}
    source = rows(sqlite, [(name, table.c[name].type) for name in names if name not in once] or [("none", Text())])
    values = [once[name] if name in once else source.c[name] for name in names]
    return insert(table).from_select(list(names), select(*values).select_from(source))
