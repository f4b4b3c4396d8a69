"""The dialogs of groups: put the selection in one, rename the one that is shown, delete it."""

from typing import Any

import reflex as rx

from smsapp.contacts import groups, smart_groups
from smsapp.contacts.everyone_state import EveryonePart, StillFilling
from smsapp.contacts.shown import id_of
from smsapp.contacts.smart_groups import Filter
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.notices import notice, refuse


class GroupPart(EveryonePart, mixin=True):
    """The dialogs that are open, and what is wrong with a name."""

    grouping: bool = False
    deleting_group: bool = False
    naming: bool = False
    saving: bool = False
    group_error: Sentence = Sentence()

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
    async def put_in_group(self, typed: dict[str, str | None]) -> Any:
        """Put the selection in a group that exists, or in a new one (S69, S70); a large one goes slice by slice."""
        name, chosen = typed.get("group_name") or "", id_of(typed.get("group_chosen"))
        ids, count = sorted(self._selected), 0
        self.group_error = Sentence()
        try:
            if self.everyone and self.filling:
                raise StillFilling(name=self.filling)
            if name.strip() or chosen is None:
                group_id = await self._ask(groups.create_group, name, ids)
            else:
                group_id = chosen
                count = 0 if self.everyone else await self._ask(groups.group_contacts, group_id, ids)
            made = await self._ask(groups.group, group_id)
        except Refusal as refusal:
            self.group_error = Sentence.of(refusal.key, refusal.params)
            return None
        self.grouping = False
        if self.everyone:
            return type(self).fill(group_id, made.name, False)
        if ids:
            count = count if group_id == chosen else made.members
            await notice(self, "success", "contacts.grouped", count=count, name=made.name)
        else:
            await notice(self, "success", "contacts.group_made", name=made.name)
        self._selected = set()
        await self._again()
        return None

    @rx.event
    async def take_out_of_group(self) -> None:
        """Take the selection out of the group that is shown; it stays selected, to be put back or elsewhere."""
        try:
            count = await self._ask(groups.ungroup_contacts, id_of(self.group) or 0, sorted(self._selected))
        except Refusal as refusal:
            await refuse(self, refusal)
            return
        await notice(self, "success", "contacts.ungrouped", count=count, name=self.group_name)
        await self._again()

    @rx.event
    async def open_saving(self) -> None:
        """Ask for the name of the smart group that the view makes (S69)."""
        self.group_error = Sentence()
        self.saving = True

    @rx.event
    def set_saving(self, on: bool) -> None:
        """The dialog was opened or closed."""
        self.saving = on

    @rx.event
    async def save_view(self, typed: dict[str, str]) -> None:
        """Keep the search and the filters of the view as a smart group."""
        name = typed.get("view_name", "")
        wanted = Filter(self.search, id_of(self.group), self.standing, self.country, self.last)
        try:
            await self._ask(smart_groups.create_smart_group, name, wanted)
        except Refusal as refusal:
            self.group_error = Sentence.of(refusal.key, refusal.params)
            return
        self.saving = False
        await notice(self, "success", "groups.saved", name=name.strip())
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
    async def rename_group(self, typed: dict[str, str]) -> None:
        """Give the group that is shown another name."""
        try:
            await self._ask(groups.rename_group, id_of(self.group) or 0, typed.get("new_name", ""))
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
            await self._ask(groups.delete_group, id_of(self.group) or 0)
        except Refusal as refusal:
            await refuse(self, refusal)
            return None
        await notice(self, "success", "contacts.group_deleted", name=name)
        self.group = ""
        return rx.redirect(self._url(), replace=True)
