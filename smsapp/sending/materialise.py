"""From a campaign to its messages: who receives what at which price, written to the outbox once.

Chunks are transactions of their own; a crash in between starts this campaign afresh, which is safe because nothing of
it can be claimed before the last chunk sets it running.
"""

import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Row, delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session

from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.db.rows import pack, rows
from smsapp.db.tables import Deployment
from smsapp.domain.delivery import State, Wait
from smsapp.domain.moment import moment
from smsapp.domain.quote import Quote
from smsapp.ledger.posting import Insufficient, ensure_tenant
from smsapp.sending.letters import lacked_credit
from smsapp.sending.lifecycle import require_cover, set_state
from smsapp.sending.moves import CounterKey, count
from smsapp.sending.opt_out import with_links
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
    "cause",
    "client_ref",
)


class Outdated(Exception):
    """Somebody else materialises this campaign, or it was taken back meanwhile."""


OpensIn = Callable[[str, datetime], datetime]
"""When marketing may next leave in a time zone, from an instant on."""


def fire_due(db: Database, policy: Policy, lane: str, opens_in: OpensIn | None = None) -> set[int]:
    """Start the scheduled campaigns whose time has come (S54), each exactly once whoever asks. Returns the accounts.

    One that is more than ``policy.max_late`` late is marked missed instead, and so is marketing that was to leave in
    its permitted hours and is late enough to find them over: its author decides.
    """
    now = db.now()
    due = (CAMPAIGN.c.lane == lane, CAMPAIGN.c.state == CampaignState.SCHEDULED, CAMPAIGN.c.send_at <= now)
    with db.read() as session:
        found = session.connection().execute(
            select(CAMPAIGN.c.id, CAMPAIGN.c.send_at, CAMPAIGN.c.zone, CAMPAIGN.c.purpose).where(*due)
        )
        missed = [row.id for row in found if _too_late(row, now, policy, opens_in)]
        if not missed and session.connection().scalar(select(CAMPAIGN.c.id).where(*due).limit(1)) is None:
            return set()

    def work(session: Session) -> set[int]:
        accounts: set[int] = set()
        for state, when in (
            (CampaignState.MISSED, CAMPAIGN.c.id.in_(missed)),
            (CampaignState.MATERIALISING, CAMPAIGN.c.id.not_in(missed)),
        ):
            statement = update(CAMPAIGN).where(*due, when).values(state=state, updated_at=now)
            accounts.update(session.connection().scalars(statement.returning(CAMPAIGN.c.account_id)))
        return accounts

    return db.retrying(work)


def _too_late(row: Row[*tuple[Any, ...]], now: datetime, policy: Policy, opens_in: OpensIn | None) -> bool:
    late: timedelta = now - row.send_at
    if late > policy.max_late:
        return True
    if opens_in is None or row.purpose != "marketing" or not row.zone or late <= policy.on_time:
        return False
    return opens_in(row.zone, row.send_at) <= row.send_at and opens_in(row.zone, now) > now


def keep_local_time(db: Database) -> int:
    """Compute anew when scheduled campaigns leave: the rules of a time zone may have changed since (M23).

    What counts is the local time that the author gave. Returns how many moved.
    """

    def work(session: Session) -> int:
        connection = session.connection()
        planned = connection.execute(
            select(CAMPAIGN.c.id, CAMPAIGN.c.send_at, CAMPAIGN.c.local_time, CAMPAIGN.c.zone)
            .where(CAMPAIGN.c.state == CampaignState.SCHEDULED, CAMPAIGN.c.local_time != "")
            .order_by(CAMPAIGN.c.id)
            .with_for_update(key_share=True)
        ).all()
        moved = 0
        for row in planned:
            at = moment(row.local_time, row.zone).at
            if at != row.send_at:
                connection.execute(update(CAMPAIGN).where(CAMPAIGN.c.id == row.id).values(send_at=at))
                moved += 1
        return moved

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


def materialise(
    db: Database, campaign_id: int, quote_of: QuoteOf, opens: Opens | None = None, *, site: str = ""
) -> int:
    """Write the messages of a campaign and set it running. Returns its account.

    Not covered by the balance, or no longer what its author agreed to: it is paused before the first message leaves
    (M22, quote = debit); ``site``, the public address, is for the e-mail about it.
    Raises Outdated when it is not to be materialised any more.
    """
    quote = quote_of(db, campaign_id)
    begun = db.now()
    account_id, marketing, spread = db.retrying(lambda session: _restart(session, campaign_id, quote, begun))
    prefix = f"{db.retrying(lambda session: installation(session, db.now()))[:6]}-{campaign_id}-"
    now = db.now()
    frame = with_links(db, account_id, quote, _with_bodies(quote))
    for start in range(0, frame.height, CHUNK):
        chunk = frame.slice(start, CHUNK)
        data = []
        for rank, row in enumerate(chunk.iter_rows(named=True), start):
            turn = now + spread * rank / frame.height
            at = opens(row["e164"], row["territory"], turn) if opens and marketing else turn
            wait = Wait.HOURS.value if at > turn else Wait.SPREAD.value if at > now else None
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
                    wait,
                    f"{prefix}{rank}",
                )
            )
        db.retrying(partial(_write, campaign_id=campaign_id, quote=quote, upto=start, data=data, begun=begun, now=now))
    db.retrying(lambda session: _run(session, campaign_id, account_id, frame.height, begun, now, site))
    return account_id


