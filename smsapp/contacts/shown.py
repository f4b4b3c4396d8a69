"""What the address book page shows, as plain values, and the one look at the book that brings it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from smsapp.accounts.actor import Actor
from smsapp.contacts import groups, listing, service
from smsapp.contacts.fields import CustomField, fields
from smsapp.contacts.groups import GroupCount
from smsapp.contacts.listing import STATES, ContactRow, Page, Query
from smsapp.contacts.service import ContactSheet, Totals
from smsapp.db import Database
from smsapp.domain.delivery import Status
from smsapp.web.past import Past, last_statuses, past

TONES = 6


@dataclass(frozen=True)
class Tag:
    """A group beside a contact; ``tone`` picks the colour of its dot."""

    id: str
    name: str
    tone: str


@dataclass(frozen=True)
class Row:
    """A contact in the list. ``key`` changes when its box must be drawn anew; ``url`` opens its record, if it can."""

    id: int
    key: str
    name: str
    initials: str
    number: str
    company: str
    tags: list[Tag]
    state: str
    status: str  # of the last SMS, empty for none
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
    consent_source: str = ""
    consent_text: str = ""
    consent_day: str = ""
    consent_at: str = ""
    added: str = ""
    import_id: int = 0
    consent_import_id: int = 0


@dataclass(frozen=True)
class Extra:
    """A field of the account's own in a form: its key, its name and the value of the contact."""

    key: str
    name: str
    value: str = ""


@dataclass(frozen=True)
class PastLine:
    """An SMS or a reply in the past of a contact; ``url`` opens the report of the campaign."""

    kind: str
    at: str
    title: str
    text: str
    status: str
    stop: bool
    url: str


@dataclass(frozen=True)
class Found:
    """What one look at the book brings; ``statuses``: number -> status of its last SMS."""

    page: Page
    groups: list[GroupCount]
    totals: Totals
    fields: list[CustomField]
    statuses: dict[int, str]
    opened: ContactSheet | None
    past: Past


def look(db: Database, actor: Actor, query: Query, opened: int | None) -> Found:
    """A page of contacts with their last SMS, the groups, the totals and the record of ``opened`` with its past.

    Raises:
        GroupNotFound, ContactNotFound (``opened``)
    """
    page = listing.contacts(db, actor, query)
    if not page.rows and (query.after or query.before):  # whoever stood on this page is gone
        page = listing.contacts(db, actor, replace(query, after=None, before=None))
    sheet = service.contact(db, actor, opened) if opened else None
    return Found(
        page,
        groups.groups(db, actor),
        service.totals(db, actor),
        fields(db, actor),
        last_statuses(db, actor, {row.e164 for row in page.rows}),
        sheet,
        past(db, actor, sheet.row.e164) if sheet else Past(),
    )


def query_of(asked: Mapping[str, str]) -> Query:
    """The part of the book that an address asks for; what cannot be understood is passed over."""
    state, status, country = asked.get("state", ""), asked.get("status", ""), asked.get("country", "")
    return Query(
        text=asked.get("q", "")[:200],
        group_id=id_of(asked.get("group")),
        sort="newest" if asked.get("sort") == "newest" else "name",
        after=id_of(asked.get("after")),
        before=id_of(asked.get("before")),
        state=state if state in STATES else None,
        territory=country if len(country) in (2, 3) and country.isalnum() and country.isascii() else "",
        status=Status(status) if status in set(Status) else None,
    )


def past_lines(found: Past) -> list[PastLine]:
    """The past of a contact as lines of its record."""
    return [
        PastLine(
            step.kind, step.at.isoformat(), step.title, step.text[:400], step.status, step.is_stop,
            f"/sent/{step.campaign_id}" if step.campaign_id else "",
        )
        for step in found.steps
    ]  # fmt: skip


def tags_of(row: ContactRow) -> list[Tag]:
    """The groups of a contact, each with its tone."""
    return [Tag(str(g.id), g.name, f"dot tone{g.id % TONES}") for g in row.groups]


def id_of(text: object) -> int | None:
    """A number of the address, if it can be the id of anything."""
    return int(text) if isinstance(text, str) and text.isdecimal() and text.isascii() and len(text) < 18 else None
