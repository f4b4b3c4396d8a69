"""The ledger on both engines: exact under replays and concurrency, never changed afterwards (reliability L1-L3, L9)."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from smsapp.accounts.actor import Actor
from smsapp.db import Database, SimulatedClock
from smsapp.ledger.check import check_money, checkpoint
from smsapp.ledger.posting import Conflict, Insufficient, Pot, Transfer, post
from smsapp.ledger.service import balance, grant_signup, open_account, purchase, statement
from smsapp.ledger.tables import Kind


def spend(db: Database, account_id: int, units: int, key: str) -> bool:
    transfer = Transfer(key, Pot(Kind.AVAILABLE, account_id), Pot(Kind.CONSUMED), units, "test", account_id)
    return db.retrying(lambda session: post(session, [transfer], db.now()))


def violations(db: Database) -> list[str]:
    with db.read() as session:
        return [v.sentence for v in check_money(session)]


def test_signup_credits_are_given_once(db: Database, actor: Actor) -> None:
    """S15: +20 once."""
    for _ in range(3):
        with db.write() as session:
            open_account(session, actor.account_id)
            grant_signup(session, actor.account_id, db.now())
    found = balance(db, actor)
    assert (found.available, found.promo, found.held) == (200_000, 200_000, 0)
    assert violations(db) == []


def test_a_payment_told_twice_is_credited_once_and_never_with_another_amount(db: Database, actor: Actor) -> None:
    """M20."""
    assert purchase(db, actor.account_id, 500, "psp-1")
    assert not purchase(db, actor.account_id, 500, "psp-1")
    with pytest.raises(Conflict):
        purchase(db, actor.account_id, 501, "psp-1")
    assert balance(db, actor).available == 500
    assert [m.units for m in statement(db, actor)] == [500]


def test_no_balance_falls_under_its_floor_and_nothing_remains_of_the_attempt(db: Database, actor: Actor) -> None:
    purchase(db, actor.account_id, 500, "a")
    with pytest.raises(Insufficient):
        spend(db, actor.account_id, 501, "too much")
    assert spend(db, actor.account_id, 500, "too much")
    assert balance(db, actor).available == 0
    assert violations(db) == []


def test_concurrent_writers_lose_nothing_and_a_shared_key_moves_once(
    db: Database, make_actor: Callable[[str], Actor]
) -> None:
    one, two = make_actor("romarin"), make_actor("sauge")
    for who in (one, two):
        purchase(db, who.account_id, 1000, f"start-{who.account_id}")
    failed: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for i in range(10):
                first, second = (one, two) if (n + i) % 2 else (two, one)
                moves = [
                    Transfer(
                        f"x:{n}:{i}",
                        Pot(Kind.AVAILABLE, first.account_id),
                        Pot(Kind.AVAILABLE, second.account_id),
                        1,
                        "t",
                    )
                ]
                db.retrying(lambda session, moves=moves: post(session, moves, db.now()))
                purchase(db, one.account_id, 10, f"shared-{i}")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert balance(db, one).available + balance(db, two).available == 2000 + 10 * 10
    assert violations(db) == []


@pytest.mark.parametrize("statement_", ["UPDATE ledger_transfer SET amount = 1", "DELETE FROM ledger_transfer"])
def test_a_transfer_is_never_changed(db: Database, actor: Actor, statement_: str) -> None:
    purchase(db, actor.account_id, 500, "a")
    with pytest.raises(DBAPIError, match="never changed"), db.write() as session:
        session.connection().execute(text(statement_))


def test_the_check_finds_a_balance_that_was_touched(db: Database, actor: Actor) -> None:
    purchase(db, actor.account_id, 500, "a")
    with db.write() as session:
        session.connection().execute(text("UPDATE ledger_account SET balance = balance + 1 WHERE kind = 'available'"))
    assert violations(db) == ["the balances do not sum to zero", "a balance differs from its transfers"]


def test_a_sealed_day_that_changes_is_found(db: Database, clock: SimulatedClock, actor: Actor) -> None:
    """L9."""
    purchase(db, actor.account_id, 500, "a")
    assert checkpoint(db) == clock.now().date()
    assert checkpoint(db) is None
    purchase(db, actor.account_id, 500, "b")
    assert violations(db) == []
    with db.write() as session:
        session.connection().execute(text("UPDATE ledger_checkpoint SET units = units + 1"))
    assert violations(db) == ["the transfers of a sealed day have changed"]
