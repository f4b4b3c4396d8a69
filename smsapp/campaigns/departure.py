"""When a draft is to leave: now or later (S54), on whose clock (M23), spread over how long, and what is odd about that.

The draft keeps it as the plan will: a zone once it is to leave later, the local time once a date was given. What the
date means is computed from the two each time it is shown.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.campaigns.launch import Seen, launch
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.schedule import LONGEST_SPREAD, BadSpread, Plan, schedule
from smsapp.campaigns.service import Draft, change_draft, owned
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.hours import Closed, next_opening, why_closed
from smsapp.domain.moment import Moment, moment, moment_of

PARIS = "Europe/Paris"
ZONES = (
    PARIS,
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "Indian/Reunion",
    "Indian/Mayotte",
    "America/Miquelon",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
)
"""The clocks on offer beside the account's own: those of the French territories."""


class DateMissing(Refusal):
    """It is to leave later, and no date was given yet."""

    key = "schedule.date_missing"


@dataclass(frozen=True)
class Departure:
    """What a date means at an instant. ``bound``: to the permitted hours of marketing (M28).

    ``closed``: why it must wait there, until ``opens``. ``overruns``: its spread goes on after the permitted hours.
    ``held``: these hours hold messages back (they do not in demonstration mode).
    """

    when: Moment
    past: bool
    bound: bool = True
    closed: Closed | None = None
    opens: Moment | None = None
    overruns: bool = False
    held: bool = True


def departure(draft: Draft, terms: Terms, now: datetime) -> Departure | None:
    """What the date of a draft means; None while there is none."""
    if not draft.local_time:
        return None
    when = moment(draft.local_time, draft.zone)
    past = when.at <= now
    if draft.purpose == "transactional":
        return Departure(when, past, bound=False)
    at = max(when.at, now)
    closed = why_closed(at, when.zone, terms.window, "FR")
    opens = moment_of(next_opening(at, when.zone, terms.window, "FR"), when.zone) if closed else None
    begins = opens.at if opens else at
    last = begins + timedelta(minutes=max(draft.spread_minutes - 1, 0))
    overruns = draft.spread_minutes > 0 and why_closed(last, when.zone, terms.window, "FR") is not None
    return Departure(when, past, True, closed, opens, overruns, terms.hours_hold)


def leave(
    db: Database, actor: Actor, campaign_id: int, seen: Seen, terms: Terms, *, consent: bool, now_if_past: bool = False
) -> tuple[int, Moment | None]:
    """Launch a draft, or plan it for its date; the draft of a plan takes the plan's place (S36).

    Returns the id of the campaign, and the date if it leaves later; for a second click as for the first.

    Raises:
        CampaignNotFound, NotADraft, NotPlanned, DateMissing, DatePast, and the refusals of `launch.check_agreed`
    """
    with db.read() as session:
        found = owned(session, actor, campaign_id)
        later, edits = found.zone != "", found.edits_id is not None
        when = moment(found.local_time, found.zone) if found.local_time else None
        spread, partial = found.spread_minutes, found.partial
        now = moment_of(db.now(), zone_of(session, actor.account_id))
    if not later and not edits:
        return launch(db, actor, campaign_id, seen, terms, consent=consent), None
    if later and when is None:
        raise DateMissing
    plan = Plan(when or now, spread, partial, now_if_past or when is None)
    made = schedule(db, actor, campaign_id, seen, terms, plan, consent=consent)
    return made, when if when and when.at > db.now() else None


def leave_now(db: Database, actor: Actor, campaign_id: int) -> Draft:
    """The draft leaves as soon as it is sent.

    Raises:
        CampaignNotFound, NotADraft
    """

    def change(found: Campaign, _session: Session) -> None:
        found.send_at, found.local_time, found.zone, found.partial = None, "", "", False

    return change_draft(db, actor, campaign_id, change)


def leave_later(db: Database, actor: Actor, campaign_id: int) -> Draft:
    """The draft leaves at a date still to be given, on the clock of the account.

    Raises:
        CampaignNotFound, NotADraft
    """

    def change(found: Campaign, session: Session) -> None:
        found.zone = found.zone or zone_of(session, actor.account_id)

    return change_draft(db, actor, campaign_id, change)


def leave_at(db: Database, actor: Actor, campaign_id: int, when: Moment) -> Draft:
    """The draft leaves at a date.

    Raises:
        CampaignNotFound, NotADraft
    """

    def change(found: Campaign, _session: Session) -> None:
        found.send_at, found.local_time, found.zone = when.at, when.stored, when.zone

    return change_draft(db, actor, campaign_id, change)


def leave_in(db: Database, actor: Actor, campaign_id: int, zone: str) -> Draft:
    """The same local time, on the clock of another place.

    Raises:
        CampaignNotFound, NotADraft, ZoneUnknown
    """
    moment(db.now().replace(tzinfo=None), zone)  # raises ZoneUnknown

    def change(found: Campaign, _session: Session) -> None:
        found.zone = zone
        if found.local_time:
            found.send_at = moment(found.local_time, zone).at

    return change_draft(db, actor, campaign_id, change)


def spread_over(db: Database, actor: Actor, campaign_id: int, minutes: int) -> Draft:
    """The draft leaves little by little; 0: as fast as it can.

    Raises:
        CampaignNotFound, NotADraft, BadSpread
    """
    if not 0 <= minutes <= LONGEST_SPREAD:
        raise BadSpread(most=LONGEST_SPREAD)

    def change(found: Campaign, _session: Session) -> None:
        found.spread_minutes = minutes

    return change_draft(db, actor, campaign_id, change)


def allow_partly(db: Database, actor: Actor, campaign_id: int, on: bool) -> Draft:
    """Should the balance not cover it when it starts: send what the balance allows, or nothing (M22).

    Raises:
        CampaignNotFound, NotADraft
    """

    def change(found: Campaign, _session: Session) -> None:
        found.partial = on

    return change_draft(db, actor, campaign_id, change)


def zone_of(session: Session, account_id: int) -> str:
    """The clock of an account (M23)."""
    account = session.get(Account, account_id)
    return account.time_zone if account else PARIS


def committed(session: Session, account_id: int, *, until: datetime | None = None, but: int | None = None) -> int:
    """Units that planned campaigns will need (M22): all of them, or those that leave up to ``until``; ``but`` one."""
    asked = select(func.coalesce(func.sum(Campaign.quoted_units), 0)).where(
        Campaign.account_id == account_id, Campaign.state == CampaignState.SCHEDULED
    )
    if until is not None:
        asked = asked.where(col(Campaign.send_at) <= until)
    if but is not None:
        asked = asked.where(Campaign.id != but)
    return int(session.execute(asked).scalar_one())
