"""Fields of the account's own beside the five standard ones."""

from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.fields import (
    MOST_FIELDS,
    CustomField,
    FieldNameMissing,
    FieldNameTaken,
    FieldNotFound,
    TooManyFields,
    create_field,
    delete_field,
    fields,
    key_of,
    rename_field,
    values_of,
)
from smsapp.db import Database


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Carte de fidélité n°", "carte_de_fidelite_n"),
        ("Ville", "ville"),
        ("2e prénom", "e_prenom"),
        ("42", ""),
    ],
)
def test_a_name_makes_a_key_that_a_template_can_write(name: str, key: str) -> None:
    assert key_of(name) == key


def test_fields_are_made_renamed_and_taken_away(db: Database, actor: Actor) -> None:
    assert create_field(db, actor, "  Carte   fidélité ") == CustomField("carte_fidelite", "Carte fidélité")
    create_field(db, actor, "Ville")
    for taken in ("ville", "VILLE ", "Prénom", "Numéro", "carte-fidélité"):
        with pytest.raises(FieldNameTaken):
            create_field(db, actor, taken)
    with pytest.raises(FieldNameMissing):
        create_field(db, actor, " 12 ")
    rename_field(db, actor, "ville", "Commune")
    assert [(f.key, f.name) for f in fields(db, actor)] == [("carte_fidelite", "Carte fidélité"), ("ville", "Commune")]
    with pytest.raises(FieldNameTaken):
        rename_field(db, actor, "ville", "CARTE FIDELITE")
    delete_field(db, actor, "ville")
    with pytest.raises(FieldNotFound):
        delete_field(db, actor, "ville")


@pytest.mark.parametrize("name", ["PRÉNOM", "Carte fidélité n°"])
def test_a_field_is_never_renamed_into_another(db: Database, actor: Actor, name: str) -> None:
    """Two of one name cannot be told apart in the columns of a file: accents, case and signs make no difference."""
    for made in ("Ville", "Carte-fidelite n"):
        create_field(db, actor, made)
    with pytest.raises(FieldNameTaken):
        rename_field(db, actor, "ville", name)


def test_a_book_has_so_many_fields_and_no_more(db: Database, actor: Actor) -> None:
    for i in range(MOST_FIELDS):
        create_field(db, actor, f"champ {chr(97 + i // 26)}{chr(97 + i % 26)}")
    with pytest.raises(TooManyFields):
        create_field(db, actor, "un de trop")


def test_one_account_knows_nothing_of_anothers_fields(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    rival = make_actor("rival")
    create_field(db, rival, "Ville")
    assert fields(db, actor) == []
    for forbidden in (lambda: rename_field(db, actor, "ville", "x"), lambda: delete_field(db, actor, "ville")):
        with pytest.raises(FieldNotFound):
            forbidden()
    create_field(db, actor, "Ville")
    assert len(fields(db, rival)) == 1


def test_what_was_not_typed_stays_and_what_was_emptied_goes() -> None:
    assert values_of({"ville": " Aix  en\0 Provence ", "carte": ""}, {"carte": "12", "autre": "x"}) == {
        "ville": "Aix en Provence",
        "autre": "x",
    }
