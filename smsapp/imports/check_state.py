"""The third step of the import page: what would become of each row, repairs in place, and the word to go."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import reflex as rx

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.imports import service
from smsapp.imports.choices import Choices
from smsapp.imports.heavy import heavily
from smsapp.imports.routes import jobs, uploads
from smsapp.imports.shown import Counts, FateRow, ReasonTab, as_typed, counts_of, fate_of, why
from smsapp.imports.state import ImportState
from smsapp.imports.steps import OUTCOMES
from smsapp.imports.uploads import Uploads
from smsapp.web.guard import actor_of
from smsapp.web.runtime import runtime

SHOWN_GROUPS = 12  # of those that a file makes
MOST_REPAIRS = 2_000  # typed by hand, one by one
PASTED = "smsapp.pasted"  # where dropzone.jsx keeps lines that are being pasted

Answer = TypeVar("Answer")


class CheckState(rx.State):
    """The dry run. Nothing is written before ``run``."""

    busy: bool = False
    checked: bool = False
    counts: Counts = Counts()
    tab: str = "created"
    reasons: list[ReasonTab] = []
    reason: str = ""
    repairable: int = 0  # of the rows shown: all, or those of one reason
    repaired: int = 0  # rows that were put right here
    fates: list[FateRow] = []
    new_groups: list[str] = []  # the first of those that the file makes
    new_groups_count: int = 0
    agreed: int = 0  # consents that the file brings

    _file: str = ""
    _repairs: dict[int, str] = {}
    _days: dict[int, str] = {}
    _accepted: list[str] = []
    _typing: dict[int, str] = {}
    _region: str = "FR"
    _read: tuple[Any, ...] = ()  # how the rows were read when ``_unrepaired`` of them were rejected
    _unrepaired: int = 0
    _samples: dict[str, list[FateRow]] = {}

    @rx.event
    async def enter(self) -> None:
        """Check the file, if the address says that one is there."""
        desk = await self.get_state(ImportState)
        self.busy = False
        self.checked = False  # what the next check has not found yet is not shown with the figures of the last
        if desk.step != "check":
            return
        if desk._file != self._file:
            self._file = desk._file
            left = desk._noted.get("check", {})
            self._repairs = {int(row): number for row, number in left.get("repairs", {}).items()}
            self._days = {int(row): day for row, day in left.get("days", {}).items()}
            self._typing = {int(row): number for row, number in left.get("typing", {}).items()}
            self._accepted, self._read = list(left.get("accepted", [])), ()
        await self._check(desk)
        self.tab = "rejected" if self.counts.rejected else "created"
        self._draw()

    @rx.event
    def choose_tab(self, tab: str) -> None:
        """Show the rows of one outcome, or those that two countries read (M13)."""
        if tab in (*OUTCOMES, "ambiguous"):
            self.tab, self.reason = tab, ""
            self._draw()

    @rx.event
    def choose_reason(self, reason: str) -> None:
        """Show the rows that are rejected for one reason, or all."""
        self.reason = reason if reason in {tab.reason for tab in self.reasons} else ""
        self._draw()

    @rx.event
    async def type_number(self, row: int, number: str) -> None:
        """Say whether the number being typed for a row can be written to."""
        desk = await self.get_state(ImportState)
        if row in {fate.row for fate in self.fates} and len(number) <= 100 and len(self._typing) < MOST_REPAIRS:
            self._typing[row] = number
            self.fates = as_typed(self.fates, self._typing, desk.region, runtime().db.now().date())
            await self._note(desk)

    @rx.event
    async def accept(self, row: int) -> None:
        """Take the number, or the day, typed for a row, or the one that is suggested."""
        fate = next((one for one in self.fates if one.row == row and one.ready), None)
        if fate is not None and len(self._repairs) + len(self._days) < MOST_REPAIRS:
            (self._days if fate.day else self._repairs)[row] = self._typing.pop(row, "") or fate.repair
            desk = await self.get_state(ImportState)
            await self._check(desk)
            self._draw()
            await self._note(desk)

    @rx.event
    async def accept_all(self) -> None:
        """Take every suggestion, of one reason or of all."""
        self._accepted = sorted({*self._accepted, self.reason or "*"})
        desk = await self.get_state(ImportState)
        await self._check(desk)
        self._draw()
        await self._note(desk)

    @rx.event
    async def run(self) -> list[rx.event.EventSpec] | None:
        """Begin the import of what was checked; it goes on whether the page stays or not."""
        desk = await self.get_state(ImportState)
        if desk.step != "check" or self.busy or not self.checked:
            return None
        self.busy = True
        try:
            import_id = await self._ask(service.begin_import, self._file, self._choices(desk))
        except Refusal as refusal:
            desk.problem = Sentence.of(refusal.key, refusal.params)
            self.busy = False
            return None
        jobs().start(import_id)
        desk._file, desk._preview, desk.group_name = "", None, ""
        self._file = ""
        return [rx.remove_session_storage(PASTED), rx.redirect(f"/import?done={import_id}", replace=True)]

    async def _note(self, desk: ImportState) -> None:
        """Keep the repairs beside the file, done or still being typed."""
        await desk._note(check=self._left())

    def _left(self) -> dict[str, Any]:
        """The repairs as they are kept."""
        return {"repairs": self._repairs, "days": self._days, "accepted": self._accepted, "typing": self._typing}

    async def _check(self, desk: ImportState) -> None:
        try:
            said = await heavily(service.check, *await self._whose(), self._file, self._choices(desk))
        except Refusal as refusal:
            desk.step, desk.problem = "columns", Sentence.of(refusal.key, refusal.params)
            return
        self.checked, self._region = True, desk.region
        plain = desk._choices()
        read = (plain.reading, plain.mapping, plain.region)
        if read != self._read:
            repairs = self._repairs or self._days or self._accepted
            before = await heavily(service.check, *await self._whose(), self._file, plain) if repairs else said
            self._read, self._unrepaired = read, before.rejected
        self.counts, self.agreed = counts_of(said), said.agreed
        self.new_groups, self.new_groups_count = list(said.new_groups[:SHOWN_GROUPS]), len(said.new_groups)
        self.repaired = max(0, self._unrepaired - said.rejected)
        self.reasons = [
            ReasonTab(reason, why(reason), count, said.repairable.get(reason, 0))
            for reason, count in said.reasons.items()
        ]
        self._samples = {name: [fate_of(row) for row in rows] for name, rows in said.samples.items()}

    def _draw(self) -> None:
        if self.reason not in {tab.reason for tab in self.reasons}:
            self.reason = ""
        self.repairable = sum(tab.repairable for tab in self.reasons if self.reason in ("", tab.reason))
        name = f"rejected/{self.reason}" if self.tab == "rejected" and self.reason else self.tab
        today = runtime().db.now().date()
        self.fates = as_typed(self._samples.get(name, []), self._typing, self._region, today)

    def _choices(self, desk: ImportState) -> Choices:
        return replace(
            desk._choices(), accepted=tuple(self._accepted), repairs=dict(self._repairs), days=dict(self._days)
        )

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """One service function beside the event loop, for the person who is signed in."""
        return await asyncio.to_thread(work, *await self._whose(), *args)

    async def _whose(self) -> tuple[Database, Uploads, Actor]:
        """The first arguments of a service function."""
        return runtime().db, uploads(), await actor_of(self)
