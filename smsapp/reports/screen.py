"""What the pages of this room are given to draw: plain figures, instants as ISO text, addresses. No words.

Made from what the services answer; words are chosen by the browser, in the reader's language.
"""

from dataclasses import dataclass, field
from datetime import datetime

from smsapp.i18n import Sentence
from smsapp.reports.campaign import Live, Report
from smsapp.reports.dashboard import Dashboard, RunningCampaign
from smsapp.reports.figures import CauseCount, Figures
from smsapp.reports.recipients import Recipient
from smsapp.reports.sent import SentLine

NO_RATE = -1.0


@dataclass(frozen=True)
class Counts:
    """Where messages stand; ``left`` is all that left, ``reached`` all that came to the operator."""

    total: int = 0
    waiting: int = 0
    sent: int = 0
    operator: int = 0
    received: int = 0
    error: int = 0
    unknown: int = 0
    excluded: int = 0
    left: int = 0
    reached: int = 0
    done: int = 0
    share: float = 0.0  # of the campaign that is done
    rate: float = NO_RATE  # received among those whose end is known


@dataclass(frozen=True)
class Head:
    """What never moves of a campaign."""

    id: int = 0
    name: str = ""
    text: str = ""
    sender: str = ""
    sms_type: str = "pro"
    purpose: str = "marketing"
    author: str = ""
    send_at: str = ""
    duplicates: int = 0
    blacklisted: int = 0
    uncovered: int = 0
    unreadable: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Now:
    """What moves of a campaign from second to second. Amounts in units."""

    pause_reason: str = ""
    started_at: str = ""
    finished_at: str = ""
    as_of: str = ""
    replies: int = 0
    stops: int = 0
    speed: int = 0
    ends_at: str = ""
    resumes_at: str = ""
    waits: str = ""  # for what: hours, spread, retry, gateway
    debited: int = 0
    to_come: int = 0
    offered: int = 0
    sent_share: float = 0.0
    operator_share: float = 0.0
    received_share: float = 0.0
    error_share: float = 0.0
    can_pause: bool = False
    can_resume: bool = False
    can_cancel: bool = False
    over: bool = False


@dataclass(frozen=True)
class Beside:
    """What is read with less haste: how long half of the messages took; contacts that the book may forget."""

    median: Sentence = field(default_factory=Sentence)
    removable: int = 0


@dataclass(frozen=True)
class CostLine:
    """A destination in the cost: ``segments`` x ``price`` = ``units``."""

    territory: str
    messages: int
    segments: int
    price: int
    units: int


@dataclass(frozen=True)
class Cause:
    """A cause of failure: catalogue keys, how often, the share of the most frequent one and of all errors."""

    code: str
    key: str
    help: str
    count: int
    remove: bool
    width: float
    share: float
    url: str = ""


@dataclass(frozen=True)
class Line:
    """A recipient in the table."""

    id: int
    key: str
    name: str
    number: str
    operator: str
    status: str
    cause: str  # catalogue key, or empty
    at: str
    units: int
    in_book: bool
    ticked: bool
    open: bool
    url: str


@dataclass(frozen=True)
class SentRow:
    """A campaign in a list."""

    id: int
    key: str
    name: str
    text: str
    url: str
    state: str
    at: str
    counts: Counts
    units: int
    over: bool
    ticked: bool = False


@dataclass(frozen=True)
class RunningRow:
    """A campaign on its way, on the dashboard."""

    id: int
    name: str
    url: str
    state: str
    counts: Counts
    speed: int
    ends_at: str
    resumes_at: str


@dataclass(frozen=True)
class Overview:
    """The figures of the dashboard. Amounts in units; ``change`` in points (0 to 1), 2 when nothing is compared."""

    available: int = 0
    held: int = 0
    days_left: int = -1
    per_day: int = 0
    spent: int = 0
    counts: Counts = field(default_factory=Counts)
    change: float = 2.0
    running: int = 0
    contacts: int = 0
    sent_ever: bool = True
    as_of: str = ""


def counts(figures: Figures) -> Counts:
    return Counts(
        total=figures.total,
        waiting=figures.waiting,
        sent=figures.sent,
        operator=figures.operator,
        received=figures.received,
        error=figures.error,
        unknown=figures.unknown,
        excluded=figures.excluded,
        left=figures.handed_over,
        reached=figures.at_operator,
        done=figures.done,
        share=figures.progress,
        rate=NO_RATE if figures.reception_rate is None else figures.reception_rate,
    )


