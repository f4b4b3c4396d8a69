"""What the panel of one message is given to draw: its text, its price, its steps, what comes next."""

from dataclasses import dataclass, field
from datetime import datetime

from smsapp.i18n import Sentence
from smsapp.reports.screen import iso, lasted
from smsapp.reports.story import Sentence as Told
from smsapp.reports.story import Step, Story


@dataclass(frozen=True)
class StepLine:
    """A step of the history of a message."""

    at: str
    after: Sentence  # how long after the step before; empty within the same second
    status: str
    said: Sentence
    cause: str
    help: str
    operator: str
    credit: str
    units: int
    last: bool


@dataclass(frozen=True)
class Panel:
    """One message explained, in the panel at the side. id 0: closed."""

    id: int = 0
    name: str = ""
    number: str = ""
    operator: str = ""
    status: str = ""
    body: str = ""
    segments: int = 1
    encoding: str = ""
    units: int = 0
    reference: str = ""
    next: Sentence = field(default_factory=Sentence)
    resendable: bool = False
    steps: list[StepLine] = field(default_factory=list)


def panel(story: Story) -> Panel:
    lines = []
    before: datetime | None = None
    for i, step in enumerate(story.steps):
        after = round((step.at - before).total_seconds()) if before else 0
        lines.append(_step(step, after, i == len(story.steps) - 1))
        before = step.at
    return Panel(
        id=story.message_id,
        name=story.name,
        number=story.number,
        operator=story.operator,
        status=story.status,
        body=story.body,
        segments=story.segments,
        encoding=story.encoding,
        units=story.units,
        reference=story.reference,
        next=_said(story.next),
        resendable=story.resendable,
        steps=lines,
    )


def _step(step: Step, after: int, last: bool) -> StepLine:
    return StepLine(
        at=iso(step.at),
        after=lasted("after", after) if after > 0 else Sentence(),
        status=step.status,
        said=_said(step.sentence),
        cause=step.cause_key,
        help=f"{step.cause_key}.help" if step.cause_key else "",
        operator=step.operator,
        credit=step.credit,
        units=step.units,
        last=last,
    )


def _said(told: Told) -> Sentence:
    return Sentence.of(told.key, told.params | ({"at": iso(told.at)} if told.at else {}))
