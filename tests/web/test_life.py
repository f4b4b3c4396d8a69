"""A server process: it starts once on a database, says in a sentence why it cannot start, and stops in time."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.server import ROOT, WEB, Server, free_port, start_server
from tests.web.socket_client import Socket

STOP = 10.0  # seconds


@pytest.fixture
def second(server: Server, tmp_path: Path) -> Server:
    """Another server on the finished build, not started."""
    return Server(tmp_path, {}, free_port())


def refused(data: Path, **settings: str) -> str:
    """Start a server that must not start; what it says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SMSAPP_", "REFLEX_"))}
    own = {"SMSAPP_DATA_DIR": str(data), "REFLEX_WEB_WORKDIR": str(WEB)} | settings
    done = subprocess.run(
        [sys.executable, "-m", "reflex", "run", "--env", "prod", "--frontend-port", str(free_port())],
        cwd=ROOT, env=environment | own, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SMSAPP_PUBLIC_URL": "http://sms.example.org"}, "SMSAPP_PUBLIC_URL is http on a public host"),
        ({"SMSAPP_PUBLIC_URL": "https://sms.example.org", "SMSAPP_ALLOWED_ORIGINS": "*"}, "a star would let any site"),
        ({"SMSAPP_GATEWY": "simulator"}, "did you mean SMSAPP_GATEWAY"),
    ],
)
def test_unsafe_settings_end_the_start_with_a_sentence(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    assert said in refused(tmp_path, **settings)


def test_a_second_server_on_the_same_sqlite_file_does_not_start(server: Server) -> None:
    twin = Server(server.data, {}, free_port())
    with pytest.raises(RuntimeError, match="another smsapp"):
        twin.restart()
    assert "Traceback" not in server.log


async def test_sigterm_ends_it_in_time_with_a_page_open_and_it_starts_again(second: Server) -> None:
    second.restart()
    async with Socket(second.url) as page:
        await page.until("is_hydrated")
        assert await asyncio.to_thread(second.stop) < STOP
    assert "smsapp is stopping" in second.log
    second.restart()
    second.kill()
    second.restart()  # after kill -9 nothing has to be tidied up
    second.stop()
    assert "Traceback" not in second.log
    assert second.log.count("smsapp is ready") == 3


@pytest.mark.usefixtures("server")
def test_it_runs_on_postgresql(tmp_path: Path, pg_new: Callable[[], str]) -> None:
    with start_server(tmp_path, built=True, SMSAPP_DATABASE_URL=pg_new()) as server:
        assert httpx.get(f"{server.url}/readyz").json()["ready"]
        password = "trois chevaux bleus"
        form = {"identifiant": "camille", "email": "c@lavande.fr", "password": password, "again": password}
        answer = httpx.post(f"{server.url}/auth/signup", data=form, headers={"origin": server.url})
        assert answer.headers["location"] == "/dashboard"
