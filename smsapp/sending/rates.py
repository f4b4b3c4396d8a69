"""How fast segments leave, counted in the database so that every process that sends counts in the same purse.

A gateway takes so many segments per second, a sender there perhaps fewer. What is handed over pushes ``free_at`` into
the future; before that instant nothing more is claimed. A gateway that is down, or asked for a pause, rests for all.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session

from smsapp.db import Database
from smsapp.sending.tables import RATE

NO_LIMIT = 1e9  # segments per second
SLACK = timedelta(seconds=0.25)  # how far ahead of its rate a gateway may be: processes need not wait for each other


class Purses:
    """What each gateway may be handed by one claim for ``sender``, locked: ``limits`` in segments per second."""

    def __init__(self, connection: Connection, limits: Mapping[str, float], sender: str, now: datetime) -> None:
        self._connection, self._now = connection, now
        found = _rows(connection, limits, sender)
        known = {row.gateway for row in found if row.sender == ""}
        if missing := sorted(name for name, tps in limits.items() if tps < NO_LIMIT and name not in known):
            for name in missing:
                _make(connection, name, "", None, now)
            found = _rows(connection, limits, sender)
        self._rows = [
            (row.gateway, row.sender, min(row.segments_per_s or NO_LIMIT, limits[row.gateway]), row.free_at)
            for row in found
        ]
        rests = [(row.gateway, "", row.rests_until) for row in found if row.rests_until is not None]
        paid = [(name, whose, free_at - SLACK) for name, whose, rate, free_at in self._rows if rate < NO_LIMIT]
        self.waits: dict[str, float] = {}  # gateways that take nothing before so many seconds
        self._senders: dict[str, float] = {}  # the same for this sender there
        for name, whose, until in paid + rests:
            if until > now:
                waits = self._senders if whose else self.waits
                waits[name] = max(waits.get(name, 0.0), (until - now).total_seconds())
        each = [self.wait_s(name) for name in limits]
        self.all_wait_s = min(each, default=0.0)  # 0 when one gateway takes messages now
        slowest = min((rate for _, whose, rate, _ in self._rows if whose), default=NO_LIMIT)
        self.most = max(1, int(slowest))  # messages in one claim: a second's worth of the sender's own rate

    def wait_s(self, gateway: str) -> float:
        """Seconds before ``gateway`` takes a message of this sender; 0: now."""
        return max(self.waits.get(gateway, 0.0), self._senders.get(gateway, 0.0))

    def spend(self, gateway: str, segments: int) -> None:
        """Note that so many segments are handed over to ``gateway``."""
        for name, sender, rate, free_at in self._rows:
            if name == gateway and rate < NO_LIMIT:
                paid = max(free_at, self._now) + timedelta(seconds=segments / rate)
                mine = (RATE.c.gateway == name, RATE.c.sender == sender)
                self._connection.execute(update(RATE).where(*mine).values(free_at=paid))


def rest(db: Database, gateway: str, until: datetime) -> None:
    """Let the gateway rest until then, for every process."""

    def work(session: Session) -> None:
        connection = session.connection()
        _make(connection, gateway, "", None, db.now())
        mine = (RATE.c.gateway == gateway, RATE.c.sender == "")
        connection.execute(update(RATE).where(*mine).values(rests_until=until))

    db.retrying(work)


def set_rate(db: Database, gateway: str, sender: str, segments_per_s: float | None) -> None:
    """Give a gateway (``sender`` empty), or a sender there, a rate of its own; None takes it away."""
    if segments_per_s is not None and segments_per_s <= 0:
        raise ValueError("a rate is above 0: to stop a gateway, switch it off")

    def work(session: Session) -> None:
        connection = session.connection()
        mine = (RATE.c.gateway == gateway, RATE.c.sender == sender)
        if segments_per_s is None and sender:
            connection.execute(delete(RATE).where(*mine))
            return
        _make(connection, gateway, sender, segments_per_s, db.now())
        connection.execute(update(RATE).where(*mine).values(segments_per_s=segments_per_s))

    db.retrying(work)


def rests_until(connection: Connection, now: datetime) -> datetime | None:
    """When the first gateway works again, if every gateway rests now; None when one works."""
    found: list[datetime | None] = list(connection.scalars(select(RATE.c.rests_until).where(RATE.c.sender == "")))
    resting = [at for at in found if at is not None and at > now]
    return min(resting) if resting and len(resting) == len(found) else None


def resting(connection: Connection, now: datetime) -> dict[str, datetime]:
    """The gateways that rest now, and until when."""
    found = connection.execute(select(RATE.c.gateway, RATE.c.rests_until).where(RATE.c.sender == ""))
    return {name: until for name, until in found if until is not None and until > now}


def _rows(connection: Connection, gateways: Iterable[str], sender: str) -> Sequence[Row[*tuple[Any, ...]]]:
    return connection.execute(
        select(*RATE.c)
        .where(RATE.c.gateway.in_(list(gateways)), RATE.c.sender.in_(("", sender)))
        .order_by(RATE.c.gateway, RATE.c.sender)
        .with_for_update(key_share=True)
    ).all()


def _make(connection: Connection, gateway: str, sender: str, rate: float | None, now: datetime) -> None:
    insert = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
    values = {"gateway": gateway, "sender": sender, "segments_per_s": rate, "free_at": now}
    connection.execute(insert(RATE).values(values).on_conflict_do_nothing(index_elements=["gateway", "sender"]))