def installation(session: Session, now: datetime) -> str:
    """The id of this installation, made on first use: the head of every reference that a gateway knows."""
    found = session.connection().scalar(select(_DEPLOYMENT.c.id).order_by(_DEPLOYMENT.c.created_at).limit(1))
    if found is None:
        found = secrets.token_hex(8)
        session.connection().execute(insert(_DEPLOYMENT).values(id=found, created_at=now))
    return str(found)


_DEPLOYMENT = Deployment.metadata.tables["deployment"]


def _restart(session: Session, campaign_id: int, quote: Quote, begun: datetime) -> tuple[int, bool, timedelta]:
    """Forget what an interrupted attempt wrote: none of it was claimed, since the campaign was never running.

    An attempt that still goes on elsewhere finds another ``begun`` and gives up.
    """
    connection = session.connection()
    found = connection.execute(
        select(CAMPAIGN.c.account_id, CAMPAIGN.c.purpose, CAMPAIGN.c.spread_minutes)
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
        .values(materialised_upto=0, tariff_version=quote.tariff_version, updated_at=begun)
    )
    ensure_tenant(connection, found.account_id)
    return found.account_id, found.purpose == "marketing", timedelta(minutes=found.spread_minutes)


def _write(
    session: Session,
    *,
    campaign_id: int,
    quote: Quote,
    upto: int,
    data: Sequence[tuple[object, ...]],
    begun: datetime,
    now: datetime,
) -> None:
    connection = session.connection()
    mine = _mine(campaign_id, upto, begun)
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
        .returning(MESSAGE.c.territory, MESSAGE.c.cost, MESSAGE.c.cause)
    )
    changes: dict[CounterKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for territory, cost, wait in connection.execute(statement, {"rows": pack(sqlite, data)}):
        key = (campaign_id, State.QUEUED.value, wait or "", territory)
        changes[key] = (changes[key][0] + 1, changes[key][1] + cost)
    count(connection, changes)
    written, units = (sum(change[i] for change in changes.values()) for i in (0, 1))
    connection.execute(
        update(RUN)
        .where(RUN.c.campaign_id == campaign_id)
        .values(messages=RUN.c.messages + written, units=RUN.c.units + units)
    )
    connection.execute(update(CAMPAIGN).where(CAMPAIGN.c.id == campaign_id).values(materialised_upto=upto + len(data)))


def _mine(campaign_id: int, upto: int, begun: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whether the attempt that began at ``begun`` is the one that goes on, and has written ``upto`` recipients."""
    return (
        CAMPAIGN.c.id == campaign_id,
        CAMPAIGN.c.state == CampaignState.MATERIALISING,
        CAMPAIGN.c.materialised_upto == upto,
        CAMPAIGN.c.updated_at == begun,
    )


def _run(
    session: Session, campaign_id: int, account_id: int, upto: int, begun: datetime, now: datetime, site: str
) -> None:
    connection = session.connection()
    mine = _mine(campaign_id, upto, begun)
    agreed = connection.execute(
        select(CAMPAIGN.c.quoted_recipients, CAMPAIGN.c.quoted_units, CAMPAIGN.c.partial)
        .where(*mine)
        .with_for_update(key_share=True)
    ).first()
    if agreed is None:
        raise Outdated
    written = connection.execute(select(RUN.c.messages, RUN.c.units).where(RUN.c.campaign_id == campaign_id)).one()
    if agreed.quoted_recipients and tuple(written) != (agreed.quoted_recipients, agreed.quoted_units):
        # The address book changed after the author agreed to the price: nothing leaves at another one.
        state, reason = CampaignState.PAUSED, "quote_changed"
    else:
        try:
            if not agreed.partial:
                require_cover(session, account_id, campaign_id)
            state, reason = CampaignState.RUNNING, ""
        except Insufficient as refusal:
            state, reason = CampaignState.PAUSED_NO_CREDIT, "no_credit"
            missing = refusal.params["missing"]
            assert isinstance(missing, int)
            lacked_credit(session, campaign_id, missing, now, site)
    set_state(session, campaign_id, state, now, reason)
    connection.execute(update(CAMPAIGN).where(CAMPAIGN.c.id == campaign_id).values(started_at=now))
    connection.execute(update(RUN).where(RUN.c.campaign_id == campaign_id).values(materialised_at=now))


def _with_bodies(quote: Quote) -> pl.DataFrame:
    """The lines of the quote with the text of each."""
    if "body" in quote.lines.columns:
        return quote.lines
    return quote.lines.with_columns(body=pl.Series([quote.line(i).body for i in range(quote.kept)], dtype=pl.String()))
