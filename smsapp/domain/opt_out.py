"""The opt-out link at the end of a message to a country without our short code (M6): its form and its length.

A link is `<address>/s/<token>`, the token 10 signs of an alphabet without look-alikes, for a link is also read from a
screen and typed. Its length never changes, and every sign is one septet of GSM-7, so that a price that was counted
with `SAMPLE` in the place of the token is exact for every recipient.
"""

import re
from typing import Final

ALPHABET: Final = "23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH: Final = 10
"""56 signs to the power of 10, 58 bits: guessing a link that exists among a million takes 150 billion tries."""

SAMPLE: Final = "x" * LENGTH
PATH: Final = "/s/"

_TOKEN = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")


def sample_link(address: str) -> str:
    """The link as it is shown and counted before each recipient has their own. "" for no address."""
    return f"{address.rstrip('/')}{PATH}{SAMPLE}" if address else ""


def is_token(text: str) -> bool:
    """Whether `text` has the form of a token."""
    return _TOKEN.fullmatch(text) is not None
