"""Variables, fallbacks and the STOP mention (S45, S46, S57, M6, M30)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.encoding import measure, replace
from smsapp.domain.template import VARIABLES, Slot, Template, has_way_out, stop_mention

INES = {"nom": "Moreau", "prenom": "Inès", "email": "ines@lvd.fr", "societe": "Lavande"}
PIECES = st.sampled_from(
    ["$nom", "$prenom", "$Prénom|cher client|", "$société", "$email||", "$$", "$", "|", "$ville", "$nomade", "5$", "’"]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=8).map("".join)
VALUES = st.dictionaries(st.sampled_from(VARIABLES), st.none() | st.text(max_size=10))


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("$prenom $nom $email $societe", "Inès Moreau ines@lvd.fr Lavande"),
        ("Bonjour $prenom, merci", "Bonjour Inès, merci"),
        ("$nom$prenom", "MoreauInès"),
        ("$nom.$nom", "Moreau.Moreau"),
        ("sans variable", "sans variable"),
        ("", ""),
    ],
)
def test_S57_tokens_are_replaced_per_recipient(text: str, rendered: str) -> None:
    assert Template.parse(text).render(INES) == rendered


@pytest.mark.parametrize("token", ["$prénom", "$Prénom", "$PRENOM", "$pre\u0301nom"])
def test_M30_accents_and_capitals_in_a_token_are_tolerated(token: str) -> None:
    assert Template.parse(f"{token} !").render(INES) == "Inès !"


def test_M30_the_longest_token_wins() -> None:
    template = Template.parse("$nomade $nom $nom2 $nom_famille")
    assert template.unknown == ("nomade", "nom2", "nom_famille")
    assert template.render(INES) == "$nomade Moreau $nom2 $nom_famille"
    assert template.variables == {"nom"}


def test_M30_fallback_is_used_when_the_value_is_empty() -> None:
    template = Template.parse("Bonjour $prenom|cher client|, $nom||")
    assert template.render(INES) == "Bonjour Inès, Moreau"
    assert template.render({"prenom": None, "nom": ""}) == "Bonjour cher client, "
    assert template.render({}) == "Bonjour cher client, "
    assert template.unguarded == frozenset()
    assert Template.parse("$nom|x| $nom $email").unguarded == {"nom", "email"}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("$nom|", "Moreau|"),
        ("$nom|a", "Moreau|a"),
        ("$nom|$prenom|x|", "Moreau|Inès"),
        ("$nom|a\nb|", "Moreau|a\nb|"),
        ("a|b|c", "a|b|c"),
    ],
)
def test_M30_a_bar_that_closes_nothing_is_a_bar(text: str, rendered: str) -> None:
    assert Template.parse(text).render(INES) == rendered


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("$$nom", "$nom"),
        ("$$$nom", "$Moreau"),
        ("$$$$", "$$"),
        ("5$ et $5", "5$ et $5"),
        ("$", "$"),
        ("$ nom", "$ nom"),
    ],
)
def test_M30_two_dollars_write_one_and_prices_in_dollars_are_no_variables(text: str, rendered: str) -> None:
    template = Template.parse(text)
    assert template.render(INES) == rendered
    assert template.unknown == ()


def test_M30_an_unknown_variable_is_named_once_and_stays_as_typed() -> None:
    template = Template.parse("$ville|ici| $ville $Code_Promo")
    assert template.unknown == ("ville", "Code_Promo")
    assert template.render(INES) == "$ville|ici| $ville $Code_Promo"


def test_S57_fields_of_the_accounts_own_are_variables_when_they_are_given() -> None:
    text = "$Ville|ici| $date_de_visite $villes $nom $$ville"
    template = Template.parse(text, ("ville", "date_de_visite", "nom"))
    assert template.unknown == ("villes",)
    assert template.unguarded == {"date_de_visite", "nom"}
    said = template.render({**INES, "ville": "", "date_de_visite": "3 mai"})
    assert said == "ici 3 mai $villes Moreau $ville"
    assert template.rewrite(lambda literal: literal.replace("ici", "là")) == text.replace("ici", "là")
    assert Template.parse(text).unknown == ("Ville", "date_de_visite", "villes")


def test_a_value_is_never_read_as_a_template() -> None:
    assert Template.parse("$nom").render({"nom": "$prenom $$"}) == "$prenom $$"


def test_slots_keep_what_was_typed() -> None:
    assert Template.parse("a $Prénom|toi|").slots == (Slot("prenom", "toi", "$Prénom|toi|"),)


@given(TEXTS, VALUES)
def test_rendering_is_the_sum_of_the_parts(text: str, values: dict[str, str | None]) -> None:
    template = Template.parse(text)
    length = sum(
        len(part) if isinstance(part, str) else len(values.get(part.variable) or part.fallback or "")
        for part in template.parts
    )
    assert len(template.render(values)) == length
    assert template.rewrite(lambda literal: literal) == text


@given(TEXTS)
def test_replacing_characters_leaves_variables_alone(text: str) -> None:
    before, after = Template.parse(text), Template.parse(Template.parse(text).rewrite(replace))
    assert [slot.variable for slot in after.slots] == [slot.variable for slot in before.slots]


def test_a_replacement_does_not_break_the_bars_of_a_fallback() -> None:
    template = Template.parse("C’est |ici| $prenom|l’ami| $$")
    assert template.rewrite(replace) == "C'est /ici/ $prenom|l'ami| $$"


def test_M6_short_code_in_france_and_overseas_whatever_the_sender() -> None:
    for territory in ("FR", "MQ", "RE"):
        for kind in ("reply", "custom"):
            mention = stop_mention(territory, sender_kind=kind, purpose="marketing", short_code="36034")
            assert mention == "\nSTOP 36034"


def test_M6_the_mention_counts_eleven_units_with_its_newline() -> None:
    assert measure(stop_mention("FR", sender_kind="custom", purpose="marketing", short_code="36034")).units == 11


def test_M6_abroad_a_link_or_an_answer_or_nothing() -> None:
    def abroad(kind: str, link: str = "") -> str:
        assert kind in ("reply", "custom")
        return stop_mention(
            "GB",
            sender_kind="reply" if kind == "reply" else "custom",
            purpose="marketing",
            short_code="36034",
            opt_out_link=link,
        )

    assert abroad("custom", "lvd.fr/s/k3f9") == abroad("reply", "lvd.fr/s/k3f9") == "\nStop: lvd.fr/s/k3f9"
    assert abroad("reply") == "\nReply STOP"
    assert abroad("custom") == ""


def test_M6_a_transactional_message_carries_no_mention() -> None:
    assert stop_mention("FR", sender_kind="reply", purpose="transactional", short_code="36034") == ""


@pytest.mark.parametrize(
    "text",
    [
        "lvd.fr/stop",
        "voir https://x.y",
        "www.lavande",
        "Appelez le 04 91 05 64 63",
        "+33491056463",
        "stop@lvd.fr",
        "STOP au 36034",
    ],
)
def test_S46_a_number_or_a_link_in_the_text_is_a_way_out(text: str) -> None:
    assert has_way_out(text)


@pytest.mark.parametrize("text", ["", "Bonjour.Merci", "-20% le 24.12 de 9h à 18h", "code ETE20", "STOP"])
def test_S46_other_texts_hold_no_way_out(text: str) -> None:
    assert not has_way_out(text)
