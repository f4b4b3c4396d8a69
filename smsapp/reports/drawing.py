"""The shapes of the charts: figures to points, paths and axis marks, in per cent of the drawing's width and height.

The browser only stretches them, so that live figures need no chart library. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

STEPS = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, 172_800)
ROOM = 0.3  # free part at the right of a finished course, for the names of the curves
LABEL_GAP = 9.0  # per cent of the height between two names
WIDE, HIGH = 600, 100


@dataclass(frozen=True)
class Mark:
    """A line of an axis: ``at`` in per cent from the left or the top; ``iso`` for an instant, ``value`` for a count."""

    at: float
    value: int = 0
    iso: str = ""


@dataclass(frozen=True)
class Row:
    """One instant of the course, in figures."""

    iso: str
    sent: int
    operator: int
    received: int


@dataclass(frozen=True)
class Curves:
    """The course of a campaign, drawn. ``x`` and the three ``y`` are where the curves end; empty paths: nothing yet."""

    sent: str = ""
    operator: str = ""
    received: str = ""
    area: str = ""
    ahead: str = ""  # what is still to leave, at the present pace
    ends: str = ""  # ISO instant of its end
    x: float = 0.0
    sent_y: float = 0.0
    operator_y: float = 0.0
    received_y: float = 0.0
    sent_label: float = 0.0
    operator_label: float = 0.0
    received_label: float = 0.0
    across: list[Mark] = field(default_factory=list)
    up: list[Mark] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Funnel:
    """What left, what reached the operator, what reached the phone, as one stream; ``error`` in per cent of it."""

    sent: str = ""
    operator: str = ""
    received: str = ""
    operator_top: float = 50.0
    operator_high: float = 0.0
    received_top: float = 50.0
    received_high: float = 0.0
    error: float = 0.0


@dataclass(frozen=True)
class Bar:
    """One day of deliveries; the four heights in per cent of the drawing, the counts for the table."""

    iso: str
    received: int
    operator: int
    sent: int
    error: int
    received_high: float
    operator_high: float
    sent_high: float
    error_high: float
    label: bool


@dataclass(frozen=True)
class Bars:
    """Deliveries day by day."""

    bars: list[Bar] = field(default_factory=list)
    up: list[Mark] = field(default_factory=list)


Counts = tuple[datetime, int, int, int]
"""An instant, and what had been sent, had reached the operator, the phone."""


def curves(points: Sequence[Counts], total: int, ends_at: datetime | None) -> Curves:
    """Draw the course; ``ends_at`` is the expected end of what is still leaving ``total`` messages."""
    if not points:
        return Curves()
    begins, last = points[0][0], points[-1]
    span = max((last[0] - begins).total_seconds(), 1.0)
    to_come = (ends_at - begins).total_seconds() if ends_at else 0.0
    foretold = ends_at is not None and span < to_come <= span * 6
    width = max(to_come if foretold else 0.0, span / (1 - ROOM))
    top = nice(total if foretold else max(last[1], 1))

    def x(at: datetime) -> float:
        return min((at - begins).total_seconds() / width, 1.0)

    def y(count: int) -> float:
        return 1 - count / top

    sent, operator, received = (_path([(x(point[0]), y(point[1:][column])) for point in points]) for column in range(3))
    here = x(last[0])
    below = LABEL_GAP if foretold else 0.0  # the way ahead passes above the names
    labels = _apart([y(last[1]) * 100 + below, y(last[2]) * 100, y(last[3]) * 100])
    ahead = ""
    if foretold and ends_at is not None:
        ahead = _path([(here, y(last[1])), (x(ends_at), y(total))])
    return Curves(
        sent=sent,
        operator=operator,
        received=received,
        area=f"{received}L{here * WIDE:.1f},{HIGH}L0,{HIGH}Z",
        ahead=ahead,
        ends=ends_at.isoformat() if ends_at and foretold else "",
        x=round(here * 100, 2),
        sent_y=round(y(last[1]) * 100, 2),
        operator_y=round(y(last[2]) * 100, 2),
        received_y=round(y(last[3]) * 100, 2),
        sent_label=labels[0],
        operator_label=labels[1],
        received_label=labels[2],
        across=_clock_marks(begins, width),
        up=_count_marks(top),
        rows=[Row(at.isoformat(), *counts) for at, *counts in _some(points)],
    )


def funnel(sent: int, operator: int, received: int, error: int) -> Funnel:
    """Draw the stream; nothing of it before the first message left."""
    if not sent:
        return Funnel()
    second, third = operator / sent, received / sent

    def flow(x0: int, x1: int, before: float, after: float) -> str:
        a, b = (1 - before) * HIGH / 2, (1 - after) * HIGH / 2
        bend = x0 + (x1 - x0) * 0.6
        mid = (bend + x1) / 2
        return (
            f"M{x0},{a:.1f}L{bend:.0f},{a:.1f}C{mid:.0f},{a:.1f} {mid:.0f},{b:.1f} {x1},{b:.1f}"
            f"L{x1},{HIGH - b:.1f}C{mid:.0f},{HIGH - b:.1f} {mid:.0f},{HIGH - a:.1f} {bend:.0f},{HIGH - a:.1f}"
            f"L{x0},{HIGH - a:.1f}Z"
        )

    return Funnel(
        sent=flow(0, 200, 1.0, second),
        operator=flow(200, 400, second, third),
        received=flow(400, 600, third, third),
        operator_top=round((1 - second) * 50, 2),
        operator_high=round(second * 100, 2),
        received_top=round((1 - third) * 50, 2),
        received_high=round(third * 100, 2),
        error=round(min(error / sent, 1.0) * 100, 2),
    )


def bars(days: Sequence[tuple[date, int, int, int, int]]) -> Bars:
    """Draw days of (day, received, at the operator, sent, failed)."""
    top = nice(max((sum(counts) for _, *counts in days), default=0) or 1)
    every = max(1, -(-len(days) // 6))
    made = []
    for i, (day, received, operator, sent, error) in enumerate(days):
        noon = datetime.combine(day, time(12), UTC).isoformat()
        a, b, c, d = (round(count * 100 / top, 2) for count in (received, operator, sent, error))
        made.append(Bar(noon, received, operator, sent, error, a, b, c, d, (len(days) - 1 - i) % every == 0))
    return Bars(made, _count_marks(top))


def nice(most: int) -> int:
    """A round figure not below ``most`` that four lines divide."""
    size = 1
    while size * 32 < most:
        size *= 10
    return next(step * size for step in (4, 8, 12, 16, 20, 24, 32) if step * size >= most)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x * WIDE:.1f},{y * HIGH:.1f}" for x, y in points)


def _apart(wanted: list[float]) -> list[float]:
    """Places of the names, from top to bottom in their order, never closer than LABEL_GAP."""
    placed: list[float] = []
    for at in wanted:
        placed.append(max(at, placed[-1] + LABEL_GAP) if placed else at)
    over = max(0.0, placed[-1] - 96)
    return [round(at - over, 2) for at in placed]


def _count_marks(top: int) -> list[Mark]:
    return [Mark(100 - i * 25.0, top * i // 4) for i in range(5)]


def _clock_marks(begins: datetime, width: float) -> list[Mark]:
    step = next((s for s in STEPS if width / s <= 5), STEPS[-1])
    if width < 180:
        return [Mark(0.0, iso=begins.isoformat())]
    first = begins.replace(second=0, microsecond=0) + timedelta(minutes=1)
    aligned = datetime.fromtimestamp(-(-first.timestamp() // step) * step, UTC)
    marks = []
    while (offset := (aligned - begins).total_seconds()) <= width * 0.97:
        marks.append(Mark(round(offset * 100 / width, 2), iso=aligned.isoformat()))
        aligned += timedelta(seconds=step)
    return marks


def _some(points: Sequence[Counts], most: int = 12) -> list[Counts]:
    """A table needs fewer rows than a curve has points."""
    step = max(1, -(-(len(points) - 1) // (most - 1)))
    return [*points[:-1][::step], points[-1]]
