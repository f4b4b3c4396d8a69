"""What a person does from the sent list and from a report: hide, pause, resume, cancel, clean the address book.

Every deletion gives back what undoes it (M10).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, CursorResult, Select, Update, and_, func, select, update
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.campaigns.pricing import CampaignNotFound
from smsapp.contacts.blacklist import blacklist
from smsapp.contacts.service import UNDO_DAYS
from smsapp.contacts.tables import Contact
from smsapp.db import Database
from smsapp.db.rows import pack, rows
from smsapp.domain.delivery import CAUSES, Status, states_of
from smsapp.domain.errors import Refusal
from smsapp.reports.sent import OVER
from smsapp.reports.story import MessageNotFound
from smsapp.sending import lifecycle
from smsapp.sending.tables import CAMPAIGN, MESSAGE

CONTACT = Contact.metadata.tables["contact"]
REMOVE = tuple(cause.value for cause, info in CAUSES.items() if info.remove)


class StillLeaving(Refusal):
    """What is leaving, or paused on its way, is not taken out of the list: it is cancelled first."""

    key = "reports.still_leaving"


class CannotUndo(Refusal):
    """There is nothing to bring back: undone already, or more than 30 days ago."""

    key = "reports.cannot_undo"


@dataclass(frozen=True)
class Hidden:
    """The campaigns that left the list; ``kept`` stay because they are not over. ``ids`` are given to ``unhide``."""

    ids: tuple[int, ...]
    kept: int


@dataclass(frozen=True)
class Removed:
    """``count`` contacts, for ``numbers`` numbers. ``token`` is given to ``undo_removal``; empty when nothing was."""

    count: int
    numbers: int
    token: str


def hide(db: Database, actor: Actor, ids: Collection[int]) -> Hidden:
    """Take campaigns out of the sent list; ledger, figures and messages stay (S34, S35, M11).

    Ids of others are passed over. Raises StillLeaving when there are some and none of them is over.
    """

    def work(session: Session) -> Hidden:
        own = and_(CAMPAIGN.c.id.in_(ids), CAMPAIGN.c.account_id == actor.account_id, CAMPAIGN.c.hidden_at.is_(None))
        statement = update(CAMPAIGN).where(own, CAMPAIGN.c.state.in_(OVER)).values(hidden_at=db.now())
        done = sorted(session.connection().scalars(statement.returning(CAMPAIGN.c.id)))
        kept = session.connection().scalar(select(func.count()).select_from(CAMPAIGN).where(own)) or 0
        if kept and not done:
            raise StillLeaving(count=int(kept))
        return Hidden(tuple(done), int(kept))

    return db.retrying(work)


def unhide(db: Database, actor: Actor, ids: Collection[int]) -> int:
    """Bring campaigns back into the sent list. Returns how many."""

    def work(session: Session) -> int:
        own = and_(CAMPAIGN.c.id.in_(ids), CAMPAIGN.c.account_id == actor.account_id)
        statement = update(CAMPAIGN).where(own, CAMPAIGN.c.hidden_at.is_not(None)).values(hidden_at=None)
        return _changed(session, statement)

    return db.retrying(work)


def pause(db: Database, actor: Actor, campaign_id: int) -> None:
    """Stop a campaign on its way. Raises CampaignNotFound, NotNow."""
    _require(db, actor, campaign_id)
    lifecycle.pause(db, actor, campaign_id)


def resume(db: Database, actor: Actor, campaign_id: int, *, partial: bool = False) -> None:
    """Go on; ``partial``: with what the balance allows (M22). Raises CampaignNotFound, NotNow, Insufficient."""
    _require(db, actor, campaign_id)
    lifecycle.resume(db, actor, campaign_id, partial=partial)


def cancel(db: Database, actor: Actor, campaign_id: int) -> None:
    """Nothing more leaves; what has left cannot be recalled (S34, S35). Raises CampaignNotFound, NotNow."""
    _require(db, actor, campaign_id)
    lifecycle.cancel(db, actor, campaign_id)


def removable_contacts(connection: Connection, actor: Actor, campaign_id: int) -> int:
    """How many contacts of the book have a number that failed for good in the campaign (S41, M34)."""
    query = (
        select(func.count())
        .select_from(CONTACT)
        .where(*_of(actor, _failed(connection.dialect.name == "sqlite", campaign_id)))
    )
    return int(connection.scalar(query.where(CONTACT.c.deleted_at.is_(None))) or 0)


def remove_failed(
    db: Database,
    actor: Actor,
    campaign_id: int,
    *,
    message_ids: Collection[int] | None = None,
    mark: bool = False,
) -> Removed:
    """Take the contacts whose numbers failed out of the book, for 30 days with a way back (S41, M10).

    Without ``message_ids``: the numbers that failed for good, and no other (M34). With them: the chosen ones among
    « Erreur réception », whatever the cause. All contacts with such a number go (S75). ``mark``: they stay in the
    book, marked invalid.

    Raises:
        CampaignNotFound
    """
    _require(db, actor, campaign_id)
    numbers = _failed(db.is_sqlite, campaign_id, chosen=message_ids is not None)
    chosen = {} if message_ids is None else {"rows": pack(db.is_sqlite, [(i,) for i in message_ids])}

    def work(session: Session) -> Removed:
        now = db.now()
        statement = update(CONTACT).where(*_of(actor, numbers), CONTACT.c.deleted_at.is_(None))
        if mark:
            statement = statement.where(CONTACT.c.state != "invalid").values(state="invalid", updated_at=now)
        else:
            statement = statement.values(deleted_at=now)
        found = list(session.connection().scalars(statement.returning(CONTACT.c.e164), chosen))
        kind = "mark" if mark else "delete"
        return Removed(len(found), len(set(found)), f"{campaign_id}|{kind}|{now.isoformat()}" if found else "")

    return db.retrying(work)


def blacklist_recipient(db: Database, actor: Actor, message_id: int) -> int:
    """Never write to the number of a message again; its history names the campaign (S74). Returns 0 if it was so.

    Raises:
        MessageNotFound
    """
    asked = select(MESSAGE.c.e164, MESSAGE.c.campaign_id).where(
        MESSAGE.c.id == message_id, MESSAGE.c.account_id == actor.account_id
    )
    with db.read() as session:
        found = session.connection().execute(asked).first()
    if found is None:
        raise MessageNotFound
    return blacklist(db, actor, [found.e164], origin="report", source_id=found.campaign_id)


def undo_removal(db: Database, actor: Actor, token: str) -> int:
    """Bring back what ``remove_failed`` took, in the groups where it stood. Returns how many contacts.

    Raises:
        CannotUndo
    """
    number, _, rest = token.partition("|")
    kind, _, instant = rest.partition("|")
    try:
        campaign_id, at = int(number), datetime.fromisoformat(instant)
    except ValueError:
        raise CannotUndo from None
    if at.tzinfo is None or kind not in ("mark", "delete"):
        raise CannotUndo

    def work(session: Session) -> int:
        if at < db.now() - timedelta(days=UNDO_DAYS):
            return 0
        errors = select(MESSAGE.c.e164).where(
            MESSAGE.c.campaign_id == campaign_id, MESSAGE.c.account_id == actor.account_id
        )
        statement = update(CONTACT).where(*_of(actor, errors))
        if kind == "mark":
            marked = (CONTACT.c.state == "invalid", CONTACT.c.updated_at == at)
            return _changed(session, statement.where(*marked).values(state="active"))
        return _changed(session, statement.where(CONTACT.c.deleted_at == at).values(deleted_at=None))

    if not (count := db.retrying(work)):
        raise CannotUndo
    return count


def _failed(sqlite: bool, campaign_id: int, *, chosen: bool = False) -> Select[tuple[int]]:
    """The numbers of « Erreur réception » that failed for good, or of the messages in the parameter ``rows``."""
    if chosen:
        some = MESSAGE.c.id.in_(select(rows(sqlite, [("id", MESSAGE.c.id.type)]).c.id))
    else:
        some = MESSAGE.c.cause.in_(REMOVE)
    return select(MESSAGE.c.e164).where(
        MESSAGE.c.campaign_id == campaign_id, MESSAGE.c.state.in_(states_of(Status.ERROR)), some
    )


def _of(actor: Actor, numbers: Select[tuple[int]]) -> tuple[ColumnElement[bool], ...]:
    return CONTACT.c.account_id == actor.account_id, CONTACT.c.e164.in_(numbers)


def _changed(session: Session, statement: Update) -> int:
    done = session.connection().execute(statement)
    assert isinstance(done, CursorResult)
    return done.rowcount


def _require(db: Database, actor: Actor, campaign_id: int) -> None:
    own = (CAMPAIGN.c.id == campaign_id, CAMPAIGN.c.account_id == actor.account_id)
    with db.read() as session:
        if session.connection().scalar(select(CAMPAIGN.c.id).where(*own)) is None:
            raise CampaignNotFound("reports.not_found")
