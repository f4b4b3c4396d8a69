"""Who watches a simulated life from outside: what must hold, told by what the network, the people and the clock know.

Nothing here is computed as the engine computes it: the rows are read by a connection of its own, the states that may
follow each other are written out, what a state needs is looked for in what really happened, the rate is a bucket of its
own, the hours are those of the place.
"""

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.domain.delivery import FINAL, NEVER_TAKEN, State
from smsapp.gateways.contract import Outcome, Submit
from smsapp.sending.check import check
from smsapp.sending.outbox import Answer, Ticket, Window
from smsapp.sending.policy import Policy
from tests.proof.network import STRENGTH, Network
from tests.proof.scenery import open_for_marketing

S = State
FOLLOWS: dict[tuple[str, State], set[State]] = {  # why, new state: what it may follow
    ("claim", S.SUBMITTING): {S.QUEUED},
    ("stop", S.SUPPRESSED): {S.QUEUED},
    ("cancel", S.CANCELLED): {S.QUEUED},
    ("answer", S.ACCEPTED): {S.SUBMITTING, S.UNKNOWN, S.EXPIRED_UNKNOWN, S.QUEUED},
    ("answer", S.REJECTED): {S.SUBMITTING, S.UNKNOWN},
    ("answer", S.QUEUED): {S.SUBMITTING},
    ("answer", S.EXPIRED): {S.SUBMITTING},
    ("answer", S.UNKNOWN): {S.SUBMITTING},
    ("lease", S.UNKNOWN): {S.SUBMITTING},
    ("asked", S.ACCEPTED): {S.UNKNOWN},
    ("asked", S.QUEUED): {S.UNKNOWN},
    ("asked", S.EXPIRED): {S.UNKNOWN},
    ("deadline", S.EXPIRED_UNKNOWN): {S.UNKNOWN},
    ("resend", S.QUEUED): {S.UNKNOWN, S.EXPIRED_UNKNOWN},
    ("report", S.OPERATOR): {S.QUEUED, S.SUBMITTING, S.UNKNOWN, S.EXPIRED_UNKNOWN, S.ACCEPTED},
    ("report", S.FAILED): {S.QUEUED, S.SUBMITTING, S.UNKNOWN, S.EXPIRED_UNKNOWN, S.ACCEPTED, S.OPERATOR},
    ("report", S.DELIVERED): {
        *(S.QUEUED, S.SUBMITTING, S.UNKNOWN, S.EXPIRED_UNKNOWN, S.ACCEPTED, S.OPERATOR, S.FAILED),
        *NEVER_TAKEN,  # of one whose outcome was unknown once
    },
}
_TOLD = ("message_id", "state", "why", "attempt", "cause", "at", "recorded_at")
SLACK_S = 0.25  # how far ahead of its rate a gateway may be


class Violation(Exception):
    """Something that must never happen, happened: ``rule`` says which promise is broken."""

    def __init__(self, rule: str, sentence: object = "") -> None:
        super().__init__(f"{rule}: {sentence}" if sentence != "" else rule)
        self.rule = rule


