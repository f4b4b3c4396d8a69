"""The life of a server process: what is opened when it starts and let go of, in order, when it stops.

Start: the database and its migrations, the engine (which holds a SQLite database for this process alone), the e-mails.
On SIGTERM the engine finishes the windows at the gateway; everything ends within ten seconds.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from typing import Any, NoReturn

import reflex as rx
from sqlalchemy.exc import OperationalError

from smsapp.accounts.mail import Postman
from smsapp.contacts import search, unmerging
from smsapp.contacts import service as contacts
from smsapp.db import connect
from smsapp.db.migrate import UnknownSchema, upgrade
from smsapp.demo import removal
from smsapp.imports.jobs import Jobs
from smsapp.imports.uploads import Uploads
from smsapp.sending.assembly import engine_of, fleet_of
from smsapp.sending.engine import Engine
from smsapp.sending.leader import AlreadyRunning
from smsapp.sending.wake import Wakes
from smsapp.settings import Settings, UnsafeSettings
from smsapp.web.doors import watch_socket
from smsapp.web.logs import redact
from smsapp.web.runtime import Runtime, use

log = logging.getLogger("smsapp")


@contextlib.asynccontextmanager
async def life(app: rx.App, settings: Settings) -> AsyncIterator[Runtime]:
    """Everything that runs beside the pages, for as long as the server does."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            db = connect(settings.resolved_database_url)
            stack.callback(db.close)
            await asyncio.to_thread(upgrade, db)
            await asyncio.to_thread(removal.begin, db, settings)  # before anything is sent
            rt = Runtime(settings, db, connected=lambda token: _is_open(app, token))
            rt.fleet = fleet_of(db, settings)
            await rt.fleet.follow()
            stack.push_async_callback(rt.fleet.router.close)
            await stack.enter_async_context(_others(rt))
            if settings.web_sends:
                rt.engine = await stack.enter_async_context(_engine(rt))
            rt.imports = Jobs(db, Uploads(settings.data_dir / "uploads"), rt.hub.changed)
            stack.push_async_callback(asyncio.to_thread, rt.imports.stop)
            await asyncio.to_thread(rt.imports.resume)
        except (OSError, OperationalError, UnsafeSettings, UnknownSchema, AlreadyRunning) as problem:
            _give_up(problem)
        use(rt)
        stack.callback(use, None)
        watch_socket(app)
        if settings.smtp_host:
            await stack.enter_async_context(_beside(Postman(db, settings).run()))
        stack.callback(rt.hub.close)
        log.info("smsapp is ready")
        yield rt
        log.info("smsapp is stopping")


@contextlib.asynccontextmanager
async def _others(rt: Runtime) -> AsyncIterator[None]:
    """The hub, and the word between this process and the others of a PostgreSQL database."""

    def look() -> None:
        if rt.engine is not None:
            rt.engine.look()

    rt.wakes = Wakes(rt.db, on_accounts=rt.hub.heard, on_look=look)
    rt.hub.open()
    rt.hub.tell = rt.wakes.changed
    await rt.wakes.open()
    try:
        yield
    finally:
        await rt.wakes.close()


@contextlib.asynccontextmanager
async def _engine(rt: Runtime) -> AsyncIterator[Engine]:
    """The engine of this process, with the jobs of the web beside its own."""
    db, wakes = rt.db, rt.wakes
    assert wakes is not None
    engine = engine_of(db, rt.settings, on_change=rt.hub.changed, on_ready=wakes.look, fleet=rt.fleet)

    async def beat() -> None:
        rt.beat = db.now()

    async def old_demonstrations() -> None:
        await asyncio.to_thread(removal.sweep, db)

    async def index_contacts() -> None:
        while await asyncio.to_thread(search.index_some, db):
            pass

    async def old_contacts() -> None:
        for purge in (contacts.purge_deleted, unmerging.purge_merged):
            while await asyncio.to_thread(purge, db):
                pass

    async def old_files() -> None:
        await asyncio.to_thread(Uploads(rt.settings.data_dir / "uploads").sweep)

    engine.scheduler.every(1, "beat", beat)
    engine.scheduler.every(2, "search index", index_contacts)
    engine.scheduler.every(3_600, "demonstrations", old_demonstrations)
    engine.scheduler.every(3_600, "deleted contacts", old_contacts)
    engine.scheduler.every(3_600, "received files", old_files)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
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


def _give_up(problem: Exception) -> NoReturn:
    """Say why, and end the process at once, without the traceback of an exception in the server's own start."""
    said = problem.orig if isinstance(problem, OperationalError) else problem
    sys.stderr.write(f"smsapp cannot start: {redact(str(said)).strip()}\n")
    sys.stderr.flush()
    os._exit(1)
