"""The words of SMS centres, shared by SMPP and by Kannel, which passes them on: statuses, states, delivery reports.

Codes of the network's own errors (`err:`) differ from one operator to the next. Only those that advise to keep the
number are read as a cause: nobody is taken out of an address book on a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Outcome

OK = 0x00
THROTTLED = frozenset({0x14, 0x58})  # message queue full, too fast
NOT_NOW = THROTTLED | {0x08, 0x64}  # system error, temporary error of the receiver
NOT_US = frozenset({0x04, 0x05, 0x0D, 0x0E, 0x0F})  # not bound, already bound, bind refused, password, system id

_REFUSED = {
    0x01: Cause.TOO_LONG,
    0x0A: Cause.SENDER,
    0x0B: Cause.INVALID,
    0x15: Cause.INTERNAL,
    0x33: Cause.INVALID,
    0x34: Cause.INVALID,
    0x40: Cause.INVALID,
    0x45: Cause.OPERATOR,
    0x48: Cause.SENDER,
    0x49: Cause.SENDER,
    0x50: Cause.INVALID,
    0x51: Cause.INVALID,
    0x65: Cause.OPERATOR_PERMANENT,
    0x66: Cause.OPERATOR_PERMANENT,
}

_STATES = {
    "DELIVRD": State.DELIVERED,
    "ACCEPTD": State.OPERATOR,
    "ENROUTE": State.OPERATOR,
    "UNDELIV": State.FAILED,
    "EXPIRED": State.FAILED,
    "REJECTD": State.FAILED,
    "DELETED": State.FAILED,
}
_BY_NUMBER = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_CAUSES = {"EXPIRED": Cause.EXPIRED, "REJECTD": Cause.OPERATOR_PERMANENT}
_ERRORS = {"006": Cause.ABSENT, "01b": Cause.ABSENT, "00b": Cause.BARRED, "00d": Cause.BARRED, "020": Cause.INBOX_FULL}

_FIELD = re.compile(r"\b(id|stat|err):\s*([^\s]+)", re.IGNORECASE)


def outcome_of(status: int) -> tuple[Outcome, Cause | None]:
    """What the status of a submission says; a code that nobody knows is a refusal."""
    if status == OK:
        return Outcome.ACCEPTED, None
    if status in NOT_NOW:
        return Outcome.RETRY, None
    if status in NOT_US:
        return Outcome.RETRY, Cause.GATEWAY
    return Outcome.REJECTED, _REFUSED.get(status, Cause.UNKNOWN)


def refusal(status: int) -> Cause:
    """Why a submission with this status was refused."""
    return _REFUSED.get(status, Cause.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report: the identifier as the text writes it, and what became of the message (None: it does not say).

    ``error`` is the network's code as written: it may be hexadecimal or a word.
    """

    id: str
    stat: str
    error: str

    @property
    def state(self) -> State | None:
        return _STATES.get(self.stat)

    @property
    def cause(self) -> Cause | None:
        """Why it failed, as far as that can be told."""
        if self.state is not State.FAILED:
            return None
        return _ERRORS.get(self.error) or _CAUSES.get(self.stat, Cause.UNKNOWN)


def read_report(text: str, state_number: int | None = None) -> Report:
    """The fields of a report's text, tolerant of what is missing; the number of `message_state` goes before it."""
    found = {name.lower(): value for name, value in reversed(_FIELD.findall(text))}
    stat = _BY_NUMBER.get(state_number or 0) or found.get("stat", "").upper()[:7]
    return Report(found.get("id", ""), stat, found.get("err", "").lower())
