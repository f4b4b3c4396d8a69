"""Contacts written by the hundred thousand: what is searched and sorted by is made by the column, the rows go in as a
set. Within the caller's transaction, like everything that writes contacts from elsewhere.
"""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import JSON, BigInteger, Table, Text, Update, bindparam, cast, type_coerce, update
from sqlmodel import Session

from smsapp.contacts.folding import SEARCH_LENGTH, SORT_LENGTH, fold, search_text, sort_name
from smsapp.contacts.tables import Contact
from smsapp.db.book_triggers import counted_at_once
from smsapp.db.rows import pack, rows

NAMES = ("nom", "prenom", "email", "societe")
MANY = 1_000  # contacts from which the triggers of SQLite cost more than leaving them aside
SLICE = 50_000  # rows sent in one statement

_NOTE_FOR_SEARCH = (
    "INSERT INTO contact_unindexed (contact_id, account_id) SELECT id, account_id FROM contact WHERE id > ?"
)
_PLAIN = r"^[!-~]*(?: [!-~]+)*$"
_ADDED = ("e164", "territory", *NAMES, "extra", "sort_name", "search")
_CHANGED = (*NAMES, "extra", "sort_name", "search")
_CONTACT: Table = Contact.__table__  # type: ignore[attr-defined]


def with_keys(people: pl.DataFrame) -> pl.DataFrame:
    """``people`` (e164 and the four names) with ``sort_name`` and ``search`` exactly as `folding.py` makes them, in the
    order of ``sort_name``: so the largest index is filled from one end to the other.
    """
    folded = people.select("e164", *(_folded(people[name]) for name in NAMES))
    full = pl.concat_str("nom", "prenom", separator=" ").str.strip_chars(" ")
    named = pl.when(full != "").then(full).otherwise("societe").str.slice(0, SORT_LENGTH)
    said = pl.concat_str("prenom", "nom", "prenom", "societe", "email", separator=" ")
    said = said.str.replace_all(" {2,}", " ").str.strip_chars(" ")
    keys = folded.select(
        sort_name=pl.when(named != "").then(named).otherwise(pl.lit("\uffff")),
        search=pl.concat_str(pl.col("e164").cast(pl.String), said, separator=" ").str.slice(0, SEARCH_LENGTH),
    )
    made = people.hstack(keys)
    if not (odd := _awkward(people, folded)).is_empty():
        made = _one_by_one(made, odd)
    return made.sort("sort_name", maintain_order=True)


def add_contacts(session: Session, account_id: int, people: pl.DataFrame, *, import_id: int, at: datetime) -> None:
    """Add active contacts: columns e164, territory, the four names, ``extra`` (JSON) and those of ``with_keys``."""
    if people.is_empty():
        return
    connection = session.connection()
    fixed = {"account_id": account_id, "state": "active", "import_id": import_id}
    if connection.dialect.name == "sqlite":
        when = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        fixed |= {"created_at": when, "updated_at": when}
        insert = (
            f"INSERT INTO contact ({', '.join([*fixed, *_ADDED])})"  # noqa: S608 (values of our own)
            f" VALUES ({', '.join(map(repr, fixed.values()))}, {', '.join('?' * len(_ADDED))})"
        )
        if people.height < MANY:
            connection.exec_driver_sql(insert, people.select(_ADDED).rows())
            return
        with counted_at_once(connection, "contact_book_added", "contacts", account_id, lambda: people.height):
            last = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM contact").scalar_one()
            connection.exec_driver_sql(insert, people.select(_ADDED).rows())
            connection.exec_driver_sql(_NOTE_FOR_SEARCH, (last,))
        return
    fixed |= {"created_at": at.isoformat(), "updated_at": at.isoformat()}
    stage = people.select(*(pl.lit(value).alias(name) for name, value in fixed.items()), *_ADDED)
    out = io.BytesIO()
    stage.write_csv(out, include_header=False, quote_style="non_numeric")
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY contact ({', '.join(stage.columns)}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(out.getbuffer())


def change_contacts(session: Session, people: pl.DataFrame, *, at: datetime) -> None:
    """Give contacts (``id``) other names, ``extra`` and keys: never another number, never another state (M27)."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    statement = _change(sqlite)
    for start in range(0, people.height, SLICE):
        piece = people.select("id", *_CHANGED).slice(start, SLICE).rows()
        session.connection().execute(statement, {"rows": pack(sqlite, piece), "at": at})


def _change(sqlite: bool) -> Update:
    source = rows(sqlite, [("id", BigInteger()), *((name, Text()) for name in _CHANGED)])
    given = {name: source.c[name] for name in _CHANGED if name != "extra"}
    extra = type_coerce(source.c.extra, JSON) if sqlite else cast(source.c.extra, JSON)
    at = bindparam("at", type_=_CONTACT.c.updated_at.type)
    return update(_CONTACT).where(_CONTACT.c.id == source.c.id).values(**given, extra=extra, updated_at=at)


def _folded(cells: pl.Series) -> pl.Series:
    """Each cell without case and accents; those that are not plain ASCII once per distinct text."""
    made = cells.str.to_lowercase()
    odd = ~cells.str.contains(_PLAIN)
    if odd.any():
        texts = cells.filter(odd).unique()
        known = pl.DataFrame(
            {"text": texts, "said": [fold(text) for text in texts]}, schema_overrides={"said": pl.String}
        )
        found = pl.DataFrame({"text": cells}).join(known, on="text", how="left", maintain_order="left")["said"]
        made = found.fill_null(made)
    return made.alias(cells.name)


def _awkward(people: pl.DataFrame, folded: pl.DataFrame) -> pl.Series:
    """The places of the rows whose cells fold otherwise together than each for itself."""
    signs = pl.any_horizontal(pl.col(NAMES).str.contains_any(["%", "\\", "\0"]))
    foreign = pl.any_horizontal(~pl.col(NAMES).str.contains(_PLAIN))
    gone = pl.any_horizontal(*((people[name] != "") & (folded[name] == "") for name in NAMES))
    found: pl.Series = people.select((signs & foreign) | gone).to_series().arg_true()
    return found


def _one_by_one(made: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    given = made[places].select("e164", *NAMES).rows()
    keys: dict[str, Callable[..., str]] = {
        "sort_name": lambda _, nom, prenom, email, societe: sort_name(nom, prenom, societe),
        "search": lambda e164, nom, prenom, email, societe: search_text(e164, nom, prenom, societe, email),
    }
    return made.with_columns(
        made[name].scatter(places, pl.Series([key(*row) for row in given], dtype=pl.String))
        for name, key in keys.items()
    )
