"""Which row of a file names its columns: the first, none, or one below the titles that people put above a table.

Conservative: another row than the first is taken only where it reads like names above the very cells that they name,
and what stands above it like a title. Whoever says it by hand is believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from smsapp.contacts.folding import fold
from smsapp.domain.errors import Refusal
from smsapp.imports.mapping import PROBABLE, field_named, first_names, is_address, is_number
from smsapp.imports.sandbox import HEAD, Reading, Table, read_table

CANDIDATES = 20  # rows among which the header is looked for
BELOW = 20  # rows below it that it is compared with
EXCERPT = 60

_WHOLE = 86  # how sure `field_named` is of a whole name
_OTHERS = frozenset(
    (
        "id", "n°", "no", "num", "ref", "reference", "code", "code client", "numero client", "numero adherent",
        "adherent", "adherents", "licence", "civilite", "titre", "title", "genre", "sexe", "gender", "sex", "age",
        "naissance", "date de naissance", "ne le", "birthday", "birth date", "birthdate", "date of birth", "adresse",
        "address", "rue", "street", "code postal", "cp", "postcode", "zip", "zip code", "postal code", "ville",
        "commune", "localite", "city", "town", "quartier", "pays", "country", "fixe", "tel fixe", "telephone fixe",
        "landline", "fax", "fonction", "role", "poste", "job", "position", "service", "profession", "categorie",
        "category", "type", "statut", "status", "groupe", "group", "section", "equipe", "team", "classe", "niveau",
        "date", "date d'inscription", "inscription", "inscrit le", "date_crea", "cree le", "created", "created at",
        "adhesion", "cotisation", "montant", "amount", "solde", "remarque", "remarques", "note", "notes",
        "commentaire", "commentaires", "comment", "comments", "observation", "observations", "motif", "raison",
        "reason", "langue", "language", "consentement", "consent", "source", "origine", "site web", "website",
    )
)  # fmt: skip
"""Names of columns that are no field of ours, as `fold` leaves them."""


class NoSuchRow(Refusal):
    """The row that is said to name the columns is not among the first of the file."""

    key = "imports.no_such_row"


@dataclass(frozen=True)
class Headed:
    """A table and the row that names its columns: its number in the file, 0 if none does. ``skip`` is how many of the
    table's rows are not of its body: the header and what is said above it.
    """

    table: Table
    header: int
    skip: int

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, empty ones where no row names them."""
        return self.table.head.row(self.skip - 1)[2:] if self.header else ("",) * self.table.width

    @property
    def body(self) -> pl.DataFrame:
        """The first rows below the header."""
        return self.table.head.slice(self.skip)

    @property
    def count(self) -> int:
        """How many rows are read."""
        return self.table.count - self.skip

    @property
    def above(self) -> int:
        """How many lines stand above the header, blank ones among them: they are left out."""
        return max(0, self.header - 1)

    def lines(self) -> tuple[tuple[int, str], ...]:
        """The rows that could name the columns: number and beginning."""
        said = {row: " · ".join(cell for cell in cells if cell) for row, cells in self.table.first[:CANDIDATES]}
        if self.header and self.header not in said:
            said[self.header] = " · ".join(cell for cell in self.names if cell)
        return tuple((row, words[:EXCERPT]) for row, words in said.items())


def read_headed(path: Path, reading: Reading) -> Headed:
    """Read a file, with the row that names its columns: the one that ``reading`` says, or else the one that looks so.
    A row that is said and blank stands for the next that is not. The header, not the title, says how many columns there
    are.

    Raises:
        UnreadableFile, NoSuchRow
    """
    table = read_table(path, reading)
    header = guess_header(table) if reading.header is None else _row_at(table, reading.header)
    if header not in (0, table.first[0][0]):
        named = next((len(cells) for row, cells in table.first if row == header), 0)
        width = max(table.usual, named)
        if width != table.width:
            table = read_table(path, reading, width)
    skip = table.head.filter(pl.col("row") <= header).height
    return Headed(table, header, skip)


def guess_header(table: Table) -> int:
    """The number of the row that names the columns, 0 for none."""
    rows = [cells for _, cells in table.first]
    best, found = _rank(rows[0]), 0
    for at in range(1, min(CANDIDATES, len(rows))):
        if _names_the_rest(rows, at) and _rank(rows[at]) > best:
            best, found = _rank(rows[at]), at
    if found:
        return table.first[found][0]
    return int(table.head["row"][0]) if first_names(table.head) else 0


def _row_at(table: Table, asked: int) -> int:
    if asked <= 0:
        return 0
    rows = table.head["row"]
    if asked > rows[-1]:
        raise NoSuchRow(number=asked, most=HEAD)
    return int(rows.filter(rows >= asked)[0])


def _names_the_rest(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Whether a row names the columns of those below it, and those above look like titles."""
    row, above, below = rows[at], rows[:at], rows[at + 1 : at + 1 + BELOW]
    if any(_is_data(cell) for cell in row):
        return False
    filled = _filled(row)
    usual = sorted(map(_filled, below))[len(below) // 2] if below else 0
    if filled * 2 < usual:
        return False
    phones = {place for place, cell in enumerate(row) if cell and _mostly_numbers(below, place)}
    called = any(field_named(row[place])[0] == "portable" for place in phones)
    whole, known = _rank(row)
    titles = all(_filled(one) * 2 <= filled or (filled == 1 == _filled(one) and _rank(one)[0] == 0) for one in above)
    if any(_is_data(cell) for one in above for cell in one):
        # The number of whoever made the file, beside its title; never one in the column of the numbers.
        apart = not any(_is_data(one[place]) for one in above for place in phones if place < len(one))
        return called and known >= 3 and apart and all(_filled(one) < filled for one in above)
    if not titles:
        return called and known >= 2 and not _called_already(rows)
    if not phones:
        return known >= (3 if below else 2) and not any(is_number(cell) for one in below for cell in one)
    return known >= 2 or (called and whole >= 1) or (filled >= 3 and _only_words(rows, at))


def _only_words(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Names that nobody knows: a word above each column, right above the first number, below one-cell titles."""
    row, above, below = rows[at], rows[:at], rows[at + 1 : at + 2]
    return (
        _filled(row) >= max(map(_filled, rows[at + 1 : at + 1 + BELOW]))
        and not any(letter.isdigit() for cell in row for letter in cell)
        and any(is_number(cell) for one in below for cell in one)
        and all(_filled(one) == 1 and len("".join(one).split()) >= 3 for one in above)
    )


def _called_already(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row calls a column of numbers so."""
    below = rows[1 : 1 + BELOW]
    return any(field_named(cell)[0] == "portable" and _mostly_numbers(below, at) for at, cell in enumerate(rows[0]))


def _mostly_numbers(rows: Sequence[Sequence[str]], place: int) -> bool:
    cells = [row[place] for row in rows if place < len(row) and row[place]]
    return bool(cells) and sum(map(is_number, cells)) * 2 >= len(cells)


def _rank(row: Sequence[str]) -> tuple[int, int]:
    """How many names of columns a row has: whole ones, and any, each counted once."""
    whole, known = set(), set()
    for cell in row:
        field, sure = field_named(cell) if len(cell) <= EXCERPT else ("", 0)
        other = fold(cell).strip(" .:*")
        if sure < _WHOLE and other in _OTHERS:
            field, sure = other, _WHOLE
        if sure >= PROBABLE:
            known.add(field)
        if sure >= _WHOLE:
            whole.add(field)
    return len(whole), len(known)


def _is_data(cell: str) -> bool:
    return is_number(cell) or is_address(cell)


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell)
