"""The exact price of a campaign: who receives it, what each one reads, how many segments that takes, what it costs.

The simulator, the composer, the review and the debit all call `quote`; the rows of `Quote.lines` are what the outbox
inserts, so a quote equals its debit to the last unit (S53, S56, S80-S82, M6, M7, M12).

The recipients are gone through once, in slices (`counting`); what stays of each is his row, his units and his segments.
The table of lines is only made when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from smsapp.domain.counting import Counting, body
from smsapp.domain.encoding import Encoding
from smsapp.domain.tariff import SmsType, Tariff
from smsapp.domain.template import OWN, VARIABLES, Purpose, SenderKind, Template, column, stop_mention

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
"""What `quote` asks of its recipients. A further column `own:KEY` (text) makes a variable of `$KEY`; others are carried
along untouched."""

Removed = Literal["blacklisted", "uncovered", "duplicate"]

_ENCODINGS = pl.Series([Encoding.GSM7.value, Encoding.UCS2.value], dtype=pl.String)  # by whether it is Unicode


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

    kept + duplicates + blacklisted + uncovered = rows given; `unreadable` counts numbers that never became rows.
    """

    template: Template
    tariff_version: str
    sms_type: SmsType
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
    _recipients: pl.DataFrame  # in order of arrival
    _prices: Mapping[str, int]
    _rows: pl.Series  # of the recipients that stay
    _messages: pl.DataFrame  # of each of them: unicode, units, segments
    _gone: pl.DataFrame  # the others: row, reason, kept_row
    _bodies: bool

    @cached_property
    def lines(self) -> pl.DataFrame:
        """The kept recipients in order of arrival: their own columns, then encoding, units (septets or UTF-16 units),
        segments, cost (units of credit) and, when asked for, body."""
        lines = self._recipients[self._rows].with_columns(
            _ENCODINGS.gather(self._messages["unicode"].cast(pl.UInt32)).alias("encoding"),
            self._messages["units"].cast(pl.Int64),
            self._messages["segments"].cast(pl.Int64),
        )
        lines = lines.with_columns(cost=pl.col("segments") * _of_territory(self._prices, pl.Int64))
        if self._bodies:
            lines = lines.with_columns(body=body(self.template, _of_territory(self.mentions, pl.String)))
        return lines

    @cached_property
    def removed(self) -> pl.DataFrame:
        """The recipients that do not stay, with `reason` (a `Removed`) and, for a duplicate, `kept_rank`, the rank of
        the copy that stays."""
        kept_rank = self._recipients["rank"].gather(self._gone["kept_row"]).alias("kept_rank")
        gone = pl.DataFrame([self._gone["row"], self._gone["reason"], kept_rank]).sort("row")
        return self._recipients[gone["row"]].with_columns(gone["reason"], gone["kept_rank"])

    @cached_property
    def longest(self) -> Line | None:
        """The message with the most segments, then the most units; the earliest of several."""
        if not self.kept:
            return None
        size = pl.col("segments").cast(pl.Int64) * 1_000_000 + pl.col("units")
        return self.line(int(self._messages.select(size.arg_max()).item()))

    def line(self, index: int) -> Line:
        """The recipient at `index` of `lines`, its text rendered."""
        row = self._recipients.row(int(self._rows[index]), named=True)
        unicode, _, segments = self._messages.row(index)
        return Line(
            e164=row["e164"],
            territory=row["territory"],
            contact_id=row["contact_id"],
            nom=row["nom"],
            prenom=row["prenom"],
            body=self.template.render({name: row[column(name)] for name in self.template.variables})
            + self.mentions[row["territory"]],
            encoding=_name(unicode),
            segments=segments,
            cost=segments * self._prices[row["territory"]],
        )


def empty_recipients(own: Iterable[str] = ()) -> pl.DataFrame:
    """No recipients, with the columns of RECIPIENTS and of the fields `own` (keys)."""
    return pl.Schema({**RECIPIENTS, **{OWN + key: pl.String() for key in own}}).to_frame()


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
    own = [name for name in recipients.columns if name.startswith(OWN)]
    template = Template.parse(text, [name.removeprefix(OWN) for name in own])
    prices = {
        territory: tariff.unit_price(territory, sms_type, custom_sender=sender_kind == "custom")
        for territory in sorted(recipients["territory"].unique().drop_nulls())
        if tariff.price(territory, sms_type) is not None
    }
    # A call has no STOP to answer with (M29): SMS Voix never carries a mention.
    voice = sms_type is SmsType.VOICE
    mentions = {
        territory: ""
        if voice
        else stop_mention(
            territory, sender_kind=sender_kind, purpose=purpose, short_code=short_code, opt_out_link=opt_out_link
        )
        for territory in prices
    }
    if not recipients["rank"].is_sorted():
        recipients = recipients.sort("rank", maintain_order=True)
    places = recipients["territory"].cast(pl.Enum(list(prices)), strict=False)
    counting = Counting(recipients, places, template, mentions, voice=voice)
    stays, gone = _sort_out(recipients, places.is_not_null(), blacklist, (*VARIABLES, *own))
    counted = counting.of(stays)
    rows = stays.arg_true()
    reasons = dict(gone.group_by("reason").len().iter_rows())
    groups = counted.groups.with_columns(
        pl.col("segments").cast(pl.Int64), unit_price=_of_territory(prices, pl.Int64)
    ).with_columns(cost=pl.col("messages") * pl.col("segments") * pl.col("unit_price"))
    bare = [territory for territory, mention in mentions.items() if purpose == "marketing" and not mention]
    return Quote(
        template=template,
        tariff_version=tariff.version,
        sms_type=sms_type,
        kept=counted.messages.height,
        duplicates=reasons.get("duplicate", 0),
        blacklisted=reasons.get("blacklisted", 0),
        uncovered=reasons.get("uncovered", 0),
        unreadable=unreadable,
        total=int(groups["cost"].sum()),
        saved=_saved(recipients, rows, counted.messages, gone, prices),
        histogram=dict(_messages_by(groups, "segments").iter_rows()),
        encodings={_name(unicode): messages for unicode, messages in _messages_by(groups, "unicode").iter_rows()},
        by_destination=_destinations(groups),
        formula=tuple(Term(*row) for row in _messages_by(groups, "segments", "unit_price").iter_rows()),
        empty_values={name: counted.empty[name] for name in _in_order(template) if counted.empty[name]},
        without_stop=int(groups.filter(pl.col("territory").is_in(bare))["messages"].sum()),
        mentions=mentions,
        _recipients=recipients,
        _prices=prices,
        _rows=rows,
        _messages=counted.messages,
        _gone=gone,
        _bodies=bodies,
    )


