"""What each kind of gateway must be told, as models that check themselves: the forms and the command line read them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

_LOCAL = r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?"
Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=rf"^(https://[^\s/?#@]+|{_LOCAL})(/[^\s?#@]*)?$", max_length=120),
]
"""An https address; http only on this machine, for credentials travel with each request."""
OwnAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^(https?://[^\s/?#@]+)?$", max_length=120)
]
Word = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\s]+$", max_length=100)]
Sender = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^([A-Za-z0-9 ._&+-]{1,11}|\+?\d{3,15}|)$")]
"""A name of at most 11 characters, a number, or nothing."""
Secret = Annotated[SecretStr, Field(min_length=1, max_length=200)]


class Options(BaseModel):
    """Common to all kinds. ``sender`` stands where a message names none; ``max_tps`` is in segments per second."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Sender = ""
    max_tps: float = Field(default=10.0, gt=0, le=10_000)


class CalledBack(Options):
    """Kinds that call us back. ``callback_base`` stands for SMSAPP_PUBLIC_URL where the provider sees us elsewhere."""

    callback_base: OwnAddress = ""


class KannelOptions(CalledBack):
    """`sendsms` of a smsbox: address without path, and the user of `group = sendsms-user`."""

    url: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^https?://[^\s/?#@]+$", max_length=120)] = (
        "http://127.0.0.1:13013"
    )
    username: Word
    password: Secret
    max_tps: float = Field(default=100.0, gt=0, le=10_000)


class SmppOptions(Options):
    """A bind to an SMSC, or a pair: one that sends, one that receives. ``window``: messages without an answer at once;
    ``long_messages``: parts with a header, or whole in the message_payload; ``report_ids``: how reports write the
    identifier that the submission was answered.
    """

    host: Word
    port: int = Field(default=2775, gt=0, lt=65536)
    system_id: Annotated[Word, StringConstraints(max_length=15)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=8)]
    system_type: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{0,12}$")] = ""
    tls: Literal["no", "yes"] = "no"
    bind: Literal["transceiver", "pair"] = "transceiver"
    window: int = Field(default=50, gt=0, le=1000)
    long_messages: Literal["parts", "payload"] = "parts"
    report_ids: Literal["auto", "same", "hex", "decimal"] = "auto"
    response_s: float = Field(default=10.0, gt=0, le=15)
    enquire_s: float = Field(default=15.0, gt=0, le=300)
    max_tps: float = Field(default=50.0, gt=0, le=10_000)


class SmsmodeOptions(CalledBack):
    """The key of an SMS channel."""

    api_key: Secret
    url: Address = "https://rest.smsmode.com"


class TwilioOptions(CalledBack):
    """An account, its token, and a sender or a messaging service (``MG...``, in ``sender``'s place)."""

    account_sid: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^AC[0-9a-fA-F]{32}$")]
    auth_token: Secret
    service_sid: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(MG[0-9a-fA-F]{32})?$")] = ""
    url: Address = "https://api.twilio.com"
