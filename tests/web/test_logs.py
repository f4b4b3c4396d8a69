"""What the log masks, whoever writes it."""

import logging

import pytest

from smsapp.web.logs import install, redact, trace


@pytest.mark.parametrize(
    "secret",
    [
        "+33612345678", "+33 6 12 34 56 78", "0033612345678", "33612345678", "0612345678", "06 12 34 56 78",
        "06.12.34.56.78", "06-12-34-56-78", "+44 7700 900123", "447700900123", "+1 (415) 555-0132",
        "camille@lavande.fr", "smsapp_session=abc_DEF-123", "__Host-smsapp=abc", "'cookie': 'a=b; c=d'",
        '"password": "trois chevaux bleus"', "password=hunter2", "token=8f14e45f-ceea-467f-ab42-5f3c9b1c0000",
        "8f14e45f-ceea-467f-ab42-5f3c9b1c0000", "Authorization: Bearer",
        "Event(name='x', payload={'text': 'Bonjour Zoe'})",
    ],
)  # fmt: skip
def test_what_belongs_to_a_person_is_masked(secret: str) -> None:
    said = redact(f"before {secret} after")
    assert secret not in said
    assert "***" in said


@pytest.mark.parametrize(
    "fact",
    [
        "listening at http://127.0.0.1:3000", "2026-11-24 03:29:01,123 ready in 1.234 s", "campaign 1234567 has 5000 messages",
        "reflex 0.10.1", "refused: arguments of contacts_state.edit (wrong_type)", "0 violations, 54114000 units",
        "at 1764000000.123456", "revision 0001_first_schema",
    ],
)  # fmt: skip
def test_facts_stay_readable(fact: str) -> None:
    assert redact(fact) == fact


def test_every_logger_is_masked_and_tracebacks_lose_their_values(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogRecordFactory()
    install()
    try:
        with caplog.at_level(logging.INFO, "some.library"):
            number = "0612345678"
            try:
                raise ValueError(number)
            except ValueError:
                logging.getLogger("some.library").exception("no %s for %s", "way", "+33612345678")
    finally:
        logging.setLogRecordFactory(before)
    assert "no way for ***" in caplog.text
    assert "ValueError" in caplog.text
    assert "test_logs.py" in caplog.text
    assert "612345678" not in caplog.text


def test_a_trace_names_causes_without_their_messages() -> None:
    first, second = "0612345678", "0687654321"
    try:
        try:
            raise KeyError(first)
        except KeyError as error:
            raise RuntimeError(second) from error
    except RuntimeError as error:
        said = trace(error)
    assert "RuntimeError" in said
    assert "KeyError" in said
    assert first not in said
    assert second not in said
