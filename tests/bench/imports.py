"""A million rows of CSV into the address book, beside what a plain program does: ``python -m tests.bench.imports``.

Each variant runs in a process of its own, in alternating rounds; the ratio is the median of the rounds. Both write to
the same migrated database, so indexes and triggers weigh on both. ``naive``: csv, phonenumbers, the same keys, one
executemany; of all rows, or of so many as ``--naive`` says, scaled up. ``bare``: executemany, or COPY, of the very same
rows into a table without index; the whole import may take two and a half times as long. Prints ``name ours peer ratio goal PASS|FAIL``; exits 1 on a FAIL.
"""

import argparse
import csv
import io
import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median

import phonenumbers
import polars as pl

from smsapp.accounts.actor import Actor
from smsapp.contacts.bulk import add_contacts, lay_out, with_keys, with_packed
from smsapp.contacts.folding import search_text, sort_name
from smsapp.contacts.service import count
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.domain.phone import keep_answers
from smsapp.imports import steps
from smsapp.imports.choices import Choices
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import run_import
from smsapp.imports.uploads import Uploads
from tests.bench.phones import clean
from tests.bench.seed import seed
from tests.proof.postgres import server

ROUNDS = 3
FIRST = ("Inès", "Chloé", "Bastien", "Anaïs", "Victor", "Élise", "Timothée", "Marie-Emmanuelle", "Adrien", "Zoé")
LAST = ("Moreau", "Garnier", "Roy", "Colin", "Hamon", "Lemaire", "Dupuis", "Lebreton", "Pascal", "Lamy", "Nguyen")
FIELDS = {0: "nom", 1: "prenom", 2: "portable", 3: "societe", 4: "email"}
WHO = Actor(1, 1, "banc", "banc@example.net", "fr", "Maison banc")
COLUMNS = ("e164", "territory", "nom", "prenom", "email", "societe", "extra", "sort_name", "search")


def write_file(path: Path, rows: int) -> None:
    """A customer base as shops have them: cp1252, semicolons, numbers as people write them."""
    draw = random.Random(3)
    with path.open("w", encoding="cp1252") as file:
        file.write("Nom;Prénom;Portable;Société;Mail;Ville\n")
        for i, number in enumerate(clean(rows)):
            nom = f"{draw.choice(LAST)}-{draw.choice(LAST)}"
            shop = f"Boutique {i % 997}" if i % 7 == 0 else ""
            file.write(f"{nom};{draw.choice(FIRST)};{number};{shop};{nom.lower()}.{i}@exemple.fr;Lyon\n")


def naive(db: Database, path: Path, rows: int) -> int:
    """What one writes on a Friday: row by row, then one executemany into the same table."""
    people = []
    now = "2026-06-17 10:00:00.000000"
    with path.open(encoding="cp1252", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter=";")):
            if number == rows:
                break
            try:
                read = phonenumbers.parse(row["Portable"], "FR")
            except phonenumbers.NumberParseException:
                continue
            if not phonenumbers.is_valid_number(read):
                continue
            e164 = int(phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)[1:])
            names = row["Nom"], row["Prénom"], row["Société"], row["Mail"]
            people.append(
                (1, e164, phonenumbers.region_code_for_number(read), names[0], names[1], names[3], names[2], "{}",
                 sort_name(names[0], names[1], names[2]), search_text(e164, *names), "active", now, now)
            )  # fmt: skip
    with db.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO contact (account_id, e164, territory, nom, prenom, email, societe, extra, sort_name, search,"
            f" state, created_at, updated_at) VALUES ({', '.join('?' * 13)})",
            people,
        )
    return len(people)


def ours(db: Database, path: Path, folder: Path) -> int:
    """The product's own import, with its rejected rows, its sums and its undo journal."""
    uploads = Uploads(folder / "uploads")
    incoming = uploads.receive(WHO, path.name, path.stat().st_size)
    with path.open("rb") as file:
        shutil.copyfileobj(file, incoming)
    done = run_import(db, uploads, WHO, incoming.done().id, Choices(Reading(), FIELDS))
    assert done.read == done.created + done.duplicates + done.rejected
    return done.created


def prepared(path: Path, folder: Path) -> list[pl.DataFrame]:
    """The rows as they are written, slice by slice, for the bench of the write alone."""
    copy = folder / "prepared.bin"
    shutil.copy(path, copy)
    from smsapp.imports.uploads import Upload

    course = steps.plan(Upload("", "", 0, copy), Choices(Reading(), FIELDS), "FR", date(2026, 6, 12), {})
    return [with_keys(course.slice_of(place)) for place in range(len(course.edges))]


