"""Which contacts may answer a filter, when they are few: gathered from where the filter's own rows stand.

Reading the book in its order until a page is full is quick when many answer, and reads the whole book when nobody does.
What few answer to is found from the other side: the members of a list, the numbers of a blacklist, the invalid, the
numbers that begin with a country's calling code, the messages in a state. Every source gives at least all contacts that
answer; the caller confirms them with `listing.conditions`.
"""

from collections.abc import Callable, Iterator

import phonenumbers
from sqlalchemy import text
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.contacts.last_sms import numbers_in
from smsapp.domain.delivery import Status

_MEMBERS = "SELECT contact_id FROM group_member WHERE group_id = :group LIMIT :most"
_INVALID = "SELECT id FROM contact WHERE account_id = :a AND state = 'invalid' AND deleted_at IS NULL LIMIT :most"
# CROSS JOIN: SQLite reads the blacklist first, and looks its numbers up in the book.
_REFUSED = (
    "SELECT c.id FROM suppression AS s CROSS JOIN contact AS c WHERE s.account_id = :a AND {which}"
    " AND c.account_id = s.account_id AND c.e164 = s.e164 AND c.deleted_at IS NULL LIMIT :most"
)
_STOP = _REFUSED.format(which="s.origin = 'stop'")
_LISTED = _REFUSED.format(which="s.origin <> 'stop'")
_RANGE = (
    "SELECT * FROM (SELECT id FROM contact WHERE account_id = :a AND e164 BETWEEN {first} AND {last} LIMIT :most) AS r"
)
_NUMBERS = (
    "SELECT c.id FROM ({numbers}) AS s CROSS JOIN contact AS c WHERE c.account_id = :a AND c.e164 = s.e164 LIMIT :most"
)
_LENGTHS = range(5, 16)  # digits of an E.164 number


def few(
    session: Session,
    actor: Actor,
    group_id: int | None,
    *,
    state: str | None,
    territory: str,
    status: Status | None,
    most: int,
) -> list[int] | None:
    """Ids of contacts among which all those stand that answer, at most ``most``, in no order; some may stand twice.

    None when each of the filters has more, or there is none.
    """
    given: dict[str, int | None] = {"a": actor.account_id, "group": group_id, "most": most + 1}
    for source in _sources(session, actor.account_id, group_id, state, territory, status, most):
        asked = source()
        if asked is None:
            continue
        found = list(session.execute(text(asked), given).scalars()) if asked else []
        if len(found) <= most:
            return found
    return None


def _sources(
    session: Session,
    account_id: int,
    group_id: int | None,
    state: str | None,
    territory: str,
    status: Status | None,
    most: int,
) -> Iterator[Callable[[], str | None]]:
    """The statements to try, the cheapest first: "" for nobody, None for very many."""
    if group_id is not None:
        yield lambda: _MEMBERS
    if state == "invalid":
        yield lambda: _INVALID
    if state in ("stop", "blacklisted"):
        yield lambda: _STOP if state == "stop" else _LISTED
    if territory:
        yield lambda: _abroad(territory)
    if status is not None:
        yield lambda: _written_to(session, account_id, status, most)


def _abroad(territory: str) -> str | None:
    """The contacts whose number begins with the calling code of a territory, which others may share."""
    code = phonenumbers.country_code_for_region(territory)
    if not code:
        return None
    bounds = [(code * 10**rest, (code + 1) * 10**rest - 1) for n in _LENGTHS if (rest := n - len(str(code))) >= 0]
    return " UNION ALL ".join(_RANGE.format(first=first, last=last) for first, last in bounds) + " LIMIT :most"


def _written_to(session: Session, account_id: int, status: Status, most: int) -> str | None:
    numbers = numbers_in(session, account_id, status, most)
    return _NUMBERS.format(numbers=numbers) if numbers else numbers
