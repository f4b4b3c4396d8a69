"""The menu of the other drafts in the composer."""

import asyncio

import reflex as rx

from smsapp.campaigns import screen, service
from smsapp.campaigns.screen import DraftItem
from smsapp.campaigns.state import ComposeState
from smsapp.web.guard import actor_of
from smsapp.web.runtime import runtime


class DraftsState(rx.State):
    """The account's drafts, but for the one on screen."""

    others: list[DraftItem] = []

    @rx.event
    async def load(self) -> None:
        """The page was entered."""
        actor = await actor_of(self)
        here = (await self.get_state(ComposeState)).campaign_id
        found = await asyncio.to_thread(service.drafts, runtime().db, actor)
        self.others = screen.draft_items(found, here)
