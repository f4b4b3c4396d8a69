"""A small house to send from: an account with credits and campaigns of numbers that only exist here."""

from collections.abc import Callable
from datetime import datetime

import polars as pl
from sqlalchemy import select
from sqlmodel import SQLModel

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.db import Database
from smsapp.domain.delivery import State
from smsapp.domain.quote import RECIPIENTS, Quote, quote
from smsapp.domain.tariff import SmsType, default_tariff
from smsapp.ledger.service import purchase
from smsapp.sending.check import check
from smsapp.sending.materialise import materialise
from smsapp.sending.policy import Policy
from smsapp.sending.tables import COUNTER, EVENT, MESSAGE

FIRST = 33600100001
POLICY = Policy()


def quote_for(count: int, first: int = FIRST, text: str = "Bonjour $prenom") -> Quote:
    """The quote of ``count`` French numbers in a row, a transactional text."""
    frame = pl.DataFrame(
        {
            "e164": list(range(first, first + count)),
            "territory": ["FR"] * count,
            "contact_id": [None] * count,
            "nom": ["Moreau"] * count,
            "prenom": ["Ines"] * count,
            "email": [None] * count,
            "societe": [None] * count,
            "source": ["typed"] * count,
            "rank": list(range(count)),
        },
        schema=RECIPIENTS,
    )
    return quote(
        frame,
        text,
        tariff=default_tariff(),
        sms_type=SmsType.PRO,
        purpose="transactional",
        sender_kind="reply",
        short_code="36111",
    )


def add_campaign(
    db: Database,
    actor: Actor,
    state: CampaignState = CampaignState.MATERIALISING,
    send_at: datetime | None = None,
    lane: str = "live",
    purpose: str = "transactional",
) -> int:
    with db.write() as session:
        campaign = Campaign(
            account_id=actor.account_id,
            user_id=actor.user_id,
            name="Essai",
            state=state,
            lane=lane,
            purpose=purpose,
            text="Bonjour $prenom",
            send_at=send_at,
            created_at=db.now(),
            updated_at=db.now(),
        )
        session.add(campaign)
        session.flush()
        return campaign.id or 0


def quote_of(count: int, first: int = FIRST) -> Callable[[Database, int], Quote]:
    return lambda _db, _campaign_id: quote_for(count, first)


def running(db: Database, actor: Actor, count: int, *, credits: int | None = None, first: int = FIRST) -> int:
    """A running campaign of ``count`` messages of one credit each, with ``credits`` bought for it (default: enough)."""
    campaign_id = add_campaign(db, actor)
    if credits is None or credits:
        purchase(db, actor.account_id, (count if credits is None else credits) * 10_000, f"house-{campaign_id}")
    materialise(db, campaign_id, quote_of(count, first))
    return campaign_id


def states(db: Database, campaign_id: int | None = None) -> dict[str, int]:
    """How many messages stand where, by the counters (``check`` compares them with the rows)."""
    with db.read() as session:
        query = select(COUNTER.c.state, COUNTER.c.count).where(COUNTER.c.count != 0)
        if campaign_id is not None:
            query = query.where(COUNTER.c.campaign_id == campaign_id)
        found: dict[str, int] = {}
        for state, count in session.connection().execute(query):
            found[State(state).value] = found.get(State(state).value, 0) + count
        return found


def campaign_state(db: Database, campaign_id: int) -> str:
    table = SQLModel.metadata.tables["campaign"]
    with db.read() as session:
        return str(session.connection().scalar(select(table.c.state).where(table.c.id == campaign_id)))


def history(db: Database, ref_suffix: str) -> list[tuple[str, str]]:
    """(state, why) of the one message whose reference ends so."""
    with db.read() as session:
        query = (
            select(EVENT.c.state, EVENT.c.why)
            .join(MESSAGE, MESSAGE.c.id == EVENT.c.message_id)
            .where(MESSAGE.c.client_ref.like(f"%-{ref_suffix}"))
            .order_by(EVENT.c.id)
        )
        return [(row.state, row.why) for row in session.connection().execute(query)]


def assert_exact(db: Database, taken: list[str] | None = None) -> None:
    assert check(db, taken) == []
