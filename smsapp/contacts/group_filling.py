"""A group of everyone who answers a view of the book, however many: filled in slices, each a transaction of its own."""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.contacts.groups import GroupNameTaken, add_members, new_group, owned_group, owned_list
from smsapp.contacts.listing import Query, conditions
from smsapp.contacts.tables import Contact, GroupMember
from smsapp.db import Database
from smsapp.domain.moment import moment_of

SLICE: Final = 10_000

Told = Callable[[int], None]
"""Hears how many contacts were looked at so far."""

_MEMBER = GroupMember.metadata.tables["group_member"]


def count_answering(db: Database, actor: Actor, query: Query) -> int:
    """How many contacts answer ``query``, whatever its page.

    Raises:
        GroupNotFound
    """
    with db.read() as session:
        if query.group_id is not None:
            owned_group(session, actor, query.group_id)
        asked = select(func.count()).select_from(Contact).where(*_mine(actor, query))
        return int(session.execute(asked).scalar_one())


def group_answering(db: Database, actor: Actor, group_id: int, query: Query, told: Told | None = None) -> int:
    """Put everyone who answers ``query`` in a list. Returns how many were not in it before.

    What a crash leaves undone is done by asking again.

    Raises:
        GroupNotFound
    """
    last, seen, added = 0, 0, 0

    def work(session: Session) -> tuple[int, int, int]:
        owned_list(session, actor, group_id)
        if query.group_id is not None:
            owned_group(session, actor, query.group_id)
        number = col(Contact.id)
        some = select(number).where(*_mine(actor, query), number > last).order_by(number).limit(SLICE).subquery()
        upto, met = session.execute(select(func.max(some.c.id), func.count()).select_from(some)).one()
        if not met:
            return last, 0, 0
        sqlite = session.get_bind().dialect.name == "sqlite"
        chosen = select(literal(group_id), number).where(*_mine(actor, query), number > last, number <= upto)
        statement = (sqlite_insert if sqlite else pg_insert)(_MEMBER).from_select(["group_id", "contact_id"], chosen)
        counted = statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        done = session.connection().execute(counted)
        return upto, met, done.rowcount

    while True:
        last, met, new = db.retrying(work)
        seen, added = seen + met, added + new
        if told is not None:
            told(seen)
        if met < SLICE:
            return added


def new_list(db: Database, actor: Actor, name: str) -> int:
    """A list called ``name`` followed by the local time, made to be filled; a number tells two of one minute apart."""
    with db.write() as session:
        account = session.get(Account, actor.account_id)
        at = moment_of(db.now(), account.time_zone if account else "Europe/Paris").typed
        title = f"{name[:90]} {at}"
        for again in range(2, 100):
            try:
                return new_group(session, db, actor, title)
            except GroupNameTaken:
                title = f"{name[:90]} {at} ({again})"
        return new_group(session, db, actor, title)


def fill(db: Database, actor: Actor, group_id: int, contact_ids: Sequence[int]) -> int:
    """Put chosen contacts in a list, in slices. Returns how many were not in it before. Raises GroupNotFound."""
    added = 0
    for start in range(0, len(contact_ids), SLICE):

        def work(session: Session, some: Sequence[int] = contact_ids[start : start + SLICE]) -> int:
            owned_list(session, actor, group_id)
            return add_members(session, actor, group_id, some)

        added += db.retrying(work)
    return added


def _mine(actor: Actor, query: Query) -> tuple[ColumnElement[bool], ...]:
    return (col(Contact.account_id) == actor.account_id, *conditions(actor.account_id, query))
