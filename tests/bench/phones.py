"""Normalise a million clean French numbers against plain phonenumbers, in one run: `python -m tests.bench.phones`.

The answers are proved first: none may differ from `read_number` over all regions and on hostile spellings (`--full` for
1.5 M and 600 000 of them, else a tenth). Then rounds alternate with the peer, which reads a sample. Cold: nothing is
known, neither in memory nor on disk. Warm: the classes are known.
"""

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import phonenumbers
import polars as pl
from phonenumbers import PhoneNumberFormat

from smsapp.domain.phone import classes, column, keep_answers, read_column, save_answers
from tests.unit.domain.phone_numbers import hostile, world
from tests.unit.domain.test_phone_column import differences

SAMPLE = 60_000
ROUNDS = 3


def clean(count: int, seed: int = 1) -> list[str]:
    """Mobiles that exist, as people write them."""
    draw = random.Random(seed)
    heads = [head for head in range(600, 800) if phonenumbers.is_valid_number(phonenumbers.parse(f"+33{head}123456"))]
    spellings = []
    for _ in range(count):
        number = f"{draw.choice(heads)}{draw.randrange(10**6):06}"
        separator = draw.choice(("", "", " ", " ", ".", "-"))
        grouped = separator.join([number[0], *(number[i : i + 2] for i in range(1, 9, 2))])
        head = draw.choice(("0", "0", "0", "+33", "0033", "33"))
        spellings.append(f"{head}{separator if head != '0' else ''}{grouped}")
    return spellings


def plainly(texts: list[str]) -> list[tuple[int, str | None, int] | None]:
    """What a program with phonenumbers alone does with each text."""
    found: list[tuple[int, str | None, int] | None] = []
    for text in texts:
        try:
            number = phonenumbers.parse(text, "FR")
        except phonenumbers.NumberParseException:
            found.append(None)
            continue
        if not phonenumbers.is_valid_number(number):
            found.append(None)
            continue
        e164 = int(phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:])
        found.append((e164, phonenumbers.region_code_for_number(number), phonenumbers.number_type(number)))
    return found


def forget() -> None:
    """A process that has just started."""
    column._classes.clear()
    column._kept.path = None
    for cached in (classes.deciding_digits, classes._deciding, classes._national, classes._look, classes._depth):
        cached.cache_clear()
    for cached in (classes._parsed, classes._patterns):
        cached.cache_clear()


def seconds(work: object, *arguments: object) -> float:
    gc.collect()
    start = time.perf_counter()
    work(*arguments)  # type: ignore[operator]
    return time.perf_counter() - start


def proved(full: bool) -> int:
    """How many spellings were compared; exits when one differs."""
    all_regions, nasty = (1_500_000, 600_000) if full else (150_000, 60_000)
    jobs = [
        (texts[i : i + 20_000], region)
        for region, texts in world(all_regions, seed=7).items()
        for i in range(0, len(texts), 20_000)
    ]
    texts = hostile(nasty, seed=7)
    jobs += [(texts[i : i + 20_000], "FR" if i % 40_000 else "US") for i in range(0, nasty, 20_000)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        found = [d for part in processes.map(differences, *zip(*jobs, strict=True), chunksize=4) for d in part]
    if found:
        sys.exit(f"{len(found)} differences, such as {found[0]}")
    return all_regions + nasty


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--full", action="store_true")
    options.add_argument("--no-proof", action="store_true", help="times only")
    chosen = options.parse_args()
    print(f"phonenumbers {phonenumbers.__version__}, polars {pl.__version__}, load {os.getloadavg()}")
    if not chosen.no_proof:
        print(f"differences: 0 of {proved(chosen.full):,}")
    texts = clean(chosen.rows)
    raw, sample = pl.Series("raw", texts), texts[:SAMPLE]
    ours = read_column(raw.head(SAMPLE)).select("e164", "territory").rows()
    assert ours == [peer[:2] if peer else (None, None) for peer in plainly(sample)]

    times: dict[str, list[float]] = {name: [] for name in ("cold", "disk", "warm")}
    ratios: dict[str, list[float]] = {name: [] for name in times}
    with tempfile.TemporaryDirectory() as place:
        for _ in range(ROUNDS):
            peer = seconds(plainly, sample) * chosen.rows / SAMPLE
            forget()
            round_times = {"cold": seconds(read_column, raw)}
            keep_answers(Path(place))
            save_answers()
            column._kept.learnt = 1
            save_answers()
            forget()
            round_times["disk"] = seconds(lambda: (keep_answers(Path(place)), read_column(raw)))
            round_times["warm"] = seconds(read_column, raw)
            for name, taken in round_times.items():
                times[name].append(taken)
                ratios[name].append(peer / taken)
    print(f"{'name':<24}{'ours s':>8}{'peer s':>8}{'ratio':>8}{'goal':>6}")
    failed = False
    for name, goal in (("cold", 60), ("disk", 60), ("warm", 100)):
        ratio, mine = median(ratios[name]), median(times[name])
        failed |= ratio < goal
        verdict = "PASS" if ratio >= goal else "FAIL"
        print(f"{'normalise ' + name:<24}{mine:>8.3f}{mine * ratio:>8.1f}{ratio:>7.0f}x{goal:>5}x {verdict}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
