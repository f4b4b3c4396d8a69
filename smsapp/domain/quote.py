"""The exact price of a campaign: who receives it, what each one reads, how many segments that takes, what it costs.

The simulator, the composer, the review and the debit all call `quote`; the rows of `Quote.lines` are what the outbox
inserts, so a quote equals its debit to the last unit (S53, S56, S80-S82, M6, M7, M12).

Counting does not read each text. The author's own words are a constant; only the personal values are joined and
looked at, and only rows whose double characters might meet a segment boundary are measured one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from smsapp.domain.encoding import BASIC, EXTENDED, GSM7, MULTIPLE, SINGLE, Encoding, measure
from smsapp.domain.tariff import SmsType, Tariff
from smsapp.domain.template import VARIABLES, Purpose, SenderKind, Slot, Template, stop_mention

RECIPIENTS = pl.Schema(
    {
        "e164": pl.Int64(),
        "territory": pl.String(),
        "contact_id": pl.Int64(),
        "nom": pl.String(),
        "prenom": pl.String(),
        "email": pl.String(),
        "societe": pl.String(),
        "source": pl.String(),  # "typed", "contact" or "group:<id>"
        "rank": pl.Int64(),  # order of arrival
    }
)
"""What `quote` asks of its recipients; further columns are carried along untouched."""

VOICE_CHARACTERS = 160
"""Characters read aloud in one priced call of SMS Voix (M29)."""

Removed = Literal["blacklisted", "uncovered", "duplicate"]


@dataclass(frozen=True, slots=True)
class Line:
    """One recipient of a quote: what goes to the phone and what it costs, in units."""

    e164: int
    territory: str
    contact_id: int | None
    nom: str | None
    prenom: str | None
    body: str
    encoding: Encoding
    segments: int
    cost: int


@dataclass(frozen=True, slots=True)
class Destination:
    """The recipients of one territory: `segments` of all their messages, `unit_price` and `units` in units."""

    territory: str
    count: int
    segments: int
    unit_price: int
    units: int


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the formula in words: `count` messages of `segments` segments at `unit_price` units each."""

    segments: int
    unit_price: int
    count: int


@dataclass(frozen=True)
class Quote:
    """An exact price and everything that explains it.

    `lines`: the kept recipients in order of arrival: their own columns, then encoding, units (septets or UTF-16 units),
    segments, cost (units of credit) and, when asked for, body. `removed`: the others, with `reason` (a `Removed`) and,
    for a duplicate, `kept_rank`, the rank of the copy that stays.
    kept + duplicates + blacklisted + uncovered = rows given; `unreadable` counts numbers that never became rows.
    """

    template: Template
    tariff_version: str
    sms_type: SmsType
    lines: pl.DataFrame
    removed: pl.DataFrame
    kept: int
    duplicates: int
    blacklisted: int
    uncovered: int
    unreadable: int
    total: int
    saved: int  # units that the removed duplicates would have cost
    histogram: dict[int, int]  # segments -> messages
    encodings: dict[Encoding, int]  # encoding -> messages
    by_destination: tuple[Destination, ...]  # dearest total first
    formula: tuple[Term, ...]
    empty_values: dict[str, int]  # variable without fallback -> recipients with no value for it (M30)
    without_stop: int  # marketing messages that carry no STOP mention of ours (S46)
    mentions: Mapping[str, str]  # territory -> mention appended

    @cached_property
    def longest(self) -> Line | None:
        """The message with the most segments, then the most units; the earliest of several."""
        if not self.kept:
            return None
        order = self.lines.select((pl.col("segments") * 1_000_000 + pl.col("units")).arg_max())
        return self.line(int(order.item()))

    def line(self, index: int) -> Line:
        """The recipient at `index` of `lines`, its text rendered if the quote was asked without bodies."""
        row = self.lines.row(index, named=True)
        body = row["body"] if "body" in row else self.template.render(row) + self.mentions[row["territory"]]
        return Line(
            e164=row["e164"],
            territory=row["territory"],
            contact_id=row["contact_id"],
            nom=row["nom"],
            prenom=row["prenom"],
            body=body,
            encoding=Encoding(row["encoding"]),
            segments=row["segments"],
            cost=row["cost"],
        )