def head(report: Report) -> Head:
    left_out = report.exclusions
    return Head(
        id=report.id,
        name=report.name,
        text=report.text,
        sender=report.sender,
        sms_type=report.sms_type,
        purpose=report.purpose,
        author=report.author,
        send_at=iso(report.live.started_at or report.send_at),
        duplicates=left_out.duplicates,
        blacklisted=left_out.blacklisted,
        uncovered=left_out.uncovered,
        unreadable=left_out.unreadable,
        left_out=left_out.total,
    )


def beside(report: Report) -> Beside:
    delay = report.median_delay_s
    return Beside(Sentence() if delay is None else lasted("median", round(delay)), report.removable_contacts)


def now(live: Live) -> Now:
    found = live.figures
    left = found.handed_over
    tried = left + found.refused
    return Now(
        pause_reason=live.pause_reason,
        started_at=iso(live.started_at),
        finished_at=iso(live.finished_at),
        as_of=iso(live.as_of),
        replies=live.replies,
        stops=live.stops,
        speed=live.pace.speed_per_min,
        ends_at=iso(live.pace.ends_at),
        resumes_at=iso(live.pace.resumes_at),
        waits=live.pace.waits,
        debited=live.debited,
        to_come=live.to_come,
        offered=live.offered,
        sent_share=_share(left, found.total),
        operator_share=_share(found.at_operator, left),
        received_share=_share(found.received, left),
        error_share=_share(found.error, tried),
        can_pause=live.can_pause,
        can_resume=live.can_resume,
        can_cancel=live.can_cancel,
        over=live.is_over,
    )


def cost(live: Live) -> list[CostLine]:
    return [CostLine(d.territory, d.count, d.segments, d.unit_price, d.units) for d in live.cost]


def causes(found: tuple[CauseCount, ...], base: str = "") -> list[Cause]:
    """Causes for a list; with ``base`` (the address of a report) each leads to its recipients."""
    most = max((one.count for one in found), default=1)
    total = sum(one.count for one in found) or 1
    return [
        Cause(
            one.cause,
            one.key,
            f"{one.key}.help",
            one.count,
            one.remove,
            round(one.count * 100 / most, 1),
            one.count / total,
            f"{base}?status=error&cause={one.cause}" if base and one.cause else "",
        )
        for one in found
    ]


def line(row: Recipient, *, epoch: int, ticked: bool, opened: bool, url: str) -> Line:
    return Line(
        id=row.message_id,
        key=f"{row.message_id}-{epoch}",
        name=row.name,
        number=row.number,
        operator=row.operator,
        status=row.status,
        cause=f"delivery.cause.{row.cause}" if row.cause else "",
        at=iso(row.at),
        units=row.units,
        in_book=row.contact_id is not None,
        ticked=ticked,
        open=opened,
        url=url,
    )


def sent_row(row: SentLine, *, epoch: int, ticked: bool) -> SentRow:
    return SentRow(
        id=row.id,
        key=f"{row.id}-{epoch}",
        name=row.name,
        text=row.text,
        url=f"/sent/{row.id}",
        state=row.state,
        at=iso(row.started_at),
        counts=counts(row.figures),
        units=row.units,
        over=row.state in ("finished", "cancelled"),
        ticked=ticked,
    )


def running_row(row: RunningCampaign) -> RunningRow:
    return RunningRow(
        id=row.id,
        name=row.name,
        url=f"/sent/{row.id}",
        state=row.state,
        counts=counts(row.figures),
        speed=row.speed_per_min,
        ends_at=iso(row.ends_at),
        resumes_at=iso(row.resumes_at),
    )


def overview(found: Dashboard, at: datetime) -> Overview:
    rate, before = found.reception_rate, found.rate_before
    return Overview(
        available=found.available,
        held=found.held,
        days_left=-1 if found.days_left is None else found.days_left,
        per_day=found.spent // found.days,
        spent=found.spent,
        counts=counts(found.figures),
        change=2.0 if rate is None or before is None else rate - before,
        running=found.running_total,
        contacts=found.contacts,
        sent_ever=found.sent_ever,
        as_of=iso(at),
    )


def lasted(key: str, seconds: int) -> Sentence:
    """A length of time in the unit that suits it."""
    if seconds < 120:
        return Sentence.of(f"reports.page.{key}.seconds", {"count": seconds})
    if seconds < 7_200:
        return Sentence.of(f"reports.page.{key}.minutes", {"count": round(seconds / 60)})
    return Sentence.of(f"reports.page.{key}.hours", {"count": round(seconds / 3_600)})


def iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
