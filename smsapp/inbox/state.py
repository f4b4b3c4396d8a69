"""What the page of replies holds. The address says what is shown: ?view=, q=, after=, with=, campaign=."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import reflex as rx
from annotated_types import MaxLen
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState
from smsapp.accounts.tables import Account
from smsapp.campaigns.pricing import Terms
from smsapp.contacts.blacklist import blacklist
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.inbox import service
from smsapp.inbox.answer import AnswerPrice, Stopped, answer, price_answer
from smsapp.inbox.screen import LineItem, PersonItem, SaidItem, line_item, person_item, said_items
from smsapp.inbox.service import VIEWS, ConversationNotFound, Counts, Page
from smsapp.inbox.thread import Thread, thread
from smsapp.web.guard import actor_of
from smsapp.web.live import LiveState
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

PATH = "/replies"
LONGEST_TEXT = 20_000  # characters that are looked at; the rules say what is too long

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Asked:
    """What the address asks for; ``number`` is 0 for no conversation, ``campaign`` 0 for all campaigns."""

    view: str = "all"
    search: str = ""
    after: str = ""
    number: int = 0
    campaign: int = 0


@dataclass(frozen=True)
class Look:
    """Everything that the page shows, read at once. ``thread`` is None without a conversation."""

    page: Page
    counts: Counts
    thread: Thread | None
    price: AnswerPrice | None
    zone: ZoneInfo


class RepliesState(LiveState, rx.State):
    """/replies. ``version`` names the answer that the browser was given: what it sends for another one is dropped."""

    loaded: bool = False
    view: str = "all"
    search: str = ""
    search_key: int = 0
    campaign: int = 0
    lines: list[LineItem] = []
    next_url: str = ""
    first_url: str = ""
    list_url: str = PATH
    unread: int = 0
    open: int = 0
    stops: int = 0
    total: int = 0

    person: PersonItem = PersonItem()
    said: list[SaidItem] = []
    earlier: bool = False
    done: bool = False
    text: str = ""
    version: int = 0
    unit_price: int = 0  # of one segment to this number; 0: it cannot be answered
    sending: bool = False

    _asked: Asked = Asked()
    _typing: list[str] = []  # searches typed whose page has not come yet
    _units: int = 0

    @rx.event
    async def enter(self) -> None:
        """Show what the address asks for; whoever opens a conversation has read it."""
        asked = _asked(self.router.url.query_parameters)
        if asked.number != self._asked.number:
            self._blank()
        self._asked = asked
        self.view, self.campaign = asked.view, asked.campaign
        self._settle_search(asked.search)
        await self._show()

    @rx.event(background=True)
    async def watch(self) -> None:
        """Follow the account for as long as the page is open: replies appear as they come."""
        async for _ in self._snapshots():
            async with self:
                await self._show()

    @rx.event
    def find(self, text: str) -> rx.event.EventSpec:
        """Search as somebody types: one entry of the browser's history for all the letters."""
        typing = bool(self.search)
        self.search = text[:200]
        self._typing.append(self.search)
        return rx.redirect(_url(replace(self._asked, search=self.search, after="")), replace=typing)

    @rx.event
    async def typed(self, text: Annotated[str, MaxLen(LONGEST_TEXT)], version: int) -> None:
        """The answer changed in the browser: its price is asked of the engine that will bill it."""
        if version != self.version:
            return
        self.text = text
        if text.strip() and self.person.e164:
            try:
                found = await self._ask(price_answer, self.person.e164, text, _terms())
            except Refusal as refusal:
                await refuse(self, refusal)
            else:
                self._units, self.unit_price = found.units, found.unit_price

    @rx.event
    async def send(self) -> Any:
        """Send the answer at the price on screen."""
        number, text = self.person.e164, self.text
        if not number or not text.strip():
            return None
        try:
            await self._ask(answer, number, text, self._units, _terms())
        except Refusal as refusal:
            await refuse(self, refusal)
            await self._show()
            return None
        self._blank()
        await notice(self, "success", "inbox.answered")
        await self._show()
        return RepliesState.wake

    @rx.event(background=True)
    async def wake(self) -> None:
        """An answer waits: the engine looks at once rather than at its next tick."""
        await runtime().wake()

    @rx.event
    async def set_done(self, done: bool) -> None:
        """The conversation on screen is dealt with, or not yet."""
        try:
            await self._ask(service.set_done, self.person.e164, done)
        except Refusal as refusal:
            await refuse(self, refusal)
        await self._show()

    @rx.event
    async def blacklist(self) -> None:
        """Never write to the number on screen again."""
        if self.person.e164:
            await self._ask(blacklist, [self.person.e164])
            await notice(self, "success", "inbox.blacklisted", number=self.person.number)
        await self._show()

    @rx.event
    async def export(self, kind: Literal["csv", "xlsx"]) -> rx.event.EventSpec:
        """Every reply as a file."""
        return rx.download(url=f"{PATH}/export.{kind}")

    async def _show(self) -> None:
        asked = self._asked
        try:
            found = await self._ask(_look, asked)
        except ConversationNotFound as refusal:
            await refuse(self, refusal)
            self._asked = asked = replace(asked, number=0)
            found = await self._ask(_look, asked)
        self._take(found, asked)
        session = await self.get_state(SessionState)
        if session.replies_unread != found.counts.unread:
            session.replies_unread = found.counts.unread

    def _settle_search(self, text: str) -> None:
        """What is shown answers ``text``. The browser owns the field: it is drawn anew only when nobody typed that."""
        if text in self._typing:
            self._typing = self._typing[self._typing.index(text) + 1 :]
        elif text != self.search:
            self._typing = []
            self.search_key += 1
        self.search = text

    def _take(self, found: Look, asked: Asked) -> None:
        now = runtime().db.now()
        lines = [
            line_item(
                line,
                now=now,
                zone=found.zone,
                here=line.e164 == asked.number,
                url=_url(replace(asked, number=line.e164)),
            )
            for line in found.page.lines
        ]
        self._set("lines", lines)
        after = found.page.next
        self._set("next_url", _url(replace(asked, after=after, number=0)) if after else "")
        self._set("first_url", _url(replace(asked, after="", number=0)) if asked.after else "")
        self._set("list_url", _url(replace(asked, number=0)))
        for name in ("unread", "open", "stops", "total"):
            self._set(name, getattr(found.counts, name))
        self._set("person", person_item(found.thread.person) if found.thread else PersonItem())
        self._set("said", said_items(found.thread, found.zone) if found.thread else [])
        self._set("earlier", bool(found.thread and found.thread.earlier))
        self._set("done", bool(found.thread and found.thread.done))
        self._set("unit_price", found.price.unit_price if found.price else 0)
        self._set("loaded", True)

    def _set(self, name: str, value: object) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)

    def _blank(self) -> None:
        self.text = ""
        self.version += 1
        self._units = 0

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)


