"""The process that the kill storm kills: a worker of the product over the simulated network, until SIGTERM."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from smsapp.db import connect
from smsapp.gateways.fate import Traits
from smsapp.gateways.simulator import Simulator
from smsapp.sending import worker
from smsapp.sending.engine import Engine
from smsapp.sending.policy import Policy
from tests.services.sending.house import quote_of

SPEED = 200.0
HARSH = {"answer_lost": 0.02, "request_lost": 0.02, "duplicate": 0.1, "out_of_order": 0.1, "stop": 0.0}
# The waits of the real policy, shortened to the length of the storm; none of them may matter for exactness.
POLICY = Policy(
    lease_s=1.5, call_timeout_s=0.6, look_every_s=0.3, ask_after_s=(0.2, 0.5), missing_for=timedelta(seconds=1)
)


async def main(*, url: str, journal: str, seed: int, messages: int, tps: float, ready: Callable[[], None]) -> None:
    """``messages`` of each campaign, ``tps`` of all processes together."""
    db = connect(url)
    traits = Traits(max_tps=tps, submit_median=30.0, **HARSH)
    gateway = Simulator(seed, SPEED, Path(journal), db.now, traits, keep=None)

    def engine(changed: Callable[[set[int]], None], found: Callable[[], None]) -> Engine:
        return Engine(db, gateway, quote_of(messages), policy=POLICY, on_change=changed, on_ready=found)

    await worker.run(db, engine, ready=ready)
    db.close()
