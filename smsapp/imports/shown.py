"""What the page shows of an import: columns, rows with their outcome, counts, the past."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from smsapp.contacts.service import why_unreadable
from smsapp.domain.phone import Number, Unreadable, pretty, read_number, territory_of
from smsapp.i18n import Sentence
from smsapp.imports.days import REASONS as DAYS
from smsapp.imports.days import is_day
from smsapp.imports.rejections import CheckedRow
from smsapp.imports.service import Check, Result
from smsapp.imports.sorting import FLAWS


@dataclass(frozen=True)
class ColumnHead:
    """A column of the file: what it is taken for, and how sure. ``look``: sure, probable, again (as the last
    time), chosen, none.

    ``own`` is the field of one's own that it could become.
    """

    index: int
    header: str
    field: str
    share: int
    look: str
    own: str = ""


@dataclass(frozen=True)
class HeaderLine:
    """A row that may name the columns: its number, its beginning."""

    row: int
    text: str


@dataclass(frozen=True)
class Cell:
    """A cell of the preview; ``bad``: a number that cannot be read."""

    text: str
    bad: bool = False
    off: bool = False


@dataclass(frozen=True)
class PreviewRow:
    row: int
    cells: list[Cell]


@dataclass(frozen=True)
class FateRow:
    """A row in its outcome. ``repair``: the number that is suggested, ``text``: what stands in the field, typed or
    suggested. ``hint``: what is wrong with what is typed; ``ready``: it can be imported as it stands.
    """

    row: int
    name: str
    value: str
    why: Sentence
    repair: str
    hint: Sentence = field(default_factory=Sentence)
    ready: bool = False
    text: str = ""
    day: bool = False  # it is the day of a consent that is to be put right, not the number


@dataclass(frozen=True)
class Counts:
    """What becomes of the rows; the six outcomes make up ``read``. ``above`` lines stand above the header."""

    read: int = 0
    created: int = 0
    completed: int = 0
    known: int = 0
    duplicates: int = 0
    blacklisted: int = 0
    rejected: int = 0
    repairable: int = 0
    ambiguous: int = 0
    imported: int = 0
    above: int = 0


@dataclass(frozen=True)
class ReasonTab:
    """A reason with its count, and how many of its rows have a suggestion."""

    reason: str
    why: Sentence
    count: int
    repairable: int = 0


@dataclass(frozen=True)
class PastImport:
    """An import in the history. ``rows``: what was brought in."""

    id: int
    name: str
    at: str
    status: str
    read: int
    rows: int
    rejected: int


def counts_of(found: Check | Result) -> Counts:
    """The outcomes of a check or of an import."""
    outcomes = (found.created, found.completed, found.known, found.duplicates, found.blacklisted, found.rejected)
    imported = found.created + found.completed + found.known
    if isinstance(found, Result):
        return Counts(found.read, *outcomes, found.repairable, 0, imported, found.above)
    return Counts(found.read, *outcomes, sum(found.repairable.values()), found.ambiguous, imported, found.above)


def fate_of(row: CheckedRow) -> FateRow:
    """A row as it is shown."""
    if row.note:
        return FateRow(row.row, row.name, row.value, Sentence.of("imports.repeats", {"row": int(row.note)}), "")
    if row.other:
        both = {
            "value": row.value[:60],
            "country": territory_of(row.e164)[0],
            "other": pretty(row.other),
            "elsewhere": territory_of(row.other)[0],
        }
        return FateRow(row.row, row.name, pretty(row.e164), Sentence.of("imports.reads_also", both), "")
    ready = bool(row.suggestion) and row.reason not in FLAWS
    reason = why(row.reason, row.missing)
    day = row.reason in DAYS
    return FateRow(row.row, row.name, row.value, reason, row.suggestion, ready=ready, text=row.suggestion, day=day)


def why(reason: str, missing: int = 0) -> Sentence:
    """Why a row is rejected."""
    if not reason:
        return Sentence()
    if reason in (*FLAWS, *DAYS):
        return Sentence.of(f"imports.reason.{reason}", {})
    return Sentence.of(*why_unreadable(reason, missing))


def typed(row: FateRow, number: str, region: str, today: date) -> FateRow:
    """A row whose number, or day of consent, is being typed."""
    text = number.strip()
    if row.day:
        ready = is_day(text, today)
        hint = Sentence.of("imports.still_no_day", {}) if text and not ready else Sentence()
        return replace(row, hint=hint, ready=ready, text=number)
    found = read_number(text, region) if text else None
    hint = Sentence()
    if isinstance(found, Unreadable):
        missing = found.missing_digits or 0
        hint = Sentence.of("imports.still_missing", {"count": missing}) if missing else why(found.reason)
    return replace(row, hint=hint, ready=isinstance(found, Number), text=number)


def as_typed(rows: Iterable[FateRow], typing: Mapping[int, str], region: str, today: date) -> list[FateRow]:
    """Rows as they were left: ``typing`` is what stands in the field of a row, accepted or not."""
    return [typed(row, typing[row.row], region, today) if row.row in typing else row for row in rows]


def past(found: Result) -> PastImport:
    """An import as the history shows it."""
    rows = found.created + found.completed + found.known
    return PastImport(found.id, found.filename, found.at.isoformat(), found.status, found.read, rows, found.rejected)
