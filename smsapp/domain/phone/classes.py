"""How many leading digits of a number decide what it is: the numbers that share them are one class, judged once.

Numbering plans are written as regular expressions whose ends say "any digit". Walking a pattern along the first digits
of a number tells how deep the pattern can still look; everything behind that depth only counts, it does not decide.
A construct that is not understood makes the depth infinite, which is slower but still right.
"""

from enum import IntEnum
from functools import cache
from importlib import import_module
from typing import Any, Final

import phonenumbers
from phonenumbers import PhoneMetadata

from smsapp.domain.phone.reading import FRENCH_CODES, FRENCH_REGIONS, OVERSEAS_MOBILE, metadata_of, trunk_prefix
from smsapp.domain.phone.territory import FICTION, calling_code_of

HEAD: Final = 5
"""Digits looked at to tell how many decide."""
LEAST: Final = 4
"""Fewest digits said to decide: calling codes and the shapes of French mobiles are read within them."""
INFINITE: Final = 99
"""Every digit decides (or nobody can tell)."""

# the standard library's own reader of patterns; it ships no types
sre: Final[Any] = import_module("re._constants")
parser: Final[Any] = import_module("re._parser")
_LONGEST: Final = 20
_KINDS: Final = (
    "general_desc",
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)


class Form(IntEnum):
    """What stands before the head: nothing, a + or two zeros."""

    BARE = 0
    PLUS = 1
    ZEROS = 2


@cache
def deciding_digits(form: Form, head: str, region: str) -> int:
    """How many leading digits decide what `reading.judge` says of a number with these first HEAD digits.

    The two zeros of `Form.ZEROS` are not part of `head`, but are counted in the answer.
    """
    # Most heads are told by fewer digits; what these say is kept for all the heads that share them.
    depth = _deciding(form, head[:LEAST], region)
    return depth if depth <= HEAD + 2 * (form is Form.ZEROS) else _deciding(form, head, region)


@cache
def _deciding(form: Form, head: str, region: str) -> int:
    if form is Form.PLUS:
        return max(LEAST, _international(head))
    idd = _metadata(region).international_prefix or ""
    if form is Form.ZEROS and idd == "00":
        return INFINITE if head[0] == "0" else 2 + max(LEAST, _international(head))
    digits = "00" + head if form is Form.ZEROS else head
    if _look(idd, digits)[1]:
        return INFINITE
    depth = max(LEAST + 2 * (form is Form.ZEROS), _home(digits, region))
    if form is Form.ZEROS:
        return max(depth, 2 + _international(head))
    known = head[0] != "0" and calling_code_of(head) is not None
    return max(depth, _international(head)) if known else depth


def _international(head: str) -> int:
    """Depth of a number that begins with its calling code."""
    code = calling_code_of(head)
    if code is None:
        return INFINITE
    width = len(str(code))
    national = head[width:]
    depth = max(len(trunk_prefix(metadata_of(code))), _national(code, national))
    if code == 33:
        depth = max(depth, _french(national))
    return width + depth


def _home(digits: str, region: str) -> int:
    """Depth of a number dialled inside `region`, where its calling code may also stand without a +."""
    code = phonenumbers.country_code_for_region(region)
    depth = max(len(trunk_prefix(_metadata(region))), _national(code, digits))
    if digits.startswith(str(code)):
        width = len(str(code))
        depth = max(depth, width + _national(code, digits[width:]))
    return max(depth, _french(digits)) if region in FRENCH_REGIONS else depth


def _french(digits: str) -> int:
    """Depth of a French mobile which may belong to another calling code (M14)."""
    width = 1 if digits.startswith("0") else 0
    return width + max(_national(code, digits[width:]) for code in FRENCH_CODES)


