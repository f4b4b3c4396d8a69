"""One conversation whole: what the account sent to a number and what came back, in order, and who it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import Campaign
from smsapp.contacts.fields import fields_of
from smsapp.contacts.tables import Contact, Group, GroupMember
from smsapp.db import Database
from smsapp.domain.delivery import NEVER_TAKEN, State, Status, status_of
from smsapp.domain.template import VARIABLES
from smsapp.domain.wishes import wish_of
from smsapp.inbox.service import ConversationNotFound
from smsapp.sending.tables import CONVERSATION, MESSAGE, REPLY, SUPPRESSION

LATEST = 50
"""How many SMS of a conversation are shown: the last ones."""

_CAMPAIGN = Campaign.metadata.tables["campaign"]


@dataclass(frozen=True)
class Said:
    """One SMS of a conversation. ``status`` and ``campaign`` are those of ours; ``wish`` is "stop" or "start"."""

    key: str
    ours: bool
    text: str
    at: datetime
    status: Status | None = None
    campaign_id: int = 0
    campaign: str = ""
    wish: str = ""


@dataclass(frozen=True)
class Person:
    """Who has the number: ``contact_id`` is 0 when it is in no address book."""

    e164: int
    contact_id: int = 0
    name: str = ""
    company: str = ""
    groups: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)  # what the variables of a text stand for
    sent: int = 0
    received: int = 0
    replies: int = 0
    first_reply: datetime | None = None
    stopped_at: datetime | None = None  # since when it is on the blacklist
    stop_origin: str = ""  # stop, import, manual, report


@dataclass(frozen=True)
class Thread:
    """A conversation: the last SMS in order, and whether it is dealt with."""

    person: Person
    said: tuple[Said, ...]
    done: bool
    earlier: bool  # there are older ones that are not shown


def thread(db: Database, actor: Actor, e164: int) -> Thread:
    """The conversation with a number.

    Raises:
        ConversationNotFound: nobody with this number ever replied.
    """
    mine = actor.account_id
    with db.read() as session:
        connection = session.connection()
        found = connection.execute(
            select(CONVERSATION).where(CONVERSATION.c.account_id == mine, CONVERSATION.c.e164 == e164)
        ).first()
        if found is None:
            raise ConversationNotFound
        ours = connection.execute(
            select(
                MESSAGE.c.id,
                MESSAGE.c.body,
                MESSAGE.c.state,
                MESSAGE.c.submitted_at,
                MESSAGE.c.created_at,
                MESSAGE.c.campaign_id,
                _CAMPAIGN.c.name,
                _CAMPAIGN.c.quoted_recipients,
            )
            .join(_CAMPAIGN, _CAMPAIGN.c.id == MESSAGE.c.campaign_id)
            .where(MESSAGE.c.e164 == e164, MESSAGE.c.account_id == mine)
            .order_by(MESSAGE.c.id.desc())
            .limit(LATEST + 1)
        ).all()
        theirs = connection.execute(
            select(REPLY.c.id, REPLY.c.text, REPLY.c.at)
            .where(REPLY.c.account_id == mine, REPLY.c.e164 == e164)
            .order_by(REPLY.c.id.desc())
            .limit(LATEST + 1)
        ).all()
        figures = connection.execute(
            select(MESSAGE.c.state, func.count())
            .where(MESSAGE.c.e164 == e164, MESSAGE.c.account_id == mine)
            .group_by(MESSAGE.c.state)
        ).all()
        first = connection.scalar(select(func.min(REPLY.c.at)).where(REPLY.c.account_id == mine, REPLY.c.e164 == e164))
        barred = connection.execute(
            select(SUPPRESSION.c.created_at, SUPPRESSION.c.origin).where(
                SUPPRESSION.c.account_id == mine, SUPPRESSION.c.e164 == e164
            )
        ).first()
        contact = session.execute(
            select(Contact)
            .where(col(Contact.account_id) == mine, col(Contact.e164) == e164, col(Contact.deleted_at).is_(None))
            .order_by(col(Contact.id))
            .limit(1)
        ).scalar_one_or_none()
        groups = (
            []
            if contact is None
            else list(
                session.execute(
                    select(col(Group.name))
                    .join(GroupMember, col(GroupMember.group_id) == col(Group.id))
                    .where(col(GroupMember.contact_id) == contact.id)
                    .order_by(col(Group.name))
                    .limit(6)
                ).scalars()
            )
        )
        extra = contact.extra or {} if contact else {}
        values = {one.key: extra.get(one.key, "") for one in fields_of(session, mine)}
        values |= {name: getattr(contact, name) if contact else "" for name in VARIABLES}
    said = [
        Said(
            f"o{row.id}",
            True,
            row.body,
            row.submitted_at or row.created_at,
            status_of(State(row.state)),
            row.campaign_id,
            row.name if row.quoted_recipients != 1 else "",
        )
        for row in ours
    ]
    said += [Said(f"i{row.id}", False, row.text, row.at, wish=wish_of(row.text) or "") for row in theirs]
    said.sort(key=lambda one: (one.at, not one.ours))
    states = {State(state): count for state, count in figures}
    person = Person(
        e164=e164,
        contact_id=contact.id or 0 if contact else 0,
        name=f"{contact.prenom} {contact.nom}".strip() if contact else "",
        company=contact.societe if contact else "",
        groups=tuple(groups),
        values=values,
        sent=sum(count for state, count in states.items() if state not in (State.QUEUED, *NEVER_TAKEN)),
        received=states.get(State.DELIVERED, 0),
        replies=found.replies,
        first_reply=first,
        stopped_at=barred.created_at if barred else None,
        stop_origin=barred.origin if barred else "",
    )
    return Thread(person, tuple(said[-LATEST:]), found.done_at is not None, len(said) > LATEST)
