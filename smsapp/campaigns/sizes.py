"""Who receives a message of a given number of segments: the people behind a bar of the histogram."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from smsapp.accounts.actor import Actor
from smsapp.campaigns.pricing import Terms, price
from smsapp.campaigns.rules import is_priceable
from smsapp.campaigns.service import owned
from smsapp.db import Database
from smsapp.domain.phone import pretty

ROWS: Final = 50
"""Rows of one answer."""


@dataclass(frozen=True)
class SizedRow:
    """A recipient and the whole text they get."""

    id: str
    number: str
    name: str
    body: str


@dataclass(frozen=True)
class Sized:
    """The longest messages of one size, and how many there are of it."""

    total: int
    rows: tuple[SizedRow, ...]


def of_size(db: Database, actor: Actor, campaign_id: int, segments: int, terms: Terms) -> Sized:
    """Who receives `segments` segments, the longest messages first, at most ROWS of them.

    Raises:
        CampaignNotFound
    """
    with db.read() as session:
        campaign = owned(session, actor, campaign_id)
        if not is_priceable(campaign.text):
            return Sized(0, ())
        quote = price(session, campaign, terms)
    lines = quote.lines.with_row_index("index").filter(pl.col("segments") == segments)
    first = lines.sort("units", "index", descending=[True, False]).head(ROWS)["index"]
    rows = []
    for index in first:
        line = quote.line(index)
        name = f"{line.prenom or ''} {line.nom or ''}".strip()
        rows.append(SizedRow(str(index), pretty(line.e164), name, line.body))
    return Sized(lines.height, tuple(rows))
