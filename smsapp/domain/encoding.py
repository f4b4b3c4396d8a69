"""How a text travels: GSM-7 or UCS-2, how many units and segments it takes, which characters cost and what may stand
in for them (S60, S61, M7).

The alphabet and the replacements live in `gsm7.json`, which the browser's composer reads too, so that both count alike.
Nothing here changes a text unasked: `replace` and `shorten` are called when the person has agreed.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Literal

_DATA = json.loads(resources.files("smsapp.domain").joinpath("gsm7.json").read_text(encoding="utf-8"))

BASIC = frozenset(_DATA["basic"])
"""GSM 03.38 default alphabet: one unit each."""

EXTENDED = frozenset(_DATA["extended"])
"""GSM 03.38 extension table, `€` among them: an escape and a character, two units (S60); one unit under UCS-2."""

GSM7 = BASIC | EXTENDED

_NAMED: dict[str, dict[str, str]] = _DATA["replacements"]
_ESCAPE = "\x1b"
_ESCAPED = {ord(char): _ESCAPE + char for char in EXTENDED}


class Encoding(StrEnum):
    """The two ways an SMS is written."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


SINGLE = {Encoding.GSM7: 160, Encoding.UCS2: 70}
"""Units that fit a message of one segment."""

MULTIPLE = {Encoding.GSM7: 153, Encoding.UCS2: 67}
"""Units that fit each segment of a longer message."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a text takes.

    `characters` are code points as a person counts them, `units` are septets or UTF-16 units, `fills` the units used in
    each segment, `capacity` what each segment may hold. An empty text takes one empty segment, as it would be billed.
    """

    encoding: Encoding
    characters: int
    units: int
    segments: int
    fills: tuple[int, ...]
    capacity: int

    @property
    def left(self) -> int:
        """Units still free in the last segment."""
        return self.capacity - self.fills[-1]


def measure(text: str) -> Measure:
    """Count a text exactly: 160/153 units under GSM-7, 70/67 under UCS-2.

    An escape and its character, or the two halves of a surrogate pair, never lie in two segments: the earlier segment
    stays one unit short.
    """
    if GSM7.issuperset(text):
        encoding = Encoding.GSM7
        escaped = text.translate(_ESCAPED)
        units = len(escaped)
        if units <= SINGLE[encoding]:
            return Measure(encoding, len(text), units, 1, (units,), SINGLE[encoding])
        fills = _fill(units, MULTIPLE[encoding], lambda end: escaped[end - 1] == _ESCAPE)
    else:
        encoding = Encoding.UCS2
        utf16 = text.encode("utf-16-be", "surrogatepass")
        units = len(utf16) // 2
        if units <= SINGLE[encoding]:
            return Measure(encoding, len(text), units, 1, (units,), SINGLE[encoding])
        # A pair is cut when a high half stands before the boundary and a low half after it.
        fills = _fill(
            units,
            MULTIPLE[encoding],
            lambda end: utf16[2 * end - 2] & 0xFC == 0xD8 and utf16[2 * end] & 0xFC == 0xDC,
        )
    return Measure(encoding, len(text), units, len(fills), fills, MULTIPLE[encoding])


def _fill(units: int, capacity: int, cuts_pair: Callable[[int], bool]) -> tuple[int, ...]:
    """Units used in each segment when `units` are laid out and no pair is cut."""
    fills, start = [], 0
    while units - start > capacity:
        end = start + capacity
        if cuts_pair(end):
            end -= 1
        fills.append(end - start)
        start = end
    return (*fills, units - start)


@dataclass(frozen=True, slots=True)
class Culprit:
    """A character that costs: it forces Unicode on the whole message, or counts double under GSM-7.

    `replacement` is what may stand in for it ("" to leave it out), None when nothing honest can. `name_key` is the
    catalogue key of its name.
    """

    char: str
    count: int
    effect: Literal["unicode", "double"]
    replacement: str | None
    name_key: str


def culprits(text: str) -> list[Culprit]:
    """The characters of `text` that cost, those that force Unicode first, each group in order of appearance."""
    counts = Counter(char for char in text if char not in BASIC)
    found = [
        Culprit(char, count, "double" if char in EXTENDED else "unicode", replacement_of(char), name_key(char))
        for char, count in counts.items()
    ]
    return sorted(found, key=lambda culprit: culprit.effect == "double")


def replacement_of(char: str) -> str | None:
    """What may stand in for a character outside the basic alphabet: French typography and letters by a table, other
    accented letters by their bare letter, invisible characters and emoji by nothing; None for other scripts."""
    if char in BASIC:
        return None
    if char in _NAMED:
        return _NAMED[char]["to"]
    bare = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    if bare != char and BASIC.issuperset(bare):
        return bare
    return "" if _kind(char) in ("emoji", "invisible", "accent") else None


def name_key(char: str) -> str:
    """Catalogue key of the name of a character, such as `text.char.curly_apostrophe`."""
    return f"text.char.{_NAMED[char]['name'] if char in _NAMED else _kind(char)}"


_EMOJI = re.compile(
    "[\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff\U000e0020-\U000e007f]"
)


def _kind(char: str) -> str:
    category = unicodedata.category(char)
    if _EMOJI.match(char) or char == "\u20e3":
        return "emoji"
    if category in ("Cf", "Cc") or "\ufe00" <= char <= "\ufe0f":
        return "invisible"
    if category.startswith("M"):
        return "accent"
    return "letter" if category.startswith("L") else "space" if category.startswith("Z") else "sign"


def replace(text: str, chars: Collection[str] | None = None) -> str:
    """`text` with `chars` replaced, or every culprit that has a replacement when None.

    An accent written as a character of its own is first joined to its letter, so that `e` + `´` becomes `é`, not `e`.
    """
    wanted = {char for char in set(text) if char not in BASIC} if chars is None else set(chars)
    if any(unicodedata.combining(char) for char in wanted):
        joined = unicodedata.normalize("NFC", text)
        wanted |= {char for char in set(joined) - set(text) if char not in BASIC}
        text = joined
    table = {ord(char): to for char in wanted if (to := replacement_of(char)) is not None}
    return text.translate(table)


def shorten(text: str) -> str:
    """`text` with `€` and the other characters of the extension table replaced, but only if that lowers its number of
    segments; otherwise the same text (S61 as M7 mends it). To be called on a rendered message, with consent."""
    shorter = replace(text, EXTENDED)
    return shorter if measure(shorter).segments < measure(text).segments else text
