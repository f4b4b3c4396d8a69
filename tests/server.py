"""A real server for tests, proofs and benches: the production build, its own data directory, its log in a file.

    with start_server(tmp_path, SMSAPP_SIMULATOR_SPEED="50") as server:
        httpx.get(server.url + "/livez")

The build lies in pytest's cache, or in SMSAPP_TEST_WEB, and is reused. ``restart`` starts a finished build again in a few
seconds: on the same data after ``kill()``, for crash tests.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
WEB = Path(os.environ.get("SMSAPP_TEST_WEB") or ROOT / ".pytest_cache" / "d" / "web")
BUILDING = 240.0  # seconds for a cold build on a busy machine
STARTING = 60.0


@dataclass
class Server:
    """A server of ours. ``log`` is what it wrote, since its first start."""

    data: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its address, without a final slash; also the Origin of its pages."""
        return f"http://localhost:{self.port}"

    @property
    def log_path(self) -> Path:
        return self.data / "server.log"

    @property
    def log(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    @property
    def database_url(self) -> str:
        return self.settings.get("SMSAPP_DATABASE_URL") or f"sqlite:///{self.data / 'smsapp.db'}"

    def build(self) -> None:
        """Start by ``reflex run``, which compiles the pages anew."""
        run = [sys.executable, "-m", "reflex", "run", "--env", "prod", "--frontend-port", str(self.port)]
        self._start(run, {}, BUILDING)

    def restart(self) -> None:
        """Start the finished build without compiling."""
        run = [str(Path(sys.executable).parent / "granian"), "--interface", "asgi", "--factory", "--host", "127.0.0.1"]
        finished = {
            "__REFLEX_SKIP_COMPILE": "1",
            "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "1",
            "REFLEX_ENV_MODE": "prod",
            "REFLEX_FRONTEND_PORT": str(self.port),
        }
        self._start([*run, "--port", str(self.port), "smsapp.smsapp:app"], finished, STARTING)

    def stop(self) -> float:
        """SIGTERM, and the seconds until everything had ended."""
        begun = time.monotonic()
        if self.process is not None:
            self._signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None
        return time.monotonic() - begun

    def freeze(self) -> None:
        """Stop every process of the server where it stands: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def kill(self) -> None:
        """kill -9 of every process of the server."""
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait(30)
            self.process = None

    def wait(self, patience: float) -> None:
        """Until /livez answers.

        Raises:
            RuntimeError: with the end of the log, when the server ends instead or takes longer.
        """
        end = time.monotonic() + patience
        while time.monotonic() < end and self.process is not None and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/livez", timeout=2):
                return
            time.sleep(0.1)
        tail = self.log[-3000:]
        self.kill()
        raise RuntimeError(f"the server did not start:\n{tail}")

    def _start(self, command: list[str], more: dict[str, str], patience: float) -> None:
        here = {name: value for name, value in os.environ.items() if not name.startswith(("SMSAPP_", "REFLEX_"))}
        own = {"SMSAPP_DATA_DIR": str(self.data), "REFLEX_WEB_WORKDIR": str(WEB), **self.settings, **more}
        WEB.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=here | own, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.wait(patience)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@contextlib.contextmanager
def start_server(data: Path, *, built: bool = False, **settings: str) -> Iterator[Server]:
    """A running server on a free port, stopped at the end. ``built``: use the build of an earlier start."""
    data.mkdir(parents=True, exist_ok=True)
    server = Server(data, settings, free_port())
    if built:
        server.restart()
    else:
        server.build()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
