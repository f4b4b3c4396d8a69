"""What becomes of a message: internal states, the statuses shown to people (S47-S50), the causes of a failure (M34),
and how reports that arrive late, twice or out of order merge into one truth.

Words for people are catalogue keys (`delivery.status.*`, `delivery.state.*`, `delivery.cause.*`), never text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The life of one message, as the outbox stores it."""

    QUEUED = "queued"  # waiting for its turn
    SUBMITTING = "submitting"  # committed before the gateway call: from here on it may be out
    UNKNOWN = "unknown"  # time-out or crash after the call began: never sent again by itself
    ACCEPTED = "accepted"  # the gateway took it; the credit is debited (S55)
    OPERATOR = "operator"  # the recipient's operator holds it, the phone does not yet (S49)
    DELIVERED = "delivered"  # the phone has it (S48)
    FAILED = "failed"  # taken, then lost on the way: a cause says why (S50)
    REJECTED = "rejected"  # the gateway refused it: not debited
    SUPPRESSED = "suppressed"  # blacklist or STOP met at the moment of sending (S74)
    CANCELLED = "cancelled"  # stopped by a person before it left (S34)
    EXPIRED = "expired"  # its validity passed before it left (M35)
    EXPIRED_UNKNOWN = "expired_unknown"  # unknown for 72 h without evidence: credit given back


NEVER_TAKEN = frozenset({State.REJECTED, State.SUPPRESSED, State.CANCELLED, State.EXPIRED})
"""Closed states of messages that no gateway took: nothing can move them, but a phone that has an earlier attempt."""

TAKEN = frozenset({State.ACCEPTED, State.OPERATOR, State.DELIVERED, State.FAILED})
"""States of messages that a gateway certainly took."""

FINAL = NEVER_TAKEN | {State.DELIVERED, State.FAILED, State.EXPIRED_UNKNOWN}
"""States after which nothing more is awaited (late evidence may still correct `failed` and `expired_unknown`)."""

RANK: dict[State, int] = {
    State.QUEUED: 0,
    State.SUBMITTING: 1,
    State.UNKNOWN: 2,
    State.EXPIRED_UNKNOWN: 3,
    State.ACCEPTED: 4,
    State.OPERATOR: 5,
    State.REJECTED: 6,
    State.SUPPRESSED: 6,
    State.CANCELLED: 6,
    State.EXPIRED: 6,
    State.FAILED: 6,
    State.DELIVERED: 7,
}
"""How much each state knows. `delivered` stands over `failed`: a phone that has the message has it."""


def merge(old: State, new: State, *, doubted: bool = False) -> State:
    """The state of a message in `old` after learning `new`, whatever the order in which reports arrive.

    Knowledge only grows: a final state never moves back; `delivered` after `failed` is shown as delivered; evidence
    that comes after `expired_unknown` is believed; a message that was never taken stays so, and one that was taken can
    no longer be refused, cancelled or suppressed.

    `doubted`: the outcome of an attempt was unknown, so that the refusal or the end of a later one says nothing of it:
    the phone that has the message has it. Nothing less counts, since it may speak of the attempt that was refused.
    """
    if old in NEVER_TAKEN and doubted and new is State.DELIVERED:
        return new
    if old in NEVER_TAKEN or (new in NEVER_TAKEN and old in TAKEN):
        return old
    return new if RANK[new] > RANK[old] else old


def movable(new: State) -> frozenset[State]:
    """The states that a report of `new` moves to `new`: the WHERE of a set-based update, equal to `merge`."""
    return frozenset(old for old in State if old is not new and merge(old, new) is new)


class Wait(StrEnum):
    """Why a queued message is not sent yet; it stands where a failed one has its cause."""

    HOURS = "hours"  # its own permitted hours are over: it leaves at their next opening (M28, « reporté » of M9)
    SPREAD = "spread"  # the campaign leaves little by little, and its turn has not come


WAITS = frozenset(Wait)


class Status(StrEnum):
    """What people read. The first four are the words of the product (S47-S50), in the order of the delivery bar."""

    SENT = "sent"  # « Envoyé »
    OPERATOR = "operator"  # « Délivré opérateur »
    RECEIVED = "received"  # « Reçu »
    ERROR = "error"  # « Erreur réception »
    WAITING = "waiting"  # « En file »
    UNKNOWN = "unknown"  # « Issue inconnue »
    EXCLUDED = "excluded"  # « Non envoyé »: never left, never debited

    @property
    def key(self) -> str:
        """Catalogue key of the label; `.help` added gives the explanation."""
        return f"delivery.status.{self.value}"


FOUR = (Status.SENT, Status.OPERATOR, Status.RECEIVED, Status.ERROR)
"""The four statuses of S47-S50, in the order of the delivery bar."""

