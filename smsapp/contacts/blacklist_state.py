"""The blacklist page. The address says what is shown: ?origin=, q=, after=, before=."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlencode

import reflex as rx
from annotated_types import MaxLen

from smsapp.contacts import blacklist, blacklist_list
from smsapp.contacts.blacklist_list import Entries
from smsapp.contacts.shown import id_of
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.guard import actor_of
from smsapp.web.notices import notice
from smsapp.web.runtime import runtime

PATH = "/blacklist"
MOST_SELECTED = 1_000
SHOWN_UNREADABLE = 5

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Line:
    """A number of the list. ``key`` changes when its box must be drawn anew."""

    id: int
    key: str
    number: str
    name: str
    reason: str
    origin: str
    since: str
    by: str
    ticked: bool


class BlacklistState(rx.State):
    """/blacklist."""

    loaded: bool = False
    rows: list[Line] = []
    origin: str = "all"
    search: str = ""
    total: int = 0
    from_stop: int = 0
    from_import: int = 0
    from_hand: int = 0
    from_report: int = 0
    prev_url: str = ""
    next_url: str = ""
    export_query: str = ""
    selected: int = 0
    elsewhere: int = 0  # of the selection, not among those that are shown

    adding: bool = False
    typed: str = ""
    add_error: Sentence = Sentence()
    lifting: bool = False
    lift_error: Sentence = Sentence()

    _asked: tuple[str, str, int | None, int | None] = ("", "", None, None)
    _selected: set[int] = set()
    _epoch: int = 0

    @rx.event
    async def enter(self) -> None:
        """Show what the address asks for."""
        asked = self.router.url.query_parameters
        origin = str(asked.get("origin", ""))
        self._asked = (
            origin if origin in blacklist.ORIGINS else "",
            str(asked.get("q", ""))[:200],
            id_of(asked.get("after")),
            id_of(asked.get("before")),
        )
        self.origin, self.search = self._asked[0] or "all", self._asked[1]
        await self._show()

    @rx.event
    def find(self, text: Annotated[str, MaxLen(200)]) -> rx.event.EventSpec:
        """Search as somebody types: one entry of the browser's history for all the digits."""
        typing = bool(self.search)
        self.search = text
        return rx.redirect(self._url(), replace=typing)

    @rx.event
    def tick(self, entry: int, on: bool) -> None:
        """Put a number in the selection, or take it out; the browser has already drawn the tick."""
        if on and len(self._selected) < MOST_SELECTED:
            self._selected.add(entry)
        else:
            self._selected.discard(entry)
        self._count()

    @rx.event
    def clear(self) -> None:
        """Select nothing."""
        self._unselect()
        self.rows = [replace(row, key=f"{row.id}-{self._epoch}", ticked=False) for row in list(self.rows)]

    @rx.event
    def open_adding(self) -> None:
        """Ask which numbers are never to be written to."""
        self.typed, self.add_error = "", Sentence()
        self.adding = True

    @rx.event
    def set_adding(self, on: bool) -> None:
        """The dialog was opened or closed."""
        self.adding = on

    @rx.event
    async def add(self, typed: dict[str, str]) -> None:
        """Put typed numbers on the list; those that cannot be read stay in the field, and are named (S74)."""
        self.typed, self.add_error = typed.get("numbers", ""), Sentence()
        try:
            done = await self._ask(blacklist.blacklist_typed, self.typed, typed.get("reason", ""))
        except Refusal as refusal:
            self.add_error = Sentence.of(refusal.key, refusal.params)
            return
        if done.unreadable:
            self.typed = ", ".join(done.unreadable)
            first = ", ".join(text[:40] for text in done.unreadable[:SHOWN_UNREADABLE])
            self.add_error = Sentence.of("blacklist.unreadable", {"count": len(done.unreadable), "first": first})
        self.adding = bool(done.unreadable)
        if done.added:
            await notice(self, "success", "blacklist.added", count=done.added)
        elif done.known:
            await notice(self, "info", "blacklist.known", count=done.known)
        await self._show()

    @rx.event
    def open_lifting(self) -> None:
        """Ask why the selection may be written to again."""
        self.lift_error = Sentence()
        self.lifting = bool(self._selected)

    @rx.event
    def set_lifting(self, on: bool) -> None:
        """The dialog was opened or closed."""
        self.lifting = on

    @rx.event
    async def lift(self, typed: dict[str, str]) -> None:
        """Take the selection off the list for the reason that was typed (M27)."""
        try:
            count = await self._ask(blacklist.lift, sorted(self._selected), typed.get("lift_reason", ""))
        except Refusal as refusal:
            self.lift_error = Sentence.of(refusal.key, refusal.params)
            return
        self.lifting = False
        self._unselect()
        await notice(self, "success", "blacklist.lifted", count=count)
        await self._show()

    @rx.event
    def export(self, kind: Literal["csv", "xlsx"]) -> rx.event.EventSpec:
        """Fetch the list, or what comes from one origin, as a file."""
        return rx.download(url=f"{PATH}/export.{kind}{self.export_query}")

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)

    async def _show(self) -> None:
        origin, search, after, before = self._asked

        def look(db: Any, actor: Any) -> tuple[Entries, dict[str, int]]:
            page = blacklist_list.entries(db, actor, origin=origin, text=search, after=after, before=before)
            if not page.rows and (after or before):  # whatever stood on this page was lifted
                page = blacklist_list.entries(db, actor, origin=origin, text=search)
            return page, blacklist_list.counts(db, actor)

        page, counts = await self._ask(look)
        self.rows = [
            Line(
                row.id, f"{row.id}-{self._epoch}", row.number, row.name, row.reason, row.origin,
                row.since.isoformat(), row.by, row.id in self._selected,
            )
            for row in page.rows
        ]  # fmt: skip
        self._count()
        self.total = sum(counts.values())
        self.from_stop, self.from_import = counts["stop"], counts["import"]
        self.from_hand, self.from_report = counts["manual"], counts["report"]
        self.prev_url = self._url(before=str(page.previous)) if page.previous else ""
        self.next_url = self._url(after=str(page.next)) if page.next else ""
        self.export_query = f"?origin={origin}" if origin else ""
        self.loaded = True

    def _unselect(self) -> None:
        self._selected = set()
        self._epoch += 1
        self._count()

    def _count(self) -> None:
        self.selected = len(self._selected)
        self.elsewhere = len(self._selected - {row.id for row in self.rows})

    def _url(self, **more: str) -> str:
        asked = {"origin": self.origin if self.origin != "all" else "", "q": self.search, **more}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{PATH}?{query}" if query else PATH
