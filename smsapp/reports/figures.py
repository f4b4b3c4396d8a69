"""The figures that every page of this room shows, from the counters that move with the messages.

A message stands in exactly one place; what is cumulative (« Envoyé » as all that left) is a sum of places.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, Select, func, literal_column, select

from smsapp.domain.delivery import CAUSES, STATUS, TAKEN, Cause, State, Status, cause_of
from smsapp.ledger.tables import TRANSFER
from smsapp.sending.tables import COUNTER

Ids = Sequence[int] | Select[tuple[int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How many messages of a campaign stand in one state, for one cause, in one territory; units are their cost."""

    campaign_id: int
    state: str
    cause: str
    territory: str
    count: int
    units: int

    @property
    def taken(self) -> bool:
        """Whether these messages left, and so were debited (S55)."""
        return State(self.state) in TAKEN


@dataclass(frozen=True)
class Figures:
    """Where the messages stand now; the seven counts add up to ``total``. ``refused`` is part of ``error``."""

    total: int = 0
    waiting: int = 0
    sent: int = 0
    operator: int = 0
    received: int = 0
    error: int = 0
    unknown: int = 0
    excluded: int = 0
    refused: int = 0  # errors that no gateway took: never left, never debited

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def handed_over(self) -> int:
        """« Envoyé » as a total: all that left, whatever became of it. These were debited."""
        return self.sent + self.operator + self.received + self.error - self.refused

    @property
    def at_operator(self) -> int:
        """« Délivré opérateur » as a total: those on the phone passed there too."""
        return self.operator + self.received

    @property
    def done(self) -> int:
        """Messages that wait for nothing on our side any more."""
        return self.total - self.waiting

    @property
    def progress(self) -> float:
        """From 0 to 1; 0 for a campaign without messages."""
        return self.done / self.total if self.total else 0.0

    @property
    def reception_rate(self) -> float | None:
        """« Taux de réception », from 0 to 1, over the messages whose end is known; None when there are none."""
        known = self.received + self.error
        return self.received / known if known else None

    def of(self, status: Status) -> int:
        """How many messages stand in ``status`` (S47-S50): what a filter on it would list."""
        return int(getattr(self, status.value))


@dataclass(frozen=True)
class CauseCount:
    """Why messages failed (S50, M34). ``key`` names it, ``key`` + ``.help`` explains it."""

    cause: str
    key: str
    count: int
    permanent: bool  # writing to these numbers again would fail again
    remove: bool  # « Supprimer contacts » preselects them (S41)


_NAMES = tuple(field.name for field in fields(Standing))


def standings(connection: Connection, campaign_ids: Ids) -> list[Standing]:
    """The counters of campaigns that the caller knows to be the actor's."""
    query = select(*(COUNTER.c[name] for name in _NAMES))
    found = connection.execute(query.where(COUNTER.c.campaign_id.in_(campaign_ids), COUNTER.c.count != 0))
    return [Standing(*row) for row in found]


def figures(found: Iterable[Standing]) -> Figures:
    """Figures of all of ``found`` together."""
    counts = dict.fromkeys(Status, 0)
    refused = 0
    for one in found:
        counts[STATUS[State(one.state)]] += one.count
        if one.state == State.REJECTED:
            refused += one.count
    return Figures(
        total=sum(counts.values()), refused=refused, **{status.value: count for status, count in counts.items()}
    )


def causes(found: Iterable[Standing]) -> list[CauseCount]:
    """The causes of « Erreur réception », most frequent first."""
    counts: dict[str, int] = {}
    for one in found:
        if STATUS[State(one.state)] is Status.ERROR:
            counts[one.cause] = counts.get(one.cause, 0) + one.count
    made = []
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        cause = cause_of(code) if code else Cause.UNKNOWN
        info = CAUSES[cause or Cause.UNKNOWN]
        made.append(CauseCount(code, info.key, count, info.permanent, info.remove))
    return made


def by_campaign(found: Iterable[Standing]) -> dict[int, list[Standing]]:
    """``found``, campaign by campaign."""
    grouped: dict[int, list[Standing]] = {}
    for one in found:
        grouped.setdefault(one.campaign_id, []).append(one)
    return grouped


def debits(connection: Connection, campaign_ids: Ids, found: Iterable[Standing]) -> dict[int, int]:
    """Units debited by campaign: the cost of what left, less what the house paid (L5, L6).

    Equal to the captures of the ledger, and far cheaper to tell on a large account.
    """
    units: dict[int, int] = {}
    for one in found:
        if one.taken:
            units[one.campaign_id] = units.get(one.campaign_id, 0) + one.units
    paid = (
        select(TRANSFER.c.campaign_id, func.sum(TRANSFER.c.amount))
        .where(TRANSFER.c.kind == literal_column("'writeoff'"), TRANSFER.c.campaign_id.in_(campaign_ids))
        .group_by(TRANSFER.c.campaign_id)
    )
    for campaign_id, amount in connection.execute(paid):
        units[campaign_id] = units.get(campaign_id, 0) - int(amount)
    return units
