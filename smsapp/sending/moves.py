"""The one way in which messages change state: rows, history, figures and credits together, in the caller's transaction.

A move is a message before and after. Which credits move follows from the two states alone:

    queued -> submitting                       hold      available or promo -> held
    submitting, unknown -> taken               capture   held -> consumed: the debit that people see (S55)
    submitting, unknown -> anything else       release   held -> where it came from
    queued, expired_unknown, closed -> taken   writeoff  the house pays what it had given back
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from operator import attrgetter

from sqlalchemy import ColumnElement, Connection, Executable, Update, bindparam, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session

from smsapp.db.rows import all_same, insert_rows, pack, rows
from smsapp.domain.delivery import TAKEN, State
from smsapp.ledger.posting import Funds, Pot, Transfer, lock, post_new
from smsapp.ledger.tables import Kind
from smsapp.sending.tables import COUNTER, EVENT, MESSAGE

HELD = frozenset({State.SUBMITTING, State.UNKNOWN})


@dataclass(slots=True)
class Row:
    """What a move needs of a message. The first part never changes, the second is what a move writes."""

    id: int
    account_id: int
    campaign_id: int
    territory: str
    cost: int
    e164: int
    client_ref: str

    state: State
    attempt: int
    promo: int
    not_before: datetime
    asked: int
    missing_since: datetime | None
    lease_token: str | None
    lease_until: datetime | None
    gateway: str | None
    gateway_message_id: str | None
    operator: str | None
    cause: str | None
    first_try_at: datetime | None
    submitted_at: datetime | None
    accepted_at: datetime | None
    state_at: datetime

    def copy(self) -> "Row":
        return Row(*_values(self))


_NAMES = [f.name for f in fields(Row)]
_WRITTEN = _NAMES[_NAMES.index("state") :]
_values = attrgetter(*_NAMES)
_written = attrgetter(*_WRITTEN)
_counted = attrgetter("campaign_id", "state", "cause", "territory", "cost")
COLUMNS = [MESSAGE.c[name] for name in _NAMES]


@dataclass(slots=True)
class Step:
    """A line of the message's history."""

    state: State
    why: str
    at: datetime
    cause: str | None = None
    operator: str | None = None
    user_id: int | None = None

    @property
    def said(self) -> tuple[str | None, str | None, int | None]:
        return self.cause, self.operator, self.user_id


@dataclass(slots=True)
class Move:
    """A message before and after, with the steps in between for its history."""

    before: Row
    after: Row
    steps: list[Step] = field(default_factory=list)
    _transfers: list[Transfer] | None = None

    @classmethod
    def of(cls, row: Row) -> "Move":
        return cls(row, row.copy())

    def to(
        self,
        state: State,
        why: str,
        at: datetime,
        cause: str | None = None,
        operator: str | None = None,
        user_id: int | None = None,
    ) -> "Move":
        """Go on to ``state``, at the instant ``at``; leases end with ``submitting``. ``user_id``: who wanted it."""
        after = self.after
        if state is not State.SUBMITTING:
            after.lease_token = after.lease_until = None
        if state in TAKEN and after.state not in TAKEN:
            after.accepted_at = at
        after.state, after.state_at, after.cause = state, at, cause
        after.operator = operator or after.operator
        self.steps.append(Step(state, why, at, cause, operator, user_id))
        return self

    @property
    def changes(self) -> bool:
        """Whether anything would be written."""
        return bool(self.steps) or self.before != self.after


def state_is(state: State) -> ColumnElement[bool]:
    """``message.state = '<state>'`` spelled out, as partial indexes need it."""
    return MESSAGE.c.state == literal_column(f"'{state.value}'")


def load(connection: Connection, where: ColumnElement[bool], *, limit: int | None = None) -> list[Row]:
    """The messages of ``where``, locked in ascending id."""
    query = select(*COLUMNS).where(where).order_by(MESSAGE.c.id).with_for_update(key_share=True)
    if limit is not None:
        query = query.limit(limit)
    return [row_of(found) for found in connection.execute(query)]


def row_of(found: Sequence[object]) -> Row:
    """A ``Row`` from a result whose first columns are ``COLUMNS``."""
    row = Row(*found[: len(_NAMES)])  # type: ignore[arg-type]  # the columns have the types of the fields, in order
    row.state = State(row.state)
    return row


def transfers(move: Move) -> list[Transfer]:
    """The credits that move with a message that has come to its end (see the head of this file)."""
    if move._transfers is None:
        move._transfers = _transfers(move.before, move.after)
    return move._transfers


def _transfers(before: Row, after: Row) -> list[Transfer]:
    if before.state is State.QUEUED and after.state is State.SUBMITTING:
        return _split(after, "hold", after.attempt, to_held=True)
    if before.state in HELD:
        if after.state in TAKEN:
            return [_one(before, "capture", Pot(Kind.HELD, before.account_id))] if before.cost else []
        if after.state not in HELD:
            return _split(before, "release", before.attempt, to_held=False)
    elif before.state not in TAKEN and after.state in TAKEN:
        return [_one(before, "writeoff", Pot(Kind.WRITEOFF))] if before.cost else []
    return []


def _one(row: Row, kind: str, debit: Pot) -> Transfer:
    return Transfer(
        key=f"{kind}:{row.id}",
        debit=debit,
        credit=Pot(Kind.CONSUMED),
        units=row.cost,
        kind=kind,
        account_id=row.account_id,
        message_id=row.id,
        campaign_id=row.campaign_id,
    )


