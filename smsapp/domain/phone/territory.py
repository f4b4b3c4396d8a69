"""What an E.164 number says about itself: country, time zone, the way people write it, whether it is fictional."""

from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, timezone

FICTION: Final = frozenset({3363998, 3319900, 3326191, 3335301, 3346571, 3353649})
"""ARCEP's ranges for films, 10 000 numbers each: 06 39 98, 01 99 00, 02 61 91, 03 53 01, 04 65 71, 05 36 49."""
_PARIS: Final = "Europe/Paris"
_ZONES: Final = {
    "FR": _PARIS,
    "RE": "Indian/Reunion",
    "YT": "Indian/Mayotte",
    "MQ": "America/Martinique",
    "GP": "America/Guadeloupe",
    "GF": "America/Cayenne",
    "PM": "America/Miquelon",
    "BL": "America/St_Barthelemy",
    "MF": "America/Marigot",
    "NC": "Pacific/Noumea",
    "PF": "Pacific/Tahiti",
    "WF": "Pacific/Wallis",
}


def calling_code_of(digits: str) -> int | None:
    """The calling code that international `digits` (no +, no 00) begin with, or None."""
    for width in (1, 2, 3):
        if digits[:width].isascii() and digits[:width].isdigit() and len(digits) >= width:
            code = int(digits[:width])
            if str(code) == digits[:width] and code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
                return code
    return None


def main_region(calling_code: int) -> str:
    """The region that stands for a calling code: GB for 44, US for 1, FR for 33, "001" for codes of no country."""
    return phonenumbers.region_code_for_country_code(calling_code)


@lru_cache(maxsize=65_536)
def territory_of(e164: int) -> tuple[str, int]:
    """(region, calling code) of a number. A number unknown to the metadata has its calling code's main region.

    Raises ValueError when no country has such a number's calling code.
    """
    number = _parsed(e164)
    if number is None or number.country_code is None:
        raise ValueError("no country has this calling code")
    return region_of(number), number.country_code


def region_of(number: phonenumbers.PhoneNumber) -> str:
    """The region of a parsed number, never None."""
    return phonenumbers.region_code_for_number(number) or main_region(number.country_code or 0)


@lru_cache(maxsize=65_536)
def pretty(e164: int) -> str:
    """A number as people write it: "+33 6 12 34 56 78". `read_number(pretty(n))` gives n back."""
    number = _parsed(e164)
    if number is None:
        return f"+{e164}"
    written = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    return written if "".join(filter(str.isdigit, written)) == str(e164) else f"+{e164}"


@lru_cache(maxsize=65_536)
def time_zone(e164: int) -> str:
    """The IANA zone in which a number's owner most likely lives; Europe/Paris when nothing is known.

    French territories have their own; elsewhere it is the first zone that libphonenumber names for the prefix.
    """
    number = _parsed(e164)
    if number is None:
        return _PARIS
    if zone := _ZONES.get(region_of(number)):
        return zone
    first = next(iter(timezone.time_zones_for_number(number)), timezone.UNKNOWN_TIMEZONE)
    return _PARIS if first == timezone.UNKNOWN_TIMEZONE else first


def is_fiction(e164: int) -> bool:
    """Whether a number is one of those reserved for fiction: they must never reach a real gateway."""
    return e164 // 10_000 in FICTION


def _parsed(e164: int) -> phonenumbers.PhoneNumber | None:
    if e164 <= 0:
        return None
    try:
        return phonenumbers.parse(f"+{e164}", None)
    except phonenumbers.NumberParseException:
        return None
