"""The log: one line per fact, and nothing in it that belongs to a person.

Every record of every library is made by ``_record``, before any handler sees it: phone numbers, e-mail addresses,
cookies, passwords, tab tokens and whole events are masked there. A traceback keeps its frames and loses its values.
"""

import logging
import re
import sys
import traceback
from typing import Any

MASK = "***"
LONGEST = 4_000

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # What Reflex prints of an event that failed: all of it, headers and typed text included.
    (re.compile(r"\bEvent\(.*", re.S), f"Event({MASK})"),
    (re.compile(r"([Ee]vent data:? ?)(?:must be a dictionary, but received )?.*", re.S), rf"\1{MASK}"),
    (re.compile(r"(event argument )'.*", re.S), rf"\1{MASK}"),
    (
        re.compile(
            r"""(["']?(?:set-)?(?:cookie|password\w*|passwd|again|secret\w*|token|client_token|authorization)["']?"""
            r"""\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&})\]]+)""",
            re.I,
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"((?:smsapp_session|smsapp_flash|__Host-smsapp)=)[^\s;,'\"]+"), rf"\1{MASK}"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.I), MASK),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
    # +33 6 12 34 56 78, 0033612345678, 33612345678
    (re.compile(r"(?<![\w.])(?:\+|00)\d(?:[ .()/-]{0,2}\d){6,14}(?![\w])"), MASK),
    (re.compile(r"(?<![\w.-])[1-9]\d{9,14}(?![\w-])(?!\.\d)"), MASK),
    # 06 12 34 56 78, 06.12.34.56.78, 0612345678
    (re.compile(r"(?<![\w.])0[1-9](?:[ .-]?\d{2}){4}(?!\w)"), MASK),
)


def redact(text: str) -> str:
    """The text without what belongs to a person."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def trace(error: BaseException) -> str:
    """Where an exception came from: frames and types of the whole chain. Messages may quote data and are left out."""
    lines: list[str] = []
    one: BaseException | None = error
    while one is not None:
        lines.append(f"{type(one).__name__}\n{''.join(traceback.format_tb(one.__traceback__))}")
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\n".join(lines)


_make = logging.LogRecord


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = _make(*args, **kwargs)
    try:
        text = record.getMessage()
    except (TypeError, ValueError):
        text = str(record.msg)
    said = redact(text)
    if record.exc_info and record.exc_info[1] is not None:
        said = f"{said}\n{trace(record.exc_info[1])}"
    record.msg, record.args, record.exc_info, record.exc_text = said, None, None, None
    return record


def install() -> None:
    """Mask every record of this process, and write ours to standard error. Harmless when repeated."""
    logging.setLogRecordFactory(_record)
    ours = logging.getLogger("smsapp")
    if not ours.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False