def empty_recipients() -> pl.DataFrame:
    """No recipients, with the columns of RECIPIENTS."""
    return RECIPIENTS.to_frame()


def quote(
    recipients: pl.DataFrame,
    text: str,
    *,
    tariff: Tariff,
    sms_type: SmsType,
    purpose: Purpose,
    sender_kind: SenderKind,
    short_code: str,
    blacklist: Collection[int] | pl.Series = (),
    unreadable: int = 0,
    opt_out_link: str = "",
    bodies: bool = True,
) -> Quote:
    """Price `text` for `recipients` (columns of RECIPIENTS; the frame is not changed).

    The blacklist is taken out first, then territories without a price, then duplicates: of several rows with one number
    the one with the most filled fields stays, then the earliest (S53, M12). `bodies=False` leaves the texts out of
    `lines`, for a price at each keystroke.
    """
    template = Template.parse(text)
    kept, removed = _sort_out(recipients, tariff, sms_type, blacklist)
    territories = kept["territory"].unique().sort().to_list()
    custom_sender = sender_kind == "custom"
    prices = {
        territory: tariff.unit_price(territory, sms_type, custom_sender=custom_sender) for territory in territories
    }
    # A call has no STOP to answer with (M29): SMS Voix never carries a mention.
    mentions = {
        territory: ""
        if sms_type is SmsType.VOICE
        else stop_mention(
            territory, sender_kind=sender_kind, purpose=purpose, short_code=short_code, opt_out_link=opt_out_link
        )
        for territory in territories
    }
    lines = _measured(kept, template, mentions, sms_type).with_columns(
        cost=pl.col("segments") * _of_territory(prices, pl.Int64)
    )
    if bodies:
        lines = lines.with_columns(body=_body(template, mentions))
    reasons = dict(removed.group_by("reason").len().iter_rows())
    return Quote(
        template=template,
        tariff_version=tariff.version,
        sms_type=sms_type,
        lines=lines,
        removed=removed,
        kept=lines.height,
        duplicates=reasons.get("duplicate", 0),
        blacklisted=reasons.get("blacklisted", 0),
        uncovered=reasons.get("uncovered", 0),
        unreadable=unreadable,
        total=int(lines["cost"].sum()),
        saved=_saved(lines, removed),
        histogram=dict(lines.group_by("segments").len().sort("segments").iter_rows()),
        encodings={Encoding(name): count for name, count in lines.group_by("encoding").len().sort("encoding").rows()},
        by_destination=_destinations(lines, prices),
        formula=_formula(lines, prices),
        empty_values=_empty_values(lines, template),
        without_stop=_without_stop(lines, purpose, mentions),
        mentions=mentions,
    )


