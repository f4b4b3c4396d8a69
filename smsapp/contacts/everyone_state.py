"""A selection that is too large to be held contact by contact: everyone who answers the view (S69, S70).

It goes into a list in slices, beside the page, which stays usable and says how far it is. A message to many goes
through such a list too: an address cannot carry their ids.
"""

import asyncio
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from smsapp.contacts import group_filling, groups
from smsapp.contacts.book_state import BookPart
from smsapp.contacts.listing import Query
from smsapp.domain.errors import Refusal
from smsapp.i18n.catalogue import translate
from smsapp.web.guard import actor_of
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

MOST_WRITTEN = 1_000  # contacts that an address can carry to the composer; more of them go as a group
PAUSE = 0.5  # seconds between two figures of a filling


class StillFilling(Refusal):
    """``name`` is the list that takes in everyone who answered before: one at a time."""

    key = "contacts.still_filling"


class EveryonePart(BookPart, mixin=True):
    """``filling``: the list that is being filled, or empty; ``filled``: how many contacts of it so far."""

    filling: str = ""
    filled: int = 0
    compose_url: str = ""

    _everyone: Query = Query()

    @rx.event
    async def write_selected(self) -> Any:
        """A new SMS to the selection; more of them than an address carries go as a list, made for it."""
        actor = await actor_of(self)
        if not self.everyone and len(self._selected) <= MOST_WRITTEN:
            return rx.redirect(self.compose_url) if self.compose_url else None
        name = translate(actor.language, "contacts.frozen_name")
        try:
            if self.everyone and self.filling:
                raise StillFilling(name=self.filling)
            group_id = await self._ask(group_filling.new_list, name)
            if self.everyone:
                made = await self._ask(groups.group, group_id)
                return type(self).fill(group_id, made.name, True)  # type: ignore[call-arg, func-returns-value, arg-type]
            await self._ask(group_filling.fill, group_id, sorted(self._selected))
        except Refusal as refusal:
            await refuse(self, refusal)
            return None
        return rx.redirect(f"/compose?{urlencode({'group': group_id})}")

    @rx.event(background=True)
    async def fill(self, group_id: int, name: str, write: bool) -> Any:
        """Put everyone who answers the view in a list; ``write``: then write to it."""
        async with self:
            if self.filling or not self.everyone:
                return None
            actor, query = await actor_of(self), self._everyone
            self.filling, self.filled = name[:120], 0
        seen = [0]
        work = asyncio.create_task(
            asyncio.to_thread(
                group_filling.group_answering, runtime().db, actor, group_id, query, lambda n: seen.__setitem__(0, n)
            )
        )
        try:
            while not work.done():
                await asyncio.wait([work], timeout=PAUSE)
                async with self:
                    self.filled = seen[0]
            added = work.result()
        except Refusal as refusal:
            async with self:
                await refuse(self, refusal)
            return None
        finally:
            async with self:
                self.filling = ""
        async with self:
            await notice(self, "success", "contacts.grouped", count=added, name=name[:120])
            if not write:
                await self._again()
        return rx.redirect(f"/compose?{urlencode({'group': group_id})}") if write else None

    def _take_everyone(self, query: Query, count: int) -> None:
        """The selection is whoever answers ``query``: ``count`` contacts."""
        self.everyone, self._everyone = True, query
        self._selected, self.selected = set(), count

    def _leave_everyone(self) -> None:
        """The selection is held contact by contact again."""
        self.everyone, self._everyone = False, Query()