@cache
def _national(code: int, prefix: str) -> int:
    """Depth of what follows a calling code, when it begins with `prefix`."""
    strips, plans = _patterns(code)
    starts = now = frozenset({0})
    deep = 0
    for _ in range(2):  # libphonenumber may strip a trunk prefix twice: "33 0 0 6..."
        after: set[int] = set()
        for strip in strips:
            for start in now:
                depth, ends = _look(strip, prefix[start:])
                deep = max(deep, start + depth)
                after |= {start + end for end in ends}
        now = frozenset(after - starts)
        starts |= now
    return max(deep, *(start + _depth(plan, prefix[start:]) for start in starts for plan in plans))


@cache
def _patterns(code: int) -> tuple[frozenset[str], frozenset[str]]:
    """(patterns of trunk prefixes, patterns that decide) of all the regions of a calling code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    metas = [metadata_of(code) if region == "001" else _metadata(region) for region in regions]
    known = [meta for meta in metas if meta]
    plans = {meta.leading_digits for meta in known}
    for meta in known:
        plans |= {desc.national_number_pattern for kind in _KINDS if (desc := getattr(meta, kind))}
    if code == 33:
        plans |= {OVERSEAS_MOBILE, *(str(block).removeprefix("33") for block in FICTION)}
    strips = {meta.national_prefix_for_parsing for meta in known}
    return frozenset(s for s in strips if s), frozenset(p for p in plans if p)


def _metadata(region: str) -> PhoneMetadata:
    meta = PhoneMetadata.metadata_for_region(region, None)
    if meta is None:
        raise ValueError(f"unknown region {region!r}")
    return meta


@cache
def _look(pattern: str, prefix: str) -> tuple[int, frozenset[int]]:
    deep, ends = _walk(_parsed(pattern), frozenset({0}), tuple(map(int, prefix)))
    return min(deep, INFINITE), ends


@cache
def _depth(pattern: str, prefix: str) -> int:
    """How deep `pattern` looks into numbers that begin with `prefix`: what a shorter prefix settles is settled."""
    if prefix and (known := _depth(pattern, prefix[:-1])) < len(prefix):
        return known
    return _look(pattern, prefix)[0]


@cache
def _parsed(pattern: str) -> list[tuple[Any, Any]]:
    return list(parser.parse(pattern))


def _walk(items: Any, at: frozenset[int], prefix: tuple[int, ...]) -> tuple[int, frozenset[int]]:
    """(deepest position that can still decide, positions where a match may end), from any of the positions `at`."""
    deep = 0
    for kind, value in items:
        if not at:
            break
        allowed = _allowed(kind, value)
        if allowed is not None:
            at = frozenset(i + 1 for i in at if i >= len(prefix) or prefix[i] in allowed)
            if len(allowed) < 10:
                deep = max(deep, *at) if at else deep
        elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            least, most, repeated = value
            ends = at if least == 0 else frozenset()
            for count in range(1, min(int(most), _LONGEST) + 1):
                depth, at = _walk(repeated, at, prefix)
                deep = max(deep, depth)
                ends |= at if count >= least else frozenset()
            at = ends
        elif kind is sre.SUBPATTERN:
            depth, at = _walk(value[-1], at, prefix)
            deep = max(deep, depth)
        elif kind is sre.BRANCH:
            branches = [_walk(branch, at, prefix) for branch in value[1]]
            deep = max(deep, *(depth for depth, _ in branches))
            at = frozenset().union(*(ends for _, ends in branches))
        elif kind is not sre.AT:
            return INFINITE, frozenset({INFINITE})
    return deep, at


def _allowed(kind: Any, value: Any) -> frozenset[int] | None:
    """The digits that a one-character node accepts, or None when the node is something else."""
    if kind is sre.LITERAL:
        return frozenset({value - 48})
    if kind is sre.ANY:
        return frozenset(range(10))
    if kind is not sre.IN:
        return None
    digits: set[int] = set()
    for member, argument in value:
        if member is sre.LITERAL:
            digits.add(argument - 48)
        elif member is sre.RANGE:
            digits |= {d for d in range(10) if argument[0] <= d + 48 <= argument[1]}
        elif member is sre.CATEGORY and argument is sre.CATEGORY_DIGIT:
            digits |= set(range(10))
        else:
            return None
    return frozenset(digits)
