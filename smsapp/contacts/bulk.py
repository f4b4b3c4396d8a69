"""Contacts written by the hundred thousand: what is searched and sorted by is made by the column, the rows go in as a
set. Within the caller's transaction, like everything that writes contacts from elsewhere.

On SQLite, binding values row by row costs more than storing them. Very many contacts are therefore laid out beforehand,
before anybody waits for the writer's turn, in a small database of their own (`lay_out`), which stands beside the book
during the transaction (`Database.write(beside)`); they come over in one statement. On PostgreSQL they are packed
beforehand (`with_packed`), as the server takes them.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from adbc_driver_sqlite import dbapi as adbc
from sqlalchemy import JSON, BigInteger, Connection, Table, Text, Update, bindparam, cast, text, type_coerce, update
from sqlmodel import Session

from smsapp.contacts.folding import SEARCH_LENGTH, SORT_LENGTH, fold, search_text, sort_name
from smsapp.contacts.tables import Contact
from smsapp.db import BESIDE
from smsapp.db.binary_copy import copy_packed, packed
from smsapp.db.book_triggers import counted_at_once
from smsapp.db.rows import pack, rows

NAMES = ("nom", "prenom", "email", "societe")
PACKED = "packed"  # the column of what PostgreSQL takes as it is
MANY = 1_000  # contacts from which the triggers of SQLite cost more than leaving them aside
SLICE = 50_000  # rows sent in one statement

_EPOCH = 946_684_800_000_000  # 2000 in microseconds since 1970
_LAYOUT = "layout"  # the table of the contacts laid out beside
_NOTE_FOR_SEARCH = (
    # What was noted beyond the last contact is of contacts that are gone.
    "DELETE FROM contact_to_index WHERE account_id = :a AND first_id > :before",
    "UPDATE contact_to_index SET last_id = :before WHERE account_id = :a AND last_id > :before AND first_id ="
    " (SELECT max(first_id) FROM contact_to_index WHERE account_id = :a)",
    "INSERT INTO contact_to_index (account_id, first_id, last_id) SELECT :a, :before + 1, :last WHERE :last > :before",
)
_PLAIN = r"^(?:[!-~]+(?: [!-~]+)*)?$"
_ADDED = ("e164", "territory", *NAMES, "extra", "sort_name", "search")
_CHANGED = (*NAMES, "extra", "sort_name", "search")
CONSENT = ("consent_source", "consent_text", "consent_at", "consent_import_id")
"""Columns of people whose file says that they agreed (M28): texts, the instant as INSTANT in UTC or an empty text, and
the import, or null."""
INSTANT = "%Y-%m-%d %H:%M:%S.%f"
_CONTACT: Table = Contact.__table__  # type: ignore[attr-defined]


def with_keys(people: pl.DataFrame) -> pl.DataFrame:
    """``people`` (e164 and the four names) with ``sort_name`` and ``search`` exactly as `folding.py` makes them, in the
    order of ``sort_name``: so the largest index is filled from one end to the other.
    """
    odd = [~people[name].str.contains(_PLAIN) for name in NAMES]
    folded = people.select("e164", *(_folded(people[name], mask) for name, mask in zip(NAMES, odd, strict=True)))
    said = {name: pl.when(pl.col(name) != "").then(pl.col(name)) for name in NAMES}  # null: joined without a space
    full = pl.concat_str(said["nom"], said["prenom"], separator=" ", ignore_nulls=True)
    named = pl.when(full != "").then(full).otherwise("societe").str.slice(0, SORT_LENGTH)
    order = ("prenom", "nom", "prenom", "societe", "email")
    known = pl.concat_str(
        pl.col("e164").cast(pl.String), *(said[name] for name in order), separator=" ", ignore_nulls=True
    )
    # A contact of whom nothing but the number is known is found by the number and a space, as `folding.py` has it.
    known = pl.when(pl.all_horizontal(pl.col(NAMES) == "")).then(known + " ").otherwise(known)
    keys = folded.select(
        sort_name=pl.when(named != "").then(named).otherwise(pl.lit("\uffff")),
        search=known.str.slice(0, SEARCH_LENGTH),
    )
    made = people.drop(keys.columns, strict=False).hstack(keys)
    if not (places := _awkward(people, folded, odd)).is_empty():
        made = _one_by_one(made, places)
    return made.sort("sort_name", maintain_order=True)


def lay_out(people: pl.DataFrame, path: Path) -> None:
    """Write ``people`` (as for ``add_contacts``) to a database of their own at ``path``, for `Database.write(beside)`.

    Nothing in it has to outlive the machine: neither journal nor waiting for the disk.
    """
    path.unlink(missing_ok=True)
    with adbc.connect(str(path), autocommit=True) as connection, connection.cursor() as cursor:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.adbc_ingest(_LAYOUT, _as_text(people.select(_names(people, _ADDED))), mode="create")


def with_packed(people: pl.DataFrame) -> pl.DataFrame:
    """``people`` (as for ``add_contacts``) with the column ``PACKED``, for PostgreSQL."""
    return people.with_columns(packed(_as_number(people.select(_names(people, _ADDED)))).alias(PACKED))


def add_contacts(
    session: Session, account_id: int, people: pl.DataFrame, *, import_id: int, at: datetime, laid_out: int = 0
) -> tuple[int, int]:
    """Add active contacts: columns e164, territory, the four names, ``extra`` (JSON) and those of ``with_keys``;
    where a file says who agreed, those of CONSENT too.

    On PostgreSQL that of ``with_packed`` too, if it was made beforehand.
    ``laid_out``: how many contacts stand beside the book (`lay_out`), ``people`` among them, with distinct numbers.
    Returns the first and the last id that they were given, between which there may be others' contacts.
    """
    if people.is_empty():
        return 0, -1
    connection = session.connection()
    fixed: dict[str, int | str] = {"account_id": account_id, "state": "active", "import_id": import_id}
    if connection.dialect.name == "sqlite":
        when = at.astimezone(UTC).strftime(INSTANT)
        fixed |= {"created_at": when, "updated_at": when}
        before = _last(connection)
        if people.height < MANY:
            _bind(connection, fixed, people)
            return before + 1, _last(connection)
        with counted_at_once(connection, "contact_book_added", "contacts", account_id, lambda: people.height):
            if laid_out:
                _bring_over(connection, fixed, people, laid_out)
            else:
                _bind(connection, fixed, people)
            last = _last(connection)
            for statement in _NOTE_FOR_SEARCH:
                connection.execute(text(statement), {"a": account_id, "before": before, "last": last})
        assert last == before + people.height, f"{people.height} contacts, {last - before} written"
        return before + 1, last
    before = connection.execute(text("SELECT nextval(pg_get_serial_sequence('contact', 'id'))")).scalar_one()
    made = people if PACKED in people.columns else with_packed(people)
    told = {**fixed, "created_at": at, "updated_at": at}
    # The server keeps the rows aside for the trigger that counts them: in memory rather than in a file.
    connection.execute(text("SET LOCAL work_mem = '64MB'"))
    copy_packed(connection, "contact", told, _names(people, _ADDED), made[PACKED])
    last = connection.execute(text("SELECT currval(pg_get_serial_sequence('contact', 'id'))")).scalar_one()
    return before + 1, last


def _last(connection: Connection) -> int:
    """The highest id of all contacts, which on SQLite the next one follows."""
    found: int = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM contact").scalar_one()
    return found


def _bind(connection: Connection, fixed: dict[str, Any], people: pl.DataFrame) -> None:
    names = _names(people, _ADDED)
    insert = (
        f"INSERT INTO contact ({', '.join([*fixed, *names])})"  # noqa: S608 (values of our own)
        f" VALUES ({', '.join(map(repr, fixed.values()))}, {', '.join('?' * len(names))})"
    )
    connection.exec_driver_sql(insert, _as_text(people.select(names)).rows())


def _bring_over(connection: Connection, fixed: dict[str, Any], people: pl.DataFrame, laid_out: int) -> None:
    """Insert ``people`` from beside, in the order in which they were laid out there."""
    names = _names(people, _ADDED)
    insert = (
        f"INSERT INTO contact ({', '.join([*fixed, *names])})"  # noqa: S608 (values of our own)
        f" SELECT {', '.join(map(repr, fixed.values()))}, {', '.join(names)} FROM {BESIDE}.{_LAYOUT}"
    )
    if people.height == laid_out:
        connection.exec_driver_sql(f"{insert} ORDER BY rowid")
        return
    numbers = "[" + ",".join(map(str, people["e164"])) + "]"
    among = "WHERE e164 IN (SELECT value FROM json_each(?))"
    connection.exec_driver_sql(f"{insert} {among} ORDER BY rowid", (numbers,))


def change_contacts(session: Session, people: pl.DataFrame, *, at: datetime) -> None:
    """Give contacts (``id``) other names, ``extra``, keys and, where ``people`` has it, consent: never another number,
    never another state (M27).
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    names = _names(people, _CHANGED)
    statement = _change(sqlite, names)
    for start in range(0, people.height, SLICE):
        piece = _as_text(people.select("id", *names).slice(start, SLICE), "" if sqlite else "+00:00").rows()
        session.connection().execute(statement, {"rows": pack(sqlite, piece), "at": at})


