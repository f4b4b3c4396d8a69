"""A phone number, or a column of them: E.164 as an integer, territory and line, or the reason and the repair."""

from smsapp.domain.phone.column import COLUMNS, keep_answers, read_column, save_answers
from smsapp.domain.phone.model import Caution, Line, Number, Reason, Unreadable
from smsapp.domain.phone.reading import read_number
from smsapp.domain.phone.spelling import split_numbers
from smsapp.domain.phone.territory import is_fiction, pretty, territory_of, time_zone

__all__ = [
    "COLUMNS",
    "Caution",
    "Line",
    "Number",
    "Reason",
    "Unreadable",
    "is_fiction",
    "keep_answers",
    "pretty",
    "read_column",
    "read_number",
    "save_answers",
    "split_numbers",
    "territory_of",
    "time_zone",
]
