"""Every proof in its short form; the long ones are commands, named in the README."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from smsapp.db import Database, SimulatedClock
from tests.proof import dlr, pause
from tests.proof.bugs import BUGS
from tests.proof.crashpoints import crash_everywhere
from tests.proof.paths import PATHS
from tests.proof.sim import hunt, lives


def test_no_seed_of_the_simulation_finds_a_violation() -> None:
    """Reliability P6: faults, reorderings, pauses, STOPs, both clock changes."""
    wrong, lived, _ = lives(0, 20)
    assert (wrong, lived) == ([], 20)


def test_a_seed_is_one_life_for_ever() -> None:
    assert lives(3, 2)[2] == lives(3, 2)[2]


@pytest.mark.parametrize("name", ["a time-out is sent again", "counters only grow", "the last report wins"])
def test_a_planted_bug_is_found(name: str) -> None:
    assert len(BUGS) >= 15
    assert hunt(name)["seed"] is not None


@pytest.mark.parametrize("name", BUGS)
def test_what_a_bug_changes_is_still_in_the_source(name: str) -> None:
    spec = find_spec(BUGS[name].module)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).read_text(encoding="utf-8").count(BUGS[name].was) == 1


@pytest.mark.parametrize("path", PATHS)
def test_a_process_may_die_at_any_point(path: str) -> None:
    """Each eleventh point here; ``crashpoints --all`` dies at every one."""
    points, wrong = crash_everywhere(path, every=11)
    assert wrong == []
    assert points > 50


def test_a_storm_of_reports_ends_where_the_network_says(db: Database, clock: SimulatedClock) -> None:
    """G5, in small."""
    wrong, figures = dlr.storm(db, clock, 1_500, 4)
    assert wrong == [], figures


def test_nothing_is_claimed_after_a_pause(db: Database) -> None:
    """P30, in small: four workers."""
    wrong, figures = pause.storm(db, 4, 4, 4, 1_000)
    assert wrong == [], figures
