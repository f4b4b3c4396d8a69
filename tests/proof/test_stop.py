"""STOPs against a running campaign on each engine, in small: the long one is ``python -m tests.proof.stop``."""

from pathlib import Path

import pytest

from smsapp.db import connect
from smsapp.db.migrate import upgrade
from tests.proof.stop import Proof


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nothing_is_claimed_after_the_commit_of_a_stop(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """G6, S45, S74, in small: 150 STOPs, a fifth of them by link, while 600 messages leave."""
    if engine == "sqlite":
        db = connect(f"sqlite:///{tmp_path / 'stop.db'}")
        upgrade(db)
    else:
        db = connect(request.getfixturevalue("pg_new")(request.getfixturevalue("pg_template")))
    try:
        proof = Proof(db, messages=600, stops=150, seed=3)
        assert proof.run() == [], proof.figures
        assert proof.figures["suppressed"], "no STOP met a message that was still queued: nothing was proved"
    finally:
        db.close()
