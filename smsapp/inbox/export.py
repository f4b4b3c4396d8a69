"""Replies as rows for a spreadsheet: every one of an account, latest first, read in slices while the file is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import Campaign
from smsapp.db import Database
from smsapp.domain.wishes import wish_of
from smsapp.inbox.service import names_of
from smsapp.sending.tables import CONVERSATION, REPLY

COLUMNS = ("at", "number", "contact", "text", "wish", "campaign", "done")
SLICE = 1_000

_CAMPAIGN = Campaign.metadata.tables["campaign"]


@dataclass(frozen=True)
class Exported:
    """One reply: ``wish`` is "stop", "start" or empty, ``done`` whether its conversation is dealt with."""

    at: datetime
    e164: int
    name: str
    text: str
    wish: str
    campaign: str
    done: bool


def every_reply(db: Database, actor: Actor) -> Iterator[Exported]:
    """All replies of an account, latest first. Each slice is a short look of its own: a slow download holds nothing."""
    before: int | None = None
    while True:
        asked = (
            select(REPLY.c.id, REPLY.c.at, REPLY.c.e164, REPLY.c.text, _CAMPAIGN.c.name, CONVERSATION.c.done_at)
            .outerjoin(_CAMPAIGN, _CAMPAIGN.c.id == REPLY.c.campaign_id)
            .outerjoin(
                CONVERSATION,
                and_(CONVERSATION.c.account_id == REPLY.c.account_id, CONVERSATION.c.e164 == REPLY.c.e164),
            )
            .where(REPLY.c.account_id == actor.account_id, *([] if before is None else [REPLY.c.id < before]))
            .order_by(REPLY.c.id.desc())
            .limit(SLICE)
        )
        with db.read() as session:
            found = session.connection().execute(asked).all()
            names = names_of(session, actor, {row.e164 for row in found})
        for row in found:
            yield Exported(
                row.at,
                row.e164,
                names.get(row.e164, ""),
                row.text,
                wish_of(row.text) or "",
                row.name or "",
                row.done_at is not None,
            )
        if len(found) < SLICE:
            return
        before = found[-1].id
