"""What the pages of the book ask of a million contacts, beside its list: `python -m tests.bench.book`.

Duplicates (their first page, one in the middle, how many there are), the blacklist (20 000 numbers: its pages, its
figures), and the live counts of smart groups. No peer: each stands for somebody who waits, and is held against the time
that a page may take. `--db pg` on PostgreSQL, `--rows` for a smaller book, `--data` to keep it.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from sqlalchemy import text

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist
from smsapp.contacts.blacklist_list import entries
from smsapp.contacts.duplicates import duplicates, extent
from smsapp.contacts.smart_groups import Filter, count_of
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from tests.bench.search import address, ready, timed

ROUNDS = 7
REFUSED = 20_000
PAGE_MS = 200


def refuse(db: Database, actor: Actor) -> None:
    """Put REFUSED numbers of the book on its blacklist, unless they are there."""
    with db.read() as session:
        asked = text("SELECT DISTINCT e164 FROM contact WHERE account_id = :a ORDER BY e164 LIMIT :n")
        numbers = list(session.execute(asked, {"a": actor.account_id, "n": REFUSED}).scalars())
    for start in range(0, len(numbers), 5_000):
        blacklist(db, actor, numbers[start : start + 5_000], reason="banc")


def questions(db: Database, actor: Actor) -> list[tuple[str, Callable[[], object], bool]]:
    """What is asked, and whether somebody waits for it before the page is there."""
    first = duplicates(db, actor)
    middle = first
    for _ in range(5):
        if middle.next is not None:
            middle = duplicates(db, actor, after=middle.next)
    page = entries(db, actor)
    return [
        ("duplicates, first page", lambda: duplicates(db, actor), True),
        ("duplicates, a later page", lambda: duplicates(db, actor, after=middle.next), True),
        ("duplicates, part of a number", lambda: duplicates(db, actor, text="0612"), True),
        ("duplicates, how many", lambda: extent(db, actor), False),
        ("blacklist, first page", lambda: entries(db, actor), True),
        ("blacklist, next page", lambda: entries(db, actor, after=page.next), True),
        ("smart group, a name", lambda: count_of(db, actor, Filter(text="moreau")), False),
        ("smart group, two letters", lambda: count_of(db, actor, Filter(text="ma")), False),
        ("smart group, a country", lambda: count_of(db, actor, Filter(country="FR")), False),
        ("smart group, blacklisted", lambda: count_of(db, actor, Filter(state="blacklisted")), False),
        ("smart group, active", lambda: count_of(db, actor, Filter(state="active")), False),
        ("smart group, last status", lambda: count_of(db, actor, Filter(status="received")), False),
    ]


def main() -> int:
    """Print the table; 1 when somebody waits longer than PAGE_MS."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, help="keep the book here, and use it again")
    asked = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        db = connect(address(asked.db, asked.data or Path(folder)))
        upgrade(db)
        actor = ready(db, asked.rows)
        refuse(db, actor)
        print(f"{'question':32} {'ms':>8} {'goal':>8}")
        for name, work, waited in questions(db, actor):
            work()
            took = median(timed(work) for _ in range(ROUNDS))
            good = not waited or took <= PAGE_MS
            failed |= not good
            print(f"{name:32} {took:8.1f} {PAGE_MS if waited else '-':>8} {'PASS' if good else 'FAIL'}", flush=True)
        db.close()
    print(f"# {asked.rows:,} contacts, load {os.getloadavg()[0]:.1f}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
