"""What was sent to a number and what came back: its last status in lists, its whole past beside its record."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.delivery import STATUS, State, Status
from smsapp.sending.tables import CAMPAIGN, MESSAGE, REPLY

MOST = 20


@dataclass(frozen=True)
class Step:
    """An SMS sent (``campaign_id``, ``status``) or a reply received (both empty), newest first in a past."""

    kind: str  # sms, reply
    at: datetime
    text: str
    title: str = ""  # name of the campaign
    campaign_id: int = 0
    status: str = ""
    is_stop: bool = False


@dataclass(frozen=True)
class Past:
    """The last MOST steps, and how many SMS were sent and received in all."""

    steps: tuple[Step, ...] = ()
    sent: int = 0
    received: int = 0


def last_statuses(db: Database, actor: Actor, numbers: Collection[int]) -> dict[int, str]:
    """The status of the last SMS to each of ``numbers``; those never written to are missing."""
    last = (
        select(func.max(MESSAGE.c.id))
        .where(MESSAGE.c.e164.in_(numbers), MESSAGE.c.account_id == actor.account_id)
        .group_by(MESSAGE.c.e164)
    )
    with db.read() as session:
        found = session.connection().execute(select(MESSAGE.c.e164, MESSAGE.c.state).where(MESSAGE.c.id.in_(last)))
        return {row.e164: STATUS[State(row.state)].value for row in found}


def past(db: Database, actor: Actor, e164: int) -> Past:
    """What went to a number and came from it, within the account."""
    mine = (MESSAGE.c.e164 == e164, MESSAGE.c.account_id == actor.account_id)
    sent = (
        select(MESSAGE.c.campaign_id, MESSAGE.c.state, MESSAGE.c.state_at, MESSAGE.c.body, CAMPAIGN.c.name)
        .join(CAMPAIGN, CAMPAIGN.c.id == MESSAGE.c.campaign_id)
        .where(*mine)
        .order_by(MESSAGE.c.id.desc())
        .limit(MOST)
    )
    replies = (
        select(REPLY.c.at, REPLY.c.text, REPLY.c.is_stop)
        .where(REPLY.c.account_id == actor.account_id, REPLY.c.e164 == e164)
        .order_by(REPLY.c.at.desc(), REPLY.c.id.desc())
        .limit(MOST)
    )
    counted = select(MESSAGE.c.state, func.count()).where(*mine).group_by(MESSAGE.c.state)
    with db.read() as session:
        connection = session.connection()
        steps = [
            Step("sms", row.state_at, row.body, row.name, row.campaign_id, STATUS[State(row.state)].value)
            for row in connection.execute(sent)
        ]
        steps += [Step("reply", row.at, row.text, is_stop=row.is_stop) for row in connection.execute(replies)]
        by_status: dict[Status, int] = {}
        for state, count in connection.execute(counted):
            by_status[STATUS[State(state)]] = by_status.get(STATUS[State(state)], 0) + int(count)
    never_left = by_status.get(Status.WAITING, 0) + by_status.get(Status.EXCLUDED, 0)
    steps.sort(key=lambda step: step.at, reverse=True)
    return Past(tuple(steps[:MOST]), sum(by_status.values()) - never_left, by_status.get(Status.RECEIVED, 0))
