"""The search index of the address book: which contacts may hold what was typed, found by trigrams.

A fragment of three letters or more is looked up in the index (`contact_fts`, see `smsapp/db/book_triggers.py`); what
comes back may hold it and is confirmed by the caller. A contact that was just written is not in the index yet: such
contacts are candidates too, until `index_some` has taken them in, a slice at a time, so that an import does not wait
for it and nobody waits long for the writer's turn.

A fragment that many contacts hold is answered without gathering them: `candidates` gives None; on SQLite `asked_of`
gives the question for the index, which then hands them out by id, a page at a time; on PostgreSQL `handed_out` does.
"""

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import BigInteger, ColumnElement, TextClause, bindparam, column, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col

from smsapp.accounts.actor import Actor
from smsapp.contacts.repeated import note_repeated
from smsapp.contacts.tables import Contact
from smsapp.db import Database

MOST = 60  # candidates worth gathering rather than reading the book
HANDED = 1_000  # candidates that PostgreSQL hands out at a time, when the first did not do
BLOCKS = (14, 17)  # its index says of each contact in which block of 2 ** 14 and of 2 ** 17 ids it stands
TAIL = 2_000  # contacts not indexed yet that are searched one by one
SLICE = 2_000  # contacts indexed in one transaction: a few hundredths of a second

_TAIL = "SELECT first_id, last_id FROM contact_to_index WHERE account_id = :a LIMIT :most"
_SPANS = "SELECT account_id, first_id, last_id FROM contact_to_index ORDER BY account_id, first_id LIMIT :most"
# The plus keeps the account's indexes out of it.
_WITHIN = "SELECT id FROM contact WHERE id BETWEEN :first AND :last AND +account_id = :a ORDER BY id LIMIT :most"
_SQLITE_FOUND = "SELECT rowid FROM contact_fts WHERE contact_fts MATCH :grams LIMIT :most"
# The mark of the account, or of blocks, is a condition of its own: among the trigrams it makes the index far slower.
_PG_HOLDING = (
    "SELECT contact_id FROM contact_fts WHERE grams @> CAST(:grams AS text[]) AND grams && CAST(:{} AS text[])"
)


def _in_order(rising: bool) -> TextClause:
    beyond, order = (">", "") if rising else ("<", " DESC")
    # The sum keeps the index of ids out of it, which would be read from its end until enough hold the fragments.
    parts = ("small", "large", "rest")
    named = ", ".join(
        f"{part} AS MATERIALIZED ({_PG_HOLDING.format(part)} AND contact_id {beyond} :{part}_after"
        f" ORDER BY contact_id + 0{order})"
        for part in parts
    )
    one_by_one = " UNION ALL ".join(f"TABLE {part}" for part in parts)
    return text(f"WITH {named} {one_by_one} LIMIT :most")


_PG_RISING, _PG_FALLING = _in_order(rising=True), _in_order(rising=False)


def marks_of(blocks: Sequence[int]) -> str:
    """What stands among the trigrams of every contact on PostgreSQL, as SQL: its account, and its blocks of ids in the
    account's book; longer than a trigram, so never one.
    """
    account = "'account:' || account_id"
    return ", ".join([account, *(f"{account} || ':{bits}:' || (id >> {bits})" for bits in blocks)])


MARKS = marks_of(BLOCKS)


def trigrams(fragments: Sequence[str]) -> list[str]:
    """Every three letters in a row of the fragments, once, in order: "ines" -> ["ine", "nes"]."""
    return list(dict.fromkeys(f[at : at + 3] for f in fragments for at in range(len(f) - 2)))


def enough_trigrams(fragments: Sequence[str]) -> list[str]:
    """The same, but of many digits, any three of which are as frequent as others, no more than hold them all:
    PostgreSQL reads each of them ("7694336" -> ["769", "433", "336"]).
    """
    found: dict[str, None] = {}
    for f in fragments:
        ats = {*range(0, len(f) - 2, 3), len(f) - 3} if f.isdigit() and len(f) > 6 else range(len(f) - 2)
        found |= dict.fromkeys(f[at : at + 3] for at in sorted(ats))
    return list(found)


