"""Drafts: written down at each change, so that no reload, crash or lost connection loses anything.

`explain.py` says what a draft costs and whom it leaves out; `launch.py` sends it.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.audience import Audience, entries
from smsapp.campaigns.ids import unused_id
from smsapp.campaigns.pricing import CampaignNotFound, audience_of
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.contacts.groups import UNCOUNTED, GroupCount, GroupNotFound, groups
from smsapp.contacts.tables import Contact
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import pretty

TYPED_LIMIT = 2_000_000  # characters of numbers pasted into one draft
NAME_LENGTH = 120
CHIPS = 12


class NotADraft(Refusal):
    """The campaign has left already, or is to leave: what was launched does not change under way."""

    key = "campaigns.not_a_draft"


class TooManyNumbers(Refusal):
    """So many numbers belong in the address book, not in a field."""

    key = "campaigns.too_many_numbers"


@dataclass(frozen=True)
class Draft:
    """A draft as its page shows it."""

    id: int
    name: str
    text: str
    purpose: str
    sender: str
    created_at: datetime
    updated_at: datetime
    zone: str = ""  # of the date, once it is to leave later
    local_time: str = ""  # the date on the clock of that zone, once it was given
    spread_minutes: int = 0
    partial: bool = False
    edits_id: int | None = None  # the plan that it was made to change

    @property
    def later(self) -> bool:
        """Whether it is to leave at a date."""
        return self.zone != ""


@dataclass(frozen=True)
class DraftLine:
    """A draft in a list: ``title`` is its name, else how its text begins; both may be empty."""

    id: int
    title: str
    updated_at: datetime


@dataclass(frozen=True)
class Chip:
    """One part of the audience: ``kind`` is group, contact or typed; ``count`` the members of a group."""

    id: str
    kind: str
    label: str
    count: int = 0
    bad: bool = False


@dataclass(frozen=True)
class Chips:
    """The first parts of an audience, unreadable numbers among them, and how many parts there are."""

    shown: tuple[Chip, ...] = ()
    total: int = 0


def create_draft(db: Database, actor: Actor, opened_at: datetime | None = None) -> int:
    """Begin a campaign. ``opened_at``: when its page was opened, if that was earlier. Returns its id."""
    with db.write() as session:
        now = db.now()
        made = Campaign(
            id=unused_id(session),
            account_id=actor.account_id,
            user_id=actor.user_id,
            created_at=opened_at or now,
            updated_at=now,
        )
        session.add(made)
        session.flush()
        assert made.id is not None
        return made.id


def draft(db: Database, actor: Actor, campaign_id: int) -> Draft:
    """One draft.

    Raises:
        CampaignNotFound, NotADraft
    """
    with db.read() as session:
        found = owned(session, actor, campaign_id)
        return draft_of(found)


def drafts(db: Database, actor: Actor, limit: int = 10) -> list[DraftLine]:
    """The account's drafts, latest first."""
    asked = (
        select(Campaign)
        .where(Campaign.account_id == actor.account_id, Campaign.state == CampaignState.DRAFT)
        .order_by(col(Campaign.updated_at).desc(), col(Campaign.id).desc())
        .limit(limit)
    )
    with db.read() as session:
        return [DraftLine(c.id or 0, title(c), c.updated_at) for c in session.execute(asked).scalars()]


def edit_draft(
    db: Database,
    actor: Actor,
    campaign_id: int,
    *,
    name: str | None = None,
    text: str | None = None,
    purpose: str | None = None,
    sender: str | None = None,
) -> Draft:
    """Keep what was changed, right or wrong: `explain` says what is wrong, nothing is refused here.

    Raises:
        CampaignNotFound, NotADraft
    """

    def change(found: Campaign, _session: Session) -> None:
        if name is not None:
            found.name = " ".join(storable(name).split())[:NAME_LENGTH]
        if text is not None:
            found.text = storable(text)
        if purpose is not None:
            found.purpose = "transactional" if purpose == "transactional" else "marketing"
        if sender is not None:
            found.sender = storable(sender)[:11]

    return change_draft(db, actor, campaign_id, change)


