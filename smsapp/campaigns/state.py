"""What the composer holds. The draft in the database is the truth: each change is written down before it is priced."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

import reflex as rx
from annotated_types import MaxLen

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState
from smsapp.campaigns import screen, service
from smsapp.campaigns.departure import DateMissing, leave
from smsapp.campaigns.departure_shown import Leaves, leaves
from smsapp.campaigns.explain import Look, Preview, look, optimise, preview
from smsapp.campaigns.launch import QuoteChanged, Seen
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.rules import BadSender, NoRecipient, TextMissing, check_sender, proposed_sender
from smsapp.campaigns.schedule import DatePast, NotPlanned, set_free
from smsapp.campaigns.screen import ChipItem, Figures, Shown, Simulated
from smsapp.campaigns.service import Draft, NotADraft
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.carried import Carried
from smsapp.web.guard import actor_of
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import runtime

LONGEST_TEXT = 200_000  # characters kept of a text, however wrong it is


class ComposeState(rx.State):
    """Nouveau SMS. ``version`` names the text that the browser was given: what it sends for another one is dropped."""

    campaign_id: int = 0
    name: str = ""
    text: str = ""
    version: int = 0
    purpose: str = "marketing"
    custom: bool = False
    sender: str = ""
    sender_error: Sentence = Sentence()
    chips: list[ChipItem] = []
    chips_total: int = 0
    heard: int = 0
    figures: Figures = Figures()
    person: Shown = Shown()
    saved_at: str = ""
    simulated: Simulated = Simulated()
    tried: bool = False
    undo_units: int = 0

    leaves: Leaves = Leaves()
    date: str = ""  # as it is typed
    date_error: Sentence = Sentence()
    past_asked: bool = False  # "this date is over: send now?" stands on the page (M24)

    reviewing: bool = False
    consent: bool = False
    round: int = 0
    changed: bool = False

    _opened_at: datetime | None = None
    _index: int = 0
    _asked: int = 0
    _undo: str = ""
    _wish: str = ""
    _now_if_past: bool = False  # the answer was yes

    @rx.event
    async def enter(self) -> Any:
        """The page is entered: ?draft= opens a draft; ?group=, ?contacts=, ?carried= begin one, else a blank."""
        actor = await actor_of(self)
        asked = self.router.url.query_parameters
        draft_id = screen.id_in(asked.get("draft", ""))
        if draft_id and draft_id == self.campaign_id:
            self.reviewing = False  # after a reload the consent box is blank again: ask again
            self._ask_again()
            return ComposeState.requote
        wish = f"{asked.get('group', '')}/{asked.get('contacts', '')}{asked.get('carried', '')}"
        brought = runtime().luggage.take(self.router.headers.cookie) if "carried" in asked else None
        if self.campaign_id and not (draft_id or brought) and wish == self._wish != "/":  # entered twice: begun once
            return rx.redirect(f"/compose?draft={self.campaign_id}", replace=True)
        self._blank()
        if draft_id:
            return await self._open(actor, draft_id)
        self._wish = wish
        if brought:
            return await self._begin_with(actor, brought)
        group, contacts = screen.id_in(asked.get("group", "")), screen.ids_in(asked.get("contacts", ""))
        if group:
            return await self._keep(lambda db, who, id: service.add_groups(db, who, id, [group]))
        if contacts:
            return await self._keep(lambda db, who, id: service.add_contacts(db, who, id, contacts))
        return ComposeState.requote

    @rx.event
    async def typed(self, text: Annotated[str, MaxLen(LONGEST_TEXT)], version: int) -> Any:
        """The text changed in the browser."""
        if version != self.version or text == self.text:
            return None
        self.text = text
        self.undo_units = 0
        return await self._keep(lambda db, who, id: service.edit_draft(db, who, id, text=text))

    @rx.event
    async def rename(self, name: Annotated[str, MaxLen(400)]) -> Any:
        """The campaign's name."""
        if name == self.name:
            return None
        self.name = name
        return await self._keep(lambda db, who, id: service.edit_draft(db, who, id, name=name))

    @rx.event
    async def set_purpose(self, purpose: Literal["marketing", "transactional"]) -> Any:
        """Marketing carries a STOP mention, transactional does not (M6)."""
        self.purpose = purpose
        return await self._keep(lambda db, who, id: service.edit_draft(db, who, id, purpose=purpose))

    @rx.event
    async def set_stop(self, stop: bool) -> Any:
        """The switch of the STOP mention says the same as the purpose."""
        return ComposeState.set_purpose("marketing" if stop else "transactional")

    @rx.event
    async def choose_sender(self, kind: Literal["reply", "custom"]) -> Any:
        """With reply, or under a name; the first name proposed is made from the account's."""
        actor = await actor_of(self)
        self.custom = kind == "custom"
        return await self._keep_sender(proposed_sender(actor.account_name) if self.custom else "")

    @rx.event
    async def set_sender(self, sender: Annotated[str, MaxLen(40)]) -> Any:
        """The sender's name as it is typed."""
        return await self._keep_sender(sender)

    @rx.event
    async def add(self, raw: Annotated[str, MaxLen(LONGEST_TEXT)], turn: int) -> Any:
        """Numbers typed or pasted (S28, S29); ``turn`` is said back, so that the browser forgets them."""
        if not self.version or turn <= self.heard:  # to be said again, or said twice
            return None
        events = await self._keep(lambda db, who, id: service.add_numbers(db, who, id, raw))
        self.heard = turn
        return events

    @rx.event
    async def remove(self, chip_id: Annotated[str, MaxLen(60)]) -> Any:
        """A chip goes."""
        return await self._keep(lambda db, who, id: service.remove_chip(db, who, id, chip_id))

    @rx.event
    async def optimise(self) -> Any:
        """Replace what costs, because it was asked; the text before is kept for the way back."""
        actor = await actor_of(self)
        before, saving = self.text, None
        if self.campaign_id:
            saving = await self._try(lambda: optimise(runtime().db, actor, self.campaign_id, self._terms()))
        if saving is not None:
            self._show_text(saving.text)
            self._undo, self.undo_units = before, saving.units
        return ComposeState.requote

    @rx.event
    async def undo(self) -> Any:
        """Back to the text before the replacements."""
        before = self._undo
        self._show_text(before)
        self._undo, self.undo_units = "", 0
        return await self._keep(lambda db, who, id: service.edit_draft(db, who, id, text=before))

    @rx.event
    async def show_person(self, step: Literal[-1, 0, 1]) -> None:
        """The previous or next recipient on the phone; 0: the one with the longest message."""
        if not self.campaign_id:
            return
        actor = await actor_of(self)
        wanted = self._index + step if step else self.figures.longest
        found = await asyncio.to_thread(preview, runtime().db, actor, self.campaign_id, wanted, self._terms())
        self._take_person(found)

    @rx.event
    async def review(self) -> Any:
        """Everything once more, priced now: either what stands in the way, or the review."""
        actor = await actor_of(self)
        self.tried, self.changed = True, False
        self._ask_again()
        if not self.campaign_id:
            self.figures = replace(self.figures, problems=[screen.said(NoRecipient()), screen.said(TextMissing())])
            return rx.set_focus("problems")
        if self.sender_error.key:
            return rx.set_focus("sender")
        if self.leaves.later and (self.date_error.key or not self.leaves.date):
            self.date_error = self.date_error if self.date_error.key else screen.said(DateMissing())
            return rx.set_focus("send-date")
        await self._price(actor)
        if self.leaves.past and not self._now_if_past:
            self.past_asked = True
            return None
        self.reviewing = not self.figures.problems
        return None if self.reviewing else rx.set_focus("problems")

    @rx.event
    async def show_review(self, shown: bool) -> None:
        """The review is closed."""
        self.reviewing = shown and self.reviewing

    @rx.event
    async def set_consent(self, given: bool) -> None:
        """These people accepted to be written to (S59): never ticked by us."""
        self.consent = given

    @rx.event
    async def send(self) -> Any:
        """Launch or plan, with the figures on screen; other figures are shown and have to be agreed to again."""
        actor = await actor_of(self)
        seen = Seen(self.figures.recipients, self.figures.units)
        try:
            work = partial(leave, consent=self.consent, now_if_past=self._now_if_past)
            sent, at = await asyncio.to_thread(work, runtime().db, actor, self.campaign_id, seen, self._terms())
        except QuoteChanged as refusal:
            self.changed = True
            self._ask_again()
            await refuse(self, refusal)
            await self._price(actor)
            self.reviewing = not self.figures.problems
            return None
        except DatePast:  # it went by while the review was open
            self.reviewing, self.past_asked = False, True
            return None
        except NotPlanned as refusal:
            await refuse(self, refusal)
            await asyncio.to_thread(set_free, runtime().db, actor, self.campaign_id)
            self.reviewing = False
            return ComposeState.requote
        except Refusal as refusal:
            await refuse(self, refusal)
            return ComposeState.requote
        self._blank()
        if at:
            runtime().hub.changed([actor.account_id])
            await notice(self, "success", "schedule.planned", date=at.typed)
            return [rx.redirect("/scheduled"), SessionState.refresh]
        return [rx.redirect(f"/sent/{sent}"), ComposeState.wake]

    @rx.event(background=True)
    async def wake(self) -> None:
        """Something was launched: the engine looks at once rather than at its next tick."""
        await runtime().wake()

    @rx.event
    async def discard(self) -> Any:
        """Throw the draft away."""
        actor = await actor_of(self)
        if self.campaign_id:
            try:
                await asyncio.to_thread(service.delete_draft, runtime().db, actor, self.campaign_id)
            except Refusal as refusal:
                await refuse(self, refusal)
                return None
            await notice(self, "success", "campaigns.discarded")
        address = "/scheduled" if self.leaves.edits else "/dashboard"
        self._blank()
        return rx.redirect(address)

    @rx.event(background=True)
    async def requote(self) -> None:
        """Price the draft outside the state's lock; a newer change makes an older answer void."""
        async with self:
            self._asked += 1
            asked, campaign_id, index = self._asked, self.campaign_id, self._index
            actor = await actor_of(self)
            if not campaign_id:
                return
        try:
            found = await asyncio.to_thread(look, runtime().db, actor, campaign_id, index, self._terms())
        except Refusal:  # thrown away or launched meanwhile
            return
        async with self:
            if (asked, campaign_id) == (self._asked, self.campaign_id):
                self._take(found)

    async def _price(self, actor: Actor) -> None:
        """The same at once, for the review and the sending."""
        self._asked += 1
        self._take(await asyncio.to_thread(look, runtime().db, actor, self.campaign_id, self._index, self._terms()))

    async def _keep(self, change: Callable[[Any, Actor, int], Draft]) -> Any:
        """Write a change down, in a draft that is made by the first one; what follows prices it."""
        if not self.version:  # a server that has just come back: the draft on screen is not open yet, and none is begun
            return None
        actor = await actor_of(self)
        db, born = runtime().db, not self.campaign_id
        if born:
            self.campaign_id = await asyncio.to_thread(service.create_draft, db, actor, self._opened_at)
        try:
            kept = await asyncio.to_thread(change, db, actor, self.campaign_id)
        except Refusal as refusal:
            await refuse(self, refusal)
            if born:  # nothing was begun
                await asyncio.to_thread(service.delete_draft, db, actor, self.campaign_id)
                self.campaign_id = 0
            return None
        self.saved_at = kept.updated_at.isoformat()
        self._take_leaves(kept)
        address = [rx.redirect(f"/compose?draft={self.campaign_id}", replace=True)] if born else []
        return [*address, ComposeState.requote]

    async def _begin_with(self, actor: Actor, brought: Carried) -> Any:
        """A draft that begins with the text of the simulator."""
        self._show_text(brought.text)
        self.simulated = screen.simulated(brought)
        self.purpose = "marketing" if brought.marketing else "transactional"
        self.custom = brought.custom
        self.sender = proposed_sender(actor.account_name) if brought.custom else ""
        wish = {"text": self.text, "purpose": self.purpose, "sender": self.sender}
        return await self._keep(lambda db, who, id: service.edit_draft(db, who, id, **wish))

    async def _keep_sender(self, sender: str) -> Any:
        self.sender = sender
        self.sender_error = Sentence()
        if self.custom:
            try:
                check_sender(sender)
            except BadSender as refusal:
                self.sender_error = screen.said(refusal)
        return await self._keep(lambda db, who, id: service.edit_draft(db, who, id, sender=sender))

    async def _try(self, work: Callable[[], Any]) -> Any:
        """The answer of a service, or None and the reason shown."""
        try:
            return await asyncio.to_thread(work)
        except Refusal as refusal:
            await refuse(self, refusal)
            return None

    async def _open(self, actor: Actor, draft_id: int) -> Any:
        try:
            found = await asyncio.to_thread(service.draft, runtime().db, actor, draft_id)
        except NotADraft:
            return rx.redirect(f"/sent/{draft_id}", replace=True)
        except Refusal as refusal:
            await refuse(self, refusal)
            return ComposeState.requote
        self.campaign_id, self.name, self.text = found.id, found.name, found.text
        self.purpose, self.sender, self.custom = found.purpose, found.sender, bool(found.sender)
        self.saved_at = found.updated_at.isoformat()
        self._take_leaves(found)
        self.version = screen.version(found.created_at)
        if self.custom:
            try:
                check_sender(self.sender)
            except BadSender as refusal:
                self.sender_error = screen.said(refusal)
        return ComposeState.requote

    def _ask_again(self) -> None:
        """The consent box is drawn anew, not ticked."""
        self.consent = False
        self.round += 1

    def _terms(self) -> Terms:
        return Terms.of(runtime().settings)

    def _show_text(self, text: str) -> None:
        """Put another text into the browser's hands."""
        self.text = text
        self.version += 1

    def _show_date(self, typed: str) -> None:
        """What the field of the date holds; an earlier complaint, and the answer to an earlier date, are over."""
        self.date, self.date_error, self._now_if_past = typed, Sentence(), False

    def _take_leaves(self, draft: Draft) -> None:
        self.leaves = leaves(draft, self._terms(), runtime().db.now())
        if not self.date_error.key:
            self.date = self.leaves.date

    def _take(self, found: Look) -> None:
        self._take_leaves(found.draft)
        self.figures = screen.figures(found.view, found.draft, self._terms())
        self.chips, self.chips_total = screen.chip_items(found.chips), found.chips.total
        self._take_person(found.person)

    def _take_person(self, person: Preview | None) -> None:
        self.person = screen.shown(person)
        self._index = person.index if person else 0

    def _blank(self) -> None:
        """A new draft, not yet written down; the version is the instant, which the draft will keep as its birth."""
        before = self.version
        self.reset()
        self._opened_at = datetime.fromtimestamp(max(runtime().db.now().timestamp(), before / 1000 + 0.001), UTC)
        self.version = screen.version(self._opened_at)
        self.figures = Figures(mention=screen.first_mention(self._terms()))
