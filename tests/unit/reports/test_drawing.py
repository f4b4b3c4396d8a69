"""The shapes of the charts: within their frame, in the right order, true to the figures."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from smsapp.reports.drawing import HIGH, LABEL_GAP, WIDE, Counts, bars, curves, funnel, nice

NOON = datetime(2026, 6, 17, 10, tzinfo=UTC)


@st.composite
def courses(draw: st.DrawFn) -> list[Counts]:
    """Cumulative curves, each never above the one before it."""
    steps = draw(st.lists(st.tuples(*[st.integers(0, 3_000)] * 3), min_size=1, max_size=60))
    pace = draw(st.integers(1, 5_000))
    found: list[Counts] = []
    sent = operator = received = 0
    for i, (a, b, c) in enumerate(steps):
        sent += a
        operator = min(operator + b, sent)
        received = min(received + c, operator)
        found.append((NOON + timedelta(seconds=i * pace), sent, operator, received))
    return found


def numbers(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", path)]


@given(courses(), st.none() | st.integers(1, 500_000), st.integers(0, 5_000))
def test_every_curve_stays_in_its_frame(points: list[Counts], left_s: int | None, waiting: int) -> None:
    ends_at = points[-1][0] + timedelta(seconds=left_s) if left_s else None
    drawn = curves(points, points[-1][1] + waiting, ends_at)
    for path in (drawn.sent, drawn.operator, drawn.received, drawn.area, drawn.ahead):
        assert all(-0.1 <= x <= WIDE + 0.1 and -0.1 <= y <= HIGH + 0.1 for x, y in numbers(path))
    assert drawn.sent_y <= drawn.operator_y <= drawn.received_y
    assert drawn.x <= 70.1  # room for the names of the curves
    names = (drawn.sent_label, drawn.operator_label, drawn.received_label)
    assert names[2] <= 96.01
    assert all(b - a >= LABEL_GAP - 0.02 for a, b in pairwise(names))
    assert all(0 <= mark.at <= 100 for mark in (*drawn.across, *drawn.up))
    assert drawn.rows[-1].sent == points[-1][1]
    assert len(drawn.rows) <= 13


@given(st.integers(0, 10**9))
def test_the_top_of_an_axis_is_round_and_divides_by_four(most: int) -> None:
    top = nice(most)
    assert top >= most
    assert top % 4 == 0
    assert top <= max(4, most * 2)


def test_nothing_is_drawn_before_the_first_message() -> None:
    assert curves([], 100, None).sent == ""
    assert funnel(0, 0, 0, 0).sent == ""


def test_the_end_is_foretold_when_it_is_not_too_far() -> None:
    points = [(NOON, 10, 5, 1), (NOON + timedelta(minutes=10), 500, 400, 300)]
    near, far = (curves(points, 1_000, points[-1][0] + timedelta(minutes=m)) for m in (20, 600))
    assert near.ends
    assert near.ahead
    assert (far.ends, far.ahead) == ("", "")


@given(st.integers(1, 10**6), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_stream_narrows_as_messages_do_not_arrive(sent: int, a: float, b: float, c: float) -> None:
    operator = int(sent * a)
    received = int(operator * b)
    drawn = funnel(sent, operator, received, int(sent * c))
    assert 100 >= drawn.operator_high >= drawn.received_high >= 0
    assert abs(drawn.operator_top * 2 + drawn.operator_high - 100) < 0.1
    assert 0 <= drawn.error <= 100


def test_a_day_is_as_high_as_its_messages() -> None:
    days = [(date(2026, 6, 1) + timedelta(days=i), i * 10, i, 0, 1) for i in range(30)]
    drawn = bars(days)
    assert [bar.received for bar in drawn.bars] == [i * 10 for i in range(30)]
    top = drawn.up[-1].value
    last = drawn.bars[-1]
    assert abs(last.received_high - 290 * 100 / top) < 0.01
    assert last.label
    assert 4 <= sum(bar.label for bar in drawn.bars) <= 7
    assert len(bars([]).bars) == 0
