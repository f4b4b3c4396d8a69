"""STOP and START as people write them (S45, M6): every spelling is heard, no ordinary reply is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.domain.wishes import START_WORDS, STOP_WORDS, WEAK_STOP_WORDS, Wish, is_stop, wish_of


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        "Stop.",
        "STOP SVP",
        "ARRET",
        "Arrêt !",
        "ｓｔｏｐ",
        "  s t o p ",
        "S.T.O.P",
        "STOP 36111",
        "STOP36111",
        "stop au 36111",
        "stoooop",
        "Stopp",
        "ST0P",
        "désabonner",
        "Unsubscribe",
        "«stop»",
        "Svp stop",
        "Stop Maison Lavande",
        "Bonjour, STOP merci",
        "STOP STOP STOP",
        "stop vos sms",
        "Arrêtez ces SMS s'il vous plaît",
        "Arrêtez de m'envoyer des messages",
        "Je ne veux plus recevoir vos SMS",
        "Je souhaite me désabonner de votre liste",
        "Désinscrivez-moi",
        "opt out",
        "Please remove me",
        "No more texts please",
        "Stop texting me at this number",
        "baja",
        "Quiero darme de baja",
        "no más mensajes",
        "Basta!",
        "Disiscrivimi",
        "Non voglio ricevere più messaggi",
        "Abmelden bitte",
        "Bitte keine SMS mehr",
        "STOP 👎",
    ],
)
def test_stop_is_heard_in_its_spellings_and_five_languages(text: str) -> None:
    assert wish_of(text) is Wish.STOP


@pytest.mark.parametrize(
    "text",
    [
        "",
        "non stop",
        "merci",
        "👍",
        "36111",
        "Je m'arrête chez vous demain",
        "stop a la boutique demain matin",
        "je ne peux pas stopper, à demain",
        "Stop à 14h ok",
        "Je ne veux pas me désabonner, merci !",
        "Ne me désabonnez pas",
        "arrête de rire",
        "L'arrêt de bus est fermé",
        "Je ne veux plus recevoir le colis chez moi",
        "Je n'ai plus de message de votre part, pouvez-vous renvoyer le code ?",
        "Can I cancel my appointment?",
        "End of the week is fine",
        "Please don't unsubscribe me",
        "La planta baja, gracias",
        "basta così poco",
        "Ich kann mich nicht abmelden",
        "J'annule ma commande, merci",
        "OUI",
        "Start at 9 then",
        "On reprend rendez-vous ?",
    ],
)
def test_an_ordinary_reply_wishes_nothing(text: str) -> None:
    assert wish_of(text) is None


@pytest.mark.parametrize("text", ["START", "start svp", "UNSTOP", "Réabonner", "ALTA", "anmelden", "Start sms 36111"])
def test_start_is_heard(text: str) -> None:
    assert wish_of(text) is Wish.START


ends = st.sampled_from(["", ".", " !", "...", " 36111", " svp", " please", " por favor", " grazie", " bitte", "\n"])
begins = st.sampled_from(["", " ", "«", "(", "Bonjour, ", "Please ", "\n"])


@given(st.sampled_from(sorted(STOP_WORDS | {"stop", "stopp"})), st.data(), begins, ends)
def test_dressing_a_stop_does_not_hide_it(word: str, data: st.DataObject, begin: str, end: str) -> None:
    """In any capitals, with courtesy, punctuation or the short code around it."""
    capitals = data.draw(st.lists(st.booleans(), min_size=len(word), max_size=len(word)))
    written = "".join(char.upper() if up else char for char, up in zip(word, capitals, strict=True))
    assert is_stop(begin + written + end)


@given(
    st.sampled_from(sorted(STOP_WORDS | WEAK_STOP_WORDS | {"stop"})),
    st.sampled_from(list(" .,;:!?\"'«»“”‘’()[]{}<>*_-–—/\\|#~+=€$\u00a0\u202f\t\n")),
)
def test_marks_between_letters_or_around_a_word_change_nothing(word: str, mark: str) -> None:
    assert is_stop(f"{mark}{word}{mark}")


ORDINARY = [
    "je",
    "tu",
    "nous",
    "demain",
    "oui",
    "non",
    "ok",
    "boutique",
    "commande",
    "code",
    "rendez-vous",
    "stopper",
    "stoppeur",
    "arrêterai",
    "finalement",
    "14h",
    "2",
    "coffrets",
    "yes",
    "tomorrow",
    "order",
    "shop",
    "stopping",
    "weekend",
    "endless",
    "sí",
    "mañana",
    "tienda",
    "domani",
    "negozio",
    "basterà",
    "morgen",
    "laden",
    "abends",
    "prénom",
    "cadeau",
    "jeudi",
    "à",
    "bientôt",
    "pas",
    "peux",
    "Inès",
    "lavande",
    "nonstop",
    "autostop",
    "startup",
]


@given(st.lists(st.sampled_from(ORDINARY), min_size=1, max_size=12), st.sampled_from(["", ".", " !", " ?", " merci"]))
def test_no_sentence_of_ordinary_words_is_a_wish(words: list[str], end: str) -> None:
    assert wish_of(" ".join(words) + end) is None


@given(st.text(max_size=400))
def test_any_text_at_all_can_be_read(text: str) -> None:
    wish_of(text)


@given(st.sampled_from(sorted(START_WORDS)))
def test_start_and_stop_are_never_the_same_word(word: str) -> None:
    assert word not in STOP_WORDS | WEAK_STOP_WORDS
    assert wish_of(word) is Wish.START
