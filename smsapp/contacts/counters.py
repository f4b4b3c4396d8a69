"""How many there are: read from counters that the database keeps itself (`smsapp/db/book_triggers.py`), never counted.

A page that counted a million contacts would make everybody wait for a figure that nobody needs at that moment.
"""

from collections.abc import Collection
from typing import Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from smsapp.contacts.tables import BookCounter

Kind = Literal["contacts", "blacklisted", "members"]


def counted(session: Session, kind: Kind, ref: int) -> int:
    """Contacts of an account (deleted ones left out), its blacklisted numbers, or the members of a group."""
    return counts(session, kind, [ref]).get(ref, 0)


def counts(session: Session, kind: Kind, refs: Collection[int]) -> dict[int, int]:
    """The same of several accounts or groups; those that hold nothing may be missing."""
    asked = (
        select(BookCounter.ref, func.sum(BookCounter.count))
        .where(BookCounter.kind == kind, col(BookCounter.ref).in_(refs))
        .group_by(col(BookCounter.ref))
    )
    return {ref: int(total) for ref, total in session.execute(asked)}
