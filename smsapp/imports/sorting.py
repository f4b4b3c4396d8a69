"""What becomes of each row of a file, before the book is looked at: it has a number, repeats one, or is rejected."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from smsapp.contacts.blacklist import REASON_LENGTH
from smsapp.contacts.fields import VALUE_LENGTH
from smsapp.contacts.service import CONSENT_LENGTHS, FIELD_LENGTHS
from smsapp.domain.phone import Caution, pretty, read_column
from smsapp.imports import days
from smsapp.imports.days import Calendar
from smsapp.imports.mapping import DAY, GROUPS, OWN, REASON, SOURCE, TEXT
from smsapp.imports.reader import MAX_CELL

AGREED = {SOURCE: "consent_source", TEXT: "consent_text", DAY: "consent_at"}
"""Fields of consent (M28) -> columns of the rows: texts, the instant as INSTANT in UTC; empty for none."""
GROUPED = "groups"  # the column of what the file says of groups, see `grouping.py`
KEPT = ("row", "e164", "territory", "warning", *FIELD_LENGTHS, "extra")
CUT_OFF = "cut_off"  # the flaw of a row whose groups are more than a cell can hold: the last name is a piece of one
FLAWS = ("open_quote", "extra_cells", CUT_OFF)
NOTHING = "{}"  # ``extra`` of a row without fields of one's own

_SPACES = ["  ", "\t", "\n", "\r", "\v", "\f", "\u00a0", "\u202f", "\u2009", "\u3000"]


@dataclass(frozen=True)
class Sorted:
    """The rows of a file, each in exactly one of three tables.

    ``numbers``: one row per number, columns as ``KEPT``, and where columns of the file hold them ``motif`` (reasons),
    those of ``AGREED`` and ``GROUPED``. ``repeated``: rows whose number another row brings, the same columns and ``of``
    (the row that is kept). ``rejected``: columns row, name, value, reason, suggestion (a number that one click can put
    there, or null), missing_digits, day (an INSTANT that one click can put there, or empty) and put (the number that
    was put there already, or empty).

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
    by_hand: Mapping[int, str] | None = None,
    calendar: Calendar | None = None,
) -> Sorted:
    """Sort the body of a table (`sandbox.Table.pieces`, at least one); ``fields``: field -> column number.

    Piece by piece: what is made of rows on the way weighs several times what is kept of them. Of several rows with one
    number, the one with the most filled fields is kept, then the first (M12). ``accepted``, ``repairs`` and
    ``by_hand`` (its days) as in `Choices`; a row that was repaired by hand is trusted whatever its flaw. ``calendar``
    is needed where ``fields`` has the day of a consent.
    """
    typed, days_typed = _typed(repairs), _typed(by_hand)
    read, rejected, good, doubts = 0, [], [], []
    for piece in pieces:
        agreed = _agreed(piece, fields, accepted, days_typed, calendar) if set(AGREED) & fields.keys() else None
        bad, kept, doubtful = _told(piece, fields, region, accepted, typed, agreed)
        read += piece.height
        rejected.append(bad)
        good.append(kept)
        doubts.append(doubtful)
    numbers, repeated = _distinct(good)
    doubtful = pl.concat(doubts)
    if doubtful.height and repeated.height:
        doubtful = doubtful.filter(~pl.col("row").is_in(repeated["row"].implode()))
    return Sorted(read=read, numbers=numbers, repeated=repeated, rejected=pl.concat(rejected), doubtful=doubtful)


def _typed(repairs: Mapping[int, str] | None) -> pl.DataFrame | None:
    if not repairs:
        return None
    given = {"row": list(repairs), "typed": list(repairs.values())}
    return pl.DataFrame(given, schema={"row": pl.Int64, "typed": pl.String})


