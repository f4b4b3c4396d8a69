"""A raw client of the websocket: what an attacker writes, without a browser."""

import asyncio
import itertools
import json
import uuid
from typing import Any

import socketio

ROOT = "reflex___state____state"
HYDRATE = f"{ROOT}.hydrate_and_load"
SESSION = f"{ROOT}.smsapp___accounts___state____session_state"
TELL = f"{SESSION}.tell"
PATIENCE = 10.0

_numbers = itertools.count(1)


class Socket:
    """One connection. ``updates`` is all that came, ``new_token`` what the server gave instead of a token in use."""

    def __init__(
        self, url: str, *, token: str = "", cookie: str = "", origin: str | None = "", first: str | None = HYDRATE
    ) -> None:
        self.url = url
        self.token = token or str(uuid.uuid4())
        self.updates: list[dict[str, Any]] = []
        self.new_token = ""
        self._headers = {"Cookie": cookie} if cookie else {}
        if origin is not None:
            self._headers["Origin"] = origin or url
        self._auth = {"event": _event(first, {})} if first else None
        self._news = asyncio.Condition()
        self.io = socketio.AsyncClient(reconnection=False)
        self.io.on("event", self._take, namespace="/_event")
        self.io.on("new_token", self._renamed, namespace="/_event")

    async def __aenter__(self) -> "Socket":
        await self.io.connect(
            f"{self.url}/_event?token={self.token}",
            headers=self._headers,
            transports=["websocket"],
            namespaces=["/_event"],
            socketio_path="/_event/",
            auth=self._auth,
            wait_timeout=PATIENCE,
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.io.disconnect()

    async def call(self, name: Any, payload: Any = None, path: str = "/login") -> list[dict[str, Any]]:
        """Send an event and answer all that came back before the next one was handled."""
        before = len(self.updates)
        await self.emit(_event(name, {} if payload is None else payload, path))
        mark = f"mark-{next(_numbers)}"
        await self.emit(_event(TELL, {"kind": "info", "key": mark, "params": {}}, path))
        await self.until(mark)
        return self.updates[before:]

    async def emit(self, data: Any) -> None:
        """Send a raw message."""
        await self.io.emit("event", data, namespace="/_event")

    async def until(self, words: str) -> None:
        """Wait until ``words`` have come."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: words in self.seen)

    @property
    def seen(self) -> str:
        """All that came, as text."""
        return json.dumps(self.updates, ensure_ascii=False)

    def vars(self, state: str) -> dict[str, Any]:
        """What the connection knows of a state by now."""
        known: dict[str, Any] = {}
        for update in self.updates:
            for name, value in (update.get("delta") or {}).get(state, {}).items():
                known[name.removesuffix("_rx_state_")] = value
        return known

    async def _take(self, data: Any) -> None:
        async with self._news:
            self.updates.append(json.loads(data) if isinstance(data, str) else data)
            self._news.notify_all()

    async def _renamed(self, token: str) -> None:
        self.new_token = token


def _event(name: Any, payload: Any, path: str = "/login") -> dict[str, Any]:
    return {"name": name, "payload": payload, "router_data": {"pathname": path, "asPath": path}}
