"""Figures and instants in words of a language, on the server; the browser does the same with Intl (runtime.js).

Formats that a message can name: `credits` (units, 10 000 to a credit), `percent` (a share of 1), `moment`, `day`,
`clock` (ISO text or datetime), `country` (its two letters, of which the browser makes its name), `raw` (as it is).
Without a name, numbers are grouped and the rest is left alone.
"""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

UNITS = 10_000
_MARKS = {"fr": ("\u202f", ","), "en": (",", ".")}


def number(lang: str, value: float | Decimal, digits: int = 3) -> str:
    """`1 234,5` in French, `1,234.5` in English; at most `digits` decimals, none that is only zeros."""
    group, point = _MARKS.get(lang, _MARKS["fr"])
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    whole, _, rest = f"{exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,f}".partition(".")
    rest = rest.rstrip("0")
    return whole.replace(",", group) + (point + rest if rest else "")


def credits(lang: str, units: int) -> str:
    """Units as credits: 54114000 is `5 411,4`."""
    return number(lang, Decimal(units) / UNITS, 4)


def percent(lang: str, share: float) -> str:
    """0.976 is `97,6 %` (no-break space) in French, `97.6%` in English."""
    return number(lang, Decimal(str(share)) * 100, 1) + ("\u202f%" if lang == "fr" else "%")


def money(lang: str, amount: Decimal, currency: str = "EUR") -> str:
    """Decimal(660) is `660,00 €` in French, `€660.00` in English."""
    group, point = _MARKS.get(lang, _MARKS["fr"])
    sign = {"EUR": "€"}.get(currency, currency)
    text = (
        f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,f}".replace(",", "_")
        .replace(".", point)
        .replace("_", group)
    )
    return f"{text}\u00a0{sign}" if lang == "fr" else f"{sign}{text}"


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return datetime.fromisoformat(str(value)) if value else None


def moment(value: object) -> str:
    """`17/06/2026 09:00`, in the zone that the instant carries; nothing for nothing."""
    return at.strftime("%d/%m/%Y %H:%M") if (at := _instant(value)) else ""


def day(value: object) -> str:
    """`17/06/2026`."""
    return at.strftime("%d/%m/%Y") if (at := _instant(value)) else ""


def clock(value: object) -> str:
    """`09:00`."""
    return at.strftime("%H:%M") if (at := _instant(value)) else ""


def formatted(lang: str, value: object, name: str | None) -> str:
    """One parameter of a message, in the format that the message names."""
    if name in ("moment", "day", "clock"):
        return {"moment": moment, "day": day, "clock": clock}[name](value)
    if name in ("raw", "country") or isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    if name == "credits":
        return credits(lang, int(value))
    if name == "percent":
        return percent(lang, float(value))
    return number(lang, value)
