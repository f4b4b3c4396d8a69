"""The figures of the sidebar, gathered from the rooms that know them."""

from dataclasses import dataclass

from smsapp.accounts.actor import Actor
from smsapp.campaigns.schedule import count_planned
from smsapp.contacts import service as contacts
from smsapp.inbox import service as inbox
from smsapp.ledger import service as ledger
from smsapp.web.runtime import runtime


@dataclass(frozen=True)
class Figures:
    """What may be spent, in units; how many contacts there are, conversations unread, campaigns planned."""

    balance_units: int
    contacts: int
    replies: int
    planned: int


def figures(actor: Actor) -> Figures:
    """Read from the database: call it in a worker thread."""
    db = runtime().db
    return Figures(
        ledger.balance(db, actor).available,
        contacts.count(db, actor),
        inbox.unread_count(db, actor),
        count_planned(db, actor),
    )
