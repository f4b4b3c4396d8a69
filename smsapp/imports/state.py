"""What the import page holds: the step (which the address decides), the guesses, the check, the result."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import reflex as rx

from smsapp.accounts.state import SessionState
from smsapp.contacts.service import region_of, why_unreadable
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import Number, pretty, read_number
from smsapp.i18n import Sentence
from smsapp.imports import rejections, service
from smsapp.imports.countries import CODES
from smsapp.imports.mapping import FIELDS, PROBABLE, SURE
from smsapp.imports.rejections import CheckedRow
from smsapp.imports.routes import uploads
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Preview
from smsapp.imports.writing import OUTCOMES, Choices
from smsapp.web.guard import actor_of
from smsapp.web.runtime import runtime

SHOWN_COLUMNS = 24

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class ColumnHead:
    """A column of the file: what it is taken for, and how sure. ``look``: sure, probable, chosen, none."""

    index: int
    header: str
    field: str
    share: int
    look: str


@dataclass(frozen=True)
class Cell:
    """A cell of the preview; ``bad``: a number that cannot be read."""

    text: str
    bad: bool = False
    off: bool = False


@dataclass(frozen=True)
class PreviewRow:
    row: int
    cells: list[Cell]


@dataclass(frozen=True)
class FateRow:
    """A row in its outcome, as the check and the result show it."""

    row: int
    name: str
    value: str
    why: Sentence
    repair: str


@dataclass(frozen=True)
class Counts:
    """What becomes of the rows; the five outcomes make up ``read``."""

    read: int = 0
    created: int = 0
    known: int = 0
    completed: int = 0
    duplicates: int = 0
    blacklisted: int = 0
    rejected: int = 0
    repairable: int = 0
    ambiguous: int = 0


@dataclass(frozen=True)
class ReasonTab:
    """A reason with its count."""

    reason: str
    why: Sentence
    count: int


class ImportState(rx.State):
    """The import desk. The address says where one is: ?file=ID, then &step=check; ?done=ID afterwards."""

    step: str = "file"  # file, columns, check, result
    busy: bool = False
    problem: Sentence = Sentence()

    columns_url: str = "/import"
    filename: str = ""
    kilobytes: int = 0
    count: int = 0
    kind: str = ""
    encoding: str = ""
    separator: str = ""
    header: str = "yes"
    sheet: str = ""
    sheets: list[str] = []
    raw: list[str] = []
    columns: list[ColumnHead] = []
    hidden_columns: int = 0
    recognised: int = 0
    ignored: int = 0
    preview: list[PreviewRow] = []
    example_from: str = ""
    example_to: str = ""
    group_name: str = ""
    blacklist: bool = False
    region: str = "FR"  # how numbers without a country code are read

    counts: Counts = Counts()
    tab: str = "created"
    fates: list[FateRow] = []

    done_id: int = 0
    done_group: str = ""
    done_group_id: int = 0
    reasons: list[ReasonTab] = []
    reason: str = ""

    _file: str = ""
    _preview: Preview | None = None
    _mapping: dict[int, str] = {}
    _by_hand: set[int] = set()
    _samples: dict[str, list[FateRow]] = {}

    @rx.event
    async def enter(self) -> None:
        """Show the step that the address names."""
        asked = self.router.url.query_parameters
        file, done = str(asked.get("file", "")), str(asked.get("done", ""))
        self.problem = Sentence()
        self.busy = False
        try:
            if done.isdecimal() and len(done) < 18:
                await self._show_result(int(done))
            elif not file:
                self.step = "file"
            else:
                if file != self._file or self._preview is None:
                    await self._read(file, Reading())
                if asked.get("step") == "check" and self._mapped():
                    await self._check()
                else:
                    self._draw()
                    self.step = "columns"
        except Refusal as refusal:
            self.step, self._file = "file", ""
            self.problem = Sentence.of(refusal.key, refusal.params)

    @rx.event
    async def read_again(self, what: str, value: str) -> None:
        """Read the file with another separator, encoding, sheet or header: the guesses are shown, never imposed."""
        if self._preview is None:
            return
        now = self._preview.reading
        changes: dict[str, Any] = {"header": value == "yes"} if what == "header" else {what: value}
        if what not in ("separator", "encoding", "sheet", "header"):
            return
        asked = replace(Reading(now.encoding, now.separator, now.header, now.sheet), **changes)
        if what != "header":
            asked = replace(asked, header=None)
        self.problem = Sentence()
        try:
            await self._read(self._file, asked, keep=what == "header")
        except Refusal as refusal:
            self.problem = Sentence.of(refusal.key, refusal.params)
        self._draw()

    @rx.event
    def map_column(self, index: int, field: str) -> None:
        """Say what a column is; another column that was taken for the same is ignored from now on (S67)."""
        if field not in (*FIELDS, ""):
            return
        for other, taken in list(self._mapping.items()):
            if field and taken == field and other != index:
                self._mapping[other] = ""
        self._mapping[index] = field
        self._by_hand.add(index)
        self.problem = Sentence()
        self._draw()

    @rx.event
    def set_group_name(self, name: str) -> None:
        """The group that the contacts go to (S66)."""
        self.group_name = name[:120]

    @rx.event
    def set_blacklist(self, on: bool) -> None:
        """Whether the numbers go to the blacklist rather than to the book (S73)."""
        self.blacklist = on

    @rx.event
    def choose_region(self, region: str) -> None:
        """The country whose numbers the file writes without a country code (S33)."""
        if region in CODES:
            self.region = region
            self._draw()

    @rx.event
    def ask_check(self) -> rx.event.EventSpec | None:
        """On to the check, if there is a column with numbers."""
        if not self._mapped():
            refusal = service.NoPhoneColumn()
            self.problem = Sentence.of(refusal.key, refusal.params)
            return None
        return rx.redirect(f"/import?file={self._file}&step=check")

    @rx.event
    def choose_tab(self, tab: str) -> None:
        """Show the rows of one outcome."""
        if tab in OUTCOMES:
            self.tab = tab
            self.fates = self._samples.get(tab, [])

    @rx.event
    async def run(self) -> AsyncIterator[rx.event.EventSpec | None]:
        """Import the file: all of it or nothing."""
        self.busy = True
        yield
        try:
            done = await self._ask(service.run_import, runtime().db, uploads(), _ACTOR, self._file, self._choices())
        except Refusal as refusal:
            self.problem = Sentence.of(refusal.key, refusal.params)
            self.busy = False
            return
        self.busy = False
        self._file, self._preview, self.group_name = "", None, ""
        await (await self.get_state(SessionState))._refresh()
        yield rx.redirect(f"/import?done={done.id}", replace=True)

    @rx.event
    async def choose_reason(self, reason: str) -> None:
        """Show the rows that were rejected for one reason, or all."""
        known = {tab.reason for tab in self.reasons}
        self.reason = reason if reason in known else ""
        await self._show_rejected()

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """One service function beside the event loop; ``_ACTOR`` stands for the person who is signed in."""
        actor = await actor_of(self)
        return await asyncio.to_thread(work, *(actor if arg is _ACTOR else arg for arg in args))

    async def _read(self, file: str, reading: Reading, *, keep: bool = False) -> None:
        """Read the file and take over the guesses; ``keep`` what was said of the columns."""
        found = await self._ask(service.preview, uploads(), _ACTOR, file, reading)
        if file != self._file:
            self.blacklist = False
            self.region = await self._ask(region_of, runtime().db, _ACTOR)
        self._file, self._preview = file, found
        self.columns_url = f"/import?file={file}"
        if not keep:
            self._mapping = {c.index: c.field for c in found.columns}
            self._by_hand = set()
        self.filename, self.kind, self.count = found.upload.name, found.kind, found.count
        self.kilobytes = max(1, round(found.upload.size / 1024))
        self.encoding, self.separator, self.sheet = found.reading.encoding, found.reading.separator, found.reading.sheet
        self.header = "yes" if found.reading.header else "no"
        self.sheets = list(found.sheets[:50])
        self.raw = list(found.raw)

    def _draw(self) -> None:
        """The columns and the first rows, as they are mapped now."""
        found = self._preview
        if found is None:
            return
        mapped = {i for i, field in self._mapping.items() if field}
        shown = [c for c in found.columns if c.index < SHOWN_COLUMNS or c.index in mapped]
        self.columns = [
            ColumnHead(
                c.index, c.header, self._mapping.get(c.index, ""), c.confidence, self._look(c.index, c.confidence)
            )
            for c in shown
        ]
        self.hidden_columns = len(found.columns) - len(shown)
        self.recognised, self.ignored = len(mapped), len(found.columns) - len(mapped)
        phone = next((i for i, field in self._mapping.items() if field == "portable"), -1)
        self.preview = [
            PreviewRow(
                row,
                [
                    Cell(
                        cells[c.index][:80],
                        c.index == phone and not isinstance(read_number(cells[phone], self.region), Number),
                        c.index not in mapped,
                    )
                    for c in shown
                ],
            )
            for row, cells in found.rows
        ]
        self.example_from = self.example_to = ""
        for _, cells in found.rows if phone >= 0 else ():
            read = read_number(cells[phone], self.region)
            if isinstance(read, Number) and pretty(read.e164) != cells[phone]:
                self.example_from, self.example_to = cells[phone], pretty(read.e164)
                break

    def _look(self, index: int, confidence: int) -> str:
        if not self._mapping.get(index):
            return "none"
        if index in self._by_hand:
            return "chosen"
        return "sure" if confidence >= SURE else "probable" if confidence >= PROBABLE else "chosen"

    def _mapped(self) -> bool:
        return "portable" in self._mapping.values()

    def _choices(self) -> Choices:
        reading = self._preview.reading if self._preview else Reading()
        return Choices(reading, dict(self._mapping), self.group_name, self.blacklist, self.region)

    async def _check(self) -> None:
        said = await self._ask(service.check, runtime().db, uploads(), _ACTOR, self._file, self._choices())
        self.counts = Counts(
            said.read, said.created, said.known, 0, said.duplicates, said.blacklisted, said.rejected, said.repairable,
            said.ambiguous,
        )  # fmt: skip
        self._samples = {outcome: [_fate(row) for row in rows] for outcome, rows in said.samples.items()}
        self.tab = "rejected" if said.rejected else "created"
        self.fates = self._samples.get(self.tab, [])
        self.step = "check"

    async def _show_result(self, import_id: int) -> None:
        done = await self._ask(service.import_result, runtime().db, _ACTOR, import_id)
        self.counts = Counts(
            done.read, done.created, done.known, done.completed, done.duplicates, done.blacklisted, done.rejected
        )
        self.filename, self.done_id = done.filename, done.id
        self.done_group, self.done_group_id = done.group_name, done.group_id or 0
        found = await self._ask(rejections.rejection_reasons, runtime().db, _ACTOR, import_id)
        self.reasons = [ReasonTab(reason, _why(reason, 0), count) for reason, count in found.items()]
        self.reason = ""
        await self._show_rejected()
        self.step = "result"

    async def _show_rejected(self) -> None:
        rows = await self._ask(_rejected, self.done_id, self.reason, _ACTOR)
        self.fates = [_fate(row) for row in rows]


_ACTOR: Any = object()


def _rejected(import_id: int, reason: str, actor: Any) -> list[CheckedRow]:
    return rejections.rejections(runtime().db, actor, import_id, reason=reason)


def _fate(row: CheckedRow) -> FateRow:
    if row.note:
        return FateRow(row.row, row.name, row.value, Sentence.of("imports.repeats", {"row": int(row.note)}), "")
    return FateRow(row.row, row.name, row.value, _why(row.reason, row.missing), row.suggestion)


def _why(reason: str, missing: int) -> Sentence:
    if not reason:
        return Sentence()
    if reason in ("open_quote", "extra_cells"):
        return Sentence.of(f"imports.reason.{reason}", {})
    return Sentence.of(*why_unreadable(reason, missing))
