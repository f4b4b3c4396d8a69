"""A real Kannel: bearerbox and smsbox of Debian, with the configuration that the documentation gives, behind it an SMSC."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.programs import need
from tests.server import ROOT, free_port

GUIDE = ROOT / "smsapp" / "gateways" / "guide"


@dataclass
class Kannel:
    """Its two processes. ``url`` is smsbox's address for sending."""

    folder: Path
    sending: int
    admin: int
    inner: int
    bearerbox: subprocess.Popen[bytes] | None = None
    smsbox: subprocess.Popen[bytes] | None = None
    programs: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.sending}"

    def start_bearerbox(self) -> None:
        self.bearerbox = self._start("bearerbox")
        self._listens(self.inner)

    def start_smsbox(self) -> None:
        self.smsbox = self._start("smsbox")
        self._listens(self.sending)

    def kill_bearerbox(self) -> None:
        """kill -9; smsbox stays and comes back by itself."""
        assert self.bearerbox is not None
        self.bearerbox.kill()
        self.bearerbox.wait(10)

    def stop(self) -> None:
        for process in (self.smsbox, self.bearerbox):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(10)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self.programs[name], "-v", "4", str(self.folder / "kannel.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _listens(self, port: int) -> None:
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


def configuration(kannel: Kannel, smsc_port: int, reply_url: str) -> str:
    """The documented file with our ports, folder, passwords and SMSC in it, and its pace taken off."""
    text = (GUIDE / "kannel.conf").read_text("utf-8")
    for old, new in {
        "/var/lib/smsapp-kannel": str(kannel.folder),
        "13000": str(kannel.admin),
        "13001": str(kannel.inner),
        "13013": str(kannel.sending),
        "port = 2775": f"port = {smsc_port}",
        "OPERATOR_HOST": "127.0.0.1",
        "OPERATOR_USER": "app",
        "OPERATOR_PASSWORD": "secret",
        "SMSAPP_USER": "app",
        "SMSAPP_PASSWORD": "apppw",
        "REPLY_URL": reply_url,
        "throughput = 50\n": "throughput = 5000\n",
        "http-queue-delay = 5": "http-queue-delay = 1",
        "reconnect-delay = 2": "reconnect-delay = 1",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def start_kannel(folder: Path, smsc_port: int, reply_url: str) -> Iterator[Kannel]:
    """Kannel in a folder of its own, ended at the end."""
    programs = {name: need(name) for name in ("bearerbox", "smsbox")}
    kannel = Kannel(folder, free_port(), free_port(), free_port(), programs=programs)
    for name in ("spool", "log"):
        (folder / name).mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(folder / "reports.db")) as store:
        store.executescript((GUIDE / "reports.sql").read_text("utf-8"))
    (folder / "kannel.conf").write_text(configuration(kannel, smsc_port, reply_url), "utf-8")
    try:
        kannel.start_bearerbox()
        kannel.start_smsbox()
        yield kannel
    finally:
        kannel.stop()
