"""What becomes of each row of a file, before the book is looked at: it has a number, repeats one, or is rejected."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from smsapp.contacts.blacklist import REASON_LENGTH
from smsapp.contacts.fields import VALUE_LENGTH
from smsapp.contacts.service import FIELD_LENGTHS
from smsapp.domain.phone import Caution, pretty, read_column
from smsapp.imports.mapping import OWN, REASON

KEPT = ("row", "e164", "territory", "warning", *FIELD_LENGTHS, "extra")
NOTHING = "{}"  # ``extra`` of a row without fields of one's own

_SPACES = ["  ", "\t", "\n", "\r", "\v", "\f", "\u00a0", "\u202f", "\u2009", "\u3000"]


@dataclass(frozen=True)
class Sorted:
    """The rows of a file, each in exactly one of three tables.

    ``numbers``: one row per number, columns as ``KEPT``, and ``motif`` where a column holds reasons. ``repeated``: rows
    whose number another row brings, the same columns and ``of`` (the row that is kept). ``rejected``: columns row,
    name, value, reason, suggestion (a number that one click can put there, or null) and missing_digits.

    ``doubtful``: of the rows of ``numbers`` those that another country reads as well (M13): row, value, other (the
    number that they are there).
    """

    read: int
    numbers: pl.DataFrame
    repeated: pl.DataFrame
    rejected: pl.DataFrame
    doubtful: pl.DataFrame


def sort_rows(
    pieces: Iterable[pl.DataFrame],
    fields: Mapping[str, int],
    region: str,
    accepted: tuple[str, ...] = (),
    repairs: Mapping[int, str] | None = None,
) -> Sorted:
    """Sort the body of a table (`sandbox.Table.pieces`, at least one); ``fields``: field -> column number.

    Piece by piece: what is made of rows on the way weighs several times what is kept of them. Of several rows with one
    number, the one with the most filled fields is kept, then the first (M12). ``accepted`` and ``repairs`` as in
    `Choices`; a row that was repaired by hand is trusted whatever its flaw.
    """
    typed = None
    if repairs:
        typed = pl.DataFrame(
            {"row": list(repairs), "typed": list(repairs.values())}, schema={"row": pl.Int64, "typed": pl.String}
        )
    read, rejected, good, doubts = 0, [], [], []
    for piece in pieces:
        bad, kept, doubtful = _told(piece, fields, region, accepted, typed)
        read += piece.height
        rejected.append(bad)
        good.append(kept)
        doubts.append(doubtful)
    numbers, repeated = _distinct(good)
    doubtful = pl.concat(doubts)
    if doubtful.height and repeated.height:
        doubtful = doubtful.filter(~pl.col("row").is_in(repeated["row"].implode()))
    return Sorted(read=read, numbers=numbers, repeated=repeated, rejected=pl.concat(rejected), doubtful=doubtful)


def _told(
    rows: pl.DataFrame,
    fields: Mapping[str, int],
    region: str,
    accepted: tuple[str, ...],
    typed: pl.DataFrame | None,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Some rows of a file: the rejected ones, those with a number (columns as ``KEPT``), and the doubtful of these."""
    table = rows.select("row", "flaw", value=pl.col(f"c{fields['portable']}"))
    if typed is not None:
        table = table.join(typed, on="row", how="left", maintain_order="left").select(
            "row",
            flaw=pl.when(pl.col("typed").is_null()).then("flaw").otherwise(pl.lit("")),
            value=pl.coalesce("typed", "value"),
        )
    table = table.hstack(read_column(table["value"], region))
    if accepted:
        table = _with_suggestions(table, accepted, region)
    bad = pl.col("e164").is_null() | (pl.col("flaw") != "")
    wrong = table.select(bad).to_series()
    people = rows.select("row", **{name: tidy(fields.get(name), length) for name, length in FIELD_LENGTHS.items()})
    table = table.hstack(people.drop("row"))
    flawed = pl.col("flaw") != ""
    rejected = table.filter(wrong).select(
        "row",
        pl.concat_str("prenom", "nom", separator=" ").str.strip_chars().alias("name"),
        "value",
        pl.when(flawed).then("flaw").otherwise("reason").alias("reason"),
        pl.when(flawed).then(None).otherwise("suggestion").alias("suggestion"),
        pl.col("missing_digits").fill_null(0),
    )
    good = table.select("row", "e164", "territory", "warning", *FIELD_LENGTHS).with_columns(extra=_extra(rows, fields))
    if REASON in fields:
        good = good.with_columns(rows.select(tidy(fields[REASON], REASON_LENGTH).alias(REASON)).to_series())
    if rejected.height:
        good = good.filter(~wrong)
    ambiguous = table.filter(~wrong & (table["warning"] == Caution.AMBIGUOUS).fill_null(False))
    return rejected, good, ambiguous.select("row", "value", other="suggestion")


