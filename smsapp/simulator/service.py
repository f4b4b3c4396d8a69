"""What a campaign would cost, by the rules that price a real one: from volumes per country, or from a file (S11, S82).

Volumes have no names to put in the text, so variables count as `ASSUMED` says. A file is priced row by row, and is gone
when its price is known.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final, NamedTuple

import phonenumbers
import polars as pl

from smsapp.contacts.service import FIELD_LENGTHS
from smsapp.domain.counting import VOICE_CHARACTERS
from smsapp.domain.credits import UNITS
from smsapp.domain.encoding import Encoding, culprits, measure
from smsapp.domain.encoding import replace as replaced
from smsapp.domain.errors import Refusal
from smsapp.domain.packs import TENTHS, Cover, cheapest_cover, single_covers
from smsapp.domain.phone import read_column
from smsapp.domain.quote import RECIPIENTS, Destination, Quote, Term, quote
from smsapp.domain.tariff import SmsType, Tariff
from smsapp.domain.template import VARIABLES, SenderKind, Template, stop_mention
from smsapp.imports.headers import read_headed
from smsapp.imports.mapping import guess_columns
from smsapp.imports.sandbox import Reading
from smsapp.imports.sorting import tidy
from smsapp.imports.steps import NoPhoneColumn

ASSUMED: Final = {"nom": "Bernard", "prenom": "Camille", "email": "camille@example.net", "societe": "Maison Martin"}
"""What variables stand for when nobody is named; none of these needs Unicode."""
MOST_PEOPLE: Final = 1_000_000_000
MOST_SEGMENTS: Final = 255
"""What the header of a long SMS can number."""
MOST_CHARACTERS: Final = MOST_SEGMENTS * 153


class NotSimulated(Refusal):
    """What is asked cannot be priced; the key says why."""


@dataclass(frozen=True)
class Simulation:
    """What is simulated. `rows`: territory ("FR", "MQ") and volume; `sender`: a name instead of a number."""

    rows: tuple[tuple[str, int], ...] = ()
    text: str = ""
    sms_type: SmsType = SmsType.PRO
    sender: bool = False
    stop: bool = False


@dataclass(frozen=True)
class Advice:
    """A way to pay less. `count` characters or messages are concerned; `units` and `euros` are saved; `segments` is
    what the longest message takes afterwards; `text` is the text to apply, None when only the author can change it."""

    kind: str  # replace, shorten, drop_stop, drop_sender
    count: int
    segments: int
    units: int
    euros: Decimal
    text: str | None = None


@dataclass(frozen=True)
class Price:
    """An exact price: `units` of credit; `euros` is what the cheapest packs cost before tax, `reference` the value at
    the reference price of a credit. `segments` and `encoding` are of the longest message."""

    recipients: int
    encoding: Encoding
    characters: int
    segments: int
    units: int
    by_destination: tuple[Destination, ...]
    formula: tuple[Term, ...]
    cover: Cover | None
    singles: tuple[Cover, ...]
    euros: Decimal
    euros_with_tax: Decimal
    reference: Decimal
    per_person: Decimal
    tariff_version: str
    samples: tuple[str, ...]  # territories whose price nobody has confirmed
    advice: tuple[Advice, ...] = ()


class Ways(NamedTuple):
    """How people can unsubscribe: the short code, and the link where it is not known (M6)."""

    short_code: str
    link: str


def territory_named(name: str) -> str:
    """A territory from "FR", "mq", "+44" or "596". Raises NotSimulated for a country that does not exist."""
    plain = name.strip().upper().removeprefix("+")
    if plain in phonenumbers.SUPPORTED_REGIONS:
        return plain
    if plain.isascii() and plain.isdigit() and len(plain) <= 3 and plain[0] != "0":
        found = phonenumbers.region_code_for_country_code(int(plain))
        if found in phonenumbers.SUPPORTED_REGIONS:
            return found
    raise NotSimulated("simulator.unknown_country", value=name[:20])


def simulate(asked: Simulation, tariff: Tariff, short_code: str, opt_out_link: str = "") -> Price:
    """Price volumes per country. Rows of the same territory add up; empty ones are left out.

    Raises NotSimulated (unknown country, impossible volume, text too long), NotCovered.
    """
    rows = _checked(asked)
    ways = Ways(short_code, opt_out_link)
    price = _price(asked, rows, tariff, ways)
    return replace(
        price,
        advice=_advice(
            asked, price, lambda change: _price(change, rows, tariff, ways), lambda change: _excess(change, rows, ways)
        ),
    )


def simulate_file(
    path: Path,
    asked: Simulation,
    tariff: Tariff,
    short_code: str,
    opt_out_link: str = "",
    *,
    region: str = "FR",
    keep: bool = False,
) -> tuple[Price, Quote]:
    """Price a file of contacts exactly: duplicates and unreadable numbers out, each text counted with its own names.

    The file is deleted, whatever happens, unless `keep`. `asked.rows` are not used.

    Raises:
        UnreadableFile, NoPhoneColumn, NotSimulated
    """
    with tempfile.TemporaryDirectory() as place:
        own = Path(place) / "file"
        (shutil.copyfile if keep else shutil.move)(path, own)
        headed = read_headed(own, Reading())
        columns = guess_columns(headed.body, headed.names)
        fields = {column.field: column.index for column in columns if column.field}
        if "portable" not in fields:
            raise NoPhoneColumn
        body = headed.table.rows(headed.skip)
    read = read_column(body[f"c{fields['portable']}"], region, for_voice=asked.sms_type is SmsType.VOICE)
    # As the import keeps them, so that the campaign costs what the file was priced at.
    recipients = body.select(
        read["e164"],
        read["territory"],
        contact_id=pl.lit(None, dtype=pl.Int64),
        **{name: tidy(fields.get(name), FIELD_LENGTHS[name]) for name in VARIABLES},
        source=pl.lit("typed"),
        rank=pl.int_range(pl.len()),
    ).select(*RECIPIENTS)
    people = recipients.filter(pl.col("e164").is_not_null() & (body["flaw"] == ""))
    _check_text(asked.text)

    def quoted(change: Simulation) -> Quote:
        return quote(
            people,
            change.text,
            tariff=tariff,
            sms_type=change.sms_type,
            purpose="marketing" if change.stop else "transactional",
            sender_kind=_kind(change),
            short_code=short_code,
            opt_out_link=opt_out_link,
            unreadable=body.height - people.height,
            bodies=False,
        )

    found = quoted(asked)
    price = _of_quote(asked, found, tariff)
    if price.segments > MOST_SEGMENTS:
        raise NotSimulated("simulator.text_too_long", most=MOST_SEGMENTS)
    advice = _advice(asked, price, lambda change: _of_quote(change, quoted(change), tariff), lambda _change: 0)
    return replace(price, advice=advice), found


def _of_quote(asked: Simulation, found: Quote, tariff: Tariff) -> Price:
    longest = found.longest
    return _with_euros(
        asked,
        tariff,
        recipients=found.kept,
        encoding=longest.encoding if longest else Encoding.GSM7,
        characters=len(longest.body) if longest else 0,
        segments=longest.segments if longest else 0,
        by_destination=found.by_destination,
        formula=found.formula,
    )


def _checked(asked: Simulation) -> dict[str, int]:
    _check_text(asked.text)
    rows: Counter[str] = Counter()
    for name, count in asked.rows:
        if type(count) is not int or count < 0:
            raise NotSimulated("simulator.bad_volume", value=str(count)[:20])
        rows[territory_named(name)] += count
    if sum(rows.values()) > MOST_PEOPLE:
        raise NotSimulated("simulator.too_many", most=MOST_PEOPLE)
    return {territory: count for territory, count in rows.items() if count}


def _check_text(text: str) -> None:
    if len(text) > MOST_CHARACTERS or measure(Template.parse(text).render(ASSUMED)).segments > MOST_SEGMENTS - 1:
        raise NotSimulated("simulator.text_too_long", most=MOST_SEGMENTS)


def _kind(asked: Simulation) -> SenderKind:
    return "custom" if asked.sender else "reply"


def _bodies(asked: Simulation, territories: Sequence[str], ways: Ways) -> dict[str, str]:
    """The message that each territory receives."""
    body = Template.parse(asked.text).render(ASSUMED)
    if asked.sms_type is SmsType.VOICE or not asked.stop:
        return dict.fromkeys(territories, body)
    return {
        territory: body
        + stop_mention(
            territory,
            sender_kind=_kind(asked),
            purpose="marketing",
            short_code=ways.short_code,
            opt_out_link=ways.link,
        )
        for territory in territories
    }


def _segments(body: str, sms_type: SmsType) -> int:
    return measure(body).segments if sms_type is SmsType.PRO else max(1, -(-len(body) // VOICE_CHARACTERS))


def _price(asked: Simulation, rows: dict[str, int], tariff: Tariff, ways: Ways) -> Price:
    bodies = _bodies(asked, list(rows), ways)
    places, terms = [], Counter[tuple[int, int]]()
    for territory, count in rows.items():
        unit_price = tariff.unit_price(territory, asked.sms_type, custom_sender=asked.sender)
        segments = _segments(bodies[territory], asked.sms_type)
        places.append(Destination(territory, count, count * segments, unit_price, count * segments * unit_price))
        terms[segments, unit_price] += count
    longest = max(bodies.values(), key=lambda body: _segments(body, asked.sms_type), default="")
    if not rows:
        longest = next(iter(_bodies(asked, ["FR"], ways).values()))
    return _with_euros(
        asked,
        tariff,
        recipients=sum(rows.values()),
        encoding=measure(longest).encoding,
        characters=len(longest),
        segments=_segments(longest, asked.sms_type),
        by_destination=tuple(sorted(places, key=lambda place: (-place.units, place.territory))),
        formula=tuple(Term(segments, unit_price, count) for (segments, unit_price), count in sorted(terms.items())),
    )


def _with_euros(
    asked: Simulation,
    tariff: Tariff,
    *,
    recipients: int,
    encoding: Encoding,
    characters: int,
    segments: int,
    by_destination: tuple[Destination, ...],
    formula: tuple[Term, ...],
) -> Price:
    units = sum(place.units for place in by_destination)
    needed = -(-units // UNITS)
    cover = cheapest_cover(needed, tariff)
    euros = Decimal(cover.price) / TENTHS if cover else Decimal(0)
    prices = {
        p.territory: tariff.price(p.territory, asked.sms_type, custom_sender=asked.sender) for p in by_destination
    }
    return Price(
        recipients=recipients,
        encoding=encoding,
        characters=characters,
        segments=segments,
        units=units,
        by_destination=by_destination,
        formula=formula,
        cover=cover,
        singles=single_covers(needed, tariff),
        euros=euros,
        euros_with_tax=tariff.with_tax(euros),
        reference=tariff.euros(units),
        per_person=(euros / recipients).quantize(Decimal("0.0001"), ROUND_HALF_UP) if recipients else Decimal(0),
        tariff_version=tariff.version,
        samples=tuple(territory for territory, price in prices.items() if price and price.sample),
    )


def _advice(
    asked: Simulation, now: Price, price_of: Callable[[Simulation], Price], excess_of: Callable[[Simulation], int]
) -> tuple[Advice, ...]:
    """What would cost less, the largest saving first. Each is priced by the same rules as the campaign itself.

    `excess_of` says how many characters a message has too many for one segment fewer; 0 to advise no shortening.
    """
    found = []

    def consider(kind: str, count: int, change: Simulation, text: str | None = None) -> None:
        price = price_of(change)
        if price.units < now.units:
            euros = now.euros - price.euros
            found.append(Advice(kind, count, price.segments, now.units - price.units, euros, text))

    template = Template.parse(asked.text)
    costly = [c for c in culprits(asked.text) if c.replacement is not None]
    better = asked
    for effect in ("unicode", "double"):
        chars = {c.char for c in costly if c.effect == effect}
        if chars:
            text = template.rewrite(lambda part, chars=chars: replaced(part, chars))  # type: ignore[misc]
            change = replace(asked, text=text)
            consider("replace", sum(c.count for c in costly if c.char in chars), change, text)
            better = change if effect == "unicode" else better
    if asked.sms_type is SmsType.PRO:
        excess = excess_of(better)
        if excess:
            said = Template.parse(better.text).render(ASSUMED)  # cut what is read, never a variable in two
            consider("shorten", excess, replace(better, text=said[: max(0, len(said) - excess)].replace("$", "$$")))
        if asked.stop:
            consider("drop_stop", now.recipients, replace(asked, stop=False))
    if asked.sender:
        consider("drop_sender", now.recipients, replace(asked, sender=False))
    return tuple(sorted(found, key=lambda advice: -advice.units))


def _excess(asked: Simulation, rows: dict[str, int], ways: Ways) -> int:
    """How many characters of one unit the longest message must lose to take one segment fewer; 0 when it takes one."""
    bodies = _bodies(asked, list(rows) or ["FR"], ways)
    longest = measure(max(bodies.values(), key=lambda body: measure(body).units))
    if longest.segments == 1:
        return 0
    fits = 160 if longest.encoding is Encoding.GSM7 else 70
    return longest.units - (fits if longest.segments == 2 else sum(longest.fills[:-1]))
