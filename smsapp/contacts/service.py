"""The address book: one contact, created, edited, deleted with a way back (S62, S63, S68, S71, S72, M10).

Lists and search are in `listing.py`; `groups.py`, `blacklist.py` and `fields.py` hold the rest of the book.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import BigInteger, ColumnElement, delete, func, update
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.contacts.counters import counted
from smsapp.contacts.fields import CustomField, fields_of, values_of
from smsapp.contacts.folding import search_text, sort_name
from smsapp.contacts.groups import set_groups
from smsapp.contacts.listing import ContactRow, rows_of
from smsapp.contacts.tables import Contact, Group, GroupMember
from smsapp.db import Database
from smsapp.db.rows import pack, rows
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import Number, pretty, read_number

UNDO_DAYS = 30
FIELD_LENGTHS = {"nom": 200, "prenom": 200, "email": 254, "societe": 200}
CONSENT_LENGTHS = {"consent_source": 200, "consent_text": 500}

FIRST_DAY = date(1990, 1, 1)  # before it nobody agreed to an SMS

_CONSENT = (*CONSENT_LENGTHS, "consent_day")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def why_unreadable(reason: str, missing: int = 0) -> tuple[str, dict[str, object]]:
    """The sentence (key, parameters) of a number that cannot be written to; ``missing`` digits, if that is known."""
    return ("phone.reason.missing_digits", {"count": missing}) if missing else (f"phone.reason.{reason}", {})


class UnreadableNumber(Refusal):
    """The number typed for a contact cannot be written to; ``suggestion`` is the spelling that can, or empty."""

    def __init__(self, reason: str, suggestion: int | None, missing: int | None) -> None:
        self.suggestion = pretty(suggestion) if suggestion else ""
        super().__init__(*why_unreadable(reason, missing or 0))


class InvalidEmail(Refusal):
    key = "contacts.email_invalid"


class InvalidConsentDay(Refusal):
    """The day of an agreement is no day, or has not come yet."""

    key = "contacts.consent_day_invalid"


class ContactNotFound(Refusal):
    """There is no such contact in this account (any more)."""

    key = "contacts.not_found"


@dataclass(frozen=True)
class Sheet:
    """What a person types about a contact. Only the number is mandatory (S68).

    ``extra``: values of the account's own fields by key; those that are not named stay. ``consent_day``: the day on
    which the person agreed to be written to, "2026-06-17", or empty (S59, M28).
    """

    number: str
    nom: str = ""
    prenom: str = ""
    email: str = ""
    societe: str = ""
    group_ids: tuple[int, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    consent_source: str = ""
    consent_text: str = ""
    consent_day: str = ""


@dataclass(frozen=True)
class Totals:
    """How large the book is."""

    contacts: int
    groups: int
    blacklisted: int


@dataclass(frozen=True)
class Consent:
    """That somebody agreed to be written to: where it was collected, to what, on which day (S59, M28).

    ``import_id``: the import that brought it, if one did.
    """

    source: str = ""
    text: str = ""
    day: date | None = None
    import_id: int | None = None


@dataclass(frozen=True)
class ContactSheet:
    """All that is known of one contact. ``fields``: the account's own fields, each with its value or an empty text."""

    row: ContactRow
    fields: tuple[tuple[CustomField, str], ...] = ()
    consent: Consent = Consent()
    created_at: datetime | None = None
    import_id: int | None = None
    updated_at: datetime | None = None


def count(db: Database, actor: Actor) -> int:
    """How many contacts the book holds."""
    with db.read() as session:
        return counted(session, "contacts", actor.account_id)


def totals(db: Database, actor: Actor) -> Totals:
    """Contacts, groups and blacklisted numbers of the account."""
    groups = select(func.count()).select_from(Group).where(Group.account_id == actor.account_id)
    with db.read() as session:
        return Totals(
            counted(session, "contacts", actor.account_id),
            session.execute(groups).scalar_one(),
            counted(session, "blacklisted", actor.account_id),
        )


def contact(db: Database, actor: Actor, contact_id: int) -> ContactSheet:
    """One contact.

    Raises:
        ContactNotFound: deleted, or not in this account.
    """
    with db.read() as session:
        found = _owned(session, actor, contact_id)
        [row] = rows_of(session, actor, [contact_id])
        own = tuple((one, found.extra.get(one.key, "")) for one in fields_of(session, actor.account_id))
        day = found.consent_at.date() if found.consent_at else None
        consent = Consent(found.consent_source, found.consent_text, day, found.consent_import_id)
        return ContactSheet(row, own, consent, found.created_at, found.import_id, found.updated_at)


