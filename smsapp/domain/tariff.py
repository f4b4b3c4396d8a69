"""What a message costs by type and destination, and what credits cost in euros (S76-S83, S91, S92, M13, M16).

A tariff is a TOML file (`tariff.toml` beside this module is the one of a new installation and documents the format).
It is read once, checked whole, and never changes: a quote names the version that it used.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import NoReturn

import phonenumbers

from smsapp.domain.credits import MAX_UNITS, UNITS, Credits, NotAnAmount
from smsapp.domain.errors import Refusal


class SmsType(StrEnum):
    """The two types of message sold (S97)."""

    PRO = "pro"  # SMS Pro, priced per segment
    VOICE = "voice"  # SMS Voix, priced per call


class NotCovered(Refusal):
    """No price for this destination (S32)."""

    key = "tariff.not_covered"


class TariffError(Refusal):
    """The file is not a tariff. `params` hold `line` (0 when it cannot be told), `entry` and `value`."""


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one segment (SMS Pro) or call (SMS Voix), in units; `sample` when nobody has confirmed it."""

    units: int
    sample: bool


@dataclass(frozen=True, slots=True)
class Pack:
    """Credits sold together (S76). `eur` is the price of one credit before tax."""

    credits: int
    eur: Decimal

    @property
    def total(self) -> Decimal:
        """Price of the pack in euros before tax, exact."""
        return self.credits * self.eur


