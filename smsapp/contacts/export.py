"""What leaves the book as a file: every field of the chosen contacts, read slice by slice (S62, M28).

A selection is kept for a while under a random key, because its ids would not fit into an address; the key is worth
nothing without the session of the account that made it.
"""

import json
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlmodel import col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.contacts.fields import CustomField, fields
from smsapp.contacts.groups import as_list
from smsapp.contacts.listing import Query, origins, page_ids
from smsapp.contacts.spreadsheet import written
from smsapp.contacts.tables import Contact, Group, GroupMember, KeptSelection
from smsapp.db import Database
from smsapp.domain.errors import Refusal

SLICE = 1_000
LASTS = timedelta(minutes=15)
MOST_KEPT = 20  # selections of one account

COLUMNS = (
    "number", "nom", "prenom", "email", "societe", "country", "groups", "state", "consent_source", "consent_day",
    "consent_text", "added",
)  # fmt: skip


class ExportGone(Refusal):
    """The selection is not kept any more, or it is somebody else's."""

    key = "contacts.export_gone"


@dataclass(frozen=True)
class Exported:
    """One contact as a file tells it: texts by the names of COLUMNS (``state`` is its key), then custom values."""

    cells: dict[str, str]
    custom: tuple[str, ...]


def home_of(db: Database, actor: Actor) -> tuple[str, ZoneInfo]:
    """The country in which the account's numbers are read, and the zone of its clock."""
    with db.read() as session:
        account = session.get(Account, actor.account_id)
    return (account.region, ZoneInfo(account.time_zone)) if account else ("FR", ZoneInfo("Europe/Paris"))


def keep_selection(db: Database, actor: Actor, ids: Collection[int]) -> str:
    """Keep a selection of the actor's for LASTS, whichever process is asked for it, and answer its key."""
    key, now = secrets.token_urlsafe(16), db.now()
    mine = col(KeptSelection.account_id) == actor.account_id
    with db.write() as session:
        session.execute(delete(KeptSelection).where(col(KeptSelection.until) < now))
        newest = select(KeptSelection.key).where(mine).order_by(col(KeptSelection.until).desc()).limit(MOST_KEPT - 1)
        stay = list(session.execute(newest).scalars())
        session.execute(delete(KeptSelection).where(mine, col(KeptSelection.key).not_in(stay)))
        kept = json.dumps(sorted(ids))
        session.add(KeptSelection(key=key, account_id=actor.account_id, contact_ids=kept, until=now + LASTS))
    return key


def kept_selection(db: Database, actor: Actor, key: str) -> list[int]:
    """The ids kept under a key. Raises ExportGone when there are none (any more), or they are another account's."""
    with db.read() as session:
        found = session.get(KeptSelection, key[:32])
        if found is None or found.account_id != actor.account_id or found.until < db.now():
            raise ExportGone
        ids: list[int] = json.loads(found.contact_ids)
        return ids


def export_selection(db: Database, actor: Actor, ids: Collection[int]) -> tuple[list[CustomField], Iterator[Exported]]:
    """The account's own fields, and the contacts of ``ids`` that are the actor's and not deleted."""
    own, chosen = fields(db, actor), list(ids)
    slices = (chosen[at : at + SLICE] for at in range(0, len(chosen), SLICE))
    home = home_of(db, actor)
    return own, (one for some in slices for one in _slice(db, actor, home, own, some))


def export_answering(db: Database, actor: Actor, query: Query) -> tuple[list[CustomField], Iterator[Exported]]:
    """The account's own fields, and every contact that answers ``query``, in its order.

    Each slice is a short look of its own at the book, so that a slow download holds nothing open; it begins after the
    last contact of the slice before.

    Raises:
        GroupNotFound
    """
    own, home = fields(db, actor), home_of(db, actor)
    deleted = query.state == "deleted"
    first = _after(db, actor, query, None)

    def walk() -> Iterator[Exported]:
        ids, last = first
        while ids:
            yield from _slice(db, actor, home, own, ids, deleted=deleted)
            ids, last = _after(db, actor, query, last) if len(ids) == SLICE else ([], None)

    return own, walk()


def _after(db: Database, actor: Actor, query: Query, last: Contact | None) -> tuple[list[int], Contact | None]:
    """The next slice, and its last contact as it stands now: the next one begins there, whatever becomes of it."""
    with db.read() as session:
        ids = page_ids(session, actor, replace(query, after=None, before=None), SLICE, anchor=last)
        return ids, session.get(Contact, ids[-1]) if ids else None


def _slice(
    db: Database,
    actor: Actor,
    home: tuple[str, ZoneInfo],
    own: list[CustomField],
    ids: list[int],
    *,
    deleted: bool = False,
) -> list[Exported]:
    gone = col(Contact.deleted_at)
    with db.read() as session:
        mine = (
            col(Contact.id).in_(ids),
            col(Contact.account_id) == actor.account_id,
            gone.is_not(None) if deleted else gone.is_(None),
        )
        found = {c.id: c for c in session.execute(select(Contact).where(*mine)).scalars()}
        groups: dict[int, list[str]] = {}
        named = (
            select(GroupMember.contact_id, Group.name)
            .join(Group, col(Group.id) == GroupMember.group_id)
            .where(col(GroupMember.contact_id).in_(ids))
            .order_by(col(Group.name))
        )
        for contact_id, name in session.execute(named):
            groups.setdefault(contact_id, []).append(name)
        refused = origins(session, actor, {c.e164 for c in found.values()})
    people = [found[id] for id in ids if id in found]
    region, zone = home
    return [
        Exported(
            {
                "number": number, "nom": c.nom, "prenom": c.prenom, "email": c.email, "societe": c.societe,
                "country": c.territory, "groups": as_list(groups.get(c.id or 0, ())),
                "state": "deleted" if deleted else refused.get(c.e164, c.state), "consent_source": c.consent_source,
                "consent_day": f"{c.consent_at:%d/%m/%Y}" if c.consent_at else "", "consent_text": c.consent_text,
                "added": f"{c.created_at.astimezone(zone):%d/%m/%Y}",
            },
            tuple(c.extra.get(one.key, "") for one in own),
        )
        for c, number in zip(people, written([c.e164 for c in people], region), strict=True)
    ]  # fmt: skip
