"""A witness in the database itself: what changed state, in the order in which the locks let it (PostgreSQL).

Triggers number each change while its transaction holds the lock of the campaign, so that the order of the numbers is
the order of the commits. The product knows nothing of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from smsapp.db import Database

_TABLE = """
CREATE SEQUENCE witness_order;
CREATE TABLE witness (seq bigint PRIMARY KEY, campaign_id bigint, what text, at timestamptz);
CREATE FUNCTION witness_campaign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witness VALUES (nextval('witness_order'), NEW.id, NEW.state, NEW.updated_at);
    RETURN NULL;
END $$;
CREATE FUNCTION witness_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witness VALUES (nextval('witness_order'), NEW.campaign_id, 'claim', NEW.submitted_at);
    RETURN NULL;
END $$;
CREATE TRIGGER witness_campaign AFTER UPDATE ON campaign
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION witness_campaign();
CREATE TRIGGER witness_claim AFTER UPDATE ON message
    FOR EACH ROW WHEN (OLD.state = 'queued' AND NEW.state = 'submitting') EXECUTE FUNCTION witness_claim();
"""


@dataclass(frozen=True)
class Sight:
    """A campaign that came to the state ``what`` under the clock ``at``, or a message of it that was claimed."""

    campaign_id: int
    what: str
    at: datetime


def watch(db: Database) -> None:
    """Place the witness in a migrated database."""
    with db.write() as session:
        for statement in _statements():
            session.connection().exec_driver_sql(statement)


def seen(db: Database) -> list[Sight]:
    """What it saw, in order."""
    with db.read() as session:
        return [Sight(*row) for row in session.execute(text("SELECT campaign_id, what, at FROM witness ORDER BY seq"))]


def late_claims(sights: list[Sight]) -> int:
    """Messages claimed while their campaign was not running."""
    state: dict[int, str] = {}
    late = 0
    for sight in sights:
        if sight.what == "claim":
            late += state.get(sight.campaign_id) != "running"
        else:
            state[sight.campaign_id] = sight.what
    return late


def _statements() -> Iterator[str]:
    parts = _TABLE.strip().split("\nCREATE ")
    yield parts[0]
    for part in parts[1:]:
        yield f"CREATE {part}"
