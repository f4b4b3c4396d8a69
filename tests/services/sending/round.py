"""A process of the product that is told to end in the middle of its rounds: ``python -m tests.services.sending.round DIR``.

It says when it is in them; the rest of what it says is its log, as that of `smsapp worker`.
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from smsapp.db import connect
from smsapp.gateways.simulator import Simulator
from smsapp.sending import worker
from smsapp.sending.engine import Engine
from smsapp.web import logs
from tests.services.sending.house import quote_of


def main(folder: Path) -> None:
    logs.install()
    db = connect(f"sqlite:///{folder / 'smsapp.db'}")
    inside = threading.Barrier(2, timeout=30)
    never = threading.Event()

    def engine(changed: Callable[[set[int]], None], found: Callable[[], None]) -> Engine:
        made = Engine(db, Simulator.instant(db.now), quote_of(1), on_change=changed, on_ready=found)

        async def waits() -> None:
            await asyncio.to_thread(inside.wait)
            print("in the middle of a round", flush=True)
            await asyncio.Event().wait()

        async def works() -> None:
            def work() -> None:
                inside.wait()
                never.wait(0.3)  # a statement of the database that takes its time

            await asyncio.to_thread(work)

        made.scheduler.every(3_600, "waits", waits)
        made.scheduler.every(3_600, "works", works)
        return made

    asyncio.run(worker.run(db, engine))
    db.close()
    print("ended", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
