"""What becomes of a simulated message: a pure function of a seed and the message's key.

`Traits` says how the simulated operators behave on average, `Fates.of` what they do with one message. The same seed
and key give the same fate for ever, whatever else was sent, in any order, in any process. Each trait has its own draw,
so that changing one leaves the others alone. Delays are seconds at speed 1; whoever plays them divides by the speed.

Some endings of the number fix the fate, so that a demonstration is predictable (`MAGIC`):

| number ends in | what happens |
|---|---|
| 000 | refused at once: invalid number |
| 999 | phone off for the whole validity (48 h), then failed |
| 888 | line barred: failed after some seconds |
| 777 | inbox full: failed after some seconds |
| 666 | taken, but the answer is lost: outcome unknown until it is looked up or a report comes |
| 555 | delivered, then the phone replies STOP |
| 444 | taken, and no report ever comes |
"""

from __future__ import annotations

import math
import struct
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import accumulate
from operator import attrgetter
from statistics import NormalDist
from typing import NamedTuple

from smsapp.domain.delivery import Cause, State


class Magic(StrEnum):
    """The fates that an ending of the number fixes."""

    INVALID = "invalid"
    OFF = "off"
    BARRED = "barred"
    INBOX_FULL = "inbox_full"
    ANSWER_LOST = "answer_lost"
    STOP = "stop"
    NO_REPORT = "no_report"


MAGIC: dict[str, Magic] = {
    "000": Magic.INVALID,
    "999": Magic.OFF,
    "888": Magic.BARRED,
    "777": Magic.INBOX_FULL,
    "666": Magic.ANSWER_LOST,
    "555": Magic.STOP,
    "444": Magic.NO_REPORT,
}
"""The last three digits that fix a fate, for the help of the screens."""

_MAGIC = {int(ending): magic for ending, magic in MAGIC.items()}

STOPS = ("STOP", "stop", "Stop.", "STOP SVP", "ARRET", "Arrêt", "stop merci", "« STOP »")
"""The ways in which simulated people ask for no more messages (M6)."""

REPLIES = (
    "Ok merci",
    "C qui ?",
    "Oui",
    "Non",
    "Vous êtes ouverts dimanche ?",
    "Non-stop samedi aussi ?",
    "Bien reçu 👍",
    "Je passerai jeudi, merci",
)
"""Other replies; none of them asks to stop."""

_SLOW = frozenset(
    {Cause.ABSENT, Cause.OFF}
)  # the operator tries until the validity ends; other causes are told at once


class Network(NamedTuple):
    """A mobile operator: its share of the numbers, and the part of its messages that fail."""

    name: str
    mcc_mnc: str
    share: float
    failure: float


@dataclass(frozen=True, slots=True)
class Traits:
    """How the simulated operators behave. Rates are parts of 1, times are seconds at speed 1."""

    submit_median: float = 0.05
    submit_sigma: float = 0.5
    operator_median: float = 1.0  # until « Délivré opérateur »
    operator_sigma: float = 0.4
    phone_median: float = 3.7  # from there to « Reçu »
    phone_sigma: float = 0.8
    off: float = 0.06  # phones that are off
    off_mean: float = 7200.0
    networks: tuple[Network, ...] = (
        Network("Orange", "20801", 0.34, 0.022),
        Network("SFR", "20810", 0.27, 0.026),
        Network("Bouygues Telecom", "20820", 0.21, 0.024),
        Network("Free", "20815", 0.18, 0.031),
    )
    causes: tuple[tuple[Cause, float], ...] = (
        (Cause.ABSENT, 0.42),
        (Cause.OFF, 0.22),
        (Cause.INVALID, 0.18),
        (Cause.INBOX_FULL, 0.05),
        (Cause.SPAM, 0.05),
        (Cause.BARRED, 0.04),
        (Cause.PORTABILITY, 0.04),
    )
    duplicate: float = 0.01  # a report that comes twice
    out_of_order: float = 0.01  # the final report comes before the intermediate one
    no_report: float = 0.005
    answer_lost: float = 0.002  # taken, but the caller never learns it
    request_lost: float = 0.001  # not taken, and the caller never learns it
    stop: float = 0.006
    stop_mean: float = 600.0
    reply: float = 0.01
    reply_mean: float = 900.0
    short_code: str = "36111"  # where people reply to when the message had no sender of its own
    max_tps: float = 500.0  # segments per second of the clock, whatever the speed
    lookup: bool = True  # whether `find` knows; without it, only a report settles an unknown outcome
    magic: bool = True

    @classmethod
    def instant(cls, *, reports: bool = True) -> Traits:
        """Everything is accepted at once and delivered at once, without limit nor fault: for benches.

        Without `reports`, nothing is told after the acceptance.
        """
        return cls(
            submit_median=0.0,
            operator_median=0.0,
            phone_median=0.0,
            off=0.0,
            networks=(Network("Orange", "20801", 1.0, 0.0),),
            duplicate=0.0,
            out_of_order=0.0,
            no_report=0.0 if reports else 1.0,
            answer_lost=0.0,
            request_lost=0.0,
            stop=0.0,
            reply=0.0,
            max_tps=math.inf,
            magic=False,
        )


