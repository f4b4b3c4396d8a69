"""What every signed-in page shows of its person: names, balance, and the notice of the moment."""

import asyncio
from dataclasses import dataclass, field

import reflex as rx

from smsapp.i18n import Sentence
from smsapp.ledger import service as ledger
from smsapp.web.figures import figures
from smsapp.web.flash import Flash
from smsapp.web.guard import actor_of, public
from smsapp.web.runtime import runtime


@dataclass(frozen=True)
class Notice:
    """A passing message. ``number`` grows with each, so that the same sentence twice is shown twice; 0: none yet."""

    number: int = 0
    kind: str = "info"  # success, info, warning, error
    sentence: Sentence = field(default_factory=Sentence)


class SessionState(rx.State):
    """The person of this tab. Empty until ``refresh`` has run on a page of theirs."""

    identifiant: str = ""
    user_name: str = ""
    account_name: str = ""
    initials: str = ""
    email: str = ""
    language: str = "fr"  # of the e-mails; the page itself goes by the reader's choice in the browser
    is_operator: bool = False  # sets up the gateways of this installation
    is_demo: bool = False  # demonstration mode: nothing leaves this machine
    balance_units: int = 0
    contacts_total: int = 0
    repeated: int = 0  # numbers that stand more than once in the book
    replies_unread: int = 0
    planned: int = 0
    notice: Notice = Notice()

    @rx.event
    async def refresh(self) -> None:
        """The last handler of every signed-in page."""
        await self._refresh()

    @rx.event(background=True)
    async def count_repeated(self) -> None:
        """Look how many numbers stand more than once; no page waits for it."""
        async with self:
            actor = await actor_of(self)
        found = await asyncio.to_thread(runtime().repeated, actor)
        async with self:
            self.repeated = found

    @public("says a sentence of the catalogue to the tab that asks for it, and touches nothing")
    @rx.event
    def tell(self, kind: str, key: str, params: dict[str, str | int | float]) -> None:
        """Show a notice; the guard and the exception handler speak through it."""
        self._tell(kind, key, dict(params))

    def _tell(self, kind: str, key: str, params: dict[str, object]) -> None:
        self.notice = Notice(self.notice.number + 1, kind, Sentence.of(key, params))

    async def _refresh(self) -> None:
        """Read the figures of the sidebar anew; for handlers that change them too."""
        actor = await actor_of(self)
        self.identifiant = self.user_name = actor.identifiant
        self.account_name = actor.account_name
        self.initials = initials(actor.account_name or actor.identifiant)
        self.email = actor.email
        self.language = actor.language
        self.is_demo = runtime().settings.demo
        self.is_operator = actor.identifiant in runtime().settings.operator_names
        found = await asyncio.to_thread(figures, actor)
        self.balance_units, self.contacts_total = found.balance_units, found.contacts
        self.replies_unread, self.planned = found.replies, found.planned


class EntranceState(rx.State):
    """The sign-in and sign-up pages: what the form that was refused said, and what was typed there."""

    name: str = ""
    keep: bool = True
    identifiant: str = ""
    email: str = ""
    sign_in_refusal: Sentence = Sentence()
    sign_up_refusal: Sentence = Sentence()
    identifiant_problem: Sentence = Sentence()
    email_problem: Sentence = Sentence()
    password_problem: Sentence = Sentence()
    again_problem: Sentence = Sentence()
    trial: bool = False  # demonstration mode: credits to try with at once
    free_credits: int = ledger.SIGNUP_CREDITS

    @public("the first handler of the public pages: they are shown before anybody signs in")
    @rx.event
    async def enter(self) -> rx.event.EventSpec | None:
        """Show what waits for this page; who is signed in goes on to the dashboard."""
        self.trial = runtime().settings.demo
        cookie = self.router.headers.cookie
        if await runtime().people.actor(cookie) is not None:
            return rx.redirect("/dashboard")
        self._show(runtime().flashes.for_page(cookie) or Flash(""))
        return None

    def _show(self, said: Flash) -> None:
        problems = {name: Sentence.of(p.key, p.params) for name, p in said.problems.items()}
        whole = Sentence.of(said.refusal.key, said.refusal.params) if said.refusal else Sentence()
        self.sign_in_refusal = whole if said.form == "login" else Sentence()
        self.sign_up_refusal = whole if said.form == "signup" else Sentence()
        self.identifiant_problem = problems.get("identifiant", Sentence())
        self.email_problem = problems.get("email", Sentence())
        self.password_problem = problems.get("password", Sentence())
        self.again_problem = problems.get("again", Sentence())
        if said.form == "login":
            self.name = said.typed.get("name", "")
            self.keep = bool(said.typed.get("keep"))
        elif said.form == "signup":
            self.identifiant = said.typed.get("identifiant", "")
            self.email = said.typed.get("email", "")


def initials(name: str) -> str:
    """At most two capitals: "Maison Lavande" -> "ML", "camille" -> "CA"."""
    words = [word for word in name.replace("-", " ").replace(".", " ").replace("_", " ").split() if word[0].isalnum()]
    if len(words) > 1:
        return (words[0][0] + words[1][0]).upper()
    return words[0][:2].upper() if words else "?"
