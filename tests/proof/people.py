"""The people of a simulated life: authors who command and pay, phones that answer, whoever wants it sent again.

What a person asks for may be lost with the machine that was to do it: then it is asked for once more.
"""

import random
from dataclasses import dataclass, field

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import CampaignState
from smsapp.contacts.blacklist import blacklist
from smsapp.db import Database
from smsapp.domain.delivery import State
from smsapp.domain.errors import Refusal
from smsapp.domain.quote import Quote
from smsapp.gateways.contract import Mo
from smsapp.ledger.service import purchase
from smsapp.sending import lifecycle
from smsapp.sending.opt_out import opt_out
from smsapp.sending.receipts import take_in
from tests.proof.network import Network
from tests.proof.observer import Observer, Violation
from tests.proof.scenery import NUMBERS

UNIT = 10_000
STOPS, START, OTHERS = ("STOP", "Stop svp", "arrêt", "S T O P"), ("START",), ("merci", "à demain")


@dataclass
class People:
    """Who acts on the campaigns of a life (``campaigns``: by id, their author)."""

    db: Database
    rng: random.Random
    network: Network
    seen: Observer
    actors: list[Actor] = field(default_factory=list)
    campaigns: dict[int, Actor] = field(default_factory=dict)
    quotes: dict[int, Quote] = field(default_factory=dict)
    _sold: int = 0
    _unpaid: list[tuple[int, int, str]] = field(default_factory=list)  # account, units, payment
    _unheard: list[Mo] = field(default_factory=list)

    def ask_again(self) -> None:
        """After a crash: what nobody confirmed is told once more."""
        self._collect()
        self._hear()

    def command(self) -> None:
        """A person pauses, resumes or cancels; once that is committed nothing more is claimed."""
        states = self.seen.states()
        begun = [i for i, state in states.items() if state in (CampaignState.RUNNING, *lifecycle.PAUSED)]
        campaign_id = self.rng.choice(begun if begun and self.rng.random() < 0.8 else list(states))
        actor = self.campaigns[campaign_id]
        acts = ["pause", "cancel"] if states[campaign_id] == CampaignState.RUNNING else ["resume", "partial", "cancel"]
        act = self.rng.choices(acts, [5, 2] if len(acts) == 2 else [4, 6, 1])[0]
        try:
            if act in ("resume", "partial"):
                self.resume(actor, campaign_id, partial=act == "partial")
            else:
                getattr(lifecycle, act)(self.db, actor, campaign_id)
        except Refusal:
            return

    def resume(self, actor: Actor, campaign_id: int, *, partial: bool = False) -> None:
        lifecycle.resume(self.db, actor, campaign_id, partial=partial)
        self.seen.agreed[campaign_id] = self.quotes[campaign_id].total  # its author has seen what it costs now
        if not partial:
            self.seen.is_covered(campaign_id, actor.account_id)

    def reply(self) -> None:
        """A phone that has a message says STOP, START or something else."""
        reached = [self.seen.owners[key] for key in self.network.taken]
        if not reached:
            return
        words = self.rng.choice([STOPS, STOPS, STOPS, START, OTHERS])
        if words is START:  # said by those who had said STOP, or it would do nothing
            stopped = [one for one in reached if one in self.seen.stopped]
            reached = [one for one in stopped if one in self.seen.by_hand] or stopped or reached
        _, number = self.rng.choice(reached)
        self._unheard.append(self.network.reply(number, self.db.now(), *words))
        self._hear()

    def _hear(self) -> None:
        """The network tells a reply until it is taken in, and once more."""
        while self._unheard:
            said = self._unheard[0]
            for _ in range(2):
                take_in(self.db, "g", [said])
            self._unheard.pop(0)
            self.seen.replies += 1
            if said.text not in OTHERS:
                self.seen.hears(said.e164, stop=said.text not in START)

    def leave(self) -> None:
        """Somebody uses the link of a message, or its author blacklists a number by hand."""
        links = self.seen.read("SELECT token, account_id, e164 FROM opt_out_link ORDER BY account_id, e164")
        if links and self.rng.random() < 0.5:
            link = self.rng.choice(links)
            opt_out(self.db, link["token"])
            self.seen.stopped.add((link["account_id"], link["e164"]))
        else:
            actor, (number, _) = self.rng.choice(self.actors), self.rng.choice(NUMBERS)
            stopped = sorted(one for account, one in self.seen.stopped if account == actor.account_id)
            if stopped and self.rng.random() < 0.5:
                number = self.rng.choice(stopped)
            blacklist(self.db, actor, [number])
            self.seen.stopped.add((actor.account_id, number))
            self.seen.by_hand.add((actor.account_id, number))
        self.seen.looks_at_blacklist()

    def sell(self) -> None:
        self.buy(self.rng.choice(self.actors), self.rng.randint(1, 8))

    def buy(self, actor: Actor, credits: int) -> None:
        """A payment is told until it is confirmed, and once more."""
        if credits:
            self._sold += 1
            self._unpaid.append((actor.account_id, credits * UNIT, f"p{self._sold}"))
            self._collect()

    def _collect(self) -> None:
        while self._unpaid:
            account_id, units, payment = self._unpaid[0]
            purchase(self.db, account_id, units, payment)
            if purchase(self.db, account_id, units, payment):
                raise Violation("a payment is credited twice", payment)
            self._unpaid.pop(0)
            self.seen.paid += units

    def resend(self, wanted: int | None = None) -> None:
        """A person wants a message sent again: ``wanted``, or mostly one of unknown outcome."""
        rows = self.seen.read("SELECT id, account_id, state FROM message ORDER BY id")
        unknown = [row for row in rows if row["state"] in (State.UNKNOWN, State.EXPIRED_UNKNOWN)]
        if wanted is not None:
            rows = [row for row in rows if row["id"] == wanted]
        elif unknown and self.rng.random() < 0.8:
            rows = unknown
        if not rows:
            return
        chosen = self.rng.choice(rows)
        actor = next(one for one in self.actors if one.account_id == chosen["account_id"])
        try:
            lifecycle.resend(self.db, actor, chosen["id"])
        except Refusal:
            return
        self.seen.resent(chosen["id"], State(chosen["state"]))
