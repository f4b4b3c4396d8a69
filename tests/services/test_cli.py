"""`smsapp ...`: exit codes and the JSON lines that a supervisor reads."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from smsapp.accounts.tables import User
from smsapp.cli import app
from smsapp.db import connect
from smsapp.sending.leader import Leader


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("SMSAPP_DATA_DIR", str(tmp_path))
    return CliRunner()


def test_the_schema_goes_up_and_down(run: CliRunner) -> None:
    assert run.invoke(app, ["db", "current"]).output.startswith("empty")
    up = run.invoke(app, ["db", "upgrade"])
    assert (up.exit_code, run.invoke(app, ["db", "current"]).output.split()[0]) == (0, up.output.strip())
    assert run.invoke(app, ["db", "downgrade", "base"]).output.strip() == "empty"


def test_the_ledger_check_tells_each_violation_and_exits_1(run: CliRunner, tmp_path: Path) -> None:
    """L1 to L10 as JSON lines."""
    run.invoke(app, ["db", "upgrade"])
    clean = run.invoke(app, ["ledger", "check"])
    assert (clean.exit_code, json.loads(clean.output)) == (0, {"violations": 0})
    db = connect(f"sqlite:///{tmp_path / 'smsapp.db'}")
    with db.write() as session:
        session.connection().execute(text("INSERT INTO ledger_account (kind, balance) VALUES ('issued', 5)"))
    db.close()
    wrong = run.invoke(app, ["ledger", "check"])
    assert wrong.exit_code == 1
    assert [json.loads(line)["rule"] for line in wrong.output.splitlines()] == ["L1", "L2"]


def test_unsafe_settings_are_told_in_a_sentence(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMSAPP_DATABASE_URL", "mysql://nowhere")
    refused = run.invoke(app, ["ledger", "check"])
    assert refused.exit_code == 2
    assert "SMSAPP_DATABASE_URL" in refused.output


def test_a_file_is_imported_as_the_page_does(run: CliRunner, tmp_path: Path) -> None:
    """S64, S73: the page's own service, the same sum, the rejected rows with their reasons."""
    run.invoke(app, ["db", "upgrade"])
    db = connect(f"sqlite:///{tmp_path / 'smsapp.db'}")
    with db.write() as session:
        session.connection().execute(
            text("INSERT INTO account (id, name, time_zone, region, is_demo, created_at)"
                 " VALUES (1, 'Lavande', 'Europe/Paris', 'FR', 0, '2026-01-01 00:00:00')")
        )  # fmt: skip
        session.add(User(account_id=1, identifiant="Lavande", email="l@x.fr", password_hash="", created_at=db.now()))
    db.close()
    file = tmp_path / "clients.csv"
    file.write_text("Client;N°;Ville\nRey;0612345678;Lyon\nRoi;0696123456;Nice\nRey;06 12 34 56 78;\n")
    asked = ["import", str(file), "--account", "lavande", "--map", "2=portable", "--map", "ville=+Ville", "--json"]
    tried = run.invoke(app, [*asked, "--dry-run"])
    assert tried.exit_code == 0, tried.output
    counts = {"read": 3, "created": 1, "completed": 0, "known": 0, "duplicates": 1, "blacklisted": 0, "rejected": 1}
    rejected = {"row": 3, "value": "0696123456", "reason": "needs_country_code", "suggestion": "+596 696 12 34 56"}
    header = {"header_row": 1, "left_out": 0}
    assert json.loads(tried.output) == header | counts | {"rejected_rows": [rejected]}
    done = run.invoke(app, [*asked, "--group", "Juin"])
    assert json.loads(done.output) == {"import": 1} | header | counts | {"rejected_rows": [rejected]}
    again = json.loads(run.invoke(app, [*asked, "--blacklist"]).output)
    assert (again["created"], again["known"]) == (1, 0)
    refusals = tmp_path / "refus.csv"
    refusals.write_text("Portable;Raison;Note\n0612345601;plainte;a\n0612345602;;b\n")
    taken = ["import", str(refusals), "--account", "lavande", "--blacklist", "--json"]
    assert json.loads(run.invoke(app, taken).output)["created"] == 2
    refusals.write_text("Portable;Raison;Note\n0612345603;plainte;absent\n")
    assert json.loads(run.invoke(app, [*taken, "--map", "Note=motif"]).output)["created"] == 1
    db = connect(f"sqlite:///{tmp_path / 'smsapp.db'}")
    with db.read() as session:
        kept = session.execute(text("SELECT e164, reason FROM suppression WHERE e164 <> 33612345678 ORDER BY 1")).all()
    db.close()
    assert [tuple(one) for one in kept] == [
        (33612345601, "plainte"), (33612345602, "refus.csv"), (33612345603, "absent"),
    ]  # fmt: skip
    plain = run.invoke(app, asked[:-1])
    assert "blacklisted: 1" in plain.output
    assert "3\t0696123456\tneeds_country_code" in plain.output
    titled = tmp_path / "titre.csv"
    titled.write_text("Club;Tél\n\nQui;Où\nRey;0612345679\nRoi;faux\n")
    told = ["import", str(titled), "--account", "lavande", "--map", "2=portable", "--dry-run", "--json"]
    for more, header_row, read in (([], 1, 3), (["--header-row", "3"], 3, 2), (["--header-row", "0"], 0, 4)):
        found = json.loads(run.invoke(app, [*told, *more]).output)
        assert (found["header_row"], found["left_out"], found["read"]) == (header_row, max(0, header_row - 1), read)
        assert found["rejected_rows"][-1]["row"] == 5
    assert not list((tmp_path / "uploads").rglob("*.bin"))
    for wrong, said in (
        (["--account", "nobody"], "Nobody has"),
        (["--account", "lavande", "--map", "9=nom"], "does not name"),
        (["--account", "lavande", "--map", "ville=motif"], "does not name"),
        (["--account", "lavande", "--map", "2="], "Choose the column"),
        (["--account", "lavande", "--header-row", "9"], "not among the first"),
    ):
        refused = run.invoke(app, ["import", str(file), *wrong])
        assert (refused.exit_code, said in refused.output) == (1, True), refused.output


