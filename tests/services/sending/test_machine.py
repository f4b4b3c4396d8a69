"""Any interleaving of claims, answers, lost answers, reports, dead senders, pauses, STOPs and purchases: after each step
the ledger is exact, nothing was sent twice, nothing left after its STOP. Hypothesis looks for the one that is not so.
"""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, User
from smsapp.db import SimulatedClock, connect
from smsapp.db.migrate import upgrade
from smsapp.domain.delivery import Cause, State
from smsapp.domain.errors import Refusal
from smsapp.gateways.contract import Dlr, Mo, Outcome, Result
from smsapp.ledger.service import balance, grant_signup, open_account, purchase
from smsapp.sending import lifecycle
from smsapp.sending.check import check
from smsapp.sending.outbox import Answer, window
from smsapp.sending.receipts import retry_unmatched, take_in
from smsapp.sending.unknown import questions, take_answers
from tests.services.sending.house import FIRST, POLICY, running

CAMPAIGNS, EACH = 2, 6
FATES = st.tuples(st.sampled_from(Outcome), st.booleans(), st.booleans())
_template = Path(tempfile.mkdtemp()) / "template.db"


def fresh(clock: SimulatedClock, directory: Path) -> object:
    if not _template.exists():
        made = connect(f"sqlite:///{_template}")
        upgrade(made)
        made.close()
    shutil.copy(_template, directory / "m.db")
    return connect(f"sqlite:///{directory / 'm.db'}", clock)


class Sending(RuleBasedStateMachine):
    """The model is the gateway's own journal (`taken`) and who said STOP when."""

    @initialize(bought=st.integers(0, 2 * EACH))
    def start(self, bought: int) -> None:
        self.clock = SimulatedClock(datetime(2026, 6, 17, 10, tzinfo=UTC))
        self.directory = Path(tempfile.mkdtemp())
        self.db = fresh(self.clock, self.directory)
        with self.db.write() as session:
            account = Account(name="m", created_at=self.db.now())
            session.add(account)
            session.flush()
            user = User(
                account_id=account.id, identifiant="m", email="m@x.fr", password_hash="", created_at=self.db.now()
            )
            session.add(user)
            session.flush()
            self.actor = Actor(user.id, account.id, "m", "m@x.fr", "fr", "m")
            open_account(session, account.id)
            grant_signup(session, account.id, self.db.now())
        self.bought = 0
        self.buy(bought + 1)
        self.campaigns = [running(self.db, self.actor, EACH, credits=0, first=FIRST + 3 * i) for i in range(CAMPAIGNS)]
        self.flying: list[tuple[object, object]] = []
        self.answers: list[Answer] = []
        self.taken: list[str] = []
        self.numbers: dict[str, int] = {}
        self.stopped: set[int] = set()
        self.told = 0
        self.round([(Outcome.ACCEPTED, True, False), (Outcome.UNKNOWN, True, False)], settled=False)

    @rule(credits=st.integers(1, 3))
    def buy(self, credits: int) -> None:
        self.bought += 1
        for _ in range(2):
            purchase(self.db, self.actor.account_id, credits * 10_000, f"p{self.bought}")

    @rule(size=st.integers(1, 4), after=st.integers(0, 2))
    def claim(self, size: int, after: int) -> None:
        done = window(self.db, lane="live", gateway="g", size=size, after=after, policy=POLICY)
        assert not {m.e164 for m in done.batch} & self.stopped, "claimed after its STOP"
        self.numbers |= {m.key: m.e164 for m in done.batch}
        self.flying += zip(done.tickets, done.batch, strict=True)

    @rule(fates=st.lists(FATES, min_size=4, max_size=4), settled=st.booleans())
    def round(self, fates: list[tuple[Outcome, bool, bool]], settled: bool) -> None:
        """What a sender does all day: claim, call, and perhaps live to settle."""
        self.claim(len(fates), 0)
        self.submit(fates, 0)
        if settled:
            self.settle()

    @precondition(lambda self: self.answers)
    @rule()
    def settle(self) -> None:
        answers, self.answers = self.answers, []
        window(self.db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)

    @precondition(lambda self: self.flying)
    @rule(fates=st.lists(FATES, min_size=1, max_size=4), i=st.integers(0, 3))
    def submit(self, fates: list[tuple[Outcome, bool, bool]], i: int) -> None:
        """The gateway answers; with UNKNOWN it may have taken the message; `lost`: the sender dies before it learns."""
        for outcome, taken, lost in fates[: len(self.flying)]:
            ticket, message = self.flying.pop(i % len(self.flying))
            if outcome is Outcome.ACCEPTED or (outcome is Outcome.UNKNOWN and taken):
                self.taken.append(message.key)
            if not lost:
                result = Result(message.key, outcome, f"id-{message.key}", 5.0, Cause.INVALID)
                self.answers.append(Answer(ticket, result))

    @precondition(lambda self: self.taken)
    @rule(
        i=st.integers(0, 20),
        state=st.sampled_from([State.OPERATOR, State.DELIVERED, State.FAILED]),
        by_id=st.booleans(),
    )
    def report(self, i: int, state: State, by_id: bool) -> None:
        key = self.taken[i % len(self.taken)]
        dlr = Dlr(f"{key}-{state}-{by_id}", None if by_id else key, f"id-{key}", state, None, None, self.db.now())
        take_in(self.db, "g", [dlr, dlr])

    @precondition(lambda self: self.taken)
    @rule(i=st.integers(0, 20), text=st.sampled_from(["STOP", "merci"]))
    def reply(self, i: int, text: str) -> None:
        number = self.numbers[self.taken[i % len(self.taken)]]
        self.told += 1
        accounts = take_in(self.db, "g", [Mo(f"mo{self.told}", number, "36111", text, self.db.now())])
        if text == "STOP" and accounts:
            self.stopped.add(number)

    @rule(minutes=st.sampled_from([0.1, 2, 15, 300, 80 * 60]))
    def wait(self, minutes: float) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        lifecycle.reap(self.db, POLICY)
        lifecycle.give_up_unknown(self.db, POLICY)
        retry_unmatched(self.db, POLICY)
        lifecycle.finish(self.db)

    @rule(knows=st.booleans())
    def ask(self, knows: bool) -> None:
        """A gateway with a look-up answers truly; a message still on its way is not asked about by a sane policy."""
        found = questions(self.db, "live", "g")
        flying = {message.key for _, message in self.flying}
        answers = {
            i: Result(ref, Outcome.ACCEPTED, f"id-{ref}") if ref in self.taken else None
            for i, ref in found.items()
            if ref not in flying and knows
        }
        take_answers(self.db, answers, POLICY)

    @rule(
        i=st.integers(0, CAMPAIGNS - 1),
        act=st.sampled_from(["pause", "resume", "resume", "partial", "partial", "cancel"]),
    )
    def command(self, i: int, act: str) -> None:
        try:
            if act == "partial":
                lifecycle.resume(self.db, self.actor, self.campaigns[i], partial=True)
            else:
                getattr(lifecycle, act)(self.db, self.actor, self.campaigns[i])
        except Refusal:
            return

    @invariant()
    def exact(self) -> None:
        if hasattr(self, "db"):
            assert check(self.db, self.taken) == []
            assert balance(self.db, self.actor).available >= 0

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()
            shutil.rmtree(self.directory)


Sending.TestCase.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
TestSending = Sending.TestCase