def _split(row: Row, kind: str, attempt: int, *, to_held: bool) -> list[Transfer]:
    """A hold or its release, by where the credit comes from: given credits first."""
    held = Pot(Kind.HELD, row.account_id)
    found = []
    for source, suffix, units in ((Kind.PROMO, ":promo", row.promo), (Kind.AVAILABLE, "", row.cost - row.promo)):
        if units:
            pot = Pot(source, row.account_id)
            found.append(
                Transfer(
                    key=f"{kind}:{row.id}:{attempt}{suffix}",
                    debit=pot if to_held else held,
                    credit=held if to_held else pot,
                    units=units,
                    kind=kind,
                    account_id=row.account_id,
                    message_id=row.id,
                    campaign_id=row.campaign_id,
                )
            )
    return found


def apply(session: Session, moves: Iterable[Move], now: datetime, funds: Funds | None = None) -> set[int]:
    """Write the moves of rows that the caller has locked. Returns the accounts concerned.

    ``funds`` are the pots when the caller has locked them already (always after the messages).
    """
    moves = [move for move in moves if move.changes]
    if not moves:
        return set()
    posted = [transfer for move in moves for transfer in transfers(move)]
    if posted:
        if funds is None:
            funds = lock(session, {move.before.account_id for move in moves})
        post_new(session, posted, now, funds)
    connection = session.connection()
    _write_rows(connection, moves)
    insert_rows(
        connection,
        EVENT,
        ("message_id", "at", "recorded_at", "state", "why", "attempt", "cause", "operator", "user_id"),
        [
            (move.before.id, step.at, now, step.state, step.why, move.after.attempt, *step.said)
            for move in moves
            for step in move.steps
        ],
    )
    count(connection, _changes(moves))
    return {move.before.account_id for move in moves}


def _write_rows(connection: Connection, moves: list[Move]) -> None:
    """Write what changes. Messages that make the same step share a statement, in which what they share travels once."""
    sqlite = connection.dialect.name == "sqlite"
    steps: dict[tuple[State, State], list[Move]] = defaultdict(list)
    for move in moves:
        steps[move.before.state, move.after.state].append(move)
    for (was, _), of in steps.items():
        told: dict[str, object] = {"was": was}
        varying: list[str] = []
        values: list[Sequence[object]] = [[move.before.id for move in of]]
        old = zip(*(_written(move.before) for move in of), strict=True)
        new = zip(*(_written(move.after) for move in of), strict=True)
        for name, before, after in zip(_WRITTEN, old, new, strict=True):
            if before == after:
                continue
            if all_same(after):
                told[name] = after[0]
            else:
                varying.append(name)
                values.append(after)
        once = tuple(name for name in told if name != "was")
        if not once and not varying:
            continue  # a step for the history only
        told["rows"] = pack(sqlite, list(zip(*values, strict=True)))
        written = connection.execute(_update(sqlite, tuple(varying), once), told).rowcount
        if written != len(of):
            raise RuntimeError(f"{len(of) - written} messages changed although they were locked")


CounterKey = tuple[int, str, str, str]  # campaign, state, cause, territory


def _changes(moves: Sequence[Move]) -> dict[CounterKey, tuple[int, int]]:
    changes: dict[CounterKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    before, after = [move.before for move in moves], [move.after for move in moves]
    for sign, side in ((-1, before), (1, after)):
        for (campaign, state, cause, territory, cost), times in Counter(map(_counted, side)).items():
            key = (campaign, state, cause or "", territory)
            count, units = changes[key]
            changes[key] = (count + sign * times, units + sign * times * cost)
    return changes


def count(connection: Connection, changes: dict[CounterKey, tuple[int, int]]) -> None:
    """Add to the counters of campaigns (in a fixed order, so that writers do not deadlock)."""
    data = [(*key, *change) for key, change in sorted(changes.items()) if change != (0, 0)]
    if not data:
        return
    sqlite = connection.dialect.name == "sqlite"
    connection.execute(_add(sqlite), {"rows": pack(sqlite, data)})


@cache
def _update(sqlite: bool, varying: tuple[str, ...], once: tuple[str, ...]) -> Update:
    source = rows(sqlite, [(name, MESSAGE.c[name].type) for name in ("id", *varying)])
    values = {name: source.c[name] for name in varying}
    values |= {name: bindparam(name, type_=MESSAGE.c[name].type) for name in once}
    mine = (MESSAGE.c.id == source.c.id, MESSAGE.c.state == bindparam("was", type_=MESSAGE.c.state.type))
    return update(MESSAGE).values(values).where(*mine)


@cache
def _add(sqlite: bool) -> Executable:
    names = ["campaign_id", "state", "cause", "territory", "count", "units"]
    source = rows(sqlite, [(name, COUNTER.c[name].type) for name in names])
    insert = sqlite_insert if sqlite else pg_insert
    # SQLite needs the WHERE to tell "ON CONFLICT" from the ON of a join.
    statement = insert(COUNTER).from_select(names, select(source).where(text("1 = 1")))
    return statement.on_conflict_do_update(
        index_elements=["campaign_id", "state", "cause", "territory"],
        set_={
            "count": COUNTER.c.count + statement.excluded.count,
            "units": COUNTER.c.units + statement.excluded.units,
        },
    )
