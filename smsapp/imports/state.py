"""The first two steps of the import page: the file, how it is read, what its columns are, what to do with it.

The address says where one is: nothing, ?file=ID, ?file=ID&step=check (`check_state.py`), ?done=ID (`result_state.py`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, TypeVar

import reflex as rx

from smsapp.contacts.fields import MOST_FIELDS, fields
from smsapp.contacts.groups import groups
from smsapp.contacts.service import region_of
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import Number, pretty, read_number
from smsapp.i18n import Sentence
from smsapp.imports import service
from smsapp.imports.choices import POLICIES, Choices
from smsapp.imports.countries import CODES
from smsapp.imports.cutting import SEPARATORS
from smsapp.imports.heavy import heavily
from smsapp.imports.mapping import OWN, PROBABLE, REASON, SURE, is_field, kept_by, own_field, reason_column, with_reason
from smsapp.imports.routes import upload_token, uploads
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Preview
from smsapp.imports.shown import Cell, ColumnHead, HeaderLine, PreviewRow
from smsapp.imports.steps import NoPhoneColumn
from smsapp.web.guard import actor_of
from smsapp.web.runtime import runtime

SHOWN_COLUMNS = 24
HEADER_DIGITS = 7  # of the number of a row
OTHER_SEPARATORS = (":", "^", "~", "#", "*", "=")  # beside those that have a name of their own on the page

Answer = TypeVar("Answer")


class ImportState(rx.State):
    """The file, its columns and the settings."""

    step: str = "file"  # file, columns, check, result
    problem: Sentence = Sentence()

    columns_url: str = "/import"
    filename: str = ""
    kilobytes: int = 0
    count: int = 0
    kind: str = ""
    encoding: str = ""
    separator: str = ""
    other_separators: list[str] = list(OTHER_SEPARATORS)
    header: str = "1"  # the number of the row that names the columns, "0" for none
    header_lines: list[HeaderLine] = []
    above: int = 0  # lines above it, which are left out
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

    policy: str = "complete"  # what to do with a number already in the book
    remembered: bool = False  # the columns are taken as the last time
    own_fields: list[str] = []  # "+Ville": fields of one's own, known or chosen
    group_names: list[str] = []
    token: str = ""  # without it no file is taken

    _file: str = ""
    _preview: Preview | None = None
    _mapping: dict[int, str] = {}
    _shown: int = SHOWN_COLUMNS
    _by_hand: set[int] = set()
    _again: set[int] = set()  # columns that are taken as the last time
    _reasons: int | None = None  # the column that a blacklist takes for its reasons, while it is none
    _noted: dict[str, Any] = {}  # what the check keeps beside the file: see `_note`

    @rx.event
    async def enter(self) -> None:
        """Show the step that the address names."""
        asked = self.router.url.query_parameters
        file = str(asked.get("file", ""))
        self.problem = Sentence()
        self.token = upload_token(runtime(), self.router.headers.cookie)
        try:
            if str(asked.get("done", "")):
                self.step = "result"
            elif not file:
                self.step = "file"
            else:
                if file != self._file or self._preview is None:
                    await self._open(file)
                self._draw()
                self.step = "check" if asked.get("step") == "check" and self._mapped() else "columns"
        except Refusal as refusal:
            self.step, self._file = "file", ""
            self.problem = Sentence.of(refusal.key, refusal.params)

    @rx.event
    async def read_again(self, what: str, value: str) -> None:
        """Read the file with another separator, encoding, sheet or header (the number of its row, "0" for none): the
        guesses are shown, never imposed. Another header leaves the columns that were chosen by hand what they are; none
        leaves all.
        """
        if self._preview is None or what not in ("separator", "encoding", "sheet", "header"):
            return
        header = int(value) if what == "header" and value.isdecimal() and len(value) <= HEADER_DIGITS else None
        if what == "header" and header is None:
            return
        asked = replace(self._preview.reading, **({} if what == "header" else {what: value}), header=header)
        kept = header in (0, self._preview.reading.header)
        by_hand = {index: self._mapping[index] for index in sorted(self._by_hand) if what == "header" and not kept}
        self.problem = Sentence()
        try:
            await self._read(self._file, asked, keep=kept)
            for index, field in by_hand.items():
                self._take(index, field)
        except Refusal as refusal:
            self.problem = Sentence.of(refusal.key, refusal.params)
        self._draw()
        await self._note()

    @rx.event
    async def map_column(self, index: int, field: str) -> None:
        """Say what a column is; another column that was taken for the same is ignored from now on (S67)."""
        if not 0 <= index < (len(self._preview.columns) if self._preview else 0):
            return
        if field and (not is_field(field) or kept_by({index: field}, self.blacklist)[index] != field):
            return
        if field.startswith(OWN) and field not in self.own_fields:
            self.own_fields = [*self.own_fields, field][-MOST_FIELDS:]
        self._take(index, field)
        self.problem = Sentence()
        self._draw()
        await self._note()

    @rx.event
    def show_columns(self) -> None:
        """Show some more of the columns of a wide file."""
        self._shown += SHOWN_COLUMNS
        self._draw()

    @rx.event
    async def set_group_name(self, name: str) -> None:
        """The group that the contacts go to (S66)."""
        self.group_name = name[:120]
        await self._note()

    @rx.event
    async def set_blacklist(self, on: bool) -> None:
        """Whether the numbers go to the blacklist rather than to the book (S73): then a column can be the reason."""
        self.blacklist = on
        self._place_reasons()
        self._draw()
        await self._note()

    @rx.event
    async def choose_policy(self, policy: str) -> None:
        """What becomes of a number that is in the book already; never of its state (M27)."""
        if policy in POLICIES:
            self.policy = policy
            await self._note()

    @rx.event
    async def choose_region(self, region: str) -> None:
        """The country whose numbers the file writes without a country code (S33)."""
        if region in CODES:
            self.region = region
            self._draw()
            await self._note()

    @rx.event
    def ask_check(self) -> rx.event.EventSpec | None:
        """On to the check, if there is a column with numbers."""
        if not self._mapped():
            refusal = NoPhoneColumn()
            self.problem = Sentence.of(refusal.key, refusal.params)
            return None
        return rx.redirect(f"/import?file={self._file}&step=check")

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """One service function beside the event loop; ``_ACTOR`` stands for the person who is signed in."""
        actor = await actor_of(self)
        return await asyncio.to_thread(work, *(actor if arg is _ACTOR else arg for arg in args))

    async def _open(self, file: str) -> None:
        """Read a file that this tab has not open, as it was left: by another tab, or before the server came back."""
        noted = await self._ask(uploads().noted, _ACTOR, file)
        left = noted.get("desk")
        await self._read(file, Reading.of_json(left["reading"]) if left else Reading())
        self._noted = noted
        if not left:
            return
        self._mapping = {int(index): field for index, field in left["mapping"].items()}
        self._by_hand = set(left["by_hand"])
        self.group_name, self.blacklist, self.region = left["group_name"], left["blacklist"], left["region"]
        self.policy = left["policy"]
        own = [field for field in self._mapping.values() if field.startswith(OWN)]
        self.own_fields = list(dict.fromkeys([*self.own_fields, *own]))[-MOST_FIELDS:]

    async def _note(self, **more: Any) -> None:
        """Keep the settings beside the file, with what else is kept there: see `_open`."""
        if self._preview is None or not self._file:
            return
        desk = {
            "reading": asdict(self._preview.reading),
            "mapping": self._mapping,
            "by_hand": sorted(self._by_hand),
            "group_name": self.group_name,
            "blacklist": self.blacklist,
            "region": self.region,
            "policy": self.policy,
        }
        self._noted = {**self._noted, "desk": desk, **more}
        await self._ask(uploads().note, _ACTOR, self._file, self._noted)

    async def _read(self, file: str, reading: Reading, *, keep: bool = False) -> None:
        """Read the file and take over the guesses; ``keep`` what was said of the columns."""
        known = await self._ask(fields, runtime().db, _ACTOR)
        found = await heavily(service.preview, uploads(), await actor_of(self), file, reading, known)
        if file != self._file:
            self._shown = SHOWN_COLUMNS
            self.blacklist, self.policy = False, "complete"
            self.region = await self._ask(region_of, runtime().db, _ACTOR)
            named = await self._ask(groups, runtime().db, _ACTOR, "", 50)
            self.group_names = [one.name for one in named]
            self.own_fields = [OWN + one.name for one in known]
        self._file, self._preview = file, found
        self.columns_url = f"/import?file={file}"
        if not keep:
            self._mapping = {c.index: c.field for c in found.columns}
            self._by_hand, self._again = set(), set()
            self._reasons = reason_column(found.columns)
            await self._as_last_time(found)
            self._place_reasons()
        self.filename, self.kind, self.count = found.upload.name, found.kind, found.count
        self.kilobytes = max(1, round(found.upload.size / 1024))
        self.encoding, self.separator, self.sheet = found.reading.encoding, found.reading.separator, found.reading.sheet
        guessed = (self.separator,) if self.separator.strip() and self.separator not in SEPARATORS else ()
        self.other_separators = list(dict.fromkeys((*OTHER_SEPARATORS, *guessed)))
        self.header, self.above = str(found.reading.header), found.above
        self.header_lines = [HeaderLine(row, words) for row, words in found.lines]
        self.sheets = list(found.sheets[:50])
        self.raw = list(found.raw)

    async def _as_last_time(self, found: Preview) -> None:
        """Take the columns for what they were taken the last time a file had them."""
        last = await self._ask(service.habit, runtime().db, _ACTOR, found.columns)
        self.remembered = last is not None
        if last is None:
            return
        self._mapping = {c.index: last.mapping.get(c.index, "") for c in found.columns}
        self._again = {index for index, field in self._mapping.items() if field}
        self.policy = last.policy
        self._reasons = next((index for index in self._again if last.mapping[index] == REASON), self._reasons)
        if last.region in CODES:
            self.region = last.region
        own = [field for field in last.mapping.values() if field.startswith(OWN)]
        self.own_fields = list(dict.fromkeys([*self.own_fields, *own]))[-MOST_FIELDS:]

    def _take(self, index: int, field: str) -> None:
        """Take a column for a field, which no other is from now on."""
        for other, taken in list(self._mapping.items()):
            if field and taken == field and other != index:
                self._mapping[other] = ""
        self._mapping[index] = field
        self._by_hand.add(index)

    def _place_reasons(self) -> None:
        """Take a column for the reasons of a blacklist; for the book, which keeps none, what it was taken for."""
        if self.blacklist:
            if self._reasons not in self._by_hand:
                self._mapping = with_reason(self._mapping, self._reasons)
            return
        for column in self._preview.columns if self._preview else ():
            if self._mapping.get(column.index) == REASON:
                taken = column.field in self._mapping.values()
                self._mapping[column.index], self._reasons = "" if taken else column.field, column.index
                self._by_hand.discard(column.index)

    def _draw(self) -> None:
        """The columns and the first rows, as they are mapped now."""
        found = self._preview
        if found is None:
            return
        mapping = kept_by(self._mapping, self.blacklist)
        mapped = {i for i, field in mapping.items() if field}
        shown = [c for c in found.columns if c.index < self._shown or c.index in mapped]
        self.columns = [
            ColumnHead(
                c.index,
                c.header,
                mapping.get(c.index, ""),
                max(c.confidence, SURE) if mapping.get(c.index) == REASON else c.confidence,
                self._look(c.index, c.confidence),
                own_field(c.header),
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
        if not kept_by(self._mapping, self.blacklist).get(index):
            return "none"
        if index in self._by_hand:
            return "chosen"
        if index in self._again:
            return "again"
        if self._mapping[index] == REASON:
            return "sure"
        return "sure" if confidence >= SURE else "probable" if confidence >= PROBABLE else "chosen"

    def _mapped(self) -> bool:
        return "portable" in self._mapping.values()

    def _choices(self) -> Choices:
        reading = self._preview.reading if self._preview else Reading()
        return Choices(reading, dict(self._mapping), self.group_name, self.blacklist, self.region, self.policy)


_ACTOR: Any = object()
