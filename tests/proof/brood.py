"""Processes that a proof starts and kills by the hundred: forked from one that has imported everything, so that a
sender is at work within a tenth of a second of its start rather than after two.

A module to be run has ``async def main(*, ready, **arguments)``, which calls ``ready()`` once it works.
"""

import asyncio
import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


class Child:
    """One process of the brood."""

    def __init__(self, brood: "Brood", pid: int) -> None:
        self._brood, self.pid = brood, pid

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait(PATIENCE_S)

    def signal(self, number: signal.Signals) -> None:
        if self._brood.code(self.pid) is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Its exit code, negative for a signal."""
        self._brood.until(lambda: self._brood.code(self.pid) is not None, timeout)
        code = self._brood.code(self.pid)
        assert code is not None
        return code


class Brood:
    """The processes of one module, all gone when the block ends."""

    def __init__(self, module: str) -> None:
        ear, voice = os.pipe()  # what they log goes to standard error, what they say to us comes this way
        self._nest = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.brood", module, str(voice)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=2,
            pass_fds=[voice],
            text=True,
        )
        os.close(voice)
        self._ear = os.fdopen(ear)
        self._said: list[tuple[str, int]] = []
        self._codes: dict[int, int] = {}
        self._news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> "Brood":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._news:
            alive = {pid for word, pid in self._said if word == "born"} - self._codes.keys()
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self._nest.stdin is not None
        self._nest.stdin.close()
        self._nest.wait(PATIENCE_S)

    def start(self, *, wait: bool = True, **arguments: Any) -> Child:
        """Start one; with ``wait``, return once it is at work."""
        with self._news:
            born = sum(word == "born" for word, _ in self._said)
        assert self._nest.stdin is not None
        self._nest.stdin.write(json.dumps(arguments) + "\n")
        self._nest.stdin.flush()
        self.until(lambda: sum(word == "born" for word, _ in self._said) > born, PATIENCE_S)
        pid = [pid for word, pid in self._said if word == "born"][born]
        if wait:
            self.until(lambda: ("ready", pid) in self._said or pid in self._codes, PATIENCE_S)
            if pid in self._codes:
                raise RuntimeError(f"a process did not start: it ended with {self._codes[pid]}")
        return Child(self, pid)

    def code(self, pid: int) -> int | None:
        with self._news:
            return self._codes.get(pid)

    def until(self, condition: Callable[[], bool], timeout: float) -> None:
        """Wait for what the processes say.

        Raises:
            TimeoutError: they do not.
        """
        with self._news:
            if not self._news.wait_for(condition, timeout):
                raise TimeoutError("the processes of the proof are silent")

    def _listen(self) -> None:
        for line in self._ear:
            word, pid, *code = line.split()
            with self._news:
                if word == "ended":
                    self._codes[int(pid)] = int(code[0])
                else:
                    self._said.append((word, int(pid)))
                self._news.notify_all()


def _say(line: str) -> None:
    os.write(int(sys.argv[2]), f"{line}\n".encode())  # one write: lines of several processes do not mix


def _bury(pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    _say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def _live(main: Callable[..., Any], arguments: dict[str, Any]) -> None:
    code = 1
    try:
        asyncio.run(main(**arguments, ready=lambda: _say(f"ready {os.getpid()}")))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def nest(module: str) -> None:
    """Fork a process for each line of arguments, tell when it is born, ready and ended."""
    main = importlib.import_module(module).main
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            _live(main, json.loads(line))
        _say(f"born {pid}")
        threading.Thread(target=_bury, args=(pid,), daemon=True).start()


if __name__ == "__main__":
    nest(sys.argv[1])
