"""The address book page: its list, filters and selection; record, fields and groups are parts in files of their own."""

from dataclasses import replace
from itertools import chain
from typing import Literal
from urllib.parse import urlencode

import reflex as rx

from smsapp.accounts.state import Notice, SessionState, initials
from smsapp.contacts import blacklist, export, group_filling, listing, service
from smsapp.contacts.book_state import PATH
from smsapp.contacts.everyone_state import MOST_WRITTEN
from smsapp.contacts.fields_state import FieldsPart
from smsapp.contacts.groups_state import GroupPart
from smsapp.contacts.listing import Query
from smsapp.contacts.record_state import RecordPart
from smsapp.contacts.service import ContactNotFound
from smsapp.contacts.shown import GroupLine, Row, id_of, look, query_of, tags_of
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.notices import notice, refuse

MOST_SELECTED = 20_000
MOST_GROUPS = 200  # that the filter offers, beside the one that is shown
UNDOABLE = 4  # notices of deletions that may be on screen together, each with its own undoing
FILTERS = ("state", "status", "country")


class TooManySelected(Refusal):
    key = "contacts.too_many"

    def __init__(self) -> None:
        super().__init__(limit=MOST_SELECTED)


class ContactsState(RecordPart, FieldsPart, GroupPart, rx.State):
    """The address book. The address says what is shown: ?q=, group=, state=, status=, country=, sort=, after=, before=,
    open=."""

    contacts_count: int = 0
    groups_count: int = 0
    blacklist_count: int = 0
    loaded: bool = False

    by_name_url: str = PATH
    newest_url: str = PATH
    prev_url: str = ""
    next_url: str = ""
    view_asked: str = ""  # what the address asks for, pages apart: a file of the same view asks for it too
    countries: list[str] = []

    elsewhere: int = 0  # of the selection, on other pages
    page_ticked: bool = False
    deleted: Notice = Notice()  # what was deleted last, with the offer to undo it
    search_key: int = 0

    _view: Query = Query()  # what is shown, its pages apart
    _counted: int = -1  # contacts when the countries were looked for
    _deleted: dict[int, list[int]] = {}  # by the number of the notice that offers to undo it
    _typing: list[str] = []  # searches typed whose page has not come yet

    @rx.event
    async def enter(self) -> None:
        """Show what the address asks for."""
        asked = {name: str(value) for name, value in self.router.url.query_parameters.items()}
        query = query_of(asked)
        opened = id_of(asked.get("open"))
        self.standing, self.last, self.country = (asked.get(name, "")[:20] for name in FILTERS)
        try:
            await self._show(query, None if opened in chain.from_iterable(self._deleted.values()) else opened)
        except ContactNotFound as refusal:
            await refuse(self, refusal)
            await self._show(query, None)
        except Refusal as refusal:
            await refuse(self, refusal)
            self.standing = self.last = self.country = ""
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
    def choose(self, name: Literal["state", "status", "country"], value: str) -> rx.event.EventSpec:
        """Filter by state, last status or country; an empty value shows all of them."""
        return rx.redirect(self._url(**{name: value[:20]}))

    @rx.event
    async def tick(self, contact_id: int, on: bool) -> None:
        """Put a contact in the selection, or take it out; the browser has already drawn the tick."""
        if on and len(self._selected) >= MOST_SELECTED:
            self._redraw()
            await refuse(self, TooManySelected())
            return
        (self._selected.add if on else self._selected.discard)(contact_id)
        if self.everyone:  # from here on it is held contact by contact
            self._leave_everyone()
            self._redraw()
        self._count()

    @rx.event
    async def tick_page(self, on: bool) -> None:
        """Select every contact of this page, or none of them."""
        shown = {row.id for row in self.rows}
        self._leave_everyone()
        wanted = self._selected | shown if on else self._selected - shown
        if len(wanted) > MOST_SELECTED:
            await refuse(self, TooManySelected())
        else:
            self._selected = wanted
        self._redraw()

    @rx.event
    async def tick_all(self) -> None:
        """Select every contact that answers the search and the filters, on all pages.

        Too many to be held contact by contact, they are whoever answers: they go into a group, a file or a message.
        """
        query = self._view
        found = await self._ask(listing.answering, query, MOST_SELECTED + 1)
        self._leave_everyone()
        if len(found) > MOST_SELECTED and query.state == "deleted":
            await refuse(self, TooManySelected())
        elif len(found) > MOST_SELECTED:
            self._take_everyone(query, await self._ask(group_filling.count_answering, query))
            found = []
        self._selected = set(found[:MOST_SELECTED])
        self._redraw()

    @rx.event
    def clear(self) -> None:
        """Select nothing."""
        self._leave_everyone()
        self._selected = set()
        self._redraw()

    @rx.event
    async def delete_selected(self) -> None:
        """Delete the selection; the notice offers to undo it (M10)."""
        await self._delete(sorted(self._selected))

    @rx.event
    async def restore_selected(self) -> None:
        """Bring the selected ones of the deleted contacts back (M10)."""
        count = await self._ask(service.restore_contacts, sorted(self._selected))
        self._selected, self._deleted = set(), {}
        await notice(self, "success", "contacts.restored", count=count)
        await self._again()

    @rx.event
    def export_view(self, kind: Literal["csv", "xlsx"]) -> rx.event.EventSpec:
        """Fetch whatever answers the search and the filters as a file."""
        return rx.download(url=f"{PATH}/export.{kind}{self.view_asked}")

    @rx.event
    async def export_selected(self, kind: Literal["csv", "xlsx"]) -> rx.event.EventSpec:
        """Fetch the selection as a file."""
        if self.everyone:
            return rx.download(url=f"{PATH}/export.{kind}{self.view_asked}")
        key = await self._ask(export.keep_selection, sorted(self._selected))
        return rx.download(url=f"{PATH}/export.{kind}?selection={key}")

    @rx.event
    async def delete_open(self) -> rx.event.EventSpec:
        """Delete the contact whose record is open."""
        await self._delete([self.form.id])
        return rx.redirect(self.close_url, replace=True)

    @rx.event
    async def blacklist_open(self) -> None:
        """Never write to the contact whose record is open again."""
        await self._blacklist([self.form.id])

    @rx.event
    async def undo(self, number: int) -> None:
        """Bring back what was deleted when the notice of that number was shown; several may be on screen."""
        count = await self._ask(service.restore_contacts, self._deleted.pop(number, []))
        await notice(self, "success" if count else "info", "contacts.restored", count=count)
        await self._again()

    @rx.event
    async def blacklist_selected(self) -> None:
        """Never write to the numbers of the selection again."""
        ids, self._selected = sorted(self._selected), set()
        await self._blacklist(ids)

    async def _again(self) -> None:
        """Read the page anew, and the figures of the sidebar."""
        self._counted = -1  # a number may have come from, or gone to, another country
        await self.enter()
        await (await self.get_state(SessionState))._refresh()

    async def _show(self, query: Query, opened: int | None) -> None:
        found = await self._ask(look, query, opened)
        if self.everyone and replace(query, after=None, before=None, sort=self._everyone.sort) != self._everyone:
            self._leave_everyone()  # another view: other people
        if (query.state == "deleted") != (self._view.state == "deleted"):
            self._selected = set()  # nothing that can be done with the deleted can be done with the others
            self.epoch += 1
        self._view = replace(query, after=None, before=None)
        known = {g.id: g for g in found.groups}
        self._settle_search(query.text)
        self.sort = query.sort
        self.group = str(query.group_id) if query.group_id in known else ""
        self.group_name = known[query.group_id].name if query.group_id in known else ""
        offered = found.groups[:MOST_GROUPS] + [g for g in found.groups[MOST_GROUPS:] if g.id == query.group_id]
        self.group_lines = [GroupLine(str(g.id), f"{g.name} ({g.members})") for g in offered]
        self.contacts_count = found.totals.contacts
        self.groups_count = found.totals.groups
        self.blacklist_count = found.totals.blacklisted
        self.view_asked = self._url().removeprefix(PATH)
        if not self.loaded or self.contacts_count != self._counted:
            self.countries = sorted(await self._ask(listing.countries))
            self._counted = self.contacts_count
        here = {"after": str(query.after or ""), "before": str(query.before or "")}
        self.by_name_url, self.newest_url = self._url(sort="name"), self._url(sort="newest")
        self.prev_url = self._url(before=str(found.page.previous)) if found.page.previous else ""
        self.next_url = self._url(after=str(found.page.next)) if found.page.next else ""
        self.close_url = self._url(**here)
        self.rows = [
            Row(
                row.id, f"{row.id}-{self.epoch}", row.name, initials(row.name), row.number, row.societe, tags_of(row),
                row.state, found.statuses.get(row.e164, ""), self._ticked(row.id), row.id == opened,
                self._url(open=str(row.id), **here) if query.state != "deleted" else "",
            )
            for row in found.page.rows
        ]  # fmt: skip
        self._custom = found.fields
        self._open(found, here)
        if found.opened and not self.creating:
            await self._offer_groups([GroupLine(tag.id, tag.name, True) for tag in self.form.tags])
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

    async def _delete(self, ids: list[int]) -> None:
        deleted = await self._ask(service.delete_contacts, ids)
        self._selected -= set(ids)
        if deleted:
            said = Sentence.of("contacts.deleted", {"count": len(deleted)})
            self.deleted = Notice(self.deleted.number + 1, "success", said)
            self._deleted = dict([*self._deleted.items(), (self.deleted.number, deleted)][-UNDOABLE:])
        await self._again()

    async def _blacklist(self, ids: list[int]) -> None:
        numbers = await self._ask(service.numbers_of, ids)
        if count := await self._ask(blacklist.blacklist, numbers):
            await notice(self, "success", "contacts.blacklisted", count=count)
        else:
            await notice(self, "info", "blacklist.known", count=len(numbers))
        await self._again()

    def _redraw(self) -> None:
        """Draw the boxes anew: the browser keeps its own ticks otherwise."""
        self.epoch += 1
        self.rows = [
            Row(**{**vars(row), "key": f"{row.id}-{self.epoch}", "ticked": self._ticked(row.id)})
            for row in list(self.rows)
        ]
        self._count()

    def _ticked(self, contact_id: int) -> bool:
        return self.everyone or contact_id in self._selected

    def _count(self) -> None:
        here = {row.id for row in self.rows}
        if self.everyone:
            self.elsewhere, self.page_ticked, self.compose_url = 0, bool(here), ""
            return
        self.selected = len(self._selected)
        self.elsewhere = len(self._selected - here)
        self.page_ticked = bool(here) and here <= self._selected
        few = len(self._selected) <= MOST_WRITTEN
        chosen = ",".join(map(str, sorted(self._selected)))
        self.compose_url = "/compose?" + urlencode({"contacts": chosen}) if few else ""
