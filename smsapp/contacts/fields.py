"""Fields of the account's own beside the five standard ones: a name for people, a key for files and templates.

The values stand on the contact (``Contact.extra``, key -> text). A field that is deleted leaves the screens; its values
stay on the contacts, so that a field made again under the same name finds them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.folding import fold
from smsapp.contacts.naming import one_at_a_time
from smsapp.contacts.tables import ContactField
from smsapp.db import Database
from smsapp.domain.errors import Refusal

MOST_FIELDS = 30
KEY_LENGTH = 40
NAME_LENGTH = 80
VALUE_LENGTH = 500
STANDARD = ("numero", "portable", "nom", "prenom", "email", "societe")


class FieldNameMissing(Refusal):
    """The name has no letter to make a key of."""

    key = "contacts.custom_name_missing"


class FieldNameTaken(Refusal):
    """``name`` is the field, standard or the account's own, that has that name already."""

    key = "contacts.custom_name_taken"


class TooManyFields(Refusal):
    key = "contacts.custom_too_many"

    def __init__(self) -> None:
        super().__init__(limit=MOST_FIELDS)


class FieldNotFound(Refusal):
    """There is no such field in this account (any more)."""

    key = "contacts.custom_not_found"


@dataclass(frozen=True)
class CustomField:
    """A field of the account's own: ``key`` in files and templates, ``name`` on screens."""

    key: str
    name: str


def key_of(name: str) -> str:
    """The key that a name makes: "Carte de fidélité n°" -> "carte_de_fidelite_n"; empty when it holds no letter."""
    return re.sub(r"[^a-z0-9]+", "_", fold(name)).strip("_0123456789")[:KEY_LENGTH].rstrip("_")


def fields(db: Database, actor: Actor) -> list[CustomField]:
    """The account's own fields, oldest first."""
    with db.read() as session:
        return fields_of(session, actor.account_id)


def fields_of(session: Session, account_id: int) -> list[CustomField]:
    """The same within a transaction."""
    asked = (
        select(ContactField)
        .where(ContactField.account_id == account_id)
        .order_by(col(ContactField.created_at), col(ContactField.key))
    )
    return [CustomField(found.key, found.name) for found in session.execute(asked).scalars()]


def create_field(db: Database, actor: Actor, name: str) -> CustomField:
    """Make a field.

    Raises:
        FieldNameMissing, FieldNameTaken, TooManyFields
    """
    with db.write() as session:
        return new_field(session, db, actor, name)


def new_field(session: Session, db: Database, actor: Actor, name: str) -> CustomField:
    """Make a field within the caller's transaction. Raises as ``create_field``."""
    tidy, key = _free_name(session, actor, name)
    known = fields_of(session, actor.account_id)
    if len(known) >= MOST_FIELDS:
        raise TooManyFields
    session.add(ContactField(account_id=actor.account_id, key=key, name=tidy, created_at=db.now()))
    session.flush()
    return CustomField(key, tidy)


def rename_field(db: Database, actor: Actor, key: str, name: str) -> None:
    """Give a field another name; its key, which files and templates know it by, stays.

    Raises:
        FieldNotFound, FieldNameMissing, FieldNameTaken
    """
    with db.write() as session:
        found = _owned(session, actor, key)
        found.name, _ = _free_name(session, actor, name, but=key)
        session.add(found)


def delete_field(db: Database, actor: Actor, key: str) -> None:
    """Take a field off the screens. Raises FieldNotFound."""
    with db.write() as session:
        session.delete(_owned(session, actor, key))


def values_of(typed: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """``known`` values with the typed ones in their place, tidied; an empty one is taken out."""
    tidy = {key: " ".join(value.replace("\0", "").split())[:VALUE_LENGTH] for key, value in typed.items()}
    return {key: value for key, value in {**known, **tidy}.items() if value}


def _free_name(session: Session, actor: Actor, name: str, but: str = "") -> tuple[str, str]:
    """A name, tidied, and its key, if no field, standard or the account's own, is called so or has that key."""
    tidy = " ".join(name.replace("\0", "").split())[:NAME_LENGTH]
    key = key_of(tidy)
    if not key:
        raise FieldNameMissing
    if key in STANDARD:
        raise FieldNameTaken(name=tidy)
    one_at_a_time(session, actor)
    for one in fields_of(session, actor.account_id):
        if one.key != but and (one.key == key or fold(one.name) == fold(tidy)):
            raise FieldNameTaken(name=one.name)
    return tidy, key


def _owned(session: Session, actor: Actor, key: str) -> ContactField:
    found = session.get(ContactField, (actor.account_id, key[:KEY_LENGTH]))
    if found is None:
        raise FieldNotFound
    return found
