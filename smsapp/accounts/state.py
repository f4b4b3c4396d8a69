"""What every signed-in page shows of its person: names, balance, and the notice of the moment."""

from dataclasses import dataclass, field

import reflex as rx

from smsapp.accounts.actor import Actor
from smsapp.i18n import Sentence
from smsapp.web.guard import actor_of, public


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
    language: str = "fr"
    is_demo: bool = False
    balance_units: int = 0
    contacts_total: int = 0
    notice: Notice = Notice()

    @rx.event
    async def refresh(self) -> None:
        """The first handler of every signed-in page."""
        self._take(await actor_of(self))

    @public("says a sentence of the catalogue to the tab that asks for it, and touches nothing")
    @rx.event
    def tell(self, kind: str, key: str, params: dict[str, str | int | float]) -> None:
        """Show a notice; the guard and the exception handler speak through it."""
        self._tell(kind, key, dict(params))

    def _tell(self, kind: str, key: str, params: dict[str, object]) -> None:
        self.notice = Notice(self.notice.number + 1, kind, Sentence.of(key, params))

    def _take(self, actor: Actor) -> None:
        self.identifiant = self.user_name = actor.identifiant
        self.account_name = actor.account_name
        self.initials = initials(actor.account_name or actor.identifiant)
        self.email = actor.email
        self.language = actor.language


def initials(name: str) -> str:
    """At most two capitals: "Maison Lavande" -> "ML", "camille" -> "CA"."""
    words = [word for word in name.replace("-", " ").replace(".", " ").replace("_", " ").split() if word[0].isalnum()]
    if len(words) > 1:
        return (words[0][0] + words[1][0]).upper()
    return words[0][:2].upper() if words else "?"
