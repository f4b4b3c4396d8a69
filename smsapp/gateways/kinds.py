"""The kinds of gateway that can be set up, as data: what each must be told, and how it is made of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from smsapp.domain.errors import Refusal
from smsapp.gateways.contract import Gateway
from smsapp.gateways.http import Callback
from smsapp.gateways.kannel import Kannel
from smsapp.gateways.options import KannelOptions, Options, SmppOptions, SmsmodeOptions, TwilioOptions
from smsapp.gateways.smpp import Smpp
from smsapp.gateways.smsmode import Smsmode
from smsapp.gateways.twilio import Twilio

Now = Callable[[], datetime]


class BadOption(Refusal):
    """An option that is missing or cannot be. `params` hold `option`, its name."""

    key = "gateways.bad_option"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind: its options, and who is made of them."""

    name: str
    options: type[Options]
    make: Callable[[str, Any, Callback, Now], Gateway]
    calls_back: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """An option as a form asks for it. ``choices``: the only values; ``default``: None when it must be given."""

    name: str
    secret: bool
    default: str | None
    choices: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("kannel", KannelOptions, Kannel),
        Kind("smpp", SmppOptions, lambda name, options, _callback, now: Smpp(name, options, now), calls_back=False),
        Kind("smsmode", SmsmodeOptions, Smsmode),
        Kind("twilio", TwilioOptions, Twilio),
    )
}


def asked(kind: Kind) -> list[Asked]:
    """The options of a kind: first those that must be given, then the others, in the order of their model."""
    found = [_asked(name, field) for name, field in kind.options.model_fields.items()]
    return sorted(found, key=lambda one: one.default is not None)


def _asked(name: str, field: FieldInfo) -> Asked:
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    default = None if field.is_required() else str(field.default)
    return Asked(name, field.annotation is SecretStr, default, tuple(map(str, choices)))


def read_options(kind: Kind, told: Mapping[str, str]) -> Options:
    """The options as they were typed, checked; what is empty has its default.

    Raises:
        BadOption: one is missing, unknown, or cannot be.
    """
    given = {name: value for name, value in told.items() if value != ""}
    try:
        return kind.options.model_validate(given)
    except ValidationError as error:
        raise BadOption(option=str(error.errors()[0]["loc"][0])) from None
