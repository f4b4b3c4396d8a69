"""Whom the question before contacts go is about, and readings that are kept (S41, M34)."""

from collections.abc import Callable
from functools import partial

import pytest

from smsapp.accounts.actor import Actor
from smsapp.db import Database, SimulatedClock
from smsapp.reports import actions, kept
from smsapp.reports.selection import Selection, selection
from tests.services.reports.scene import INVALID, REFUSED, add_contact, in_book, leave, message_ids
from tests.services.sending.house import FIRST


def test_the_question_is_about_numbers_that_failed_for_good(
    db: Database, actor: Actor, clock: SimulatedClock, make_actor: Callable[[str], Actor]
) -> None:
    """S41, M34: permanent causes are preselected; one may be kept, one with a passing cause added."""
    gone = [add_contact(db, actor, e164) for e164 in (INVALID[0], INVALID[0], REFUSED)]
    off = add_contact(db, actor, FIRST + 11)
    add_contact(db, actor, FIRST)
    campaign_id = leave(db, actor, clock)
    ids = message_ids(db, campaign_id)
    hopeless = sorted(ids[e164] for e164 in (*INVALID, REFUSED))
    assert selection(db, actor, campaign_id) == Selection(tuple(hopeless), 3)
    chosen = selection(db, actor, campaign_id, {ids[REFUSED]}, {ids[FIRST + 11]})
    assert chosen.contacts == 3
    assert actions.remove_failed(db, actor, campaign_id, message_ids=chosen.message_ids).count == 3
    book = in_book(db, actor)
    assert gone[2] in book
    assert not {gone[0], gone[1], off} & set(book)


def test_neither_another_account_nor_a_message_that_arrived_is_ever_chosen(
    db: Database, actor: Actor, clock: SimulatedClock, make_actor: Callable[[str], Actor]
) -> None:
    add_contact(db, actor, FIRST)
    other = make_actor("other")
    add_contact(db, other, INVALID[0])
    campaign_id = leave(db, actor, clock)
    arrived = message_ids(db, campaign_id)[FIRST]
    assert selection(db, actor, campaign_id, also={arrived}).contacts == 0
    assert selection(db, other, campaign_id) == Selection()


def test_a_kept_reading_is_made_anew_when_things_change_but_not_too_often(
    sqlite_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(kept.time, "monotonic", lambda: now)
    answers = iter(range(10))
    read = partial(kept.kept, sqlite_db, "course", read=lambda: next(answers))
    assert [read(signature=1), read(signature=1), read(signature=2)] == [0, 0, 0]
    now += kept.LEAST_PAUSE
    assert [read(signature=1), read(signature=2), read(signature=3)] == [0, 1, 1]
    kept.forget(sqlite_db, "course")
    assert read(signature=3) == 2


def test_a_dear_reading_is_made_more_seldom(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(kept.time, "monotonic", lambda: now)

    def slow() -> float:
        nonlocal now
        now += 2
        return now

    first = kept.kept(sqlite_db, "course", 1, slow)
    now += 2 * kept.LOAD - 1
    assert kept.kept(sqlite_db, "course", 2, slow) == first
    now += 1
    assert kept.kept(sqlite_db, "course", 2, slow) > first


def test_few_readings_are_kept(sqlite_db: Database) -> None:
    for i in range(kept.CAPACITY + 10):
        kept.kept(sqlite_db, i, 0, lambda i=i: i)
    assert kept.kept(sqlite_db, 0, 0, lambda: -1) == -1
    assert kept.kept(sqlite_db, kept.CAPACITY + 9, 0, lambda: -1) == kept.CAPACITY + 9
