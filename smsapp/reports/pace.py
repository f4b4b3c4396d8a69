"""How fast a campaign leaves and when it will have left, from a few rows at the head of its queue."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from smsapp.campaigns.tables import CampaignState
from smsapp.db.columns import UtcDateTime
from smsapp.domain.delivery import WAITS, State
from smsapp.reports.figures import Figures
from smsapp.sending.moves import state_is
from smsapp.sending.rates import rests_until
from smsapp.sending.tables import MESSAGE

LOOKED_AT = 1_000  # messages behind the head of the queue
RECENT = timedelta(minutes=2)
SHORT_REST = timedelta(seconds=10)  # a gateway that asks for less is only keeping its rate


@dataclass(frozen=True)
class Pace:
    """``resumes_at``: what is left waits for that instant.

    ``waits``: for its permitted hours (``hours``, M28), for its turn in a spread (``spread``), for another try
    (``retry``), or for a gateway that rests (``gateway``); empty when nothing waits.
    """

    speed_per_min: int = 0
    ends_at: datetime | None = None
    resumes_at: datetime | None = None
    waits: str = ""


def pace(connection: Connection, campaign_id: int, state: str, figures: Figures, now: datetime) -> Pace:
    """The pace of a running campaign; zero for any other. Cheap: it looks at no more than LOOKED_AT messages."""
    if state != CampaignState.RUNNING or not figures.waiting:
        return Pace()
    head = figures.done  # messages leave in the order of their ranks, but for those put off
    near = (MESSAGE.c.campaign_id == campaign_id, MESSAGE.c.rank.between(head - LOOKED_AT, head + LOOKED_AT // 2))
    taken = select(MESSAGE.c.accepted_at, func.count()).where(*near, MESSAGE.c.accepted_at > now - RECENT)
    found = connection.execute(taken.group_by(MESSAGE.c.accepted_at))
    left_at: dict[datetime, int] = {row[0]: row[1] for row in found}
    queued = (MESSAGE.c.campaign_id == campaign_id, state_is(State.QUEUED))
    first = connection.scalar(select(func.min(MESSAGE.c.not_before, type_=UtcDateTime())).where(*queued))
    if first is not None and first > now + timedelta(minutes=1):
        why = connection.scalar(select(MESSAGE.c.cause).where(*queued, MESSAGE.c.not_before == first).limit(1))
        return Pace(resumes_at=first, waits=why if why in WAITS else "retry")
    rest = rests_until(connection, now)
    if rest is not None and rest > now + SHORT_REST:
        return Pace(resumes_at=rest, waits="gateway")
    if not left_at:
        return Pace()
    begun = min(left_at)
    # Messages are taken by the window: those of the first instant left before the time that is measured.
    count = sum(left_at.values()) - (left_at[begun] if len(left_at) > 1 else 0)
    per_second = count / max((now - begun).total_seconds(), 1.0)
    left = timedelta(seconds=figures.waiting / per_second)
    return Pace(max(1, round(per_second * 60)), now + left)
