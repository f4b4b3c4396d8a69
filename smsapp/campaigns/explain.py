"""What a draft costs, who gets what, what could be saved, and what stands in its way: small answers for a page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl
from sqlmodel import Session

from smsapp.accounts.actor import Actor
from smsapp.campaigns.audience import Audience
from smsapp.campaigns.departure import committed
from smsapp.campaigns.pricing import Terms, audience_of, price
from smsapp.campaigns.rules import closed_now, is_priceable, problems
from smsapp.campaigns.service import Chips, Draft, chips_of, draft_of, edit_draft, owned
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.contacts.groups import groups
from smsapp.db import Database
from smsapp.domain.encoding import culprits, replace
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import pretty
from smsapp.domain.quote import Line, Quote
from smsapp.domain.template import VARIABLES, column, stop_mention
from smsapp.ledger.service import balance_of

DESTINATIONS: Final = 12
"""Destinations told apart on a page; the rest stand together in a last line."""

TERMS: Final = 6
"""Terms of the formula written out; a longer formula is not shown."""


@dataclass(frozen=True)
class DestinationLine:
    """One destination of the price: ``segments`` of one message from least to most; "" for all the others together."""

    territory: str
    count: int
    least_segments: int
    most_segments: int
    unit_price: int
    units: int


@dataclass(frozen=True)
class FormulaTerm:
    """``count`` x ``unit_price`` (units)."""

    count: int
    unit_price: int


@dataclass(frozen=True)
class FormulaPart:
    """(terms) x ``segments``."""

    segments: int
    terms: tuple[FormulaTerm, ...]


@dataclass(frozen=True)
class EmptyValue:
    """``count`` recipients have nothing for a variable without fallback (M30)."""

    variable: str
    count: int


@dataclass(frozen=True)
class Saving:
    """What replacing ``characters`` letters would spare; ``text`` is the text after it. Never done unasked (M7)."""

    text: str
    characters: int
    segments_before: int
    segments_after: int
    units: int


@dataclass(frozen=True)
class QuoteView:
    """A quote for a page. Amounts in units. ``priced`` is False while there is no message to price."""

    priced: bool
    recipients: int
    duplicates: int
    blacklisted: int
    uncovered: int
    invalid: int
    ambiguous: int
    units: int
    saved: int  # what the removed duplicates would have cost
    available: int
    segments: int  # of most messages
    most_segments: int
    longest: int  # index of the longest message, for `preview`
    longest_name: str
    histogram: tuple[tuple[int, int], ...]  # segments, messages
    mention: str  # what is appended for most recipients
    destinations: tuple[DestinationLine, ...]
    formula: tuple[FormulaPart, ...]
    variables: tuple[str, ...]  # that the text uses
    guarded: bool  # at least one of them with a fallback everywhere
    empty: tuple[EmptyValue, ...]
    waiting: int  # recipients outside their permitted hours when it leaves
    planned: bool  # it leaves later: the balance need not cover it yet
    committed: int  # units that other plans will have needed by then (M22)
    problems: tuple[Refusal, ...]
    saving: Saving | None

    @property
    def after(self) -> int:
        """What may be spent once everything is sent."""
        return self.available - self.units


@dataclass(frozen=True)
class Preview:
    """One recipient's message. ``values`` are what its variables say; ``index`` counts from 0, of ``total``."""

    index: int
    total: int
    name: str
    number: str
    values: dict[str, str]
    mention: str
    body: str
    encoding: str
    segments: int


@dataclass(frozen=True)
class Look:
    """All that the composer shows of a draft, from one reading of its audience."""

    draft: Draft
    view: QuoteView
    chips: Chips
    person: Preview | None


def look(db: Database, actor: Actor, campaign_id: int, index: int, terms: Terms) -> Look:
    """A draft with its price, its parts and the message of recipient ``index``.

    Raises:
        CampaignNotFound, NotADraft
    """
    known = groups(db, actor, smart=True)
    with db.read() as session:
        campaign = owned(session, actor, campaign_id)
        draft = draft_of(campaign)
        people = audience_of(session, campaign)
        quote = price(session, campaign, terms, text=_priceable(campaign), audience=people)
        view = _view(session, campaign, terms, people, quote, db.now())
        return Look(draft, view, chips_of(session, campaign, people, known), _preview(quote, index))


def quote_view(db: Database, actor: Actor, campaign_id: int, terms: Terms) -> QuoteView:
    """The exact price of a campaign, and everything that explains it.

    Raises:
        CampaignNotFound
    """
    with db.read() as session:
        campaign = owned(session, actor, campaign_id)
        people = audience_of(session, campaign)
        quote = price(session, campaign, terms, text=_priceable(campaign), audience=people)
        return _view(session, campaign, terms, people, quote, db.now())


def preview(db: Database, actor: Actor, campaign_id: int, index: int, terms: Terms) -> Preview | None:
    """The message of recipient ``index`` as its phone will show it (previous and next go round); None for nobody.

    Raises:
        CampaignNotFound
    """
    with db.read() as session:
        campaign = owned(session, actor, campaign_id)
        return _preview(price(session, campaign, terms, text=_priceable(campaign)), index)


def optimise(db: Database, actor: Actor, campaign_id: int, terms: Terms) -> Saving | None:
    """Replace what `QuoteView.saving` names, because the person asked for it (S61, M7); None when nothing is saved.

    The text before is in the caller's hands, who can put it back by `edit_draft`.

    Raises:
        CampaignNotFound, NotADraft
    """
    saving = quote_view(db, actor, campaign_id, terms).saving
    if saving is not None:
        edit_draft(db, actor, campaign_id, text=saving.text)
    return saving


