"""Every number of the sending engine, in one place, with its reason."""

import random
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Policy:
    """How the engine paces itself and how long it waits. Tests and the demonstration pass their own."""

    window: int = 64  # messages of one transaction: a crash leaves at most so many outcomes unknown per sender
    in_flight: int = 3  # windows at the gateway at the same time
    ahead: int = 1  # windows claimed before there is room at the gateway, so that it never waits for the database...
    ahead_below_s: float = 0.5  # ...as long as its calls last less: nothing leaves long after its campaign was paused
    call_timeout_s: float = 20.0  # after which the outcome of a call is unknown
    lease_s: float = 60.0  # more than twice the time-out
    validity: timedelta = timedelta(hours=4)  # from the first try: a message refused "for now" so long has expired
    ask_after_s: tuple[float, ...] = (30.0, 120.0, 600.0, 3600.0)  # when the gateway is asked about an unknown outcome
    missing_for: timedelta = timedelta(minutes=10)  # "not found" twice, so far apart: it was never taken
    look_every_s: float = 5.0  # for dead senders, unknown outcomes to ask about, reports without a message
    unknown_deadline: timedelta = timedelta(hours=72)  # then the credit is given back
    unmatched_for: timedelta = timedelta(days=7)  # a report waits for its message longer than an outcome is unknown
    unmatched_every: timedelta = timedelta(hours=6)  # the longest between two looks
    max_late: timedelta = timedelta(minutes=60)  # a scheduled campaign later than this asks its author
    on_time: timedelta = timedelta(minutes=5)  # later than this, it is asked whether its permitted hours are over
    breaker_failures: int = 20  # calls that failed in a row before the gateway is left alone
    breaker_rest_s: float = 30.0
    rejects_looked_at: int = 200  # of the first so many messages tried...
    rejects_ratio: float = 0.3  # ...more refusals than this pause the campaign, as soon as there are as many

    def backoff(self, attempt: int, retry_after: float | None) -> float:
        """Seconds before the next try: what the gateway asks for, else 1, 2, 4... 60 with full jitter."""
        if retry_after is not None:
            return retry_after
        return random.uniform(0, min(60.0, 2.0 ** min(attempt, 6)))

    def next_question(self, asked: int) -> timedelta:
        """How long to wait before asking once more about an unknown outcome."""
        return timedelta(seconds=self.ask_after_s[min(asked, len(self.ask_after_s) - 1)])
