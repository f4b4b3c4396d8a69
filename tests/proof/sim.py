"""Deterministic simulation: many short lives of the engine, each fixed by its seed, and bugs that it must find.

``uv run python -m tests.proof.sim --seeds 2000 [--from N]`` lives through so many seeds; ``--bugs all`` plants every bug
of ``bugs.py`` in turn and looks among the first 25 seeds for one that finds it, which say nothing without a bug. One
JSON line, exit 1 on a violation or a bug unseen.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.proof.bugs import BUGS, plant

ROOT = Path(__file__).parents[2]
ENOUGH = 25  # seeds within which every planted bug shows


@dataclass(frozen=True)
class Found:
    """What a seed found: which promise was broken, and in which words."""

    seed: int
    rule: str
    sentence: str


def lives(first: int, count: int, *, until_found: bool = False) -> tuple[list[Found], int, str]:
    """Live through seeds. What is wrong, how many were lived, and a digest that the same seeds give again."""
    from tests.proof.life import Life  # after a bug is planted
    from tests.proof.observer import Violation
    from tests.proof.world import Template

    template = Template()
    wrong, lived, digest = [], 0, hashlib.blake2s(digest_size=8)
    try:
        for seed in range(first, first + count):
            life = Life(template, seed)
            try:
                life.run()
                digest.update(life.seen.digest.encode())
            except Violation as violation:
                wrong.append(Found(seed, violation.rule, str(violation)))
            except Exception as error:  # the engine itself fails in an ordinary life
                where = traceback.extract_tb(error.__traceback__)[-1]
                sentence = f"{error} ({Path(where.filename).name}:{where.lineno})"
                wrong.append(Found(seed, type(error).__name__, sentence[:300]))
            finally:
                life.close()
            lived += 1
            if wrong and until_found:
                break
    finally:
        template.close()
    return wrong, lived, digest.hexdigest()


def hunt(name: str, seeds: int = ENOUGH) -> dict[str, object]:
    """Plant one bug in a process of its own and look for it: the seed, the promise, the words; ``seed`` None if unseen."""
    command = [sys.executable, "-m", "tests.proof.sim", "--plant", name, "--seeds", str(seeds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        raise RuntimeError(f"{name}: {done.stderr[-500:]}")
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--bugs", choices=("all", *BUGS))
    parser.add_argument("--plant", choices=BUGS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plant:
        plant(options.plant)
        wrong, _, _ = lives(options.first, options.seeds, until_found=True)
        print(json.dumps(asdict(wrong[0]) if wrong else {"seed": None}))
        sys.exit(0)

    from tests.proof.world import conclude

    started = time.monotonic()
    if options.bugs:
        names = list(BUGS) if options.bugs == "all" else [options.bugs]
        with ProcessPoolExecutor(options.processes) as pool:
            clean = pool.submit(lives, 0, ENOUGH)
            found = dict(zip(names, pool.map(hunt, names), strict=True))
            sound, lived, _ = clean.result()
        unseen = [name for name, one in found.items() if one["seed"] is None]
        figures: dict[str, object] = {
            "proof": "sim bugs",
            "planted": len(names),
            "found": len(names) - len(unseen),
            "seeds": lived,
            "violations_without_a_bug": len(sound),
            "by": {name: f"seed {one['seed']}: {one['rule']}" for name, one in found.items() if name not in unseen},
            "seconds": round(time.monotonic() - started, 1),
        }
        conclude(figures, [f"not found: {name}" for name in unseen] + [str(one) for one in sound])
    part = -(-options.seeds // options.processes)
    firsts = range(options.first, options.first + options.seeds, part)
    counts = [min(part, options.first + options.seeds - first) for first in firsts]
    with ProcessPoolExecutor(options.processes) as pool:
        results = list(pool.map(lives, firsts, counts))
    violations = [str(one) for found_, _, _ in results for one in found_]
    figures = {
        "proof": "sim",
        "seeds": sum(lived for _, lived, _ in results),
        "from": options.first,
        "violations": len(violations),
        "digest": [digest for _, _, digest in results],
        "seconds": round(time.monotonic() - started, 1),
    }
    conclude(figures, violations)


if __name__ == "__main__":
    main()
