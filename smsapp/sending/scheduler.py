"""The clock of the engine: APScheduler with a handful of constant jobs, in memory. No campaign is ever a job.

What is to be done stands in the rows, so that a tick missed, doubled or late changes nothing but the moment.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # has no types

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[None]]
PATIENCE_S = 2.0  # for the rounds that run when the process is to end


class Scheduler:
    """Runs each job every so many seconds, never twice at once, until stopped."""

    def __init__(self) -> None:
        # "Skipped: still running" is what we want of a clock, not a warning.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._clock = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._running: set[asyncio.Task[Any]] = set()

    def every(self, seconds: float, name: str, job: Job) -> None:
        """Add a constant job; it runs for the first time when the scheduler starts."""

        async def guarded() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            try:
                await job()
            except asyncio.CancelledError:
                return  # the process ends: the rows know what is left to do, and APScheduler would tell it as an error
            except Exception as error:
                # Only the kind of error: its text would hold numbers and messages.
                log.error("job failed", job=name, error=type(error).__name__)
            finally:
                self._running.discard(task)

        self._clock.add_job(guarded, "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC))

    def start(self) -> None:
        self._clock.start()

    async def stop(self, patience_s: float = PATIENCE_S) -> None:
        """No job starts any more. Those that run may end; what has not by then is given up, without an error."""
        if not self._clock.running:
            return
        self._clock.pause()
        await asyncio.sleep(0)  # what was started in this very turn of the loop begins, and is known to run
        for task in (await asyncio.wait(self._running, timeout=patience_s))[1] if self._running else ():
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        self._clock.shutdown(wait=False)
