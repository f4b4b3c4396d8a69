"""One number: from its digits to E.164, territory and line, or to the reason of the refusal and its repair.

libphonenumber decides what a number is; what is decided here is which readings to ask it about (S33, S91, M13, M14).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

from smsapp.domain.phone.model import Caution, Line, Number, Reason, Unreadable
from smsapp.domain.phone.spelling import MAX_LENGTH, Spelling, spell
from smsapp.domain.phone.territory import calling_code_of, is_fiction, main_region, region_of

SMS_LINES: Final = frozenset({Line.MOBILE, Line.FIXED_OR_MOBILE})
VOICE_LINES: Final = SMS_LINES | {Line.FIXED, Line.VOIP}
FRENCH_REGIONS: Final = frozenset({"FR", "GP", "MQ", "GF", "RE", "YT", "BL", "MF"})
"""Where 06 and 07 are dialled the same but lead to different calling codes (S91)."""
FRENCH_CODES: Final = (33, 590, 594, 596, 262)
OVERSEAS_MOBILE: Final = r"6(?:39|9[0-467])"
"""Heads of national numbers kept for overseas (but 639 98, fiction): never a new block of metropolitan France."""

_LINES: Final = {
    PhoneNumberType.MOBILE: Line.MOBILE,
    PhoneNumberType.FIXED_LINE: Line.FIXED,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: Line.FIXED_OR_MOBILE,
    PhoneNumberType.VOIP: Line.VOIP,
    PhoneNumberType.TOLL_FREE: Line.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: Line.PREMIUM,
    PhoneNumberType.SHARED_COST: Line.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER: Line.PERSONAL,
    PhoneNumberType.PAGER: Line.PAGER,
    PhoneNumberType.UAN: Line.COMPANY,
    PhoneNumberType.VOICEMAIL: Line.VOICEMAIL,
}
_EXPLICIT_FRENCH: Final = re.compile(r"(?:00)?330?([67]\d{8})")
_NATIONAL_FRENCH: Final = re.compile(r"0?([67]\d{8})")
_OVERSEAS_HEAD: Final = re.compile(OVERSEAS_MOBILE)
_MOBILE_SHAPE: Final = re.compile(r"[67]\d{8}")


def read_number(raw: str | None, region: str = "FR", *, for_voice: bool = False) -> Number | Unreadable:
    """Read one number as typed, in an account whose default country is `region` ("FR").

    Accepts international (+, 00 or the bare calling code, S33) and national spellings, also without the leading zero
    that Excel ate. An SMS needs a mobile line; `for_voice` accepts fixed ones too. Never raises on `raw`; raises
    ValueError when `region` is not a country that libphonenumber knows.
    """
    region = checked_region(region)
    if raw is None:
        return Unreadable(Reason.EMPTY)
    read = _read if len(raw) > MAX_LENGTH else _read_remembered
    return read(raw, region, for_voice)


def checked_region(region: str) -> str:
    """`region` in capitals. Raises ValueError when libphonenumber does not know it."""
    if (region := region.upper()) not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"unknown region {region!r}")
    return region


def _read(raw: str, region: str, for_voice: bool) -> Number | Unreadable:
    spelling = spell(raw)
    if isinstance(spelling, Spelling):
        return judge(spelling, region, for_voice)
    parts = [part for text in spelling.parts[:20] if isinstance(part := spell(text), Spelling)]
    readings = [judge(part, region, for_voice) for part in parts]
    found = tuple(dict.fromkeys(r.e164 for r in readings if isinstance(r, Number)))
    return _refusal(spelling.reason, found)


_read_remembered = lru_cache(maxsize=65_536)(_read)


def judge(spelling: Spelling, region: str, for_voice: bool) -> Number | Unreadable:
    """What the digits mean. Only their count and the first `classes.deciding_digits` of them matter."""
    plus, digits = spelling.plus, spelling.digits
    lines = VOICE_LINES if for_voice else SMS_LINES
    home = _reading(f"+{digits}" if plus else digits, region)
    abroad = None if plus else _abroad(digits, home)
    fallback = abroad if abroad and abroad.line in lines else None
    if home and home.line in lines:
        if fallback:
            return replace(home, warning=home.warning or Caution.AMBIGUOUS, choices=(fallback.e164,))
        return home
    if (overseas := _overseas(plus, digits, region, lines)) is not None:
        return _refusal(Reason.NEEDS_COUNTRY_CODE, (*overseas, *([fallback.e164] if fallback else [])))
    if home and fallback:
        return _refusal(Reason.AMBIGUOUS, (fallback.e164,))
    if fallback:
        return fallback
    if unfit := home or abroad:
        fixed = unfit.line in VOICE_LINES
        return Unreadable(Reason.FIXED_LINE if fixed else Reason.SPECIAL_NUMBER)
    return _why(plus, digits, region)


def _refusal(reason: Reason, suggestions: tuple[int, ...]) -> Unreadable:
    return Unreadable(reason, suggestions[0] if suggestions else None, suggestions)


def _reading(text: str, region: str | None) -> Number | None:
    """libphonenumber's reading of `text`, if it is a number that exists or may exist (new French blocks)."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    code = number.country_code or 0
    significant = phonenumbers.national_significant_number(number)
    e164 = int(f"{code}{significant}")
    caution = Caution.FICTION if is_fiction(e164) else None
    kind = phonenumbers.number_type(number)
    if kind != PhoneNumberType.UNKNOWN:  # which is how libphonenumber itself defines a valid number
        return Number(e164, region_of(number), code, _LINES[kind], caution)
    if code == 33 and _MOBILE_SHAPE.fullmatch(significant) and (caution or not _OVERSEAS_HEAD.match(significant)):
        return Number(e164, "FR", code, Line.MOBILE, caution or Caution.NEW_BLOCK)
    return None