DEFAULT = Traits()


class Planned(NamedTuple):
    """Something that the network will tell: a report (`state`) or, when `state` is None, a reply (`text`).

    `name` is the same in a repetition. `told` and `happened` are seconds after the taking.
    """

    name: str
    told: float
    happened: float
    state: State | None
    cause: Cause | None = None
    text: str = ""


class Fate(NamedTuple):
    """What becomes of one message. A refused one has a `refusal` and nothing else."""

    gateway_id: str
    network: str  # MCC-MNC
    refusal: Cause | None
    request_lost: bool
    answer_lost: bool
    planned: tuple[Planned, ...]


_DRAWS = struct.Struct("<8x14I")
_UNIT = 2.0**-32
_SHORTEST, _LONGEST = 10**7, 10**15 - 1  # E.164
_HALF = _UNIT / 2  # keeps draws strictly inside 0..1
_NORMAL = NormalDist().inv_cdf
_told = attrgetter("told")


def can_reply(sender: str | None) -> bool:
    """Whether a phone can answer this sender: a number or a short code can be answered, a name cannot (S42-S45)."""
    return sender is None or sender.lstrip("+").isdecimal()


class Fates:
    """The fates under one seed and one set of traits."""

    def __init__(self, seed: int, traits: Traits) -> None:
        self._key = str(seed).encode()[-64:]
        self._traits = traits
        self._shares = _cumulated([network.share for network in traits.networks])
        self._causes = _cumulated([weight for _, weight in traits.causes])
        self._certain = _certain(traits)

    def latency(self, key: str) -> float:
        """Seconds that a call takes whose first message has this key."""
        median = self._traits.submit_median
        return _lognormal(_draws(self._digest(key))[13], median, self._traits.submit_sigma) if median else 0.0

    def of(self, key: str, e164: int, *, answerable: bool = True, validity_h: float = 48) -> Fate:
        """The fate of the message `key` to `e164`; the phone replies only to an `answerable` sender."""
        traits = self._traits
        digest = self._digest(key)
        gateway_id = digest[:8].hex()
        if not _SHORTEST <= e164 <= _LONGEST:
            return Fate(gateway_id, "", Cause.INVALID, False, False, ())
        if self._certain is not None:
            return Fate(gateway_id, traits.networks[0].mcc_mnc, None, False, False, self._certain)
        draws = _draws(digest)
        (u_network, u_failure, u_cause, u_operator, u_phone, u_off, u_report, u_lost, u_twice1, u_twice2) = draws[:10]
        network = traits.networks[bisect(self._shares, u_network)]
        magic = _MAGIC.get(e164 % 1000) if traits.magic else None
        if magic is Magic.INVALID:
            return Fate(gateway_id, network.mcc_mnc, Cause.INVALID, False, False, ())

        request_lost, answer_lost, silent = False, False, False
        cause: Cause | None = None
        if magic is None:
            request_lost = u_lost < traits.request_lost
            answer_lost = traits.request_lost <= u_lost < traits.request_lost + traits.answer_lost
            silent = u_report < traits.no_report
            if u_failure < network.failure:
                cause = traits.causes[bisect(self._causes, u_cause)][0]
        else:
            answer_lost = magic is Magic.ANSWER_LOST
            silent = magic is Magic.NO_REPORT
            cause = _MAGIC_CAUSES.get(magic)
        if silent:
            return Fate(gateway_id, network.mcc_mnc, None, request_lost, answer_lost, ())

        validity = validity_h * 3600.0
        operator = _lognormal(u_operator, traits.operator_median, traits.operator_sigma)
        if cause is not None:
            final = operator + (validity if cause in _SLOW else 2 + 8 * u_phone)
        elif magic is None and u_off < traits.off:
            final = operator - traits.off_mean * math.log(1 - u_off / traits.off)
            if final > validity:
                final, cause = operator + validity, Cause.OFF
        else:
            final = operator + _lognormal(u_phone, traits.phone_median, traits.phone_sigma)
        state = State.DELIVERED if cause is None else State.FAILED

        planned = [
            Planned("operator", operator, operator, State.OPERATOR),
            Planned("final", final, final, state, cause),
        ]
        if magic is None:
            if draws[10] < traits.out_of_order:
                planned = [planned[0]._replace(told=final), planned[1]._replace(told=operator)]
            repeated = [p for p, u in zip(planned, (u_twice1, u_twice2), strict=True) if u < traits.duplicate]
            planned += [p._replace(told=p.told + 1) for p in repeated]
        if cause is None and answerable:
            planned += self._reply(final, draws[11], draws[12], magic)
        planned.sort(key=_told)
        return Fate(gateway_id, network.mcc_mnc, None, request_lost, answer_lost, tuple(planned))

    def _reply(self, after: float, u_kind: float, u_delay: float, magic: Magic | None) -> list[Planned]:
        """At most one reply to a message delivered `after` seconds."""
        traits = self._traits
        texts: tuple[str, ...]
        if magic is Magic.STOP:
            texts, mean, u_text = STOPS[:1], traits.stop_mean / 60, 0.0
        elif magic is not None:
            return []
        elif u_kind < traits.stop:
            texts, mean, u_text = STOPS, traits.stop_mean, u_kind / traits.stop
        elif u_kind < traits.stop + traits.reply:
            texts, mean, u_text = REPLIES, traits.reply_mean, (u_kind - traits.stop) / traits.reply
        else:
            return []
        at = after - mean * math.log(1 - u_delay)
        return [Planned("reply", at, at, None, None, texts[min(int(u_text * len(texts)), len(texts) - 1)])]

    def _digest(self, key: str) -> bytes:
        """64 bytes: an identifier of 8, then the fourteen draws."""
        return blake2b(key.encode("utf-8", "surrogatepass"), key=self._key).digest()


_MAGIC_CAUSES = {Magic.OFF: Cause.OFF, Magic.BARRED: Cause.BARRED, Magic.INBOX_FULL: Cause.INBOX_FULL}


def _cumulated(weights: Sequence[float]) -> list[float]:
    """The upper bounds of all shares but the last, scaled to 1: what `bisect` needs to choose."""
    return list(accumulate(weight / sum(weights) for weight in weights))[:-1]


def _lognormal(u: float, median: float, sigma: float) -> float:
    return median * math.exp(sigma * _NORMAL(u)) if median else 0.0


def _draws(digest: bytes) -> list[float]:
    """Fourteen independent numbers strictly between 0 and 1."""
    return [n * _UNIT + _HALF for n in _DRAWS.unpack(digest)]


def _certain(traits: Traits) -> tuple[Planned, ...] | None:
    """What every message tells when the traits leave nothing to chance (`Traits.instant`), else None."""
    if traits not in (Traits.instant(), Traits.instant(reports=False)):
        return None
    if traits.no_report:
        return ()
    return Planned("operator", 0.0, 0.0, State.OPERATOR), Planned("final", 0.0, 0.0, State.DELIVERED)
