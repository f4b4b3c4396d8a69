"""Who is left out of a campaign and why, with the repair where there is one."""

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl
from sqlmodel import col, select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.audience import Audience
from smsapp.campaigns.pricing import Terms, audience_of, price, region_of
from smsapp.campaigns.rules import is_priceable
from smsapp.campaigns.service import entry_id, owned
from smsapp.contacts.service import why_unreadable
from smsapp.contacts.tables import Group
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import Unreadable, pretty, read_number

Kind = Literal["invalid", "ambiguous", "duplicate", "blacklisted", "uncovered"]

ROWS: Final = 50
"""Rows of one answer."""


@dataclass(frozen=True)
class Repair:
    """A number that one click puts in the place of the typed text."""

    e164: int
    number: str
    territory: str


@dataclass(frozen=True)
class ExcludedRow:
    """``id`` is the chip of a typed number (see `service.replace_number`), else the number; ``why`` the sentence."""

    id: str
    label: str
    name: str
    why: Refusal
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True)
class Excluded:
    """The first rows of a kind, and how many there are."""

    kind: Kind
    total: int
    rows: tuple[ExcludedRow, ...]


def excluded(db: Database, actor: Actor, campaign_id: int, kind: Kind, terms: Terms) -> Excluded:
    """Who of ``kind`` is left out (or, for ambiguous, could be somebody else), at most ROWS of them.

    Raises:
        CampaignNotFound
    """
    with db.read() as session:
        campaign = owned(session, actor, campaign_id)
        people = audience_of(session, campaign)
        if kind == "invalid":
            return _invalid(people, region_of(session, actor.account_id))
        if kind == "ambiguous":
            return _ambiguous(people)
        quote = price(
            session, campaign, terms, text=campaign.text if is_priceable(campaign.text) else "", audience=people
        )
        asked = select(Group.id, Group.name).where(
            Group.account_id == actor.account_id, col(Group.id).in_(campaign.group_ids)
        )
        names = {f"group:{id}": name for id, name in session.execute(asked)}
    found = quote.removed.filter(pl.col("reason") == kind)
    shown = found.head(ROWS)
    if kind == "duplicate":
        winners = people.recipients.filter(pl.col("rank").is_in(shown["kept_rank"].implode()))
        kept = {row["rank"]: row for row in winners.iter_rows(named=True)}
    rows = tuple(
        ExcludedRow(
            id=str(row["rank"]),
            label=pretty(row["e164"]),
            name=_name(row),
            why=_duplicate(kept[row["kept_rank"]], names)
            if kind == "duplicate"
            else Refusal(f"campaigns.excluded.{kind}", territory=row["territory"]),
        )
        for row in shown.iter_rows(named=True)
    )
    return Excluded(kind, found.height, rows)


def _invalid(people: Audience, region: str) -> Excluded:
    rows = []
    for text, *_ in people.unreadable.head(ROWS).iter_rows():
        read = read_number(text, region)
        if isinstance(read, Unreadable):
            why = Refusal(*why_unreadable(read.reason.value, read.missing_digits or 0))
            rows.append(ExcludedRow(entry_id(text), text[:60], "", why, tuple(map(_repair, read.suggestions[:3]))))
    return Excluded("invalid", people.unreadable.height, tuple(rows))


def _ambiguous(people: Audience) -> Excluded:
    rows = tuple(
        ExcludedRow(
            entry_id(text),
            text[:60],
            "",
            Refusal("campaigns.excluded.ambiguous", number=pretty(e164)),
            tuple(map(_repair, (e164, suggestion))),
        )
        for text, e164, suggestion in people.ambiguous.head(ROWS).iter_rows()
    )
    return Excluded("ambiguous", people.ambiguous.height, rows)


def _repair(e164: int) -> Repair:
    read = read_number(f"+{e164}")
    return Repair(e164, pretty(e164), "" if isinstance(read, Unreadable) else read.territory)


def _duplicate(kept: dict[str, object], names: dict[str, str]) -> Refusal:
    """Which copy of a number stays (M12)."""
    source = str(kept["source"])
    where = "group" if source.startswith("group:") else source
    return Refusal(f"campaigns.excluded.duplicate_{where}", name=_name(kept), group=names.get(source, ""))


def _name(row: dict[str, object]) -> str:
    return f"{row['prenom'] or ''} {row['nom'] or ''}".strip()
