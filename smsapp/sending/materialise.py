"""From a campaign to its messages: who receives what at which price, written to the outbox once.

Chunks are transactions of their own; a crash in between starts this campaign afresh, which is safe because nothing of
it can be claimed before the last chunk sets it running.
"""

import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session

from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.db.rows import pack, rows
from smsapp.db.tables import Deployment
from smsapp.domain.delivery import State
from smsapp.domain.quote import Quote
from smsapp.ledger.posting import Insufficient, ensure_tenant
from smsapp.sending.lifecycle import require_cover, set_state
from smsapp.sending.moves import CounterKey, count
from smsapp.sending.outbox import Opens
from smsapp.sending.policy import Policy
from smsapp.sending.tables import CAMPAIGN, COUNTER, MESSAGE, RUN

CHUNK = 4_000

QuoteOf = Callable[[Database, int], Quote]
"""The exact quote of a campaign by id, from the audience as it is now."""

_WRITTEN = (
    "contact_id",
    "rank",
    "e164",
    "territory",
    "nom",
    "prenom",
    "body",
    "encoding",
    "segments",
    "unit_price",
    "cost",
    "not_before",
    "client_ref",
)


class Outdated(Exception):
    """Somebody else materialises this campaign, or it was taken back meanwhile."""


def fire_due(db: Database, policy: Policy, lane: str) -> set[int]:
    """Start the scheduled campaigns whose time has come (S54), each exactly once whoever asks. Returns the accounts.

    One that is more than ``policy.max_late`` late is marked missed instead: its author decides.
    """
    now = db.now()
    due = (CAMPAIGN.c.lane == lane, CAMPAIGN.c.state == CampaignState.SCHEDULED, CAMPAIGN.c.send_at <= now)
    with db.read() as session:
        if session.connection().scalar(select(CAMPAIGN.c.id).where(*due).limit(1)) is None:
            return set()

    def work(session: Session) -> set[int]:
        accounts: set[int] = set()
        latest = now - policy.max_late
        for state, when in (
            (CampaignState.MISSED, CAMPAIGN.c.send_at < latest),
            (CampaignState.MATERIALISING, CAMPAIGN.c.send_at >= latest),
        ):
            statement = update(CAMPAIGN).where(*due, when).values(state=state, updated_at=now)
            accounts.update(session.connection().scalars(statement.returning(CAMPAIGN.c.account_id)))
        return accounts

    return db.retrying(work)


def waiting(db: Database, lane: str) -> list[int]:
    """The campaigns of ``lane`` that are to be materialised, oldest first."""
    with db.read() as session:
        found = session.connection().scalars(
            select(CAMPAIGN.c.id)
            .where(CAMPAIGN.c.lane == lane, CAMPAIGN.c.state == CampaignState.MATERIALISING)
            .order_by(CAMPAIGN.c.id)
        )
        return list(found)


def materialise(db: Database, campaign_id: int, quote_of: QuoteOf, opens: Opens | None = None) -> int:
    """Write the messages of a campaign and set it running. Returns its account.

    Not covered by the balance, or no longer what its author agreed to: it is paused before the first message leaves
    (M22, quote = debit).
    Raises Outdated when it is not to be materialised any more.
    """
    quote = quote_of(db, campaign_id)
    account_id, marketing = db.retrying(lambda session: _restart(session, campaign_id, quote))
    prefix = f"{db.retrying(lambda session: installation(session, db.now()))[:6]}-{campaign_id}-"
    now = db.now()
    frame = _with_bodies(quote)
    for start in range(0, frame.height, CHUNK):
        chunk = frame.slice(start, CHUNK)
        data = []
        for rank, row in enumerate(chunk.iter_rows(named=True), start):
            at = opens(row["e164"], row["territory"], now) if opens and marketing else now
            data.append(
                (
                    row["contact_id"],
                    rank,
                    row["e164"],
                    row["territory"],
                    row["nom"] or "",
                    row["prenom"] or "",
                    row["body"],
                    str(row["encoding"]),
                    row["segments"],
                    row["cost"] // row["segments"],
                    row["cost"],
                    at,
                    f"{prefix}{rank}",
                )
            )
        db.retrying(lambda session, start=start, data=data: _write(session, campaign_id, quote, start, data, now))  # type: ignore[misc]  # bound in the loop
    db.retrying(lambda session: _run(session, campaign_id, account_id, now))
    return account_id


def installation(session: Session, now: datetime) -> str:
    """The id of this installation, made on first use: the head of every reference that a gateway knows."""
    found = session.connection().scalar(select(_DEPLOYMENT.c.id).order_by(_DEPLOYMENT.c.created_at).limit(1))
    if found is None:
        found = secrets.token_hex(8)
        session.connection().execute(insert(_DEPLOYMENT).values(id=found, created_at=now))
    return str(found)


_DEPLOYMENT = Deployment.metadata.tables["deployment"]


