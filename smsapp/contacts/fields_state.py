"""The dialog of the account's own fields: make one, take one away."""

import reflex as rx

from smsapp.contacts import fields
from smsapp.contacts.book_state import BookPart
from smsapp.contacts.shown import Extra
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence


class FieldsPart(BookPart, mixin=True):
    """The fields beside the five standard ones, as the dialog lists them."""

    custom_fields: list[Extra] = []
    managing: bool = False
    field_error: Sentence = Sentence()
    field_epoch: int = 0

    @rx.event
    async def manage_fields(self) -> None:
        """Open the dialog."""
        self.field_error = Sentence()
        self.managing = True
        await self._list_fields()

    @rx.event
    def set_managing(self, on: bool) -> None:
        """The dialog was opened or closed."""
        self.managing = on

    @rx.event
    async def make_own_field(self, typed: dict[str, str]) -> None:
        """Make a field; what is wrong with its name is said beside it."""
        self.field_error = Sentence()
        try:
            await self._ask(fields.create_field, typed.get("field_name", ""))
        except Refusal as refusal:
            self.field_error = Sentence.of(refusal.key, refusal.params)
            return
        self.field_epoch += 1
        await self._list_fields()
        await self._again()

    @rx.event
    async def drop_own_field(self, key: str) -> None:
        """Take a field off the records; its values stay and come back with a field of the same name."""
        self.field_error = Sentence()
        try:
            await self._ask(fields.delete_field, key)
        except Refusal as refusal:
            self.field_error = Sentence.of(refusal.key, refusal.params)
        await self._list_fields()
        await self._again()

    async def _list_fields(self) -> None:
        self.custom_fields = [Extra(one.key, one.name) for one in await self._ask(fields.fields)]
