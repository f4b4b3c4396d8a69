"""Campaigns that leave later (S54): planned, changed under the same id (S36), copied (S37, S38).

Nothing is debited or held by a plan; its price is agreed to, and checked again when it starts. To change a plan a draft
of it is made: the plan stays as it is until the draft takes its place, so that nothing is lost by leaving the page, and
one that leaves meanwhile leaves as it was agreed to. Taking a plan back is ``sending.lifecycle.cancel`` (S34).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, tuple_
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.audience import freeze
from smsapp.campaigns.ids import unused_id
from smsapp.campaigns.launch import Seen, check_agreed
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.service import NotADraft, owned, title
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.db import Database
from smsapp.db.columns import UtcDateTime
from smsapp.domain.errors import Refusal
from smsapp.domain.moment import Moment

PLANNED = (CampaignState.SCHEDULED, CampaignState.MISSED)
CONTENT = ("name", "sms_type", "purpose", "sender", "text", "typed", "contact_ids", "group_ids")
LONGEST_SPREAD = 24 * 60  # minutes
PAGE = 50


class DatePast(Refusal):
    """The date is over: to send now is asked for expressly (M24)."""

    key = "schedule.date_past"


class NotPlanned(Refusal):
    """It is not planned any more: it has left, or was taken back."""

    key = "schedule.not_planned"


class BadSpread(Refusal):
    """A campaign is spread over ``most`` minutes at most."""

    key = "schedule.bad_spread"


@dataclass(frozen=True)
class Plan:
    """When and how a campaign leaves. ``now_if_past``: a date that is over means at once (M24)."""

    when: Moment
    spread_minutes: int = 0
    partial: bool = False  # send what the balance allows (M22)
    now_if_past: bool = False


@dataclass(frozen=True)
class PlannedLine:
    """A planned campaign in the list. ``units`` is its agreed price: what it will need, of which nothing is held."""

    id: int
    title: str
    text: str
    state: str  # scheduled, or missed: its author is asked
    at: datetime
    local_time: str
    zone: str
    recipients: int
    units: int


def schedule(
    db: Database, actor: Actor, campaign_id: int, seen: Seen, terms: Terms, plan: Plan, *, consent: bool
) -> int:
    """Plan a draft, or put the draft of a plan in that plan's place. Returns the id of the plan.

    The balance need not cover it yet. A second click changes nothing.

    Raises:
        CampaignNotFound, NotADraft, NotPlanned, DatePast, BadSpread, and the refusals of `launch.check_agreed`
    """
    if not 0 <= plan.spread_minutes <= LONGEST_SPREAD:
        raise BadSpread(most=LONGEST_SPREAD)
    past = plan.when.at <= db.now()
    if past and not plan.now_if_past:
        raise DatePast(typed=plan.when.typed)
    with db.read() as session:
        found = owned(session, actor, campaign_id)
        if found.state == CampaignState.SCHEDULED and found.send_at == plan.when.at:
            return campaign_id
        if found.state != CampaignState.DRAFT:
            raise NotADraft
        smart = check_agreed(session, found, seen, terms, consent, covered=past)
        version = found.updated_at

    def work(session: Session) -> int:
        now = db.now()
        draft = owned(session, actor, campaign_id, lock=True)
        if draft.state != CampaignState.DRAFT or draft.updated_at != version:
            raise NotADraft
        target = draft
        if draft.edits_id is not None:
            target = owned(session, actor, draft.edits_id, lock=True)
            if target.state not in PLANNED:
                raise NotPlanned
            _content(target, draft)
            session.delete(draft)
        target.name = title(target)
        target.state = CampaignState.MATERIALISING if past else CampaignState.SCHEDULED
        target.send_at = now if past else plan.when.at
        target.local_time, target.zone = plan.when.stored, plan.when.zone
        target.spread_minutes, target.partial = plan.spread_minutes, plan.partial
        target.tariff_version = terms.tariff.version
        target.quoted_recipients, target.quoted_units = seen.recipients, seen.units
        target.updated_at = now
        session.add(target)
        session.flush()
        assert target.id is not None
        freeze(session, target.id, smart)
        return target.id

    return db.retrying(work)


def edit(db: Database, actor: Actor, campaign_id: int) -> int:
    """A draft of a plan, to be changed (S36); the one begun before, if there is one. Returns the draft's id.

    Raises:
        CampaignNotFound, NotPlanned
    """

    def work(session: Session) -> int:
        found = owned(session, actor, campaign_id, lock=True)
        if found.state not in PLANNED:
            raise NotPlanned
        begun = select(Campaign.id).where(
            Campaign.edits_id == campaign_id,
            Campaign.state == CampaignState.DRAFT,
            Campaign.account_id == actor.account_id,
        )
        return session.execute(begun).scalars().first() or _draft_of(session, actor, found, db.now(), campaign_id)

    return db.retrying(work)


def set_free(db: Database, actor: Actor, campaign_id: int) -> None:
    """Let a draft stand for itself: the plan that it was made to change has left or was taken back.

    Raises:
        CampaignNotFound, NotADraft
    """

    def work(session: Session) -> None:
        found = owned(session, actor, campaign_id, lock=True)
        if found.state != CampaignState.DRAFT:
            raise NotADraft
        found.edits_id, found.updated_at = None, db.now()
        session.add(found)

    db.retrying(work)


def copy(db: Database, actor: Actor, campaign_id: int) -> int:
    """A new draft with the content and the date of a campaign, which itself stays as it is (S37, S38). Returns its id.

    Raises:
        CampaignNotFound
    """
    return db.retrying(lambda session: _draft_of(session, actor, owned(session, actor, campaign_id), db.now(), None))


def send_now(db: Database, actor: Actor, campaign_id: int) -> None:
    """Let a plan leave at once, as it was agreed to: one that was missed, or one that need not wait any more.

    Raises:
        CampaignNotFound, NotPlanned
    """

    def work(session: Session) -> None:
        now = db.now()
        found = owned(session, actor, campaign_id, lock=True)
        if found.state not in PLANNED:
            raise NotPlanned
        found.state, found.send_at, found.updated_at = CampaignState.MATERIALISING, now, now
        session.add(found)

    db.retrying(work)


def planned(
    db: Database,
    actor: Actor,
    *,
    after: tuple[datetime, int] | None = None,
    before: tuple[datetime, int] | None = None,
    size: int = PAGE,
) -> list[PlannedLine]:
    """The account's planned campaigns, the next one first.

    ``after``, ``before``: the (at, id) of the last line shown, or of the first: those that follow it, or stand just
    before it.
    """
    asked = select(Campaign).where(Campaign.account_id == actor.account_id, col(Campaign.state).in_(PLANNED))
    key = tuple_(col(Campaign.send_at), col(Campaign.id))
    backwards = before is not None and after is None
    if (cursor := after or before) is not None:
        here = tuple_(literal(cursor[0], UtcDateTime()), literal(cursor[1]))
        asked = asked.where(key < here if backwards else key > here)
    order = (col(Campaign.send_at), col(Campaign.id))
    asked = asked.order_by(*(one.desc() for one in order)) if backwards else asked.order_by(*order)
    with db.read() as session:
        found = list(session.execute(asked.limit(size)).scalars().all())
    if backwards:
        found.reverse()
    return [
        PlannedLine(
            c.id or 0,
            title(c),
            c.text,
            c.state,
            c.send_at or c.created_at,
            c.local_time,
            c.zone,
            c.quoted_recipients,
            c.quoted_units,
        )
        for c in found
    ]


def count_planned(db: Database, actor: Actor) -> int:
    """How many campaigns are planned, those that were missed among them."""
    asked = select(func.count()).where(Campaign.account_id == actor.account_id, col(Campaign.state).in_(PLANNED))
    with db.read() as session:
        return int(session.execute(asked).scalar_one())


def _draft_of(session: Session, actor: Actor, found: Campaign, now: datetime, edits_id: int | None) -> int:
    made = Campaign(
        id=unused_id(session),
        account_id=actor.account_id,
        user_id=actor.user_id,
        edits_id=edits_id,
        send_at=found.send_at,
        local_time=found.local_time,
        zone=found.zone,
        spread_minutes=found.spread_minutes,
        partial=found.partial,
        created_at=now,
        updated_at=now,
    )
    _content(made, found)
    session.add(made)
    session.flush()
    assert made.id is not None
    return made.id


def _content(target: Campaign, source: Campaign) -> None:
    for name in CONTENT:
        value = getattr(source, name)
        setattr(target, name, list(value) if isinstance(value, list) else value)
