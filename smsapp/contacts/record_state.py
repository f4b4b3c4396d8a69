"""The record of a contact: who is open, the form of a new or known one, what is wrong with it."""

from dataclasses import replace

import reflex as rx

from smsapp.accounts.state import initials
from smsapp.contacts import groups, service
from smsapp.contacts.book_state import BookPart
from smsapp.contacts.listing import ContactRow
from smsapp.contacts.service import Sheet, UnreadableNumber
from smsapp.contacts.shown import Form, GroupLine, tags_of
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.notices import notice


class RecordPart(BookPart, mixin=True):
    """The form of one contact, beside the list or in a dialog."""

    form: Form = Form()
    form_groups: list[GroupLine] = []
    creating: bool = False
    number_error: Sentence = Sentence()
    number_fix: str = ""
    form_error: Sentence = Sentence()

    _typed: dict[str, str] = {}

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
    async def save(self, typed: dict[str, str]) -> None:
        """Save the record; what is wrong is said beside its field, and what was typed stays (S62, S68).

        ``typed``: the fields of the form by name; the box of a group is there when it is ticked.
        """
        self._clear_errors()
        chosen = tuple(int(g.value) for g in self.form_groups if f"group-{g.value}" in typed)
        fields = {name: typed.get(name, "") for name in ("number", "nom", "prenom", "email", "societe")}
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
            row.state, tags_of(row), before, after,
        )  # fmt: skip

    async def _form_groups(self, chosen: frozenset[int]) -> list[GroupLine]:
        found = await self._ask(groups.groups, "", 50)
        return [GroupLine(str(g.id), g.name, g.id in chosen) for g in found]

    def _clear_errors(self) -> None:
        self.number_error = self.form_error = Sentence()
        self.number_fix = ""
