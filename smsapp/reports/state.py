"""What the report of a campaign holds: figures that move, lists read with less haste, a page of recipients, a message.

The address says what is shown: ?status=, cause=, q=, after=, before=, open= (a message).
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import reflex as rx

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import Notice, SessionState
from smsapp.campaigns.pricing import CampaignNotFound
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.ledger import service as ledger
from smsapp.ledger.posting import Insufficient
from smsapp.reports import actions, drawing, screen
from smsapp.reports.campaign import Live, Report, live, report
from smsapp.reports.course import Course, course
from smsapp.reports.drawing import Curves, Funnel
from smsapp.reports.kept import forget, kept
from smsapp.reports.panel import Panel, panel
from smsapp.reports.recipients import RecipientPage, recipients
from smsapp.reports.screen import Beside, Cause, CostLine, Counts, Head, Line, Now
from smsapp.reports.selection import Selection, selection
from smsapp.reports.story import MessageNotFound, timeline
from smsapp.web.guard import actor_of
from smsapp.web.live import LiveState
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

ROWS_PAUSE = 3.0  # seconds between two readings of the rows on screen
STATUSES = ("received", "operator", "sent", "error", "waiting", "unknown", "excluded")

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class View:
    """Which recipients are shown; a value, so that the pages that show the same share one reading."""

    status: str = ""
    cause: str = ""
    search: str = ""
    after: str = ""
    before: str = ""

    def read(self, db: Database, actor: Actor, campaign_id: int) -> RecipientPage:
        return recipients(
            db,
            actor,
            campaign_id,
            status=self.status,
            cause=self.cause,
            search=self.search,
            after=self.after,
            before=self.before,
        )


@dataclass
class _Moving:
    """One reading of what moves."""

    live: Live
    course: Course
    beside: Beside
    units: int  # what the account may spend


@dataclass
class _Whole:
    report: Report
    moving: _Moving
    page: RecipientPage = field(default_factory=RecipientPage)


class ReportState(LiveState, rx.State):
    """/sent/[id]."""

    loaded: bool = False
    missing: bool = False
    base: str = "/sent"
    head: Head = Head()
    state: str = ""  # of the campaign
    figures: Counts = Counts()
    now: Now = Now()
    beside: Beside = Beside()
    funnel: Funnel = Funnel()
    curves: Curves = Curves()
    cost: list[CostLine] = []
    causes: list[Cause] = []

    rows: list[Line] = []
    status: str = ""
    cause: str = ""
    search: str = ""
    prev_url: str = ""
    next_url: str = ""
    chosen: int = 0
    _epoch: int = 0

    panel: Panel = Panel()
    close_url: str = ""
    previous_message: str = ""
    next_message: str = ""

    removing: bool = False
    to_remove: int = 0  # contacts that the question is about
    short_units: int = 0
    removed: Notice = Notice()

    _view: View = View()
    _kept_out: set[int] = set()
    _added: set[int] = set()
    _asked_about: Selection = Selection()
    _token: str = ""
    _rows_at: float = 0.0

    @rx.event
    async def enter(self) -> None:
        """Show what the address asks for."""
        campaign_id = self._asked_id()
        asked = self.router.url.query_parameters
        if campaign_id != self.head.id:
            self._forget()
        status = str(asked.get("status", ""))
        self._view = View(
            status=status if status in STATUSES else "",
            cause=str(asked.get("cause", ""))[:32],
            search=str(asked.get("q", ""))[:100],
            after=str(asked.get("after", ""))[:9],
            before=str(asked.get("before", ""))[:9],
        )
        try:
            whole = await self._ask(_whole, campaign_id, self._view)
        except CampaignNotFound:
            self._forget()
            self.missing = self.loaded = True
            return
        self.base = f"/sent/{campaign_id}"
        self.status, self.cause, self.search = self._view.status, self._view.cause, self._view.search
        self.head = screen.head(whole.report)
        self.missing, self.loaded = False, True
        await self._take(whole.moving)
        self._take_rows(whole.page)
        await self._open(_id(asked.get("open")))

    @rx.event(background=True)
    async def watch(self) -> None:
        """Follow the campaign for as long as the page is open."""
        async for snapshot in self._snapshots():
            async with self:
                actor = await actor_of(self)
                # By the address: this may run before `enter` has filled the head.
                campaign_id, view, opened = self._asked_id(), self._view, self.panel.id
                stale = time.monotonic() - self._rows_at > ROWS_PAUSE
            if not campaign_id:
                return
            db = runtime().db
            try:
                moving = await snapshot.once(("report", campaign_id), partial(_moving, db, actor, campaign_id))
                page = story = None
                if stale or moving.live.is_over:  # nothing may follow that would bring the rows up to date
                    key = ("recipients", campaign_id, view)
                    page = await snapshot.once(key, partial(view.read, db, actor, campaign_id))
                    story = await snapshot.once(("story", opened), partial(_story, db, actor, opened))
            except CampaignNotFound:
                return
            async with self:
                if self.head.id != campaign_id:
                    continue
                await self._take(moving)
                if story is not None and opened == self.panel.id:
                    self._set("panel", story)
                if page is not None and view == self._view:
                    self._take_rows(page)

    @rx.event
    async def pause(self) -> None:
        """Ask for a pause; what is already at the gateway still leaves."""
        await self._do(actions.pause, "reports.page.pause_asked")

    @rx.event
    async def resume(self) -> None:
        """Go on, when the balance covers all that is left (M22)."""
        await self._do(actions.resume, "reports.page.resumed")

    @rx.event
    async def resume_partly(self) -> None:
        """Go on with what the balance allows (M22)."""
        await self._do(partial(actions.resume, partial=True), "reports.page.resumed")

    @rx.event
    async def cancel(self) -> None:
        """Nothing more leaves; what waits is not debited (S34)."""
        await self._do(actions.cancel, "reports.page.cancelled_now")

    @rx.event
    def find(self, text: str) -> rx.event.EventSpec:
        """Search as somebody types: one entry of the browser's history for all the letters."""
        typing = bool(self.search)
        self.search = text[:100]
        return rx.redirect(self._url(q=self.search, status=self.status, cause=self.cause), replace=typing)

    @rx.event
    def tick(self, message_id: int, on: bool) -> None:
        """Put a failed recipient among those to remove, or take it out; the browser has drawn the tick."""
        row = next((row for row in self.rows if row.id == message_id), None)
        if row is None:
            return
        if message_id in self._kept_out or message_id in self._added:
            self._kept_out.discard(message_id)
            self._added.discard(message_id)
        else:
            (self._added if on else self._kept_out).add(message_id)
        self._count()

    @rx.event
    async def ask_removal(self) -> None:
        """Ask before contacts go: about those that have failed by now, and no others that may follow."""
        self._asked_about = await self._ask(selection, self.head.id, self._kept_out, self._added)
        self.to_remove = self._asked_about.contacts
        self.removing = self.to_remove > 0

    @rx.event
    def set_removing(self, on: bool) -> None:
        """The question was closed."""
        self.removing = on and self.to_remove > 0

    @rx.event
    async def remove(self, how: Literal["delete", "mark"]) -> None:
        """Take the contacts whose numbers failed out of the book, or mark them invalid (S41, M10, M34)."""
        self.removing = False
        ids = self._asked_about.message_ids
        try:
            done = await self._ask(partial(actions.remove_failed, message_ids=ids, mark=how == "mark"), self.head.id)
        except Refusal as refusal:
            await refuse(self, refusal)
            return
        self._token, self._kept_out, self._added = done.token, set(), set()
        self._asked_about, self.to_remove = Selection(), 0
        self._epoch += 1
        key = "reports.page.removed" if how == "delete" else "reports.page.marked"
        self.removed = Notice(self.removed.number + 1, "success", Sentence.of(key, {"count": done.count}))
        await self._again()

    @rx.event
    async def undo_removal(self) -> None:
        """Bring them back (M10)."""
        try:
            count = await self._ask(actions.undo_removal, self._token)
        except Refusal as refusal:
            await refuse(self, refusal)
            return
        self._token = ""
        await notice(self, "success", "reports.page.brought_back", count=count)
        await self._again()

    async def _do(self, action: Callable[[Database, Actor, int], None], said: str) -> None:
        self.short_units = 0
        try:
            await self._ask(action, self.head.id)
        except Insufficient as refusal:
            missing = refusal.params.get("missing", 0)
            self.short_units = missing if isinstance(missing, int) else 0
        except Refusal as refusal:
            await refuse(self, refusal)
        else:
            await notice(self, "success", said)
        await self._again()

    async def _again(self) -> None:
        """Read the page anew, and tell the other pages of the account."""
        actor = await actor_of(self)
        runtime().hub.changed([actor.account_id])
        await self.enter()
        await (await self.get_state(SessionState))._refresh()

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """One service function, as the signed-in person, beside the event loop."""
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)

    async def _take(self, found: _Moving) -> None:
        """Show a reading; what is the same as before does not travel again."""
        points = [(p.at, p.sent, p.operator, p.received) for p in found.course.points]
        c = screen.counts(found.live.figures)
        self._set("figures", c)
        self._set("state", found.live.state)
        self._set("now", screen.now(found.live))
        self._set("beside", found.beside)
        self._set("funnel", drawing.funnel(c.left, c.reached, c.received, c.error))
        self._set("curves", drawing.curves(points, c.total, found.live.pace.ends_at))
        self._set("cost", screen.cost(found.live))
        self._set("causes", screen.causes(found.live.causes, self.base))
        session = await self.get_state(SessionState)
        if session.balance_units != found.units:
            session.balance_units = found.units

    def _take_rows(self, page: RecipientPage) -> None:
        here = {"after": self._view.after, "before": self._view.before}
        self._rows_at = time.monotonic()
        rows = [
            screen.line(
                row,
                epoch=self._epoch,
                ticked=self._is_chosen(row.message_id, row.removable and row.contact_id is not None),
                opened=row.message_id == self.panel.id,
                url=self._view_url(**here, open=str(row.message_id)),
            )
            for row in page.rows
        ]
        self._set("rows", rows)
        self._set("prev_url", self._view_url(before=page.previous) if page.previous else "")
        self._set("next_url", self._view_url(after=page.next) if page.next else "")
        self._set("close_url", self._view_url(**here))
        self._count()

    def _is_chosen(self, message_id: int, by_itself: bool) -> bool:
        return (by_itself and message_id not in self._kept_out) or message_id in self._added

    def _count(self) -> None:
        self._set("chosen", max(0, self.beside.removable - len(self._kept_out) + len(self._added)))

    async def _open(self, message_id: int) -> None:
        """The panel of one message, with the ways to its neighbours on this page."""
        self.panel = await self._ask(_story, message_id)
        ids = [row.id for row in self.rows]
        at = ids.index(message_id) if message_id in ids else -1
        self.previous_message = self.rows[at - 1].url if at > 0 else ""
        self.next_message = self.rows[at + 1].url if 0 <= at < len(ids) - 1 else ""
        self.rows = [replace(row, open=row.id == message_id) for row in list(self.rows)]

    def _forget(self) -> None:
        """Another campaign: nothing of the last one stays."""
        self.head, self.now, self.beside, self.panel = Head(), Now(), Beside(), Panel()
        self.state, self.figures = "", Counts()
        self.funnel, self.curves, self.cost, self.causes, self.rows = Funnel(), Curves(), [], [], []
        self.loaded, self.short_units, self._token = False, 0, ""
        self._asked_about, self.to_remove, self.removing = Selection(), 0, False
        self._kept_out, self._added = set(), set()

    def _set(self, name: str, value: object) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)

    def _asked_id(self) -> int:
        return _id(self.router.url.path.rstrip("/").rpartition("/")[2])

    def _view_url(self, **more: str) -> str:
        return self._url(status=self._view.status, cause=self._view.cause, q=self._view.search, **more)

    def _url(self, **asked: str) -> str:
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{self.base}?{query}" if query else self.base