def _told(
    rows: pl.DataFrame,
    fields: Mapping[str, int],
    region: str,
    accepted: tuple[str, ...],
    typed: pl.DataFrame | None,
    agreed: pl.DataFrame | None,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Some rows of a file: the rejected ones, those with a number (columns as ``KEPT``), and the doubtful of these.
    ``agreed``: what the file says of consent, see ``_agreed``.
    """
    if GROUPS in fields:
        cut = (pl.col("flaw") == "") & (pl.col(f"c{fields[GROUPS]}").str.len_chars() >= MAX_CELL)
        rows = rows.with_columns(flaw=pl.when(cut).then(pl.lit(CUT_OFF)).otherwise("flaw"))
    table = rows.select("row", "flaw", value=pl.col(f"c{fields['portable']}"), put=pl.lit(""))
    if typed is not None:
        table = table.join(typed, on="row", how="left", maintain_order="left").select(
            "row",
            flaw=pl.when(pl.col("typed").is_null()).then("flaw").otherwise(pl.lit("")),
            value=pl.coalesce("typed", "value"),
            put=pl.coalesce("typed", "put"),
        )
    table = table.hstack(read_column(table["value"], region))
    if accepted:
        table = _with_suggestions(table, accepted, region)
    bad = pl.col("e164").is_null() | (pl.col("flaw") != "")
    wrong = table.select(bad).to_series()
    if agreed is not None:
        late = ~wrong & (agreed["why"] != "")
        wrong = wrong | late
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
        pl.lit("").alias("day"),
        "put",
    )
    if agreed is not None and late.any():
        dated = agreed.filter(late).rename({"suggested": "day", "cell": "value", "why": "reason"})
        told = rejected.join(
            dated.select("row", "value", "reason", "day"), on="row", how="left", maintain_order="left", suffix="_of_day"
        )
        known = pl.col("reason_of_day").is_null()
        rejected = told.select(
            "row",
            "name",
            *(pl.when(known).then(name).otherwise(f"{name}_of_day").alias(name) for name in ("value", "reason")),
            pl.when(known).then("suggestion").alias("suggestion"),
            pl.when(known).then("missing_digits").otherwise(0).alias("missing_digits"),
            pl.when(known).then("day").otherwise("day_of_day").alias("day"),
            "put",
        )
    good = table.select("row", "e164", "territory", "warning", *FIELD_LENGTHS).with_columns(extra=_extra(rows, fields))
    if REASON in fields:
        good = good.with_columns(rows.select(tidy(fields[REASON], REASON_LENGTH).alias(REASON)).to_series())
    if agreed is not None:
        good = good.hstack(agreed.select(AGREED.values()))
    if GROUPS in fields:
        good = good.with_columns(rows.select(tidy(fields[GROUPS], MAX_CELL).alias(GROUPED)).to_series())
    if rejected.height:
        good = good.filter(~wrong)
    ambiguous = table.filter(~wrong & (table["warning"] == Caution.AMBIGUOUS).fill_null(False))
    return rejected, good, ambiguous.select("row", "value", other="suggestion")


def _agreed(
    rows: pl.DataFrame,
    fields: Mapping[str, int],
    accepted: tuple[str, ...],
    typed: pl.DataFrame | None,
    calendar: Calendar | None,
) -> pl.DataFrame:
    """What rows of the file say of consent: row, cell (of the day), the columns of ``AGREED``, ``why`` the day cannot
    be read, or empty, and the day that is ``suggested`` then.
    """
    texts = {AGREED[name]: tidy(fields.get(name), CONSENT_LENGTHS[AGREED[name]]) for name in (SOURCE, TEXT)}
    table = rows.select("row", cell=tidy(fields.get(DAY), days.LENGTH), **texts)
    if DAY not in fields:
        return table.with_columns(consent_at=pl.lit(""), why=pl.lit(""), suggested=pl.lit(""))
    assert calendar is not None
    read = days.read_days(table["cell"], calendar).rename({"at": AGREED[DAY]})
    table = table.hstack(read)
    if typed is not None:
        known = table.select("row").join(typed, on="row", how="left", maintain_order="left")["typed"]
        places = known.is_not_null().arg_true()
        by_hand = days.read_days(known.gather(places), Calendar(calendar.today)).rename({"at": AGREED[DAY]})
        table = table.with_columns(table[name].scatter(places, by_hand[name]) for name in by_hand.columns)
    taken = (pl.col("suggested") != "") & (pl.lit("*" in accepted) | pl.col("why").is_in(list(accepted)))
    return table.with_columns(
        pl.when(taken).then("suggested").otherwise(AGREED[DAY]).alias(AGREED[DAY]),
        pl.when(taken).then(pl.lit("")).otherwise("why").alias("why"),
    )


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
    put = [table[name].scatter(places, read[name]) for name in read.columns]
    return table.with_columns(*put, table["put"].scatter(places, texts))


def _distinct(pieces: list[pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per number, in the order of the file; and the others, with the row that is kept. Piece by piece: the
    rows of a large file do not stand in memory twice.
    """
    rising = pl.concat([piece["e164"] for piece in pieces]).sort()
    again = rising.filter(rising == rising.shift()).unique().implode()
    kept = pieces[0].columns
    said = [name for name in (*FIELD_LENGTHS, REASON, *AGREED.values(), GROUPED) if name in kept]
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
