"""An answer to a reply: a campaign of one recipient, transactional, priced and sent by the same engine as any other.

It leaves without a sender's name, so that the person can reply again (S43).
"""

from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.campaigns.ids import unused_id
from smsapp.campaigns.launch import QuoteChanged
from smsapp.campaigns.pricing import Terms, price
from smsapp.campaigns.rules import is_priceable, problems
from smsapp.campaigns.service import storable
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import pretty
from smsapp.domain.quote import Quote
from smsapp.i18n.catalogue import translate
from smsapp.inbox.service import ConversationNotFound, names_of
from smsapp.ledger.service import balance_of
from smsapp.sending.replies import beginning
from smsapp.sending.tables import CONVERSATION, Conversation


class Stopped(Refusal):
    """The number is on the blacklist: nothing is sent to it."""

    key = "inbox.stopped"


@dataclass(frozen=True)
class AnswerPrice:
    """What an answer costs: ``units`` of credit for ``segments``; ``unit_price`` of one segment."""

    segments: int
    units: int
    unit_price: int


def price_answer(db: Database, actor: Actor, e164: int, text: str, terms: Terms) -> AnswerPrice:
    """The exact price of an answer. Raises ConversationNotFound, Stopped."""
    with db.read() as session:
        found = _quote(session, db, actor, e164, text if is_priceable(text) else "?", terms)
    segments = int(found.lines["segments"].item())
    return AnswerPrice(segments, found.total, found.total // segments)


def answer(db: Database, actor: Actor, e164: int, text: str, seen: int, terms: Terms) -> int:
    """Send an answer. ``seen``: the price in units that the person saw. Returns the id of its campaign.

    Raises:
        ConversationNotFound, Stopped, QuoteChanged, and the refusals of `campaigns.rules`
    """
    text = storable(text).strip()

    def work(session: Session) -> int:
        found = _quote(session, db, actor, e164, text if is_priceable(text) else "?", terms)
        campaign = _campaign(db, actor, e164, text)
        for refusal in problems(campaign, found, balance_of(session, actor.account_id).available):
            raise refusal
        if found.total != seen:
            raise QuoteChanged(recipients=1, units=found.total, seen_recipients=1, seen_units=seen)
        now = db.now()
        campaign.id = unused_id(session)
        name = names_of(session, actor, [e164]).get(e164, "") or pretty(e164)
        campaign.name = translate(actor.language, "inbox.answer_name", name=name)[:120]
        campaign.state = CampaignState.MATERIALISING
        campaign.tariff_version, campaign.send_at = found.tariff_version, now
        campaign.quoted_recipients, campaign.quoted_units = 1, found.total
        session.add(campaign)
        session.flush()
        session.connection().execute(
            update(CONVERSATION)
            .where(CONVERSATION.c.account_id == actor.account_id, CONVERSATION.c.e164 == e164)
            .values(last_at=now, last_text=beginning(text), last_ours=True, unread=0)
        )
        assert campaign.id is not None
        return campaign.id

    return db.retrying(work)


def _campaign(db: Database, actor: Actor, e164: int, text: str) -> Campaign:
    now = db.now()
    return Campaign(
        account_id=actor.account_id,
        user_id=actor.user_id,
        purpose="transactional",
        text=text,
        typed=f"+{e164}",
        created_at=now,
        updated_at=now,
    )


def _quote(session: Session, db: Database, actor: Actor, e164: int, text: str, terms: Terms) -> Quote:
    """The quote of one SMS to a number that has replied to this account."""
    if session.get(Conversation, (actor.account_id, e164)) is None:
        raise ConversationNotFound
    found = price(session, _campaign(db, actor, e164, text), terms)
    if found.blacklisted:
        raise Stopped
    if not found.kept:
        raise ConversationNotFound
    return found