def _look(db: Database, actor: Actor, asked: Asked) -> Look:
    opened, price = None, None
    if asked.number:
        service.mark_read(db, actor, asked.number)
        opened = thread(db, actor, asked.number)
        try:
            price = price_answer(db, actor, asked.number, "", _terms())
        except (Stopped, ConversationNotFound):
            price = None
    page = service.conversations(db, actor, asked.view, asked.search, asked.after, asked.campaign)
    with db.read() as session:
        zone = _zone(session, actor)
    return Look(page, service.counts(db, actor), opened, price, zone)


def _zone(session: Session, actor: Actor) -> ZoneInfo:
    account = session.get(Account, actor.account_id)
    return ZoneInfo(account.time_zone if account else "Europe/Paris")


def _terms() -> Terms:
    return Terms.of(runtime().settings)


def _asked(given: Any) -> Asked:
    view = str(given.get("view", "all"))
    return Asked(
        view if view in VIEWS else "all",
        str(given.get("q", ""))[:200],
        str(given.get("after", ""))[:80],
        _number(given.get("with", "")),
        _number(given.get("campaign", "")),
    )


def _number(given: Any) -> int:
    text = str(given)
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 15 else 0


def _url(asked: Asked) -> str:
    said = {
        "view": asked.view if asked.view != "all" else "",
        "q": asked.search,
        "after": asked.after,
        "campaign": str(asked.campaign) if asked.campaign else "",
        "with": str(asked.number) if asked.number else "",
    }
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{PATH}?{query}" if query else PATH
