"""The one path from a campaign to its exact price: composer, review, materialisation and debit all come this way."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from sqlmodel import Session

from smsapp.accounts.tables import Account
from smsapp.campaigns.audience import Audience, blacklisted, frozen_members, resolve
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.contacts.fields import fields_of
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.hours import DEFAULT, Window, next_opening
from smsapp.domain.opt_out import sample_link
from smsapp.domain.phone import time_zone
from smsapp.domain.quote import Quote, quote
from smsapp.domain.tariff import SmsType, Tariff, default_tariff
from smsapp.domain.tariff_store import TariffStore
from smsapp.domain.template import Purpose, SenderKind, Template, bare
from smsapp.settings import DAYS, Settings


class CampaignNotFound(Refusal):
    """There is no such campaign in this account (any more)."""

    key = "campaigns.not_found"


@dataclass(frozen=True)
class Terms:
    """What a price depends on beside the campaign: the tariff, the STOP mention (M6), the permitted hours.

    ``tariff`` is that of new quotes; ``tariffs`` knows the others, which campaigns under way keep. ``opt_out_link`` is
    the sample of the link that stands where the short code is not known; "" for no link. ``hours_hold`` is False in
    demonstration mode: the hours are shown, but hold nothing back.
    """

    tariff: Tariff = field(default_factory=default_tariff)
    tariffs: TariffStore | None = None
    short_code: str = "36111"
    opt_out_link: str = ""
    window: Window = DEFAULT
    hours_hold: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The terms of this installation."""
        days = frozenset(DAYS.index(day) for day in settings.days)
        window = Window(days, settings.permitted_from, settings.permitted_until)
        window.check_marketing()
        tariffs = TariffStore(settings.data_dir / "tariffs")
        return cls(
            tariffs.current(),
            tariffs,
            short_code=settings.stop_short_code,
            opt_out_link=sample_link(settings.opt_out_address),
            window=window,
            hours_hold=not settings.demo,
        )

    def agreed(self, version: str) -> Self:
        """The same terms under the tariff that a campaign names, which is what its author agreed to; "" names none.

        Raises UnknownVersion.
        """
        return replace(self, tariff=self.tariffs.tariff_of(version)) if self.tariffs else self

    def opens(self) -> Callable[[int, str, datetime], datetime] | None:
        """When a marketing message to (E.164, territory) may leave from an instant on (M28); None: at any time."""
        if not self.hours_hold:
            return None
        return lambda e164, territory, at: next_opening(at, time_zone(e164), self.window, territory)

    def opens_in(self) -> Callable[[str, datetime], datetime] | None:
        """When marketing may next leave in a time zone from an instant on; None: at any time."""
        if not self.hours_hold:
            return None
        return lambda zone, at: next_opening(at, zone, self.window, "FR")


def sender_kind(sender: str) -> SenderKind:
    """A campaign without a sender's name leaves from a number that can be answered (S43)."""
    return "custom" if sender else "reply"


def region_of(session: Session, account_id: int) -> str:
    """The country in which an account's numbers without a country code are read (S33)."""
    account = session.get(Account, account_id)
    return account.region if account else "FR"


def audience_of(session: Session, campaign: Campaign) -> Audience:
    """The recipients of a campaign, from the address book as it is now; smart groups as they were agreed to."""
    kept = {} if campaign.state == CampaignState.DRAFT else frozen_members(session, campaign.id or 0)
    return resolve(
        session,
        campaign.account_id,
        campaign.typed,
        campaign.contact_ids,
        campaign.group_ids,
        region=region_of(session, campaign.account_id),
        frozen=kept,
        own=own_variables(session, campaign),
    )


def own_variables(session: Session, campaign: Campaign) -> list[str]:
    """The keys of the account's own fields that the text of a campaign uses.

    Once it is agreed to, what its text uses stays a variable though its field be deleted: the values stand on the
    contacts all the same, and the price is that of what they say.
    """
    used = {bare(name) for name in Template.parse(campaign.text).unknown}
    if used and campaign.state == CampaignState.DRAFT:
        used &= {field.key for field in fields_of(session, campaign.account_id)}
    return sorted(used)


def price(
    session: Session,
    campaign: Campaign,
    terms: Terms,
    *,
    text: str | None = None,
    audience: Audience | None = None,
    bodies: bool = False,
) -> Quote:
    """The exact quote of a campaign within the caller's transaction; ``text`` tries another text on the same people."""
    people = audience or audience_of(session, campaign)
    purpose: Purpose = "transactional" if campaign.purpose == "transactional" else "marketing"
    return quote(
        people.recipients,
        campaign.text if text is None else text,
        tariff=terms.tariff,
        sms_type=SmsType(campaign.sms_type),
        purpose=purpose,
        sender_kind=sender_kind(campaign.sender),
        short_code=terms.short_code,
        opt_out_link=terms.opt_out_link,
        blacklist=blacklisted(session, campaign.account_id),
        unreadable=people.unreadable.height,
        bodies=bodies,
    )


def quote_campaign(db: Database, campaign_id: int, terms: Terms) -> Quote:
    """The exact quote of a campaign by id, with the text of each message: what the outbox writes and the ledger debits.

    A campaign that was launched or planned keeps the tariff of that moment, whatever was loaded since.
    For the sending engine, which acts for every account; pages come through the functions that take an ``Actor``.
    Raises CampaignNotFound.
    """
    with db.read() as session:
        campaign = session.get(Campaign, campaign_id)
        if campaign is None:
            raise CampaignNotFound
        return price(session, campaign, terms.agreed(campaign.tariff_version), bodies=True)
