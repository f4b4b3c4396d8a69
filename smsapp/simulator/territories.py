"""Names of countries for what is written on the server (the quote on paper); pages take theirs from the browser."""

import json
from functools import cache

import phonenumbers
from phonenumbers.geodata.locale import LOCALE_DATA

from smsapp.i18n.catalogue import catalogue

FIRST = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BE", "CH", "LU", "GB", "DE", "ES", "IT", "PT")
"""France, its overseas territories and its neighbours: what people write to most stands first."""


def name(territory: str, lang: str) -> str:
    """The name of a territory; its code when nobody has named it."""
    own = catalogue(lang).get(f"simulator.territory.{territory}")
    if own:
        return own
    names: dict[str, str] = LOCALE_DATA.get(territory, {})
    found = names.get(lang, territory)
    return names.get(found[1:], territory) if found.startswith("*") else found


@cache
def codes() -> str:
    """Every territory with its calling code, as the search field of the page reads them: [["FR", 33], ...]."""
    others = sorted(phonenumbers.SUPPORTED_REGIONS - set(FIRST))
    return json.dumps([[code, phonenumbers.country_code_for_region(code)] for code in (*FIRST, *others)])
