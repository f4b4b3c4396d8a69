"""Whatever the domain refuses or names has a sentence in every language, and the words of S47-S50 are kept."""

from __future__ import annotations

import inspect
import re
from types import ModuleType

import pytest

from smsapp.domain import credits, delivery, encoding, hours, tariff
from smsapp.i18n.catalogue import LANGUAGES, catalogue, slots, translate

PARAMS = {
    "credits": {"value"},
    "tariff": {"line", "entry", "value", "territory"},
    "hours": {"opens", "closes", "earliest", "latest"},
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("module", [credits, tariff, hours])
def test_every_refusal_of_the_domain_has_its_sentence(module: ModuleType, lang: str) -> None:
    name = module.__name__.rpartition(".")[2]
    keys = set(re.findall(rf'"({name}\.[a-z_]+)"', inspect.getsource(module))) - {"tariff.toml"}
    assert keys
    for key in keys:
        assert slots(catalogue(lang)[key]) <= PARAMS[name]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_M34_every_status_state_and_cause_is_named_and_explained(lang: str) -> None:
    keys = [status.key for status in delivery.Status] + [info.key for info in delivery.CAUSES.values()]
    keys += [f"{key}.help" for key in keys]
    keys += [f"delivery.state.{state}" for state in delivery.State]
    assert all(catalogue(lang)[key] for key in keys)


def test_S47_S50_the_four_labels_are_word_for_word() -> None:
    assert [translate("fr", status.key) for status in delivery.FOUR] == [
        "Envoyé",
        "Délivré opérateur",
        "Reçu",
        "Erreur réception",
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_character_that_costs_has_a_name(lang: str) -> None:
    found = {culprit.name_key for culprit in encoding.culprits("".join(map(chr, range(0x3000))) + "😀\ue000")}
    assert found <= catalogue(lang).keys()
