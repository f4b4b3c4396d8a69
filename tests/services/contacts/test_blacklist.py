"""The blacklist: what puts a number there, what takes it off, and the history that keeps both (S73, S74, M27)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import (
    NumbersMissing,
    ReasonMissing,
    TooManyTyped,
    blacklist,
    blacklist_typed,
    lift,
    suppress,
    suppressed,
)
from smsapp.contacts.blacklist_list import EVENT, SUPPRESSION, counts, entries, every_entry
from smsapp.contacts.service import Sheet, create_contact
from smsapp.db import Database, SimulatedClock

FIRST = 33612345670


def history(db: Database, e164: int) -> list[tuple[str, str, str]]:
    """What happened to a number: kind, origin, reason."""
    with db.read() as session:
        asked = select(EVENT.c.kind, EVENT.c.origin, EVENT.c.reason).where(EVENT.c.e164 == e164).order_by(EVENT.c.id)
        return [tuple(row) for row in session.connection().execute(asked)]


def entry_of(db: Database, actor: Actor, e164: int) -> int:
    return next(row.id for row in entries(db, actor).rows if row.e164 == e164)


def test_s74_numbers_are_taken_as_they_are_typed_and_what_is_no_number_is_given_back(
    db: Database, actor: Actor
) -> None:
    done = blacklist_typed(db, actor, "06 12 34 56 70, +33612345671\n0612 ; 0033612345670", reason=" par \n téléphone ")
    assert (done.added, done.known, done.unreadable) == (2, 0, ("0612",))
    assert blacklist_typed(db, actor, "0612345670").known == 1
    assert {(row.e164, row.reason, row.origin, row.by) for row in entries(db, actor).rows} == {
        (FIRST, "par téléphone", "manual", "lavande"),
        (FIRST + 1, "par téléphone", "manual", "lavande"),
    }
    with pytest.raises(NumbersMissing):
        blacklist_typed(db, actor, " , ")
    with pytest.raises(TooManyTyped):
        blacklist_typed(db, actor, "0612345670," * 30_000)


def test_m27_lifting_asks_for_a_reason_and_the_history_keeps_it(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    blacklist(db, actor, [FIRST], reason="au comptoir")
    entry = entry_of(db, actor, FIRST)
    for nothing in ("", "  \n "):
        with pytest.raises(ReasonMissing):
            lift(db, actor, [entry], nothing)
    assert suppressed(db, actor) == {FIRST}
    clock.advance(timedelta(days=1))
    assert lift(db, actor, [entry], "Accord écrit du 18/06") == 1
    assert suppressed(db, actor) == set()
    assert lift(db, actor, [entry], "encore") == 0
    blacklist(db, actor, [FIRST], reason="a changé d’avis")
    assert history(db, FIRST) == [
        ("added", "manual", "au comptoir"),
        ("lifted", "manual", "Accord écrit du 18/06"),
        ("added", "manual", "a changé d’avis"),
    ]
    assert [row.reason for row in entries(db, actor).rows] == ["a changé d’avis"]


def test_m27_the_history_is_never_changed(db: Database, actor: Actor) -> None:
    blacklist(db, actor, [FIRST])
    for attack in (update(EVENT).values(reason="x"), delete(EVENT)):
        with pytest.raises(DBAPIError, match="never changed"), db.write() as session:
            session.connection().execute(attack)


def test_m27_the_database_itself_lets_no_number_go_unsaid(db: Database, actor: Actor) -> None:
    """Whatever an import or any other code tries."""
    with db.write() as session:
        suppress(session, db, actor.account_id, [FIRST], origin="import", reason="refus.csv", source_id=7)
    attacks = (
        delete(SUPPRESSION),
        update(SUPPRESSION).values(origin="stop"),
        update(SUPPRESSION).values(reason=""),
        update(SUPPRESSION).values(e164=FIRST + 1),
        text(f"INSERT INTO suppression (account_id, e164, reason, origin, created_at) VALUES ({actor.account_id},"
             f" {FIRST}, '', 'stop', '2026-01-01 00:00:00+00') ON CONFLICT (account_id, e164)"
             " DO UPDATE SET reason = ''"),
        text("INSERT INTO suppression_event (account_id, e164, kind, origin, reason, at)"
             f" VALUES ({actor.account_id}, {FIRST}, 'lifted', 'manual', ' ', '2026-01-01 00:00:00+00')"),
    )  # fmt: skip
    for attack in attacks:
        with pytest.raises(DBAPIError), db.write() as session:
            session.connection().execute(attack)
    assert suppressed(db, actor) == {FIRST}
    assert history(db, FIRST) == [("added", "import", "refus.csv")]


def test_a_stop_that_is_taken_back_is_told(db: Database, actor: Actor) -> None:
    """Who wrote STOP may write START; the history says so by itself."""
    with db.write() as session:
        suppress(session, db, actor.account_id, [FIRST], origin="stop")
    with db.write() as session:
        session.connection().execute(delete(SUPPRESSION))
    assert history(db, FIRST) == [("added", "stop", ""), ("lifted", "start", "")]
    with db.read() as session:
        assert session.connection().scalars(select(EVENT.c.at)).all()[1].tzinfo is not None


def test_the_list_is_seen_once_whole_in_both_directions(db: Database, actor: Actor) -> None:
    for i in range(23):
        blacklist(db, actor, [FIRST + i], reason=f"n{i}", origin="report" if i % 3 else "manual")
    create_contact(db, actor, Sheet(f"+{FIRST + 4}", nom="Moreau", prenom="Inès"))
    forth, after = [entries(db, actor, limit=7)], None
    while (after := forth[-1].next) is not None:
        forth.append(entries(db, actor, after=after, limit=7))
    back = [forth[-1]]
    while (before := back[-1].previous) is not None:
        back.append(entries(db, actor, before=before, limit=7))
    seen = [row.e164 for page in forth for row in page.rows]
    assert seen == [FIRST + i for i in reversed(range(23))]
    assert [row.e164 for page in reversed(back) for row in page.rows] == seen
    assert counts(db, actor) == {"stop": 0, "import": 0, "manual": 8, "report": 15}
    assert len(entries(db, actor, origin="manual").rows) == 8
    assert [row.name for row in entries(db, actor, text="06 12 34 56 74").rows] == ["Inès Moreau"]
    assert len(list(every_entry(db, actor, "report"))) == 15


def test_nobody_sees_or_lifts_anothers_blacklist(db: Database, make_actor: Callable[[str], Actor]) -> None:
    mine, other = make_actor("lavande"), make_actor("voisin")
    blacklist(db, other, [FIRST], reason="secret")
    entry = entry_of(db, other, FIRST)
    assert entries(db, mine).rows == ()
    assert sum(counts(db, mine).values()) == 0
    assert lift(db, mine, [entry], "volé") == 0
    blacklist(db, mine, [FIRST])
    assert lift(db, mine, [entry], "volé") == 0
    assert suppressed(db, other) == suppressed(db, mine) == {FIRST}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["stop", "import", "report", "hand", "lift"]), st.integers(0, 3)), max_size=14
    )
)
def test_m27_whatever_happens_only_a_reason_lifts_and_the_history_tells_all(
    db: Database, make_actor: Callable[[str], Actor], acts: list[tuple[str, int]]
) -> None:
    """The history of each number alternates, and its last line says whether it stands on the list."""
    actor = make_actor(f"compte{len(history_accounts(db))}")
    standing: set[int] = set()
    for act, which in acts:
        e164 = FIRST + which
        if act == "lift":
            known = [row.id for row in entries(db, actor).rows if row.e164 == e164]
            assert lift(db, actor, known, "accord écrit") == (1 if e164 in standing else 0)
            standing.discard(e164)
        else:
            with db.write() as session:
                suppress(session, db, actor.account_id, [e164], origin="manual" if act == "hand" else act)
            standing.add(e164)
        assert suppressed(db, actor) == standing == {row.e164 for row in entries(db, actor).rows}
    with db.read() as session:
        asked = select(EVENT.c.e164, EVENT.c.kind).where(EVENT.c.account_id == actor.account_id).order_by(EVENT.c.id)
        lines = session.connection().execute(asked).all()
    for e164 in {row.e164 for row in lines}:
        told = [row.kind for row in lines if row.e164 == e164]
        kinds = [kind for kind in told if kind != "kept"]
        assert all(told[at - 1] == "added" for at, kind in enumerate(told) if kind == "kept")  # once, while it stands
        assert kinds == ["added", "lifted"] * (len(kinds) // 2) + ["added"] * (len(kinds) % 2)
        assert (kinds[-1] == "added") == (e164 in standing)


def history_accounts(db: Database) -> list[int]:
    """Every account of the database: examples of one test share it."""
    with db.read() as session:
        return list(session.connection().scalars(text("SELECT id FROM account")))
