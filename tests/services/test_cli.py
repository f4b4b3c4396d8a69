"""`smsapp ...`: exit codes and the JSON lines that a supervisor reads."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from smsapp.cli import app
from smsapp.db import connect


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
