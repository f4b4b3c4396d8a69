"""What no network carries, found before anything is sent."""

from __future__ import annotations

import re

from smsapp.domain.delivery import Cause
from smsapp.gateways.contract import Submit

LONGEST = 1530  # characters: ten segments of GSM-7
_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9 ._&+-]{1,11}")
_NUMBER = re.compile(r"\+?\d{3,15}")


def impossible(message: Submit) -> Cause | None:
    """Why a message cannot be carried by anybody; None when it can be tried."""
    if not _KEY.fullmatch(message.key):
        return Cause.INTERNAL
    if not 10**6 <= message.e164 < 10**15:
        return Cause.INVALID
    if not message.text or any("\ud800" <= char <= "\udfff" for char in message.text):
        return Cause.CONTENT
    if len(message.text) > LONGEST:
        return Cause.TOO_LONG
    if message.sender is not None and not (_NAME.fullmatch(message.sender) or _NUMBER.fullmatch(message.sender)):
        return Cause.SENDER
    return None
