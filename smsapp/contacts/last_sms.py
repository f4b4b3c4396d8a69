"""What the book asks of the messages, which stand above it: how the last SMS to a number ended.

The table is named, not imported: floors import downwards only.
"""

from sqlalchemy import BigInteger, ColumnElement, String, column, select, table
from sqlmodel import col

from smsapp.contacts.tables import Contact
from smsapp.domain.delivery import Status, states_of

_MESSAGE = table(
    "message",
    column("id", BigInteger()),
    column("account_id", BigInteger()),
    column("e164", BigInteger()),
    column("state", String()),
)


def last_is(account_id: int, status: Status) -> ColumnElement[bool]:
    """A condition on ``Contact``: the last SMS to its number has this status."""
    last = (
        select(_MESSAGE.c.state)
        .where(_MESSAGE.c.e164 == col(Contact.e164), _MESSAGE.c.account_id == account_id)
        .order_by(_MESSAGE.c.id.desc())
        .limit(1)
        .correlate(Contact)
        .scalar_subquery()
    )
    return last.in_([state.value for state in states_of(status)])
