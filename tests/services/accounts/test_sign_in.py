"""Coming in: the same answer for every wrong try, limits that hold, hashes that are renewed."""

import asyncio
import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlmodel import select

from smsapp.accounts import passwords
from smsapp.accounts.limits import Hit, Rule, TooManyTries, network, spend
from smsapp.accounts.service import NAME, NAME_FROM_HERE, SignUp, WrongSignIn, sign_in, sign_up
from smsapp.accounts.tables import RateLimit, User
from smsapp.db import Database, SimulatedClock

GOOD = "trois chevaux bleus"
SECRET = "k" * 32


@pytest.fixture
def camille(db: Database) -> None:
    sign_up(db, SignUp("camille", "Camille@lavande.fr", GOOD, GOOD), secret=SECRET)


def wrong(db: Database, name: str, visitor: str = "192.0.2.1") -> None:
    with pytest.raises(WrongSignIn):
        sign_in(db, name, "quatre chevaux", secret=SECRET, visitor=visitor)


def attempt(db: Database) -> int | None:
    """One wrong try: None when it was judged, else the minutes to wait."""
    try:
        sign_in(db, "camille", "quatre chevaux", secret=SECRET, visitor="192.0.2.1")
    except TooManyTries as stop:
        return int(str(stop.params["minutes"]))
    except WrongSignIn:
        return None
    raise AssertionError("a wrong password came in")


@pytest.mark.usefixtures("camille")
@pytest.mark.parametrize("name", ["camille", " CAMILLE ", "camille@lavande.fr", "Camille@Lavande.FR"])
def test_by_identifiant_or_e_mail_in_any_case(db: Database, name: str) -> None:
    actor = sign_in(db, name, GOOD, secret=SECRET)
    assert (actor.identifiant, actor.account_name) == ("camille", "camille")
    with db.read() as s:
        assert s.exec(select(User.last_login_at)).one() == db.now()


@pytest.mark.usefixtures("camille")
def test_the_same_refusal_whether_the_person_exists_or_not(db: Database) -> None:
    answers = []
    for name, password in (
        ("camille", "non"),
        ("nobody", GOOD),
        ("no@body.fr", GOOD),
        ("camille", "x" * 5000),
        ("", ""),
    ):
        with pytest.raises(WrongSignIn) as refused:
            sign_in(db, name, password, secret=SECRET)
        answers.append((refused.value.key, refused.value.params))
    assert set(map(str, answers)) == {str(("accounts.wrong_sign_in", {}))}


def test_a_user_without_password_cannot_be_guessed(db: Database, actor: object) -> None:
    wrong(db, "lavande")
    with pytest.raises(WrongSignIn):
        sign_in(db, "lavande", "", secret=SECRET)


@pytest.mark.usefixtures("camille")
def test_nobody_takes_as_long_as_somebody(db: Database) -> None:
    def median(name: str) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            passwords.verify(stored if name else "", "quatre chevaux")
            times.append(time.perf_counter() - start)
        return sorted(times)[2]

    with db.read() as s:
        stored = s.exec(select(User.password_hash)).one()
    passwords.verify("", "warm")
    assert 0.3 < median("") / median("camille") < 3


@pytest.mark.usefixtures("camille")
def test_a_hash_of_older_days_is_renewed_at_sign_in(db: Database) -> None:
    with db.write() as s:
        user = s.exec(select(User)).one()
        user.password_hash = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD)
        s.add(user)
    sign_in(db, "camille", GOOD, secret=SECRET)
    with db.read() as s:
        assert "m=19456,t=2,p=1" in s.exec(select(User.password_hash)).one()


@pytest.mark.usefixtures("camille")
def test_hundreds_of_tries_get_nowhere_and_time_forgives(db: Database, clock: SimulatedClock) -> None:
    waits = [stop for _ in range(250) if (stop := attempt(db)) is not None]
    assert len(waits) == 250 - NAME_FROM_HERE.limit
    assert all(1 <= minutes <= 15 for minutes in waits)
    with pytest.raises(TooManyTries):  # even with the right password
        sign_in(db, "camille", GOOD, secret=SECRET, visitor="192.0.2.1")
    clock.advance(timedelta(minutes=16))
    assert sign_in(db, "camille", GOOD, secret=SECRET, visitor="192.0.2.1")


@pytest.mark.usefixtures("camille")
def test_a_visitor_who_guesses_does_not_lock_the_person_out(db: Database) -> None:
    for _ in range(NAME_FROM_HERE.limit):
        wrong(db, "camille", "203.0.113.5")
    assert sign_in(db, "camille", GOOD, secret=SECRET, visitor="192.0.2.1")


@pytest.mark.usefixtures("camille")
def test_many_visitors_on_one_name_are_stopped_too(db: Database) -> None:
    for number in range(NAME.limit):
        wrong(db, "camille", f"203.0.113.{number}")
    with pytest.raises(TooManyTries):
        sign_in(db, "camille", "quatre chevaux", secret=SECRET, visitor="198.51.100.1")


@pytest.mark.usefixtures("camille")
def test_coming_in_often_is_no_offence(db: Database) -> None:
    for _ in range(NAME_FROM_HERE.limit + 3):
        sign_in(db, "camille", GOOD, secret=SECRET, visitor="192.0.2.1")


@pytest.mark.usefixtures("camille")
def test_the_table_of_tries_names_nobody(db: Database) -> None:
    wrong(db, "camille")
    with db.read() as s:
        kept = " ".join(str(row) for row in s.exec(select(RateLimit.bucket)).all())
    assert "camille" not in kept
    assert "192.0.2.1" not in kept


def test_old_counts_are_swept(db: Database, clock: SimulatedClock) -> None:
    rule = Rule("t", 5, timedelta(minutes=1))
    spend(db, SECRET, [Hit(rule, "a"), Hit(rule)])
    clock.advance(timedelta(days=2))
    spend(db, SECRET, [Hit(rule)])
    with db.read() as s:
        assert len(s.exec(select(RateLimit)).all()) == 1


def test_one_visitor_is_one_line(db: Database) -> None:
    assert network("2001:db8:1:2:aaaa::1") == network("2001:db8:1:2:bbbb::2") != network("2001:db8:1:3::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") == "192.0.2.1"
    assert network("unix") == "unix"


@pytest.mark.usefixtures("camille")
async def test_many_sign_ins_at_once_leave_the_loop_free(db: Database) -> None:
    """P24: the hashes wait for two threads of their own; whoever does something else does not wait for them."""
    crowd = [
        asyncio.create_task(
            passwords.apart(sign_in, db, f"n{number}", "quatre chevaux", secret=SECRET, visitor="192.0.2.1")
        )
        for number in range(60)
    ]
    late = 0.0
    while not all(task.done() for task in crowd):
        start = time.perf_counter()
        await asyncio.to_thread(int)  # what a page needs: the loop and a worker thread
        late = max(late, time.perf_counter() - start)
    answers = await asyncio.gather(*crowd, return_exceptions=True)
    assert all(isinstance(answer, WrongSignIn | TooManyTries) for answer in answers)
    assert late < 0.5