def test_nothing_is_imported_beside_a_server_on_sqlite(run: CliRunner, tmp_path: Path) -> None:
    run.invoke(app, ["db", "upgrade"])
    db = connect(f"sqlite:///{tmp_path / 'smsapp.db'}")
    leader = Leader(db)
    leader.take()
    file = tmp_path / "clients.csv"
    file.write_text("Portable\n0612345678\n")
    refused = run.invoke(app, ["import", str(file), "--account", "lavande"])
    leader.release()
    db.close()
    assert refused.exit_code == 2
    assert "another smsapp" in refused.output


def test_every_answer_of_an_import_is_json_when_it_is_asked_for(run: CliRunner, tmp_path: Path) -> None:
    """Also a refusal, and before the schema is there; a dry run names every rejected row."""
    file = tmp_path / "clients.csv"
    file.write_text("Nom;Portable\n" + "".join(f"N{i};abc{i}\n" for i in range(120)))
    head = tmp_path / "\udcff.csv"  # a name that is no UTF-8
    head.write_text("Nom;Portable\n")

    def asked(*words: str) -> tuple[int, dict[str, object]]:
        answer = run.invoke(app, ["import", *words, "--json"])
        return answer.exit_code, json.loads(answer.stdout)

    assert asked(str(file), "--account", "lavande") == (1, {"error": "Nobody has the identifiant lavande."})
    db = connect(f"sqlite:///{tmp_path / 'smsapp.db'}")
    with db.write() as session:
        session.connection().execute(
            text("INSERT INTO account (id, name, time_zone, region, is_demo, created_at)"
                 " VALUES (1, 'Lavande', 'Europe/Paris', 'FR', 0, '2026-01-01 00:00:00')")
        )  # fmt: skip
        session.add(User(account_id=1, identifiant="Lavande", email="l@x.fr", password_hash="", created_at=db.now()))
    code, found = asked(str(file), "--account", "lavande", "--dry-run")
    assert (code, found["read"], found["rejected"]) == (0, 120, 120)
    assert [row["row"] for row in found["rejected_rows"]] == list(range(2, 122))  # type: ignore[attr-defined]
    with db.read() as session:
        assert session.execute(text("SELECT count(*) FROM contact_import")).scalar_one() == 0
    for words, code in (
        ((str(tmp_path / "missing.csv"),), 2),
        ((str(tmp_path),), 2),
        ((str(head),), 1),
        ((str(file), "--map", "Nom=+"), 1),
        ((str(file), "--map", "Nom=+portable"), 1),
        ((str(file), "--map", "Nom"), 1),
    ):
        refused, said = asked(*words, "--account", "lavande")
        assert (refused, list(said), bool(said["error"])) == (code, ["error"], True), words
    leader = Leader(db)
    leader.take()
    code, said = asked(str(file), "--account", "lavande")
    leader.release()
    db.close()
    assert (code, "another smsapp" in str(said["error"])) == (2, True)
