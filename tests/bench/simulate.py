"""Price a campaign of a million recipients with four variables: `uv run python -m tests.bench.simulate`.

The peer is plain Python, one recipient after the other: who stays, the text with his values, its segments, its price. It
gives the same answers, which is asserted first: on hostile values under many texts, then on every one of the million.
Then rounds alternate, the peer on a sample. Ours runs in a process of its own, whose resident memory is what is printed.
"""

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from smsapp.domain.encoding import BASIC, EXTENDED, GSM7
from smsapp.domain.quote import RECIPIENTS, Quote, quote
from smsapp.domain.tariff import SmsType, Tariff, default_tariff
from smsapp.domain.template import VARIABLES, Template

SAMPLE = 100_000
ROUNDS = 5
GOAL, GOAL_MB = 40, 400
TEXT = (
    "Bonjour $prenom $nom, votre commande $societe est prete. Repondez STOP au 36111. "
    "Suivi : https://exemple.fr/s?e=$email [Boutique]"
)
CLIENTS = Path(__file__).parents[1] / "data" / "clients-5000-semicolon-cp1252.csv"
PLACES = ("FR", "FR", "FR", "FR", "FR", "FR", "FR", "MQ", "GP", "GB", "BE")
NASTY = ("", None, "[x]", "€" * 7, "😀" * 30, "a" * 170, "Crêpe", "{€}" * 40, "é😀€ç", "Z" * 151, "👩🏽‍🚒 ", "$nom")
PIECES = (
    "$nom",
    "$prenom ",
    "$email",
    "$societe|😀|",
    "[",
    "€",
    "😀",
    "ê",
    "abc ",
    "z" * 59,
    "$prenom|vous|",
    "€" * 33,
)


