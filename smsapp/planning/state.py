"""What the page of planned campaigns holds. The address says what is shown: ?view=calendar, month=, after=, before=."""

import asyncio
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import reflex as rx

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import Notice, SessionState
from smsapp.campaigns import schedule
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.planning import service, shown
from smsapp.planning.service import Agenda, Month
from smsapp.planning.shown import Asked, Cell, Row
from smsapp.web.guard import actor_of
from smsapp.web.live import LiveState
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)

UNDONE = 8  # notices that may still be undone

Answer = TypeVar("Answer")


class PlanningState(LiveState, rx.State):
    """/scheduled."""

    loaded: bool = False
    view: str = "list"
    rows: list[Row] = []
    scheduled: int = 0
    units: int = 0
    available: int = 0
    short_title: str = ""
    short_date: str = ""
    prev_url: str = ""
    next_url: str = ""

    cells: list[Cell] = []
    month: str = ""
    earlier_url: str = ""
    later_url: str = ""
    hidden: int = 0

    asked: Asked = Asked()
    question: str = ""  # delete, now, sheet; empty while none is open
    deleted: Notice = Notice()  # what was deleted last, with the offer to undo it

    _gone: dict[int, int] = {}  # the plan that each of the last notices is about
    _asked_for: tuple[str, str, str, str] = ("list", "", "", "")

    @rx.event
    async def enter(self) -> None:
        """Show what the address asks for."""
        asked = self.router.url.query_parameters
        view = "calendar" if asked.get("view") == "calendar" else "list"
        month, after, before = (str(asked.get(name, ""))[:80] for name in ("month", "after", "before"))
        self._asked_for = (view, month, after, before)
        self.question = ""
        await self._show()

    @rx.event(background=True)
    async def watch(self) -> None:
        """Follow the plans for as long as the page is open: they leave by themselves."""
        async for snapshot in self._snapshots():
            async with self:
                actor, asked = await actor_of(self), self._asked_for
            found = await snapshot.once(("plans", asked), partial(_read, runtime().db, actor, asked))
            async with self:
                if self._asked_for == asked:
                    await self._take(*found)

    @rx.event
    async def edit(self, campaign_id: int) -> Any:
        """Change a plan in the composer, under the same id (S36)."""
        return await self._compose(schedule.edit, campaign_id)

    @rx.event
    async def copy_plan(self, campaign_id: int) -> Any:
        """A new SMS that begins like this one, which stays as it is (S37)."""
        return await self._compose(schedule.copy, campaign_id)

    @rx.event
    async def ask(self, campaign_id: int, question: Literal["delete", "now", "sheet"]) -> None:
        """Ask before a plan goes, or leaves at once; or open its sheet."""
        try:
            self.asked = shown.asked(await self._ask(service.one, campaign_id))
        except Refusal as refusal:
            await refuse(self, refusal)
            return
        self.question = question

    @rx.event
    async def show(self, on: bool) -> None:
        """The question or the sheet was closed."""
        if not on:
            self.question = ""

    @rx.event
    async def delete(self) -> None:
        """It never leaves; nothing was debited (S34). The notice offers to undo it (M10)."""
        self.question = ""
        try:
            gone = await self._ask(service.delete, self.asked.id)
        except Refusal as refusal:
            await refuse(self, refusal)
        else:
            number = self.deleted.number + 1
            self.deleted = Notice(number, "success", Sentence.of("planning.deleted", {"title": gone.title}))
            self._gone = {**self._gone, number: gone.id}
            self._gone.pop(number - UNDONE, None)
        await self._again()

    @rx.event
    async def undo(self, number: int) -> None:
        """Bring back the plan that a notice is about, at its date; one whose date has passed meanwhile is missed."""
        campaign_id = self._gone.pop(number, None)
        if campaign_id is None:
            return
        try:
            back = await self._ask(service.restore, campaign_id)
        except Refusal as refusal:
            await refuse(self, refusal)
        else:
            missed = back.state == CampaignState.MISSED
            said = ("warning", "planning.restored_missed") if missed else ("success", "planning.restored")
            await notice(self, *said, title=back.title, date=shown.asked(back).date)
        await self._again()

    @rx.event
    async def send_now(self) -> Any:
        """A plan that was missed, or need not wait, leaves at once."""
        self.question = ""
        try:
            await self._ask(schedule.send_now, self.asked.id)
        except Refusal as refusal:
            await refuse(self, refusal)
            await self._again()
            return None
        return [rx.redirect(f"/sent/{self.asked.id}"), PlanningState.wake]

    @rx.event(background=True)
    async def wake(self) -> None:
        """The engine looks at once rather than at its next tick."""
        await runtime().wake()

    async def _compose(self, make: Callable[[Database, Actor, int], int], campaign_id: int) -> Any:
        self.question = ""
        try:
            return rx.redirect(f"/compose?draft={await self._ask(make, campaign_id)}")
        except Refusal as refusal:
            await refuse(self, refusal)
            await self._again()
            return None

    async def _again(self) -> None:
        """Read the page anew, and tell the other pages of the account."""
        actor = await actor_of(self)
        runtime().hub.changed([actor.account_id])
        await self._show()

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)

    async def _show(self) -> None:
        await self._take(*await self._ask(_read, self._asked_for))

    async def _take(self, found: Agenda, month: Month | None) -> None:
        self._set("rows", shown.rows(found))
        self._set("scheduled", found.scheduled)
        self._set("units", found.units)
        self._set("available", found.available)
        short = found.first_short
        self._set("short_title", short.title if short else "")
        self._set("short_date", short.date if short else "")
        self._set("prev_url", _url(before=found.previous) if found.previous else "")
        self._set("next_url", _url(after=found.next) if found.next else "")
        if month is not None:
            self._take_month(month)
        self._set("view", self._asked_for[0])
        self.loaded = True
        session = await self.get_state(SessionState)
        if session.planned != found.total:
            session.planned = found.total

    def _take_month(self, found: Month) -> None:
        earlier, later = found.first - timedelta(days=1), found.first + timedelta(days=31)
        self._set("cells", shown.cells(found))
        self._set("month", shown.noon(found.first))
        self._set("earlier_url", _url(view="calendar", month=f"{earlier:%Y-%m}"))
        self._set("later_url", _url(view="calendar", month=f"{later:%Y-%m}"))
        self._set("hidden", found.hidden)

    def _set(self, name: str, value: object) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)


def _read(db: Database, actor: Actor, asked: tuple[str, str, str, str]) -> tuple[Agenda, Month | None]:
    view, month, after, before = asked
    found = service.agenda(db, actor, after=after, before=before)
    if view != "calendar":
        return found, None
    return found, service.month(db, actor, Terms.of(runtime().settings), _month(month))


def _month(text: str) -> date | None:
    found = _MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found else None


def _url(**asked: str) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/scheduled?{query}" if query else "/scheduled"
