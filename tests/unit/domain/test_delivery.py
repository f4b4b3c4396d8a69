"""States, statuses and causes are complete, and reports merge the same in any order (S47-S51, M34, M35)."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.delivery import (
    CAUSES,
    FINAL,
    FOUR,
    NEVER_TAKEN,
    RANK,
    STATUS,
    TAKEN,
    Cause,
    Group,
    State,
    Status,
    cause_of,
    merge,
    movable,
    states_of,
    status_of,
)

STATES = st.sampled_from(State)
REPORTS = (State.ACCEPTED, State.OPERATOR, State.DELIVERED, State.FAILED)


def test_S47_S50_every_state_has_a_rank_and_a_status_and_every_status_has_states() -> None:
    assert set(RANK) == set(STATUS) == set(State)
    assert {status_of(state) for state in State} == set(Status)
    assert sorted(state for status in Status for state in states_of(status)) == sorted(State)


def test_S47_S50_the_four_statuses_come_from_the_states_of_the_rules() -> None:
    assert [states_of(status)[0] for status in FOUR] == [
        State.ACCEPTED,
        State.OPERATOR,
        State.DELIVERED,
        State.FAILED,
    ]
    assert status_of(State.QUEUED) is status_of(State.SUBMITTING) is Status.WAITING


def test_what_was_taken_is_never_shown_as_not_sent() -> None:
    assert {status_of(state) for state in TAKEN} == set(FOUR)
    assert not TAKEN & NEVER_TAKEN
    assert {State.QUEUED, State.SUBMITTING, State.UNKNOWN, State.ACCEPTED, State.OPERATOR} == set(State) - FINAL


@pytest.mark.parametrize("order", list(permutations(REPORTS)))
def test_reports_in_any_order_end_in_delivered(order: tuple[State, ...]) -> None:
    state = State.SUBMITTING
    for report in order:
        state = merge(state, report)
    assert state is State.DELIVERED


@given(STATES, STATES)
def test_a_final_state_never_moves_back(old: State, new: State) -> None:
    merged = merge(old, new)
    assert merged in (old, new)
    assert RANK[merged] >= RANK[old]
    if old in FINAL and merged is not old:
        assert (old is State.FAILED and merged is State.DELIVERED) or old is State.EXPIRED_UNKNOWN


@given(STATES, STATES)
def test_a_report_told_twice_changes_nothing_more(old: State, new: State) -> None:
    assert merge(merge(old, new), new) is merge(old, new)


@given(STATES, st.lists(st.sampled_from(REPORTS), max_size=6))
def test_the_order_of_reports_does_not_matter(old: State, reports: list[State]) -> None:
    forward = backward = old
    for report in reports:
        forward = merge(forward, report)
    for report in reversed(reports):
        backward = merge(backward, report)
    assert forward is backward


def test_delivered_after_failed_is_shown_as_delivered() -> None:
    assert merge(State.FAILED, State.DELIVERED) is State.DELIVERED
    assert merge(State.DELIVERED, State.FAILED) is State.DELIVERED


def test_late_evidence_after_72_hours_is_believed() -> None:
    assert merge(State.UNKNOWN, State.EXPIRED_UNKNOWN) is State.EXPIRED_UNKNOWN
    assert [merge(State.EXPIRED_UNKNOWN, report) for report in REPORTS] == list(REPORTS)


def test_what_was_taken_cannot_be_called_off() -> None:
    for taken in TAKEN:
        assert all(merge(taken, closed) is taken for closed in NEVER_TAKEN)
    for closed in NEVER_TAKEN:
        assert all(merge(closed, report) is closed for report in REPORTS)


@given(STATES, st.lists(st.sampled_from(REPORTS), max_size=6))
def test_of_a_doubted_one_only_the_phone_is_believed_in_any_order(old: State, reports: list[State]) -> None:
    """An earlier attempt may be out: what a refusal of the next one closed opens for « Reçu », and for nothing less."""
    forward = backward = old
    for report in reports:
        forward = merge(forward, report, doubted=True)
    for report in reversed(reports):
        backward = merge(backward, report, doubted=True)
    assert forward is backward
    if old in NEVER_TAKEN:
        assert forward is (State.DELIVERED if State.DELIVERED in reports else old)


@given(STATES, STATES)
def test_the_set_based_move_is_the_same_rule(old: State, new: State) -> None:
    assert (old in movable(new)) is (old is not new and merge(old, new) is new)


def test_M34_every_cause_is_explained_and_only_permanent_ones_are_to_be_removed() -> None:
    assert set(CAUSES) == set(Cause)
    assert len({info.key for info in CAUSES.values()}) == len(CAUSES)
    for cause, info in CAUSES.items():
        assert info.key == f"delivery.cause.{cause.value}"
        assert info.remove is info.permanent is (info.group is Group.PERMANENT)


def test_S50_the_four_usual_causes() -> None:
    four = (Cause.INVALID, Cause.ABSENT, Cause.OFF, Cause.INBOX_FULL)
    assert [CAUSES[cause].remove for cause in four] == [True, False, False, False]


def test_M34_an_undetermined_cause_keeps_the_number() -> None:
    assert not CAUSES[Cause.UNKNOWN].remove
    assert cause_of("a code of tomorrow") is Cause.UNKNOWN
    assert cause_of(None) is None
    assert all(cause_of(cause.value) is cause for cause in Cause)


def test_M34_routing_internal_blacklist_and_credit_stand_apart() -> None:
    for cause in (Cause.ROUTING, Cause.INTERNAL, Cause.BLACKLISTED, Cause.NO_CREDIT):
        assert CAUSES[cause].group is Group.APART
