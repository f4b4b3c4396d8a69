"""Prices and packs, and what is refused in a tariff file (S32, S76, S80-S82, S91, S92, M13, M16)."""

from __future__ import annotations

from decimal import Decimal

import phonenumbers
import pytest

from smsapp.domain.credits import Credits
from smsapp.domain.tariff import NotCovered, SmsType, TariffError, default_tariff, parse_tariff

SMALL = """version = "t1"
eur_per_credit = "0.065"

[[pack]]
credits = 50
eur = "0.09"

[[price]]
type = "pro"
credits = "1"
territories = ["FR"]

[[price]]
type = "pro"
credits = "1.1"
sample = true
territories = ["GB", "MQ"]
"""


@pytest.mark.parametrize(
    ("territory", "sms_type", "price"),
    [
        ("FR", SmsType.PRO, "1"),  # S80
        ("GB", SmsType.PRO, "1.1"),  # S80
        ("FR", SmsType.VOICE, "1.41"),  # S81
        *((territory, SmsType.PRO, "1.1") for territory in ("GP", "MQ", "GF", "RE", "YT", "BL", "MF", "PM")),
    ],
)
def test_S80_S81_S92_prices_of_the_rules(territory: str, sms_type: SmsType, price: str) -> None:
    assert default_tariff().unit_price(territory, sms_type) == Credits.parse(price).units
    assert territory in ("FR", "GB") or sms_type is SmsType.PRO


@pytest.mark.parametrize("territory", ["GG", "JE", "IM"])
def test_M13_every_territory_of_44_is_priced_as_england(territory: str) -> None:
    for sms_type in SmsType:
        assert default_tariff().unit_price(territory, sms_type) == default_tariff().unit_price("GB", sms_type)


def test_S92_M16_a_message_to_martinique_is_0_0715_euros() -> None:
    tariff = default_tariff()
    assert tariff.euros(tariff.unit_price("MQ", SmsType.PRO)) == Decimal("0.0715")


def test_every_territory_of_libphonenumber_has_a_price_and_unconfirmed_ones_are_samples() -> None:
    tariff = default_tariff()
    confirmed = {"FR", "GB", "GG", "JE", "IM", "GP", "MQ", "GF", "RE", "YT", "BL", "MF", "PM"}
    for territory in phonenumbers.SUPPORTED_REGIONS:
        pro, voice = tariff.price(territory, SmsType.PRO), tariff.price(territory, SmsType.VOICE)
        assert pro is not None
        assert voice is not None
        assert pro.units > 0
        assert pro.sample is (territory not in confirmed)
        assert voice.sample is (territory != "FR")


def test_S76_packs_and_their_prices() -> None:
    packs = default_tariff().packs
    assert [pack.credits for pack in packs] == [50, 100, 500, 1000, 5000, 10000, 50000]
    assert [str(pack.eur) for pack in packs] == ["0.09", "0.085", "0.075", "0.065", "0.059", "0.055", "0.049"]
    assert [pack.total for pack in packs[:4]] == [Decimal("4.5"), Decimal("8.5"), Decimal("37.5"), Decimal("65")]


def test_S32_a_territory_without_a_price_is_refused() -> None:
    tariff = parse_tariff(SMALL)
    assert tariff.version == "t1"
    with pytest.raises(NotCovered) as refusal:
        tariff.unit_price("DE", SmsType.PRO)
    assert refusal.value.params == {"territory": "DE"}
    for territory in ("001", "", "Atlantis"):
        assert tariff.price(territory, SmsType.PRO) is None
    assert tariff.price("FR", SmsType.VOICE) is None


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ('"1.1"', '"1.10001"', "tariff.too_many_decimals", 13),
        ('"1.1"', '"-1.1"', "tariff.negative", 13),
        ('"1.1"', '"0"', "tariff.free", 13),
        ('"1.1"', "1.1", "tariff.not_an_amount", 13),
        ('"1.1"', '"nan"', "tariff.not_an_amount", 13),
        ('"MQ"', '"ZZ"', "tariff.unknown_territory", 13),
        ('"MQ"', "33", "tariff.unknown_territory", 13),
        ('"MQ"', '"FR"', "tariff.territory_twice", 13),
        ('["GB", "MQ"]', "[]", "tariff.no_territory", 13),
        ("sample = true", 'sample = "yes"', "tariff.bad_sample", 13),
        ("sample = true", "samples = true", "tariff.unknown_key", 13),
        ('"pro"', '"mms"', "tariff.unknown_type", 8),
        ('"0.09"', '"cheap"', "tariff.not_an_amount", 4),
        ("credits = 50", "credits = -50", "tariff.bad_pack", 4),
        ('"0.065"', '"-1"', "tariff.negative", 2),
        ('version = "t1"', "version = 1", "tariff.no_version", 1),
        ('version = "t1"', "", "tariff.no_version", 0),
        ('version = "t1"', "version = ", "tariff.not_toml", 1),
        ("[[pack]]", "[pack]", "tariff.not_a_list", 0),
        ("[[pack]]\n", '[[pack]]\ncredits = 50\neur = "1"\n[[pack]]\n', "tariff.pack_twice", 0),
    ],
)
def test_a_wrong_tariff_is_refused_with_its_line_and_reason(old: str, new: str, key: str, line: int) -> None:
    with pytest.raises(TariffError) as refusal:
        parse_tariff(SMALL.replace(old, new))
    assert (refusal.value.key, refusal.value.params["line"]) == (key, line)


def test_a_tariff_without_prices_is_refused() -> None:
    with pytest.raises(TariffError) as refusal:
        parse_tariff('version = "t"\neur_per_credit = "1"\n')
    assert refusal.value.key == "tariff.no_price"
