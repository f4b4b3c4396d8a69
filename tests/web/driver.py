"""Events as a browser sends them, through Reflex's own processor and our guard, without a server."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State, StateUpdate
from reflex.utils.format import json_dumps
from reflex_base.event import Event
from reflex_base.event.processor import BaseStateEventProcessor

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.domain.errors import Refusal
from smsapp.smsapp import app
from smsapp.web.runtime import runtime


class Tab:
    """One open tab. ``updates`` is all that reached the browser, ``failures`` what handlers raised beside refusals."""

    def __init__(
        self, processor: BaseStateEventProcessor, manager: StateManagerMemory, cookie: str, token: str
    ) -> None:
        self._processor = processor
        self._manager = manager
        self.cookie = cookie
        self.token = token
        self.updates: list[StateUpdate] = []
        self.failures: list[str] = []
        self._news = asyncio.Condition()

    async def send(
        self, name: str, payload: Mapping[str, Any] | None = None, path: str = "/nowhere", **query: str
    ) -> list[StateUpdate]:
        """Send one event and wait until it and all that it started are done; the updates that came back.

        What a handler raises goes to the app's exception handler; what that says arrives later: see ``until``.
        """
        before = len(self.updates)
        event = Event(
            name=name,
            payload=dict(payload or {}),
            router_data={
                "pathname": path,
                "asPath": path,
                "query": query,
                "token": self.token,
                "headers": {"cookie": self.cookie},
            },
        )
        future = await self._processor.enqueue(self.token, event)
        try:
            await future.wait_all()
        except Refusal:
            pass
        except Exception as failure:
            self.failures.append(repr(failure))
        return self.updates[before:]

    async def receive(self, update: StateUpdate) -> None:
        """Something arrives."""
        async with self._news:
            self.updates.append(update)
            self._news.notify_all()

    async def until(self, words: str) -> None:
        """Wait until ``words`` have reached the browser."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: words in self.seen)

    async def state(self, cls: type[Any]) -> Any:
        """The tab's own state of a class, as the server has it."""
        root = await self._manager.get_state(BaseStateToken(ident=self.token, cls=State))
        return await root.get_state(cls)

    @property
    def seen(self) -> str:
        """All that reached the browser, as text."""
        return "\n".join(text(update) for update in self.updates)


class Browsers:
    """Opens tabs and hands each what is meant for it."""

    def __init__(self, processor: BaseStateEventProcessor, manager: StateManagerMemory) -> None:
        self._processor = processor
        self._manager = manager
        self._tabs: dict[str, Tab] = {}

    def tab(self, actor: Actor | None = None, token: str = "") -> Tab:
        """A tab of a signed-in person, or of nobody."""
        rt = runtime()
        cookie = ""
        if actor is not None:
            cookie = f"{rt.people.cookie}={sessions.open_session(rt.db, actor.user_id, timedelta(hours=1))}"
        made = Tab(self._processor, self._manager, cookie, token or f"tab-{len(self._tabs)}")
        self._tabs[made.token] = made
        return made

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        await self._tabs[token].receive(update)


@asynccontextmanager
async def browsers() -> AsyncIterator[Browsers]:
    """The processor of the app, without its websocket."""
    manager = StateManagerMemory()
    processor = BaseStateEventProcessor(
        middleware=app, backend_exception_handler=app.backend_exception_handler, graceful_shutdown_timeout=2
    )
    open_tabs = Browsers(processor, manager)
    processor.configure(state_manager=manager, event_namespace=open_tabs)  # type: ignore[arg-type]  # its one method
    async with processor:
        yield open_tabs


def text(update: StateUpdate) -> str:
    """An update as it would travel."""
    return json_dumps(update)


def redirects(updates: list[StateUpdate]) -> list[str]:
    """Where the updates send the browser."""
    events = [event for update in updates for event in update.events]
    return [str(e.payload["path"]).strip("\"'") for e in events if e.name == "_redirect"]


def decoded(update: StateUpdate) -> Any:
    """An update as plain data."""
    return json.loads(text(update))