def _priceable(campaign: Campaign) -> str:
    return campaign.text if is_priceable(campaign.text) else ""


def _view(
    session: Session, campaign: Campaign, terms: Terms, people: Audience, quote: Quote, now: datetime
) -> QuoteView:
    priced = is_priceable(campaign.text)
    available = balance_of(session, campaign.account_id).available
    leaves = max(campaign.send_at or now, now)
    planned = campaign.state == CampaignState.DRAFT and leaves > now
    others = committed(session, campaign.account_id, until=leaves, but=campaign.edits_id) if planned else 0
    return QuoteView(
        priced=priced,
        recipients=quote.kept,
        duplicates=quote.duplicates,
        blacklisted=quote.blacklisted,
        uncovered=quote.uncovered,
        invalid=quote.unreadable,
        ambiguous=people.ambiguous.height,
        units=quote.total if priced else 0,
        saved=quote.saved if priced else 0,
        available=available,
        segments=_common(quote),
        most_segments=max(quote.histogram, default=1),
        longest=_longest_index(quote),
        longest_name=_name(quote.longest) if quote.longest else "",
        histogram=tuple(quote.histogram.items()) if priced else (),
        mention=_common_mention(quote, campaign, terms),
        destinations=_destinations(quote) if priced else (),
        formula=_formula(quote) if priced else (),
        variables=tuple(sorted(quote.template.variables)),
        guarded=quote.template.unguarded != quote.template.variables,
        empty=tuple(EmptyValue(name, count) for name, count in quote.empty_values.items()),
        waiting=closed_now(quote.lines, terms.window, leaves) if campaign.purpose == "marketing" else 0,
        planned=planned,
        committed=others,
        problems=tuple(problems(campaign, quote, quote.total if planned else available)),
        saving=_saving(session, campaign, terms, people, quote) if priced else None,
    )


def _preview(quote: Quote, index: int) -> Preview | None:
    if not quote.kept:
        return None
    index %= quote.kept
    line = quote.line(index)
    row = quote.lines.row(index, named=True)
    return Preview(
        index=index,
        total=quote.kept,
        name=_name(line),
        number=pretty(line.e164),
        values={name: row[column(name)] or "" for name in quote.template.variables.union(VARIABLES)},
        mention=quote.mentions[line.territory],
        body=line.body,
        encoding=line.encoding,
        segments=line.segments,
    )


def _saving(session: Session, campaign: Campaign, terms: Terms, people: Audience, now: Quote) -> Saving | None:
    """The replacements that lower the price most: what forces Unicode first, double characters only if that helps."""
    found = [culprit for culprit in culprits(campaign.text) if culprit.replacement is not None]
    unicode = {culprit.char for culprit in found if culprit.effect == "unicode"}
    best: Saving | None = None
    for chars in (unicode, {culprit.char for culprit in found}):
        text = now.template.rewrite(lambda part, chars=chars: replace(part, chars))  # type: ignore[misc]  # bound at once
        if not chars or text == campaign.text:
            continue
        then = price(session, campaign, terms, text=text, audience=people)
        if then.total < (now.total - best.units if best else now.total):
            best = Saving(
                text=text,
                characters=sum(culprit.count for culprit in found if culprit.char in chars),
                segments_before=_common(now),
                segments_after=_common(then),
                units=now.total - then.total,
            )
    return best


def _common(quote: Quote) -> int:
    return max(quote.histogram, key=lambda n: (quote.histogram[n], n), default=1)


def _longest_index(quote: Quote) -> int:
    if not quote.kept:
        return 0
    return int(quote.lines.select((pl.col("segments") * 1_000_000 + pl.col("units")).arg_max()).item())


def _common_mention(quote: Quote, campaign: Campaign, terms: Terms) -> str:
    """The mention of the destination with the most recipients; that of France while there are none."""
    if quote.by_destination:
        return quote.mentions[max(quote.by_destination, key=lambda d: d.count).territory]
    return stop_mention(
        "FR",
        sender_kind="custom" if campaign.sender else "reply",
        purpose="transactional" if campaign.purpose == "transactional" else "marketing",
        short_code=terms.short_code,
        opt_out_link=terms.opt_out_link,
    )


def _destinations(quote: Quote) -> tuple[DestinationLine, ...]:
    spans = quote.lines.group_by("territory").agg(
        pl.col("segments").min().alias("least"), pl.col("segments").max().alias("most")
    )
    span = {territory: (least, most) for territory, least, most in spans.iter_rows()}
    told = [
        DestinationLine(d.territory, d.count, *span[d.territory], d.unit_price, d.units) for d in quote.by_destination
    ]
    rest = told[DESTINATIONS:]
    if len(rest) > 1:
        others = DestinationLine(
            "",
            sum(d.count for d in rest),
            min(d.least_segments for d in rest),
            max(d.most_segments for d in rest),
            0,
            sum(d.units for d in rest),
        )
        told = [*told[:DESTINATIONS], others]
    return tuple(told)


def _formula(quote: Quote) -> tuple[FormulaPart, ...]:
    """(2 698 x 1 + 7 x 1,1) x 2 segments, most messages first; nothing when it would not fit a line."""
    if len(quote.formula) > TERMS:
        return ()
    parts = {term.segments: [t for t in quote.formula if t.segments == term.segments] for term in quote.formula}
    return tuple(
        FormulaPart(
            segments,
            tuple(FormulaTerm(t.count, t.unit_price) for t in sorted(parts[segments], key=lambda t: -t.count)),
        )
        for segments in sorted(parts, key=lambda n: -sum(t.count for t in parts[n]))
    )


def _name(line: Line) -> str:
    return f"{line.prenom or ''} {line.nom or ''}".strip()