def people(count: int, seed: int = 3) -> pl.DataFrame:
    """Recipients as an address book has them: four numbers in a hundred stand twice, some are of no country with a price."""
    draw = random.Random(seed)
    numbers = [33600000000 + draw.randrange(10**8) for _ in range(count)]
    for _ in range(count // 25):
        numbers[draw.randrange(count)] = numbers[draw.randrange(count)]
    clients = pl.read_csv(CLIENTS, separator=";", encoding="windows-1252", infer_schema=False)
    last, first, firm, email = (
        draw.choices(clients[name].to_list(), k=count)
        for name in ("Nom de famille", "Prénom", "Raison sociale", "Mail")
    )
    return pl.DataFrame(
        {
            "e164": numbers,
            "territory": draw.choices(PLACES, k=count),
            "contact_id": range(count),
            "nom": last,
            "prenom": first,
            "email": [text and f"{number % 9973}.{text}" for text, number in zip(email, numbers, strict=True)],
            "societe": firm,
            "source": ["contact"] * count,
            "rank": range(count),
        },
        schema=RECIPIENTS,
    )


def nasty(count: int, seed: int = 5) -> pl.DataFrame:
    """Recipients whose values meet the edges: pairs on boundaries, Unicode, nothing at all."""
    draw = random.Random(seed)
    values = {name: draw.choices(NASTY, k=count) for name in VARIABLES}
    return people(count, seed).with_columns(**{name: pl.Series(column) for name, column in values.items()})


Answer = dict[int, tuple[int, int, int]]  # number -> rank, segments, cost


def plainly(rows: list[tuple[Any, ...]], text: str, prices: dict[str, int], blacklist: set[int]) -> Answer:
    """What a careful program does, one recipient at a time. `rows` have the columns of RECIPIENTS."""
    parts = Template.parse(text).parts
    best: dict[int, tuple[tuple[int, int], tuple[Any, ...]]] = {}
    for row in rows:
        number, territory = row[0], row[1]
        if number in blacklist or territory not in prices:
            continue
        merit = (-sum(1 for value in row[3:7] if value), row[8])
        if number not in best or merit < best[number][0]:
            best[number] = (merit, row)
    columns = {name: 3 + i for i, name in enumerate(VARIABLES)}
    plan = [part if isinstance(part, str) else (columns[part.variable], part.fallback or "") for part in parts]
    found = {}
    for number, (_, row) in best.items():
        body = "".join([part if isinstance(part, str) else row[part[0]] or part[1] for part in plan])
        segments = counted(body)
        found[number] = (row[8], segments, segments * prices[row[1]])
    return found


def counted(body: str) -> int:
    """Segments of one text: its characters laid out one after the other where a pair might be cut."""
    gsm7 = GSM7.issuperset(body)
    single, multiple = (160, 153) if gsm7 else (70, 67)
    widths = [2 if char in EXTENDED else 1 for char in body] if gsm7 else [2 if char > "\uffff" else 1 for char in body]
    units = sum(widths)
    if units <= single:
        return 1
    if units == len(widths):
        return -(-units // multiple)
    segments, used = 1, 0
    for width in widths:
        if used + width > multiple:
            segments, used = segments + 1, 0
        used += width
    return segments


def priced(recipients: pl.DataFrame, text: str, blacklist: pl.Series, tariff: Tariff) -> Quote:
    """The same by the product's own function."""
    return quote(
        recipients,
        text,
        tariff=tariff,
        sms_type=SmsType.PRO,
        purpose="transactional",
        sender_kind="reply",
        short_code="36111",
        blacklist=blacklist,
        bodies=False,
    )


def differences(recipients: pl.DataFrame, text: str, blacklist: pl.Series, tariff: Tariff) -> int:
    """How many recipients the two price differently, one that only one of them keeps included."""
    found = priced(recipients, text, blacklist, tariff)
    columns = found.lines.select("e164", "rank", "segments", "cost").iter_rows()
    ours = {number: tuple(rest) for number, *rest in columns}
    theirs = plainly(recipients.rows(), text, price_list(tariff), set(blacklist))
    assert found.total == sum(cost for _, _, cost in ours.values())
    return sum(ours.get(number) != theirs.get(number) for number in ours.keys() | theirs.keys())


def price_list(tariff: Tariff) -> dict[str, int]:
    return {place: tariff.unit_price(place, SmsType.PRO, custom_sender=False) for place in PLACES}


def serve(pipe: Connection, path: Path, blacklist: list[int]) -> None:
    """A process that holds the recipients and prices them as often as it is asked; ends with its peak of memory."""
    barred, tariff = pl.Series(blacklist, dtype=pl.Int64), default_tariff()
    recipients = pl.read_parquet(path)
    held = resident()
    while pipe.recv():
        gc.collect()
        start = time.perf_counter()
        found = priced(recipients, TEXT, barred, tariff)
        taken = time.perf_counter() - start
        pipe.send((taken, found.total, found.kept))
        del found
    pipe.send((held, resident("VmHWM")))


def resident(which: str = "VmRSS") -> int:
    """Megabytes that this process holds now, or has held at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith(which))


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    chosen = options.parse_args()
    tariff = default_tariff()
    assert len(BASIC) + len(EXTENDED) == 137
    print(f"polars {pl.__version__}, {chosen.rows:,} recipients, 4 variables, load {os.getloadavg()}", flush=True)

    draw, hostile, compared = random.Random(7), nasty(20_000), 0
    for _ in range(20):
        text = "".join(draw.choices(PIECES, k=draw.randrange(1, 14)))
        assert not differences(hostile, text, hostile["e164"].head(50), tariff), text
        compared += hostile.height
    recipients = people(chosen.rows)
    blacklist = recipients["e164"].sample(chosen.rows // 100, seed=1)
    assert not differences(recipients, TEXT, blacklist, tariff)
    print(f"differences: 0 of {compared + chosen.rows:,}", flush=True)

    barred, prices, sample = set(blacklist), price_list(tariff), recipients.head(SAMPLE).rows()
    scale = chosen.rows / len(sample)
    ours, ratios = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipients.parquet"
        recipients.write_parquet(path)
        processes = get_context("spawn")
        pipe, theirs = processes.Pipe()
        worker = processes.Process(target=serve, args=(theirs, path, blacklist.to_list()))
        worker.start()
        for _ in range(ROUNDS):
            gc.collect()
            start = time.perf_counter()
            plainly(sample, TEXT, prices, barred)
            peer = (time.perf_counter() - start) * scale
            pipe.send(True)
            taken, total, kept = pipe.recv()
            ours.append(taken)
            ratios.append(peer / taken)
        pipe.send(False)
        held, peak = pipe.recv()
        worker.join()
    print(f"{kept:,} kept, {total / 10_000:,} credits; {held} MB before the first quote")
    ratio, mine = median(ratios), median(ours)
    print("name ours peer ratio goal PASS|FAIL")
    print(f"simulate-s {mine:.3f} {mine * ratio:.1f} {ratio:.0f}x >={GOAL}x {'PASS' if ratio >= GOAL else 'FAIL'}")
    print(f"resident-MB {peak} {GOAL_MB} {peak / GOAL_MB:.2f} <={GOAL_MB} {'PASS' if peak <= GOAL_MB else 'FAIL'}")
    return int(ratio < GOAL or peak > GOAL_MB)


if __name__ == "__main__":
    sys.exit(main())
