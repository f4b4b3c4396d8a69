"""The record of a contact: who is open, the form of a new or known one, what is wrong with it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import reflex as rx
from annotated_types import MaxLen

from smsapp.accounts.state import initials
from smsapp.contacts import groups, service
from smsapp.contacts.book_state import BookPart
from smsapp.contacts.fields import CustomField
from smsapp.contacts.service import Sheet, UnreadableNumber
from smsapp.contacts.shown import Extra, Form, Found, GroupLine, PastLine, past_lines, tags_of
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.notices import notice

STANDARD = ("number", "nom", "prenom", "email", "societe", "consent_source", "consent_text", "consent_day")
MOST_GROUPS = 50  # that a form offers beside those of the contact


class RecordPart(BookPart, mixin=True):
    """The form of one contact, beside the list or in a dialog."""

    form: Form = Form()
    form_groups: list[GroupLine] = []
    form_groups_left: int = 0  # groups that answer the search of the form too, beyond those that it offers
    form_extra: list[Extra] = []
    past: list[PastLine] = []
    past_sent: int = 0
    past_received: int = 0
    creating: bool = False
    number_error: Sentence = Sentence()
    number_fix: str = ""
    form_error: Sentence = Sentence()

    _typed: dict[str, str] = {}
    _seen: Sheet = Sheet("")  # what the record said when it was opened
    _custom: list[CustomField] = []

    @rx.event
    async def open_new(self) -> None:
        """Begin a new contact."""
        self._clear_errors()
        self.creating = True
        self.form = Form(key=f"new{self.epoch}")
        self.form_extra = [Extra(one.key, one.name) for one in self._custom]
        await self._offer_groups([])

    @rx.event
    async def set_creating(self, on: bool) -> None:
        """The dialog of the new contact was opened or closed."""
        self.creating = on
        if not on:
            self.epoch += 1
            await self._again()  # the record that was open is open again

    @rx.event
    async def save(self, typed: dict[str, str | None]) -> None:
        """Save the record; what is wrong is said beside its field, and what was typed stays (S62, S68).

        ``typed``: the fields of the form by name; the box of a group is there when it is ticked. None: a field of the
        account's own, of which there is none.
        """
        self._clear_errors()
        chosen = tuple(int(g.value) for g in self.form_groups if f"group-{g.value}" in typed)
        fields = {name: typed.get(name) or "" for name in STANDARD}
        extra = {one.key: typed[f"extra-{one.key}"] or "" for one in self.form_extra if f"extra-{one.key}" in typed}
        sheet = Sheet(**fields, group_ids=chosen, extra=extra)
        self.form_extra = [replace(one, value=extra.get(one.key, one.value)) for one in self.form_extra]
        self.form_groups = [replace(g, ticked=int(g.value) in chosen) for g in self.form_groups]
        self._typed = {name: value for name, value in fields.items() if name != "number"}
        try:
            if self.form.id:
                await self._ask(service.edit_contact, self.form.id, sheet, self._seen)
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
    async def find_groups(self, text: Annotated[str, MaxLen(200)]) -> None:
        """Offer the groups whose name holds ``text``, beside those that are ticked (M5)."""
        await self._offer_groups([g for g in self.form_groups if g.ticked], text)

    @rx.event
    def tick_group(self, value: Annotated[str, MaxLen(20)], on: bool) -> None:
        """A group was ticked, or no longer is; the browser has drawn it, and it stays while others are looked for."""
        self.form_groups = [replace(g, ticked=on) if g.value == value else g for g in self.form_groups]

    @rx.event
    def use_fix(self) -> None:
        """Put the suggested number in the form, with the rest as it was typed (S91)."""
        self.form = replace(self.form, number=self.number_fix, key=f"{self.form.key}+", **self._typed)
        self.number_error, self.number_fix = Sentence(), ""

    def _open(self, found: Found, here: dict[str, str]) -> None:
        if self.creating:  # a new contact is being typed: it stays, with the fields that the account has now
            known = {one.key: one.value for one in self.form_extra}
            self.form_extra = [Extra(one.key, one.name, known.get(one.key, "")) for one in found.fields]
            return
        self._clear_errors()
        sheet = found.opened
        if sheet is None:
            self.form, self.past, self.form_extra = Form(), [], []
            return
        row, consent = sheet.row, sheet.consent
        ids = [r.id for r in self.rows]
        at = ids.index(row.id) if row.id in ids else -1
        before = self._url(open=str(ids[at - 1]), **here) if at > 0 else ""
        after = self._url(open=str(ids[at + 1]), **here) if 0 <= at < len(ids) - 1 else ""
        self.form_extra = [Extra(one.key, one.name, value) for one, value in sheet.fields]
        self.past, self.past_sent, self.past_received = past_lines(found.past), found.past.sent, found.past.received
        day = consent.day.isoformat() if consent.day else ""
        drawn = hash((sheet.updated_at, row.groups))  # its own fields apart: what is typed stays when one is added
        self._seen = Sheet(
            row.number, row.nom, row.prenom, row.email, row.societe, tuple(g.id for g in row.groups),
            {one.key: value for one, value in sheet.fields}, consent.source, consent.text, day,
        )  # fmt: skip
        self.form = Form(
            row.id, f"{row.id}-{drawn}", row.number, row.nom, row.prenom, row.email, row.societe, row.name,
            initials(row.name), row.state, tags_of(row), before, after, consent.source, consent.text, day,
            f"{day}T12:00:00" if day else "",  # without a zone: the same day on every clock
            sheet.created_at.isoformat() if sheet.created_at else "", sheet.import_id or 0, consent.import_id or 0,
        )  # fmt: skip

    async def _offer_groups(self, ticked: Sequence[GroupLine], text: str = "") -> None:
        """The groups to tick: all those that are ticked, then others."""
        known = {line.value for line in ticked}
        others = [g for g in await self._ask(groups.groups, text) if str(g.id) not in known]
        self.form_groups = [*ticked, *(GroupLine(str(g.id), g.name) for g in others[:MOST_GROUPS])]
        self.form_groups_left = max(len(others) - MOST_GROUPS, 0)

    def _clear_errors(self) -> None:
        self.number_error = self.form_error = Sentence()
        self.number_fix = ""