def upsert(db: Database, parts: list[pl.DataFrame], folder: Path) -> float:
    """Seconds to add the rows to the book as an import does: a slice is made ready while another is written."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(1) as thread:

        def ready(place: int) -> tuple[pl.DataFrame, Path | None]:
            if not db.is_sqlite:
                return with_packed(parts[place]), None
            path = folder / f"slice.{place % 2}.db"
            lay_out(parts[place], path)
            return parts[place], path

        coming = thread.submit(ready, 0)
        for place in range(len(parts)):
            part, beside = coming.result()
            if place + 1 < len(parts):
                coming = thread.submit(ready, place + 1)
            with db.write(beside) as session:
                add_contacts(session, 1, part, import_id=1, at=db.now(), laid_out=part.height if beside else 0)
    return time.perf_counter() - begun


def bare(db: Database, parts: list[pl.DataFrame], folder: Path) -> float:
    """Seconds to put the same rows, with the same fixed columns, into a table without index."""
    fixed = ("account_id", "state", "import_id", "created_at", "updated_at")
    if db.is_sqlite:
        raw = sqlite3.connect(folder / "bare.db", isolation_level=None)
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute(f"CREATE TABLE bare (id INTEGER PRIMARY KEY, {', '.join((*fixed, *COLUMNS))})")
        begun = time.perf_counter()
        for part in parts:
            raw.execute("BEGIN IMMEDIATE")
            rows = [
                (1, "active", 1, "2026-06-17 10:00:00", "2026-06-17 10:00:00", *row)
                for row in part.select(COLUMNS).rows()
            ]
            raw.executemany(f"INSERT INTO bare ({', '.join((*fixed, *COLUMNS))}) VALUES ({', '.join('?' * 14)})", rows)
            raw.execute("COMMIT")
        took = time.perf_counter() - begun
        raw.close()
        return took
    with db.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE bare AS SELECT * FROM contact WHERE false")
    begun = time.perf_counter()
    for part in parts:
        out = io.BytesIO()
        told = [
            pl.lit(value).alias(name)
            for name, value in zip(fixed, (1, "active", 1, "2026-06-17", "2026-06-17"), strict=True)
        ]
        stage = part.select(*told, *COLUMNS)
        stage.write_csv(out, include_header=False)
        with db.write() as session:
            cursor = session.connection().connection.cursor()
            with cursor.copy(f"COPY bare ({', '.join(stage.columns)}) FROM STDIN (FORMAT csv)") as copy:
                copy.write(out.getbuffer())
    return time.perf_counter() - begun


def child(options: argparse.Namespace) -> None:
    """One variant, alone in its process: prints what it took."""
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    url = options.url or f"sqlite:///{folder / 'book.db'}"
    db = connect(url)
    upgrade(db)
    if not count_accounts(db):
        seed(db, "banc")
    path = Path(options.file)
    answer: dict[str, float] = {}
    if options.variant == "naive":
        begun = time.perf_counter()
        assert naive(db, path, options.naive)
        answer["seconds"] = (time.perf_counter() - begun) * options.rows / options.naive
    elif options.variant == "ours":
        keep_answers(Path(options.folder) / "memory")
        begun = time.perf_counter()
        made = ours(db, path, folder)
        answer["seconds"] = time.perf_counter() - begun
        assert made == count(db, WHO), "what is counted is in the book"
        own, childs = (
            resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        answer |= {"rss": own, "rss_child": childs}
    else:
        parts = prepared(path, folder)
        answer["seconds"], answer["bare"] = upsert(db, parts, folder), bare(db, parts, folder)
        if not db.is_sqlite:
            with db.write() as session:
                session.connection().exec_driver_sql("DROP TABLE bare")
                session.connection().exec_driver_sql("TRUNCATE contact, contact_to_index, book_counter CASCADE")
    db.close()
    shutil.rmtree(folder)
    print(json.dumps(answer))


def count_accounts(db: Database) -> int:
    """Whether the database was furnished before."""
    with db.read() as session:
        return int(session.connection().exec_driver_sql("SELECT count(*) FROM account").scalar_one())


def alone(variant: str, options: argparse.Namespace, url: str = "") -> dict[str, float]:
    """Run a variant in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.imports", "--variant", variant, "--file", options.file, "--url", url,
               "--rows", str(options.rows), "--naive", str(options.naive), "--folder", options.folder]  # fmt: skip
    answer: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return answer


@contextmanager
def engines(folder: Path) -> Iterator[dict[str, str]]:
    """The databases by name."""
    with server(folder / "pg") as url:
        yield {"sqlite": "", "postgresql": url}


def line(name: str, mine: float, peer: float, goal: float) -> bool:
    """Print one figure; whether it holds."""
    ratio = peer / mine
    holds = ratio >= goal
    print(f"{name} {mine:.2f} {peer:.2f} {ratio:.2f} {goal} {'PASS' if holds else 'FAIL'}", flush=True)
    return holds


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--naive", type=int, default=0, help="rows that the naive loop really reads; 0: all")
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--variant", default="")
    asked.add_argument("--file", default="")
    asked.add_argument("--url", default="")
    asked.add_argument("--folder", default="")
    options = asked.parse_args()
    options.naive = options.naive or options.rows
    if options.variant:
        child(options)
        return
    holds = []
    with tempfile.TemporaryDirectory() as kept, engines(Path(kept)) as urls:
        options.folder, options.file = kept, str(Path(kept) / "clients.csv")
        write_file(Path(options.file), options.rows)
        print(f"# {options.rows} rows, {Path(options.file).stat().st_size >> 20} MB, load {os.getloadavg()[0]:.1f}")
        print("# name ours peer ratio goal", flush=True)
        alone("ours", options)  # a first import: the classes of numbers are learnt, and kept for the next ones
        pairs = [(alone("ours", options), alone("naive", options)) for _ in range(options.rounds)]
        mine, theirs = median(a["seconds"] for a, _ in pairs), median(b["seconds"] for _, b in pairs)
        holds.append(line("csv-to-contacts-sqlite-s", mine, theirs, 20))
        resident = max(max(a["rss"], a["rss_child"]) for a, _ in pairs)
        print(f"resident-MB {resident:.0f} 600 {600 / resident:.2f} 1 {'PASS' if resident <= 600 else 'FAIL'}")
        holds.append(resident <= 600)
        for name, goal in (("sqlite", 0.8), ("postgresql", 0.35)):
            found = [alone("upsert", options, urls[name]) for _ in range(options.rounds)]
            wrote, theirs = median(a["seconds"] for a in found), median(a["bare"] for a in found)
            holds.append(line(f"upsert-{name}-s", wrote, theirs, goal))
            if name == "sqlite":
                holds.append(line("csv-to-contacts-against-bare-s", mine, theirs, 0.4))
    sys.exit(0 if all(holds) else 1)


if __name__ == "__main__":
    main()
