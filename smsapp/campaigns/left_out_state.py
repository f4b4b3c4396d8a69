"""The window that says who is left out of a draft and why, with the repair at one click (S91, M12, M13)."""

import asyncio
from typing import Annotated, Any

import reflex as rx
from annotated_types import MaxLen

from smsapp.campaigns import screen, service
from smsapp.campaigns.excluded import Kind, excluded
from smsapp.campaigns.screen import LeftOut
from smsapp.campaigns.state import ComposeState
from smsapp.domain.errors import Refusal
from smsapp.web.guard import actor_of
from smsapp.web.notices import refuse
from smsapp.web.runtime import runtime


class LeftOutState(rx.State):
    """``listed`` is the reason whose people are shown, empty while the window is closed."""

    listed: str = ""
    rows: list[LeftOut] = []
    total: int = 0

    _kind: Kind = "invalid"

    @rx.event
    async def open(self, kind: Kind) -> None:
        """Open the window of those left out for one reason."""
        self._kind = kind
        await self._list()

    @rx.event
    async def close(self) -> None:
        """The page is entered: a window that was left open stays behind."""
        self.listed = ""

    @rx.event
    async def show(self, shown: bool) -> None:
        """The window is closed by its own means (Esc, the cross)."""
        if not shown:
            self.listed = ""

    @rx.event
    async def repair(self, chip_id: Annotated[str, MaxLen(60)], e164: int) -> Any:
        """One click puts a typed number right."""
        compose = await self.get_state(ComposeState)
        events = await compose._keep(lambda db, who, id: service.replace_number(db, who, id, chip_id, e164))
        if self.listed:
            await self._list()
        return events

    @rx.event
    async def drop_unreadable(self) -> Any:
        """Every text that is no number goes."""
        self.listed = ""
        return await (await self.get_state(ComposeState))._keep(service.drop_unreadable)

    async def _list(self) -> None:
        actor = await actor_of(self)
        compose = await self.get_state(ComposeState)
        self.rows, self.total = [], 0
        try:
            found = await asyncio.to_thread(
                excluded, runtime().db, actor, compose.campaign_id, self._kind, compose._terms()
            )
        except Refusal as refusal:
            await refuse(self, refusal)
        else:
            self.rows, self.total = screen.left_out(found), found.total
        self.listed = self._kind if self.total else ""
