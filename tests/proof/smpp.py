"""A campaign over SMPP while the SMSC drops the line, falls silent and throttles.

``uv run python -m tests.proof.smpp --messages 2000`` prints one JSON line and exits 1 on a violation: a message that is
not settled, one told otherwise than the SMSC knows, one received twice, more unknown ones than were on the line when it
failed, or a ledger that is not exact.
"""

import argparse
import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from smsapp.db import Database
from smsapp.gateways.options import SmppOptions
from smsapp.gateways.smpp import Smpp
from tests.peers.smsc import start_smsc
from tests.proof.wire import Course
from tests.proof.world import conclude, database

WINDOW, DROPS = 20, 2


def storm(db: Database, messages: int) -> tuple[list[str], dict[str, object]]:
    """Send; drop the line twice, throttle, be mute for a while; wait for the last report."""
    with start_smsc() as smsc:
        told = {"host": "127.0.0.1", "port": smsc.port, "system_id": "app", "password": "secret", "window": WINDOW}
        options = SmppOptions.model_validate({**told, "response_s": 1.0, "max_tps": 500.0})
        course = Course(db, Smpp("smpp", options, lambda: datetime.now(UTC)), smsc, messages)

        async def mischief(course: Course) -> None:
            def when(share: float) -> object:
                return course.until(lambda: course.settled() >= messages * share, 60)

            for drop in range(DROPS):
                await when(0.2 * (drop + 1))  # type: ignore[misc]
                await asyncio.to_thread(smsc.tell, "drop")
            await when(0.6)  # type: ignore[misc]
            await asyncio.to_thread(smsc.tell, "set", tps=20)
            await asyncio.sleep(2)
            await asyncio.to_thread(smsc.tell, "set", tps=0, mute=1)
            await asyncio.sleep(3)
            await asyncio.to_thread(smsc.tell, "set", mute=0)

        wrong = asyncio.run(course.run(mischief, 120))
        figures = course.figures
        figures |= {"drops": DROPS, "throttled": smsc.tell("stats")["throttled"]}
        most = WINDOW * (DROPS + 3)  # the silence may last for as many windows as it lasts time-outs
        if int(str(figures["unknown"])) > most:
            wrong.append(f"more than {most} messages are unknown")
        if figures["received_twice"]:
            wrong.append(f"{figures['received_twice']} messages were sent twice")
        return wrong, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database("sqlite", Path(folder)) as db:
        wrong, figures = storm(db, options.messages)
    conclude(figures, wrong)


if __name__ == "__main__":
    main()
