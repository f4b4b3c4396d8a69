"""What a number says of itself: country (M13), time zone, spelling for people, fiction."""

from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from smsapp.domain.phone import is_fiction, pretty, read_number, territory_of, time_zone
from tests.unit.domain.phone_numbers import REGIONS


@pytest.mark.parametrize(
    ("e164", "territory"),
    [
        (33612345678, ("FR", 33)),
        (33712345678, ("FR", 33)),
        (33639980001, ("FR", 33)),
        (447911123456, ("GG", 44)),
        (447700040123, ("GB", 44)),
        (596696123456, ("MQ", 596)),
        (262639691234, ("YT", 262)),
        (262692123456, ("RE", 262)),
        (590691001234, ("GP", 590)),
        (15145551234, ("CA", 1)),
        (881612345678, ("001", 881)),
    ],
)
def test_m13_territory_and_calling_code(e164: int, territory: tuple[str, int]) -> None:
    assert territory_of(e164) == territory


@pytest.mark.parametrize("junk", [0, -33612345678, 999, 10**30])
def test_territory_of_no_number(junk: int) -> None:
    with pytest.raises(ValueError, match="calling code"):
        territory_of(junk)
    assert pretty(junk) == f"+{junk}"
    assert time_zone(junk) == "Europe/Paris"
    assert not is_fiction(junk)


@pytest.mark.parametrize(
    ("e164", "zone"),
    [
        (33612345678, "Europe/Paris"),
        (33639980001, "Europe/Paris"),
        (262692123456, "Indian/Reunion"),
        (262639691234, "Indian/Mayotte"),
        (596696123456, "America/Martinique"),
        (590690351234, "America/Guadeloupe"),
        (594694201234, "America/Cayenne"),
        (508551234, "America/Miquelon"),
        (687751234, "Pacific/Noumea"),
        (68987123456, "Pacific/Tahiti"),
        (681821234, "Pacific/Wallis"),
        (15145551234, "America/Toronto"),
        (8001234567812, "Europe/Paris"),
    ],
)
def test_time_zones(e164: int, zone: str) -> None:
    assert time_zone(e164) == zone


def test_every_country_has_a_real_time_zone_and_reads_back() -> None:
    for region in REGIONS:
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if example is None:
            continue
        e164 = int(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[1:])
        assert ZoneInfo(time_zone(e164))
        reading = read_number(pretty(e164), "FR")
        assert reading == read_number(f"+{e164}", "US")
        assert getattr(reading, "e164", None) == e164


def test_pretty() -> None:
    assert pretty(33612345678) == "+33 6 12 34 56 78"
    assert pretty(596696123456) == "+596 696 12 34 56"
    assert pretty(33639980001) == "+33 6 39 98 00 01"


def test_fiction() -> None:
    assert is_fiction(33639980000)
    assert is_fiction(33639989999)
    assert is_fiction(33199000000)
    assert not is_fiction(33639990000)
    assert not is_fiction(33639979999)