def candidates(session: Session, actor: Actor, fragments: Sequence[str], most: int | None = None) -> list[int] | None:
    """The ids of the contacts that may hold every one of ``fragments`` (folded, see folding.py), in no order.

    None when the index cannot say (fragments under three letters) or when there are more than ``most`` (MOST). On
    SQLite the index knows nothing of accounts: ids of others may be among them, so the caller asks for its own account.
    """
    if not trigrams(fragments):
        return None
    sqlite = session.get_bind().dialect.name == "sqlite"
    most = most if most is not None else MOST
    tail = not_indexed(session, actor)
    if tail is None:
        return None
    if sqlite:
        found = session.execute(text(_SQLITE_FOUND), {"grams": asked_of(fragments), "most": most + 1}).scalars().all()
    else:
        asked = text(f"{_PG_HOLDING.format('mine')} LIMIT :most")
        given = {"grams": enough_trigrams(fragments), "mine": [_mark(actor.account_id)], "most": most + 1}
        found = session.execute(asked, given).scalars().all()
    if len(found) > most:
        return None
    return list({*found, *tail})


def handed_out(
    session: Session, actor: Actor, fragments: Sequence[str], *, after: int | None, rising: bool, most: int
) -> Iterator[list[int]]:
    """PostgreSQL: the contacts beyond the id ``after`` that the index says may hold ``fragments``, in the order of ids;
    ``most`` at first.

    The index gives nothing in order, so it is asked for a small block of ids, then for a large one, then for all that
    are left: what many hold is met in the first, what few hold is little to sort. A part of the statement is only
    carried out when the parts before it gave too few; MATERIALIZED keeps them one after the other.
    """
    if after is None:
        after = 0 if rising else session.execute(text("SELECT coalesce(max(id), 0) + 1 FROM contact")).scalar_one()
    asked = _PG_RISING if rising else _PG_FALLING
    mark = _mark(actor.account_id)
    while True:
        given: dict[str, object] = {"grams": enough_trigrams(fragments), "rest": [mark], "most": most}
        beyond = after
        for part, bits in zip(("small", "large"), BLOCKS, strict=True):
            blocks, end = _blocks(beyond, bits, rising)
            given |= {part: [f"{mark}:{bits}:{block}" for block in blocks], f"{part}_after": beyond}
            beyond = end
        found = list(session.execute(asked, given | {"rest_after": beyond}).scalars())
        if found:
            yield found
        if len(found) < most:
            return
        after, most = found[-1], HANDED


def _blocks(after: int, bits: int, rising: bool) -> tuple[list[int], int]:
    """The block of 2 ** ``bits`` ids beyond the id ``after``, and the next one if it is more than half over; and the
    last of their ids.
    """
    step, size = 1 if rising else -1, 1 << bits
    block = (after + step) >> bits
    end = (block + 1) * size - 1 if rising else block * size
    if abs(end - after) >= size // 2:
        return [block], end
    return [block, block + step], end + step * size


def holding(session: Session, actor: Actor, fragments: Sequence[str]) -> ColumnElement[bool] | None:
    """A condition on ``Contact``: the index says that it may hold ``fragments``; None when it cannot say. What is only
    noted is beside it on SQLite, and may be among it on PostgreSQL.
    """
    if not trigrams(fragments):
        return None
    if session.get_bind().dialect.name == "sqlite":
        found = text("SELECT rowid FROM contact_fts WHERE contact_fts MATCH :grams").bindparams(
            grams=asked_of(fragments)
        )
    else:
        found = text(_PG_HOLDING.format("mine")).bindparams(
            grams=enough_trigrams(fragments), mine=[_mark(actor.account_id)]
        )
    return col(Contact.id).in_(found.columns(column("id", BigInteger())))


