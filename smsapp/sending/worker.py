"""`smsapp worker`: a process that only sends. On PostgreSQL as many as wanted, on as many machines as wanted.

The same engine as in the web process, over the same rows. A worker that is killed leaves at most its windows at the
gateway, whose outcome is then unknown; whatever it was to do the others find in the rows.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

import structlog

from smsapp.db import Database
from smsapp.sending.dispatcher import OnChange
from smsapp.sending.engine import Engine
from smsapp.sending.wake import Wakes, end

log = structlog.get_logger(__name__)

EngineOf = Callable[[OnChange, Callable[[], None]], Engine]
"""An engine, given whom to tell of new figures and that there is something to send."""


async def run(
    db: Database, engine_of: EngineOf, *, ready: Callable[[], None] = lambda: None, stop: asyncio.Event | None = None
) -> None:
    """Send until ``stop`` is set or SIGTERM comes; then settle what is at the gateway and return, within 10 seconds.

    ``ready`` is called once it sends. Raises AlreadyRunning when another process sends from the same SQLite file.
    """
    stop = stop or asyncio.Event()
    with _told(stop):
        wakes = Wakes(db, on_look=lambda: engine.look())
        engine = engine_of(wakes.changed, wakes.look)
        await wakes.open()
        jobs = asyncio.create_task(wakes.work(engine.wake))
        try:
            await engine.start()
            ready()
            await stop.wait()
            log.info("worker is stopping")
        finally:
            await asyncio.wait({asyncio.create_task(end(jobs)), asyncio.create_task(engine.stop())})
            await wakes.close()


@contextlib.contextmanager
def _told(stop: asyncio.Event) -> Iterator[None]:
    """SIGTERM and Ctrl-C set ``stop`` for the length of the block, where the system has signals to handle."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    with contextlib.suppress(NotImplementedError):
        for one in signals:
            loop.add_signal_handler(one, stop.set)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            for one in signals:
                loop.remove_signal_handler(one)
