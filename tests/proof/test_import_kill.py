"""kill -9 in the middle of an import, here of a file with a title: whoever starts next brings it to its end, and nothing
is there twice."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.groups import group, groups
from smsapp.contacts.service import Sheet, count, create_contact
from smsapp.contacts.tables import Contact
from smsapp.db import Database
from smsapp.imports import steps
from smsapp.imports.choices import Choices
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Result, begin_import, import_result
from smsapp.imports.turns import take_turn
from smsapp.imports.undo import undo_import
from smsapp.imports.uploads import Uploads

ROWS = 20_000
SLICE = 500
KILLS = 6
BY = {0: "portable", 1: "nom", 2: "prenom", 3: "groupes", 4: "consentement_date"}


def test_kill_9_leaves_no_import_half_done(db: Database, make_actor: Callable[[str], Actor], tmp_path: Path) -> None:
    actor = make_actor("lavande")
    known = [create_contact(db, actor, Sheet(f"06120000{i:02d}", nom="Connu")) for i in range(40)]
    lists = ("Pairs", "Impairs")
    lines = [f"0612{i:06d};Nom{i};P{i};{lists[i % 2]}, Tous;17/06/2026" for i in range(ROWS)]
    lines += [f"x{i};Rejet;P;Pairs;hier" for i in range(300)]
    uploads = Uploads(tmp_path / "uploads")
    incoming = uploads.receive(actor, "clients.csv")
    head = "Portable;Nom;Prenom;Groupes;Date du consentement"
    incoming.write("\n".join(["Fichier clients - juin 2026", "", head, *lines]).encode())
    choices = Choices(Reading(header=3), BY, group_name="Tous")
    begun = begin_import(db, uploads, actor, incoming.done().id, choices)
    draw = random.Random(4)
    killed_at = []
    for _ in range(KILLS):
        child = _child(db, tmp_path)
        assert child.stdout is not None
        for _ in range(draw.randrange(1, 6)):  # that many steps, then at any moment of the next
            if child.stdout.readline().strip() == "end":
                break
        time.sleep(draw.uniform(0, 0.05))
        child.kill()
        child.wait()
        with db.write() as session:  # PostgreSQL may still be committing what it was sent
            take_turn(session, db, actor.account_id)
        now = import_result(db, actor, begun)
        killed_at.append(now.step)
        assert count(db, actor) == len(known) + now.created, "what is counted is what is there"
        sizes = {one.name: one.members for one in groups(db, actor)}
        assert sizes.get("Pairs", 0) + sizes.get("Impairs", 0) == sizes.get("Tous", 0) == brought(now)
        assert agreed(db, begun) == brought(now)
        assert now.rows == brought(now) + now.duplicates + now.rejected + now.blacklisted
    assert killed_at == sorted(killed_at)
    assert 0 < killed_at[-1] < now.steps, "the storm must strike in the middle"
    last = _child(db, tmp_path)
    assert last.communicate(timeout=120)[0].split()[-1] == "end"
    done = import_result(db, actor, begun)
    assert (done.status, done.read, done.created, done.completed) == ("done", ROWS + 300, ROWS - 40, 40)
    assert done.rejected == 300
    assert count(db, actor) == ROWS
    assert group(db, actor, done.group_id or 0).members == ROWS
    sizes = {one.name: one.members for one in groups(db, actor)}
    assert sizes == {"Tous": ROWS, "Pairs": ROWS // 2, "Impairs": ROWS // 2}
    assert agreed(db, begun) == ROWS
    assert steps.running(db) == []
    assert undo_import(db, actor, begun).removed == ROWS - 40
    assert count(db, actor) == len(known)
    assert (groups(db, actor), agreed(db, begun)) == ([], 0)


def brought(now: Result) -> int:
    """The contacts whose rows have come in so far."""
    return now.created + now.completed + now.known


def agreed(db: Database, import_id: int) -> int:
    """How many contacts have a consent whose proof is this import."""
    asked = select(func.count()).where(col(Contact.consent_import_id) == import_id, col(Contact.deleted_at).is_(None))
    with db.read() as session:
        return int(session.execute(asked).scalar_one())


def _child(db: Database, tmp_path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.proof.importer", db.url, str(tmp_path / "uploads"), str(SLICE)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
