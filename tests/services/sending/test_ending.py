"""A process that is told to end in the middle of a round ends well, and its log says nothing of it."""

import asyncio
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import structlog

from smsapp.sending.scheduler import Scheduler

ROOT = Path(__file__).parents[3]


def test_a_process_ended_in_the_middle_of_a_round_leaves_a_clean_log(sqlite_template: Path, tmp_path: Path) -> None:
    """SIGTERM while one round waits for ever and another is at its statement: exit 0 within 10 s, and no traceback."""
    shutil.copy(sqlite_template, tmp_path / "smsapp.db")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.services.sending.round", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        before = []
        for line in process.stdout:
            before.append(line)
            if line == "in the middle of a round\n":
                break
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[0]
    finally:
        process.kill()
    log = "".join(before) + said
    assert (process.returncode, said.splitlines()[-1]) == (0, "ended"), log
    assert time.monotonic() - begun < 10
    assert "worker is stopping" in said
    assert [line for line in log.splitlines() if re.search(r"traceback|error|exception|warning", line, re.I)] == []


async def test_a_round_that_runs_may_end_and_one_that_does_not_is_given_up() -> None:
    """Told to nobody: what is left to do stands in the rows."""
    clock, go, ended = Scheduler(), asyncio.Event(), asyncio.Event()
    begun: asyncio.Queue[str] = asyncio.Queue()

    async def short() -> None:
        begun.put_nowait("short")
        await go.wait()
        ended.set()

    async def endless() -> None:
        begun.put_nowait("endless")
        await asyncio.Event().wait()

    with structlog.testing.capture_logs() as told:
        clock.every(3_600, "short", short)
        clock.every(3_600, "endless", endless)
        clock.start()
        async with asyncio.timeout(15):
            assert {await begun.get(), await begun.get()} == {"short", "endless"}
            stopping = asyncio.create_task(clock.stop(patience_s=0.2))
            go.set()
            await stopping
        await clock.stop()
    assert ended.is_set()
    assert told == []