def _abroad(digits: str, home: Number | None) -> Number | None:
    """The reading of `digits` as an international number without its + (S33), unless that is `home` again."""
    if digits.startswith("00"):
        return _reading(f"+{digits[2:]}", None) if home is None else None
    if digits.startswith("0") or calling_code_of(digits) is None:
        return None
    reading = _reading(f"+{digits}", None)
    return None if reading and home and reading.e164 == home.e164 else reading


def _overseas(plus: bool, digits: str, region: str, lines: frozenset[Line]) -> tuple[int, ...] | None:
    """M14: the numbers meant by a French mobile typed under the wrong calling code; None when it is no such thing."""
    explicit = _EXPLICIT_FRENCH.fullmatch(digits)
    national = None if plus or region not in FRENCH_REGIONS else _NATIONAL_FRENCH.fullmatch(digits)
    if not (match := explicit or national):
        return None
    own = 33 if explicit else phonenumbers.country_code_for_region(region)
    readings = [_reading(f"+{code}{match[1]}", None) for code in FRENCH_CODES if code != own]
    found = tuple(r.e164 for r in readings if r and r.line in lines)
    return found if found or (own == 33 and _OVERSEAS_HEAD.match(match[1])) else None


def _why(plus: bool, digits: str, region: str) -> Unreadable:
    """Why digits that nobody has are wrong: a matter of length, of country, or of the number itself."""
    abroad = digits if plus else digits[2:] if digits.startswith("00") else None
    if abroad is None:
        meta = PhoneMetadata.metadata_for_region(region, None)
        significant = digits.removeprefix(trunk_prefix(meta))
        if digits.startswith("0") or len(significant) <= max(_lengths(meta)) or calling_code_of(digits) is None:
            return _by_length(len(significant), meta)
        abroad = digits
    if (code := calling_code_of(abroad)) is None:
        blank = abroad.startswith("0") or len(abroad) < 4  # "00", "0000000000": what people type for nothing
        return Unreadable(Reason.INVALID if blank else Reason.UNKNOWN_COUNTRY)
    meta = metadata_of(code)
    return _by_length(len(abroad.removeprefix(str(code)).removeprefix(trunk_prefix(meta))), meta)


def _by_length(count: int, meta: PhoneMetadata | None) -> Unreadable:
    lengths, mobile = _lengths(meta), _lengths(meta, mobile=True)
    if count < min(mobile):
        return Unreadable(Reason.TOO_SHORT, missing_digits=min(mobile) - count)
    return Unreadable(Reason.TOO_LONG if count > max(lengths) else Reason.INVALID)


def _lengths(meta: PhoneMetadata | None, *, mobile: bool = False) -> tuple[int, ...]:
    """How many digits a country's numbers have after the calling code (its mobiles', if it has any)."""
    found: Iterator[int] = iter(())
    if meta and mobile and meta.mobile:
        found = (n for n in meta.mobile.possible_length if n > 0)
    if kept := tuple(found):
        return kept
    general = meta.general_desc.possible_length if meta and meta.general_desc else ()
    return tuple(n for n in general if n > 0) or (4, 15)


def metadata_of(calling_code: int) -> PhoneMetadata | None:
    """The numbering plan of a calling code's main region."""
    region = main_region(calling_code)
    if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY:
        return PhoneMetadata.metadata_for_nongeo_region(calling_code, None)
    return PhoneMetadata.metadata_for_region(region, None)


def trunk_prefix(meta: PhoneMetadata | None) -> str:
    """What is dialled before a national number and not part of it ("0" in France), or nothing."""
    return (meta.national_prefix or "") if meta else ""
