"""What reading a phone number can answer: a number with what is known of it, or the reason why there is none."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a text is not a number that can be written to. Each has its own sentence (`phone.reason.<value>`)."""

    EMPTY = "empty"
    LETTERS = "letters"
    TWO_NUMBERS = "two_numbers"
    SCIENTIFIC = "scientific"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    INVALID = "invalid"
    UNKNOWN_COUNTRY = "unknown_country"
    FIXED_LINE = "fixed_line"
    SPECIAL_NUMBER = "special_number"
    NEEDS_COUNTRY_CODE = "needs_country_code"
    AMBIGUOUS = "ambiguous"


class Line(StrEnum):
    """What kind of line a number leads to, as the numbering plan says."""

    MOBILE = "mobile"
    FIXED = "fixed"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    VOIP = "voip"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    PERSONAL = "personal"
    PAGER = "pager"
    COMPANY = "company"
    VOICEMAIL = "voicemail"


class Caution(StrEnum):
    """Something to tell about a number that is accepted all the same."""

    NEW_BLOCK = "new_block"  # a French mobile block younger than the metadata
    FICTION = "fiction"  # reserved for films and examples: only ever goes to a simulator
    AMBIGUOUS = "ambiguous"  # M13: another country's reading is just as good, see `Number.choices`


@dataclass(frozen=True, slots=True)
class Number:
    """A number that can be written to (or called).

    `territory` is libphonenumber's region ("FR", "MQ", "GG", "001" for numbers of no country); prices go by
    `calling_code` (M13: +44 7911 is GG, but is priced as +44). `choices` holds the other readings of an ambiguous
    spelling; `e164` is then the national one.
    """

    e164: int
    territory: str
    calling_code: int
    line: Line
    warning: Caution | None = None
    choices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text was refused, and the repairs that one click can do.

    `suggestion` is set when one repair stands out (it is `suggestions[0]`); `suggestions` are E.164 integers, each of
    which `read_number` accepts. `missing_digits` is only set with `Reason.TOO_SHORT`.
    """

    reason: Reason
    suggestion: int | None = None
    suggestions: tuple[int, ...] = ()
    missing_digits: int | None = None