def _change(sqlite: bool, names: tuple[str, ...]) -> Update:
    kinds: dict[str, Any] = {name: _CONTACT.c[name].type for name in CONSENT}
    source = rows(sqlite, [("id", BigInteger()), *((name, kinds.get(name, Text())) for name in names)])
    given = {name: source.c[name] for name in names if name != "extra"}
    extra = type_coerce(source.c.extra, JSON) if sqlite else cast(source.c.extra, JSON)
    at = bindparam("at", type_=_CONTACT.c.updated_at.type)
    return update(_CONTACT).where(_CONTACT.c.id == source.c.id).values(**given, extra=extra, updated_at=at)


def _names(people: pl.DataFrame, always: tuple[str, ...]) -> tuple[str, ...]:
    """The columns to write: a file that says nothing of consent has none of its columns."""
    return (*always, *(name for name in CONSENT if name in people.columns))


def _as_text(people: pl.DataFrame, zone: str = "") -> pl.DataFrame:
    """The instants as texts, null for none."""
    if "consent_at" not in people.columns:
        return people
    at = pl.col("consent_at")
    return people.with_columns(consent_at=pl.when(at != "").then(at + zone))


def _as_number(people: pl.DataFrame) -> pl.DataFrame:
    """The instants as microseconds since 2000, null for none: what PostgreSQL holds."""
    if "consent_at" not in people.columns:
        return people
    at = pl.col("consent_at").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    return people.with_columns(consent_at=at.cast(pl.Int64) - _EPOCH)


