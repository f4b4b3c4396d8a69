"""The people of a demonstration: believable, and nobody else's numbers."""

import polars as pl
import pytest

from smsapp.demo import plan
from smsapp.demo.people import FICTION, MOST, own_number, people
from smsapp.domain.encoding import measure
from smsapp.domain.phone import is_fiction, read_column
from smsapp.gateways.fate import MAGIC


def test_every_number_is_a_mobile_of_its_territory() -> None:
    found = people(3, plan.CONTACTS)
    read = read_column(pl.Series([f"+{person.e164}" for person in found]))
    assert read["e164"].to_list() == [person.e164 for person in found]
    assert read["territory"].to_list() == [person.territory for person in found]
    assert set(read["line"]) == {"mobile"}
    assert {"FR", "MQ", "GP", "RE", "BE"} <= set(read["territory"])


def test_some_share_a_phone() -> None:
    """S75: two people, one phone, so that there are duplicates to explain."""
    numbers = [person.e164 for person in people(1, plan.CONTACTS)]
    assert 0 < len(numbers) - len(set(numbers)) < 100


@pytest.mark.parametrize(("one", "other"), [(1, 2), (1, 40), (7, 3_000)])
def test_two_demonstrations_share_no_number(one: int, other: int) -> None:
    first, second = ({person.e164 for person in people(place, MOST)} for place in (one, other))
    assert not first & second


def test_the_same_people_every_time() -> None:
    assert people(1, 50) == people(1, 50)
    assert [p.nom for p in people(1, 50)] == [p.nom for p in people(2, 50)]
    assert all(p.email == "" or p.email.endswith("@example.net") for p in people(1, 500))


def test_ones_own_phone_is_fiction_and_has_no_fate() -> None:
    numbers = [own_number(user_id) for user_id in range(1, 9_931)]
    assert len(set(numbers)) == len(numbers)
    assert all(FICTION <= n < FICTION + 10_000 and is_fiction(n) for n in numbers)
    assert not any(str(n).endswith(tuple(MAGIC)) for n in numbers)


def test_the_campaigns_are_short_but_for_the_two_that_show_why() -> None:
    """One text in Unicode and one long one; an accident such as « ê » would make all of a campaign dearer."""
    dear = [p.name for p in plan.PAST if measure(p.text.replace("$prenom", "Thomas") + "\nSTOP 36111").segments > 1]
    assert dear == ["Ventes privées — printemps", "Anniversaires du mois"]
