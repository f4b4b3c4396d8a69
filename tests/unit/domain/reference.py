"""Slow, obvious ways to count and price one message, written apart from the product: what its answers are judged by."""

from __future__ import annotations

BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("\f^{}\\[~]|€")


def fills(text: str) -> tuple[str, list[int]]:
    """Encoding, then the units of each segment: characters laid out one by one, none ever cut."""
    gsm = all(char in BASIC or char in EXTENDED for char in text)
    widths = [2 if (char in EXTENDED if gsm else ord(char) > 0xFFFF) else 1 for char in text]
    single, multiple = (160, 153) if gsm else (70, 67)
    if sum(widths) <= single:
        return ("GSM-7" if gsm else "UCS-2"), [sum(widths)]
    laid = [0]
    for width in widths:
        if laid[-1] + width > multiple:
            laid.append(0)
        laid[-1] += width
    return ("GSM-7" if gsm else "UCS-2"), laid
