"""How many contacts answer a filter, the live count of a smart group: nobody waits for it, and yet it is not to read a
whole book row by row where an index knows better.

Few candidates (sources.py) are confirmed one by one; a text is counted from the search index; the blacklisted are
counted from the blacklist; the active are all but the others. What is left is read from the index that holds what is
filtered by.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Table, func, literal_column
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.counters import counted
from smsapp.contacts.folding import sought
from smsapp.contacts.listing import FEW, Query, conditions
from smsapp.contacts.search import holding, not_indexed
from smsapp.contacts.sources import few
from smsapp.contacts.tables import Contact, Suppression
from smsapp.db.rows import pack, rows

_CONTACT: Table = Contact.__table__  # type: ignore[attr-defined]
_REFUSED: Table = Suppression.__table__  # type: ignore[attr-defined]
_MINE = literal_column("+contact.account_id", BigInteger())  # the plus keeps the account's indexes out of it


def live_count(session: Session, actor: Actor, query: Query) -> int:
    """How many contacts of the account answer now, whatever the page."""
    if query.state == "active":
        everyone = replace(query, state=None)
        return live_count(session, actor, everyone) - _out_of_reach(session, actor, everyone)
    if query == Query(sort=query.sort):
        return counted(session, "contacts", actor.account_id)
    asked = conditions(actor.account_id, query)
    found = few(
        session, actor, query.group_id, state=query.state, territory=query.territory, status=query.status, most=FEW
    )
    if found is not None:
        return _among(session, actor, found, asked)
    tail = not_indexed(session, actor)
    if tail is not None and (index := holding(session, actor, sought(query.text))) is not None:
        known = select(func.count()).select_from(Contact).where(index, actor.account_id == _MINE, *asked)
        if not tail:
            return int(session.execute(known).scalar_one())
        chosen, given = _chosen(session, tail)
        return int(session.execute(known.where(~chosen), given).scalar_one()) + _among(session, actor, tail, asked)
    if query.state in ("stop", "blacklisted"):
        of_stop = _REFUSED.c.origin == "stop"
        which = of_stop if query.state == "stop" else ~of_stop
        return _refused(session, actor, [which, *conditions(actor.account_id, replace(query, state=None))])
    # The bound says nothing new: it shows SQLite the index that holds what is asked for, or else the one in the order
    # in which the contacts themselves lie.
    bound = col(Contact.id) > 0 if query.text else col(Contact.sort_name) >= ""
    return _read(session, [col(Contact.account_id) == actor.account_id, bound, *asked])


def _read(session: Session, asked: Iterable[ColumnElement[bool]]) -> int:
    return int(session.execute(select(func.count()).select_from(Contact).where(*asked)).scalar_one())


def _out_of_reach(session: Session, actor: Actor, query: Query) -> int:
    """How many of those who answer ``query`` are not active: invalid, or on the blacklist."""
    asked = conditions(actor.account_id, query)
    mine, state = col(Contact.account_id) == actor.account_id, col(Contact.state)
    invalid = _read(session, [mine, state == literal_column("'invalid'"), *asked])
    return invalid + _refused(session, actor, [state != "invalid", *asked])


def _refused(session: Session, actor: Actor, asked: Iterable[ColumnElement[bool]]) -> int:
    """How many contacts whose number is on the blacklist, looked up from there."""
    same = (_CONTACT.c.account_id == _REFUSED.c.account_id) & (_CONTACT.c.e164 == _REFUSED.c.e164)
    both = select(func.count()).select_from(_REFUSED.join(_CONTACT, same))
    return int(session.execute(both.where(_REFUSED.c.account_id == actor.account_id, *asked)).scalar_one())


def _among(session: Session, actor: Actor, ids: Iterable[int], asked: Iterable[ColumnElement[bool]]) -> int:
    """How many of some contacts answer, looked up one by one."""
    chosen, given = _chosen(session, ids)
    among = select(func.count()).select_from(Contact).where(chosen, actor.account_id == _MINE, *asked)
    return int(session.execute(among, given).scalar_one())


def _chosen(session: Session, ids: Iterable[int]) -> tuple[ColumnElement[bool], dict[str, Any]]:
    sqlite = session.get_bind().dialect.name == "sqlite"
    wanted = rows(sqlite, (("value", BigInteger()),))
    return col(Contact.id).in_(select(wanted.c.value)), {"rows": pack(sqlite, [(id,) for id in ids])}