def create_contact(db: Database, actor: Actor, sheet: Sheet) -> int:
    """Add a contact (S68, S72). The book may hold a number twice: two people, one phone (S75). Returns its id.

    Raises:
        UnreadableNumber, InvalidEmail, InvalidConsentDay, GroupNotFound
    """
    with db.write() as session:
        now = db.now()
        made = Contact(account_id=actor.account_id, e164=0, territory="", created_at=now, updated_at=now)
        _fill(session, db, actor, made, sheet)
        session.add(made)
        session.flush()
        assert made.id is not None
        set_groups(session, actor, made.id, sheet.group_ids)
        return made.id


def edit_contact(db: Database, actor: Actor, contact_id: int, sheet: Sheet, seen: Sheet | None = None) -> None:
    """Change a contact (S62, S71). A new number is a new phone: what a report said of the old one goes.

    ``seen``: what the person was shown. What ``sheet`` leaves as it was shown stays as it is now: another tab, or an
    import, may have changed it meanwhile.

    Raises:
        ContactNotFound, UnreadableNumber, InvalidEmail, InvalidConsentDay, GroupNotFound
    """
    with db.write() as session:
        found = _owned(session, actor, contact_id, lock=True)
        before = found.e164
        if seen is not None:
            sheet = _changed(_sheet_of(session, found), seen, sheet)
        _fill(session, db, actor, found, sheet)
        if found.e164 != before:
            found.state = "active"
        found.updated_at = db.now()
        session.add(found)
        set_groups(session, actor, contact_id, sheet.group_ids)


def delete_contacts(db: Database, actor: Actor, contact_ids: Collection[int]) -> list[int]:
    """Take contacts out of the book; `restore_contacts` brings them back for 30 days (S63, M10).

    Returns the ids that were deleted, to be given to `restore_contacts`.
    """
    return _marked(db, actor, contact_ids, col(Contact.deleted_at).is_(None), db.now())


def restore_contacts(db: Database, actor: Actor, contact_ids: Collection[int]) -> int:
    """Bring deleted contacts back, in the groups they stood in (M10). Returns how many came back."""
    oldest = db.now() - timedelta(days=UNDO_DAYS)
    return len(_marked(db, actor, contact_ids, col(Contact.deleted_at) >= oldest, None))


def purge_deleted(db: Database, limit: int = 500) -> int:
    """Take contacts out for good that were deleted more than 30 days ago, ``limit`` of them. Returns how many.

    The newest contact of all stays: SQLite would give its id, which messages remember, to the next one.
    """
    newest = select(func.max(Contact.id)).scalar_subquery()
    old = select(Contact.id).where(col(Contact.deleted_at) < db.now() - timedelta(days=UNDO_DAYS), Contact.id < newest)
    gone = (
        delete(Contact)
        .where(col(Contact.id).in_(old.limit(limit)))
        .returning(col(Contact.id))
        .execution_options(synchronize_session=False)
    )

    def work(session: Session) -> int:
        return len(session.connection().execute(gone).scalars().all())

    return db.retrying(work)


def numbers_of(db: Database, actor: Actor, contact_ids: Collection[int]) -> list[int]:
    """The E.164 numbers of contacts, once each."""
    with db.read() as session:
        sqlite = db.is_sqlite
        chosen = rows(sqlite, (("value", BigInteger()),))
        asked = select(Contact.e164).where(
            Contact.account_id == actor.account_id,
            col(Contact.deleted_at).is_(None),
            col(Contact.id).in_(select(chosen.c.value)),
        )
        found = session.execute(asked, {"rows": pack(sqlite, ((id,) for id in contact_ids))}).scalars()
        return sorted(set(found))


def region_of(db: Database, actor: Actor) -> str:
    """The country in which the account's numbers without a country code are read (S33)."""
    with db.read() as session:
        return _region(session, actor)