def not_indexed(session: Session, actor: Actor) -> list[int] | None:
    """The ids of the account's contacts that the index does not know yet; None when there are more than TAIL."""
    spans = session.execute(text(_TAIL), {"a": actor.account_id, "most": TAIL + 1}).all()
    if len(spans) > TAIL:
        return None
    tail: list[int] = []
    for first, last in spans:
        tail += [first] if first == last else _within(session, actor.account_id, first, last, TAIL + 1)
        if len(tail) > TAIL:
            return None
    return tail


def _within(session: Session, account_id: int, first: int, last: int, most: int) -> list[int]:
    """The contacts of an account in a span of ids, in order, at most ``most``."""
    given = {"a": account_id, "first": first, "last": last, "most": most}
    return list(session.execute(text(_WITHIN), given).scalars())


def asked_of(fragments: Sequence[str]) -> str:
    """The question for `contact_fts` on SQLite: every trigram, each a word in quotes, so never a command."""
    return " ".join('"' + gram.replace('"', '""') + '"' for gram in trigrams(fragments))


def index_some(db: Database, limit: int = SLICE) -> int:
    """Take up to ``limit`` of the contacts that are noted into the search index. Returns how many; 0: all are in it."""
    return db.retrying(lambda session: _index_some(session, limit))


def index_all(db: Database) -> int:
    """Index whatever is noted, slice by slice. Returns how many."""
    total = 0
    while done := index_some(db):
        total += done
    return total


def _index_some(session: Session, limit: int) -> int:
    while spans := _taken(session, limit):
        if ids := _contacts_of(session, spans, limit):
            _take_in(session, ids)
            return len(ids) - note_repeated(session, ids)
    return 0


def _taken(session: Session, limit: int) -> list[tuple[int, int, int]]:
    """The spans to look at: account, first, last. Two processes that index at once (PostgreSQL) take different ones."""
    locked = "" if session.get_bind().dialect.name == "sqlite" else " FOR UPDATE SKIP LOCKED"
    found = session.execute(text(_SPANS + locked), {"most": limit})
    return [(account_id, first, last) for account_id, first, last in found]


def _contacts_of(session: Session, spans: Sequence[tuple[int, int, int]], limit: int) -> list[int]:
    """Up to ``limit`` contacts of the spans, from the first on; what is given out of the spans is no longer noted."""
    ids: list[int] = []
    done: list[dict[str, int]] = []
    for account_id, first, last in spans:
        if (room := limit - len(ids)) <= 0:
            break
        found = [first] if first == last else _within(session, account_id, first, last, room)
        ids += found
        done.append({"a": account_id, "first": first})
        if len(found) == room and found[-1] < last:
            rest = text(
                "INSERT INTO contact_to_index (account_id, first_id, last_id) VALUES (:a, :first, :last)"
                " ON CONFLICT (account_id, first_id) DO UPDATE SET last_id = excluded.last_id"
                " WHERE excluded.last_id > contact_to_index.last_id"
            )
            session.execute(rest, {"a": account_id, "first": found[-1] + 1, "last": last})
    session.connection().execute(text("DELETE FROM contact_to_index WHERE account_id = :a AND first_id = :first"), done)
    return ids


def _take_in(session: Session, ids: Sequence[int]) -> None:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(
                "INSERT INTO contact_fts (rowid, search)"
                " SELECT id, search FROM contact WHERE id IN (SELECT value FROM json_each(:ids))"
            ),
            {"ids": json.dumps(ids)},
        )
        return
    connection.execute(
        text(
            "INSERT INTO contact_fts (contact_id, grams)"  # noqa: S608 (a text of our own)
            f" SELECT id, smsapp_trigrams(search) || ARRAY[{MARKS}] FROM contact WHERE id = ANY(:ids)"
            " ON CONFLICT (contact_id) DO UPDATE SET grams = excluded.grams"
        ).bindparams(bindparam("ids", ids, type_=ARRAY(BigInteger)))
    )


def _mark(account_id: int) -> str:
    return f"account:{account_id}"
