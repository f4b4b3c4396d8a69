"""How fast claim and settle are with the ledger, against a gateway that takes everything at once.

``uv run python -m tests.bench.outbox [--messages N]`` prints ``name ours peer ratio goal PASS|FAIL`` lines and exits 1
on a FAIL. Ours: the dispatcher's own transactions, windows of 64, each message claimed, held, submitted, accepted,
captured, counted, with its history; correctness is asserted before a figure is printed. The peer is measured in the
same run: the same messages sent with one transaction per claim and one per settlement, as most platforms do.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.gateways.simulator import Simulator
from smsapp.ledger.service import balance, purchase
from smsapp.sending.check import check
from smsapp.sending.engine import keep_for_life
from smsapp.sending.materialise import materialise
from smsapp.sending.outbox import Answer, window
from smsapp.sending.policy import Policy
from tests.proof.postgres import server
from tests.services.sending.house import add_campaign, quote_of, states

GOALS = {"sqlite": 3_000, "pg": 1_000}
PEER_MESSAGES = 300
ROUNDS = 3  # the best counts: what else runs on the machine can only slow a round down


def campaign(db: Database, messages: int) -> Actor:
    """A fresh account with one running campaign, paid for to the unit."""
    with db.write() as session:
        account = Account(name="Banc", created_at=db.now())
        session.add(account)
        session.flush()
        name = f"banc{account.id}"
        user = User(
            account_id=account.id or 0,
            identifiant=name,
            email=f"{name}@example.net",
            password_hash="",
            created_at=db.now(),
        )
        session.add(user)
        session.flush()
        actor = Actor(user.id or 0, account.id or 0, name, user.email, "fr", account.name)
    purchase(db, actor.account_id, messages * 10_000, name)
    materialise(db, add_campaign(db, actor, CampaignState.MATERIALISING, lane=name), quote_of(messages))
    return actor


def send(db: Database, actor: Actor, size: int, *, together: bool) -> float:
    """Send everything in windows of ``size``; ``together``: settle in the transaction that claims. Messages/s."""
    gateway = Simulator.instant(db.now, reports=False)
    policy = Policy(window=size)
    answers: list[Answer] = []
    taken: list[str] = []
    started = time.perf_counter()
    while True:
        if answers and not together:
            window(db, lane=actor.identifiant, gateway="bench", size=0, answers=answers, policy=policy)
            answers = []
        done = window(db, lane=actor.identifiant, gateway="bench", size=size, answers=answers, policy=policy)
        if not done.batch:
            break
        results = gateway.take(done.batch)
        taken += [message.key for message in done.batch]
        answers = [Answer(t, r) for t, r in zip(done.tickets, results, strict=True)]
    rate = len(taken) / (time.perf_counter() - started)
    assert len(set(taken)) == len(taken)
    assert (balance(db, actor).available, balance(db, actor).held) == (0, 0)
    return rate


def measure(db: Database, messages: int) -> tuple[float, float]:
    """Our rate and the peer's; nothing is reported unless everything is exact to the unit."""
    keep_for_life()
    send(db, campaign(db, 200), 64, together=True)  # warm
    ours = max(send(db, campaign(db, messages), Policy().window, together=True) for _ in range(ROUNDS))
    peer = max(send(db, campaign(db, PEER_MESSAGES), 1, together=False) for _ in range(ROUNDS))
    assert states(db) == {"accepted": 200 + ROUNDS * (messages + PEER_MESSAGES)}
    assert check(db) == []
    return ours, peer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    messages = parser.parse_args().messages
    failed = False
    print("name ours peer ratio goal PASS|FAIL")
    for name, goal in GOALS.items():
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = (
                f"sqlite:///{directory / 'b.db'}" if name == "sqlite" else stack.enter_context(server(directory / "pg"))
            )
            db = connect(url)
            stack.callback(db.close)
            upgrade(db)
            ours, peer = measure(db, messages)
            verdict = "PASS" if ours >= goal else "FAIL"
            failed |= verdict == "FAIL"
            print(f"claim+settle-{name} {ours:.0f}/s {peer:.0f}/s {ours / peer:.1f} {goal}/s {verdict}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