def _fill(session: Session, db: Database, actor: Actor, contact: Contact, sheet: Sheet) -> None:
    read = read_number(sheet.number, _region(session, actor))
    if not isinstance(read, Number):
        raise UnreadableNumber(read.reason, read.suggestion, read.missing_digits)
    contact.e164, contact.territory = read.e164, read.territory
    for name, length in FIELD_LENGTHS.items():
        setattr(contact, name, _tidy(getattr(sheet, name), length))
    agreed = (contact.consent_source, contact.consent_text, contact.consent_at)
    for name, length in CONSENT_LENGTHS.items():
        setattr(contact, name, _tidy(getattr(sheet, name), length))
    contact.consent_at = _agreed(db, sheet.consent_day)
    if agreed != (contact.consent_source, contact.consent_text, contact.consent_at):
        contact.consent_import_id = None  # what a person types is proven by no file
    own = {one.key for one in fields_of(session, actor.account_id)}
    contact.extra = values_of({key: value for key, value in sheet.extra.items() if key in own}, contact.extra or {})
    if contact.email and not _EMAIL.fullmatch(contact.email):
        raise InvalidEmail(email=contact.email)
    contact.sort_name = sort_name(contact.nom, contact.prenom, contact.societe)
    contact.search = search_text(contact.e164, contact.nom, contact.prenom, contact.societe, contact.email)


def _sheet_of(session: Session, contact: Contact) -> Sheet:
    """A contact as a person would have typed it."""
    groups = select(GroupMember.group_id).where(GroupMember.contact_id == contact.id)
    day = contact.consent_at.date().isoformat() if contact.consent_at else ""
    return Sheet(
        pretty(contact.e164), contact.nom, contact.prenom, contact.email, contact.societe,
        tuple(session.execute(groups).scalars()), contact.extra or {},
        contact.consent_source, contact.consent_text, day,
    )  # fmt: skip


def _changed(now: Sheet, seen: Sheet, typed: Sheet) -> Sheet:
    """``now`` with what ``typed`` says otherwise than ``seen``; an agreement is one thing, never put together."""
    taken = {name: getattr(typed, name) for name in ("number", *FIELD_LENGTHS) if _differ(name, typed, seen)}
    if any(_differ(name, typed, seen) for name in _CONSENT):
        taken |= {name: getattr(typed, name) for name in _CONSENT}
    left, joined = set(seen.group_ids) - set(typed.group_ids), set(typed.group_ids) - set(seen.group_ids)
    extra = {key: value for key, value in typed.extra.items() if value != seen.extra.get(key, "")}
    return replace(now, **taken, group_ids=tuple(set(now.group_ids) - left | joined), extra=extra)


def _differ(name: str, one: Sheet, other: Sheet) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _owned(session: Session, actor: Actor, contact_id: int, *, lock: bool = False) -> Contact:
    """``lock``: nobody else changes it before the end of the transaction, or its keys would be made of old fields."""
    found = session.get(Contact, contact_id, with_for_update={"key_share": True} if lock else None)
    if found is None or found.account_id != actor.account_id or found.deleted_at is not None:
        raise ContactNotFound
    return found


def _marked(
    db: Database, actor: Actor, ids: Collection[int], only: ColumnElement[bool], deleted_at: datetime | None
) -> list[int]:
    """Set when contacts of the actor were deleted, or that they are not. Returns the ids that were changed."""
    chosen = rows(db.is_sqlite, (("value", BigInteger()),))
    change = (
        update(Contact)
        .where(col(Contact.account_id) == actor.account_id, col(Contact.id).in_(select(chosen.c.value)), only)
        .values(deleted_at=deleted_at)
        .returning(col(Contact.id))
        .execution_options(synchronize_session=False)
    )
    given = {"rows": pack(db.is_sqlite, ((id,) for id in ids))}

    def work(session: Session) -> list[int]:
        return sorted(id for id in session.connection().execute(change, given).scalars() if id is not None)

    return db.retrying(work)


def _tidy(typed: str, length: int) -> str:
    return " ".join(typed.replace("\0", "").split())[:length]


def _agreed(db: Database, day: str) -> datetime | None:
    """Noon of that day: the same day wherever it is read."""
    if not day.strip():
        return None
    try:
        found = datetime.combine(date.fromisoformat(day.strip()), time(12), UTC)
    except ValueError:
        raise InvalidConsentDay from None
    if not FIRST_DAY <= found.date() <= last_day(db.now().date()):
        raise InvalidConsentDay
    return found


def last_day(today: date) -> date:
    """The last day on which somebody can have agreed: somewhere it is tomorrow already."""
    return today + timedelta(days=1)


def _region(session: Session, actor: Actor) -> str:
    account = session.get(Account, actor.account_id)
    return account.region if account else "FR"
