"""What the engine writes to people by e-mail: a campaign could not leave for want of credit (M22)."""

from datetime import datetime

from sqlmodel import Session

from smsapp.accounts.mail import post
from smsapp.accounts.tables import Account, User
from smsapp.campaigns.service import title
from smsapp.campaigns.tables import Campaign
from smsapp.domain.moment import moment_of
from smsapp.i18n.catalogue import translate


def lacked_credit(session: Session, campaign_id: int, missing: int, now: datetime) -> None:
    """Tell the author, in the transaction that pauses the campaign before its first message: once, if it commits.

    ``missing``: units that the balance lacks.
    """
    campaign = session.get(Campaign, campaign_id)
    author = session.get(User, campaign.user_id) if campaign else None
    account = session.get(Account, campaign.account_id) if campaign else None
    if campaign is None or author is None or account is None:
        return
    zone = campaign.zone or account.time_zone
    at = moment_of(campaign.send_at or now, zone).typed
    said: dict[str, str | int] = {"name": title(campaign), "date": at, "zone": zone, "missing": missing}
    subject = translate(author.language, "sending.lacked_credit.subject", **said)
    body = translate(author.language, "sending.lacked_credit.body", **said)
    post(session, account.id or 0, author.email, subject, body, now)
