"""What the composer shows, as small records: from the services' answers to what a browser can hold (no Reflex here)."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from smsapp.campaigns.excluded import Excluded
from smsapp.campaigns.explain import Preview, QuoteView
from smsapp.campaigns.pricing import Terms
from smsapp.campaigns.rules import NotEnoughCredits
from smsapp.campaigns.service import Chips, Draft, DraftLine
from smsapp.domain.errors import Refusal
from smsapp.domain.template import stop_mention
from smsapp.i18n.catalogue import Sentence
from smsapp.web.carried import Carried

_IDS = re.compile(r"\d{1,18}(?:,\d{1,18})*", re.ASCII)


@dataclass(frozen=True)
class ChipItem:
    """A part of the audience, as the recipients' field wants it."""

    id: str
    label: str
    bad: bool = False
    count: str = ""
    kind: str = "typed"


@dataclass(frozen=True)
class Term:
    """``count`` x ``price`` (units); ``more``: another term follows."""

    count: int
    price: int
    more: bool


@dataclass(frozen=True)
class Part:
    """(terms) x ``segments``; ``more``: another part follows."""

    segments: int
    terms: list[Term]
    more: bool


@dataclass(frozen=True)
class Destination:
    """A line of the cost per destination."""

    territory: str
    count: int
    segments: str
    price: int
    units: int


@dataclass(frozen=True)
class Volume:
    """So many people of a territory, in the simulator."""

    territory: str
    count: int


@dataclass(frozen=True)
class Simulated:
    """What the text was priced for in the simulator, before there were recipients: ``units`` for these volumes."""

    units: int = 0
    volumes: list[Volume] = field(default_factory=list)


@dataclass(frozen=True)
class Bin:
    """``count`` messages of ``segments`` segments."""

    segments: int
    count: int


@dataclass(frozen=True)
class Check:
    """A line of the review: ``tone`` is ok, warn or bad."""

    tone: str
    sentence: Sentence


@dataclass(frozen=True)
class Figures:
    """The price and the counts of the moment. Amounts in units."""

    priced: bool = False
    recipients: int = 0
    duplicates: int = 0
    blacklisted: int = 0
    uncovered: int = 0
    invalid: int = 0
    ambiguous: int = 0
    units: int = 0
    saved: int = 0
    available: int = 0
    after: int = 0
    missing: int = 0
    segments: int = 1
    longest: int = 0
    longest_name: str = ""
    longest_segments: int = 1
    mention: str = ""
    formula: list[Part] = field(default_factory=list)
    destinations: list[Destination] = field(default_factory=list)
    histogram: list[Bin] = field(default_factory=list)
    warnings: list[Sentence] = field(default_factory=list)
    problems: list[Sentence] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    saving_units: int = 0
    saving_before: int = 0
    saving_after: int = 0


@dataclass(frozen=True)
class Shown:
    """The recipient on the phone; ``place`` counts from 1, 0 when there is nobody. ``words``: what variables say."""

    place: int = 0
    total: int = 0
    name: str = ""
    number: str = ""
    body: str = ""
    encoding: str = "GSM-7"
    segments: int = 1
    mention: str = ""
    words: dict[str, str] | None = None


@dataclass(frozen=True)
class RepairItem:
    """A number to put in the place of what was typed."""

    e164: int
    number: str
    territory: str


@dataclass(frozen=True)
class LeftOut:
    """Somebody who is left out, with the reason and the repairs."""

    id: str
    label: str
    name: str
    why: Sentence
    repairs: list[RepairItem]


@dataclass(frozen=True)
class DraftItem:
    """A draft in the menu."""

    href: str
    title: str
    at: str


@dataclass(frozen=True)
class Choosable:
    """A contact or a group in the window where they are chosen."""

    id: int
    label: str
    detail: str
    count: int
    chosen: bool


def chip_items(chips: Chips) -> list[ChipItem]:
    """The chips of the recipients' field."""
    return [
        ChipItem(chip.id, chip.label, chip.bad, str(chip.count) if chip.kind == "group" else "", chip.kind)
        for chip in chips.shown
    ]


def draft_items(lines: list[DraftLine], but: int) -> list[DraftItem]:
    """The other drafts of the account."""
    return [
        DraftItem(f"/compose?draft={line.id}", line.title, line.updated_at.isoformat())
        for line in lines
        if line.id != but
    ]


def shown(preview: Preview | None) -> Shown:
    """The recipient on the phone."""
    if preview is None:
        return Shown()
    return Shown(
        place=preview.index + 1,
        total=preview.total,
        name=preview.name,
        number=preview.number,
        body=preview.body,
        encoding=preview.encoding,
        segments=preview.segments,
        mention=preview.mention,
        words=preview.values,
    )


def simulated(brought: Carried) -> Simulated:
    """What came along from the simulator."""
    return Simulated(brought.units, [Volume(territory, count) for territory, count in brought.volumes])


