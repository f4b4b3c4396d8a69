"""Short storms over real peers; the long ones are ``python -m tests.proof.kannel`` and ``tests.proof.smpp``."""

from pathlib import Path

from smsapp.db import Database
from smsapp.db.clock import SystemClock
from tests.proof import kannel, smpp


def test_kill_9_of_bearerbox_leaves_every_message_accounted_for(sqlite_db: Database, tmp_path: Path) -> None:
    """Real bearerbox, smsbox and SMSC, spool and durable reports: in small."""
    wrong, figures = kannel.storm(sqlite_db.at(SystemClock()), tmp_path, messages=100, kills=1)
    assert wrong == [], figures
    assert figures["received"] == 100


def test_a_line_that_drops_throttles_and_falls_silent_loses_and_doubles_nothing(sqlite_db: Database) -> None:
    wrong, figures = smpp.storm(sqlite_db.at(SystemClock()), messages=300)
    assert wrong == [], figures
