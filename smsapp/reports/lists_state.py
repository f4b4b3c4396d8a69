"""What the dashboard and the list of sent SMS hold.

The address says what is shown: ?days= (dashboard); ?state=, q=, after=, before= (list).
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

import reflex as rx

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import Notice, SessionState
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.reports import actions, drawing, screen
from smsapp.reports.dashboard import Dashboard, dashboard
from smsapp.reports.drawing import Bars
from smsapp.reports.screen import Cause, Overview, RunningRow, SentRow
from smsapp.reports.sent import FILTERS, SentPage, sent_page
from smsapp.web.guard import actor_of
from smsapp.web.live import LiveState
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

PERIODS = ("7", "30", "90")
MOST_SELECTED = 1_000

Answer = TypeVar("Answer")


class DashboardState(LiveState, rx.State):
    """/dashboard."""

    loaded: bool = False
    days: str = "30"
    period: int = 30
    overview: Overview = Overview()
    running: list[RunningRow] = []
    last: list[SentRow] = []
    causes: list[Cause] = []
    bars: Bars = Bars()

    @rx.event
    async def enter(self) -> None:
        """Show the period that the address asks for."""
        asked = self.router.url.query_parameters.get("days", "30")
        self.days = asked if asked in PERIODS else "30"
        self.period = int(self.days)
        actor = await actor_of(self)
        await self._take(await asyncio.to_thread(dashboard, runtime().db, actor, int(self.days)))

    @rx.event(background=True)
    async def watch(self) -> None:
        """Follow the account for as long as the page is open."""
        async for snapshot in self._snapshots():
            async with self:
                actor, days = await actor_of(self), self.days
            found = await snapshot.once(("dashboard", days), partial(dashboard, runtime().db, actor, int(days)))
            async with self:
                if self.days == days:
                    await self._take(found)

    @rx.event
    async def pause(self, campaign_id: int) -> None:
        """Stop a campaign on its way; what is already at the gateway still leaves."""
        await self._act(actions.pause, campaign_id, "dashboard.pause_asked")

    @rx.event
    async def resume(self, campaign_id: int) -> None:
        """Let a paused campaign go on, when the balance covers all that is left (M22)."""
        await self._act(actions.resume, campaign_id, "dashboard.resumed")

    async def _act(self, action: Callable[[Database, Actor, int], None], campaign_id: int, said: str) -> None:
        actor = await actor_of(self)
        try:
            await asyncio.to_thread(action, runtime().db, actor, campaign_id)
        except Refusal as refusal:
            await refuse(self, refusal)
        else:
            await notice(self, "success", said)
        runtime().hub.changed([actor.account_id])
        await self._take(await asyncio.to_thread(dashboard, runtime().db, actor, int(self.days)))

    async def _take(self, found: Dashboard) -> None:
        days = [(d.day, d.received, d.operator, d.sent, d.error) for d in found.per_day]
        self.overview = screen.overview(found, runtime().db.now())
        self._set("running", [screen.running_row(row) for row in found.running])
        self._set("last", [screen.sent_row(row, epoch=0, ticked=False) for row in found.last])
        self._set("causes", screen.causes(found.causes)[:5])
        self._set("bars", drawing.bars(days))
        self.loaded = True
        session = await self.get_state(SessionState)
        if session.balance_units != found.available:
            session.balance_units = found.available

    def _set(self, name: str, value: object) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)


class SentState(LiveState, rx.State):
    """/sent."""

    loaded: bool = False
    rows: list[SentRow] = []
    state: str = "all"
    search: str = ""
    prev_url: str = ""
    next_url: str = ""
    selected: int = 0
    hidden: Notice = Notice()

    _asked: tuple[str, str, str, str] = ("all", "", "", "")
    _selected: set[int] = set()
    _hidden: list[int] = []
    _epoch: int = 0

    @rx.event
    async def enter(self) -> None:
        """Show what the address asks for."""
        asked = self.router.url.query_parameters
        state = str(asked.get("state", "all"))
        self._asked = (
            state if state in FILTERS else "all",
            str(asked.get("q", ""))[:200],
            str(asked.get("after", ""))[:80],
            str(asked.get("before", ""))[:80],
        )
        self.state, self.search = self._asked[:2]
        self._take(await self._ask(_page, self._asked))

    @rx.event(background=True)
    async def watch(self) -> None:
        """Follow the campaigns of the page for as long as it is open."""
        async for snapshot in self._snapshots():
            async with self:
                actor, asked = await actor_of(self), self._asked
            found = await snapshot.once(("sent", asked), partial(_page, runtime().db, actor, asked))
            async with self:
                if self._asked == asked:
                    self._take(found)

    @rx.event
    def find(self, text: str) -> rx.event.EventSpec:
        """Search as somebody types: one entry of the browser's history for all the letters."""
        typing = bool(self.search)
        self.search = text[:200]
        return rx.redirect(self._url(), replace=typing)

    @rx.event
    def tick(self, campaign_id: int, on: bool) -> None:
        """Put a campaign in the selection, or take it out; the browser has already drawn the tick."""
        if on and len(self._selected) < MOST_SELECTED:
            self._selected.add(campaign_id)
        else:
            self._selected.discard(campaign_id)
        self.selected = len(self._selected)

    @rx.event
    async def clear(self) -> None:
        """Select nothing."""
        self._unselect()
        await self.enter()

    @rx.event
    async def hide(self) -> None:
        """Take the selection out of the list; what left cannot be recalled and stays in the accounts (S35, M11)."""
        try:
            done = await self._ask(actions.hide, sorted(self._selected))
        except Refusal as refusal:
            await refuse(self, refusal)
            return
        self._unselect()
        self._hidden = list(done.ids)
        if done.ids:
            said = Sentence.of("sent.hidden", {"count": len(done.ids)})
            self.hidden = Notice(self.hidden.number + 1, "success", said)
        if done.kept:
            await notice(self, "warning", actions.StillLeaving.key, count=done.kept)
        await self.enter()

    @rx.event
    async def unhide(self) -> None:
        """Bring back what was hidden last."""
        hidden, self._hidden = self._hidden, []
        count = await self._ask(actions.unhide, hidden)
        if count:
            await notice(self, "success", "sent.unhidden", count=count)
        await self.enter()

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)

    def _unselect(self) -> None:
        self._selected = set()
        self._epoch += 1
        self.selected = 0

    def _take(self, page: SentPage) -> None:
        rows = [screen.sent_row(row, epoch=self._epoch, ticked=row.id in self._selected) for row in page.rows]
        if self.rows != rows:
            self.rows = rows
        self.prev_url = self._url(before=page.previous) if page.previous else ""
        self.next_url = self._url(after=page.next) if page.next else ""
        self.loaded = True

    def _url(self, **more: str) -> str:
        asked = {"state": self.state if self.state != "all" else "", "q": self.search, **more}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/sent?{query}" if query else "/sent"


def _page(db: Database, actor: Actor, asked: tuple[str, str, str, str]) -> SentPage:
    state, search, after, before = asked
    return sent_page(db, actor, state=state, search=search, after=after, before=before)
