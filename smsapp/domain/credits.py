"""Credits: exact money. One credit is 10 000 units, always whole units, never a float (S77-S82).

Columns, ledgers and dataframes carry the plain integer of units; `Credits` wraps it where it is read, printed or
reckoned with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from smsapp.domain.errors import Refusal

if TYPE_CHECKING:
    from typing import Self

UNITS = 10_000
"""Units in one credit: four decimals."""

MAX_UNITS = 2**63 - 1
"""The largest amount a BIGINT column holds."""

_AMOUNT = re.compile(r"([+-]?)(\d{1,15})(?:[.,](\d+))?", re.ASCII)


class NotAnAmount(Refusal):
    """The text is not a number of credits with at most four decimals."""


@dataclass(frozen=True, order=True, slots=True)
class Credits:
    """An amount of credits, possibly negative, as whole units."""

    units: int

    def __post_init__(self) -> None:
        if type(self.units) is not int:
            raise TypeError(f"credits are whole units, not {type(self.units).__name__}")

    @classmethod
    def parse(cls, text: str | int | Decimal) -> Self:
        """Read `1.1`, `1,41`, `5 411,4`, an int of credits or a Decimal. Spaces of any kind separate thousands.

        Raises NotAnAmount for more than four decimals, exponents, nan, inf, or anything else; TypeError for a float,
        whose digits are already approximate.
        """
        if isinstance(text, bool) or not isinstance(text, str | int | Decimal):
            raise TypeError(f"credits are read from text, int or Decimal, not {type(text).__name__}")
        if isinstance(text, Decimal) and not text.is_finite():
            raise NotAnAmount("credits.not_a_number", value=str(text))
        plain = f"{text:f}" if isinstance(text, Decimal) else str(text)
        found = _AMOUNT.fullmatch("".join(plain.split()).replace("\u2212", "-"))
        if found is None:
            raise NotAnAmount("credits.not_a_number", value=plain)
        sign, whole, decimals = found[1], found[2], (found[3] or "").rstrip("0")
        if len(decimals) > 4:
            raise NotAnAmount("credits.too_many_decimals", value=plain)
        units = int(whole) * UNITS + int(decimals.ljust(4, "0"))
        if units > MAX_UNITS:
            raise NotAnAmount("credits.not_a_number", value=plain)
        return cls(-units if sign == "-" else units)

    def __add__(self, other: Credits) -> Credits:
        return Credits(self.units + other.units) if isinstance(other, Credits) else NotImplemented

    def __sub__(self, other: Credits) -> Credits:
        return Credits(self.units - other.units) if isinstance(other, Credits) else NotImplemented

    def __mul__(self, times: int) -> Credits:
        return Credits(self.units * times) if type(times) is int else NotImplemented

    __rmul__ = __mul__

    def __neg__(self) -> Credits:
        return Credits(-self.units)

    def __bool__(self) -> bool:
        return self.units != 0

    def __str__(self) -> str:
        """Shortest exact text with a dot: `5411.4`, `-0.0001`, `20`."""
        return f"{self.decimal:f}"

    @property
    def decimal(self) -> Decimal:
        """The exact amount in credits, without trailing zeros."""
        whole, rest = divmod(abs(self.units), UNITS)
        digits = f"{whole}.{rest:04}".rstrip("0").rstrip(".")
        return Decimal(f"-{digits}" if self.units < 0 else digits)

    @property
    def number(self) -> float:
        """For the screen only (a browser's number formatter): never reckon with it."""
        return self.units / UNITS


ZERO = Credits(0)
