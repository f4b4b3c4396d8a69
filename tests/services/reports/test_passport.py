"""The suppression passport: the whole chain of a number, sealed, and nobody else's (S74, M27)."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from smsapp.accounts.actor import Actor
from smsapp.cli import app
from smsapp.contacts.blacklist import blacklist, lift, suppressed
from smsapp.contacts.blacklist_list import entries
from smsapp.db import Database, SimulatedClock
from smsapp.gateways.contract import Mo
from smsapp.imports.choices import Choices
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import run_import
from smsapp.imports.uploads import Uploads
from smsapp.reports.actions import blacklist_recipient
from smsapp.reports.passport import PassportNotFound, is_genuine, passport, signed
from smsapp.reports.story import MessageNotFound
from smsapp.sending.receipts import take_in
from tests.services.reports.scene import leave, message_ids
from tests.services.sending.house import FIRST

KEY = "a key of thirty-two characters at least"


def stopped(db: Database, actor: Actor, clock: SimulatedClock) -> int:
    """A number that was written to, answered, said STOP, was lifted and blacklisted again; the last line's id."""
    leave(db, actor, clock)
    clock.advance(timedelta(hours=1))
    take_in(db, "g", [Mo("m1", FIRST, "36111", "Merci !", db.now())])
    clock.advance(timedelta(hours=1))
    take_in(db, "g", [Mo("m2", FIRST, "36111", "Stop svp", db.now())])
    clock.advance(timedelta(days=1))
    lift(db, actor, [entries(db, actor).rows[0].id], "accord écrit")
    clock.advance(timedelta(days=1))
    blacklist(db, actor, [FIRST], reason="au comptoir")
    return entries(db, actor).rows[0].id


