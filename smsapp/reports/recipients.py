"""The recipients of a campaign, one row each, in the order in which they were written, by keyset."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, or_, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.folding import sought
from smsapp.contacts.tables import Contact
from smsapp.db import Database
from smsapp.domain.delivery import CAUSES, STATUS, TAKEN, State, Status, cause_of, states_of
from smsapp.domain.phone import pretty
from smsapp.reports.campaign import require_owned
from smsapp.reports.networks import network
from smsapp.sending.tables import MESSAGE

PAGE = 50
CONTACT = Contact.metadata.tables["contact"]
_RANK = re.compile(r"\d{1,9}")


@dataclass(frozen=True)
class Recipient:
    """A message in a list. ``name`` may be empty; ``units`` were debited, 0 if it never left."""

    message_id: int
    rank: int
    contact_id: int | None  # None: typed, not from the book
    name: str
    e164: int
    number: str
    territory: str
    operator: str  # name of the network that reported, or empty
    state: str
    status: str
    cause: str  # "" for none; its words are ``delivery.cause.<cause>``
    removable: bool  # « Supprimer contacts » preselects it (S41, M34)
    at: datetime
    units: int
    segments: int


@dataclass(frozen=True)
class RecipientPage:
    """One page; ``previous`` and ``next`` are to be given back as ``before`` and ``after``, empty at either end."""

    rows: tuple[Recipient, ...] = ()
    previous: str = ""
    next: str = ""


def recipients(
    db: Database,
    actor: Actor,
    campaign_id: int,
    *,
    status: str | None = None,
    cause: str | None = None,
    search: str = "",
    after: str = "",
    before: str = "",
    size: int = PAGE,
) -> RecipientPage:
    """One page of recipients. ``status`` and ``cause`` as in ``domain.delivery`` (None or empty: all); ``search`` is a
    number as people type it, or a name. A cursor that cannot be read gives the first page.

    Raises:
        CampaignNotFound
    """
    where: list[ColumnElement[bool]] = [MESSAGE.c.campaign_id == campaign_id]
    if status:
        states = states_of(Status(status)) if status in set(Status) else ()
        where.append(MESSAGE.c.state.in_(states))
    if cause:
        where.append(MESSAGE.c.cause == cause)
    where += [_holds(actor, fragment) for fragment in sought(search)]
    cursor = int(after or before) if _RANK.fullmatch(after or before) else None
    backwards = cursor is not None and not after
    rank = MESSAGE.c.rank
    if cursor is not None:
        where.append(rank < cursor if backwards else rank > cursor)
    names = ("id", "rank", "contact_id", "nom", "prenom", "e164", "territory", "operator", "state", "cause")
    query = select(*(MESSAGE.c[name] for name in (*names, "state_at", "cost", "segments"))).where(*where)
    with db.read() as session:
        connection = session.connection()
        require_owned(connection, actor, campaign_id)
        found = list(connection.execute(query.order_by(rank.desc() if backwards else rank.asc()).limit(size + 1)))
    beyond = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    if not found:
        return RecipientPage()
    rows = []
    for row in found:
        state, why = State(row.state), cause_of(row.cause)
        rows.append(
            Recipient(
                message_id=row.id,
                rank=row.rank,
                contact_id=row.contact_id,
                name=f"{row.prenom} {row.nom}".strip(),
                e164=row.e164,
                number=pretty(row.e164),
                territory=row.territory,
                operator=network(row.operator),
                state=state.value,
                status=STATUS[state].value,
                cause=why.value if why else "",
                removable=STATUS[state] is Status.ERROR and why is not None and CAUSES[why].remove,
                at=row.state_at,
                units=row.cost if state in TAKEN else 0,
                segments=row.segments,
            )
        )
    return RecipientPage(
        tuple(rows),
        previous=str(rows[0].rank) if (beyond if backwards else cursor is not None) else "",
        next=str(rows[-1].rank) if (backwards or beyond) else "",
    )


def _holds(actor: Actor, fragment: str) -> ColumnElement[bool]:
    """Whether the number or the name, as they were or as the book has them now, hold a folded fragment."""
    pattern = f"%{fragment}%"
    contact = select(CONTACT.c.id).where(
        CONTACT.c.id == MESSAGE.c.contact_id,
        CONTACT.c.account_id == actor.account_id,
        CONTACT.c.search.like(pattern),
    )
    return or_(
        cast(MESSAGE.c.e164, Text).like(pattern),
        MESSAGE.c.nom.ilike(pattern),
        MESSAGE.c.prenom.ilike(pattern),
        contact.exists(),
    )
