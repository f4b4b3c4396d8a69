"""The course of a campaign over time: cumulative curves, gathered by the database second by second."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from sqlalchemy import ColumnElement, Connection, Text, func, literal_column, select, type_coerce

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.delivery import TAKEN, State
from smsapp.reports.campaign import require_owned
from smsapp.sending.tables import MESSAGE

MOST = 200
LEAST = timedelta(seconds=10)
ARRIVED = (State.OPERATOR, State.DELIVERED)


@dataclass(frozen=True)
class Point:
    """How many messages had left, had reached the operator, had reached the phone at an instant."""

    at: datetime
    sent: int
    operator: int
    received: int


@dataclass(frozen=True)
class Course:
    """``later``: messages received after the last point, when the tail of a finished campaign is not drawn."""

    points: tuple[Point, ...] = ()
    later: int = 0


def course(db: Database, actor: Actor, campaign_id: int, points: int = 60) -> Course:
    """The curves of a campaign at ``points`` + 1 instants; empty before the first message left.

    The instant at which an operator held a message that the phone has is not kept: such a message counts for the
    operator from its delivery on, so that the middle curve is never above the truth.

    Raises:
        CampaignNotFound
    """
    points = min(max(points, 2), MOST)
    with db.read() as session:
        connection = session.connection()
        require_owned(connection, actor, campaign_id)
        sent: Counter[datetime] = Counter()
        for _, at, count in _gather(connection, campaign_id, MESSAGE.c.accepted_at, TAKEN):
            sent[at] += count
        if not sent:
            return Course()
        operator, received = Counter[datetime](), Counter[datetime]()
        for state, at, count in _gather(connection, campaign_id, MESSAGE.c.state_at, ARRIVED):
            operator[at] += count
            if state == State.DELIVERED:
                received[at] += count
    begins = min(sent)
    ends = _end(max(sent), operator)
    step = max((ends - begins) / points, LEAST / points)
    instants = [begins + step * i for i in range(points + 1)]
    curves = [_cumulative(found, instants) for found in (sent, operator, received)]
    made = tuple(Point(at, *counts) for at, *counts in zip(instants, *curves, strict=True))
    return Course(made, later=sum(received.values()) - made[-1].received)


def _end(last_sent: datetime, reported: Mapping[datetime, int]) -> datetime:
    """The last hand-over, or the instant by which 98 % of the reports had come: some take two days (M35)."""
    instants = sorted(reported)
    sums = list(accumulate(reported[at] for at in instants))
    if not sums:
        return last_sent + timedelta(seconds=1)
    near = instants[bisect_right(sums, (sums[-1] * 98 - 1) // 100)] if sums[-1] > 1 else instants[-1]
    return max(last_sent, near) + timedelta(seconds=1)


def _cumulative(found: Mapping[datetime, int], instants: list[datetime]) -> list[int]:
    known = sorted(found)
    sums = [0, *accumulate(found[at] for at in known)]
    return [sums[bisect_right(known, at)] for at in instants]


def _gather(
    connection: Connection, campaign_id: int, column: ColumnElement[datetime], states: Collection[State]
) -> Iterator[tuple[str, datetime, int]]:
    """How many messages in each of ``states`` have ``column`` in each second: (state, second, count)."""
    if connection.dialect.name == "sqlite":
        second: ColumnElement[str | datetime] = func.substr(type_coerce(column, Text()), 1, 19)
    else:
        second = func.date_trunc("second", column)
    query = (
        select(MESSAGE.c.state, second, func.count())
        .where(MESSAGE.c.campaign_id == campaign_id, MESSAGE.c.state.in_(states), column.is_not(None))
        .group_by(literal_column("1"), literal_column("2"))
    )
    for state, at, count in connection.execute(query):
        yield state, _instant(at), count


def _instant(at: str | datetime) -> datetime:
    if isinstance(at, str):
        return datetime.fromisoformat(at).replace(tzinfo=UTC)
    return at.astimezone(UTC)
