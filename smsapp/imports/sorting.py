"""What becomes of each row of a file, before the book is looked at: it has a number, repeats one, or is rejected."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from smsapp.contacts.service import FIELD_LENGTHS
from smsapp.domain.phone import pretty, read_column

KEPT = ("row", "e164", "territory", "warning", *FIELD_LENGTHS)


@dataclass(frozen=True)
class Sorted:
    """The rows of a file, each in exactly one of three tables.

    ``numbers``: one row per number, columns as ``KEPT``. ``repeated``: rows whose number another row brings, columns as
    ``KEPT`` and ``of`` (the row that is kept). ``rejected``: columns row, name, value, reason, suggestion (a number
    that one click can put there, or null) and missing_digits.
    """

    read: int
    numbers: pl.DataFrame
    repeated: pl.DataFrame
    rejected: pl.DataFrame


def sort_rows(rows: pl.DataFrame, fields: Mapping[str, int], region: str) -> Sorted:
    """Sort the body of a table (`sandbox.Table.rows` without its header); ``fields``: field -> column number.

    Of several rows with one number, the one with the most filled fields is kept, then the first (M12).
    """
    table = rows.select(
        "row",
        "flaw",
        value=pl.col(f"c{fields['portable']}"),
        **{name: _tidy(fields.get(name), length) for name, length in FIELD_LENGTHS.items()},
    )
    table = table.hstack(read_column(table["value"], region))
    bad = pl.col("e164").is_null() | (pl.col("flaw") != "")
    rejected = table.filter(bad).select(
        "row",
        pl.concat_str("prenom", "nom", separator=" ").str.strip_chars().alias("name"),
        "value",
        pl.when(pl.col("flaw") != "").then("flaw").otherwise("reason").alias("reason"),
        pl.when(pl.col("flaw") != "").then(None).otherwise("suggestion").alias("suggestion"),
        pl.col("missing_digits").fill_null(0),
    )
    filled = pl.sum_horizontal((pl.col(name) != "").cast(pl.Int8) for name in FIELD_LENGTHS)
    ranked = (
        table.filter(~bad)
        .select(*KEPT, filled=filled)
        .sort("e164", "filled", "row", descending=[False, True, False])
        .with_columns(of=pl.col("row").first().over("e164"))
    )
    return Sorted(
        read=table.height,
        numbers=ranked.filter(pl.col("row") == pl.col("of")).select(KEPT).sort("row"),
        repeated=ranked.filter(pl.col("row") != pl.col("of")).select(*KEPT, "of").sort("row"),
        rejected=rejected,
    )


def printed(suggestion: int | None) -> str:
    """A suggestion as people read it, or nothing."""
    return pretty(suggestion) if suggestion else ""


def _tidy(column: int | None, length: int) -> pl.Expr:
    if column is None:
        return pl.lit("")
    return pl.col(f"c{column}").str.replace_all(r"\s+", " ").str.strip_chars().str.slice(0, length)
