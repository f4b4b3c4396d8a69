"""The dialog of the account's own fields: make one, rename one, take one away."""

import reflex as rx

from smsapp.contacts import fields
from smsapp.contacts.book_state import BookPart
from smsapp.contacts.shown import Extra
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence


class FieldsPart(BookPart, mixin=True):
    """The fields beside the five standard ones, as the dialog lists them; ``renaming`` gets another name."""

    custom_fields: list[Extra] = []
    managing: bool = False
    renaming: Extra = Extra("", "")
    field_error: Sentence = Sentence()
    field_epoch: int = 0

    @rx.event
    async def manage_fields(self) -> None:
        """Open the dialog."""
        self.managing = True
        await self._list_fields()
        self._begin()

    @rx.event
    def rename_own_field(self, key: str) -> None:
        """Ask for another name of a field; files and messages go on naming it by its key."""
        self._begin(next((one for one in self.custom_fields if one.key == key), None))

    @rx.event
    def set_managing(self, on: bool) -> None:
        """The dialog was opened or closed."""
        self.managing = on

    @rx.event
    async def make_own_field(self, typed: dict[str, str]) -> None:
        """Make a field, or name the one that is renamed; what is wrong with its name is said beside it."""
        self.field_error = Sentence()
        name = typed.get("field_name", "")
        try:
            if self.renaming.key:
                await self._ask(fields.rename_field, self.renaming.key, name)
            else:
                await self._ask(fields.create_field, name)
        except Refusal as refusal:
            self.field_error = Sentence.of(refusal.key, refusal.params)
            return
        self._begin()
        await self._list_fields()
        await self._again()

    @rx.event
    async def drop_own_field(self, key: str) -> None:
        """Take a field off the records; its values stay and come back with a field of the same name."""
        self._begin()
        try:
            await self._ask(fields.delete_field, key)
        except Refusal as refusal:
            self.field_error = Sentence.of(refusal.key, refusal.params)
        await self._list_fields()
        await self._again()

    def _begin(self, renaming: Extra | None = None) -> None:
        """An empty form, or that of a field to be renamed."""
        self.renaming, self.field_error = renaming or Extra("", ""), Sentence()
        self.field_epoch += 1

    async def _list_fields(self) -> None:
        self.custom_fields = [Extra(one.key, one.name) for one in await self._ask(fields.fields)]