def left_out(excluded: Excluded) -> list[LeftOut]:
    """The rows of the window of exclusions."""
    return [
        LeftOut(
            row.id,
            row.label,
            row.name,
            said(row.why),
            [RepairItem(repair.e164, repair.number, repair.territory) for repair in row.repairs],
        )
        for row in excluded.rows
    ]


def figures(view: QuoteView, draft: Draft, terms: Terms) -> Figures:
    """The price, its explanation and the checks."""
    missing = max(0, view.units - view.available)
    parts = [
        Part(
            part.segments,
            [Term(term.count, term.unit_price, i < len(part.terms) - 1) for i, term in enumerate(part.terms)],
            n < len(view.formula) - 1,
        )
        for n, part in enumerate(view.formula)
    ]
    lines = [
        Destination(
            line.territory,
            line.count,
            str(line.least_segments)
            if line.least_segments == line.most_segments
            else f"{line.least_segments}–{line.most_segments}",
            line.unit_price,
            line.units,
        )
        for line in view.destinations
    ]
    return Figures(
        priced=view.priced,
        recipients=view.recipients,
        duplicates=view.duplicates,
        blacklisted=view.blacklisted,
        uncovered=view.uncovered,
        invalid=view.invalid,
        ambiguous=view.ambiguous,
        units=view.units,
        saved=view.saved,
        available=view.available,
        after=view.after,
        missing=missing,
        segments=view.segments,
        longest=view.longest,
        longest_name=view.longest_name,
        longest_segments=view.most_segments,
        mention=view.mention.strip(),
        formula=parts,
        destinations=lines,
        histogram=[Bin(segments, count) for segments, count in view.histogram] if len(view.histogram) > 1 else [],
        warnings=[_empty(e.variable, e.count) for e in view.empty],
        problems=[said(refusal) for refusal in view.problems],
        checks=_checks(view, draft, terms),
        saving_units=view.saving.units if view.saving else 0,
        saving_before=view.saving.segments_before if view.saving else 0,
        saving_after=view.saving.segments_after if view.saving else 0,
    )


def id_in(text: str) -> int:
    """The id that an address carries, 0 for anything else."""
    return int(text) if _IDS.fullmatch(text) and "," not in text else 0


def ids_in(text: str) -> list[int]:
    """The ids that an address carries, comma separated; at most a thousand."""
    return [int(part) for part in text.split(",")][:1_000] if _IDS.fullmatch(text) else []


def first_mention(terms: Terms) -> str:
    """The mention of a draft in which nothing has been said yet: marketing, to France, with reply."""
    return stop_mention("FR", sender_kind="reply", purpose="marketing", short_code=terms.short_code).strip()


def said(refusal: Refusal) -> Sentence:
    """A refusal on its way to the browser."""
    return Sentence.of(refusal.key, refusal.params)


def credit_check(view: QuoteView, draft: Draft) -> Check | None:
    """What lacks for a planned campaign, once the plans before it have taken theirs (M22); None when nothing does."""
    missing = view.committed + view.units - view.available
    if not view.planned or missing <= 0:
        return None
    key = "schedule.short.partly" if draft.partial else "schedule.short.whole"
    return Check("warn", Sentence(key, {"missing": missing, "committed": view.committed}))


def _empty(variable: str, count: int) -> Sentence:
    return Sentence("campaigns.check.empty", {"variable": f"${variable}", "count": count})


def _checks(view: QuoteView, draft: Draft, terms: Terms) -> list[Check]:
    """What the review says beside the figures: credits, hours, way out, variables, answers."""
    checks = []
    if (short := credit_check(view, draft)) is not None:
        checks.append(short)
    elif not any(isinstance(refusal, NotEnoughCredits) for refusal in view.problems):
        checks.append(Check("ok", Sentence("campaigns.check.credits")))
    checks += [Check("bad", said(refusal)) for refusal in view.problems]
    window = {"opens": f"{terms.window.opens:%H:%M}", "closes": f"{terms.window.closes:%H:%M}"}
    if draft.purpose == "transactional":
        checks.append(Check("ok", Sentence("campaigns.check.transactional")))
    else:
        if not view.waiting:
            checks.append(Check("ok", Sentence("campaigns.check.hours", dict(window))))
        else:
            key = "campaigns.check.hours_wait" if terms.hours_hold else "campaigns.check.hours_demo"
            checks.append(Check("warn", Sentence(key, {**window, "count": view.waiting})))
        if view.mention:
            checks.append(Check("ok", Sentence("campaigns.check.stop", {"mention": view.mention.strip()})))
    if view.empty:
        checks += [Check("warn", _empty(e.variable, e.count)) for e in view.empty]
    elif view.variables:
        key = "campaigns.check.fallbacks" if view.guarded else "campaigns.check.values"
        checks.append(Check("ok", Sentence(key, {"variables": ", ".join(f"${name}" for name in view.variables)})))
    if draft.sender:
        checks.append(Check("warn", Sentence("campaigns.check.no_reply")))
    return checks


def version(opened_at: datetime) -> int:
    """Of the text of a draft: the same after a restart of the server, so that what is on screen is known again."""
    return round(opened_at.timestamp() * 1000)
