"""What the engine writes to people by e-mail: a campaign could not leave, or not wholly, for want of credit (M22)."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from smsapp.accounts.mail import post
from smsapp.accounts.tables import Account, User
from smsapp.campaigns.service import title
from smsapp.campaigns.tables import Campaign
from smsapp.domain.delivery import TAKEN, State
from smsapp.domain.moment import moment_of
from smsapp.i18n.catalogue import translate
from smsapp.sending.moves import HELD
from smsapp.sending.tables import COUNTER

MAY_BE_OUT = (*TAKEN, *HELD, State.EXPIRED_UNKNOWN)


def lacked_credit(session: Session, campaign_id: int, missing: int, now: datetime, site: str) -> None:
    """Tell the author that their campaign is paused, in the transaction that pauses it: once a pause, if it commits.

    ``missing``: units that the balance lacks; ``site``: the public address, for the link to the campaign's page.
    """
    campaign = session.get(Campaign, campaign_id)
    author = session.get(User, campaign.user_id) if campaign else None
    account = session.get(Account, campaign.account_id) if campaign else None
    if campaign is None or author is None or account is None:
        return
    waiting, out = _stand(session, campaign_id)
    zone = campaign.zone or account.time_zone
    said: dict[str, str | int] = {
        "name": title(campaign),
        "date": moment_of(now if out else campaign.send_at or now, zone).typed,
        "zone": zone,
        "missing": missing,
        "url": f"{site}/sent/{campaign_id}",
    }
    if out:
        subject = translate(author.language, "sending.ran_dry.subject", **said)
        body = translate(author.language, "sending.ran_dry.body", **said, count=waiting, out=out)
    else:
        subject = translate(author.language, "sending.lacked_credit.subject", **said)
        body = translate(author.language, "sending.lacked_credit.body", **said)
    post(session, account.id or 0, author.email, subject, body, now)


def _stand(session: Session, campaign_id: int) -> tuple[int, int]:
    """How many messages of a campaign wait, and how many are out or may be."""
    waits = func.coalesce(func.sum(COUNTER.c.count).filter(COUNTER.c.state == State.QUEUED), 0)
    out = func.coalesce(func.sum(COUNTER.c.count).filter(COUNTER.c.state.in_(MAY_BE_OUT)), 0)
    found = session.connection().execute(select(waits, out).where(COUNTER.c.campaign_id == campaign_id)).one()
    return int(found[0]), int(found[1])
