"""The languages of the interface: catalogues, what Python says from them, and what the browser says from them.

`catalogue` (pure: no Reflex) holds the texts and `translate`, for e-mails, exports and services; `formats` writes
figures and
instants the way a language does; `variables` gives the Vars that pages are made of. Rooms add their own fragments
`fr/<room>.json` and `en/<room>.json`.
"""

from smsapp.i18n.catalogue import DEFAULT, LANGUAGES, Sentence, catalogue, reader_language, translate
from smsapp.i18n.variables import (
    clock,
    credits,
    dated,
    day,
    language,
    message,
    moment,
    money,
    number,
    percent,
    say,
    set_language,
    t,
)

__all__ = [
    "DEFAULT",
    "LANGUAGES",
    "Sentence",
    "catalogue",
    "clock",
    "credits",
    "dated",
    "day",
    "language",
    "message",
    "moment",
    "money",
    "number",
    "percent",
    "reader_language",
    "say",
    "set_language",
    "t",
    "translate",
]
