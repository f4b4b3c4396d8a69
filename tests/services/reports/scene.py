"""A campaign with something of everything, and the rows to compare its report with."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.tables import Contact
from smsapp.db import Database, SimulatedClock
from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Dlr, Outcome, Result
from smsapp.reports.actions import CONTACT
from smsapp.sending.outbox import Answer, window
from smsapp.sending.receipts import take_in
from smsapp.sending.tables import MESSAGE
from tests.services.sending.house import FIRST, POLICY, running

SIZE = 30
TAKEN = 16
INVALID = (FIRST + 9, FIRST + 10)  # not attributed, said by a report
REFUSED = FIRST + 16  # not attributed, said by the gateway at once
EXPECTED = {
    "accepted": 3,
    "operator": 3,
    "delivered": 6,
    "failed": 4,
    "rejected": 2,
    "unknown": 2,
    "queued": 10,
}


def leave(db: Database, actor: Actor, clock: SimulatedClock, first: int = FIRST) -> int:
    """A running campaign of SIZE messages standing as EXPECTED says, in the order of ranks."""
    campaign_id = running(db, actor, SIZE, first=first)
    claimed = window(db, lane="live", gateway="g", size=20, policy=POLICY)
    clock.advance(timedelta(seconds=1))
    outcomes: list[tuple[Outcome, Cause | None]] = [(Outcome.ACCEPTED, None)] * TAKEN
    outcomes += [(Outcome.REJECTED, Cause.INVALID), (Outcome.REJECTED, Cause.CONTENT)]
    outcomes += [(Outcome.UNKNOWN, None)] * 2
    answers = [
        Answer(ticket, Result(submit.key, outcome, f"id-{submit.key}", cause=cause))
        for ticket, submit, (outcome, cause) in zip(claimed.tickets, claimed.batch, outcomes, strict=True)
    ]
    window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)
    keys = [submit.key for submit in claimed.batch]
    clock.advance(timedelta(seconds=2))
    take_in(db, "g", [_report(db, key, State.OPERATOR) for key in keys[:9]])
    clock.advance(timedelta(seconds=4))
    failures = (Cause.INVALID, Cause.INVALID, Cause.OFF, Cause.SPAM)
    reports = [_report(db, key, State.DELIVERED) for key in keys[:6]]
    reports += [_report(db, key, State.FAILED, why) for key, why in zip(keys[9:13], failures, strict=True)]
    take_in(db, "g", reports)
    return campaign_id


def _report(db: Database, ref: str, state: State, cause: Cause | None = None) -> Dlr:
    return Dlr(f"{ref}-{state}", ref, None, state, cause, "20810", db.now())


def rows_by_state(db: Database, campaign_id: int) -> Counter[str]:
    """What counting the messages themselves gives."""
    query = select(MESSAGE.c.state, func.count()).where(MESSAGE.c.campaign_id == campaign_id).group_by(MESSAGE.c.state)
    with db.read() as session:
        return Counter({str(row[0]): int(row[1]) for row in session.connection().execute(query)})


def message_ids(db: Database, campaign_id: int) -> dict[int, int]:
    """The messages of a campaign: E.164 -> id."""
    query = select(MESSAGE.c.e164, MESSAGE.c.id).where(MESSAGE.c.campaign_id == campaign_id)
    with db.read() as session:
        return {row.e164: row.id for row in session.connection().execute(query)}


def add_contact(db: Database, actor: Actor, e164: int) -> int:
    with db.write() as session:
        made = Contact(
            account_id=actor.account_id, e164=e164, territory="FR", nom="X", created_at=db.now(), updated_at=db.now()
        )
        session.add(made)
        session.flush()
        return made.id or 0


def in_book(db: Database, actor: Actor) -> dict[int, str]:
    """The contacts of the book that are not deleted: id -> state."""
    query = select(CONTACT.c.id, CONTACT.c.state).where(
        CONTACT.c.account_id == actor.account_id, CONTACT.c.deleted_at.is_(None)
    )
    with db.read() as session:
        return {row.id: row.state for row in session.connection().execute(query)}
