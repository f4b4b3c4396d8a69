"""What the page of the gateways shows: a line of the list, a field of the form."""

from collections.abc import Mapping
from dataclasses import dataclass

from smsapp.domain.delivery import CAUSES
from smsapp.gateways.kinds import KINDS, asked
from smsapp.gateways.service import Setup
from smsapp.i18n import Sentence
from smsapp.operator.service import Seen


@dataclass(frozen=True)
class Line:
    """A gateway of the list. ``trouble``, ``word``: catalogue keys, empty when there is nothing to say; ``since``,
    ``rests_until``: ISO instants; ``refused``: callbacks refused since this process started.
    """

    name: str
    kind: str
    on: bool
    readable: bool
    territories: str
    trouble: str
    since: str
    rests_until: str
    refused: int
    word: str
    balance: str
    first: bool
    last: bool


@dataclass(frozen=True)
class Field:
    """An option as the form asks for it. ``key`` tells fields of different forms apart; ``value`` is never a secret's.

    ``label`` is a catalogue key; ``kept``: a secret that stays as it is when nothing is typed.
    """

    key: str
    name: str
    label: str
    secret: bool
    required: bool
    kept: bool
    value: str
    choices: list[str]
    error: Sentence


def line_of(seen: Seen, place: int, total: int, refused: int, told: tuple[str, str]) -> Line:
    """A line of the list; ``told`` is what the last test said: the key of its word, and the balance."""
    setup = seen.setup
    return Line(
        name=setup.name,
        kind=setup.kind,
        on=setup.enabled,
        readable=setup.readable,
        territories=", ".join(setup.territories),
        trouble=CAUSES[seen.trouble].key if seen.trouble else "",
        since=seen.since.isoformat() if seen.since else "",
        rests_until=seen.rests_until.isoformat() if seen.rests_until else "",
        refused=refused,
        word=told[0],
        balance=told[1],
        first=place == 0,
        last=place == total - 1,
    )


def fields_of(
    kind: str, epoch: int, setup: Setup | None, typed: Mapping[str, str], errors: Mapping[str, Sentence]
) -> list[Field]:
    """The form of a kind: what was typed last, else what the gateway has, else the defaults."""
    has = setup.options if setup else {}
    return [
        Field(
            key=f"{epoch}-{kind}-{one.name}",
            name=one.name,
            label=f"operator.option.{one.name}",
            secret=one.secret,
            required=one.default is None,
            kept=one.secret and setup is not None and setup.readable,
            value="" if one.secret else typed.get(one.name, has.get(one.name, one.default or "")),
            choices=list(one.choices),
            error=errors.get(one.name, Sentence()),
        )
        for one in (asked(KINDS[kind]) if kind in KINDS else ())
    ]
