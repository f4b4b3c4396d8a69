"""The process exits before every statement, every commit and every gateway call; then another one goes on.

``uv run python -m tests.proof.crashpoints --all`` (or ``--path send``) prints one JSON line and exits 1 on a violation:
a message lost, sent twice or paid wrongly, a payment or transfer that happened twice or by half. Each point is a real
process, ended by ``os._exit``, over a copy of the same database; whoever asked for something asks again afterwards.
"""

import argparse
import multiprocessing

from smsapp.db import SimulatedClock, connect
from tests.proof.paths import DIED, NOON, PATHS, Scene, die_at, judge, prepare, recover
from tests.proof.world import Template, conclude

# Processes are forked by one that has imported everything and run nothing: polars' threads do not survive a fork.
NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload(["tests.proof.paths"])


def crash_everywhere(path: str, *, every: int = 1) -> tuple[int, list[str]]:
    """Die before each ``every``-th point of a path. How many points there were, and what was wrong."""
    template, clock = Template(), SimulatedClock(NOON)
    begun = template.copy(clock, "begun")
    actors = prepare(begun, path)
    begun.close()
    wrong, point = [], 1
    try:
        while True:
            template.drop("crash")
            file, journal = template.path / "crash.db", template.path / "journal"
            file.write_bytes((template.path / "begun.db").read_bytes())
            journal.unlink(missing_ok=True)
            here = SimulatedClock(NOON)
            child = NURSERY.Process(target=die_at, args=(f"sqlite:///{file}", here, actors, journal, path, point))
            child.start()
            child.join()
            died = child.exitcode
            if died == 0:
                return point - 1, wrong
            if died != DIED:
                return point, [*wrong, f"{path}: ended with {died} at point {point}"]
            scene = Scene(connect(f"sqlite:///{file}", here), here, actors, journal)
            recover(scene, path)
            wrong += [f"{path}, point {point}: {one}" for one in judge(scene, path)]
            scene.db.close()
            point += every
    finally:
        template.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", choices=PATHS)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    points: dict[str, int] = {}
    wrong: list[str] = []
    for path in PATHS if options.all or not options.path else (options.path,):
        points[path], found = crash_everywhere(path)
        wrong += found
    total = sum(points.values())
    if len(points) == len(PATHS) and total < 150:
        wrong.append(f"only {total} points")
    conclude({"proof": "crashpoints", "points": total, "by_path": points}, wrong)


if __name__ == "__main__":
    main()
