"""Mutated files through the import's own door: ``uv run python -m tests.proof.hostile_files --files 2000 --seed 1``.

Every file is a real one (all kinds of tests/data, and some made here) with bytes flipped, cut, doubled, spliced or
poisoned. Each must be read with every row accounted for, or refused with a sentence that exists; none may take longer
than the limit, and this process, which plays the server, may not grow by more than 50 MB. Prints one JSON line; exits 1.
"""

import argparse
import io
import json
import random
import shutil
import sys
import tempfile
import time
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

from smsapp.accounts.actor import Actor
from smsapp.domain.errors import Refusal
from smsapp.i18n.catalogue import LANGUAGES, catalogue
from smsapp.imports.choices import Choices
from smsapp.imports.sandbox import WALL_SECONDS
from smsapp.imports.service import preview
from smsapp.imports.steps import plan
from smsapp.imports.uploads import Uploads

DATA = Path(__file__).parents[1] / "data"
GROWTH = 50 << 20  # bytes
TODAY = date(2026, 6, 12)
SOMEBODY = Actor(1, 1, "lavande", "lavande@example.net", "fr", "Maison lavande")
POISON = (
    b"\0",
    b'"',
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x1a",
    b"\r",
    b";" * 300,
    b"PK\x03\x04",
    b"<html>",
    b"=1+1",
    b"\x80" * 9,
)


def seeds() -> list[bytes]:
    """What is mutated: real files, small enough to be read two thousand times."""
    found = [path.read_bytes()[:60_000] if path.suffix in (".csv", ".txt") else path.read_bytes() for path in
             sorted(DATA.glob("*-*.*"))]  # fmt: skip
    quoted = '"Nom";"Portable"\n' + "".join(f'"N ""{i}""\n";"06123456{i:02d}"\n' for i in range(60))
    return [*found, quoted.encode(), b"Portable\n" + b"0612345678\n" * 50, unpacked(found)]


def unpacked(found: list[bytes]) -> bytes:
    """A workbook whose parts are not compressed, so that a flipped byte reaches the XML."""
    source = next(content for content in found if content.startswith(b"PK"))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for part in old.infolist():
            new.writestr(part.filename, old.read(part))
    return out.getvalue()


def mutated(draw: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """One to four wounds."""
    data = bytearray(content)
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(len(data) + 1)
        wound = draw.randrange(7)
        if wound == 0:
            data[at : at + 1] = bytes([draw.randrange(256)])
        elif wound == 1:
            data[at:at] = draw.choice(POISON) * draw.randrange(1, 4)
        elif wound == 2:
            del data[at : at + draw.randrange(1, 2_000)]
        elif wound == 3:
            data[at:at] = data[max(0, at - draw.randrange(1, 2_000)) : at]
        elif wound == 4:
            del data[max(1, at) :]
        elif wound == 5:
            other = draw.choice(others)
            start = draw.randrange(len(other))
            data[at:at] = other[start : start + draw.randrange(1, 2_000)]
        else:
            data[at : at + 64] = draw.randbytes(64)
    return bytes(data)


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def judge(uploads: Uploads, content: bytes) -> str:
    """Read a file as the page does, and sort it. Returns "read" or the key of the refusal."""
    incoming = uploads.receive(SOMEBODY, "fuzz.csv", len(content))
    try:
        incoming.write(content)
        upload = incoming.done()
        seen = preview(uploads, SOMEBODY, upload.id)
        mapping = {column.index: column.field for column in seen.columns}
        if "portable" not in mapping.values():
            mapping[0] = "portable"
        course = plan(upload, Choices(seen.reading, mapping), "FR", TODAY, {})
        found = course.found  # every row has one outcome: it asserts it
        assert found.rejected["reason"].null_count() == 0, "a rejected row has a reason"
        uploads.remove(upload)
    except Refusal as refusal:
        return explained(refusal)
    return "read"


def explained(refusal: Refusal) -> str:
    """The key of a refusal, which has a sentence in every language."""
    assert all(refusal.key in catalogue(lang) for lang in LANGUAGES), refusal.key
    return refusal.key


def storm(files: int, seed: int) -> tuple[dict[str, object], list[str]]:
    """Figures, and what went wrong."""
    draw = random.Random(seed)
    every = seeds()
    folder = Path(tempfile.mkdtemp())
    uploads = Uploads(folder)
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    slowest = 0.0
    for content in every:  # so that growth is measured from a process that has done all of it once
        judge(uploads, content)
    before = resident()
    for number in range(files):
        content = mutated(draw, draw.choice(every), every)
        begun = time.monotonic()
        try:
            outcomes[judge(uploads, content)] += 1
        except Exception as problem:
            wrong.append(f"file {number} of seed {seed}: {type(problem).__name__}: {problem}")
        slowest = max(slowest, time.monotonic() - begun)
    growth = resident() - before
    shutil.rmtree(folder)
    if growth > GROWTH:
        wrong.append(f"memory grew by {growth >> 20} MB")
    if slowest > WALL_SECONDS + 10:
        wrong.append(f"a file took {slowest:.0f} s")
    figures = {"files": files, "seed": seed, "outcomes": dict(outcomes.most_common()), "slowest_s": round(slowest, 2),
               "growth_mb": round(growth / 2**20, 1), "wrong": len(wrong)}  # fmt: skip
    return figures, wrong


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--files", type=int, default=2_000)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    figures, wrong = storm(options.files, options.seed)
    print(json.dumps(figures))
    print("\n".join(wrong[:20]), file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
