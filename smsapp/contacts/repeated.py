"""Numbers that stand more than once in a book, as the database keeps them (`contact_repeated`, see
`smsapp/db/book_triggers.py`): right whatever process changed the book, at the price of looking at what is noted.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session

from smsapp.contacts.tables import RepeatedNumber

REPEATED = RepeatedNumber.metadata.tables[str(RepeatedNumber.__tablename__)]

_OTHER = (
    "EXISTS (SELECT 1 FROM contact AS o WHERE o.account_id = c.account_id AND o.e164 = c.e164 AND o.id <> c.id"
    " AND o.deleted_at IS NULL)"
)
_AMONG = f"SELECT DISTINCT c.account_id, c.e164 FROM contact AS c WHERE {{ids}} AND c.deleted_at IS NULL AND {_OTHER}"  # noqa: S608
# Whoever changes one of these contacts at this moment is not waited for: the number is looked at again.
_HELD = (
    "SELECT c.account_id, c.e164 FROM contact AS c WHERE c.account_id = :a AND c.e164 = ANY(:numbers)"
    " AND c.deleted_at IS NULL FOR SHARE SKIP LOCKED"
)
_AGAIN = (
    "INSERT INTO contact_to_index (account_id, first_id, last_id) SELECT account_id, id, id FROM contact"
    " WHERE id = ANY(:ids) AND account_id = :a AND e164 = ANY(:numbers) ON CONFLICT (account_id, first_id)"
    " DO UPDATE SET last_id = greatest(contact_to_index.last_id, excluded.last_id)"
)


def repeated_among(session: Session, ids: Sequence[int], account_id: int | None = None) -> dict[int, set[int]]:
    """The numbers of these contacts that stand more than once, by account; ``account_id``: in this one only."""
    if not ids:
        return {}
    sqlite = session.get_bind().dialect.name == "sqlite"
    mine = "" if account_id is None else "c.account_id = :a AND "
    chosen = "c.id IN (SELECT value FROM json_each(:ids))" if sqlite else "c.id = ANY(:ids)"
    asked = text(_AMONG.format(ids=mine + chosen))
    given: dict[str, Any] = {} if account_id is None else {"a": account_id}
    if sqlite:
        given["ids"] = json.dumps(list(ids))
    else:
        asked = asked.bindparams(_many("ids", ids))
    found: dict[int, set[int]] = {}
    for account, e164 in session.execute(asked, given):
        found.setdefault(account, set()).add(e164)
    return found


def note_repeated(session: Session, ids: Sequence[int]) -> int:
    """Take in the numbers of contacts that are no longer noted. Returns how many contacts had to be noted again.

    PostgreSQL: a number is taken in while two of its contacts are held, so that they cannot go unseen meanwhile.
    """
    again = 0
    for account_id, numbers in repeated_among(session, ids).items():
        sure = numbers
        if session.get_bind().dialect.name != "sqlite":
            sure = _held(session, account_id, numbers)
            if left := sorted(numbers - sure):
                asked = text(_AGAIN).bindparams(_many("ids", ids), _many("numbers", left))
                again += session.connection().execute(asked, {"a": account_id}).rowcount
        if sure:
            session.connection().execute(
                text("INSERT INTO contact_repeated (account_id, e164) VALUES (:a, :n) ON CONFLICT DO NOTHING"),
                [{"a": account_id, "n": number} for number in sorted(sure)],
            )
    return again


def _held(session: Session, account_id: int, numbers: Collection[int]) -> set[int]:
    """Those of ``numbers`` of which two contacts are held now, until the end of the transaction."""
    asked = text(_HELD).bindparams(_many("numbers", sorted(numbers)))
    met: set[int] = set()
    twice: set[int] = set()
    for _, e164 in session.execute(asked, {"a": account_id}):
        (twice if e164 in met else met).add(e164)
    return twice


def _many(name: str, values: Sequence[int]) -> Any:
    return bindparam(name, list(values), type_=ARRAY(BigInteger))
