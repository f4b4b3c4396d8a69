"""Versions of the tariff: a quote names its own, which never changes (S82, S83)."""

from pathlib import Path

import pytest

from smsapp.domain.tariff import SmsType, TariffError, default_tariff, parse_tariff
from smsapp.domain.tariff_store import TariffStore, UnknownVersion, VersionTaken
from tests.unit.domain.test_tariff import SMALL


def test_the_packaged_tariff_is_current_until_another_is_loaded(tmp_path: Path) -> None:
    store = TariffStore(tmp_path / "tariffs")
    assert store.current() is store.tariff_of("") is default_tariff()
    assert store.load(SMALL).version == "t1"
    again = TariffStore(tmp_path / "tariffs")
    assert again.current() == parse_tariff(SMALL)
    assert again.tariff_of(default_tariff().version) is default_tariff()
    assert again.versions() == sorted({"t1", default_tariff().version})


def test_a_running_campaign_keeps_its_own_version(tmp_path: Path) -> None:
    store = TariffStore(tmp_path)
    store.load(SMALL)
    store.load(SMALL.replace('"t1"', '"t2"').replace('"1.1"', '"1.3"'))
    assert store.current().unit_price("GB", SmsType.PRO) == 13_000
    assert store.tariff_of("t1").unit_price("GB", SmsType.PRO) == 11_000
    assert store.load(SMALL).version == store.current().version == "t1"


def test_a_version_never_changes(tmp_path: Path) -> None:
    store = TariffStore(tmp_path)
    store.load(SMALL)
    with pytest.raises(VersionTaken):
        store.load(SMALL.replace('"1.1"', '"1.3"'))
    with pytest.raises(VersionTaken):
        store.load(SMALL.replace('"t1"', f'"{default_tariff().version}"'))
    assert store.current().unit_price("GB", SmsType.PRO) == 11_000


@pytest.mark.parametrize("version", ["no", "../current", "", "a/b", "x" * 41, "é"])
def test_versions_are_names_and_nothing_else(tmp_path: Path, version: str) -> None:
    store = TariffStore(tmp_path)
    if version:
        with pytest.raises(UnknownVersion):
            store.tariff_of(version)
    if version != "no":
        with pytest.raises(TariffError):
            store.load(SMALL.replace('"t1"', f'"{version}"'))


def test_S82_a_sender_of_ones_own_has_its_price_where_one_is_listed() -> None:
    tariff = parse_tariff(
        SMALL + '\n[[price]]\ntype = "pro"\noption = "sender"\ncredits = "1.2"\nterritories = ["FR"]\n'
    )
    assert tariff.unit_price("FR", SmsType.PRO) == 10_000
    assert tariff.unit_price("FR", SmsType.PRO, custom_sender=True) == 12_000
    assert tariff.unit_price("GG", SmsType.PRO, custom_sender=True) == 11_000
    for wrong in ('option = "x"', 'option = "sender"\nsample = 3'):
        with pytest.raises(TariffError):
            parse_tariff(SMALL.replace("sample = true", wrong))
