"""The page of groups: lists and smart groups, made, renamed, put together, deleted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import reflex as rx

from smsapp.contacts import groups, listing, smart_groups
from smsapp.contacts.groups import GroupNotFound
from smsapp.contacts.shown import GroupLine, id_of
from smsapp.contacts.smart_groups import Filter, GroupFacts
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.guard import actor_of
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

MOST = 50

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Line:
    """A group of the list; the parts of a smart group's filter are empty for a list. ``members`` is below 0 until they
    are counted. ``url`` shows its contacts. ``orphan``: the group that its filter names is gone.
    """

    id: int
    key: str
    name: str
    members: int
    smart: bool
    text: str
    base: str
    state: str
    country: str
    status: str
    url: str
    ticked: bool
    orphan: bool


class GroupsState(rx.State):
    """/groups. ``dialog``: which one is open (list, smart, rename, merge, delete), or empty."""

    loaded: bool = False
    rows: list[Line] = []
    total: int = 0
    hidden: int = 0  # groups that answer the search too, beyond those that are shown
    search: str = ""
    selected: int = 0
    elsewhere: int = 0  # of the selection, not among those that are shown
    lists: list[GroupLine] = []
    countries: list[str] = []

    dialog: str = ""
    error: Sentence = Sentence()
    editing: int = 0
    name: str = ""
    text: str = ""
    base: str = ""
    state: str = ""
    country: str = ""
    status: str = ""  # of the last SMS
    found: int = -1  # contacts that answer the filter of the dialog; below 0: it asks for nothing

    _selected: set[int] = set()
    _epoch: int = 0
    _sizes: dict[int, int] = {}  # of smart groups, as they were counted last

    @rx.event
    async def enter(self) -> Any:
        """Show the groups; how many are in the smart ones follows."""
        await self._show()
        return GroupsState.count

    @rx.event
    async def find(self, text: str) -> Any:
        """Search among the names."""
        self.search = text[:200]
        await self._show()
        return GroupsState.count

    @rx.event(background=True)
    async def count(self) -> None:
        """Count the members of the smart groups that are shown, one after the other: each reads the book."""
        async with self:
            actor = await actor_of(self)
            smart = [row.id for row in self.rows if row.smart]
        for group_id in smart:
            try:
                facts = await asyncio.to_thread(smart_groups.smart_group, runtime().db, actor, group_id)
            except GroupNotFound:
                continue
            async with self:
                self._sizes[group_id] = facts.members
                self.rows = [
                    replace(row, members=facts.members) if row.id == group_id else row for row in list(self.rows)
                ]

    @rx.event
    def tick(self, group_id: int, on: bool) -> None:
        """Put a group in the selection, or take it out; the browser has already drawn the tick."""
        (self._selected.add if on else self._selected.discard)(group_id)
        self._selected = set(sorted(self._selected)[:MOST])
        self._count_selected()

    @rx.event
    async def clear(self) -> Any:
        """Select nothing."""
        self._unselect()
        await self._show()
        return GroupsState.count

    @rx.event
    async def open(self, dialog: Literal["list", "smart", "merge"]) -> None:
        """Open a dialog for a new group, or for putting the selected ones together."""
        self.error = Sentence()
        self.editing, self.name, self.found = 0, "", -1
        self.text = self.base = self.state = self.country = self.status = ""
        if dialog == "smart":
            self.countries = sorted(await self._ask(listing.countries))
        self.dialog = dialog

    @rx.event
    async def edit(self, group_id: int) -> Any:
        """Open the dialog of a group: its name, and its filter if it has one."""
        try:
            facts = await self._ask(smart_groups.smart_group, group_id)
        except Refusal as refusal:
            await refuse(self, refusal)
            return None
        self.error = Sentence()
        self.editing, self.name = facts.id, facts.name
        if facts.filter is not None:
            self.text, self.state, self.country = facts.filter.text, facts.filter.state, facts.filter.country
            self.base, self.status = str(facts.filter.group_id) if facts.base else "", facts.filter.status
            self.found = facts.members
            self.countries = sorted(await self._ask(listing.countries))
        self.dialog = "smart" if facts.filter is not None else "rename"
        return await self._recount() if facts.filter is not None and not facts.base else None

    @rx.event
    def ask_deletion(self, group_id: int, name: str) -> None:
        """Ask before a group is deleted."""
        self.editing, self.name = group_id, name[:120]
        self.dialog = "delete"

    @rx.event
    def close(self, on: bool) -> None:
        """A dialog was closed."""
        if not on:
            self.dialog = ""

    @rx.event
    async def set_filter(self, part: Literal["text", "base", "state", "country", "status"], value: str) -> Any:
        """A part of the filter of the dialog changed: who answers is counted anew, beside what is typed meanwhile."""
        setattr(self, part, value[:200])
        return await self._recount()

    @rx.event(background=True)
    async def count_filter(self) -> None:
        """Count who answers the filter of the dialog; an answer to an older filter is dropped."""
        async with self:
            actor, wanted = await actor_of(self), self._filter()
        found = await asyncio.to_thread(smart_groups.count_of, runtime().db, actor, wanted) if wanted.kept() else -1
        async with self:
            if wanted == self._filter():
                self.found = found

    @rx.event
    async def save(self, typed: dict[str, str]) -> Any:
        """Make or change the group of the dialog; what is wrong is said in it, and what was typed stays (S69)."""
        name = typed.get("name", "")
        self.name, self.error = name[:200], Sentence()
        try:
            if self.dialog == "merge":
                _, size = await self._ask(smart_groups.merge_groups, sorted(self._selected), name)
                said, params = "groups.merged", {"count": size, "name": name.strip()}
            else:
                await self._save(name)
                said, params = "groups.saved", {"name": name.strip()}
        except Refusal as refusal:
            self.error = Sentence.of(refusal.key, refusal.params)
            return None
        self.dialog = ""
        self._sizes.pop(self.editing, None)
        self._unselect()
        await notice(self, "success", said, **params)
        await self._show()
        return GroupsState.count

    @rx.event
    async def delete(self) -> Any:
        """Delete the group that was asked about; its contacts stay."""
        self.dialog = ""
        try:
            await self._ask(groups.delete_group, self.editing)
        except Refusal as refusal:
            await refuse(self, refusal)
        else:
            self._selected.discard(self.editing)
            await notice(self, "success", "contacts.group_deleted", name=self.name)
        await self._show()
        return GroupsState.count

    async def _recount(self) -> Any:
        if self._filter().kept():
            return GroupsState.count_filter
        self.found = -1
        return None

    async def _save(self, name: str) -> None:
        if self.dialog == "smart" and self.editing:
            await self._ask(smart_groups.edit_smart_group, self.editing, name, self._filter())
        elif self.dialog == "smart":
            await self._ask(smart_groups.create_smart_group, name, self._filter())
        elif self.dialog == "rename":
            await self._ask(groups.rename_group, self.editing, name)
        else:
            await self._ask(groups.create_group, name)

    def _filter(self) -> Filter:
        return Filter(self.text, id_of(self.base), self.state, self.country, self.status)

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        actor = await actor_of(self)
        return await asyncio.to_thread(work, runtime().db, actor, *args)

    async def _show(self) -> None:
        found = await self._ask(partial(smart_groups.every_group, live=False), self.search, MOST)
        known = await self._ask(lambda db, actor: groups.groups(db, actor, smart=True))
        self.total = len(known)
        sought = self.search.strip().casefold()
        self.hidden = sum(1 for g in known if sought in g.name.casefold()) - len(found)
        self.lists = [GroupLine(str(g.id), g.name) for g in known if g.members != groups.UNCOUNTED][:200]
        self.rows = [self._line(facts) for facts in found]
        self._selected &= {g.id for g in known}  # some may be gone by another tab
        self._count_selected()
        self.loaded = True

    def _line(self, facts: GroupFacts) -> Line:
        asked = facts.filter or Filter()
        view = (
            {
                "q": asked.text,
                "group": asked.group_id or "",
                "state": asked.state,
                "country": asked.country,
                "status": asked.status,
            }
            if facts.filter
            else {"group": facts.id}
        )
        members = self._sizes.get(facts.id, groups.UNCOUNTED) if facts.filter else facts.members
        orphan = asked.group_id is not None and not facts.base
        url = "" if orphan else "/contacts?" + urlencode({name: value for name, value in view.items() if value})
        return Line(
            facts.id, f"{facts.id}-{self._epoch}", facts.name, members, facts.filter is not None,
            asked.text, facts.base, asked.state, asked.country, asked.status, url, facts.id in self._selected, orphan,
        )  # fmt: skip

    def _unselect(self) -> None:
        self._selected = set()
        self._epoch += 1
        self._count_selected()

    def _count_selected(self) -> None:
        self.selected = len(self._selected)
        self.elsewhere = len(self._selected - {row.id for row in self.rows})