def test_the_passport_tells_the_chain_with_the_exact_words(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    found = passport(db, actor, stopped(db, actor, clock))
    assert (found.e164, found.standing, found.messages, found.replies) == (FIRST, True, 1, 2)
    assert [(step.kind, step.origin, step.detail) for step in found.steps] == [
        ("message", "", ""),
        ("reply", "", "Merci !"),
        ("stop", "", "Stop svp"),
        ("added", "stop", ""),
        ("lifted", "manual", "accord écrit"),
        ("added", "manual", "au comptoir"),
    ]
    assert found.steps[0].status == "received"
    assert {step.name for step in found.steps[:3]} == {"Essai"}
    assert [step.by for step in found.steps[3:]] == ["", "lavande", "lavande"]
    assert found.last.detail == "au comptoir"
    assert suppressed(db, actor) == {FIRST}


def test_m27_the_chain_says_why_a_start_lifts_a_stop_no_longer(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    """Blacklisted by hand after its STOP, once: the words of who did it are kept, and explain what follows."""
    leave(db, actor, clock)
    for at, said in enumerate(("STOP", "", "START")):
        clock.advance(timedelta(hours=1))
        if said:
            take_in(db, "g", [Mo(f"m{at}", FIRST, "36111", said, db.now())])
        else:
            assert [blacklist(db, actor, [FIRST], reason=why) for why in ("par courrier", "encore")] == [0, 0]
    found = passport(db, actor, entries(db, actor).rows[0].id)
    assert [(step.kind, step.origin, step.detail, step.by) for step in found.steps[1:]] == [
        ("stop", "", "STOP", ""),
        ("added", "stop", "", ""),
        ("kept", "manual", "par courrier", "lavande"),
        ("reply", "", "START", ""),
    ]
    assert (found.standing, found.last.origin) == (True, "stop")


def test_s74_a_number_is_blacklisted_from_the_report_of_its_campaign(
    db: Database, make_actor: Callable[[str], Actor], clock: SimulatedClock
) -> None:
    actor, other = make_actor("lavande"), make_actor("voisin")
    message = message_ids(db, leave(db, actor, clock))[FIRST]
    with pytest.raises(MessageNotFound):
        blacklist_recipient(db, other, message)
    assert blacklist_recipient(db, actor, message) == 1
    assert blacklist_recipient(db, actor, message) == 0
    last = passport(db, actor, entries(db, actor).rows[0].id).last
    assert (last.origin, last.name, last.by) == ("report", "Essai", "lavande")
    assert suppressed(db, other) == set()


def test_S73_a_number_blacklisted_by_a_file_names_the_file(db: Database, actor: Actor, tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads")
    incoming = uploads.receive(actor, "refus-juin.csv", None)
    incoming.write(b"Portable\n+%d\n" % FIRST)
    choices = Choices(Reading(header=True), {0: "portable"}, blacklist=True)
    run_import(db, uploads, actor, incoming.done().id, choices)
    last = passport(db, actor, entries(db, actor).rows[0].id).last
    assert (last.kind, last.origin, last.name, last.by) == ("added", "import", "refus-juin.csv", "lavande")


def test_s73_the_passport_tells_the_reason_that_the_file_gave(db: Database, actor: Actor, tmp_path: Path) -> None:
    """Beside the file that it came from."""
    uploads = Uploads(tmp_path / "uploads")
    incoming = uploads.receive(actor, "refus-juin.csv", None)
    incoming.write(b"Portable;Motif\n+%d;plainte du 3 juin\n" % FIRST)
    choices = Choices(Reading(header=True), {0: "portable", 1: "motif"}, blacklist=True)
    run_import(db, uploads, actor, incoming.done().id, choices)
    last = passport(db, actor, entries(db, actor).rows[0].id).last
    assert (last.kind, last.name, last.detail) == ("added", "refus-juin.csv", "plainte du 3 juin")


def test_a_file_is_verified_from_the_command_line(
    db: Database, actor: Actor, clock: SimulatedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`smsapp passport FILE`: 0 genuine, 1 changed or of another installation, 2 no passport at all."""
    monkeypatch.setenv("SMSAPP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SMSAPP_SECRET_KEY", KEY)
    document = signed(passport(db, actor, stopped(db, actor, clock)), actor, db.now(), KEY)
    file = tmp_path / "passport-1.json"

    def verified(text: str) -> tuple[int, Any]:
        file.write_text(text, "utf-8")
        done = CliRunner().invoke(app, ["passport", str(file)])
        return done.exit_code, json.loads(done.stdout) if done.stdout else None

    code, said = verified(json.dumps(document, ensure_ascii=False, indent=2))
    assert (code, said["genuine"], said["number"], said["steps"]) == (0, True, f"+{FIRST}", 6)
    assert verified(json.dumps({**document, "blacklisted": False})) == (1, {"genuine": False})
    for text in ("", "[]", "{", "[" * 100_000):
        assert verified(text) == (2, None)
    monkeypatch.setenv("SMSAPP_SECRET_KEY", KEY + " of another house")
    assert verified(json.dumps(document)) == (1, {"genuine": False})


def test_nobody_sees_anothers_passport(db: Database, make_actor: Callable[[str], Actor], clock: SimulatedClock) -> None:
    mine, other = make_actor("lavande"), make_actor("voisin")
    entry = stopped(db, other, clock)
    with pytest.raises(PassportNotFound):
        passport(db, mine, entry)
    blacklist(db, mine, [FIRST], reason="chez nous")
    found = passport(db, mine, entries(db, mine).rows[0].id)
    assert [(step.kind, step.detail) for step in found.steps] == [("added", "chez nous")]
    assert (found.messages, found.replies) == (0, 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_signed_passport_shows_any_change(
    db: Database, actor: Actor, clock: SimulatedClock, data: st.DataObject
) -> None:
    """A step changed, left out, doubled or moved; a head changed; another key."""
    entry = entries(db, actor).rows[0].id if suppressed(db, actor) else stopped(db, actor, clock)
    document: Any = signed(passport(db, actor, entry), actor, db.now(), KEY)
    assert is_genuine(document, KEY)
    assert not is_genuine(document, KEY + "x")
    steps = document["steps"]
    i = data.draw(st.integers(0, len(steps) - 1))
    how = data.draw(st.sampled_from(["change", "leave out", "double", "move", "head"]))
    if how == "change":
        name = data.draw(st.sampled_from(sorted(steps[i])))
        steps[i][name] = data.draw(st.text(max_size=8).filter(lambda text: text != steps[i][name]))
    elif how == "leave out":
        del steps[i]
    elif how == "double":
        steps.insert(i, dict(steps[i]))
    elif how == "move":
        steps.append(steps.pop(data.draw(st.integers(0, len(steps) - 2))))
    else:
        name = data.draw(st.sampled_from(sorted(set(document) - {"steps"})))
        document[name] = "x"
    assert not is_genuine(document, KEY)


@pytest.mark.parametrize("nonsense", [None, [], {}, {"steps": 3}, {"number": "+33", "account": "x", "steps": [1]}])
def test_what_is_no_passport_is_not_genuine(nonsense: object) -> None:
    assert not is_genuine(nonsense, KEY)