def _sort_out(
    recipients: pl.DataFrame, tariff: Tariff, sms_type: SmsType, blacklist: Collection[int] | pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that stay, in order of arrival, and the rows that go, each with its reason."""
    priced = [
        territory
        for territory in recipients["territory"].unique().to_list()
        if territory is not None and tariff.price(territory, sms_type) is not None
    ]
    barred = blacklist if isinstance(blacklist, pl.Series) else pl.Series(list(blacklist), dtype=pl.Int64)
    filled = pl.sum_horizontal([pl.col(name).fill_null("").ne("").cast(pl.Int8) for name in VARIABLES])
    rows = recipients.with_columns(
        pl.when(pl.col("e164").is_in(barred.implode()))
        .then(pl.lit("blacklisted"))
        .when(~pl.col("territory").is_in(priced).fill_null(False))
        .then(pl.lit("uncovered"))
        .alias("reason"),
        filled.alias("_filled"),
    ).with_row_index("_row")
    # Best copy first; the row number settles equal ranks, so that the same rows always give the same quote.
    candidates = rows.filter(pl.col("reason").is_null()).sort(
        "e164", pl.col("_filled"), "rank", "_row", descending=[False, True, False, False]
    )
    first = candidates["e164"].is_first_distinct()
    winners, losers = candidates.filter(first), candidates.filter(~first)
    copies = losers.join(
        winners.select("e164", kept_rank="rank"), on="e164", how="left", maintain_order="left"
    ).with_columns(reason=pl.lit("duplicate"))
    others = rows.filter(pl.col("reason").is_not_null()).with_columns(kept_rank=pl.lit(None, dtype=pl.Int64))
    removed = pl.concat([copies, others.select(copies.columns)]).sort("rank", "_row").drop("_row", "_filled")
    return winners.sort("rank", "_row").drop("_row", "_filled", "reason"), removed


def _value(slot: Slot) -> pl.Expr:
    """What a slot says for each row: the value, else the fallback, else nothing."""
    value = pl.col(slot.variable)
    return pl.when(value.fill_null("") == "").then(pl.lit(slot.fallback or "")).otherwise(value)


def _body(template: Template, mentions: Mapping[str, str]) -> pl.Expr:
    """The whole text of each row, mention included."""
    parts = [pl.lit(part) if isinstance(part, str) else _value(part) for part in template.parts]
    return pl.concat_str([*parts, _of_territory(mentions, pl.String)])


def _of_territory(values: Mapping[str, object], dtype: type[pl.DataType]) -> pl.Expr:
    """For each row, the value of its territory; every territory present has one."""
    if not values:
        return pl.lit(None, dtype=dtype)
    return pl.col("territory").replace_strict(dict(values), return_dtype=dtype)


def _class(chars: Collection[str]) -> str:
    return "".join(f"\\x{{{ord(char):X}}}" for char in sorted(chars))


_PLAIN = frozenset(char for char in BASIC if char.isascii())
_ODD = f"[^{_class(_PLAIN)}]"  # anything that is not one unit and one byte
_UNICODE = f"[^{_class(GSM7)}]"
_DOUBLE = f"[{_class(EXTENDED)}]"
_ASTRAL = "[\\x{10000}-\\x{10FFFF}]"


def _measured(kept: pl.DataFrame, template: Template, mentions: Mapping[str, str], sms_type: SmsType) -> pl.DataFrame:
    """`kept` with encoding, units and segments of each message, as `encoding.measure` would count its body."""
    fixed = "".join(part for part in template.parts if isinstance(part, str))
    personal = pl.concat_str([_value(slot) for slot in template.slots]) if template.slots else pl.lit("")
    # The constant part of a message: the author's words and the mention of its territory.
    constants = {territory: _Constant.of(fixed + mention) for territory, mention in mentions.items()}

    def constant(name: str, dtype: type[pl.DataType]) -> pl.Expr:
        return _of_territory({territory: getattr(known, name) for territory, known in constants.items()}, dtype)

    rows = kept.select(
        pl.col("territory"),
        personal.alias("personal"),
        constant("characters", pl.Int64).alias("characters"),
        constant("double", pl.Int64).alias("double"),
        constant("astral", pl.Int64).alias("astral"),
        constant("unicode", pl.Boolean).alias("unicode"),
    ).with_row_index("_row")
    odd = pl.col("personal").str.contains(_ODD)
    plain = rows.filter(~odd).with_columns(characters=pl.col("characters") + pl.col("personal").str.len_bytes())
    others = rows.filter(odd).with_columns(
        characters=pl.col("characters") + pl.col("personal").str.len_chars(),
        double=pl.col("double") + pl.col("personal").str.count_matches(_DOUBLE),
        astral=pl.col("astral") + pl.col("personal").str.count_matches(_ASTRAL),
        unicode=pl.col("unicode") | pl.col("personal").str.contains(_UNICODE),
    )
    rows = pl.concat([plain, others]).sort("_row")
    ucs2 = pl.col("unicode")
    rows = rows.with_columns(
        encoding=pl.when(ucs2).then(pl.lit(Encoding.UCS2.value)).otherwise(pl.lit(Encoding.GSM7.value)),
        pairs=pl.when(ucs2).then("astral").otherwise("double"),
        single=pl.when(ucs2).then(SINGLE[Encoding.UCS2]).otherwise(SINGLE[Encoding.GSM7]),
        multiple=pl.when(ucs2).then(MULTIPLE[Encoding.UCS2]).otherwise(MULTIPLE[Encoding.GSM7]),
    ).with_columns(units=pl.col("characters") + pl.col("pairs"))
    if sms_type is SmsType.VOICE:
        calls = pl.max_horizontal(1, _divided_up(pl.col("characters"), pl.lit(VOICE_CHARACTERS)))
        return kept.with_columns(rows.select("encoding", "units", segments=calls))
    one = pl.col("units") <= pl.col("single")
    least = pl.when(one).then(1).otherwise(_divided_up(pl.col("units"), pl.col("multiple")))
    rows = rows.with_columns(segments=least)
    # A boundary wastes at most one unit, and only where a pair stands: when even that takes no further segment, the
    # count is exact. The few rows where it might are measured one by one.
    worst = _divided_up(
        pl.col("units") + pl.min_horizontal("pairs", pl.col("segments") - 1),
        pl.col("multiple"),
    )
    unsure = rows.select((~one & (worst != pl.col("segments"))).arg_true()).to_series()
    segments = rows["segments"].cast(pl.Int64)
    if unsure.len():
        texts = kept[unsure].select(_body(template, mentions).alias("body"))["body"]
        segments = segments.scatter(unsure, [measure(body).segments for body in texts])
    return kept.with_columns(rows["encoding"], rows["units"].cast(pl.Int64), segments.alias("segments"))


@dataclass(frozen=True, slots=True)
class _Constant:
    """What the constant part of a message adds to each of its messages."""

    characters: int
    double: int
    astral: int
    unicode: bool

    @classmethod
    def of(cls, text: str) -> _Constant:
        return cls(
            characters=len(text),
            double=sum(char in EXTENDED for char in text),
            astral=sum(char > "\uffff" for char in text),
            unicode=not GSM7.issuperset(text),
        )


def _divided_up(amount: pl.Expr, by: pl.Expr) -> pl.Expr:
    return (amount + by - 1) // by


def _saved(lines: pl.DataFrame, removed: pl.DataFrame) -> int:
    """What the removed copies would have cost, each at the price of the copy that stays (M12)."""
    copies = removed.filter(pl.col("reason") == "duplicate").select("e164")
    return int(copies.join(lines.select("e164", "cost"), on="e164")["cost"].sum())


def _destinations(lines: pl.DataFrame, prices: Mapping[str, int]) -> tuple[Destination, ...]:
    groups = (
        lines.group_by("territory")
        .agg(pl.len().alias("count"), pl.col("segments").sum(), pl.col("cost").sum())
        .sort(["cost", "territory"], descending=[True, False])
    )
    return tuple(
        Destination(territory, count, segments, prices[territory], units)
        for territory, count, segments, units in groups.iter_rows()
    )


def _formula(lines: pl.DataFrame, prices: Mapping[str, int]) -> tuple[Term, ...]:
    groups = (
        lines.select("segments", unit_price=_of_territory(prices, pl.Int64))
        .group_by("segments", "unit_price")
        .len()
        .sort("segments", "unit_price")
    )
    return tuple(Term(segments, unit_price, count) for segments, unit_price, count in groups.iter_rows())


def _empty_values(lines: pl.DataFrame, template: Template) -> dict[str, int]:
    names = [name for name in VARIABLES if name in template.unguarded]
    if not names:
        return {}
    counts = lines.select([(pl.col(name).fill_null("") == "").sum() for name in names]).row(0)
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def _without_stop(lines: pl.DataFrame, purpose: Purpose, mentions: Mapping[str, str]) -> int:
    if purpose == "transactional":
        return 0
    bare = [territory for territory, mention in mentions.items() if not mention]
    return int(lines["territory"].is_in(bare).sum())
