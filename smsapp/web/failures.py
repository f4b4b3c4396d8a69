"""What happens when a handler raises: a sentence for the person, frames for the log, nothing of what was typed."""

import logging
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from smsapp.accounts.state import SessionState
from smsapp.domain.errors import Refusal
from smsapp.i18n import Sentence
from smsapp.web.guard import SIGN_IN, NotSignedIn
from smsapp.web.logs import redact, trace

log = logging.getLogger("smsapp.failures")

LONGEST = 300


def on_failure(exception: Exception) -> EventSpec:
    """A refusal says itself, a lost session goes to sign in, anything else is our fault and says so."""
    tell: Any = SessionState.tell
    if isinstance(exception, NotSignedIn):
        return rx.redirect(SIGN_IN)
    said = Sentence("web.failed")
    if isinstance(exception, Refusal):
        said = Sentence.of(exception.key, exception.params)
    else:
        log.error("a handler failed: %s", trace(exception))
    answer: EventSpec = tell("error", said.key, said.params)
    return answer


def on_browser_failure(exception: Exception) -> None:
    """A page broke in somebody's browser: one line, since anybody can send it."""
    said = redact(str(exception)).replace("\n", " ").replace("\r", " ")
    log.warning("a page failed in the browser: %s", said[:LONGEST])
