"""The page behind an opt-out link, as plain HTML in five languages: no script, one button, any phone (M6)."""

import base64
import hashlib
import html
import json
import re
from functools import cache
from pathlib import Path

from smsapp.domain.phone import pretty

DEFAULT = "en"  # whoever reads this got an SMS outside the countries of our short code
WORDS = Path(__file__).with_name("opt_out_words.json")

_STYLE = Path(__file__).with_name("opt_out.css").read_text("utf-8")
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
"""No script runs, nothing is fetched: only the style of the page itself."""


@cache
def words() -> dict[str, dict[str, str]]:
    """What the page says, by language."""
    found: dict[str, dict[str, str]] = json.loads(WORDS.read_text("utf-8"))
    return found


def reader(accept_language: str) -> str:
    """The first language of the browser that the page speaks."""
    wished = (part.split(";")[0].strip()[:2].lower() for part in accept_language.split(","))
    return next((code for code in wished if code in words()), DEFAULT)


def masked(e164: int) -> str:
    """A number of which whoever holds the phone knows the rest: `+44 7•••••••56`."""
    shown = pretty(e164)
    places = [at for at, char in enumerate(shown) if char.isdecimal()]
    hidden = set(places[3:-2])
    return "".join("•" if at in hidden else char for at, char in enumerate(shown))


def ask(lang: str, sender: str, e164: int) -> str:
    """The question and its one button, which posts to the address of the page itself."""
    said = words()[lang]
    button = f'<form method="post"><button type="submit">{html.escape(said["button"])}</button></form>'
    question = said["ask"].format(sender=sender, number=masked(e164))
    return _page(lang, said["title"], _line(question) + button + _line(said["free"], small=True))


def done(lang: str, sender: str, e164: int) -> str:
    """Nothing more will be sent."""
    said = words()[lang]
    end = said["done"].format(sender=sender, number=masked(e164))
    return _page(lang, said["done_title"], _line(end) + _line(said["close"], small=True))


def refused(lang: str, kind: str, **params: int) -> str:
    """`kind` is unknown or busy (with `minutes`)."""
    said = words()[lang]
    return _page(lang, said[f"{kind}_title"], _line(said[kind].format(**params)))


def foreign(lang: str) -> str:
    """The button was pressed by another site."""
    said = words()[lang]
    return _page(lang, said["title"], _line(said["foreign"]))


def _line(text: str, *, small: bool = False) -> str:
    """A paragraph, its figures never broken over two lines."""
    joined = re.sub(r"(?<=[\d•]) (?=[\d•])", "\u00a0", html.escape(text))
    return f'<p class="s">{joined}</p>' if small else f"<p>{joined}</p>"


def _page(lang: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )
