"""Where providers call back in tests: a server on loopback that has a gateway read each callback, and keeps the events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from smsapp.gateways.contract import BadSignature, Event, Gateway, Hook
from tests.server import free_port


@dataclass
class Hooks:
    """What was called. Set ``gateway`` before anybody calls."""

    port: int
    gateway: Gateway | None = None
    events: list[Event] = field(default_factory=list)
    refused: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(self, true: Callable[[list[Event]], bool], patience: float = 30.0) -> list[Event]:
        """Wait until something is true of the events; they are given back."""
        async with asyncio.timeout(patience):
            while not true(self.events):
                await self._changed.wait()
                self._changed.clear()
        return self.events

    async def answer(self, request: web.Request) -> web.Response:
        assert self.gateway is not None
        headers = {name.lower(): value for name, value in request.headers.items()}
        hook = Hook(request.method, str(request.rel_url), headers, dict(request.query), await request.read())
        try:
            events, reply = self.gateway.parse(hook)
        except BadSignature:
            self.refused += 1
            return web.Response(status=403)
        self.events += events
        self._changed.set()
        return web.Response(status=reply.status, body=reply.body, content_type=reply.content_type)


@contextlib.asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.Response]], port: int) -> AsyncIterator[None]:
    """An aiohttp server on loopback for the length of a block; every request goes to ``handler``."""

    async def handle(request: web.Request) -> web.Response:
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def start_hooks(port: int = 0) -> AsyncIterator[Hooks]:
    hooks = Hooks(port or free_port())
    async with serving(hooks.answer, hooks.port):
        yield hooks
