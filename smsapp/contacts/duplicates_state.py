"""The page of duplicates. The address says what is shown: ?q=, after=, before=."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlencode

import reflex as rx
from annotated_types import MaxLen

from smsapp.accounts.state import Notice, SessionState
from smsapp.contacts import merging, service, unmerging
from smsapp.contacts.duplicates import Duplicate, Duplicates, Extent, duplicates, extent
from smsapp.contacts.shown import id_of
from smsapp.contacts.unmerging import MergeLine
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.guard import actor_of
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

PATH = "/duplicates"
PICK = "pick-"
UNDOABLE = 4  # notices that may be on screen together, each with its own undoing

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Head:
    """One of the contacts of a number, as the head of its column."""

    id: int
    name: str
    groups: str
    state: str
    since: str
    import_id: int


@dataclass(frozen=True)
class Cell:
    """What one contact says in a field; ``name`` is that of the radio button, ``picked`` that it wins."""

    id: int
    name: str
    value: str
    picked: bool


@dataclass(frozen=True)
class FieldRow:
    """A field with what each contact says. ``own``: the name of a field of the account's own. ``differs``: there is
    something to choose."""

    field: str
    own: str
    differs: bool
    cells: list[Cell]


@dataclass(frozen=True)
class Card:
    """A number that stands more than once; ``id`` is its oldest contact, ``hidden`` how many are not shown."""

    id: int
    number: str
    total: int
    hidden: int
    heads: list[Head]
    fields: list[FieldRow]


@dataclass(frozen=True)
class MergeRow:
    """A merge of the history."""

    id: int
    rule: str
    numbers: int
    removed: int
    at: str
    undone_at: str
    undoable: bool


@dataclass(frozen=True)
class EditRow:
    """A field edited after a merge that was undone: it was kept."""

    number: str
    field: str
    own: str


class DuplicatesState(rx.State):
    """/duplicates."""

    loaded: bool = False
    cards: list[Card] = []
    numbers: int = 0
    surplus: int = 0
    search: str = ""
    prev_url: str = ""
    next_url: str = ""
    merges: list[MergeRow] = []
    done: Notice = Notice()  # what was done last, with the offer to undo it
    edits: list[EditRow] = []
    edits_total: int = 0
    merging_all: bool = False
    rule: str = "fullest"
    busy: bool = False

    _asked: tuple[str, int | None, int | None] = ("", None, None)
    _done: dict[int, tuple[int, list[int]]] = {}  # by the number of the notice: the merge, or what was deleted

    @rx.event
    async def enter(self) -> None:
        """Show what the address asks for."""
        asked = self.router.url.query_parameters
        self._asked = (str(asked.get("q", ""))[:200], id_of(asked.get("after")), id_of(asked.get("before")))
        self.search = self._asked[0]
        await self._show()

    @rx.event
    def find(self, text: Annotated[str, MaxLen(200)]) -> rx.event.EventSpec:
        """Search as somebody types: one entry of the browser's history for all the digits."""
        typing = bool(self.search)
        self.search = text
        return rx.redirect(self._url(), replace=typing)

    @rx.event
    async def merge(self, typed: dict[str, str]) -> None:
        """Merge the contacts of one number; the form says whose value wins in each field.

        ``typed``: ``of`` is one of its contacts, ``seen`` how many of them the card tells of, ``pick-<field>`` the
        contact that was chosen for a field.
        """
        of = id_of(typed.get("of")) or 0
        chosen = {name.removeprefix(PICK): id_of(value) or 0 for name, value in typed.items() if name.startswith(PICK)}
        await self._merged(merging.merge_number, of, chosen, id_of(typed.get("seen")))

    @rx.event
    def open_all(self) -> None:
        """Ask by which rule every number is merged."""
        self.merging_all = True

    @rx.event
    def set_merging_all(self, on: bool) -> None:
        """The dialog was opened or closed."""
        self.merging_all = on

    @rx.event
    def choose_rule(self, rule: Literal["fullest", "newest", "oldest"]) -> None:
        """Whose values win."""
        self.rule = rule

    @rx.event
    async def merge_all(self) -> Any:
        """Merge every number that stands more than once by the rule."""
        self.merging_all = False
        self.busy = True
        yield
        try:
            await self._merged(merging.merge_all, self.rule)
        finally:
            self.busy = False

    @rx.event
    async def delete(self, contact_id: int) -> None:
        """Delete one of the contacts that share a number (S75); the notice offers to undo it (M10)."""
        deleted = await self._ask(service.delete_contacts, [contact_id])
        if deleted:
            self._tell("contacts.deleted", 0, deleted, count=1)
        await self._show()

    @rx.event
    async def undo(self, number: int) -> None:
        """Take back what was done when the notice of that number was shown; several may be on screen."""
        merge, deleted = self._done.pop(number, (0, []))
        if merge:
            await self._undo(merge)
        elif deleted:
            count = await self._ask(service.restore_contacts, deleted)
            await notice(self, "success" if count else "info", "contacts.restored", count=count)
            await self._show()

    @rx.event
    async def undo_merge(self, merge_id: int) -> None:
        """Take a merge of the history back."""
        await self._undo(merge_id)

    @rx.event
    def close_edits(self) -> None:
        """The later edits were read."""
        self.edits, self.edits_total = [], 0

    async def _merged(self, work: Callable[..., merging.Merged], *args: Any) -> None:
        self.edits, self.edits_total = [], 0
        try:
            found = await self._ask(work, *args)
        except Refusal as refusal:
            await refuse(self, refusal)
        else:
            self._tell("duplicates.merged", found.id, [], count=found.numbers, removed=found.removed)
        await self._show()

    async def _undo(self, merge_id: int) -> None:
        try:
            found = await self._ask(unmerging.undo_merge, merge_id)
        except Refusal as refusal:
            await refuse(self, refusal)
        else:
            self.edits_total = found.edits
            self.edits = [
                EditRow(edit.number, edit.field, edit.field.removeprefix("own:") if edit.field[:4] == "own:" else "")
                for edit in found.named
            ]
            await notice(self, "success", "duplicates.undone", count=found.restored)
        await self._show()

    def _tell(self, key: str, merge: int, deleted: list[int], **params: object) -> None:
        self.done = Notice(self.done.number + 1, "success", Sentence.of(key, params))
        self._done = dict([*self._done.items(), (self.done.number, (merge, deleted))][-UNDOABLE:])

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)

    async def _show(self) -> None:
        text, after, before = self._asked

        def look(db: Any, actor: Any) -> tuple[Duplicates, Extent, list[MergeLine]]:
            page = duplicates(db, actor, text=text, after=after, before=before)
            if not page.rows and (after or before):  # the last of this page were merged
                page = duplicates(db, actor, text=text)
            return page, extent(db, actor), unmerging.merges(db, actor)

        page, size, done = await self._ask(look)
        self.cards = [_card(found) for found in page.rows]
        self.numbers, self.surplus = size.numbers, size.surplus
        session = await self.get_state(SessionState)
        session.repeated = size.numbers
        self.merges = [
            MergeRow(
                m.id, m.rule, m.numbers, m.removed, m.at.isoformat(),
                m.undone_at.isoformat() if m.undone_at else "", m.undoable,
            )
            for m in done
        ]  # fmt: skip
        self.prev_url = self._url(before=str(page.previous)) if page.previous else ""
        self.next_url = self._url(after=str(page.next)) if page.next else ""
        self.loaded = True
        await session._refresh()

    def _url(self, **more: str) -> str:
        query = urlencode({name: value for name, value in {"q": self.search, **more}.items() if value})
        return f"{PATH}?{query}" if query else PATH


def _card(found: Duplicate) -> Card:
    heads = [
        Head(copy.id, copy.name, ", ".join(copy.groups), copy.state, copy.created_at.isoformat(), copy.import_id or 0)
        for copy in found.copies
    ]
    fields = []
    for field, own in found.fields:
        said = [(copy.id, copy.values[field]) for copy in found.copies]
        cells = [Cell(id, f"{PICK}{field}", value, id == found.proposed[field]) for id, value in said]
        fields.append(FieldRow(field, own, len({value for _, value in said}) > 1, cells))
    return Card(found.copies[0].id, found.number, found.total, found.total - len(heads), heads, fields)
