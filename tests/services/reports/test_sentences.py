"""Whatever happened to a message, there is a sentence for it in every language."""

import pytest

from smsapp.domain.delivery import WAITS, State
from smsapp.i18n.catalogue import LANGUAGES, catalogue, forms
from smsapp.ledger.posting import Insufficient
from smsapp.reports.actions import CannotUndo, StillLeaving
from smsapp.reports.story import KNOWN, MessageNotFound
from smsapp.sending.lifecycle import NotNow

AFTER = {state.value for state in State} | WAITS | {"later", "paused", "remove", "keep", "look"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_step_and_each_refusal_is_told(lang: str) -> None:
    keys = {f"reports.timeline.{name}" for name in KNOWN} | {f"reports.timeline.next.{name}" for name in AFTER}
    keys |= {"reports.timeline.written", "reports.not_found"}
    refusals = (CannotUndo, StillLeaving, MessageNotFound, NotNow, Insufficient)
    keys |= {refusal.key for refusal in refusals} | {f"delivery.state.{state.value}" for state in State}
    assert [key for key in sorted(keys) if not forms(lang, key)] == []
    stray = {k for k in catalogue(lang) if k.startswith("reports.timeline.")} - keys
    assert stray == set()