def delete_draft(db: Database, actor: Actor, campaign_id: int) -> None:
    """Throw a draft away.

    Raises:
        CampaignNotFound, NotADraft
    """
    with db.write() as session:
        found = owned(session, actor, campaign_id, lock=True)
        _still_draft(found)
        session.delete(found)


def add_numbers(db: Database, actor: Actor, campaign_id: int, raw: str) -> Draft:
    """Add numbers typed or pasted in any of the usual separators (S28, S29); unreadable ones stay, to be put right.

    Raises:
        CampaignNotFound, NotADraft, TooManyNumbers
    """
    added = entries(storable(raw))

    def change(found: Campaign, _session: Session) -> None:
        typed = "\n".join([*entries(found.typed), *added])
        if len(typed) > TYPED_LIMIT:
            raise TooManyNumbers(count=len(added))
        found.typed = typed

    return change_draft(db, actor, campaign_id, change)


def add_contacts(db: Database, actor: Actor, campaign_id: int, contact_ids: Collection[int]) -> Draft:
    """Add contacts of the address book (S30); those of others, deleted or already chosen are passed over.

    Raises:
        CampaignNotFound, NotADraft
    """

    def change(found: Campaign, session: Session) -> None:
        asked = select(Contact.id).where(
            Contact.account_id == actor.account_id, col(Contact.id).in_(contact_ids), col(Contact.deleted_at).is_(None)
        )
        own = set(session.execute(asked).scalars())
        found.contact_ids = list(dict.fromkeys([*found.contact_ids, *(i for i in contact_ids if i in own)]))

    return change_draft(db, actor, campaign_id, change)


def add_groups(db: Database, actor: Actor, campaign_id: int, group_ids: Collection[int]) -> Draft:
    """Add groups (S31); those already chosen are passed over.

    Raises:
        CampaignNotFound, NotADraft, GroupNotFound
    """
    if not set(group_ids) <= {group.id for group in groups(db, actor, smart=True)}:
        raise GroupNotFound

    def change(found: Campaign, _session: Session) -> None:
        found.group_ids = list(dict.fromkeys([*found.group_ids, *group_ids]))

    return change_draft(db, actor, campaign_id, change)


def remove_chip(db: Database, actor: Actor, campaign_id: int, chip_id: str) -> Draft:
    """Take a part out of the audience; one that is not there (any more) changes nothing.

    Raises:
        CampaignNotFound, NotADraft
    """
    kind, _, rest = chip_id.partition(":")

    def change(found: Campaign, _session: Session) -> None:
        if kind == "group":
            found.group_ids = [i for i in found.group_ids if str(i) != rest]
        elif kind == "contact":
            found.contact_ids = [i for i in found.contact_ids if str(i) != rest]
        elif kind == "typed":
            found.typed = "\n".join(text for text in entries(found.typed) if entry_id(text) != chip_id)

    return change_draft(db, actor, campaign_id, change)


def replace_number(db: Database, actor: Actor, campaign_id: int, chip_id: str, e164: int) -> Draft:
    """Put a typed number right by one click: the text of that chip becomes ``e164``.

    Raises:
        CampaignNotFound, NotADraft
    """

    def change(found: Campaign, _session: Session) -> None:
        texts = (pretty(e164) if entry_id(text) == chip_id else text for text in entries(found.typed))
        found.typed = "\n".join(texts)

    return change_draft(db, actor, campaign_id, change)


def drop_unreadable(db: Database, actor: Actor, campaign_id: int) -> Draft:
    """Take out every typed text that is no number.

    Raises:
        CampaignNotFound, NotADraft
    """

    def change(found: Campaign, session: Session) -> None:
        unreadable = set(audience_of(session, found).unreadable["entry"])
        found.typed = "\n".join(text for text in entries(found.typed) if text not in unreadable)

    return change_draft(db, actor, campaign_id, change)


