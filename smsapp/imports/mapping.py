"""Which column of a file is what: guessed from French and English header names and from what the cells hold."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from smsapp.contacts.fields import NAME_LENGTH, STANDARD, CustomField, key_of
from smsapp.contacts.folding import fold

FIELDS = ("portable", "nom", "prenom", "email", "societe")
OWN = "+"  # "+Ville": a field of one's own
REASON = "motif"  # why a number is never written to: a column of a file for the blacklist, of no other
SOURCE, DAY, TEXT = CONSENT = ("consentement_source", "consentement_date", "consentement_texte")
GROUPS = "groupes"
BOOK = (*CONSENT, GROUPS)  # what the book keeps of a row beside FIELDS, and the blacklist does not
SURE = 90
PROBABLE = 50
SAMPLE = 300

_NAMES: dict[str, tuple[str, ...]] = {
    "portable": (
        "portable", "mobile", "tel mobile", "tel portable", "telephone mobile", "telephone portable", "gsm", "cell",
        "cell phone", "cellphone", "mobile phone", "mobile number", "phone mobile", "numero mobile", "numero portable",
        "no portable", "n portable", "n mobile", "sms", "numero sms", "portable 1", "mobile 1", "msisdn",
    ),
    "nom": ("nom", "nom de famille", "nom famille", "nom client", "nom du client", "last name", "lastname", "surname",
            "family name", "familyname", "nom usuel", "nom contact", "name last"),
    "prenom": ("prenom", "prenoms", "first name", "firstname", "given name", "givenname", "forename", "prenom client",
               "prenom contact"),
    "email": ("email", "e mail", "mail", "courriel", "adresse mail", "adresse email", "adresse e mail", "email address",
              "adresse electronique", "e mail address", "mel"),
    "societe": ("societe", "entreprise", "company", "company name", "organisation", "organization", "raison sociale",
                "etablissement", "enseigne", "business", "employer"),
}  # fmt: skip
_BOOK: dict[str, tuple[str, ...]] = {
    SOURCE: (
        "accord recueilli ou", "consent collected where", "consentement source", "source du consentement",
        "source consentement", "source de l accord", "origine du consentement", "origine consentement",
        "consent source", "source of consent", "opt in source", "optin source", "source opt in", "source optin",
    ),
    DAY: (
        "date de l accord", "date of consent", "consentement date", "date du consentement", "date de consentement",
        "date consentement", "date d accord", "date accord", "consent date", "consent day", "consented at",
        "opt in date", "optin date", "date opt in", "date optin", "date d opt in",
    ),
    TEXT: (
        "texte accepte", "text agreed to", "consentement texte", "texte du consentement", "texte de consentement",
        "texte consentement", "texte de l accord", "mention acceptee", "consent text", "text of consent",
        "opt in text", "optin text", "texte opt in", "texte optin",
    ),
    GROUPS: (
        "groupes", "groupe", "groups", "group", "nom du groupe", "nom de groupe", "noms des groupes", "group name",
        "group names",
    ),
}  # fmt: skip
_LIKELY: dict[str, tuple[str, ...]] = {
    "portable": ("telephone", "tel", "phone", "numero", "number", "phone number", "num", "numero de telephone"),
    "nom": ("name", "client", "contact", "nom complet", "full name", "nom prenom"),
    "societe": ("ste", "organisme", "structure", "account", "magasin"),
}
_WORDS: dict[str, tuple[str, ...]] = {
    "prenom": ("prenom", "first", "given"),
    "email": ("email", "mail", "courriel"),
    "societe": ("societe", "entreprise", "company", "sociale"),
    "portable": ("portable", "mobile", "gsm", "tel", "telephone", "phone"),
    "nom": ("nom", "surname"),
}
_REASONS = ("motif", "motifs", "raison", "raisons", "reason", "reasons", "cause", "motive")
_PHONE = re.compile(r"\+?[\d\s.()/'-]{8,22}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")


@dataclass(frozen=True)
class Column:
    """A column of a file: its place, its header, the field it is taken for ("" to ignore it), how sure (0-100)."""

    index: int
    header: str
    field: str
    confidence: int
    samples: tuple[str, ...]


def first_names(rows: pl.DataFrame) -> bool:
    """Whether the first row names the columns: a name that is known, or words above cells that are numbers."""
    first = _cells(rows, 0) if rows.height else []
    if any(_PHONE.fullmatch(cell) or _EMAIL.fullmatch(cell) for cell in first):
        return False
    if any(field_named(cell)[1] >= PROBABLE for cell in first):
        return True
    below = _cells(rows, 1) if rows.height > 1 else [""] * len(first)
    return any(_PHONE.fullmatch(cell) and above for above, cell in zip(first, below, strict=True))


def guess_columns(rows: pl.DataFrame, headers: Sequence[str], known: Sequence[CustomField] = ()) -> tuple[Column, ...]:
    """The columns of a table with the field each is taken for: ``headers`` are their names, or empty, ``rows`` the
    first below. ``known`` are the account's own fields, which a column of their name is taken for. No field is given to
    two columns.
    """
    names = [c for c in rows.columns if c not in ("row", "flaw")]
    body = rows.head(SAMPLE)
    values = [[v for v in body[name].to_list() if v] for name in names]
    votes = sorted(
        (
            (confidence, -index, field)
            for index, (title, cells) in enumerate(zip(headers, values, strict=True))
            for field, confidence in _votes(title, cells).items()
            if confidence >= PROBABLE and not (field in BOOK and _own_of(title, known))
        ),
        reverse=True,
    )
    given: dict[int, tuple[str, int]] = {}
    for confidence, place, field in votes:
        if -place not in given and field not in {taken for taken, _ in given.values()}:
            given[-place] = (field, confidence)
    for index, title in enumerate(headers):
        own = _own_of(title, known)
        if index not in given and own and own not in {taken for taken, _ in given.values()}:
            given[index] = (own, 99)
    return tuple(
        Column(i, title, *given.get(i, ("", 0)), tuple(dict.fromkeys(values[i]))[:5]) for i, title in enumerate(headers)
    )


def reason_column(columns: Sequence[Column]) -> int | None:
    """The column whose header says that it holds the reasons of a blacklist: by its whole name, or a word of it."""
    names = [_plain(column.header).split() for column in columns]
    whole = [at for at, words in enumerate(names) if len(words) == 1 and words[0] in _REASONS]
    part = [
        at
        for at, words in enumerate(names)
        if any(word in _REASONS for word in words) and not any(word.startswith("social") for word in words)
    ]
    return next((columns[at].index for at in (*whole, *part) if columns[at].field != "portable"), None)


def with_reason(mapping: Mapping[int, str], index: int | None) -> dict[int, str]:
    """``mapping`` with a column taken for the reasons, unless another is, or it is the column of the numbers."""
    free = index is not None and REASON not in mapping.values() and mapping.get(index) != "portable"
    return {**mapping, index: REASON} if free and index is not None else dict(mapping)


def kept_by(mapping: Mapping[int, str], blacklist: bool) -> dict[int, str]:
    """``mapping`` as it is for the blacklist, which keeps no consent and no groups, or the book: no reasons."""
    lost = BOOK if blacklist else (REASON,)
    return {index: "" if field in lost else field for index, field in mapping.items()}


def checked(mapping: Mapping[int, str], width: int) -> dict[str, int]:
    """``mapping`` (column -> field, "" to ignore) turned around; a field named twice keeps its first column.

    Fields of one's own are named by their keys: "+Ville" -> "+ville".
    """
    turned: dict[str, int] = {}
    for index, field in sorted(mapping.items()):
        if is_field(field) and 0 <= index < width:
            turned.setdefault(OWN + key_of(field[1:]) if field.startswith(OWN) else field, index)
    return turned


def by_key(mapping: Mapping[int, str], known: Sequence[CustomField]) -> dict[int, str]:
    """``mapping`` with the account's own fields under what makes their keys: one that was given another name is still
    itself.
    """
    renamed = {fold(one.name): OWN + one.key for one in known if key_of(one.name) != one.key}
    return {
        index: renamed.get(fold(field[1:]), field) if field.startswith(OWN) else field
        for index, field in mapping.items()
    }


def by_name(mapping: Mapping[int, str], known: Sequence[CustomField]) -> dict[int, str]:
    """``mapping`` with the account's own fields under the names that they have today."""
    names = {OWN + one.key: OWN + one.name for one in known}
    return {
        index: names.get(OWN + key_of(field[1:]), field) if field.startswith(OWN) else field
        for index, field in mapping.items()
    }


