"""The segments of many messages of one template at once, as `encoding.measure` counts each of them.

No text is read whole. The author's own words are a constant; only the personal values are joined and looked at, and
only messages whose double characters might meet a segment boundary are laid out one by one. Recipients are taken in
slices, so that a million of them need little more memory than a thousand.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl

from smsapp.domain.encoding import BASIC, EXTENDED, GSM7, MULTIPLE, SINGLE, Encoding, measure
from smsapp.domain.template import Slot, Template, column

VOICE_CHARACTERS = 160
"""Characters read aloud in one priced call of SMS Voix (M29)."""

SLICE = 1 << 16


def value(slot: Slot) -> pl.Expr:
    """What a slot says for each row: the value, else the fallback, else nothing."""
    said = pl.col(column(slot.variable))
    return pl.when(said.fill_null("") == "").then(pl.lit(slot.fallback or "")).otherwise(said)


def body(template: Template, mention: pl.Expr) -> pl.Expr:
    """The whole text of each row, mention included."""
    parts = [pl.lit(part) if isinstance(part, str) else value(part) for part in template.parts]
    return pl.concat_str([*parts, mention])


@dataclass(frozen=True)
class Counted:
    """The messages of many recipients, in their order.

    `messages`: `unicode`, `units` (septets or UTF-16 units) and `segments` (calls of SMS Voix) of each; `groups`: how
    many there are (`messages`) of each `territory`, `unicode` and `segments`; `empty`: per variable asked about, how
    many recipients have no value for it.
    """

    messages: pl.DataFrame
    groups: pl.DataFrame
    empty: dict[str, int]


class Counting:
    """Counts the messages of `recipients`: begins at once, in slices and several at a time, whoever stays; `of` then
    says for whom.

    `places` is the territory of each recipient as an Enum of those of `mentions`, null where nothing can be sent; a
    message ends with the mention of its territory. SMS Voix (`voice`) is counted in calls.
    """

    def __init__(
        self,
        recipients: pl.DataFrame,
        places: pl.Series,
        template: Template,
        mentions: Mapping[str, str],
        *,
        voice: bool,
    ) -> None:
        place = places.to_physical().cast(pl.UInt32).fill_null(len(mentions)).alias("place")
        rows = recipients.select(*map(column, sorted(template.variables)), place)
        self._slices = [rows.slice(start, SLICE) for start in range(0, max(rows.height, 1), SLICE)]
        self._plan = _Plan.of(template, mentions, voice=voice)
        self._territories = pl.Series("territory", [*mentions, ""], dtype=pl.String)
        self._threads = ThreadPoolExecutor(os.cpu_count()) if len(self._slices) > 1 else None
        self._sizes = self._each(self._plan.sizes, self._slices)

    def of(self, stays: pl.Series) -> Counted:
        """The messages of the recipients for whom `stays` is true."""
        masks = [stays.slice(at * SLICE, SLICE) for at in range(len(self._slices))]
        found = list(self._each(self._plan.count, self._slices, self._sizes, masks))
        if self._threads:
            self._threads.shutdown()
        messages, groups, empty = (pl.concat(frames) for frames in zip(*found, strict=True))
        kinds = groups.group_by("place", "unicode", "segments").agg(pl.col("messages").sum().cast(pl.Int64))
        territory = self._territories.gather(kinds["place"])
        return Counted(
            messages,
            kinds.select(territory, "unicode", "segments", "messages"),
            {name: int(empty[name].sum()) for name in empty.columns},
        )

    def _each(self, work: Callable[..., Any], *slices: Iterable[Any]) -> Iterator[Any]:
        return self._threads.map(work, *slices) if self._threads else map(work, *slices)


def _class(chars: Collection[str]) -> str:
    return "".join(f"\\x{{{ord(char):X}}}" for char in sorted(chars))


_COSTLY = f"[^{_class(BASIC)}]"  # anything that is not one unit under GSM-7
_UNICODE = f"[^{_class(GSM7)}]"
_DOUBLE = f"[{_class(EXTENDED)}]"
_ASTRAL = "[\\x{10000}-\\x{10FFFF}]"


@dataclass(frozen=True)
class _Plan:
    """What is the same for all messages. `constants`: per place, what the author's words and the mention add to each
    message: characters, double, astral (Int32), unicode (Boolean). The last place is that of whoever gets none."""

    template: Template
    personal: pl.Expr
    mentions: pl.Series
    constants: pl.DataFrame
    voice: bool

    @classmethod
    def of(cls, template: Template, mentions: Mapping[str, str], *, voice: bool) -> _Plan:
        fixed = "".join(part for part in template.parts if isinstance(part, str))
        texts = [*(fixed + mention for mention in mentions.values()), fixed]
        constants = {
            "characters": pl.Series([len(text) for text in texts], dtype=pl.Int32),
            "double": pl.Series([sum(char in EXTENDED for char in text) for text in texts], dtype=pl.Int32),
            "astral": pl.Series([sum(char > "\uffff" for char in text) for text in texts], dtype=pl.Int32),
            "unicode": pl.Series([not GSM7.issuperset(text) for text in texts], dtype=pl.Boolean),
        }
        # Without a fallback an empty value adds nothing, which joining does by itself.
        said = [value(slot) if slot.fallback else pl.col(column(slot.variable)) for slot in template.slots]
        personal = pl.concat_str(said, ignore_nulls=True) if said else pl.lit("")
        ends = pl.Series([*mentions.values(), ""], dtype=pl.String)
        return cls(template, personal, ends, pl.DataFrame(constants), voice)

    def count(
        self, part: pl.DataFrame, sizes: pl.DataFrame, stays: pl.Series
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Of a slice, for those who stay: messages; groups by place; one row of how many have no value per variable."""
        if not stays.all():
            part, sizes = part.filter(stays), sizes.filter(stays)
        messages = self._laid_out(part, sizes)
        groups = messages.with_columns(part["place"]).group_by("place", "unicode", "segments").agg(messages=pl.len())
        empty = [
            (pl.col(column(name)).str.len_bytes().fill_null(0) == 0).sum().alias(name)
            for name in sorted(self.template.unguarded)
        ]
        return messages, groups, part.select(empty)

    def sizes(self, part: pl.DataFrame) -> pl.DataFrame:
        """`unicode`, `characters` and `pairs` of each message of a slice: characters that take two units."""
        known = self.constants[part["place"]].with_columns(part.with_columns(personal=self.personal)["personal"])
        text = pl.col("personal").str
        sizes = known.select(
            "unicode",
            pl.col("characters") + text.len_chars().cast(pl.Int32),
            pairs=pl.when("unicode").then("astral").otherwise("double"),
        )
        costly = known.select(text.contains(_COSTLY).arg_true()).to_series()
        if not costly.len():
            return sizes
        looked = _looked_at(known[costly])
        return sizes.with_columns(sizes[name].scatter(costly, looked[name]) for name in looked.columns)

    def _laid_out(self, part: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
        """`unicode`, `units` and `segments` of each message."""
        units = pl.col("characters") + pl.col("pairs")
        if self.voice:
            calls = pl.max_horizontal(1, _divided_up(pl.col("characters"), VOICE_CHARACTERS)).cast(pl.Int32)
            return sizes.select("unicode", units=units, segments=calls)
        sizes = sizes.with_columns(units=units, one=units <= _by_encoding(SINGLE))
        sizes = sizes.with_columns(segments=pl.when("one").then(1).otherwise(_shared(pl.col("units"))).cast(pl.Int32))
        # A boundary wastes at most one unit, and only where a pair stands: when even that takes no further segment, the
        # count is exact. The few messages where it might are laid out one by one.
        worst = _shared(pl.col("units") + pl.min_horizontal("pairs", pl.col("segments") - 1))
        doubtful = ~pl.col("one") & (pl.col("pairs") > 0) & (worst != pl.col("segments"))
        unsure = sizes.select(doubtful.arg_true()).to_series()
        segments = sizes["segments"]
        if unsure.len():
            rows = part[unsure]
            ends = self.mentions.gather(rows["place"]).alias("mention")
            texts = rows.with_columns(ends).select(body(self.template, pl.col("mention"))).to_series()
            segments = segments.scatter(unsure, [measure(text).segments for text in texts])
        return sizes.select("unicode", "units", segments)


def _looked_at(rows: pl.DataFrame) -> pl.DataFrame:
    """`unicode` and `pairs` of messages whose personal values hold characters that cost."""
    text = pl.col("personal").str
    rows = rows.with_columns(
        unicode=pl.col("unicode") | text.contains(_UNICODE),
        # A character beyond the first plane takes four bytes, three more than its one character.
        beyond=(text.len_bytes() - text.len_chars()) >= 3,
    )
    pairs = rows.select(pl.when("unicode").then("astral").otherwise("double").alias("pairs")).to_series()
    for mask, pattern in ((pl.col("unicode") & pl.col("beyond"), _ASTRAL), (~pl.col("unicode"), _DOUBLE)):
        where = rows.select(mask.arg_true()).to_series()
        if where.len():
            more = rows["personal"].gather(where).str.count_matches(pattern).cast(pl.Int32)
            pairs = pairs.scatter(where, pairs.gather(where) + more)
    return pl.DataFrame([rows["unicode"], pairs])


def _by_encoding(sizes: Mapping[Encoding, int]) -> pl.Expr:
    return pl.when("unicode").then(sizes[Encoding.UCS2]).otherwise(sizes[Encoding.GSM7])


def _shared(units: pl.Expr) -> pl.Expr:
    """Segments of a message that does not fit one, if no pair met a boundary."""
    ucs2, gsm7 = (_divided_up(units, MULTIPLE[encoding]) for encoding in (Encoding.UCS2, Encoding.GSM7))
    return pl.when("unicode").then(ucs2).otherwise(gsm7)


def _divided_up(amount: pl.Expr, by: int) -> pl.Expr:
    return (amount + (by - 1)) // by
