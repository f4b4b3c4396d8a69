"""What the address book page shows, as plain values, and the one look at the book that brings it."""

from dataclasses import dataclass, field

from smsapp.accounts.actor import Actor
from smsapp.contacts import groups, listing, service
from smsapp.contacts.groups import GroupCount
from smsapp.contacts.listing import ContactRow, Page, Query
from smsapp.contacts.service import Totals
from smsapp.db import Database

TONES = 6


@dataclass(frozen=True)
class Tag:
    """A group beside a contact; ``tone`` picks the colour of its dot."""

    id: str
    name: str
    tone: str


@dataclass(frozen=True)
class Row:
    """A contact in the list. ``key`` changes when its box must be drawn anew; ``url`` opens its record."""

    id: int
    key: str
    name: str
    initials: str
    number: str
    company: str
    tags: list[Tag]
    state: str
    ticked: bool
    open: bool
    url: str


@dataclass(frozen=True)
class GroupLine:
    """A group in a list of choices; ``ticked``: the contact of the form stands in it."""

    value: str
    label: str
    ticked: bool = False


@dataclass(frozen=True)
class Form:
    """The record that is being typed: 0 is a new one. ``key`` changes when the fields must be drawn anew."""

    id: int = 0
    key: str = "0"
    number: str = ""
    nom: str = ""
    prenom: str = ""
    email: str = ""
    societe: str = ""
    title: str = ""
    initials: str = ""
    state: str = "active"
    tags: list[Tag] = field(default_factory=list)
    previous: str = ""
    next: str = ""


@dataclass(frozen=True)
class Found:
    """What one look at the book brings."""

    page: Page
    groups: list[GroupCount]
    totals: Totals
    opened: ContactRow | None


def look(db: Database, actor: Actor, query: Query, opened: int | None) -> Found:
    """A page of contacts, the groups, the totals and the record of ``opened``."""
    page = listing.contacts(db, actor, query)
    row = service.contact(db, actor, opened).row if opened else None
    return Found(page, groups.groups(db, actor), service.totals(db, actor), row)


def tags_of(row: ContactRow) -> list[Tag]:
    """The groups of a contact, each with its tone."""
    return [Tag(str(g.id), g.name, f"dot tone{g.id % TONES}") for g in row.groups]


def id_of(text: object) -> int | None:
    """A number of the address, if it can be the id of anything."""
    return int(text) if isinstance(text, str) and text.isdecimal() and text.isascii() and len(text) < 18 else None
