"""The life of a server process: what is opened when it starts and let go of, in order, when it stops.

Start: the lock of a SQLite database, the database, its migrations, the hub, the e-mails. On SIGTERM the engine finishes
the window it is in; everything ends within ten seconds.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import reflex as rx

from smsapp.accounts.mail import Postman
from smsapp.db import connect
from smsapp.db.migrate import UnknownSchema, upgrade
from smsapp.settings import Settings, UnsafeSettings
from smsapp.web.doors import watch_socket
from smsapp.web.runtime import Runtime, use

log = logging.getLogger("smsapp")


@contextlib.asynccontextmanager
async def life(app: rx.App, settings: Settings) -> AsyncIterator[Runtime]:
    """Everything that runs beside the pages, for as long as the server does."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_alone(settings))
            db = connect(settings.resolved_database_url)
            stack.callback(db.close)
            await asyncio.to_thread(upgrade, db)
        except (UnsafeSettings, UnknownSchema) as problem:
            _give_up(str(problem))
        rt = Runtime(settings, db, connected=lambda token: _is_open(app, token))
        use(rt)
        stack.callback(use, None)
        rt.hub.open()
        watch_socket(app)
        stack.callback(rt.hub.close)
        async with contextlib.AsyncExitStack() as tasks:
            if settings.smtp_host:
                await tasks.enter_async_context(_beside(Postman(db, settings).run()))
            log.info("smsapp is ready")
            yield rt
            log.info("smsapp is stopping")
            rt.hub.close()


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold a SQLite database for this process alone: a second writer would not know of the first one's turn."""
    if not settings.is_sqlite:
        yield
        return
    path = Path(settings.resolved_database_url.removeprefix("sqlite:///") + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnsafeSettings(
                f"another smsapp runs on the database in {path.parent}: stop it, "
                "or set SMSAPP_DATA_DIR to another directory"
            ) from None
        yield


@contextlib.asynccontextmanager
async def _beside(work: "asyncio._CoroutineLike[None]") -> AsyncIterator[None]:
    """A task that ends with the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _is_open(app: rx.App, token: str) -> bool:
    namespace = app.event_namespace
    return namespace is not None and token in namespace.token_to_sid


def _give_up(sentence: str) -> None:
    """Say why, and end the process at once: an exception here would make the server start again and again."""
    sys.stderr.write(f"smsapp cannot start: {sentence}\n")
    sys.stderr.flush()
    os._exit(1)
