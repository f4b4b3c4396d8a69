"""Seeded phone numbers of every country in every spelling, and hostile texts, for the tests of `domain.phone`."""

import random
from collections import defaultdict
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
_TYPES = (
    PhoneNumberType.MOBILE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER,
)
_SEPARATORS = ("", "", " ", ".", "-", "\u00a0", "\u202f", "/")
_HOSTILE = (
    *" .-()/+,;|'\"=&#*_\t\n\r\0\x0b\x1c\x7f\x85",
    *"\u00a0\u202f\u2009\u200b\u200d\u200e\u200f\u202a\u2066\ufeff\u00ad\ufe0f\u2028\u2212\uff0b\u0660\u0966\uff10\u00b2\u2460\u20e3",
    *"eEoOlIx\u00e9\u0627\U0001f4de\U0001d7ce",
)


@cache
def _examples(region: str) -> tuple[str, ...]:
    found = (phonenumbers.example_number_for_type(region, kind) for kind in _TYPES)
    return tuple(phonenumbers.national_significant_number(n) for n in found if n)


def number_of(region: str, draw: random.Random) -> str:
    """A national number of `region`: one that exists with its last digits changed, so valid, of another kind or not."""
    example = draw.choice(_examples(region))
    kept = draw.randint(1, len(example))
    return example[:kept] + "".join(draw.choice("0123456789") for _ in example[kept:])


def spelt(region: str, number: str, home: str, draw: random.Random) -> str:
    """One of the ways in which people of `home` write a national number of `region`."""
    code = str(phonenumbers.country_code_for_region(region))
    trunk = PhoneMetadata.metadata_for_region(region, None).national_prefix or ""
    separator = draw.choice(_SEPARATORS)
    start = draw.randint(1, 3)
    grouped = separator.join([number[:start], *(number[i : i + 2] for i in range(start, len(number), 2))])
    return draw.choice(
        (
            f"{trunk}{grouped}",
            f"{trunk}{grouped}",
            f"{trunk}{grouped}",
            grouped,
            f"+{code}{separator}{grouped}",
            f"+{code} (0){grouped}",
            f"00{code}{separator}{grouped}",
            f"{code}{separator}{grouped}",
            f"{code}{trunk}{grouped}",
            f"(+{code}) {grouped}",
            f"({trunk}{number[:2]}) {number[2:]}",
            f" {trunk}{number}\u00a0",
            f"{number}.0",
            f"+{trunk}{grouped}",
        )
    )


def world(count: int, seed: int) -> dict[str, list[str]]:
    """`count` spellings of numbers of all regions, some with an error, by the default region they are read with."""
    draw = random.Random(seed)
    columns: dict[str, list[str]] = defaultdict(list)
    for i in range(count):
        region = REGIONS[i % len(REGIONS)]
        home = region if draw.random() < 0.5 else draw.choice(("FR", "FR", "FR", "MQ", "GB", "US", "AR", "IT"))
        text = spelt(region, number_of(region, draw), home, draw)
        columns[home].append(_mistaken(text, draw) if draw.random() < 0.15 else text)
    return columns


def hostile(count: int, seed: int) -> list[str]:
    """Texts made to trip a reader: any script's digits, invisible characters, junk, several numbers, huge lengths."""
    draw = random.Random(seed)
    return [_hostile(draw) for _ in range(count)]


def _mistaken(text: str, draw: random.Random) -> str:
    return draw.choice(
        (
            text[:-1],
            text[:-3],
            text + str(draw.randrange(10)),
            text + "12345",
            text + " Paul",
            text + " / " + text,
            text + " " + text,
            "tel:" + text,
            "+" + text,
            "00" + text,
            "0" + text,
            text.replace("1", "l", 1),
            "",
            "n/a",
        )
    )


def _hostile(draw: random.Random) -> str:
    home = draw.choice(("FR", "FR", "GP", "GB", "US", "NC", "KZ"))
    base = spelt(home, number_of(home, draw), "FR", draw)
    kind = draw.randrange(8)
    if kind == 0:
        return "".join(draw.choice("0123456789+") for _ in range(draw.randrange(25)))
    if kind == 1:
        return "".join(draw.choice((*_HOSTILE, *"0123456789")) for _ in range(draw.randrange(30)))
    if kind == 2:
        return "".join(
            chr(draw.choice((0xFF10, 0x660, 0x966)) + int(c)) if c.isascii() and c.isdigit() else c for c in base
        )
    if kind == 3:
        return f"{draw.randrange(10)}{draw.choice('.,')}{draw.randrange(10 ** draw.randrange(1, 12))}E+{draw.randrange(14):02}"
    if kind == 4:
        return base * draw.randrange(1, 80)
    if kind == 5:
        return draw.choice(("000", "+0", "++", "00+", "+ +", "33 0 0", "3300", "0033 0 0", "0", "00")) + base
    characters = list(base)
    for _ in range(draw.randrange(1, 4)):
        characters.insert(draw.randint(0, len(characters)), draw.choice(_HOSTILE))
    return "".join(characters)
