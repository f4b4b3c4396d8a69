"""Short kill storms on each engine: the long ones are ``python -m tests.proof.killstorm``."""

from pathlib import Path

from smsapp.db import connect
from smsapp.db.migrate import upgrade
from tests.proof.killstorm import Storm
from tests.proof.postgres import server


def test_nothing_is_lost_nor_doubled_by_kill_9(tmp_path: Path) -> None:
    """G1, in small: 300 messages, 3 kills, on SQLite."""
    db = connect(f"sqlite:///{tmp_path / 'storm.db'}")
    try:
        upgrade(db)
        storm = Storm(db, tmp_path, messages=300, kills=3, seed=5)
        assert storm.run() == [], storm.figures
    finally:
        db.close()


def test_nothing_is_lost_nor_doubled_by_four_workers_and_a_server_that_crashes(tmp_path: Path) -> None:
    """G1, in small, on a PostgreSQL server of its own: 600 messages, 6 kills of 4 workers, 2 of their backends."""
    with server(tmp_path / "pg") as url:
        db = connect(url)
        try:
            upgrade(db)
            storm = Storm(db, tmp_path, messages=600, kills=6, seed=5, workers=4, backend_kills=2)
            assert storm.run() == [], storm.figures
        finally:
            db.close()
