"""« SMS envoyés »: every campaign that left or is leaving, newest first, by keyset (S34, S35, S58)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, func, literal, select, tuple_

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import CampaignState
from smsapp.contacts.folding import fold
from smsapp.db import Database
from smsapp.db.columns import UtcDateTime
from smsapp.reports.figures import Figures, by_campaign, debits, figures, standings
from smsapp.sending.tables import CAMPAIGN, RUN

PAGE = 50
EXCERPT = 120
SEARCHED = 20_000  # the latest campaigns among which a search looks

ALIVE = (
    CampaignState.MATERIALISING,
    CampaignState.RUNNING,
    CampaignState.PAUSED,
    CampaignState.PAUSED_NO_CREDIT,
)
OVER = (CampaignState.FINISHED, CampaignState.CANCELLED)

Filter = Literal["all", "running", "paused", "finished", "cancelled"]
FILTERS: dict[str, tuple[CampaignState, ...]] = {
    "all": (*ALIVE, *OVER),
    "running": (CampaignState.MATERIALISING, CampaignState.RUNNING),
    "paused": (CampaignState.PAUSED, CampaignState.PAUSED_NO_CREDIT),
    "finished": (CampaignState.FINISHED,),
    "cancelled": (CampaignState.CANCELLED,),
}


@dataclass(frozen=True)
class SentLine:
    """A campaign in a list. ``units`` were debited; ``pause_reason``: "", asked, no_credit or rejects."""

    id: int
    name: str
    text: str  # how it begins
    state: str
    pause_reason: str
    started_at: datetime | None
    finished_at: datetime | None
    figures: Figures
    units: int


@dataclass(frozen=True)
class SentPage:
    """One page; ``previous`` and ``next`` are to be given back as ``before`` and ``after``, empty at either end."""

    rows: tuple[SentLine, ...] = ()
    previous: str = ""
    next: str = ""


WHEN: ColumnElement[datetime] = func.coalesce(
    CAMPAIGN.c.started_at, CAMPAIGN.c.send_at, CAMPAIGN.c.created_at, type_=UtcDateTime()
)


def sent_page(
    db: Database,
    actor: Actor,
    *,
    state: str = "all",
    search: str = "",
    after: str = "",
    before: str = "",
    size: int = PAGE,
) -> SentPage:
    """One page of the sent list. ``state`` is a key of FILTERS (another one counts as "all"); ``search`` is compared
    with names and texts, without case and accents. A cursor that cannot be read gives the first page.
    """
    cursor = _cursor(after or before)
    backwards = cursor is not None and not after
    shown: list[ColumnElement[bool]] = [*_listed(actor), CAMPAIGN.c.state.in_(FILTERS.get(state, FILTERS["all"]))]
    with db.read() as session:
        connection = session.connection()
        words = fold(search).split()[:8]
        if words:
            shown.append(CAMPAIGN.c.id.in_(_matching(connection, shown, words)))
        query = select(CAMPAIGN.c.id, WHEN).where(*shown)
        if cursor is not None:
            key, here = tuple_(WHEN, CAMPAIGN.c.id), tuple_(literal(cursor[0], UtcDateTime()), literal(cursor[1]))
            query = query.where(key > here if backwards else key < here)
        order = (WHEN.asc(), CAMPAIGN.c.id.asc()) if backwards else (WHEN.desc(), CAMPAIGN.c.id.desc())
        found = list(connection.execute(query.order_by(*order).limit(size + 1)))
        beyond = len(found) > size
        found = found[:size]
        if backwards:
            found.reverse()
        if not found:
            return SentPage()
        lines = sent_lines(connection, [row[0] for row in found])
    first, last = (f"{row[1].isoformat()}|{row[0]}" for row in (found[0], found[-1]))
    return SentPage(
        tuple(lines),
        previous=first if (beyond if backwards else cursor is not None) else "",
        next=last if (backwards or beyond) else "",
    )


def last_sent(connection: Connection, actor: Actor, limit: int) -> list[SentLine]:
    """The campaigns that ended or left last, for the dashboard."""
    query = select(CAMPAIGN.c.id).where(*_listed(actor), CAMPAIGN.c.state.in_(OVER))
    ids = list(connection.scalars(query.order_by(WHEN.desc(), CAMPAIGN.c.id.desc()).limit(limit)))
    return sent_lines(connection, ids)


def sent_lines(connection: Connection, ids: Sequence[int]) -> list[SentLine]:
    """The campaigns of ``ids``, in that order; the caller knows them to be the actor's."""
    found = standings(connection, ids)
    standing, units = by_campaign(found), debits(connection, ids, found)
    c = CAMPAIGN.c
    query = (
        select(c.id, c.name, c.text, c.state, RUN.c.pause_reason, c.started_at, c.finished_at)
        .outerjoin_from(CAMPAIGN, RUN, RUN.c.campaign_id == c.id)
        .where(c.id.in_(ids))
    )
    lines = {
        row.id: SentLine(
            row.id,
            row.name or excerpt(row.text, 60),
            excerpt(row.text),
            row.state,
            row.pause_reason or "",
            row.started_at,
            row.finished_at,
            figures(standing.get(row.id, ())),
            units.get(row.id, 0),
        )
        for row in connection.execute(query)
    }
    return [lines[i] for i in ids]


def excerpt(text: str, length: int = EXCERPT) -> str:
    """How a text begins, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _listed(actor: Actor) -> list[ColumnElement[bool]]:
    """Campaigns cancelled before they had a single message were never sent: they are not listed."""
    left = (CAMPAIGN.c.state != CampaignState.CANCELLED) | CAMPAIGN.c.started_at.is_not(None)
    return [CAMPAIGN.c.account_id == actor.account_id, CAMPAIGN.c.hidden_at.is_(None), left]


def _matching(connection: Connection, shown: list[ColumnElement[bool]], words: list[str]) -> list[int]:
    query = select(CAMPAIGN.c.id, CAMPAIGN.c.name, CAMPAIGN.c.text).where(*shown)
    found = connection.execute(query.order_by(CAMPAIGN.c.id.desc()).limit(SEARCHED))
    return [row.id for row in found if all(word in fold(f"{row.name} {row.text}") for word in words)]


def _cursor(text: str) -> tuple[datetime, int] | None:
    at, _, number = text.partition("|")
    try:
        when = datetime.fromisoformat(at)
        return (when, int(number)) if when.tzinfo else None
    except ValueError:
        return None