@dataclass
class Observer:
    """What is known of a life without asking the engine. Messages are ids, an attempt is (message, number)."""

    db: Database
    file: Path
    network: Network
    policy: Policy
    rate: float  # segments per second of the gateway
    owners: dict[str, tuple[int, int]] = field(default_factory=dict)  # by reference: account, number
    stopped: set[tuple[int, int]] = field(default_factory=set)  # account, number: never to be written to again
    by_hand: set[tuple[int, int]] = field(default_factory=set)  # those of them that no START takes back
    heard: set[tuple[int, int]] = field(default_factory=set)  # what the blacklist ever held
    timed_out: set[tuple[int, int]] = field(default_factory=set)
    put_off: set[tuple[int, int]] = field(default_factory=set)
    refused: set[tuple[int, int]] = field(default_factory=set)
    absent: dict[tuple[int, int], list[datetime]] = field(default_factory=dict)  # when the network did not know of it
    agreed: dict[int, int] = field(default_factory=dict)  # by campaign: the units its author agreed to
    paid: int = 0  # units, of payments that were told to the end
    given: int = 0
    replies: int = 0
    _claimed: dict[tuple[int, int], datetime] = field(default_factory=dict)
    _last: dict[int, int] = field(default_factory=dict)  # by message: its latest attempt
    _tried: dict[int, datetime] = field(default_factory=dict)  # by message: first try since a person wanted it
    _since: dict[tuple[int, int], datetime] = field(default_factory=dict)  # the same as each attempt knew it
    _leased: dict[int, datetime] = field(default_factory=dict)  # by message: until when nobody else may send it
    _states: dict[int, State] = field(default_factory=dict)
    _doubted: set[int] = field(default_factory=set)  # messages of which the outcome of an attempt was unknown
    _began: dict[int, tuple[str, int]] = field(default_factory=dict)  # by campaign: its start, its messages
    _cancelled: set[int] = field(default_factory=set)
    _events: int = 0
    _debt: float = 0.0  # segments handed over beyond what the rate allowed
    _debt_at: datetime | None = None
    _digest: hashlib.blake2s = field(default_factory=lambda: hashlib.blake2s(digest_size=8))

    def __post_init__(self) -> None:
        self._eyes = sqlite3.connect(self.file, isolation_level=None)
        self._eyes.row_factory = sqlite3.Row

    def close(self) -> None:
        self._eyes.close()

    def read(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Rows as they are committed now."""
        return self._eyes.execute(statement, values).fetchall()

    def states(self) -> dict[int, str]:
        """Where each campaign stands."""
        return {row["id"]: row["state"] for row in self.read("SELECT id, state FROM campaign")}

    @property
    def digest(self) -> str:
        """Equal for equal histories."""
        return self._digest.hexdigest()

    # What happens, told by those who do it.

    def claims(self, state: str, purpose: str, account_id: int, done: Window, now: datetime) -> None:
        """A claim of a campaign that was in ``state`` just before."""
        if state != CampaignState.RUNNING:
            raise Violation("claimed of a campaign that does not run", state)
        for ticket, message in zip(done.tickets, done.batch, strict=True):
            attempt = (ticket.message_id, ticket.attempt)
            self.owners[message.key] = (account_id, message.e164)
            if (account_id, message.e164) in self.stopped:
                raise Violation("claimed after its STOP")
            if purpose == "marketing" and not open_for_marketing(message.e164, now):
                raise Violation("sent outside permitted hours", f"{message.e164} at {now}")
            if attempt in self._claimed:
                raise Violation("the same attempt twice", attempt)
            if self._leased.get(ticket.message_id, now) > now:
                raise Violation("claimed while another sender has it", attempt)
            self._claimed[attempt] = now
            self._last[ticket.message_id] = ticket.attempt
            self._since[attempt] = self._tried.setdefault(ticket.message_id, now)
            self._leased[ticket.message_id] = now + timedelta(seconds=self.policy.lease_s)
        self._spends(done.batch, now)

    def answers(self, ticket: Ticket, outcome: Outcome) -> None:
        """A sender holds the answer to an attempt."""
        attempt = (ticket.message_id, ticket.attempt)
        known = {Outcome.UNKNOWN: self.timed_out, Outcome.RETRY: self.put_off, Outcome.REJECTED: self.refused}
        if outcome in known:
            known[outcome].add(attempt)

    def settles(self, answers: Iterable[Answer]) -> None:
        """A sender has told the engine: the message is nobody's any more."""
        for answer in answers:
            self._leased.pop(answer.ticket.message_id, None)

    def resent(self, message_id: int, state: State) -> None:
        """A person had a message sent again that was in ``state``."""
        if state not in (S.UNKNOWN, S.EXPIRED_UNKNOWN):
            raise Violation("sent again although its outcome is known", state)
        self._tried.pop(message_id, None)

    def is_absent(self, message_id: int, now: datetime) -> None:
        """The network was asked about a message and does not know it."""
        self.absent.setdefault((message_id, self._last[message_id]), []).append(now)

    def hears(self, number: int, *, stop: bool) -> None:
        """The owner of a phone said STOP or START, and the engine took it in."""
        touched = {owner for owner in self.owners.values() if owner[1] == number}
        if not stop:
            self.stopped -= touched - self.by_hand
            return
        reached = {self.owners[key] for key in self.network.taken if self.owners[key][1] == number}
        self.stopped |= reached
        self.looks_at_blacklist()

    def looks_at_blacklist(self) -> None:
        """Everybody who must not be written to is on the blacklist."""
        now = {(row["account_id"], row["e164"]) for row in self.read("SELECT account_id, e164 FROM suppression")}
        self.heard |= now
        if missing := self.stopped - now:
            raise Violation("a STOP that nobody heard", sorted(missing)[:3])

    # What must hold at any time.

    def looks(self) -> None:
        """Every few steps: history, campaigns, money, and the product's own proof against the network's journal."""
        self._reads_history()
        self._looks_at_campaigns()
        self._counts_money()
        self.looks_at_blacklist()
        if found := check(self.db, self.network.taken):
            raise Violation(f"{found[0].rule} {found[0].sentence}", [v.figures for v in found[:3]])

    def is_covered(self, campaign_id: int, account_id: int) -> None:
        """A campaign that was set running without a word about its credit can be paid to the end (M22)."""
        left = self.read("SELECT sum(cost) FROM message WHERE campaign_id = ? AND state = 'queued'", campaign_id)[0][0]
        has = self.read(
            "SELECT sum(balance) FROM ledger_account WHERE account_id = ? AND kind IN ('available', 'promo')",
            account_id,
        )[0][0]
        if (left or 0) > (has or 0):
            raise Violation("runs without being covered", f"{left} to pay, {has} there")

    def looks_at_ends(self) -> None:
        """After the rounds: nothing waits in a campaign that is over."""
        waits = self.read(
            "SELECT c.state AS campaign, m.state FROM message m JOIN campaign c ON c.id = m.campaign_id"
            " WHERE c.state = 'finished' AND m.state IN ('queued', 'submitting')"
            " OR c.state = 'cancelled' AND m.state = 'queued' LIMIT 1"
        )
        if waits:
            raise Violation(f"messages wait in a {waits[0]['campaign']} campaign", waits[0]["state"])

    def judges(self) -> None:
        """At the end every message stands where the network's truth says."""
        over = (CampaignState.FINISHED, CampaignState.CANCELLED, CampaignState.MISSED)
        if left := [dict(row) for row in self.read("SELECT id, state FROM campaign") if row["state"] not in over]:
            raise Violation("a campaign that does not end", left)
        if (kept := self.read("SELECT count(*) FROM reply")[0][0]) != self.replies:
            raise Violation("replies lost or doubled", f"{kept} of {self.replies}")
        for row in self.read("SELECT id, client_ref, state, gateway_message_id FROM message"):
            state, truth = State(row["state"]), self.network.strongest.get(row["client_ref"])
            if row["gateway_message_id"] is None and row["client_ref"] in self.network.by_id:
                truth = None  # it spoke of an id that it never gave us
            if state in NEVER_TAKEN and row["id"] in self._doubted and truth is State.DELIVERED:
                raise Violation("a phone has what is told not to have left", state)
            if state not in FINAL and state not in STRENGTH:
                raise Violation("a message that does not end", state)
            if state in STRENGTH and truth is not state:
                raise Violation("not what the network says", f"{state}, said {truth}")
            if state not in STRENGTH and state not in NEVER_TAKEN and truth not in (None, State.ACCEPTED):
                raise Violation("a receipt lost", f"{state}, said {truth}")

    def _spends(self, batch: Iterable[Submit], now: datetime) -> None:
        """A bucket that leaks at the gateway's rate: the next claim waits until it is nearly empty."""
        if self._debt_at is not None:
            self._debt = max(0.0, self._debt - (now - self._debt_at).total_seconds() * self.rate)
        self._debt_at = now
        segments = sum(message.segments for message in batch)
        if segments and self._debt > SLACK_S * self.rate + 0.01:
            raise Violation("over the rate", f"{self._debt:.1f} segments ahead")
        self._debt += segments

    def _reads_history(self) -> None:
        """Every line of the history may follow the last one, and has its reason in what happened."""
        found = self.read(
            "SELECT e.*, m.client_ref, m.account_id, m.e164 FROM message_event e"
            " LEFT JOIN message m ON m.id = e.message_id WHERE e.id > ? ORDER BY e.id",
            self._events,
        )
        for line in found:
            self._events, message_id = line["id"], line["message_id"]
            self._digest.update(repr([line[name] for name in _TOLD]).encode())
            state, was = State(line["state"]), self._states.get(message_id, S.QUEUED)
            if was not in FOLLOWS.get((line["why"], state), ()):
                raise Violation("a state that cannot follow", f"{was} -> {state} by {line['why']}")
            if was in NEVER_TAKEN and message_id not in self._doubted:
                raise Violation("what never left arrives", f"{was} -> {state} by {line['why']}")
            if state is S.UNKNOWN:
                self._doubted.add(message_id)
            self._states[message_id] = state
            self._asks_why(line, state)
        for row in self.read("SELECT id, state FROM message"):
            if (last := self._states.get(row["id"], S.QUEUED)) != row["state"]:
                raise Violation("a state without a line of history", f"{last} is {row['state']}")

    def _asks_why(self, line: sqlite3.Row, state: State) -> None:
        message_id, why, attempt = line["message_id"], line["why"], (line["message_id"], line["attempt"])
        at = datetime.fromisoformat(line["recorded_at"]).replace(tzinfo=UTC)
        claimed = self._claimed.get(attempt, at)
        reasons = {
            ("answer", S.UNKNOWN): attempt in self.timed_out,
            ("lease", S.UNKNOWN): at - claimed >= timedelta(seconds=self.policy.lease_s),
            ("answer", S.QUEUED): attempt in self.put_off and not self._is_old(attempt, at),
            ("answer", S.REJECTED): attempt in self.refused,
            ("answer", S.EXPIRED): self._is_old(attempt, at),
            ("asked", S.EXPIRED): self._is_old(attempt, at),
            ("asked", S.QUEUED): self._was_absent(attempt) and not self._is_old(attempt, at),
            ("asked", S.ACCEPTED): line["client_ref"] in self.network.taken,
            ("deadline", S.EXPIRED_UNKNOWN): at - claimed >= self.policy.unknown_deadline,
            ("stop", S.SUPPRESSED): (line["account_id"], line["e164"]) in self.heard,
        }
        if not reasons.get((why, state), True):
            raise Violation(f"{state} by {why} without reason", f"message {message_id}")

    def _is_old(self, attempt: tuple[int, int], at: datetime) -> bool:
        return at - self._since.get(attempt, at) > self.policy.validity

    def _was_absent(self, attempt: tuple[int, int]) -> bool:
        told = self.absent.get(attempt, [])
        return len(told) > 1 and told[-1] - told[0] >= self.policy.missing_for

    def _looks_at_campaigns(self) -> None:
        """A campaign begins once, and its messages are written once; it debits no more than was agreed to; cancelled,
        it stays so."""
        cancelled = {row["id"] for row in self.read("SELECT id FROM campaign WHERE state = 'cancelled'")}
        if risen := self._cancelled - cancelled:
            raise Violation("a cancelled campaign lives again", sorted(risen))
        self._cancelled = cancelled
        found = self.read(
            "SELECT c.id, c.started_at, r.messages, r.units, (SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t"
            " WHERE t.campaign_id = c.id AND t.kind = 'capture') AS paid"
            " FROM campaign c JOIN campaign_run r ON r.campaign_id = c.id WHERE c.started_at IS NOT NULL"
        )
        for row in found:
            began = row["started_at"], row["messages"]
            if self._began.setdefault(row["id"], began) != began:
                raise Violation("a campaign that begins twice", row["id"])
            if row["paid"] > (agreed := self.agreed.get(row["id"], row["units"])):
                raise Violation("more debited than quoted", f"{row['paid']} of {agreed}")

    def _counts_money(self) -> None:
        """What was sold is what was paid, what was given is what was promised, nobody owes, and what comes back comes
        back where it was."""
        for kind, account_id, balance in self.read("SELECT kind, account_id, balance FROM ledger_account"):
            if account_id is not None and balance < 0:
                raise Violation("a balance below zero", kind)
            for whence, known in (("issued", self.paid), ("promo_issued", self.given)):
                if kind == whence and -balance != known:
                    raise Violation("credits created or lost", f"{whence}: {-balance}, not {known}")
        elsewhere = self.read(
            "SELECT t.message_id FROM ledger_transfer t JOIN ledger_account a ON a.id = CASE t.kind WHEN 'hold'"
            " THEN t.debit_id ELSE t.credit_id END WHERE t.kind IN ('hold', 'release') GROUP BY t.message_id, a.id"
            " HAVING sum(CASE t.kind WHEN 'hold' THEN t.amount ELSE -t.amount END) < 0"
        )
        if elsewhere:
            raise Violation("a credit comes back elsewhere than it came from", elsewhere[0][0])
