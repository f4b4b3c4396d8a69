"""The permitted hours as the outbox asks for them: a number and an instant, the next opening in its own time zone."""

from datetime import datetime
from functools import lru_cache

from smsapp.domain.hours import Window, next_opening
from smsapp.domain.phone import time_zone
from smsapp.sending.outbox import Opens


def permitted(window: Window) -> Opens:
    """When marketing may leave for a number (M28). The zone of a number is looked up once."""
    zone_of = lru_cache(maxsize=50_000)(time_zone)

    def opens(e164: int, territory: str, at: datetime) -> datetime:
        return next_opening(at, zone_of(e164), window, territory)

    return opens
