"""The process that the kill storm kills: the product's engine over the simulated network, until SIGTERM.

``python -m tests.proof.sender '{"url": ..., "journal": ..., "seed": ..., "messages": ..., "tps": ...}'`` prints
``ready`` once it sends.
"""

import asyncio
import json
import signal
import sys
from datetime import timedelta
from pathlib import Path

from smsapp.db import connect
from smsapp.gateways.fate import Traits
from smsapp.gateways.simulator import Simulator
from smsapp.sending.engine import Engine
from smsapp.sending.policy import Policy
from tests.services.sending.house import quote_of

SPEED = 200.0
HARSH = {"answer_lost": 0.02, "request_lost": 0.02, "duplicate": 0.1, "out_of_order": 0.1, "stop": 0.0}
# The waits of the real policy, shortened to the length of the storm; none of them may matter for exactness.
POLICY = Policy(
    lease_s=1.5, call_timeout_s=0.6, look_every_s=0.3, ask_after_s=(0.2, 0.5), missing_for=timedelta(seconds=1)
)


async def main(url: str, journal: str, seed: int, messages: int, tps: float) -> None:
    db = connect(url)
    traits = Traits(max_tps=tps, submit_median=5.0, **HARSH)
    gateway = Simulator(seed, SPEED, Path(journal), db.now, traits, keep=None)
    engine = Engine(db, gateway, quote_of(messages), policy=POLICY)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await engine.start()
    print("ready", flush=True)
    await stopping.wait()
    await engine.stop()
    db.close()


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
