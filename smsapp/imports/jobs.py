"""The imports that run beside the pages, in threads of this process. What a process leaves unfinished, the next one
takes up at its start (`resume`).
"""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.imports import steps, undo
from smsapp.imports.uploads import Uploads

log = logging.getLogger("smsapp.imports")

AT_ONCE = 2
AGAIN = 15.0  # seconds after which an import is taken up that the database, being away, neither took nor took back


class Jobs:
    """The imports of one process. ``changed`` is told the account after each step; safe to call from any thread."""

    def __init__(
        self, db: Database, uploads: Uploads, changed: Callable[[Iterable[int]], None] = lambda _: None
    ) -> None:
        self._db = db
        self._uploads = uploads
        self._changed = changed
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="import")
        self._stopping = False

    def start(self, import_id: int) -> None:
        """Run an import that was begun, as soon as there is room."""
        self._threads.submit(self._run, import_id)

    def resume(self) -> None:
        """Take up what another process left: imports go on, undoings are finished, old files go."""
        self._uploads.sweep()
        for import_id in steps.running(self._db):
            self.start(import_id)
        for import_id in undo.undoing(self._db):
            self._threads.submit(self._undo, import_id)

    def stop(self) -> None:
        """End after the step at hand; the rest goes on at the next start."""
        self._stopping = True
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, import_id: int) -> None:
        try:
            steps.work(self._db, self._uploads, import_id, self._told)
        except Refusal as refusal:
            log.info("an import was refused: %s", refusal.key)
        except Exception:
            log.exception("an import failed")
            self._later(import_id)

    def _undo(self, import_id: int) -> None:
        try:
            undo.go_on(self._db, self._uploads, import_id)
        except Exception:
            log.exception("an import could not be undone")
            self._later(import_id)

    def _later(self, import_id: int) -> None:
        """Look again in a while at an import that has failed."""
        timer = threading.Timer(AGAIN, self._take_up, [import_id])
        timer.daemon = True
        timer.start()

    def _take_up(self, import_id: int) -> None:
        if self._stopping:
            return
        try:
            running, undoing = steps.running(self._db), undo.undoing(self._db)
        except SQLAlchemyError:  # still away
            self._later(import_id)
            return
        if import_id in running:
            self.start(import_id)
        elif import_id in undoing:
            self._threads.submit(self._undo, import_id)

    def _told(self, account_id: int) -> bool:
        self._changed([account_id])
        return not self._stopping