def _restart(session: Session, campaign_id: int, quote: Quote) -> tuple[int, bool]:
    """Forget what an interrupted attempt wrote: none of it was claimed, since the campaign was never running."""
    connection = session.connection()
    found = connection.execute(
        select(CAMPAIGN.c.account_id, CAMPAIGN.c.purpose)
        .where(CAMPAIGN.c.id == campaign_id, CAMPAIGN.c.state == CampaignState.MATERIALISING)
        .with_for_update(key_share=True)
    ).first()
    if found is None:
        raise Outdated
    connection.execute(delete(MESSAGE).where(MESSAGE.c.campaign_id == campaign_id))
    connection.execute(delete(COUNTER).where(COUNTER.c.campaign_id == campaign_id))
    connection.execute(delete(RUN).where(RUN.c.campaign_id == campaign_id))
    connection.execute(
        insert(RUN).values(
            campaign_id=campaign_id,
            messages=0,
            units=0,
            duplicates=quote.duplicates,
            blacklisted=quote.blacklisted,
            uncovered=quote.uncovered,
            unreadable=quote.unreadable,
            pause_reason="",
            refusals_seen=False,
        )
    )
    connection.execute(
        update(CAMPAIGN)
        .where(CAMPAIGN.c.id == campaign_id)
        .values(materialised_upto=0, tariff_version=quote.tariff_version)
    )
    ensure_tenant(connection, found.account_id)
    return found.account_id, found.purpose == "marketing"


def _write(
    session: Session, campaign_id: int, quote: Quote, upto: int, data: Sequence[tuple[object, ...]], now: datetime
) -> None:
    connection = session.connection()
    mine = (
        CAMPAIGN.c.id == campaign_id,
        CAMPAIGN.c.state == CampaignState.MATERIALISING,
        CAMPAIGN.c.materialised_upto == upto,
    )
    account_id = connection.scalar(select(CAMPAIGN.c.account_id).where(*mine).with_for_update(key_share=True))
    if account_id is None:
        raise Outdated
    sqlite = connection.dialect.name == "sqlite"
    same = {
        "account_id": account_id,
        "campaign_id": campaign_id,
        "tariff_version": quote.tariff_version,
        "state": State.QUEUED.value,
        "attempt": 0,
        "promo": 0,
        "asked": 0,
        "created_at": now,
        "state_at": now,
    }
    source = rows(sqlite, [(name, MESSAGE.c[name].type) for name in _WRITTEN])
    values = select(source, *[literal(value, MESSAGE.c[name].type).label(name) for name, value in same.items()])
    statement = (
        (sqlite_insert if sqlite else pg_insert)(MESSAGE)
        .from_select([*_WRITTEN, *same], values.where(source.c.rank.is_not(None)))
        .on_conflict_do_nothing(index_elements=["campaign_id", "e164"])
        .returning(MESSAGE.c.territory, MESSAGE.c.cost)
    )
    changes: dict[CounterKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for territory, cost in connection.execute(statement, {"rows": pack(sqlite, data)}):
        key = (campaign_id, State.QUEUED.value, "", territory)
        changes[key] = (changes[key][0] + 1, changes[key][1] + cost)
    count(connection, changes)
    written, units = (sum(change[i] for change in changes.values()) for i in (0, 1))
    connection.execute(
        update(RUN)
        .where(RUN.c.campaign_id == campaign_id)
        .values(messages=RUN.c.messages + written, units=RUN.c.units + units)
    )
    connection.execute(update(CAMPAIGN).where(CAMPAIGN.c.id == campaign_id).values(materialised_upto=upto + len(data)))


def _run(session: Session, campaign_id: int, account_id: int, now: datetime) -> None:
    connection = session.connection()
    mine = (CAMPAIGN.c.id == campaign_id, CAMPAIGN.c.state == CampaignState.MATERIALISING)
    agreed = connection.execute(
        select(CAMPAIGN.c.quoted_recipients, CAMPAIGN.c.quoted_units).where(*mine).with_for_update(key_share=True)
    ).first()
    if agreed is None:
        raise Outdated
    written = connection.execute(select(RUN.c.messages, RUN.c.units).where(RUN.c.campaign_id == campaign_id)).one()
    if agreed.quoted_recipients and tuple(written) != tuple(agreed):
        # The address book changed after the author agreed to the price: nothing leaves at another one.
        state, reason = CampaignState.PAUSED, "quote_changed"
    else:
        try:
            require_cover(session, account_id, campaign_id)
            state, reason = CampaignState.RUNNING, ""
        except Insufficient:
            state, reason = CampaignState.PAUSED_NO_CREDIT, "no_credit"
    set_state(session, campaign_id, state, now, reason)
    connection.execute(update(CAMPAIGN).where(CAMPAIGN.c.id == campaign_id).values(started_at=now))
    connection.execute(update(RUN).where(RUN.c.campaign_id == campaign_id).values(materialised_at=now))


def _with_bodies(quote: Quote) -> pl.DataFrame:
    """The lines of the quote with the text of each."""
    if "body" in quote.lines.columns:
        return quote.lines
    return quote.lines.with_columns(body=pl.Series([quote.line(i).body for i in range(quote.kept)], dtype=pl.String()))
