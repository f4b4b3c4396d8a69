"""Replies as conversations (S44): the list, one conversation whole, and what a person does with it.

One conversation per number. A STOP is dealt with when it arrives, so it never counts as unread; a new reply opens again
what was dealt with.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, cast, exists, func, literal, or_, select, tuple_, update
from sqlmodel import Session, col

from smsapp.accounts.actor import Actor
from smsapp.contacts.folding import fold, sought
from smsapp.contacts.tables import Contact
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.sending.opt_out import stops_since
from smsapp.sending.tables import CONVERSATION, REPLY

VIEWS = ("all", "unread", "open", "stop")
PAGE = 40
WEEK = timedelta(days=7)

_C = CONVERSATION.c


class ConversationNotFound(Refusal):
    """Nobody with this number has replied to this account."""

    key = "inbox.not_found"


@dataclass(frozen=True)
class Line:
    """A conversation in the list. ``name`` is the contact's, empty when the number is in no address book."""

    e164: int
    name: str
    text: str
    ours: bool
    at: datetime
    unread: int
    stopped: bool
    done: bool


@dataclass(frozen=True)
class Page:
    """A page of conversations, latest first; ``next`` is the cursor of the following one, "" at the end."""

    lines: tuple[Line, ...] = ()
    next: str = ""


@dataclass(frozen=True)
class Counts:
    """How many conversations hold something unread, wait to be dealt with, and said STOP within seven days."""

    unread: int = 0
    open: int = 0
    stops: int = 0
    total: int = 0


def conversations(
    db: Database, actor: Actor, view: str = "all", search: str = "", after: str = "", campaign_id: int = 0
) -> Page:
    """The conversations of an account, latest first. ``view`` is one of VIEWS; ``search`` looks at names, numbers and
    what people wrote; ``after`` is the ``next`` of the page before, anything else begins anew; ``campaign_id`` keeps
    those who replied to that campaign."""
    where = [_C.account_id == actor.account_id, *_view(view), *_matches(actor, search)]
    if campaign_id:
        where.append(
            exists().where(
                REPLY.c.account_id == actor.account_id, REPLY.c.e164 == _C.e164, REPLY.c.campaign_id == campaign_id
            )
        )
    if cursor := _cursor(after):
        where.append(tuple_(_C.last_at, _C.e164) < tuple_(*cursor))
    asked = select(CONVERSATION).where(*where).order_by(_C.last_at.desc(), _C.e164.desc()).limit(PAGE + 1)
    with db.read() as session:
        found = session.connection().execute(asked).all()
        names = names_of(session, actor, [row.e164 for row in found])
    lines = tuple(
        Line(
            row.e164,
            names.get(row.e164, ""),
            row.last_text,
            row.last_ours,
            row.last_at,
            row.unread,
            row.stopped,
            row.done_at is not None,
        )
        for row in found[:PAGE]
    )
    more = len(found) > PAGE
    return Page(lines, f"{lines[-1].at.isoformat()}~{lines[-1].e164}" if more else "")


def counts(db: Database, actor: Actor) -> Counts:
    """The figures above the list and in the sidebar."""
    mine = _C.account_id == actor.account_id
    week = db.now() - WEEK
    asked = select(
        func.count(),
        func.count().filter(_C.unread > 0),
        func.count().filter(*_view("open")),
    ).where(mine)
    with db.read() as session:
        total, unread, waiting = session.connection().execute(asked).one()
        return Counts(unread, waiting, session.connection().scalar(stops_since(actor.account_id, week)) or 0, total)


def unread_count(db: Database, actor: Actor) -> int:
    """How many conversations hold something that nobody has read."""
    asked = select(func.count()).where(_C.account_id == actor.account_id, _C.unread > 0)
    with db.read() as session:
        return session.connection().scalar(asked) or 0


def mark_read(db: Database, actor: Actor, e164: int) -> bool:
    """Everything of a conversation has been looked at. Returns whether something was unread."""
    mine = (_C.account_id == actor.account_id, _C.e164 == e164, _C.unread > 0)
    with db.read() as session:
        if session.connection().scalar(select(_C.e164).where(*mine)) is None:
            return False
    with db.write() as session:
        return bool(session.connection().execute(update(CONVERSATION).where(*mine).values(unread=0)).rowcount)


def set_done(db: Database, actor: Actor, e164: int, done: bool) -> None:
    """A conversation is dealt with, or to be dealt with after all.

    Raises:
        ConversationNotFound
    """
    mine = (_C.account_id == actor.account_id, _C.e164 == e164)
    values = {"done_at": db.now(), "unread": 0} if done else {"done_at": None}
    with db.write() as session:
        if not session.connection().execute(update(CONVERSATION).where(*mine).values(values)).rowcount:
            raise ConversationNotFound


def names_of(session: Session, actor: Actor, numbers: Collection[int]) -> dict[int, str]:
    """What the address book calls these numbers; of several contacts the oldest."""
    if not numbers:
        return {}
    asked = (
        select(col(Contact.e164), col(Contact.prenom), col(Contact.nom), col(Contact.societe))
        .where(
            col(Contact.account_id) == actor.account_id,
            col(Contact.e164).in_(numbers),
            col(Contact.deleted_at).is_(None),
        )
        .order_by(col(Contact.id).desc())
    )
    found = session.execute(asked).all()
    return {e164: f"{prenom} {nom}".strip() or societe for e164, prenom, nom, societe in found}


def _view(view: str) -> list[ColumnElement[bool]]:
    if view == "unread":
        return [_C.unread > 0]
    if view == "open":
        return [_C.done_at.is_(None), _C.stopped.is_(False)]
    if view == "stop":
        return [_C.stopped]
    return []


def _matches(actor: Actor, search: str) -> list[ColumnElement[bool]]:
    words = search.replace("\0", " ").strip()[:200]
    if not words:
        return []
    fragments = sought(words)
    named = exists().where(
        col(Contact.account_id) == actor.account_id,
        col(Contact.e164) == _C.e164,
        col(Contact.deleted_at).is_(None),
        *(col(Contact.search).contains(fragment, autoescape=True) for fragment in fragments),
    )
    written = exists().where(
        REPLY.c.account_id == actor.account_id,
        REPLY.c.e164 == _C.e164,
        or_(*(REPLY.c.text.icontains(text, autoescape=True) for text in {words, fold(words)})),
    )
    found: list[ColumnElement[bool]] = [named, written]
    if len(fragments) == 1 and fragments[0].isdecimal():
        found.append(cast(_C.e164, Text).contains(fragments[0]))
    return [or_(*found)]


def _cursor(after: str) -> tuple[ColumnElement[datetime], int] | None:
    at, _, number = after.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    if moment.tzinfo is None or not number.isdecimal() or len(number) > 15:
        return None
    return literal(moment, _C.last_at.type), int(number)