def is_field(field: str) -> bool:
    """Whether a column can be taken for it: one of ours, the reason of a blacklist, or one of the person's own."""
    ours = (*FIELDS, *BOOK, REASON)
    return field in ours or (field.startswith(OWN) and own_field(field[1:]) == field)


def own_field(name: str) -> str:
    """The field of one's own with that name; empty when it is no name, or that of one of ours."""
    tidy = " ".join(name.replace("\0", "").split())[:NAME_LENGTH]
    key = key_of(tidy)
    return f"{OWN}{tidy}" if key and key not in STANDARD else ""


def shape_of(columns: Sequence[str]) -> str:
    """The same for all files with the same columns, whatever the case and accents of their names; "" without names."""
    names = [fold(name) for name in columns]
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()[:32] if any(names) else ""


def _own_of(title: str, known: Sequence[CustomField]) -> str:
    """The field of the account's own that a column of this name is."""
    plain, key = fold(title), key_of(title)
    found = [one.name for one in known if fold(one.name) == plain] or [one.name for one in known if one.key == key]
    return OWN + found[0] if plain and found else ""


def _votes(title: str, cells: Sequence[str]) -> dict[str, int]:
    field, named = field_named(title)
    votes = {field: named} if field else {}
    if cells:
        numbers = sum(1 for c in cells if _PHONE.fullmatch(c) and not _is_date(c)) / len(cells)
        addresses = sum(1 for c in cells if _EMAIL.fullmatch(c)) / len(cells)
        if addresses > 0.5:
            votes["email"] = max(votes.get("email", 0), round(90 * addresses) if not named else 97)
        if field == "portable":
            share = 0.6 + 0.4 * numbers if numbers > 0.2 else 0.55  # a name that is sure outweighs cells that are bad
            votes["portable"] = round(named * share)
        elif numbers > 0.5 and not named:
            votes["portable"] = round(80 * numbers)
    return votes


