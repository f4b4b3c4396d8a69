"""What every part of the address book page stands on: the view (which the address says), the selection, the asking."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

import reflex as rx

from smsapp.contacts.shown import GroupLine, Row
from smsapp.web.guard import actor_of
from smsapp.web.runtime import runtime

PATH = "/contacts"

Answer = TypeVar("Answer")


class BookPart(rx.State, mixin=True):
    """Shared by the list, the record and the groups, which are one state: ``ContactsState``."""

    rows: list[Row] = []
    group_lines: list[GroupLine] = []
    search: str = ""
    group: str = ""
    group_name: str = ""
    sort: str = "name"
    standing: str = ""  # the filters: state of the contacts, status of their last SMS, country
    last: str = ""
    country: str = ""
    close_url: str = PATH

    selected: int = 0
    everyone: bool = False  # the selection is whoever answers the view: see everyone_state.py
    epoch: int = 0

    _selected: set[int] = set()

    async def _again(self) -> None:
        """Read the page anew, and the figures of the sidebar."""
        raise NotImplementedError

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """One service function, as the signed-in person, beside the event loop."""
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)

    def _url(self, **more: str) -> str:
        """The address of this view; paging and the open record only when they are named."""
        view = {
            "q": self.search, "group": self.group, "state": self.standing, "status": self.last,
            "country": self.country, "sort": self.sort, **more,
        }  # fmt: skip
        if view["sort"] == "name":
            view["sort"] = ""
        asked = urlencode({name: value for name, value in view.items() if value})
        return f"{PATH}?{asked}" if asked else PATH
