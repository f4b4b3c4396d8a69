"""A process that runs the unfinished imports of a database until they end, to be killed: see `test_import_kill.py`.

``python -m tests.proof.importer DATABASE_URL UPLOADS SLICE``; a line is printed after each step.
"""

import sys
from pathlib import Path

from smsapp.db import connect
from smsapp.imports import steps
from smsapp.imports.uploads import Uploads


def main() -> None:
    """Run them."""
    url, folder, slice_ = sys.argv[1:]
    steps.SLICE = int(slice_)
    db = connect(url)

    def told(_: int) -> bool:
        print("step", flush=True)
        return True

    print("ready", flush=True)
    for import_id in steps.running(db):
        steps.work(db, Uploads(Path(folder)), import_id, told)
    print("end", flush=True)
    db.close()


if __name__ == "__main__":
    main()
