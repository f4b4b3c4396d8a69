"""What is done with the recipient whose story is open: never write to them again (S74), send it to them again."""

import asyncio
from typing import Any

import reflex as rx

from smsapp.domain.errors import Refusal
from smsapp.reports.actions import blacklist_recipient
from smsapp.reports.state import ReportState
from smsapp.sending.lifecycle import resend
from smsapp.web.guard import actor_of
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime


class RecipientState(rx.State):
    """What can be done with one recipient of a report."""

    @rx.event
    async def blacklist(self, message_id: int) -> None:
        """Never write to the number of this message again."""
        actor = await actor_of(self)
        try:
            added = await asyncio.to_thread(blacklist_recipient, runtime().db, actor, message_id)
        except Refusal as refusal:
            await refuse(self, refusal)
            return
        if added:
            await notice(self, "success", "blacklist.added", count=added)
        else:
            await notice(self, "info", "blacklist.known", count=1)

    @rx.event
    async def resend(self, message_id: int) -> Any:
        """Nobody knows whether it left: a person wants it to go again."""
        actor = await actor_of(self)
        try:
            await asyncio.to_thread(resend, runtime().db, actor, message_id)
        except Refusal as refusal:
            await refuse(self, refusal)
            return None
        await notice(self, "success", "reports.page.resent")
        await (await self.get_state(ReportState))._again()
        return RecipientState.wake

    @rx.event(background=True)
    async def wake(self) -> None:
        """The engine looks at once rather than at its next tick."""
        await runtime().wake()