def chips(db: Database, actor: Actor, campaign_id: int) -> Chips:
    """The parts of a campaign's audience for its field: groups, contacts, typed numbers.

    Raises:
        CampaignNotFound
    """
    known = groups(db, actor, smart=True)
    with db.read() as session:
        found = owned(session, actor, campaign_id)
        return chips_of(session, found, audience_of(session, found), known)


def chips_of(session: Session, campaign: Campaign, people: Audience, known: Collection[GroupCount]) -> Chips:
    """The same within a transaction; ``known`` are the account's groups."""
    sizes = {group.id: group for group in known}
    first = campaign.contact_ids[:CHIPS]
    asked = select(Contact).where(
        Contact.account_id == campaign.account_id, col(Contact.id).in_(first), col(Contact.deleted_at).is_(None)
    )
    contacts = {c.id: c for c in session.execute(asked).scalars()}
    bad = set(people.unreadable["entry"])
    typed = list(dict.fromkeys(entries(campaign.typed)))
    parts = [
        Chip(f"group:{i}", "group", sizes[i].name, _size(sizes[i], people)) for i in campaign.group_ids if i in sizes
    ]
    parts += [Chip(f"contact:{i}", "contact", contact_name(contacts[i])) for i in first if i in contacts]
    total = len(parts) + max(0, len(campaign.contact_ids) - CHIPS) + len(typed)
    if len(parts) + len(typed) > CHIPS:  # what has to be put right must be among the few that are shown
        typed = sorted(typed, key=lambda text: text not in bad)
    parts += [Chip(entry_id(text), "typed", text[:40], bad=text in bad) for text in typed[:CHIPS]]
    return Chips(tuple(parts[:CHIPS]), total)


def _size(group: GroupCount, people: Audience) -> int:
    """Members of a list; of a smart group those that answer now."""
    if group.members != UNCOUNTED:
        return group.members
    return int((people.recipients["source"] == f"group:{group.id}").sum())


def change_draft(db: Database, actor: Actor, campaign_id: int, change: Callable[[Campaign, Session], None]) -> Draft:
    """Write one change of a draft down.

    Raises:
        CampaignNotFound, NotADraft, and what ``change`` raises
    """
    with db.write() as session:
        found = owned(session, actor, campaign_id, lock=True)
        _still_draft(found)
        change(found, session)
        found.updated_at = db.now()
        session.add(found)
        return draft_of(found)


def draft_of(found: Campaign) -> Draft:
    """A draft as its page shows it. Raises NotADraft."""
    _still_draft(found)
    assert found.id is not None
    return Draft(
        id=found.id,
        name=found.name,
        text=found.text,
        purpose=found.purpose,
        sender=found.sender,
        created_at=found.created_at,
        updated_at=found.updated_at,
        zone=found.zone,
        local_time=found.local_time,
        spread_minutes=found.spread_minutes,
        partial=found.partial,
        edits_id=found.edits_id,
    )


def title(campaign: Campaign) -> str:
    """The name of a campaign, else how its text begins."""
    return campaign.name or " ".join(campaign.text.split())[:60]


def contact_name(contact: Contact) -> str:
    """First name and family name, else the company, else the number."""
    return f"{contact.prenom} {contact.nom}".strip() or contact.societe or pretty(contact.e164)


def entry_id(text: str) -> str:
    """The id of the chip of a typed number: short, and the same for the same text."""
    return f"typed:{hashlib.blake2s(text.encode(), digest_size=8).hexdigest()}"


def storable(text: str) -> str:
    """``text`` as both databases can hold it: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def owned(session: Session, actor: Actor, campaign_id: int, *, lock: bool = False) -> Campaign:
    """The campaign, if it is the actor's. Raises CampaignNotFound."""
    found = session.get(Campaign, campaign_id, with_for_update=lock or None)
    if found is None or found.account_id != actor.account_id:
        raise CampaignNotFound
    return found


def _still_draft(campaign: Campaign) -> None:
    if campaign.state != CampaignState.DRAFT:
        raise NotADraft
