"""Whom « Supprimer contacts » is about: fixed when the question is asked, so that what is confirmed is what goes."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.db.rows import pack, rows
from smsapp.domain.delivery import Status, states_of
from smsapp.reports.actions import CONTACT, REMOVE
from smsapp.sending.tables import MESSAGE


@dataclass(frozen=True)
class Selection:
    """Failed messages, by id, and how many contacts of the book have their numbers."""

    message_ids: tuple[int, ...] = ()
    contacts: int = 0


def selection(
    db: Database, actor: Actor, campaign_id: int, without: Collection[int] = (), also: Collection[int] = ()
) -> Selection:
    """The messages of the actor's campaign whose numbers failed for good (S41, M34), but for ``without``; and those of
    ``also``, which may have failed for any cause.
    """
    mine = (MESSAGE.c.account_id == actor.account_id, MESSAGE.c.campaign_id == campaign_id)
    failed = (*mine, MESSAGE.c.state.in_(states_of(Status.ERROR)))
    with db.read() as session:
        connection = session.connection()
        hopeless = set(connection.scalars(select(MESSAGE.c.id).where(*failed, MESSAGE.c.cause.in_(REMOVE))))
        ids = sorted((hopeless - set(without)) | set(also))
        given = select(rows(db.is_sqlite, [("id", MESSAGE.c.id.type)]).c.id)
        numbers = select(MESSAGE.c.e164).where(*failed, MESSAGE.c.id.in_(given))
        contacts = connection.scalar(
            select(func.count())
            .select_from(CONTACT)
            .where(
                CONTACT.c.account_id == actor.account_id, CONTACT.c.deleted_at.is_(None), CONTACT.c.e164.in_(numbers)
            ),
            {"rows": pack(db.is_sqlite, [(id,) for id in ids])},
        )
    return Selection(tuple(ids), int(contacts or 0))