STATUS: dict[State, Status] = {
    State.QUEUED: Status.WAITING,
    State.SUBMITTING: Status.WAITING,
    State.UNKNOWN: Status.UNKNOWN,
    State.ACCEPTED: Status.SENT,
    State.OPERATOR: Status.OPERATOR,
    State.DELIVERED: Status.RECEIVED,
    State.FAILED: Status.ERROR,
    State.REJECTED: Status.ERROR,
    State.SUPPRESSED: Status.EXCLUDED,
    State.CANCELLED: Status.EXCLUDED,
    State.EXPIRED: Status.EXCLUDED,
    State.EXPIRED_UNKNOWN: Status.UNKNOWN,
}


def status_of(state: State) -> Status:
    """The status shown for an internal state."""
    return STATUS[state]


def states_of(status: Status) -> tuple[State, ...]:
    """The internal states behind a status: what a filter on the screen asks of the database."""
    return tuple(state for state in State if STATUS[state] is status)


class Group(StrEnum):
    """The families of causes of M34."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    APART = "apart"  # says nothing about the number: our routing, our credit, the text, the blacklist


class Advice(StrEnum):
    """What to do with the number in the address book (M10, M34)."""

    KEEP = "keep"
    REMOVE = "remove"


class Cause(StrEnum):
    """Why a message did not reach its phone (S50, M34; codes of smsmode's official annex beside)."""

    ABSENT = "absent"  # 3502: out of its network for long
    OFF = "off"  # phone off for the whole validity, 48 h (M35)
    PHONE = "phone"  # 3503: the handset refused, for now
    INBOX_FULL = "inbox_full"
    OPERATOR = "operator"  # 3501
    BARRED = "barred"  # the line may not receive SMS (suspended, restricted)
    PORTABILITY = "portability"  # 3526: number being moved between operators (S51)
    ROAMING = "roaming"  # 3527
    EXPIRED = "expired"  # 37: validity passed at the operator
    INVALID = "invalid"  # 3998: the number is not attributed
    ABSENT_PERMANENT = "absent_permanent"  # 3522
    PHONE_PERMANENT = "phone_permanent"  # 3523
    PORTABILITY_PERMANENT = "portability_permanent"
    OPERATOR_PERMANENT = "operator_permanent"  # 3521
    SPAM = "spam"  # 3524: filtered
    CONTENT = "content"  # 36: the text was refused
    TOO_LONG = "too_long"  # 38
    SENDER = "sender"  # the sender name is not allowed on this route
    ROUTING = "routing"  # 34: no way to this destination
    BLACKLISTED = "blacklisted"  # 3999
    NO_CREDIT = "no_credit"  # 33
    GATEWAY = "gateway"  # the gateway refuses us: credentials, configuration
    INTERNAL = "internal"  # 2: our own error
    UNKNOWN = "unknown"  # 3599: no reason given; "valid number, to be kept"


@dataclass(frozen=True, slots=True)
class CauseInfo:
    """What is known of a cause: its catalogue key (`<key>.help` explains), its family, what to do with the number."""

    key: str
    group: Group
    advice: Advice

    @property
    def permanent(self) -> bool:
        """Whether writing to this number again would fail again."""
        return self.group is Group.PERMANENT

    @property
    def remove(self) -> bool:
        """Whether « Supprimer contacts » preselects the number (S41, M34)."""
        return self.advice is Advice.REMOVE


_TEMPORARY = (
    Cause.ABSENT,
    Cause.OFF,
    Cause.PHONE,
    Cause.INBOX_FULL,
    Cause.OPERATOR,
    Cause.BARRED,
    Cause.PORTABILITY,
    Cause.ROAMING,
    Cause.EXPIRED,
)
_PERMANENT = (Cause.INVALID, Cause.ABSENT_PERMANENT, Cause.PHONE_PERMANENT, Cause.PORTABILITY_PERMANENT)
_APART = (
    Cause.OPERATOR_PERMANENT,  # the operator's fault, not the number's: M34 keeps such numbers
    Cause.SPAM,
    Cause.CONTENT,
    Cause.TOO_LONG,
    Cause.SENDER,
    Cause.ROUTING,
    Cause.BLACKLISTED,
    Cause.NO_CREDIT,
    Cause.GATEWAY,
    Cause.INTERNAL,
    Cause.UNKNOWN,
)


def _infos(causes: tuple[Cause, ...], group: Group, advice: Advice) -> dict[Cause, CauseInfo]:
    return {cause: CauseInfo(f"delivery.cause.{cause.value}", group, advice) for cause in causes}


CAUSES: dict[Cause, CauseInfo] = (
    _infos(_TEMPORARY, Group.TEMPORARY, Advice.KEEP)
    | _infos(_PERMANENT, Group.PERMANENT, Advice.REMOVE)
    | _infos(_APART, Group.APART, Advice.KEEP)
)
"""Every cause, explained."""


def cause_of(code: str | None) -> Cause | None:
    """The cause stored as `code`; UNKNOWN for a code from a newer or another gateway, None for none.

    What a queued message waits for (`Wait`) is no cause of a failure.
    """
    if code is None or code in WAITS:
        return None
    try:
        return Cause(code)
    except ValueError:
        return Cause.UNKNOWN
