"""The countries whose way of writing numbers a file may follow: all that have one, with their calling codes."""

import phonenumbers

FIRST = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BE", "CH", "LU", "GB", "DE", "ES", "IT", "PT")
"""France, its overseas territories and its neighbours stand first."""

COUNTRIES = tuple(
    (code, phonenumbers.country_code_for_region(code))
    for code in (*FIRST, *sorted(phonenumbers.SUPPORTED_REGIONS - set(FIRST)))
)
CODES = frozenset(code for code, _ in COUNTRIES)
