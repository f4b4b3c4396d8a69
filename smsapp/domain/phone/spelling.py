"""From what people type to digits: separators, invisible characters, Excel's leavings, several numbers in one text.

Nothing here knows a numbering plan; what the digits mean is for `reading`.
"""

import re
import unicodedata
from dataclasses import dataclass

from smsapp.domain.phone.model import Reason

MAX_LENGTH = 500
"""A longer text is no phone number, whatever it holds."""
MAX_DIGITS = 17
"""E.164's 15 digits behind an international prefix."""
SPACES = (" ", "\u00a0", "\u202f")
"""What the column reader may remove without looking closer."""
PUNCTUATION = (".", "-", "(", ")")
"""Likewise, once decimals are out of the way."""
DECIMAL = r"^(\+?[0-9]{6,})[.,]0{1,3}$"
"""A number which a spreadsheet wrote as a decimal, without spaces: 612345678.0"""

_ENOUGH = 8
"""Digits from which a run is taken for a whole number when looking for a second one."""
_DECIMAL = re.compile(DECIMAL)
_DROPPED = re.compile(r"[ .\-()\[\]/\t\r\n]")
_SCIENTIFIC = re.compile(r"[+-]?([0-9]+)(?:[.,]([0-9]+))?[eE][+-]?([0-9]{1,3})")
_LEADING_PLUS = re.compile(r"^0*\++")
_BETWEEN_NUMBERS = re.compile(r"[^0-9 .()\-+]+|(?=\+)")
_NOT_DIGIT = re.compile(r"[^0-9]")
_LIST = re.compile(r"[;|\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029]+|,(?!\d+[eE]\+?\d)|[^\S\n\r\t]{2,}")
_LOOKALIKES = str.maketrans("OoIl", "0011")
_QUOTES = "'\"\u2018\u2019\u201c\u201d\u00ab\u00bb`=\u00b4"


@dataclass(frozen=True, slots=True)
class Spelling:
    """ASCII digits, and whether a + stood before them (then the first digit is not 0)."""

    plus: bool
    digits: str


@dataclass(frozen=True, slots=True)
class Misspelt:
    """Why no single number stands there, and the texts in it which may be numbers."""

    reason: Reason
    parts: tuple[str, ...] = ()


def spell(text: str) -> Spelling | Misspelt:
    """The digits of one number, or the reason why `text` is not the spelling of one number."""
    if len(text) > MAX_LENGTH and len(text := text.strip()) > MAX_LENGTH:
        return Misspelt(Reason.TOO_LONG)
    plain = _ascii(text)
    spaceless = plain.replace(" ", "")
    if scientific := _SCIENTIFIC.fullmatch(spaceless):
        whole, decimals, exponent = scientific[1], scientific[2] or "", int(scientific[3])
        complete = len(whole) == 1 and len(decimals) == exponent
        return Misspelt(Reason.SCIENTIFIC, (whole + decimals,) if complete else ())
    if decimal := _DECIMAL.fullmatch(spaceless):
        plain = spaceless = decimal[1]
    bare = _LEADING_PLUS.sub("+", _DROPPED.sub("", spaceless))
    digits = bare.removeprefix("+")
    if not digits:
        return Misspelt(Reason.EMPTY)
    parts = _parts(plain)
    if len(parts) > 1:
        return Misspelt(Reason.TWO_NUMBERS, parts)
    if _NOT_DIGIT.search(digits):
        return Misspelt(Reason.LETTERS, (*parts, plain.translate(_LOOKALIKES)))
    if len(digits) > MAX_DIGITS:
        parts = tuple(part for part in _tokens(plain) if len(_NOT_DIGIT.sub("", part)) >= _ENOUGH)
        return Misspelt(Reason.TWO_NUMBERS, parts) if len(parts) > 1 else Misspelt(Reason.TOO_LONG)
    return Spelling(bare.startswith("+") and not digits.startswith("0"), digits)


def split_numbers(text: str) -> list[str]:
    """The numbers of a pasted list (S29), as typed, in order; each still has to be read.

    Separators are comma, semicolon, vertical bar, tab, line ends and two or more spaces. One space separates only where
    a whole number ends ("0612345678 0687654321"), since people write one number with spaces. No digit is ever lost.
    Time grows with the length of `text` only.
    """
    return [number for piece in _LIST.split(text) if piece for number in _tokens(piece)]


def _tokens(piece: str) -> list[str]:
    """Cut `piece` at the single spaces where a whole number ends and another begins."""
    found: list[list[str]] = []
    digits = ""
    for token in piece.split():
        more = "".join(str(unicodedata.decimal(c)) for c in token if c.isdecimal())
        if found and _another(found[-1][0], digits, token, more):
            found.append([token])
            digits = more
        elif found:
            found[-1].append(token)
            digits += more
        else:
            found.append([token])
            digits = more
    return [" ".join(tokens) for tokens in found]


def _another(first: str, digits: str, token: str, more: str) -> bool:
    """Whether `token` begins another number after one that began with `first` and has `digits` so far."""
    if token.lstrip("(").startswith(("+", "\uff0b")):
        return len(digits) >= _ENOUGH - 1
    if len(digits) == 10 and digits[0] == "0" and digits[1] != "0":
        return more.startswith("0")
    abroad = 10 if "+" in first else 11 if digits.startswith("00") else _ENOUGH
    return len(digits) >= abroad and len(more) >= _ENOUGH


def _parts(plain: str) -> tuple[str, ...]:
    """The stretches of `plain` between words, signs and a new + that have digits enough for a number."""
    stretches = _BETWEEN_NUMBERS.split(plain)
    return tuple(s.strip() for s in stretches if s and len(_NOT_DIGIT.sub("", s)) >= _ENOUGH)


def _ascii(text: str) -> str:
    """`text` with any script's digits, dashes and spaces as ASCII, without invisible characters, quotes and `tel:`."""
    if not text.isascii() or not text.isprintable():
        text = "".join(map(_ascii_char, text))
    text = text.strip().strip(_QUOTES).strip()
    return text[4:].lstrip() if text[:4].lower() == "tel:" else text


def _ascii_char(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind in ("Zs", "Zl", "Zp") or char in "\t\n\r\v\f\x85":
        return "\n" if char in "\n\r\u2028\u2029\x85" else " "
    if kind == "Pd" or char == "\u2212":
        return "-"
    if kind in ("Cf", "Cc", "Mn", "Me"):
        return ""
    return {"\uff0b": "+", "\uff0e": ".", "\uff08": "(", "\uff09": ")", "\uff0f": "/", "\u00b7": "."}.get(char, char)
