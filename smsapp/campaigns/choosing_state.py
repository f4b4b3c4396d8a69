"""The windows in which contacts and groups are chosen for a campaign (S30, S31)."""

import asyncio
from typing import Annotated, Any, Literal

import reflex as rx
from annotated_types import MaxLen

from smsapp.campaigns import service
from smsapp.campaigns.screen import Choosable
from smsapp.campaigns.service import Draft
from smsapp.campaigns.state import ComposeState
from smsapp.contacts.listing import pick
from smsapp.contacts.smart_groups import every_group
from smsapp.web.guard import actor_of
from smsapp.web.runtime import runtime

ROWS = 50


class ChoosingState(rx.State):
    """``kind`` is contact or group while a window is open, else empty."""

    kind: str = ""
    search: str = ""
    rows: rx.Field[list[Choosable]] = rx.field(default_factory=list)
    chosen: int = 0

    _ids: rx.Field[list[int]] = rx.field(default_factory=list)

    @rx.event
    async def open(self, kind: Literal["contact", "group"]) -> None:
        """Open one of the two windows."""
        self.reset()
        self.kind = kind
        await self._find()

    @rx.event
    async def show(self, shown: bool) -> None:
        """The window is closed."""
        if not shown:
            self.kind = ""

    @rx.event
    async def find(self, text: Annotated[str, MaxLen(200)]) -> None:
        """Search among them; what was ticked stays ticked."""
        self.search = text
        await self._find()

    @rx.event
    async def tick(self, id: int, on: bool) -> None:
        """One of them is ticked or not."""
        self._ids = [i for i in self._ids if i != id] + ([id] if on else [])
        self.chosen = len(self._ids)

    @rx.event
    async def take(self) -> Any:
        """Put the chosen ones among the recipients."""
        ids, kind, self.kind = list(self._ids), self.kind, ""
        compose = await self.get_state(ComposeState)

        def add(db: Any, actor: Any, campaign_id: int) -> Draft:
            if kind == "contact":
                return service.add_contacts(db, actor, campaign_id, ids)
            return service.add_groups(db, actor, campaign_id, ids)

        return await compose._keep(add) if ids else None

    async def _find(self) -> None:
        actor, db = await actor_of(self), runtime().db
        if self.kind == "contact":
            found = await asyncio.to_thread(pick, db, actor, self.search, ROWS)
            self.rows = [Choosable(c.id, c.name, c.number, -1, c.id in self._ids) for c in found]
        else:
            known = await asyncio.to_thread(every_group, db, actor, self.search, ROWS)
            self.rows = [Choosable(g.id, g.name, "", g.members, g.id in self._ids) for g in known]
