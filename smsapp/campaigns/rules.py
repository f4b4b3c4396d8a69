"""What must be true before a campaign leaves, each rule with the sentence that says how to put it right."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import polars as pl

from smsapp.campaigns.tables import Campaign
from smsapp.domain.errors import Refusal
from smsapp.domain.hours import FRENCH, Window, why_closed
from smsapp.domain.phone import time_zone
from smsapp.domain.quote import Quote
from smsapp.domain.template import has_way_out

MAX_SEGMENTS: Final = 10
"""Phones and operators stop putting longer messages together again."""

MAX_CHARACTERS: Final = 2_000
"""Of the text as typed, variables included: more could not fit MAX_SEGMENTS."""

SENDER_LENGTH: Final = 11


class TextMissing(Refusal):
    key = "campaigns.text_missing"


class TextTooLong(Refusal):
    """``count`` characters were typed, or the longest message takes ``count`` segments."""


class UnknownVariables(Refusal):
    """``names`` are written like variables, but none has that name (M30)."""

    key = "campaigns.unknown_variables"


class NoRecipient(Refusal):
    key = "campaigns.no_recipient"


class BadSender(Refusal):
    """The name breaks the operators' rule: 1 to 11 letters without accent and digits, not digits alone."""


class NoWayOut(Refusal):
    """Marketing to ``count`` people who could not unsubscribe (S46, M6)."""

    key = "campaigns.no_way_out"


class NotEnoughCredits(Refusal):
    """``missing`` units are lacking for the exact price (S27)."""

    key = "campaigns.not_enough_credits"


_SENDER = re.compile(r"[A-Za-z0-9]+")


def check_sender(name: str) -> None:
    """Raise BadSender unless ``name`` may stand as a sender in France (11 letters and digits, not digits alone)."""
    if not name:
        raise BadSender("campaigns.sender_missing")
    if len(name) > SENDER_LENGTH:
        raise BadSender("campaigns.sender_too_long", limit=SENDER_LENGTH)
    if not _SENDER.fullmatch(name):
        raise BadSender("campaigns.sender_characters")
    if name.isdigit():
        raise BadSender("campaigns.sender_digits")


def proposed_sender(account_name: str) -> str:
    """A sender's name made from the name of the account: "Maison Lavande" -> "MAISONLAVAN"."""
    letters = "".join(_SENDER.findall(account_name.upper()))[:SENDER_LENGTH]
    return letters if letters and not letters.isdigit() else "SMSAPP"


def is_priceable(text: str) -> bool:
    """Whether there is a message to price: not blank, and not longer than any SMS."""
    return bool(text.strip()) and len(text) <= MAX_CHARACTERS


def problems(campaign: Campaign, quote: Quote, available: int) -> Iterator[Refusal]:
    """Why the campaign cannot leave, most basic reason first. ``available`` is what may be spent, in units."""
    if not quote.kept:
        yield NoRecipient()
    if not campaign.text.strip():
        yield TextMissing()
    elif len(campaign.text) > MAX_CHARACTERS:
        yield TextTooLong("campaigns.text_too_long", count=len(campaign.text), limit=MAX_CHARACTERS)
    elif quote.histogram and max(quote.histogram) > MAX_SEGMENTS:
        yield TextTooLong("campaigns.too_many_segments", count=max(quote.histogram), limit=MAX_SEGMENTS)
    if is_priceable(campaign.text) and quote.template.unknown:
        names = quote.template.unknown
        yield UnknownVariables(names=", ".join(f"${name[:40]}" for name in names[:5]), count=len(names))
    if campaign.sender:
        try:
            check_sender(campaign.sender)
        except BadSender as refusal:
            yield refusal
    if quote.without_stop and not has_way_out(campaign.text[:MAX_CHARACTERS]):
        yield NoWayOut(count=quote.without_stop)
    if is_priceable(campaign.text) and quote.total > available:
        yield NotEnoughCredits(missing=quote.total - available, total=quote.total, available=available)


def closed_now(lines: pl.DataFrame, window: Window, at: datetime) -> int:
    """How many of ``lines`` are outside their permitted hours at ``at`` (M28).

    French territories have one time zone each; elsewhere numbers that share all but six digits are taken to share
    theirs.
    """
    classes = (
        lines.select(
            "territory",
            "e164",
            block=pl.when(pl.col("territory").is_in(list(FRENCH))).then(0).otherwise(pl.col("e164") // 1_000_000),
        )
        .group_by("territory", "block")
        .agg(pl.col("e164").first(), pl.len().alias("count"))
    )
    return sum(
        count
        for territory, _, e164, count in classes.iter_rows()
        if why_closed(at, time_zone(e164), window, territory) is not None
    )
