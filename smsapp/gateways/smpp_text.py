"""Texts as SMPP carries them: GSM-7 unpacked or UCS-2, cut where the price was counted, and replies put together."""

from __future__ import annotations

from dataclasses import dataclass, field

from smsapp.domain.encoding import BASIC, EXTENDED, Encoding, measure

UDHI = 0x40  # esm_class: the text begins with a header
RECEIPT = 0x04  # esm_class: this is a delivery report
UCS2 = 8  # data_coding
_ESCAPE = b"\x1b"
_ALPHABET = (  # GSM 03.38 in the order of its codes; smpplib's own table lacks the paragraph sign
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\x0c": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_CODES = {char: bytes([_ALPHABET.index(char)]) for char in BASIC} | {
    char: _ESCAPE + bytes([_EXTENSION[char]]) for char in EXTENDED
}
_BASIC_CHARS = {code[0]: char for char, code in _CODES.items() if len(code) == 1}
_EXTENDED_CHARS = {code[1]: char for char, code in _CODES.items() if len(code) == 2}


@dataclass(frozen=True, slots=True)
class Part:
    """One submit_sm: either ``short`` or, for a whole long message, ``payload``."""

    short: bytes
    esm_class: int
    data_coding: int
    payload: bytes = b""


def parts_of(text: str, reference: int, *, payload: bool = False) -> list[Part]:
    """The submissions that carry a text: as many as it has segments (each with a header naming ``reference``, 0 to
    255), or with ``payload`` always one.
    """
    counted = measure(text)
    if counted.encoding is Encoding.GSM7:
        whole, coding, width = b"".join(_CODES[char] for char in text), 0, 1
    else:
        whole, coding, width = text.encode("utf-16-be"), UCS2, 2
    if counted.segments == 1:
        return [Part(whole, 0, coding)]
    if payload:
        return [Part(b"", 0, coding, whole)]
    parts, start = [], 0
    for index, fill in enumerate(counted.fills, 1):
        header = bytes([5, 0, 3, reference, counted.segments, index])
        parts.append(Part(header + whole[start : start + fill * width], UDHI, coding))
        start += fill * width
    return parts


def decode(data: bytes, data_coding: int) -> str:
    """The text of a reply."""
    if data_coding == UCS2:
        return data.decode("utf-16-be", "replace")
    if data_coding == 0 or data_coding >= 0xF0:
        return _from_gsm(data)
    return data.decode("latin-1")


def _from_gsm(data: bytes) -> str:
    text, escaped = [], False
    for code in data:
        if escaped:
            text.append(_EXTENDED_CHARS.get(code) or _BASIC_CHARS.get(code, " "))
            escaped = False
        elif code == _ESCAPE[0]:
            escaped = True
        else:
            text.append(_BASIC_CHARS.get(code) or bytes([code]).decode("latin-1"))
    return "".join(text)


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of which long message: reference, how many there are, which this is (from 1)."""

    reference: int
    total: int
    index: int


def unwrap(data: bytes) -> tuple[Place | None, bytes]:
    """The place that a header gives, if it is about that, and the text after the header."""
    length = data[0] if data else 0
    header, rest = data[1 : 1 + length], data[1 + length :]
    at = 0
    while at + 1 < len(header):
        kind, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        if (kind, size) == (0, 3) and len(value) == 3:
            return Place(value[0], value[1], value[2]), rest
        if (kind, size) == (8, 4) and len(value) == 4:
            return Place(value[0] << 8 | value[1], value[2], value[3]), rest
        at += 2 + size
    return None, rest


@dataclass
class Puzzle:
    """The parts of a long reply that have come, by place."""

    total: int
    begun: float
    texts: dict[int, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.texts) >= self.total

    @property
    def text(self) -> str:
        return "".join(self.texts[index] for index in sorted(self.texts))
