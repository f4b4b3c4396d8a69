"""The window that lists who receives a message of a given number of segments."""

import asyncio

import reflex as rx

from smsapp.campaigns.sizes import SizedRow, of_size
from smsapp.campaigns.state import ComposeState
from smsapp.web.guard import actor_of
from smsapp.web.runtime import runtime


class SizesState(rx.State):
    """``segments`` is 0 while the window is closed."""

    segments: int = 0
    total: int = 0
    rows: list[SizedRow] = []

    @rx.event
    async def open(self, segments: int) -> None:
        """Show who takes that many segments."""
        actor = await actor_of(self)
        compose = await self.get_state(ComposeState)
        if not compose.campaign_id:
            return
        found = await asyncio.to_thread(of_size, runtime().db, actor, compose.campaign_id, segments, compose._terms())
        self.total, self.rows = found.total, list(found.rows)
        self.segments = segments if found.total else 0

    @rx.event
    async def close(self) -> None:
        """The page is entered: a window that was left open stays behind."""
        self.segments = 0

    @rx.event
    async def show(self, shown: bool) -> None:
        """The window is closed by its own means (Esc, the cross)."""
        if not shown:
            self.segments = 0
