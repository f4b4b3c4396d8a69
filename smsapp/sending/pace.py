"""How fast a gateway may be given messages: its own rate, less when it is too much for it, nothing while it is down."""

from collections.abc import Sequence

from smsapp.gateways.contract import Outcome, Result
from smsapp.sending.policy import Policy
from smsapp.sending.rates import NO_LIMIT

SLOWER, FASTER, LEAST = 0.7, 1.1, 0.1
SMOOTH_S = 0.1


class Pace:
    """A bucket of segments that fills at the gateway's rate, and a breaker. Instants are seconds of the caller's clock.

    A throttled call empties the bucket for as long as the gateway asks and slows the rate by a third; every good one
    brings it back up. After ``policy.breaker_failures`` failures in a row the gateway rests, then gets one message.
    """

    def __init__(self, max_tps: float, policy: Policy) -> None:
        self._most = min(max_tps, NO_LIMIT)
        self._policy = policy
        self.rate = self._most
        self._debt = 0.0  # segments handed over beyond what the rate allowed
        self._seen = 0.0
        self._closed_until = 0.0
        self._failures = 0

    def hold(self, until: float) -> None:
        """Claim nothing before ``until``: another process has used up the rate, or found the gateway down."""
        self._closed_until = max(self._closed_until, until)

    @property
    def down(self) -> bool:
        """Whether the gateway failed too often in a row and gets one message at a time to try."""
        return self._failures >= self._policy.breaker_failures

    def wait(self, now: float) -> float:
        """Seconds before the next window may be claimed; 0 when it may now."""
        self._debt = max(0.0, self._debt - (now - self._seen) * self.rate)
        self._seen = now
        return max(self._closed_until - now, self._debt / self.rate)

    def rest(self, now: float) -> float:
        """Seconds for which the gateway is to be left alone, because it is down or asked for it; 0 when it works."""
        return max(0.0, self._closed_until - now)

    def size(self, flying: int, room: int = 1) -> int:
        """How many messages to claim, when there is room for so many windows; one probe when the gateway was down.

        A window or a second's worth, whichever is less; several windows when they are a tenth of a second's worth.
        """
        if self.down:
            return 0 if flying else 1
        window = self._policy.window
        return max(1, min(window, int(self.rate)), min(room * window, int(self.rate * SMOOTH_S)))

    def spend(self, segments: int) -> None:
        """Note what is handed over."""
        self._debt += segments

    def learn(self, results: Sequence[Result], now: float) -> None:
        """Adapt to the answers of one call."""
        asked = [r.retry_after for r in results if r.outcome is Outcome.RETRY and r.retry_after is not None]
        failed = [
            r for r in results if r.outcome is Outcome.UNKNOWN or (r.outcome is Outcome.RETRY and r.retry_after is None)
        ]
        if asked:
            self.rate = max(self.rate * SLOWER, self._most * LEAST)
            self._closed_until = max(self._closed_until, now + max(asked))
        elif not failed:
            self.rate = min(self.rate * FASTER, self._most)
        if len(failed) < len(results):
            self._failures = 0
        else:
            self._failures += len(failed)
            if self.down:
                self._closed_until = now + self._policy.breaker_rest_s
