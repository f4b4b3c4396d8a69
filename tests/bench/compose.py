"""How long the composer takes to price a group of 16 000 contacts: `uv run python -m tests.bench.compose`.

One line for each part: milliseconds (median of rounds), goal, PASS or FAIL. The figures are checked before anything is
timed.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.campaigns.explain import look
from smsapp.campaigns.pricing import Terms, audience_of, quote_campaign
from smsapp.campaigns.service import add_groups, create_draft, edit_draft, owned
from smsapp.contacts.tables import Contact, Group
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.db.rows import insert_rows

MEMBERS = 16_000
ROUNDS = 7
FIRST = ("Inès", "Zoë")
TEXT = "Bonjour $prenom|client|, c’est la fête chez $societe ! -20% sur tout le site jusqu’à dimanche."


def book(db: Database) -> tuple[Actor, int]:
    """An account whose draft is to one group of MEMBERS contacts; returns who and which draft."""
    with db.write() as session:
        account = Account(name="Maison Lavande", created_at=db.now())
        session.add(account)
        session.flush()
        user = User(
            account_id=account.id or 0,
            identifiant="bench",
            email="b@example.net",
            password_hash="",
            created_at=db.now(),
        )
        group = Group(account_id=account.id or 0, name="Tous", created_at=db.now())
        session.add_all([user, group])
        session.flush()
        tables = Contact.metadata.tables
        columns = ("account_id", "e164", "territory", "nom", "prenom", "email", "societe", "extra")
        columns += ("sort_name", "search", "state", "created_at", "updated_at")
        now = db.now()
        contacts = [
            (account.id, 33600000000 + i * 37, "FR", f"Nom{i}", FIRST[i % 97 == 0], "", f"S{i % 9}", "{}", *rest)
            for i in range(MEMBERS)
            for rest in [(f"nom{i}", f"nom{i}", "active", now, now)]
        ]
        insert_rows(session.connection(), tables["contact"], columns, contacts)
        ids = session.connection().exec_driver_sql("SELECT id FROM contact ORDER BY id").scalars()
        insert_rows(
            session.connection(), tables["group_member"], ("group_id", "contact_id"), [(group.id, i) for i in ids]
        )
        who, group_id = Actor(user.id or 0, account.id or 0, "bench", "", "fr", "Maison Lavande"), group.id or 0
    made = create_draft(db, who)
    edit_draft(db, who, made, text=TEXT)
    add_groups(db, who, made, [group_id])
    return who, made


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    terms = Terms()
    with tempfile.TemporaryDirectory() as folder:
        db = connect(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(db)
        who, draft = book(db)

        def audience() -> None:
            with db.read() as session:
                people = audience_of(session, owned(session, who, draft))
            assert people.recipients.height == MEMBERS

        def page() -> None:
            view = look(db, who, draft, 0, terms).view
            assert view.recipients == MEMBERS
            assert view.units == quoted

        quoted = quote_campaign(db, draft, terms).total
        parts: list[tuple[str, Callable[[], object], float]] = [
            ("audience of 16 000", audience, 200),
            ("price, chips and preview of 16 000", page, 400),
        ]
        failed = False
        for name, part, goal in parts:
            part()
            took = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                part()
                took.append((time.perf_counter() - start) * 1000)
            median = statistics.median(took)
            failed |= median > goal
            print(f"{name:40} {median:7.0f} ms  goal {goal:.0f} ms  {'PASS' if median <= goal else 'FAIL'}")
        db.close()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
