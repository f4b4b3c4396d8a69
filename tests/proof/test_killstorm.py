"""A short kill storm on each engine: the long one is ``python -m tests.proof.killstorm``."""

from pathlib import Path

import pytest

from smsapp.db import connect
from smsapp.db.migrate import upgrade
from tests.proof.killstorm import Storm


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nothing_is_lost_nor_doubled_by_kill_9(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """G1, in small: 300 messages, 3 kills."""
    if engine == "sqlite":
        db = connect(f"sqlite:///{tmp_path / 'storm.db'}")
        upgrade(db)
    else:
        db = connect(request.getfixturevalue("pg_new")(request.getfixturevalue("pg_template")))
    try:
        storm = Storm(db, tmp_path, messages=300, kills=3, seed=5)
        assert storm.run() == [], storm.figures
    finally:
        db.close()
