"""A list of rows as a table inside one statement, the same on SQLite and PostgreSQL: the way to do things in bulk.

The rows travel as one JSON parameter, so that the statement is compiled once whatever their number.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, FromClause, Table, Text, bindparam, cast, column, func, insert, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from smsapp.db.columns import UtcDateTime


def rows(
    connection: Connection, columns: Mapping[str, TypeEngine[Any]], data: Iterable[Sequence[object]]
) -> FromClause:
    """A table with ``columns`` (name -> type) holding ``data``: tuples of int, str, None or aware datetimes."""
    sqlite = connection.dialect.name == "sqlite"
    payload = bindparam(None, json.dumps([[_plain(value, sqlite) for value in row] for row in data]), Text)
    if sqlite:
        each = func.json_each(payload).table_valued("value")
        values = [
            type_coerce(func.json_extract(each.c.value, f"$[{i}]"), kind).label(name)
            for i, (name, kind) in enumerate(columns.items())
        ]
    else:
        each = func.jsonb_array_elements(cast(payload, JSONB)).table_valued("value")
        values = [
            cast(type_coerce(column("value", JSONB).op("->>")(i), Text), kind).label(name)
            for i, (name, kind) in enumerate(columns.items())
        ]
    return select(*values).select_from(each).subquery()


def insert_rows(connection: Connection, table: Table, names: Sequence[str], data: Iterable[Sequence[object]]) -> int:
    """Insert ``data`` (one value per name, in order) in one statement. Returns how many rows were written."""
    source = rows(connection, {name: table.c[name].type for name in names}, data)
    return connection.execute(insert(table).from_select(list(names), select(source))).rowcount


def _plain(value: object, sqlite: bool) -> object:
    if not isinstance(value, datetime):
        return value
    at = value.astimezone(UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else at.isoformat()


INSTANT = UtcDateTime()
