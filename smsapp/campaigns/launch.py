"""The moment a campaign leaves its author's hands: checked whole, priced anew, launched once."""

from dataclasses import dataclass

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col

from smsapp.accounts.actor import Actor
from smsapp.campaigns.audience import freeze, smart_members
from smsapp.campaigns.pricing import Terms, audience_of, price
from smsapp.campaigns.rules import is_priceable, problems
from smsapp.campaigns.service import NotADraft, owned, title
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.ledger.service import balance_of

LAUNCHED = (
    CampaignState.MATERIALISING,
    CampaignState.RUNNING,
    CampaignState.PAUSED,
    CampaignState.PAUSED_NO_CREDIT,
    CampaignState.FINISHED,
)


class ConsentMissing(Refusal):
    """The author has not said that these people accepted (S59, M28)."""

    key = "campaigns.consent_missing"


class QuoteChanged(Refusal):
    """The address book, the text or the price changed since the author looked: ``recipients`` and ``units`` are new."""

    key = "campaigns.quote_changed"


@dataclass(frozen=True)
class Seen:
    """The figures that the author agreed to."""

    recipients: int
    units: int


def launch(db: Database, actor: Actor, campaign_id: int, seen: Seen, terms: Terms, *, consent: bool) -> int:
    """Send a draft now. Returns its id, also when it was launched already: a double click launches once.

    From here on the campaign is the sending engine's; credits are debited as messages leave (S55).

    Raises:
        CampaignNotFound, NotADraft, ConsentMissing, QuoteChanged, and the refusals of `rules`
    """
    with db.read() as session:
        campaign = owned(session, actor, campaign_id)
        if campaign.state in LAUNCHED:
            return campaign_id
        if campaign.state != CampaignState.DRAFT or campaign.edits_id is not None:
            raise NotADraft  # the draft of a plan takes the plan's place (`schedule`), or the plan would leave too
        smart = check_agreed(session, campaign, seen, terms, consent)
        version = campaign.updated_at

    def work(session: Session) -> bool:
        now = db.now()
        # The draft that was checked and no other: whoever changed it meanwhile has another updated_at.
        done = session.execute(
            update(Campaign)
            .where(
                col(Campaign.id) == campaign_id,
                col(Campaign.account_id) == actor.account_id,
                col(Campaign.state) == CampaignState.DRAFT,
                col(Campaign.updated_at) == version,
            )
            .values(
                state=CampaignState.MATERIALISING,
                name=title(campaign),
                send_at=now,
                tariff_version=terms.tariff.version,
                quoted_recipients=seen.recipients,
                quoted_units=seen.units,
                updated_at=now,
            )
        )
        assert isinstance(done, CursorResult)
        if done.rowcount:
            freeze(session, campaign_id, smart)
        return bool(done.rowcount)

    if db.retrying(work):
        return campaign_id
    with db.read() as session:
        if owned(session, actor, campaign_id).state in LAUNCHED:  # the other click was faster
            return campaign_id
    raise QuoteChanged("campaigns.draft_changed")


def check_agreed(
    session: Session, campaign: Campaign, seen: Seen, terms: Terms, consent: bool, *, covered: bool = True
) -> dict[int, list[int]]:
    """The members of its smart groups, if the campaign may leave; ``covered``: by the balance as it is now.

    Raises:
        ConsentMissing, QuoteChanged, and the refusals of `rules`
    """
    text = campaign.text if is_priceable(campaign.text) else ""
    people = audience_of(session, campaign)
    quote = price(session, campaign, terms, text=text, audience=people)
    available = balance_of(session, campaign.account_id).available if covered else quote.total
    for refusal in problems(campaign, quote, available):
        raise refusal
    if (quote.kept, quote.total) != (seen.recipients, seen.units):
        raise QuoteChanged(
            recipients=quote.kept, units=quote.total, seen_recipients=seen.recipients, seen_units=seen.units
        )
    if not consent:
        raise ConsentMissing
    return smart_members(session, campaign.account_id, campaign.group_ids, people)
