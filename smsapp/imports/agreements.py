"""Consent as an import brings it (M28): whole or not at all, with the import as its proof, and back again."""

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl

from smsapp.contacts.bulk import CONSENT, INSTANT
from smsapp.contacts.tables import Contact

NAME = "consent"  # among the fields of an `ImportChange`: all of it, as one value
SAID = CONSENT[:3]  # what a file says; the last one is which file
HAD = tuple(f"had_{name}" for name in CONSENT)
TAKEN = "agreed"  # the column of changed contacts that says whose consent is the file's

SCHEMA = {**dict.fromkeys(SAID, pl.String), CONSENT[3]: pl.Int64}
"""Columns of contacts of the book."""


def says(people: pl.DataFrame) -> bool:
    """Whether the rows come from a file with a column of consent."""
    return SAID[0] in people.columns


def with_proof(people: pl.DataFrame, import_id: int) -> pl.DataFrame:
    """The rows with the import beside each consent that they hold."""
    if not says(people):
        return people
    some = pl.any_horizontal(pl.col(name) != "" for name in SAID)
    return people.with_columns(pl.when(some).then(pl.lit(import_id, dtype=pl.Int64)).alias(CONSENT[3]))


def decided(pairs: pl.DataFrame, policy: str) -> pl.DataFrame:
    """Rows beside the contacts that they meet (``HAD``), with the consent that these come to have and ``TAKEN``: the
    file's where a contact has none, or where the file says something else and replaces; in pieces it is worth nothing.
    """
    said = pl.any_horizontal(pl.col(name) != "" for name in SAID)
    if policy == "replace":
        differs = ((pl.col(name) != "") & (pl.col(name) != pl.col(f"had_{name}")) for name in SAID)
        taken = said & pl.any_horizontal(differs)
    else:
        taken = said & pl.all_horizontal(pl.col(f"had_{name}") == "" for name in SAID)
    told = pairs.with_columns(taken.alias(TAKEN))
    return told.with_columns(pl.when(TAKEN).then(name).otherwise(f"had_{name}").alias(name) for name in CONSENT)


def count(people: pl.DataFrame) -> int:
    """How many of the rows hold a consent."""
    return people.select(pl.any_horizontal(pl.col(name) != "" for name in SAID).sum()).item() if says(people) else 0


def as_one(source: str, said: str, at: str, import_id: int | None) -> str:
    """A consent as one value, empty for none; ``at`` is an INSTANT or empty."""
    return json.dumps([source, said, at, import_id]) if source or said or at else ""


def of_row(one: dict[str, Any], prefix: str = "") -> str:
    """The consent of a row of columns, as one value."""
    return as_one(*(one[f"{prefix}{name}"] for name in CONSENT))


def of_contact(person: Contact) -> str:
    """What a contact says today, as one value."""
    at = person.consent_at.astimezone(UTC).strftime(INSTANT) if person.consent_at else ""
    return as_one(person.consent_source, person.consent_text, at, person.consent_import_id)


def columns_of(value: str) -> dict[str, Any]:
    """One value as the columns of a contact."""
    source, said, at, import_id = json.loads(value) if value else ("", "", "", None)
    when = datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None
    return dict(zip(CONSENT, (source, said, when, import_id), strict=True))
