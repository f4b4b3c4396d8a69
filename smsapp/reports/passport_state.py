"""What the page of a passport holds: where the number stands, and the newest steps of its chain."""

import asyncio
from dataclasses import dataclass

import reflex as rx

from smsapp.contacts.shown import id_of
from smsapp.reports.passport import PassportNotFound, Step, passport
from smsapp.web.guard import actor_of
from smsapp.web.runtime import runtime

SHOWN = 50


@dataclass(frozen=True)
class Line:
    """A step as the page shows it; ``url`` is the campaign's report, if it comes from one."""

    key: str
    at: str
    kind: str
    origin: str
    detail: str
    name: str
    url: str
    status: str
    by: str


class PassportState(rx.State):
    """/passport/[entry]. ``standing``: on, off or empty while unknown."""

    loaded: bool = False
    missing: bool = False
    number: str = ""
    standing: str = ""
    since: str = ""
    origin: str = ""
    reason: str = ""
    messages: int = 0
    replies: int = 0
    older: int = 0
    lines: list[Line] = []
    proof_url: str = ""

    @rx.event
    async def enter(self) -> None:
        """Show the passport of the address."""
        self.reset()
        entry = id_of(self.router.url.path.rstrip("/").rpartition("/")[2])
        actor = await actor_of(self)
        try:
            found = await asyncio.to_thread(passport, runtime().db, actor, entry or 0)
        except PassportNotFound:
            self.missing = self.loaded = True
            return
        last = found.last
        self.number, self.standing = found.number, "on" if found.standing else "off"
        self.since, self.origin, self.reason = last.at.isoformat(), last.origin, last.detail
        self.messages, self.replies = found.messages, found.replies
        self.lines = [_line(i, step) for i, step in reversed(list(enumerate(found.steps)))][:SHOWN]
        self.older = len(found.steps) - len(self.lines)
        self.proof_url = f"/passport/{found.entry}/proof.json"
        self.loaded = True


def _line(index: int, step: Step) -> Line:
    url = f"/sent/{step.campaign_id}" if step.campaign_id else ""
    return Line(
        str(index), step.at.isoformat(), step.kind, step.origin, step.detail[:500], step.name, url, step.status, step.by
    )