def printed(suggestion: int | None) -> str:
    """A suggestion as people read it, or nothing."""
    return pretty(suggestion) if suggestion else ""


def _with_suggestions(table: pl.DataFrame, accepted: tuple[str, ...], region: str) -> pl.DataFrame:
    """The rows whose suggestion was accepted, with the number that it is."""
    taken = pl.col("e164").is_null() & pl.col("suggestion").is_not_null() & (pl.col("flaw") == "")
    if "*" not in accepted:
        taken &= pl.col("reason").is_in(list(accepted))
    places = table.select(taken).to_series().arg_true()
    if places.is_empty():
        return table
    texts = "+" + table["suggestion"].gather(places).cast(pl.String)
    read = read_column(texts, region)
    return table.with_columns(table[name].scatter(places, read[name]) for name in read.columns)


def _distinct(pieces: list[pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per number, in the order of the file; and the others, with the row that is kept. Piece by piece: the
    rows of a large file do not stand in memory twice.
    """
    rising = pl.concat([piece["e164"] for piece in pieces]).sort()
    again = rising.filter(rising == rising.shift()).unique().implode()
    kept = pieces[0].columns
    said = [name for name in (*FIELD_LENGTHS, REASON) if name in kept]
    filled = pl.sum_horizontal((pl.col(name) != "").cast(pl.Int8) for name in said) + (pl.col("extra") != NOTHING).cast(
        pl.Int8
    )
    ranked = (
        pl.concat([piece.filter(piece["e164"].is_in(again)) for piece in pieces])
        .with_columns(filled=filled)
        .sort("e164", "filled", "row", descending=[False, True, False])
        .with_columns(of=pl.col("row").first().over("e164"))
        .drop("filled")
    )
    repeated = ranked.filter(pl.col("row") != pl.col("of")).select(*kept, "of").sort("row")
    others = repeated["row"].implode()
    for place, piece in enumerate(pieces):
        pieces[place] = piece.filter(~piece["row"].is_in(others))
    return pl.concat(pieces), repeated


def _extra(rows: pl.DataFrame, fields: Mapping[str, int]) -> pl.Series:
    """The fields of one's own of each row, as JSON text."""
    own = {name.removeprefix(OWN): f"c{at}" for name, at in fields.items() if name.startswith(OWN)}
    if not own:
        return pl.repeat(NOTHING, rows.height, eager=True)
    cells = rows.select(tidy(int(column[1:]), VALUE_LENGTH).alias(name) for name, column in own.items())
    said = [json.dumps({name: cell for name, cell in zip(own, row, strict=True) if cell}) for row in cells.iter_rows()]
    return pl.Series(said, dtype=pl.String)


def tidy(column: int | None, length: int) -> pl.Expr:
    """A cell as a contact keeps it: one space between words, none around, at most ``length`` characters."""
    if column is None:
        return pl.lit("")
    cell = pl.col(f"c{column}")
    spaced = cell.str.contains_any(_SPACES)
    return (
        pl.when(spaced).then(cell.str.replace_all(r"\s+", " ").str.strip_chars()).otherwise(cell).str.slice(0, length)
    )
