"""From a report to the blacklist: the number of the recipient whose story is open (S74)."""

import asyncio

import reflex as rx

from smsapp.domain.errors import Refusal
from smsapp.reports.actions import blacklist_recipient
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
