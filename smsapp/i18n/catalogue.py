"""The texts: flat JSON fragments per language and room, i18next's format, read by Python and by the browser.

A message may hold `{{name}}` or `{{name, format}}` (formats: see `formats.py`); one that counts exists in the plural
forms of its language (`key_one`, `key_other`, in French also `key_many` for whole millions). A figure beside the one
that counts brings its own words: `{{name, n_rows}}` is `counted.n_rows` with `name` as its `count`, and `u_...` is the
same for units of credit.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from smsapp.i18n.formats import UNITS, formatted

DEFAULT = "fr"
LANGUAGES = {"fr": "Français", "en": "English"}
PLURAL_FORMS = {"fr": ("one", "many", "other"), "en": ("one", "other")}

_HERE = Path(__file__).parent
_BEFORE = re.compile(r" (?=[:;!?%»](?:[\s.,)»]|$))")
_AFTER = re.compile(r"(?<=«) ")
_SLOT = re.compile(r"{{\s*(\w+)\s*(?:,\s*(\w+)\s*)?}}")


@cache
def catalogue(lang: str) -> dict[str, str]:
    """All messages of one language.

    Raises:
        ValueError: two fragments hold the same key.
    """
    messages: dict[str, str] = {}
    for fragment in sorted((_HERE / lang).glob("*.json")):
        found: dict[str, str] = json.loads(fragment.read_text("utf-8"))
        if twice := messages.keys() & found.keys():
            raise ValueError(f"{fragment.name} ({lang}) repeats {', '.join(sorted(twice))}")
        messages |= found
    return {key: _typeset(text) for key, text in messages.items()} if lang == "fr" else messages


def _typeset(text: str) -> str:
    """French spacing, so that no fragment has to think of it: no line breaks before `: ; ! ? %` or inside « »."""
    return _BEFORE.sub("\u00a0", _AFTER.sub("\u00a0", text))


@cache
def served(lang: str) -> tuple[bytes, str]:
    """The catalogue as the browser gets it, and the version that stands in its address."""
    body = json.dumps(catalogue(lang), ensure_ascii=False, separators=(",", ":")).encode()
    return body, hashlib.sha256(body).hexdigest()[:12]


def forms(lang: str, key: str) -> list[str]:
    """The entries of one language that say `key`: itself, or its plural forms."""
    messages = catalogue(lang)
    if key in messages:
        return [key]
    return [name for form in PLURAL_FORMS[lang] if (name := f"{key}_{form}") in messages]


def slots(message: str) -> set[str]:
    """The names of the parameters that a message wants."""
    return {m[1] for m in _SLOT.finditer(message)}


def translate(lang: str, key: str, **params: Any) -> str:
    """One message on the server. `count` chooses the plural form; a datetime is written in the zone it carries.

    Raises:
        KeyError: no such message, or a parameter is missing.
    """
    messages = catalogue(lang if lang in LANGUAGES else DEFAULT)
    name = key
    if name not in messages and "count" in params:
        name = f"{key}_{plural_form(lang, params['count'])}"
    return _SLOT.sub(lambda m: _filled(lang, params[m[1]], m[2] or ""), messages[name])


def _filled(lang: str, value: Any, name: str) -> str:
    if name.startswith("n_"):
        return translate(lang, f"counted.{name}", count=value)
    if name.startswith("u_"):
        return translate(lang, f"counted.{name}", count=value / UNITS, units=value)
    return formatted(lang, value, name)


def plural_form(lang: str, count: float) -> str:
    """CLDR's rule: French says one for 0 and 1.5, and many for whole millions (1 000 000 de contacts)."""
    if lang == "fr":
        if 0 <= count < 2:
            return "one"
        return "many" if count == int(count) and int(count) % 1_000_000 == 0 else "other"
    return "one" if count == 1 else "other"


@dataclass(frozen=True)
class Sentence:
    """A message on its way to the browser, which says it in the reader's language (`say`). Empty: nothing to say."""

    key: str = ""
    params: dict[str, str | int | float] = field(default_factory=dict)

    @classmethod
    def of(cls, key: str, params: Mapping[str, object] | None = None) -> "Sentence":
        """From what a `Refusal` carries: `Sentence.of(error.key, error.params)`; instants become ISO text."""
        return cls(key, {name: _plain(value) for name, value in (params or {}).items()})


def _plain(value: object) -> str | int | float:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, int | float | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(units := getattr(value, "units", None), int):
        return units
    return str(value)


def reader_language(cookie: str, accept_language: str) -> str:
    """The `lang` cookie (a choice), else the first language of the browser that we speak, else French."""
    return next((code for code in _wished(cookie, accept_language) if code in LANGUAGES), DEFAULT)


def _wished(cookie: str, accept_language: str) -> Iterator[str]:
    if chosen := re.search(r"(?:^|; ?)lang=([a-z]{2})(?:;|$)", cookie):
        yield chosen[1]
    for part in accept_language.split(","):
        yield part.split(";")[0].strip()[:2].lower()
