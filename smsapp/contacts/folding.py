"""How names are compared: without case, without accents. What is searched and what is sorted by is made here."""

import re
import unicodedata

SORT_LENGTH = 200
SEARCH_LENGTH = 400

_JOINED = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "’": "'", "%": " ", "\\": " ", "\0": " "}
)
_NUMBER = re.compile(r"[\d\s.+()/-]*\d[\d\s.+()/-]*")


def fold(text: str) -> str:
    """``text`` without case and accents, its spaces single: "  Élise  ŒUVRARD" -> "elise oeuvrard"."""
    folded = text.casefold()
    if not folded.isascii():
        parts = unicodedata.normalize("NFKD", folded.translate(_JOINED))
        folded = "".join(part for part in parts if not unicodedata.combining(part))
    return " ".join(folded.split())


def sort_name(nom: str, prenom: str, societe: str = "") -> str:
    """What a contact is sorted by: family name then first name, else the company. People without any come last."""
    return fold(f"{nom} {prenom}".strip() or societe)[:SORT_LENGTH] or "\uffff"


def search_text(e164: int, nom: str, prenom: str, societe: str, email: str) -> str:
    """What a contact is found by: number, names in both orders, company, e-mail."""
    return f"{e164} {fold(f'{prenom} {nom} {prenom} {societe} {email}')}"[:SEARCH_LENGTH]


def sought(typed: str) -> list[str]:
    """The fragments that a contact must all hold to answer what was typed in a search field.

    A number may be typed as people write it ("06 12 34", "+33 6 12", "0033612"): it is compared without the leading
    zeros and signs that E.164 does not have.
    """
    typed = fold(typed.replace("\0", " "))  # PostgreSQL takes no NUL, not even in a question
    if _NUMBER.fullmatch(typed):
        digits = re.sub(r"\D", "", typed)
        bare = digits[2:] if digits.startswith("00") else digits.removeprefix("0")
        return [bare or digits]
    return typed.split()[:8]


def inside(fragment: str) -> tuple[str, str | None]:
    """A fragment anywhere in a text, as LIKE asks for it, and what it escapes by: % and backslash are never in one."""
    return (f"%{fragment}%", None) if "_" not in fragment else ("%" + fragment.replace("_", "\\_") + "%", "\\")
