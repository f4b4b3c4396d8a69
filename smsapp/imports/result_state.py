"""The last step of the import page: how far the import is, what it did, repairs, the way back; and the past ones."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import reflex as rx

from smsapp.accounts.state import SessionState
from smsapp.contacts.fields import MOST_FIELDS
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.imports import rejections, repairs, service, undo
from smsapp.imports.check_state import MOST_REPAIRS, SHOWN_GROUPS
from smsapp.imports.grouping import MOST_NEW
from smsapp.imports.reader import MAX_COLUMNS, MAX_ROWS
from smsapp.imports.routes import uploads
from smsapp.imports.service import Result
from smsapp.imports.shown import Counts, FateRow, PastImport, ReasonTab, as_typed, counts_of, fate_of, past, why
from smsapp.imports.state import ImportState
from smsapp.imports.undo import Kept, Undone
from smsapp.web.guard import actor_of
from smsapp.web.live import LiveState
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

Answer = TypeVar("Answer")

_LIMITS = {"limit": MOST_FIELDS, "rows": MAX_ROWS, "columns": MAX_COLUMNS, "groups": MOST_NEW, "name": "…"}

OVER = ("done", "failed", "undone")


class ResultState(LiveState, rx.State):
    """An import that runs, ran or was taken back (?done=ID), and the history."""

    id: int = 0
    status: str = ""
    filename: str = ""
    counts: Counts = Counts()
    rows: int = 0  # that have their outcome
    speed: int = 0  # rows per second
    left: int = 0  # seconds
    seconds: float = 0
    at: str = ""
    undo_until: str = ""
    can_undo: bool = False
    to_blacklist: bool = False
    group: str = ""
    group_id: int = 0
    group_made: bool = False
    groups_made: list[str] = []  # the first of those that the file named
    groups_made_count: int = 0
    failure: Sentence = Sentence()
    undone: Undone = Undone()
    undone_named: list[Kept] = []
    reasons: list[ReasonTab] = []
    reason: str = ""
    repairable: int = 0  # of the reason that is shown
    fates: list[FateRow] = []
    past: list[PastImport] = []
    busy: bool = False
    asking: bool = False  # whether to take it back
    stopping: bool = False  # asking whether to stop it
    file: str = ""  # of an import that was stopped here

    _typing: dict[int, str] = {}
    _typed_of: int = 0  # the import whose rows those are
    _region: str = "FR"

    @rx.event
    async def enter(self) -> None:
        """Show the import of the address, or the past ones."""
        self.busy = self.asking = self.stopping = False
        self.file = ""
        done = self._asked_id()
        if not done:
            self.id, self.status = 0, ""
            found = await self._ask(service.history)
            self.past = [past(one) for one in found]
            return
        self.reason = ""
        if done != self._typed_of:
            self._typed_of, self._typing = done, {}
        try:
            await self._take(await self._ask(service.import_result, done))
        except Refusal as refusal:
            self.id, self.status = 0, ""
            desk = await self.get_state(ImportState)
            desk.step, desk.problem = "file", Sentence.of(refusal.key, refusal.params)

    @rx.event(background=True)
    async def watch(self) -> None:
        """Follow the import for as long as it runs and the page is open."""
        async with self:
            import_id = self._asked_id()  # by the address: this may run before `enter` has read the import
        if not import_id:
            return
        async for _ in self._snapshots():
            async with self:
                if self._asked_id() != import_id:
                    return
                await self._take(await self._ask(service.import_result, import_id))
                if self.status in OVER:
                    await (await self.get_state(SessionState))._refresh()
                    return

    @rx.event
    async def choose_reason(self, reason: str) -> None:
        """Show the rows that were rejected for one reason, or all."""
        self.reason = reason if reason in {tab.reason for tab in self.reasons} else ""
        await self._show_rejected()

    @rx.event
    async def type_number(self, row: int, number: str) -> None:
        """Say whether the number being typed for a row can be written to."""
        if row in {fate.row for fate in self.fates} and len(number) <= 100 and len(self._typing) < MOST_REPAIRS:
            self._typing[row] = number
            self.fates = as_typed(self.fates, self._typing, self._region, runtime().db.now().date())

    @rx.event
    async def accept(self, row: int) -> None:
        """Import a rejected row with the number typed for it, or the one that is suggested."""
        fate = next((one for one in self.fates if one.row == row and one.ready), None)
        if fate is not None:
            await self._repair(repairs.repair, row, self._typing.pop(row, "") or fate.repair)

    @rx.event
    async def accept_all(self) -> None:
        """Import every rejected row as suggested, those of one reason or all."""
        if self.id:
            await self._repair(repairs.accept, self.reason)

    @rx.event
    def ask_undo(self, on: bool) -> None:
        """Ask before the import is taken back."""
        self.asking = on

    @rx.event
    async def take_back(self) -> None:
        """Take the import back."""
        self.asking = False
        if not self.id:
            return
        try:
            await self._ask(undo.undo_import, self.id)
        except Refusal as refusal:
            await refuse(self, refusal)
        await self._take(await self._ask(service.import_result, self.id))
        await (await self.get_state(SessionState))._refresh()

    @rx.event
    def ask_stop(self, on: bool) -> None:
        """Ask before the import is stopped."""
        self.stopping = on and self.status == "running"

    @rx.event
    async def stop(self) -> None:
        """Stop the import while it runs: it is taken back, its file can be imported again."""
        self.stopping = False
        if not self.id:
            return
        try:
            self.file = await self._ask(_stop, self.id)
        except Refusal as refusal:
            await refuse(self, refusal)
        runtime().hub.changed([(await actor_of(self)).account_id])
        await self._take(await self._ask(service.import_result, self.id))
        await (await self.get_state(SessionState))._refresh()

    async def _repair(self, work: Callable[..., repairs.Repaired], *args: Any) -> None:
        try:
            done = await self._ask(work, self.id, *args)
        except Refusal as refusal:
            await refuse(self, refusal)
            return
        await notice(self, "success", "imports.repaired", count=done.repaired)
        await self._take(await self._ask(service.import_result, self.id))
        await (await self.get_state(SessionState))._refresh()

    async def _take(self, found: Result) -> None:
        self.id, self.status, self.filename = found.id, found.status, found.filename
        self.stopping = self.stopping and found.status == "running"  # nothing is asked of one that ended meanwhile
        self.counts = counts_of(found)
        self.rows, self.seconds = found.rows, round(found.seconds, 1)
        self.speed = round(found.rows / found.seconds) if found.seconds else 0
        self.left = round((found.read - found.rows) / self.speed) if self.speed else 0
        self.at, self.undo_until = found.at.isoformat(), found.undo_until.isoformat()
        self.can_undo, self.to_blacklist, self._region = found.can_undo, found.to_blacklist, found.region or "FR"
        self.group, self.group_id, self.group_made = found.group_name, found.group_id or 0, found.group_made
        self.groups_made, self.groups_made_count = list(found.groups_made[:SHOWN_GROUPS]), len(found.groups_made)
        self.failure = Sentence.of(found.failure, _LIMITS) if found.failure else Sentence()
        self.undone, self.undone_named = found.undone, list(found.undone.named)
        if found.status == "done":
            tabs = await self._ask(rejections.rejection_reasons, found.id)
            self.reasons = [ReasonTab(one.reason, why(one.reason), one.count, one.repairable) for one in tabs]
            await self._show_rejected()

    async def _show_rejected(self) -> None:
        if self.reason not in {tab.reason for tab in self.reasons}:
            self.reason = ""
        self.repairable = sum(tab.repairable for tab in self.reasons if self.reason in ("", tab.reason))
        found = await self._ask(_rejected, self.id, self.reason)
        today = runtime().db.now().date()
        self.fates = as_typed([fate_of(row) for row in found], self._typing, self._region, today)

    def _asked_id(self) -> int:
        done = str(self.router.url.query_parameters.get("done", ""))
        return int(done) if done.isdecimal() and len(done) < 18 else 0

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """One service function beside the event loop, for the person who is signed in."""
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)


def _stop(db: Any, actor: Any, import_id: int) -> str:
    return undo.stop_import(db, uploads(), actor, import_id)


def _rejected(db: Any, actor: Any, import_id: int, reason: str) -> list[rejections.CheckedRow]:
    return rejections.rejections(db, actor, import_id, reason=reason)
