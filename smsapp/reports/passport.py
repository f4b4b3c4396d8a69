"""The suppression passport: of one number, the chain of what happened and why it is not written to (M27, S74).

What came to pass stands in tables that are only added to: the history of the blacklist, the replies with their exact
text, the messages. The signed form chains the steps and signs them with the installation's key, so that anybody who has
it can be shown later that nothing was added, changed or left out: see ``signed`` and ``is_genuine``.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, func, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import User
from smsapp.contacts.blacklist_list import EVENT as SUPPRESSION_EVENT
from smsapp.db import Database
from smsapp.domain.delivery import STATUS, State
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import pretty
from smsapp.imports.tables import ContactImport
from smsapp.sending.tables import CAMPAIGN, MESSAGE, REPLY, SUPPRESSION

STEPS: Final = 200
"""The newest messages, and the newest replies, that a passport lists; how many there are is said."""

_TABLES = User.metadata.tables
USER: Table = _TABLES[str(User.__tablename__)]
IMPORT: Table = _TABLES[str(ContactImport.__tablename__)]


class PassportNotFound(Refusal):
    """Nothing was ever said of such a number in this account."""

    key = "passport.not_found"


@dataclass(frozen=True)
class Step:
    """Something that happened to the number.

    ``kind``: added, kept, lifted, reply, stop (a reply that asks not to be written to), message. ``origin``: of added,
    kept and lifted, as in the history. ``detail``: the reason, or the exact text of a reply. ``name``: the campaign or
    the file. ``status``: of a message, one of ``domain.delivery.Status``. ``by``: the identifiant of who did it.
    """

    at: datetime
    kind: str
    origin: str = ""
    detail: str = ""
    name: str = ""
    campaign_id: int | None = None
    status: str = ""
    by: str = ""


@dataclass(frozen=True)
class Passport:
    """A number and its steps, oldest first. ``standing``: it is not written to now; ``messages`` and ``replies`` count
    all there are, of which the newest STEPS are among the steps.
    """

    entry: int
    e164: int
    number: str
    standing: bool
    steps: tuple[Step, ...]
    messages: int
    replies: int

    @property
    def last(self) -> Step:
        """The line of the history that decides today."""
        return next(step for step in reversed(self.steps) if step.kind in ("added", "lifted"))


def passport(db: Database, actor: Actor, entry: int) -> Passport:
    """The passport of the number that ``entry``, a line of the actor's history, speaks of.

    Raises:
        PassportNotFound
    """
    with db.read() as session:
        connection = session.connection()
        mine = SUPPRESSION_EVENT.c.account_id == actor.account_id
        e164 = connection.scalar(select(SUPPRESSION_EVENT.c.e164).where(mine, SUPPRESSION_EVENT.c.id == entry))
        if e164 is None:
            raise PassportNotFound
        standing = connection.scalar(
            select(SUPPRESSION.c.e164).where(SUPPRESSION.c.account_id == actor.account_id, SUPPRESSION.c.e164 == e164)
        )
        steps = [
            *_messages(connection, actor, e164),
            *_replies(connection, actor, e164),
            *_history(connection, actor, e164),
        ]
        messages, replies = (
            connection.scalar(
                select(func.count())
                .select_from(table)
                .where(table.c.e164 == e164, table.c.account_id == actor.account_id)
            )
            for table in (MESSAGE, REPLY)
        )
    steps.sort(key=lambda step: step.at)  # stable: a STOP stands before what it did at the same instant
    return Passport(entry, e164, pretty(e164), standing is not None, tuple(steps), messages or 0, replies or 0)


def signed(found: Passport, actor: Actor, at: datetime, key: str) -> dict[str, Any]:
    """The passport as a document: each step carries a seal over itself and all before it, the document a signature."""
    seal = _seal(key, "", {"number": f"+{found.e164}", "account": actor.account_name})
    steps = []
    for step in found.steps:
        told = {
            "at": step.at.astimezone(UTC).isoformat(), "what": step.kind, "origin": step.origin,
            "detail": step.detail, "campaign_or_file": step.name, "status": step.status, "by": step.by,
        }  # fmt: skip
        seal = _seal(key, seal, told)
        steps.append({**told, "seal": seal})
    document = {
        "number": f"+{found.e164}",
        "account": actor.account_name,
        "blacklisted": found.standing,
        "messages": found.messages,
        "replies": found.replies,
        "made_at": at.astimezone(UTC).isoformat(),
        "steps": steps,
    }
    return {**document, "signature": _seal(key, seal, {k: v for k, v in document.items() if k != "steps"})}


def is_genuine(document: Any, key: str) -> bool:
    """Whether ``document`` is as ``signed`` made it with ``key``: nothing added, changed, left out or moved."""
    try:
        seal = _seal(key, "", {"number": document["number"], "account": document["account"]})
        for step in document["steps"]:
            seal = _seal(key, seal, {name: value for name, value in step.items() if name != "seal"})
            if not hmac.compare_digest(seal, step["seal"]):
                return False
        head = {name: value for name, value in document.items() if name not in ("steps", "signature")}
        return hmac.compare_digest(_seal(key, seal, head), document["signature"])
    except (KeyError, TypeError, AttributeError):
        return False


def _seal(key: str, before: str, said: dict[str, Any]) -> str:
    words = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    secret = hashlib.sha256(f"suppression passport {key}".encode()).digest()
    return hmac.new(secret, f"{before}\n{words}".encode(), hashlib.sha256).hexdigest()


def _history(connection: Connection, actor: Actor, e164: int) -> list[Step]:
    event = SUPPRESSION_EVENT.c
    asked = (
        select(event.at, event.kind, event.origin, event.reason, event.source_id, USER.c.identifiant,
               IMPORT.c.filename, CAMPAIGN.c.id.label("campaign_id"), CAMPAIGN.c.name)
        .outerjoin(USER, and_(USER.c.id == event.user_id, USER.c.account_id == event.account_id))
        .outerjoin(IMPORT, and_(event.origin == "import", IMPORT.c.id == event.source_id,
                                IMPORT.c.account_id == event.account_id))
        .outerjoin(CAMPAIGN, and_(event.origin != "import", CAMPAIGN.c.id == event.source_id,
                                  CAMPAIGN.c.account_id == event.account_id))
        .where(event.account_id == actor.account_id, event.e164 == e164)
        .order_by(event.id)
    )  # fmt: skip
    return [
        Step(row.at, row.kind, row.origin, row.reason, row.filename or row.name or "", row.campaign_id,
             by=row.identifiant or "")
        for row in connection.execute(asked)
    ]  # fmt: skip


def _replies(connection: Connection, actor: Actor, e164: int) -> list[Step]:
    asked = (
        select(REPLY.c.at, REPLY.c.text, REPLY.c.is_stop, CAMPAIGN.c.id, CAMPAIGN.c.name)
        .outerjoin(CAMPAIGN, CAMPAIGN.c.id == REPLY.c.campaign_id)
        .where(REPLY.c.account_id == actor.account_id, REPLY.c.e164 == e164)
        .order_by(REPLY.c.id.desc())
        .limit(STEPS)
    )
    return [
        Step(row.at, "stop" if row.is_stop else "reply", detail=row.text, name=row.name or "", campaign_id=row.id)
        for row in reversed(connection.execute(asked).all())
    ]


def _messages(connection: Connection, actor: Actor, e164: int) -> list[Step]:
    asked = (
        select(
            func.coalesce(MESSAGE.c.accepted_at, MESSAGE.c.submitted_at, MESSAGE.c.state_at).label("at"),
            MESSAGE.c.state, CAMPAIGN.c.id, CAMPAIGN.c.name,
        )
        .join(CAMPAIGN, CAMPAIGN.c.id == MESSAGE.c.campaign_id)
        .where(MESSAGE.c.e164 == e164, MESSAGE.c.account_id == actor.account_id)
        .order_by(MESSAGE.c.id.desc())
        .limit(STEPS)
    )  # fmt: skip
    return [
        Step(row.at, "message", name=row.name, campaign_id=row.id, status=STATUS[State(row.state)].value)
        for row in reversed(connection.execute(asked).all())
    ]
