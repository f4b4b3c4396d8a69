"""What the shop of a demonstration did in 90 days: its groups, its purchases, its campaigns. Data and calendar only.

Sizes are those of a book of 16 000 contacts; a smaller demonstration has the same in proportion.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from smsapp.domain.template import Purpose

ACCOUNT = "Maison Lavande"
CONTACTS = 16_000
TOWN = "Aix-en-Provence"
BLACKLISTED = 60
OPPOSITION = "Liste d’opposition reprise à l’ouverture du compte"
DAYS = 90
ZONE = ZoneInfo("Europe/Paris")
SETTLED = timedelta(hours=50)  # a phone may be off for 48 hours: the last campaign of the past is older

GroupKey = Literal["loyal", "aix", "lyon", "pro", "online"]

GROUPS: dict[GroupKey, tuple[str, int]] = {
    "loyal": ("Clients fidèles", 2_184),
    "aix": ("Boutique Aix-en-Provence", 612),
    "lyon": ("Boutique Lyon", 804),
    "pro": ("Professionnels", 318),
    "online": ("Vente en ligne", 6_480),
}

YOURS: tuple[GroupKey, ...] = ("loyal", "online")
"""The groups in which the visitor's own phone stands."""

PURCHASES = ((DAYS, 15_000), (54, 15_000), (25, 15_000))
"""Packs bought: days ago, credits."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A campaign of the past: ``ago`` days, at ``at`` in Paris. Without ``sender``, people can reply."""

    ago: int
    at: str
    name: str
    group: GroupKey
    text: str
    sender: str = ""
    purpose: Purpose = "marketing"