def field_named(title: str) -> tuple[str, int]:
    """The field that a header of this name is, and how sure: 86 or 99 for a whole name, 75 for a word of it."""
    plain = _plain(title)
    for field, known in {**_NAMES, **_BOOK}.items():
        if plain in known or plain.replace(" ", "") in known:
            return field, 99
    for field, known in _LIKELY.items():
        if plain in known:
            return field, 86
    words = plain.split()
    for field, known in _WORDS.items():
        if any(word in known for word in words):
            return field, 75
    return "", 0


def _plain(title: str) -> str:
    """A header as words of small letters without accents."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(title)).split())


def is_number(cell: str) -> bool:
    """Whether a cell looks like a phone number, and not like a date."""
    return bool(_PHONE.fullmatch(cell)) and not _is_date(cell)


def is_address(cell: str) -> bool:
    """Whether a cell looks like an e-mail address."""
    return bool(_EMAIL.fullmatch(cell))


def _is_date(cell: str) -> bool:
    return bool(re.fullmatch(r"\d{1,2}[/. -]\d{1,2}[/. -]\d{2,4}|\d{4}-\d{2}-\d{2}.*", cell))


def _cells(rows: pl.DataFrame, at: int) -> list[str]:
    return [cell or "" for cell in rows.row(at)[2:]]
