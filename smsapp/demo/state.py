"""The page /demo: what would have left this machine for the account that looks."""

import asyncio
from dataclasses import dataclass

import reflex as rx

from smsapp.accounts import mail
from smsapp.accounts.actor import Actor
from smsapp.demo import service
from smsapp.domain.phone import pretty
from smsapp.web.guard import actor_of
from smsapp.web.live import LiveState
from smsapp.web.runtime import runtime


@dataclass(frozen=True)
class LetterLine:
    """An e-mail in the list; ``at`` is an ISO instant."""

    id: int
    subject: str
    recipient: str
    at: str


@dataclass(frozen=True)
class Bubble:
    """An SMS on the user's own phone."""

    id: int
    sender: str
    text: str
    at: str


class DemoState(LiveState, rx.State):
    """E-mails and SMS of the account, followed live."""

    number: str = ""
    digits: str = ""  # the same, as a field of recipients reads it
    letters: list[LetterLine] = []
    texts: list[Bubble] = []
    chosen: int = 0
    body: str = ""
    loaded: bool = False

    @rx.event
    async def enter(self) -> rx.event.EventSpec | None:
        """Nothing is shown where messages really leave."""
        if not runtime().settings.demo:
            return rx.redirect("/dashboard")
        actor = await actor_of(self)
        self.number = pretty(service.own_phone(actor))
        self.digits = f"+{service.own_phone(actor)}"
        self._take(*await asyncio.to_thread(_read, actor))
        return None

    @rx.event(background=True)
    async def watch(self) -> None:
        """Follow the account until the page is left."""
        async for snapshot in self._snapshots():
            async with self:
                actor = await actor_of(self)
            letters, texts = await snapshot.once(("demo", actor.user_id), lambda actor=actor: _read(actor))
            async with self:
                self._take(letters, texts)

    @rx.event
    async def read_letter(self, letter_id: int) -> None:
        """Show an e-mail in the reading pane."""
        actor = await actor_of(self)
        self._open(await asyncio.to_thread(mail.letters, runtime().db, actor), letter_id)

    def _take(self, letters: list[mail.Letter], texts: list[service.Received]) -> None:
        self.letters = [LetterLine(m.id, m.subject, m.recipient, m.at.isoformat()) for m in letters]
        self.texts = [Bubble(s.id, s.sender, s.text, s.at.isoformat()) for s in texts]
        if not self.chosen and letters:
            self._open(letters, letters[0].id)
        self.loaded = True

    def _open(self, letters: list[mail.Letter], letter_id: int) -> None:
        found = next((m for m in letters if m.id == letter_id), None)
        if found is not None:
            self.chosen, self.body = found.id, found.body


def _read(actor: Actor) -> tuple[list[mail.Letter], list[service.Received]]:
    db = runtime().db
    return mail.letters(db, actor), service.received(db, actor)
