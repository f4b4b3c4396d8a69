"""The process that the schedule proof kills: a worker of the product under a clock that runs fast."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from smsapp.db import connect
from smsapp.gateways.fate import Traits
from smsapp.gateways.simulator import Simulator
from smsapp.sending import worker
from smsapp.sending.engine import Engine
from smsapp.sending.policy import Policy
from tests.services.sending.house import quote_of

# The waits of the real policy stretched like the time: a lease has to outlast a call.
POLICY = Policy(
    lease_s=5_400.0,
    look_every_s=0.5,
    ask_after_s=(300.0,),
    missing_for=timedelta(seconds=600),
    max_late=timedelta(days=1),
)


@dataclass(frozen=True)
class FastClock:
    """``start`` was at ``began`` (seconds of this machine's clock); since then ``speed`` seconds pass in one."""

    start: datetime
    began: float
    speed: float

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.time() - self.began) * self.speed)


async def main(
    *, url: str, journal: str, seed: int, start: str, began: float, speed: float, ready: Callable[[], None]
) -> None:
    """Send the campaigns of one message each that come due, until SIGTERM."""
    db = connect(url, FastClock(datetime.fromisoformat(start), began, speed))
    traits = Traits(answer_lost=0.0, request_lost=0.0, stop=0.0, reply=0.0, off=0.0, max_tps=1e12)
    gateway = Simulator(seed, speed, Path(journal), db.now, traits, keep=None)

    def engine(changed: Callable[[set[int]], None], found: Callable[[], None]) -> Engine:
        return Engine(db, gateway, quote_of(1), policy=POLICY, on_change=changed, on_ready=found)

    await worker.run(db, engine, ready=ready)
    db.close()
