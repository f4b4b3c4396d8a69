"""The fields of the account's own that a message may use: `$ville`."""

import asyncio

import reflex as rx

from smsapp.contacts import fields
from smsapp.contacts.shown import Extra
from smsapp.web.guard import actor_of
from smsapp.web.runtime import runtime


class OwnFieldsState(rx.State):
    """``keys`` are the names of ``fields`` in a text."""

    fields: list[Extra] = []
    keys: list[str] = []

    @rx.event
    async def load(self) -> None:
        """The page of a message is entered."""
        actor = await actor_of(self)
        found = await asyncio.to_thread(fields.fields, runtime().db, actor)
        self.fields = [Extra(one.key, one.name) for one in found]
        self.keys = [one.key for one in found]