PAST = (
    Planned(88, "10:00", "Bienvenue à la boutique d’Aix", "aix",
        "Bonjour $prenom, la boutique Maison Lavande ouvre au 12 rue Espariat, Aix. Un savon offert sur ce SMS."),
    Planned(85, "11:30", "Carte de fidélité", "lyon",
        "Bonjour $prenom, vos points de fidélité sont désormais visibles en ligne : lavande.example/carte",
        "LAVANDE"),
    Planned(81, "09:15", "Nouveau catalogue pro", "pro",
        "Bonjour, le nouveau catalogue Maison Lavande est disponible pour $societe|vous| : lavande.example/pro"),
    Planned(77, "10:30", "Atelier savon à Lyon", "lyon",
        "Bonjour $prenom, atelier savon samedi 15h, boutique de Lyon. Répondez OUI pour réserver une place."),
    Planned(74, "10:00", "Livraison offerte", "aix",
        "$prenom|Bonjour|, la livraison est offerte jusqu'à dimanche avec le code DOUCEUR : lavande.example/boutique",
        "LAVANDE"),
    Planned(70, "17:45", "Nocturne boutique Aix", "aix",
        "Bonjour $prenom, nocturne jeudi jusqu'à 21h à Aix : -20% sur les huiles et un thé à la lavande."),
    Planned(66, "09:00", "Retrait en boutique", "lyon",
        "Bonjour $prenom, la boutique de Lyon sera fermée lundi pour inventaire. Vos commandes y sont mardi.",
        purpose="transactional"),
    Planned(63, "11:00", "Ventes privées — printemps", "loyal",
        "Bonjour $prenom, vos ventes privées commencent : -30% jusqu'à ce soir sur toute la gamme corps. "
        "Montrez ce message en caisse ou saisissez FIDELE30 sur lavande.example"),
    Planned(59, "14:00", "Réassort coffrets", "pro",
        "Bonjour, les coffrets sont réassortis. Commande avant vendredi 12h : livraison lundi chez $societe|vous|."),
    Planned(56, "10:15", "Enquête satisfaction", "aix",
        "Bonjour $prenom, comment s'est passée votre visite à la boutique d'Aix ? Répondez par une note de 1 à 5."),
    Planned(52, "10:00", "Nouvelle eau de linge", "aix",
        "$prenom, notre eau de linge à la fleur d'oranger est arrivée. Un échantillon vous attend en boutique."),
    Planned(48, "18:00", "Nocturne boutique Lyon", "lyon",
        "Bonjour $prenom, nocturne jeudi jusqu'à 21h à Lyon : deux savons achetés, le troisième offert."),
    Planned(44, "09:30", "Rappel commande", "pro",
        "Bonjour, dernier jour pour commander les lots au tarif professionnel : lavande.example/pro", "LAVANDE"),
    Planned(41, "11:00", "Anniversaires du mois", "aix",
        "Bon anniversaire $prenom 🎂 Maison Lavande vous offre 10 € dès 30 € d'achat, tout le mois."),
    Planned(37, "10:00", "Atelier bougies à Aix", "aix",
        "Bonjour $prenom, il reste des places à l'atelier bougies de samedi 14h à Aix. Répondez OUI pour venir."),
    Planned(33, "12:00", "Déménagement boutique Lyon", "lyon",
        "Bonjour $prenom, la boutique de Lyon déménage au 8 rue Mercière. Horaires identiques, plus de place.",
        purpose="transactional"),
    Planned(29, "10:00", "Coffret en précommande", "pro",
        "Bonjour $prenom, le coffret Récolte est en précommande : lavande.example/recolte",
        "LAVANDE"),
    Planned(23, "17:30", "Soirée dégustation miel", "aix",
        "Bonjour $prenom, miel de lavande et nougat vendredi dès 18h30 à Aix. Venez à deux, c'est offert."),
    Planned(18, "10:45", "Fin de série", "lyon",
        "Bonjour $prenom, dernières pièces de la collection lin à -40% à la boutique de Lyon, selon le stock."),
    Planned(13, "09:00", "Tarifs professionnels", "pro",
        "Bonjour, vos tarifs professionnels sont à jour dans votre espace : lavande.example/pro", "LAVANDE"),
    Planned(9, "10:00", "Ventes privées — avant-première", "loyal",
        "Bonjour $prenom, demain commencent nos ventes privées. Pour vous, c'est dès ce soir 18h : lavande.example/vp"),
    Planned(4, "10:30", "Rappel de rendez-vous", "aix",
        "Bonjour $prenom, votre diagnostic parfum a lieu samedi à la boutique d'Aix. Un souci ? Répondez.",
        purpose="transactional"),
)  # fmt: skip

LIVE = Planned(
    0, "", "Ventes privées — J1", "online",
    "Bonjour $prenom, vos ventes privées commencent : -30% jusqu'à dimanche sur lavande.example avec le code PRIVE30.",
)  # fmt: skip
"""The campaign that leaves while the visitor arrives."""

DRAFT = Planned(
    0, "", "Ventes privées — J2", "loyal",
    "$prenom|Bonjour|, plus que 24 h pour profiter de -30% sur toute la boutique.",
)  # fmt: skip
"""A text that waits to be finished."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a demonstration is; the tests make small ones."""

    contacts: int = CONTACTS

    def scaled(self, count: int) -> int:
        """``count`` of the full size, in proportion, at least 1."""
        return max(1, round(count * self.contacts / CONTACTS))


FULL = Size()


def instant(now: datetime, ago: int, at: str) -> datetime:
    """``ago`` days before ``now`` at a time of Paris; a Sunday gives way to the Saturday before, as shops do."""
    day: date = now.astimezone(ZONE).date() - timedelta(days=ago)
    if day.weekday() == 6:
        day -= timedelta(days=1)
    return datetime.combine(day, time.fromisoformat(at), ZONE)


def calendar(now: datetime) -> list[tuple[datetime, Planned]]:
    """The campaigns of the past with their instants, oldest first. All have settled when ``now`` comes."""
    dated = sorted(((instant(now, p.ago, p.at), p) for p in PAST), key=lambda pair: pair[0])
    return [(at, planned) for at, planned in dated if at <= now - SETTLED]
