"""Ids of campaigns: none is given twice, for a tab that is still open may hold a draft that another threw away.

PostgreSQL sees to that by itself. SQLite would give the id of the newest campaign again once it is deleted: there the
database notes the last one that was deleted (`campaign_gone`, kept by a trigger of migration 0045).
"""

from sqlalchemy import text
from sqlmodel import Session

_UNUSED = (
    "SELECT 1 + max((SELECT coalesce(max(id), 0) FROM campaign), (SELECT coalesce(max(id), 0) FROM campaign_gone))"
)


def unused_id(session: Session) -> int | None:
    """The id for a new campaign; None where the database finds one itself."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    unused: int = session.execute(text(_UNUSED)).scalar_one()
    return unused
