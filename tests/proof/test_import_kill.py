"""kill -9 in the middle of an import, here of a file with a title: whoever starts next brings it to its end, and nothing
is there twice."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from smsapp.accounts.actor import Actor
from smsapp.contacts.groups import group
from smsapp.contacts.service import Sheet, count, create_contact
from smsapp.db import Database
from smsapp.imports import steps
from smsapp.imports.choices import Choices
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import begin_import, import_result
from smsapp.imports.undo import undo_import
from smsapp.imports.uploads import Uploads

ROWS = 20_000
SLICE = 500
KILLS = 6


def test_kill_9_leaves_no_import_half_done(db: Database, make_actor: Callable[[str], Actor], tmp_path: Path) -> None:
    actor = make_actor("lavande")
    known = [create_contact(db, actor, Sheet(f"06120000{i:02d}", nom="Connu")) for i in range(40)]
    lines = [f"0612{i:06d};Nom{i};P{i}" for i in range(ROWS)] + [f"x{i};Rejet;P" for i in range(300)]
    uploads = Uploads(tmp_path / "uploads")
    incoming = uploads.receive(actor, "clients.csv")
    incoming.write("\n".join(["Fichier clients - juin 2026", "", "Portable;Nom;Prenom", *lines]).encode())
    choices = Choices(Reading(header=3), {0: "portable", 1: "nom", 2: "prenom"}, group_name="Tous")
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
            steps.take_turn(session, db, actor)
        now = import_result(db, actor, begun)
        killed_at.append(now.step)
        brought = now.created + now.completed + now.known
        assert count(db, actor) == len(known) + now.created, "what is counted is what is there"
        assert now.rows == brought + now.duplicates + now.rejected + now.blacklisted
    assert killed_at == sorted(killed_at)
    assert 0 < killed_at[-1] < now.steps, "the storm must strike in the middle"
    last = _child(db, tmp_path)
    assert last.communicate(timeout=120)[0].split()[-1] == "end"
    done = import_result(db, actor, begun)
    assert (done.status, done.read, done.created, done.completed) == ("done", ROWS + 300, ROWS - 40, 40)
    assert done.rejected == 300
    assert count(db, actor) == ROWS
    assert group(db, actor, done.group_id or 0).members == ROWS
    assert steps.running(db) == []
    assert undo_import(db, actor, begun).removed == ROWS - 40
    assert count(db, actor) == len(known)


def _child(db: Database, tmp_path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.proof.importer", db.url, str(tmp_path / "uploads"), str(SLICE)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