def _folded(cells: pl.Series, odd: pl.Series) -> pl.Series:
    """Each cell without case and accents; the ``odd`` ones, which are not plain ASCII, once per distinct text."""
    made = cells.str.to_lowercase()
    if odd.any():
        texts = cells.filter(odd).unique()
        known = pl.DataFrame(
            {"text": texts, "said": [fold(text) for text in texts]}, schema_overrides={"said": pl.String}
        )
        found = pl.DataFrame({"text": cells}).join(known, on="text", how="left", maintain_order="left")["said"]
        made = found.fill_null(made)
    return made.alias(cells.name)


def _awkward(people: pl.DataFrame, folded: pl.DataFrame, odd: list[pl.Series]) -> pl.Series:
    """The places of the rows whose cells fold otherwise together than each for itself: among those with an odd cell."""
    foreign = pl.select(pl.any_horizontal(odd)).to_series()
    places = foreign.arg_true()
    if places.is_empty():
        return places
    some, fold_of = people.select(NAMES).filter(foreign), folded.filter(foreign)
    signs = some.select(pl.concat_str(NAMES).str.contains_any(["%", "\\", "\0"])).to_series()
    for name in NAMES:
        signs = signs | ((some[name] != "") & (fold_of[name] == ""))
    return places.filter(signs)


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
