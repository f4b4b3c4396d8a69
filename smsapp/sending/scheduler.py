"""The clock of the engine: APScheduler with a handful of constant jobs, in memory. No campaign is ever a job.

What is to be done stands in the rows, so that a tick missed, doubled or late changes nothing but the moment.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # has no types

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[None]]


class Scheduler:
    """Runs each job every so many seconds, never twice at once, until stopped."""

    def __init__(self) -> None:
        # "Skipped: still running" is what we want of a clock, not a warning.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._clock = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def every(self, seconds: float, name: str, job: Job) -> None:
        """Add a constant job; it runs for the first time when the scheduler starts."""

        async def guarded() -> None:
            try:
                await job()
            except Exception as error:
                # Only the kind of error: its text would hold numbers and messages.
                log.error("job failed", job=name, error=type(error).__name__)

        self._clock.add_job(guarded, "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC))

    def start(self) -> None:
        self._clock.start()

    def stop(self) -> None:
        """No job starts any more. The one that runs is left to end."""
        if self._clock.running:
            self._clock.shutdown(wait=False)
