"""What the page of replies shows, from what the services say: plain values for the state, instants as ISO text."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from smsapp.accounts.state import initials
from smsapp.domain.phone import pretty
from smsapp.inbox.service import Line
from smsapp.inbox.thread import Person, Said, Thread


@dataclass(frozen=True)
class LineItem:
    """A conversation of the list; ``today``: its hour is shown, else its day."""

    e164: int
    title: str
    initials: str
    text: str
    ours: bool
    at: str
    today: bool
    unread: int
    stopped: bool
    done: bool
    here: bool
    url: str


@dataclass(frozen=True)
class SaidItem:
    """An SMS of the conversation; ``day`` is set on the first one of a day."""

    key: str
    ours: bool
    text: str
    at: str
    day: str
    status: str
    campaign: str
    campaign_url: str
    wish: str


@dataclass(frozen=True)
class PersonItem:
    """Who the conversation is with; ``e164`` is 0 while none is open."""

    e164: int = 0
    number: str = ""
    name: str = ""
    initials: str = ""
    company: str = ""
    groups: str = ""
    sent: int = 0
    received: int = 0
    replies: int = 0
    first_reply: str = ""
    stopped_at: str = ""
    stop_origin: str = ""
    contact_url: str = ""
    words: dict[str, str | None] = field(default_factory=dict)


def line_item(line: Line, *, now: datetime, zone: ZoneInfo, here: bool, url: str) -> LineItem:
    """A conversation of the list."""
    return LineItem(
        line.e164,
        line.name or pretty(line.e164),
        initials(line.name) if line.name else "",
        line.text,
        line.ours,
        line.at.isoformat(),
        line.at.astimezone(zone).date() == now.astimezone(zone).date(),
        line.unread,
        line.stopped,
        line.done,
        here,
        url,
    )


def said_items(thread: Thread, zone: ZoneInfo) -> list[SaidItem]:
    """The SMS of a conversation, each day announced once."""
    items, before = [], None
    for one in thread.said:
        day = one.at.astimezone(zone).date()
        items.append(_said(one, new_day=day != before))
        before = day
    return items


def person_item(person: Person) -> PersonItem:
    """Who the conversation is with."""
    number = pretty(person.e164)
    return PersonItem(
        e164=person.e164,
        number=number,
        name=person.name or person.company,
        initials=initials(person.name or person.company) if person.name or person.company else "",
        company=person.company if person.name else "",
        groups=", ".join(person.groups),
        sent=person.sent,
        received=person.received,
        replies=person.replies,
        first_reply=person.first_reply.isoformat() if person.first_reply else "",
        stopped_at=person.stopped_at.isoformat() if person.stopped_at else "",
        stop_origin=person.stop_origin,
        contact_url=f"/contacts?open={person.contact_id}" if person.contact_id else "",
        words={name: said or None for name, said in person.values.items()},
    )


def _said(one: Said, *, new_day: bool) -> SaidItem:
    at = one.at.isoformat()
    return SaidItem(
        one.key,
        one.ours,
        one.text,
        at,
        at if new_day else "",
        one.status.value if one.status else "",
        one.campaign,
        f"/sent/{one.campaign_id}" if one.campaign_id else "",
        one.wish,
    )