@dataclass(frozen=True)
class Tariff:
    """A checked tariff. `prices` maps a type and a territory to a price; `packs` are in ascending order."""

    version: str
    eur_per_credit: Decimal
    prices: Mapping[SmsType, Mapping[str, Price]]
    packs: tuple[Pack, ...]
    sender_prices: Mapping[str, Price] = field(default_factory=dict)
    """Territory -> price of SMS Pro with the option of a sender of one's own (S82), where it has its own price."""
    vat: Decimal = Decimal(20)
    """Value added tax, in percent."""

    def price(self, territory: str, sms_type: SmsType, *, custom_sender: bool = False) -> Price | None:
        """The price for a territory, or for the main territory of its calling code (M13: Guernsey is priced as
        England); None when it is not covered. With `custom_sender`, that of SMS Pro with the option."""
        if custom_sender and sms_type is SmsType.PRO and (option := self._listed(self.sender_prices, territory)):
            return option
        return self._listed(self.prices[sms_type], territory)

    def _listed(self, prices: Mapping[str, Price], territory: str) -> Price | None:
        if (found := prices.get(territory)) is not None:
            return found
        calling_code = phonenumbers.country_code_for_region(territory)
        return prices.get(phonenumbers.region_code_for_country_code(calling_code)) if calling_code else None

    def unit_price(self, territory: str, sms_type: SmsType, *, custom_sender: bool = False) -> int:
        """Units for one segment or call to `territory`. Raises NotCovered."""
        found = self.price(territory, sms_type, custom_sender=custom_sender)
        if found is None:
            raise NotCovered(territory=territory)
        return found.units

    def euros(self, units: int) -> Decimal:
        """The reference value in euros of an amount in units, exact (M16: 1.1 credit is 0.0715 EUR)."""
        return Credits(units).decimal * self.eur_per_credit

    def with_tax(self, euros: Decimal) -> Decimal:
        """An amount before tax with its tax, rounded to the cent."""
        return (euros * (100 + self.vat) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def parse_tariff(text: str) -> Tariff:
    """Read and check a tariff file.

    Raises TariffError with the line and the reason for anything unknown, missing, repeated, negative, or finer than
    four decimals.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        line = re.search(r"at line (\d+)", str(broken))
        raise TariffError("tariff.not_toml", line=int(line[1]) if line else 0, entry="", value="") from None
    return _Reader(text).tariff(data)


@cache
def default_tariff() -> Tariff:
    """The tariff packaged with smsapp."""
    return parse_tariff(resources.files("smsapp.domain").joinpath("tariff.toml").read_text(encoding="utf-8"))


class _Reader:
    """Checks a parsed file entry by entry, knowing where each entry stands in the text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, list[int]] = {"price": [], "pack": []}
        self._keys: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if header := re.match(r"\s*\[\[\s*(price|pack)\s*\]\]", line):
                self._lines[header[1]].append(number)
            elif key := re.match(r"\s*(\w+)\s*=", line):
                self._keys.setdefault(key[1], number)

    def tariff(self, data: dict[str, object]) -> Tariff:
        for key in data:
            if key not in ("version", "eur_per_credit", "vat_percent", "pack", "price"):
                self._refuse("tariff.unknown_key", key, key)
        version = data.get("version")
        if not isinstance(version, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", version.strip()):
            self._refuse("tariff.no_version", "version", version)
        rate = self._amount(data.get("eur_per_credit"), "eur_per_credit")
        packs = sorted((self._pack(i, entry) for i, entry in self._entries(data, "pack")), key=lambda p: p.credits)
        if len({pack.credits for pack in packs}) < len(packs):
            self._refuse("tariff.pack_twice", "pack", "")
        vat = self._amount(data.get("vat_percent", "20"), "vat_percent")
        prices: dict[SmsType, dict[str, Price]] = {sms_type: {} for sms_type in SmsType}
        with_sender: dict[str, Price] = {}
        for i, entry in self._entries(data, "price"):
            self._add_price(prices, with_sender, i, entry)
        if not prices[SmsType.PRO]:
            self._refuse("tariff.no_price", "price", "")
        frozen = MappingProxyType({sms_type: MappingProxyType(table) for sms_type, table in prices.items()})
        return Tariff(version.strip(), rate.decimal, frozen, tuple(packs), MappingProxyType(with_sender), vat.decimal)

    def _entries(self, data: dict[str, object], name: str) -> list[tuple[int, dict[str, object]]]:
        entries = data.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._refuse("tariff.not_a_list", name, name)
        return list(enumerate(entries))

    def _pack(self, index: int, entry: dict[str, object]) -> Pack:
        where = f"pack {index + 1}"
        self._only(entry, ("credits", "eur"), where)
        size = entry.get("credits")
        if type(size) is not int or not 0 < size <= MAX_UNITS // UNITS:
            self._refuse("tariff.bad_pack", where, size)
        return Pack(size, self._amount(entry.get("eur"), where).decimal)

    def _add_price(
        self,
        prices: dict[SmsType, dict[str, Price]],
        with_sender: dict[str, Price],
        index: int,
        entry: dict[str, object],
    ) -> None:
        where = f"price {index + 1}"
        self._only(entry, ("type", "option", "credits", "sample", "territories"), where)
        if entry.get("type") not in tuple(SmsType):
            self._refuse("tariff.unknown_type", where, entry.get("type"))
        table = prices[SmsType(str(entry["type"]))]
        if "option" in entry:
            if entry["option"] != "sender" or entry["type"] != SmsType.PRO:
                self._refuse("tariff.unknown_option", where, entry["option"])
            table = with_sender
        sample = entry.get("sample", False)
        if not isinstance(sample, bool):
            self._refuse("tariff.bad_sample", where, sample)
        price = Price(self._amount(entry.get("credits"), where).units, sample)
        territories = entry.get("territories")
        if not isinstance(territories, list) or not territories:
            self._refuse("tariff.no_territory", where, "")
        for territory in territories:
            if territory not in phonenumbers.SUPPORTED_REGIONS:
                self._refuse("tariff.unknown_territory", where, territory)
            if territory in table:
                self._refuse("tariff.territory_twice", where, territory)
            table[territory] = price

    def _amount(self, value: object, where: str) -> Credits:
        if not isinstance(value, str):
            self._refuse("tariff.not_an_amount", where, value)
        try:
            amount = Credits.parse(value)
        except NotAnAmount as refusal:
            reason = "too_many_decimals" if refusal.key == "credits.too_many_decimals" else "not_an_amount"
            self._refuse(f"tariff.{reason}", where, value)
        if amount.units < 0:
            self._refuse("tariff.negative", where, value)
        if amount.units == 0:
            self._refuse("tariff.free", where, value)
        return amount

    def _only(self, entry: dict[str, object], known: tuple[str, ...], where: str) -> None:
        for key in entry:
            if key not in known:
                self._refuse("tariff.unknown_key", where, key)

    def _refuse(self, key: str, where: str, value: object) -> NoReturn:
        name, _, number = where.partition(" ")
        lines = self._lines.get(name, [])
        line = lines[int(number) - 1] if number and len(lines) >= int(number) else self._keys.get(where, 0)
        raise TariffError(key, line=line, entry=where, value="" if value is None else str(value))