def _whole(db: Database, actor: Actor, campaign_id: int, view: View) -> _Whole:
    whole = report(db, actor, campaign_id)
    return _Whole(whole, _moving(db, actor, campaign_id, whole), view.read(db, actor, campaign_id))


def _moving(db: Database, actor: Actor, campaign_id: int, whole: Report | None = None) -> _Moving:
    found = whole.live if whole else live(db, actor, campaign_id)
    known = (found.state, found.figures)
    curve = kept(db, ("course", actor.account_id, campaign_id), known, partial(course, db, actor, campaign_id))
    if whole:
        forget(db, _beside_key(actor, campaign_id))
    rest = kept(
        db,
        _beside_key(actor, campaign_id),
        known,
        lambda: screen.beside(whole or report(db, actor, campaign_id)),
    )
    return _Moving(found, curve, rest, ledger.balance(db, actor).available)


def _story(db: Database, actor: Actor, message_id: int) -> Panel:
    try:
        return panel(timeline(db, actor, message_id)) if message_id else Panel()
    except MessageNotFound:
        return Panel()


def _beside_key(actor: Actor, campaign_id: int) -> tuple[str, int, int]:
    return "beside", actor.account_id, campaign_id


def _id(text: object) -> int:
    """A number of the address, 0 when it can be the id of nothing."""
    return int(text) if isinstance(text, str) and text.isdecimal() and text.isascii() and len(text) < 18 else 0
