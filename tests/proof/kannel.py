"""A campaign through a real Kannel and a real SMSC, with kill -9 of bearerbox in the middle of it.

``uv run python -m tests.proof.kannel --messages 2000 [--kills 1]`` prints one JSON line and exits 1 on a violation: a
message that is not settled, one told otherwise than the SMSC knows, more unknown ones than were on their way at a kill,
or a ledger that is not exact. Kannel itself is at-least-once: what it submits again after its crash is counted
(`received_twice`) and is no violation of ours.
"""

import argparse
import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from smsapp.db import Database
from smsapp.gateways.http import Callback
from smsapp.gateways.kannel import Kannel
from smsapp.gateways.options import KannelOptions
from tests.peers.kannel import Kannel as Peer
from tests.peers.kannel import start_kannel
from tests.peers.smsc import start_smsc
from tests.proof.wire import PATIENT, Course
from tests.proof.world import conclude, database
from tests.server import free_port

TPS = 150.0


def storm(db: Database, folder: Path, messages: int, kills: int) -> tuple[list[str], dict[str, object]]:
    """Send, kill, start again, wait for the last report."""
    port = free_port()
    callback = Callback(f"http://127.0.0.1:{port}", "kannel", "t" * 32)
    with start_smsc() as smsc, start_kannel(folder / "kannel", smsc.port, callback.url(mo="%I")) as peer:
        smsc.until("sessions", 1, 20)
        smsc.tell("set", delay=300)  # so that reports are pending at the kill
        told = {"url": peer.url, "username": "app", "password": "apppw", "sender": "smsapp", "max_tps": TPS}
        options = KannelOptions.model_validate(told)
        gateway = Kannel("kannel", options, callback, lambda: datetime.now(UTC))
        course = Course(db, gateway, smsc, messages, port)

        async def mischief(course: Course) -> None:
            for kill in range(kills):
                share = messages * (kill + 1) // (kills + 1)
                await course.until(lambda share=share: course.settled() >= share, 120)  # type: ignore[misc]
                await asyncio.to_thread(_kill, peer)

        wrong = asyncio.run(course.run(mischief, 180))
        course.figures["kills"] = kills
        most = kills * PATIENT.window * PATIENT.in_flight
        if int(str(course.figures["unknown"])) > most:
            wrong.append(f"more than {most} messages are unknown")
        return wrong, course.figures


def _kill(peer: Peer) -> None:
    peer.kill_bearerbox()
    peer.start_bearerbox()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database("sqlite", Path(folder)) as db:
        wrong, figures = storm(db, Path(folder), options.messages, options.kills)
    conclude(figures, wrong)


if __name__ == "__main__":
    main()
