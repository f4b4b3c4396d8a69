"""The network of the simulated lives: every way in which a call and its reports can go wrong, under one random number.

``taken`` is its own journal, against which the engine is judged; ``strongest`` what it told about a message.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Dlr, Event, Mo, Outcome, Result, Submit

STRENGTH = {State.ACCEPTED: 0, State.OPERATOR: 1, State.FAILED: 2, State.DELIVERED: 3}


@dataclass
class Network:
    """``calm``: everything is taken and answered at once."""

    rng: random.Random
    knows: bool  # whether it can be asked what it took
    calm: bool = False
    taken: list[str] = field(default_factory=list)
    strongest: dict[str, State] = field(default_factory=dict)
    by_id: set[str] = field(default_factory=set)  # messages of which it speaks by its own id only
    _late: list[tuple[datetime, Submit]] = field(default_factory=list)  # on their way after their caller gave up
    _told: list[tuple[datetime, Event]] = field(default_factory=list)
    _full: dict[str, datetime] = field(default_factory=dict)  # messages that it does not take before
    _serial: int = 0

    def submit(self, message: Submit, now: datetime) -> Result:
        """The answer to one message; UNKNOWN is a time-out, taken or not."""
        fate = 1.0 if self.calm else self.rng.random()
        if message.key in self.taken and fate < 0.5:
            self._repeat(message.key, now)
            return Result(message.key, Outcome.REJECTED, cause=Cause.CONTENT)  # a repetition, which it refuses
        if not self.calm and self._full.get(message.key, now) > now:
            return Result(message.key, Outcome.RETRY, retry_after=600.0)
        if fate < 0.05:
            return Result(message.key, Outcome.REJECTED, cause=Cause.INVALID)
        if fate < 0.12:
            self._full[message.key] = now + timedelta(hours=6)  # its operator is congested
        if fate < 0.15:
            return Result(message.key, Outcome.RETRY, retry_after=self.rng.choice([0.0, 1.0, 30.0]))
        if fate < 0.18:
            return Result(message.key, Outcome.RETRY)
        if fate < 0.22:
            return Result(message.key, Outcome.UNKNOWN)
        if fate < 0.27:
            self._late.append((now + timedelta(seconds=self.rng.uniform(20, 300)), message))
            return Result(message.key, Outcome.UNKNOWN)
        self._take(message, now)
        return Result(message.key, Outcome.UNKNOWN if fate < 0.35 else Outcome.ACCEPTED, f"id-{message.key}")

    def arrive(self, now: datetime) -> None:
        """What was on its way arrives, though nobody waits for the answer any more."""
        for at, message in list(self._late):
            if at <= now:
                self._late.remove((at, message))
                self._take(message, at)

    def find(self, key: str) -> Result | None:
        return Result(key, Outcome.ACCEPTED, f"id-{key}") if key in self.taken else None

    def tell(self, now: datetime, most: int) -> list[Event]:
        """Events that are due, in no order; what is not said to be ``handled`` will be told again."""
        due = [event for at, event in self._told if at <= now]
        self.rng.shuffle(due)
        return due[:most]

    def handled(self, events: Sequence[Event]) -> None:
        """Their reader has them; some are told again all the same."""
        done = {event.event_id for event in events if self.calm or self.rng.random() < 0.7}
        self._told = [one for one in self._told if one[1].event_id not in done]

    def reply(self, number: int, now: datetime, *words: str) -> Mo:
        """The phone of a number says one of ``words``."""
        self._serial += 1
        return Mo(f"mo{self._serial}", number, "36111", self.rng.choice(words), now)

    def _repeat(self, key: str, now: datetime) -> None:
        """Say once more what became of a message, at once."""
        state = self.strongest[key]
        if state is not State.ACCEPTED and key not in self.by_id:
            self._serial += 1
            cause = Cause.OFF if state is State.FAILED else None
            self._told.append((now, Dlr(f"e{self._serial}", key, f"id-{key}", state, cause, "20801", now)))

    @property
    def quiet(self) -> bool:
        return not self._late and not self._told

    def _take(self, message: Submit, now: datetime) -> None:
        self.taken.append(message.key)
        story = self.rng.choice(
            [
                (),
                (State.OPERATOR,),
                (State.DELIVERED,),
                (State.OPERATOR, State.DELIVERED),
                (State.OPERATOR, State.FAILED),
                (State.FAILED, State.DELIVERED),
            ]
        )
        by_id = self.rng.random() < 0.3
        if by_id:
            self.by_id.add(message.key)
        for state in story:
            self._serial += 1
            days = 4 if self.rng.random() < 0.08 else 0  # when nobody waits for it any more
            at = now + timedelta(days=days, seconds=self.rng.expovariate(1 / 600))
            cause = Cause.OFF if state is State.FAILED else None
            key = None if by_id else message.key
            report = Dlr(f"e{self._serial}", key, f"id-{message.key}", state, cause, "20801", now)
            self._told.append((at, report))
            if self.rng.random() < 0.15:  # said twice, under another name, much later
                again = replace(report, event_id=f"{report.event_id}-again")
                self._told.append((at + timedelta(seconds=self.rng.expovariate(1 / 600)), again))
        if self.rng.random() < 0.05:
            self._serial += 1
            self._told.append((now, Dlr(f"e{self._serial}", None, "nobody", State.DELIVERED, None, None, now)))
        best = max(story, key=STRENGTH.__getitem__, default=State.ACCEPTED)
        before = self.strongest.get(message.key, State.ACCEPTED)
        self.strongest[message.key] = max(best, before, key=STRENGTH.__getitem__)
