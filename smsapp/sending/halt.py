"""The brake of the whole installation: while the ledger is in doubt no process claims anything, also after a restart.

``prove`` is what pulls and releases it: hourly by the leading process, and by a person with ``smsapp ledger check``.
"""

from sqlalchemy import delete, func, insert, select
from sqlmodel import Session

from smsapp.db import Database
from smsapp.ledger.check import Violation
from smsapp.sending.check import check
from smsapp.sending.tables import HALT


def prove(db: Database) -> list[Violation]:
    """Check the ledger whole (L1 to L10) and leave what was found for every process that sends."""
    found = check(db)

    def work(session: Session) -> None:
        connection = session.connection()
        connection.execute(delete(HALT))
        if found:
            rules = " ".join(sorted({violation.rule for violation in found}))
            connection.execute(insert(HALT).values(since=db.now(), violations=len(found), rules=rules))

    if found or violations(db):
        db.retrying(work)
    return found


def violations(db: Database) -> int:
    """How many violations the last check found: above 0, nothing may be claimed."""
    with db.read() as session:
        return int(session.connection().scalar(select(func.max(HALT.c.violations))) or 0)
