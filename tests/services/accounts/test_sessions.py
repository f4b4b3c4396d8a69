"""Sign-in sessions: only their hash is stored, they end, they can be revoked."""

from datetime import timedelta

from sqlmodel import select

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import UserSession
from smsapp.db import Database, SimulatedClock
from smsapp.web.people import People

HOURS = timedelta(hours=12)


def test_the_id_gives_the_actor_and_is_not_in_the_database(db: Database, actor: Actor) -> None:
    sid = sessions.open_session(db, actor.user_id, HOURS)
    assert len(sid) >= 43
    assert sessions.actor_of(db, sid) == actor
    with db.read() as s:
        assert s.exec(select(UserSession.sid_hash)).all() == [sessions.digest(sid)]
    assert sessions.digest(sid) != sid


def test_an_unknown_id_is_nobody(db: Database, actor: Actor) -> None:
    sid = sessions.open_session(db, actor.user_id, HOURS)
    assert sessions.actor_of(db, "") is None
    assert sessions.actor_of(db, sessions.digest(sid)) is None


def test_a_session_ends(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    sid = sessions.open_session(db, actor.user_id, HOURS)
    clock.advance(HOURS - timedelta(seconds=1))
    assert sessions.actor_of(db, sid)
    clock.advance(timedelta(seconds=1))
    assert sessions.actor_of(db, sid) is None
    sessions.open_session(db, actor.user_id, HOURS)
    with db.read() as s:
        assert len(s.exec(select(UserSession)).all()) == 1  # the ended one was swept away


def test_signing_out_ends_one_and_revoking_ends_all(db: Database, actor: Actor) -> None:
    one, two, three = (sessions.open_session(db, actor.user_id, HOURS) for _ in range(3))
    sessions.close_session(db, one)
    sessions.close_session(db, "unknown")
    assert sessions.actor_of(db, one) is None
    assert sessions.actor_of(db, two)
    assert sessions.revoke_all(db, actor.user_id) == 2
    assert sessions.actor_of(db, two) is None
    assert sessions.actor_of(db, three) is None


async def test_people_are_asked_of_the_database_seldom(db: Database, actor: Actor) -> None:
    people = People(db)
    sid = sessions.open_session(db, actor.user_id, HOURS)
    header = f"lang=fr; {people.cookie}={sid}"
    assert await people.actor(header) == actor
    sessions.close_session(db, sid)
    assert await people.actor(header) == actor  # for 5 s, as if asked from another process
    people.forget(sid)
    assert await people.actor(header) is None
    assert await people.actor("") is None
    assert await people.actor(f"x{people.cookie}={sid}; {people.cookie}=") is None


def test_https_binds_the_cookie_to_the_host(db: Database) -> None:
    assert People(db, secure=True).cookie.startswith("__Host-")
    assert not People(db).cookie.startswith("__")
