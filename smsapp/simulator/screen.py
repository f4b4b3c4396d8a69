"""What the pages of the simulator show, made of a `Price`: plain figures that travel to the browser."""

from dataclasses import dataclass, field

from smsapp.domain.encoding import Encoding
from smsapp.domain.errors import Refusal
from smsapp.domain.packs import TENTHS, Cover
from smsapp.domain.quote import Term
from smsapp.i18n.catalogue import Sentence
from smsapp.simulator.service import Price

MOST_LINES = 50
LADDER = 4


@dataclass(frozen=True)
class RowItem:
    """A destination as typed. `price`: units for one segment or call, 0 when there is none."""

    id: int
    territory: str
    count: str
    price: int = 0
    sample: bool = False
    problem: Sentence = field(default_factory=Sentence)


@dataclass(frozen=True)
class TermItem:
    """``count`` x ``price`` (units); ``more``: another term follows."""

    count: int
    price: int
    more: bool


@dataclass(frozen=True)
class PartItem:
    """(terms) x ``segments``; ``more``: another part follows."""

    segments: int
    terms: list[TermItem]
    more: bool


@dataclass(frozen=True)
class PlaceItem:
    """A destination of the price. `segments` in all, `price` and `units` in units of credit."""

    territory: str
    count: int
    segments: int
    price: int
    units: int


@dataclass(frozen=True)
class PackItem:
    """`count` packs of `size` credits; ``more``: other packs follow."""

    size: int
    count: int
    more: bool


@dataclass(frozen=True)
class CoverItem:
    """Packs that hold the credits needed. `euros` before tax, `rate` of one credit, `left` credits remain."""

    packs: list[PackItem]
    euros: float
    rate: float
    left: int
    cheapest: bool
    simplest: bool


@dataclass(frozen=True)
class AdviceItem:
    """A way to pay less; `place` names it to the server; `then`: after the costly characters are replaced."""

    place: int
    kind: str
    count: int
    segments: int
    units: int
    euros: float
    applies: bool
    then: bool


@dataclass(frozen=True)
class Shown:
    """An exact price, or nothing yet (not `ready`)."""

    ready: bool = False
    recipients: int = 0
    unicode: bool = False
    segments: int = 1
    units: int = 0
    euros: float = 0
    taxed: float = 0
    person: float = 0
    reference: float = 0
    saving: float = 0
    tariff: str = ""
    samples: int = 0
    left_out: int = 0
    places: list[PlaceItem] = field(default_factory=list)
    formula: list[PartItem] = field(default_factory=list)
    covers: list[CoverItem] = field(default_factory=list)
    advice: list[AdviceItem] = field(default_factory=list)


@dataclass(frozen=True)
class FileItem:
    """The file that the browser holds; what was found in it the last time it was read."""

    name: str = ""
    kept: int = 0
    duplicates: int = 0
    unreadable: int = 0
    uncovered: int = 0


def said(refusal: Refusal) -> Sentence:
    """A refusal on its way to the page."""
    return Sentence.of(refusal.key, refusal.params)


def shown(price: Price) -> Shown:
    """A price as the page shows it; the floats are for the screen only."""
    return Shown(
        ready=True,
        recipients=price.recipients,
        unicode=price.encoding is Encoding.UCS2,
        segments=price.segments,
        units=price.units,
        euros=float(price.euros),
        taxed=float(price.euros_with_tax),
        person=float(price.per_person),
        reference=float(price.reference),
        saving=float(max((advice.euros for advice in price.advice), default=0)),
        tariff=price.tariff_version,
        samples=len(price.samples),
        left_out=max(0, len(price.by_destination) - MOST_LINES),
        places=[
            PlaceItem(place.territory, place.count, place.segments, place.unit_price, place.units)
            for place in price.by_destination[:MOST_LINES]
        ],
        formula=_formula(price.formula),
        covers=_covers(price),
        advice=_advice(price),
    )


def _advice(price: Price) -> list[AdviceItem]:
    """Replacements first, since shortening counts on them; otherwise the largest saving first."""
    kinds = [advice.kind for advice in price.advice]
    then = price.encoding is Encoding.UCS2 and "replace" in kinds
    items = [
        AdviceItem(
            place,
            advice.kind,
            advice.count,
            advice.segments,
            advice.units,
            float(advice.euros),
            advice.text is not None or advice.kind.startswith("drop_"),
            then and advice.kind == "shorten",
        )
        for place, advice in enumerate(price.advice)
    ]
    return sorted(items, key=lambda item: item.kind != "replace")


def _formula(terms: tuple[Term, ...]) -> list[PartItem]:
    sizes = sorted({term.segments for term in terms})
    parts = []
    for size in sizes:
        same = [term for term in terms if term.segments == size]
        items = [TermItem(term.count, term.unit_price, n < len(same) - 1) for n, term in enumerate(same)]
        parts.append(PartItem(size, items, size != sizes[-1]))
    return parts


def _covers(price: Price) -> list[CoverItem]:
    """The cheapest packs, then the cheapest of a single size."""
    if price.cover is None:
        return []
    single = [cover for cover in price.singles if cover.packs != price.cover.packs]
    simplest = price.singles[0] if price.singles else None
    return [_cover(cover, price.cover, simplest) for cover in (price.cover, *single)][:LADDER]


def _cover(cover: Cover, cheapest: Cover, simplest: Cover | None) -> CoverItem:
    last = len(cover.packs) - 1
    return CoverItem(
        packs=[PackItem(size, count, n < last) for n, (size, count) in enumerate(cover.packs)],
        euros=cover.price / TENTHS,
        rate=cover.price / TENTHS / cover.credits,
        left=cover.left,
        cheapest=cover == cheapest,
        simplest=cover == simplest,
    )
