"""The text of a campaign: variables, fallbacks, the STOP mention (S45, S46, S57, M6, M30).

A variable is `$nom`, `$prenom`, `$email`, `$societe` or the key of a field of the account's own (`$ville`), accents
and capitals tolerated (`$Prénom`). The longest token wins: `$nomade` is the unknown variable "nomade", not `$nom` and
"ade". `$prenom|client|` says "client" to whoever has no prenom. `$$` writes one `$`. An unknown variable is named to
the author and stays in the text as typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

VARIABLES: Final = ("nom", "prenom", "email", "societe")

OWN: Final = "own:"
"""Begins the name of the column that holds a field of the account's own, so that no key meets another column."""

SenderKind = Literal["reply", "custom"]
"""`reply`: the phone can answer (S43); `custom`: an alphanumeric name, no answer possible (S42)."""

Purpose = Literal["marketing", "transactional"]

_TOKEN = re.compile(r"\$(?:(?P<dollar>\$)|(?P<name>[^\W\d_][\w\u0300-\u036f]*)(?:\|(?P<fallback>[^|$\n]*)\|)?)")


@dataclass(frozen=True, slots=True)
class Slot:
    """A variable in the text. `fallback` is None when the author gave none; `source` is the token as typed."""

    variable: str
    fallback: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed text: literal strings (with `$$` already one `$`) and slots, in order; unknown variables as typed."""

    source: str
    parts: tuple[str | Slot, ...]
    unknown: tuple[str, ...]
    own: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str, own: Collection[str] = ()) -> Template:
        """Read a text; every text is a template, nothing is refused. `own`: the keys of the account's own fields."""
        own = frozenset(own)
        parts: list[str | Slot] = []
        unknown: list[str] = []
        literal: list[str] = []
        end = 0
        for token in _TOKEN.finditer(text):
            literal.append(text[end : token.start()])
            end = token.end()
            if token["dollar"]:
                literal.append("$")
                continue
            variable = bare(token["name"])
            if variable not in VARIABLES and variable not in own:
                literal.append(token[0])
                if token["name"] not in unknown:
                    unknown.append(token["name"])
                continue
            if plain := "".join(literal):
                parts.append(plain)
            literal.clear()
            parts.append(Slot(variable, token["fallback"], token[0]))
        if plain := "".join((*literal, text[end:])):
            parts.append(plain)
        return cls(text, tuple(parts), tuple(unknown), own)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The variables in order of appearance, repeated as often as they appear."""
        return tuple(part for part in self.parts if isinstance(part, Slot))

    @property
    def variables(self) -> frozenset[str]:
        """The known variables used."""
        return frozenset(slot.variable for slot in self.slots)

    @property
    def unguarded(self) -> frozenset[str]:
        """The variables used at least once without a fallback: an empty value leaves a hole there (M30)."""
        return frozenset(slot.variable for slot in self.slots if slot.fallback is None)

    def render(self, values: Mapping[str, str | None]) -> str:
        """The text for one recipient. A value is never read as a template; None, "" or missing is empty."""
        return "".join(
            part if isinstance(part, str) else values.get(part.variable) or part.fallback or "" for part in self.parts
        )

    def rewrite(self, change: Callable[[str], str]) -> str:
        """The source with `change` applied to what the author wrote and to fallbacks, variables left alone: how
        replacements of characters are applied without breaking `$prenom|client|`."""
        out = ""
        end = 0
        for token in _TOKEN.finditer(self.source):
            out += self._changed(change, out, end, token.start())
            end = token.end()
            if token["fallback"] and bare(token["name"]) in self.variables:
                fallback = re.sub(r"[|$\n]", "", change(token["fallback"]))
                out += f"${token['name']}|{fallback}|"
            else:
                out += token[0]
        return out + self._changed(change, out, end, len(self.source))

    def _changed(self, change: Callable[[str], str], before: str, start: int, end: int) -> str:
        """`source[start:end]` changed; as it was when the change would make or break a variable ("$nom", an invisible
        character, "bre" -> "$nombre")."""
        literal = self.source[start:end]
        changed = change(literal)
        found = Template.parse(before + changed + self.source[end:], self.own)
        same = [slot.variable for slot in found.slots] == [slot.variable for slot in self.slots]
        return changed if same and found.unknown == self.unknown else literal


def bare(name: str) -> str:
    """The name of a variable without accents and capitals."""
    return "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char)).lower()


def column(variable: str) -> str:
    """The column of a table of recipients that holds what a variable says."""
    return variable if variable in VARIABLES else OWN + variable


SHORT_CODE_TERRITORIES: Final = frozenset({"FR", "GP", "MQ", "GF", "RE", "YT", "BL", "MF", "PM"})
"""Where the operators know French short codes (36xxx)."""


def stop_mention(
    territory: str, *, sender_kind: SenderKind, purpose: Purpose, short_code: str, opt_out_link: str = ""
) -> str:
    """What is appended to the text for a recipient of `territory`, its leading newline included, before counting (M6).

    Marketing: « STOP 36034 » where French short codes work, whatever the sender; elsewhere the opt-out link if there is
    one, else an invitation to answer when the sender can be answered (S45). "" for transactional messages, and where
    nothing can be offered: the text must then hold a number or a link of its own (S46, `has_way_out`).
    """
    if purpose == "transactional":
        return ""
    if territory in SHORT_CODE_TERRITORIES and short_code:
        return f"\nSTOP {short_code}"
    if opt_out_link:
        return f"\nStop: {opt_out_link}"
    return "\nReply STOP" if sender_kind == "reply" else ""


_LINK = re.compile(
    r"https?://\S|\bwww\.\w|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:[a-z]{2,24}/|"
    r"(?:app|be|biz|bzh|ca|ch|co|com|corsica|de|es|eu|fr|info|io|it|link|lu|ly|me|net|org|paris|pro|re|shop|store|uk)\b)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\+?\d(?:[\s.\u00a0\u202f-]?\d){7,}")
_STOP = re.compile(r"\bSTOP\b.{0,12}\b\d{5}\b", re.IGNORECASE | re.DOTALL)


def has_way_out(text: str) -> bool:
    """Whether the text itself holds a telephone number, a link or an e-mail address by which a person can ask to be
    left alone (S46)."""
    return any(pattern.search(text) for pattern in (_LINK, _NUMBER, _STOP))
