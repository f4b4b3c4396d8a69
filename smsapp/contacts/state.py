"""What the address book page holds: a page of rows, the view (which the address says), the selection, the form."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

import reflex as rx

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState, initials
from smsapp.contacts import blacklist, groups, service
from smsapp.contacts.groups import GroupCount
from smsapp.contacts.service import ContactRow, Page, Query, Sheet, Totals, UnreadableNumber
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.guard import actor_of
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

PATH = "/contacts"
MOST_SELECTED = 1_000
TONES = 6

Answer = TypeVar("Answer")


class TooManySelected(Refusal):
    key = "contacts.too_many"

    def __init__(self) -> None:
        super().__init__(limit=MOST_SELECTED)


@dataclass(frozen=True)
class Tag:
    """A group beside a contact; ``tone`` picks the colour of its dot."""

    id: str
    name: str
    tone: str


@dataclass(frozen=True)
class Row:
    """A contact in the list. ``key`` changes when its box must be drawn anew; ``url`` opens its record."""

    id: int
    key: str
    name: str
    initials: str
    number: str
    company: str
    tags: list[Tag]
    state: str
    ticked: bool
    open: bool
    url: str


@dataclass(frozen=True)
class GroupLine:
    """A group in a list of choices; ``ticked``: the contact of the form stands in it."""

    value: str
    label: str
    ticked: bool = False


@dataclass(frozen=True)
class Form:
    """The record that is being typed: 0 is a new one. ``key`` changes when the fields must be drawn anew."""

    id: int = 0
    key: str = "0"
    number: str = ""
    nom: str = ""
    prenom: str = ""
    email: str = ""
    societe: str = ""
    title: str = ""
    initials: str = ""
    state: str = "active"
    tags: list[Tag] = field(default_factory=list)
    previous: str = ""
    next: str = ""


class ContactsState(rx.State):
    """The address book. The address says what is shown: ?q=, group=, sort=, after=, before=, open=."""

    rows: list[Row] = []
    group_lines: list[GroupLine] = []
    contacts_count: int = 0
    groups_count: int = 0
    blacklist_count: int = 0
    loaded: bool = False

    search: str = ""
    group: str = ""
    group_name: str = ""
    sort: str = "name"
    by_name_url: str = PATH
    newest_url: str = PATH
    prev_url: str = ""
    next_url: str = ""
    close_url: str = PATH

    selected: int = 0
    compose_url: str = ""
    epoch: int = 0

    form: Form = Form()
    form_groups: list[GroupLine] = []
    creating: bool = False
    number_error: Sentence = Sentence()
    number_fix: str = ""
    form_error: Sentence = Sentence()

    grouping: bool = False
    deleting_group: bool = False
    naming: bool = False
    group_error: Sentence = Sentence()

    deleted: int = 0
    search_key: int = 0

    _selected: set[int] = set()
    _deleted: list[int] = []
    _typed: dict[str, str] = {}
    _typing: list[str] = []  # searches typed whose page has not come yet

    @rx.event
    async def enter(self) -> None:
        """Show what the address asks for."""
        asked = self.router.url.query_parameters
        query = Query(
            text=str(asked.get("q", ""))[:200],
            group_id=_id(asked.get("group")),
            sort="newest" if asked.get("sort") == "newest" else "name",
            after=_id(asked.get("after")),
            before=_id(asked.get("before")),
        )
        try:
            await self._show(query, _id(asked.get("open")))
        except Refusal as refusal:
            await refuse(self, refusal)
            await self._show(Query(), None)

    @rx.event
    def find(self, text: str) -> rx.event.EventSpec:
        """Search as somebody types: one entry of the browser's history for all the letters."""
        typing = bool(self.search)
        self.search = text[:200]
        self._typing.append(self.search)
        return rx.redirect(self._url(), replace=typing)

    @rx.event
    def choose_group(self, group: str) -> rx.event.EventSpec:
        """Show one group, or all of the book."""
        self.group = group if group.isdecimal() else ""
        return rx.redirect(self._url())

    @rx.event
    async def tick(self, contact_id: int, on: bool) -> None:
        """Put a contact in the selection, or take it out; the browser has already drawn the tick."""
        if on and len(self._selected) >= MOST_SELECTED:
            self._redraw()
            await refuse(self, TooManySelected())
            return
        (self._selected.add if on else self._selected.discard)(contact_id)
        self._count()

    @rx.event
    async def tick_page(self, on: bool) -> None:
        """Select every contact of this page, or none of them."""
        shown = {row.id for row in self.rows}
        wanted = self._selected | shown if on else self._selected - shown
        if len(wanted) > MOST_SELECTED:
            await refuse(self, TooManySelected())
        else:
            self._selected = wanted
        self._redraw()

    @rx.event
    def clear(self) -> None:
        """Select nothing."""
        self._selected = set()
        self._redraw()

    @rx.event
    async def delete_selected(self) -> None:
        """Delete the selection; the notice offers to undo it (M10)."""
        await self._delete(sorted(self._selected))

    @rx.event
    async def delete_open(self) -> rx.event.EventSpec:
        """Delete the contact whose record is open."""
        await self._delete([self.form.id])
        return rx.redirect(self.close_url, replace=True)

    @rx.event
    async def undo(self) -> None:
        """Bring back what was deleted last."""
        deleted, self._deleted, self.deleted = self._deleted, [], 0
        count = await self._ask(service.restore_contacts, deleted)
        if count:
            await notice(self, "success", "contacts.restored", count=count)
        await self._again()

    @rx.event
    def forget_deletion(self) -> None:
        """The offer to undo is closed."""
        self._deleted, self.deleted = [], 0

    @rx.event
    async def blacklist_selected(self) -> None:
        """Never write to the numbers of the selection again."""
        numbers = await self._ask(service.numbers_of, sorted(self._selected))
        count = await self._ask(blacklist.blacklist, numbers)
        self._selected = set()
        await notice(self, "success", "contacts.blacklisted", count=count)
        await self._again()

    @rx.event
    async def open_new(self) -> None:
        """Begin a new contact."""
        self._clear_errors()
        self.creating = True
        self.form = Form(key=f"new{self.epoch}")
        self.form_groups = await self._form_groups(frozenset())

    @rx.event
    def set_creating(self, on: bool) -> None:
        """The dialog of the new contact was opened or closed."""
        self.creating = on
        if not on:
            self.epoch += 1

    @rx.event
    async def save(self, typed: dict[str, Any]) -> None:
        """Save the record; what is wrong is said beside its field, and what was typed stays (S62, S68).

        ``typed``: the fields of the form by name, as texts, however Reflex wraps them on the way.
        """
        self._clear_errors()
        chosen = tuple(int(g.value) for g in self.form_groups if typed.get(f"group-{g.value}") not in (None, False, ""))
        fields = {name: str(typed.get(name) or "") for name in ("number", "nom", "prenom", "email", "societe")}
        sheet = Sheet(**fields, group_ids=chosen)
        self._typed = {name: value for name, value in fields.items() if name != "number"}
        try:
            if self.form.id:
                await self._ask(service.edit_contact, self.form.id, sheet)
            else:
                await self._ask(service.create_contact, sheet)
        except UnreadableNumber as refusal:
            self.number_error = Sentence.of(refusal.key, refusal.params)
            self.number_fix = refusal.suggestion
            return
        except Refusal as refusal:
            self.form_error = Sentence.of(refusal.key, refusal.params)
            return
        if self.form.id:
            await notice(self, "success", "contacts.changed")
            await self._again()
            return
        name = f"{sheet.prenom} {sheet.nom}".strip() or sheet.societe or sheet.number
        await notice(self, "success", "contacts.saved", name=name)
        self.creating = False
        self.epoch += 1
        await self._again()

    @rx.event
    def use_fix(self) -> None:
        """Put the suggested number in the form, with the rest as it was typed (S91)."""
        self.form = replace(self.form, number=self.number_fix, key=f"{self.form.key}+", **self._typed)
        self.number_error, self.number_fix = Sentence(), ""

    @rx.event
    async def open_grouping(self) -> None:
        """Ask into which group the selection goes (S70)."""
        self.group_error = Sentence()
        self.grouping = True

    @rx.event
    def set_grouping(self, on: bool) -> None:
        """The dialog was opened or closed."""
        self.grouping = on

    @rx.event
    async def put_in_group(self, typed: dict[str, Any]) -> None:
        """Put the selection in a group that exists, or in a new one (S69, S70)."""
        name, chosen = str(typed.get("group_name") or ""), str(typed.get("group_chosen") or "")
        ids = sorted(self._selected)
        self.group_error = Sentence()
        try:
            if name.strip() or not chosen.isdecimal():
                await self._ask(groups.create_group, name, ids)
                count, said = len(ids), name.strip()
            else:
                count = await self._ask(groups.group_contacts, int(chosen), ids)
                said = next((g.label for g in self.group_lines if g.value == chosen), "")
        except Refusal as refusal:
            self.group_error = Sentence.of(refusal.key, refusal.params)
            return
        self.grouping = False
        if ids:
            await notice(self, "success", "contacts.grouped", count=count, name=said)
        else:
            await notice(self, "success", "contacts.group_made", name=said)
        self._selected = set()
        await self._again()

    @rx.event
    def open_naming(self) -> None:
        """Ask for another name of the group that is shown."""
        self.group_error = Sentence()
        self.naming = True

    @rx.event
    def set_naming(self, on: bool) -> None:
        """The dialog was opened or closed."""
        self.naming = on

    @rx.event
    async def rename_group(self, typed: dict[str, Any]) -> None:
        """Give the group that is shown another name."""
        try:
            await self._ask(groups.rename_group, _id(self.group) or 0, str(typed.get("new_name") or ""))
        except Refusal as refusal:
            self.group_error = Sentence.of(refusal.key, refusal.params)
            return
        self.naming = False
        await self._again()
        await notice(self, "success", "contacts.group_renamed", name=self.group_name)

    @rx.event
    def ask_group_deletion(self) -> None:
        """Ask before the group that is shown is deleted."""
        self.deleting_group = True

    @rx.event
    def set_deleting_group(self, on: bool) -> None:
        """The question was asked or answered."""
        self.deleting_group = on

    @rx.event
    async def delete_group(self) -> rx.event.EventSpec | None:
        """Delete the group that is shown; its contacts stay."""
        name = self.group_name
        try:
            await self._ask(groups.delete_group, _id(self.group) or 0)
        except Refusal as refusal:
            await refuse(self, refusal)
            return None
        await notice(self, "success", "contacts.group_deleted", name=name)
        self.group = ""
        return rx.redirect(self._url(), replace=True)

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """One service function, as the signed-in person, beside the event loop."""
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)

    async def _again(self) -> None:
        """Read the page anew, and the figures of the sidebar."""
        await self.enter()
        await (await self.get_state(SessionState))._refresh()

    async def _show(self, query: Query, opened: int | None) -> None:
        found = await self._ask(_look, query, opened)
        known = {g.id: g for g in found.groups}
        self._settle_search(query.text)
        self.sort = query.sort
        self.group = str(query.group_id) if query.group_id in known else ""
        self.group_name = known[query.group_id].name if query.group_id in known else ""
        self.group_lines = [GroupLine(str(g.id), f"{g.name} ({g.members})") for g in found.groups[:200]]
        self.contacts_count = found.totals.contacts
        self.groups_count = found.totals.groups
        self.blacklist_count = found.totals.blacklisted
        here = {"after": str(query.after or ""), "before": str(query.before or "")}
        self.by_name_url, self.newest_url = self._url(sort="name"), self._url(sort="newest")
        self.prev_url = self._url(before=str(found.page.previous)) if found.page.previous else ""
        self.next_url = self._url(after=str(found.page.next)) if found.page.next else ""
        self.close_url = self._url(**here)
        self.rows = [
            Row(
                row.id, f"{row.id}-{self.epoch}", row.name, initials(row.name), row.number, row.societe, _tags(row),
                row.state, row.id in self._selected, row.id == opened, self._url(open=str(row.id), **here),
            )
            for row in found.page.rows
        ]  # fmt: skip
        self._open(found.opened, here)
        if found.opened:
            self.form_groups = await self._form_groups(frozenset(g.id for g in found.opened.groups))
        self.loaded = True
        self._count()

    def _settle_search(self, text: str) -> None:
        """What is shown answers ``text``. The browser owns the field: it is drawn anew only when nobody typed that."""
        if text in self._typing:
            self._typing = self._typing[self._typing.index(text) + 1 :]
        elif text != self.search:
            self._typing = []
            self.search_key += 1
        self.search = text

    def _open(self, row: ContactRow | None, here: dict[str, str]) -> None:
        self._clear_errors()
        if row is None:
            self.form = Form()
            return
        ids = [r.id for r in self.rows]
        at = ids.index(row.id) if row.id in ids else -1
        before = self._url(open=str(ids[at - 1]), **here) if at > 0 else ""
        after = self._url(open=str(ids[at + 1]), **here) if 0 <= at < len(ids) - 1 else ""
        key = f"{row.id}-{hash((row.number, row.nom, row.prenom, row.email, row.societe, row.groups))}"
        self.form = Form(
            row.id, key, row.number, row.nom, row.prenom, row.email, row.societe, row.name, initials(row.name),
            row.state, _tags(row), before, after,
        )  # fmt: skip

    async def _form_groups(self, chosen: frozenset[int]) -> list[GroupLine]:
        found = await self._ask(groups.groups, "", 50)
        return [GroupLine(str(g.id), g.name, g.id in chosen) for g in found]

    async def _delete(self, ids: list[int]) -> None:
        self._deleted = await self._ask(service.delete_contacts, ids)
        self._selected -= set(ids)
        if self._deleted:
            self.deleted = len(self._deleted)
        await self._again()

    def _clear_errors(self) -> None:
        self.number_error = self.form_error = Sentence()
        self.number_fix = ""

    def _redraw(self) -> None:
        """Draw the boxes anew: the browser keeps its own ticks otherwise."""
        self.epoch += 1
        self.rows = [
            Row(**{**vars(row), "key": f"{row.id}-{self.epoch}", "ticked": row.id in self._selected})
            for row in list(self.rows)
        ]
        self._count()

    def _count(self) -> None:
        self.selected = len(self._selected)
        self.compose_url = "/compose?" + urlencode({"contacts": ",".join(map(str, sorted(self._selected)))})

    def _url(self, **more: str) -> str:
        """The address of this view; paging and the open record only when they are named."""
        view = {"q": self.search, "group": self.group, "sort": self.sort, **more}
        if view["sort"] == "name":
            view["sort"] = ""
        asked = urlencode({name: value for name, value in view.items() if value})
        return f"{PATH}?{asked}" if asked else PATH


@dataclass(frozen=True)
class Found:
    """What one look at the book brings."""

    page: Page
    groups: list[GroupCount]
    totals: Totals
    opened: ContactRow | None


def _look(db: Database, actor: Actor, query: Query, opened: int | None) -> Found:
    page = service.contacts(db, actor, query)
    row = service.contact(db, actor, opened).row if opened else None
    return Found(page, groups.groups(db, actor), service.totals(db, actor), row)


def _tags(row: ContactRow) -> list[Tag]:
    return [Tag(str(g.id), g.name, f"dot tone{g.id % TONES}") for g in row.groups]


def _id(text: object) -> int | None:
    """A number of the address, if it can be the id of anything."""
    return int(text) if isinstance(text, str) and text.isdecimal() and text.isascii() and len(text) < 18 else None
