"""What a reply wishes: STOP, START, or neither (S45, M6), in the five languages of the product.

STOP is law, so that a doubt about a text that begins with STOP itself is settled in favour of the person: `Stop Maison
Lavande` stops. Words that people also use for other things (`arrête`, `cancel`, `basta`, `end`) stop only when nothing
but courtesy and the name of the thing stand beside them, and START (which brings messages back) is read as narrowly.
An ordinary reply is never taken for one: "je ne peux pas stopper, à demain", "stop à 14h au magasin".
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final

LONGEST: Final = 4  # words: "stop svp merci beaucoup" is a STOP, a sentence that begins with it is a reply
LONGEST_PLEA: Final = 25  # words of a text in which a whole phrase is looked for


class Wish(StrEnum):
    """What a person may say about being written to."""

    STOP = "stop"
    START = "start"


def _words_of(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# By language: French, English, Spanish, Italian, German.
STOP_WORDS: Final = _words_of(
    "stopsms stoppub stopmsg stopall smsstop",
    "desabonner desabonne desabonnez desabonnement desabo desinscription desinscrire desinscrivez desinscris",
    "unsubscribe unsub optout",
    "desuscribir desuscribirme desuscribirse desuscripcion baja",
    "disiscrivi disiscrivimi disiscriviti disiscrizione disiscrivere cancellami cancellatemi",
    "abmelden abmeldung abbestellen abbestellung austragen",
)
"""Words that mean nothing else, beside `stop` itself however it is stretched."""

WEAK_STOP_WORDS: Final = _words_of(
    "arret arrete arretez arreter",
    "remove cancel quit end revoke",
    "alto parar cancelar detener",
    "basta cancella cancellare annulla",
    "stornieren aufhoeren aufhoren ende",
)
START_WORDS: Final = _words_of(
    "start reprendre reprise reabonner reabonne reabonnez reabonnement reinscrire reinscription reactiver",
    "unstop restart resume subscribe resubscribe",
    "alta suscribir suscribirme reanudar reactivar",
    "iscrivi iscrivimi riprendi riprendere riattiva riattivare",
    "anmelden anmeldung fortsetzen starten",
)

_COURTESY: Final = _words_of(
    "svp stp merci beaucoup bonjour bonsoir s il vous te plait",
    "please pls plz thanks thank you thx hi hello",
    "por favor gracias hola per favore grazie ciao buongiorno bitte danke hallo",
)
_MESSAGES: Final = _words_of(
    "sms texto textos message messages mensaje mensajes messaggio messaggi nachricht nachrichten texts text msg",
    "pub pubs publicite publicites promo promos publicidad pubblicita werbung offres spam",
)
_AROUND: Final = _words_of(
    "de des du d m me moi vos les ces ce cet cette mes la le l envoi envois envoyer a au tout tous toutes",
    "the these this your my all sending to from el los las sus mis envios enviar todo todos",
    "i gli le questi vostri inviare tutti di die diese ihre alle mehr das",
)
_ABOUT = r"(?:sms|messages?|pubs?|publicites?|textos?|promos?)"
_STRETCHED = re.compile(r"s+t+[o0]+p+(?:\d{5})?")
_SHORT_CODE = re.compile(r"\d{5}")
_PLEAS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:me|de) (?:desabonner|desinscrire)\b",
        r"\b(?:desabonne|desinscri)[sz]?(?:ez)? moi\b",
        rf"\b(?:veux|souhaite|desire) plus (?:recevoir|de) (?:\w+ ){{0,3}}{_ABOUT}\b",
        rf"\b(?:plus|arretez?) (?:me contacter|(?:de )?m envoyer (?:\w+ ){{0,2}}{_ABOUT})\b",
        r"\b(?:unsubscribe|remove) me\b|\b(?:opt|take) (?:me )?(?:out|off)\b(?! of office)",
        r"\bstop (?:texting|messaging|contacting|sending)\b|^no more (?:texts?|messages?|sms)\b",
        r"\bd(?:ar|ad)me de baja\b|^no mas (?:sms|mensajes)\b|\brecibir mas (?:sms|mensajes|publicidad)\b",
        r"\bricevere piu (?:sms|messaggi|pubblicita)\b|^non (?:inviate|scrive)(?:mi|temi) piu\b",
        r"\b(?:keine|keinen) (?:\w+ )?(?:sms|nachrichten|werbung) mehr\b|\bmich (?:abmelden|austragen)\b",
    )
)
_DENIED = re.compile(r"\b(?:pas|jamais|dont|don t|not|nicht|never|nunca)\b")


def wish_of(text: str) -> Wish | None:
    """What the reply `text` wishes; None when it is a reply like any other."""
    words = _words(text)
    asked = list(words)
    while asked and (asked[0] in _COURTESY):
        asked.pop(0)
    if not asked:
        return None
    first, rest = asked[0], asked[1:]
    if first in STOP_WORDS or _STRETCHED.fullmatch(first):
        if len(words) <= LONGEST and not any(_is_figure(word) for word in rest):
            return Wish.STOP
        if _only_about_messages(rest):
            return Wish.STOP
    if first in WEAK_STOP_WORDS and _only_about_messages(rest):
        return Wish.STOP
    if rest and all(word in _COURTESY for word in asked[:-1]) and _STRETCHED.fullmatch(asked[-1]):
        return Wish.STOP
    if len(words) <= LONGEST_PLEA:
        said = " ".join(words)
        if any(plea.search(said) for plea in _PLEAS) and not _DENIED.search(said):
            return Wish.STOP
    if first in START_WORDS and _only_about_messages(rest):
        return Wish.START
    return None


def is_stop(text: str) -> bool:
    """Whether a reply asks not to be written to any more: `STOP`, `Stop.`, `S T O P`, `ARRÊT svp`, `stop 36111`..."""
    return wish_of(text) is Wish.STOP


def _words(text: str) -> list[str]:
    """Letters and figures only, without accents, capitals or wide forms; letters written apart are put together."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    words = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    if words and all(len(word) == 1 for word in words):
        return ["".join(words)]
    return words


def _only_about_messages(rest: list[str]) -> bool:
    known = _COURTESY | _MESSAGES | _AROUND
    return all(word in known or _SHORT_CODE.fullmatch(word) or word in STOP_WORDS for word in rest)


def _is_figure(word: str) -> bool:
    """A time, a size, a quantity: "stop 14h" speaks of something else than messages."""
    return any(char.isdecimal() for char in word) and not _SHORT_CODE.fullmatch(word)