def _in_order(template: Template) -> list[str]:
    """The variables that may leave a hole, the standard ones first."""
    return sorted(template.unguarded, key=lambda name: (name not in VARIABLES, name))


def _sort_out(
    recipients: pl.DataFrame, covered: pl.Series, blacklist: Collection[int] | pl.Series, fields: Collection[str]
) -> tuple[pl.Series, pl.DataFrame]:
    """Whether each recipient stays; and those that go: row, reason, and kept_row for a duplicate."""
    barred = blacklist if isinstance(blacklist, pl.Series) else pl.Series(list(blacklist), dtype=pl.Int64)
    blacklisted = recipients["e164"].is_in(barred.implode()).fill_null(False)
    stays = covered & ~blacklisted
    gone = [_going(blacklisted, "blacklisted"), _going(~covered & ~blacklisted, "uncovered")]
    numbers = recipients["e164"].filter(stays).sort()
    twice = numbers.filter(numbers == numbers.shift(1))
    if twice.len():
        copies = _copies(recipients, stays & recipients["e164"].is_in(twice.implode()), fields)
        stays = stays.scatter(copies["row"], False)
        gone.append(copies)
    return stays, pl.concat(gone)


def _going(mask: pl.Series, reason: Removed) -> pl.DataFrame:
    return pl.DataFrame({"row": mask.arg_true()}).with_columns(
        reason=pl.lit(reason), kept_row=pl.lit(None, dtype=pl.UInt32)
    )


def _copies(recipients: pl.DataFrame, twice: pl.Series, fields: Collection[str]) -> pl.DataFrame:
    """Of the recipients whose numbers stand more than once, those that go: row, reason, kept_row."""
    filled = pl.sum_horizontal([(pl.col(name).str.len_bytes().fill_null(0) > 0).cast(pl.Int8) for name in fields])
    # Best copy first; the row settles equal ones, so that the same recipients always give the same quote.
    ordered = (
        recipients.select("e164", *fields)
        .filter(twice)
        .select("e164", filled=filled, row=twice.arg_true())
        .sort("e164", "filled", "row", descending=[False, True, False])
        .with_columns(kept_row=pl.col("row").first().over("e164"))
    )
    return ordered.filter(pl.col("row") != pl.col("kept_row")).select(
        "row", reason=pl.lit("duplicate"), kept_row="kept_row"
    )


def _messages_by(groups: pl.DataFrame, *names: str) -> pl.DataFrame:
    return groups.group_by(names).agg(pl.col("messages").sum()).sort(names)


def _name(unicode: bool) -> Encoding:
    return Encoding.UCS2 if unicode else Encoding.GSM7


def _of_territory(values: Mapping[str, object], dtype: type[pl.DataType]) -> pl.Expr:
    """For each row, the value of its territory; every territory present has one."""
    if not values:
        return pl.lit(None, dtype=dtype)
    return pl.col("territory").replace_strict(dict(values), return_dtype=dtype)


def _saved(
    recipients: pl.DataFrame, rows: pl.Series, messages: pl.DataFrame, gone: pl.DataFrame, prices: Mapping[str, int]
) -> int:
    """What the removed copies would have cost, each at the price of the copy that stays (M12)."""
    kept = gone["kept_row"].drop_nulls()
    if not kept.len():
        return 0
    segments = messages["segments"].gather(rows.search_sorted(kept))
    costs = pl.DataFrame([recipients["territory"].gather(kept), segments])
    return int(costs.select((pl.col("segments") * _of_territory(prices, pl.Int64)).sum()).item())


def _destinations(groups: pl.DataFrame) -> tuple[Destination, ...]:
    places = groups.group_by("territory").agg(
        pl.col("messages").sum(),
        all_segments=(pl.col("messages") * pl.col("segments")).sum(),
        unit_price=pl.col("unit_price").first(),
        cost=pl.col("cost").sum(),
    )
    ordered = places.sort(["cost", "territory"], descending=[True, False])
    return tuple(Destination(*row) for row in ordered.iter_rows())
