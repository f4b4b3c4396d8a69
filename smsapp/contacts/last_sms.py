"""What the book asks of the messages, which stand above it: how the last SMS to a number ended.

The tables are named, not imported: floors import downwards only.
"""

from sqlalchemy import BigInteger, ColumnElement, String, column, select, table, text
from sqlmodel import Session, col

from smsapp.contacts.tables import Contact
from smsapp.domain.delivery import State, Status, states_of

MOST_READ = 1_000_000  # messages of campaigns worth reading for the few of them in a state

_MESSAGE = table(
    "message",
    column("id", BigInteger()),
    column("account_id", BigInteger()),
    column("e164", BigInteger()),
    column("state", String()),
)
_COUNTED = text(
    "SELECT k.campaign_id, k.state, sum(k.count) FROM campaign AS c JOIN campaign_counter AS k ON k.campaign_id = c.id"
    " WHERE c.account_id = :a AND k.count <> 0 GROUP BY k.campaign_id, k.state"
)
# The message table has an index of those in these states, whatever their campaign.
_APART = (State.UNKNOWN, State.SUBMITTING)


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


def numbers_in(session: Session, account_id: int, status: Status, most: int) -> str | None:
    """A statement for the numbers (``e164``) that have a message of this status, last or not: "" when the counters of
    the campaigns say that there is none, None when there are more than ``most`` or finding them means reading too much.
    """
    counted = session.execute(_COUNTED, {"a": account_id}).all()
    held = [(campaign, state, int(n)) for campaign, state, n in counted if state in states_of(status)]
    if sum(n for _, _, n in held) > most:
        return None
    apart = {state for _, state, _ in held if state in _APART}
    read = {(campaign, state) for campaign, state, _ in held if state not in _APART}
    campaigns = {campaign for campaign, state in read if state != State.QUEUED}
    if sum(int(n) for campaign, _, n in counted if campaign in campaigns) > MOST_READ:
        return None
    parts = [f"account_id = {account_id:d} AND state = '{State(state)}'" for state in sorted(apart)]
    parts += [f"campaign_id = {campaign:d} AND state = '{State(state)}'" for campaign, state in sorted(read)]
    if len(parts) > 200:
        return None
    return " UNION ALL ".join(f"SELECT e164 FROM message WHERE {part}" for part in parts)  # noqa: S608 (our own values)
