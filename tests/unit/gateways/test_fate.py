"""The fates of simulated messages: the same for the same seed and key, and each trait at its rate."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import replace

import pytest

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.fate import DEFAULT, MAGIC, REPLIES, STOPS, Fate, Fates, Magic, Planned, Traits, can_reply

N = 20_000
PHONE = 33612345601
HOURS_48 = 48 * 3600


@pytest.fixture(scope="module")
def fates() -> list[Fate]:
    source = Fates(7, DEFAULT)
    return [source.of(f"12-{n}", PHONE) for n in range(N)]


def near(count: int, rate: float, among: int = N) -> bool:
    """Whether a count is within four standard deviations of its rate."""
    return abs(count - among * rate) <= 4 * math.sqrt(among * rate * (1 - rate)) + 1


def report(fate: Fate, name: str) -> Planned:
    return next(p for p in fate.planned if p.name == name)


def lost(fate: Fate) -> bool:
    """Whether the message was really lost on the way: failed for another reason than the phone staying off."""
    return any(p.state is State.FAILED for p in fate.planned)


def test_the_same_seed_and_key_have_the_same_fate_in_any_order(fates: list[Fate]) -> None:
    again = Fates(7, DEFAULT)
    assert [again.of(f"12-{n}", PHONE) for n in reversed(range(2000))] == fates[1999::-1]


def test_another_seed_is_another_fate(fates: list[Fate]) -> None:
    other = Fates(8, DEFAULT)
    assert sum(other.of(f"12-{n}", PHONE) == fates[n] for n in range(2000)) == 0


def test_identifiers_are_unique(fates: list[Fate]) -> None:
    assert len({fate.gateway_id for fate in fates}) == N


def test_changing_one_trait_leaves_the_others_alone(fates: list[Fate]) -> None:
    calm = Fates(7, replace(DEFAULT, duplicate=0.0, answer_lost=0.0))
    for n in range(2000):
        if not fates[n].answer_lost and len({p.name for p in fates[n].planned}) == len(fates[n].planned):
            assert calm.of(f"12-{n}", PHONE) == fates[n]


def test_networks_have_their_share_and_their_failures(fates: list[Fate]) -> None:
    sent = Counter(fate.network for fate in fates)
    failed = Counter(fate.network for fate in fates if lost(fate))
    for network in DEFAULT.networks:
        assert near(sent[network.mcc_mnc], network.share)
        told = network.failure * (1 - DEFAULT.no_report)
        assert near(failed[network.mcc_mnc], told, sent[network.mcc_mnc])


def test_failures_have_their_causes(fates: list[Fate]) -> None:
    """S50, M34: the four usual causes and the rarer ones."""
    causes = Counter(report(fate, "final").cause for fate in fates if lost(fate))
    for cause, weight in DEFAULT.causes:
        assert near(causes[cause], weight, causes.total())


def test_every_failure_has_a_cause_and_nothing_else_has(fates: list[Fate]) -> None:
    for fate in fates:
        assert all((p.cause is not None) == (p.state is State.FAILED) for p in fate.planned)


def test_lost_answers_lost_requests_and_silences_have_their_rates(fates: list[Fate]) -> None:
    assert near(sum(fate.answer_lost for fate in fates), DEFAULT.answer_lost)
    assert near(sum(fate.request_lost for fate in fates), DEFAULT.request_lost)
    assert near(sum(not fate.planned for fate in fates), DEFAULT.no_report)
    assert not any(fate.answer_lost and fate.request_lost for fate in fates)


def test_reports_are_repeated_and_disordered_at_their_rates(fates: list[Fate]) -> None:
    names = [[p.name for p in fate.planned if p.name != "reply"] for fate in fates if fate.planned]
    assert near(sum(n.count("operator") > 1 for n in names), DEFAULT.duplicate)
    assert near(sum(n.count("final") > 1 for n in names), DEFAULT.duplicate)
    assert near(sum(n.index("final") < n.index("operator") for n in names), DEFAULT.out_of_order)


def test_a_repetition_tells_the_same_later(fates: list[Fate]) -> None:
    repeated = [fate for fate in fates if [p.name for p in fate.planned].count("final") == 2]
    assert repeated
    for fate in repeated:
        first, second = (p for p in fate.planned if p.name == "final")
        assert first._replace(told=0) == second._replace(told=0)
        assert second.told == pytest.approx(first.told + 1)


def test_events_are_planned_in_the_order_they_are_told(fates: list[Fate]) -> None:
    for fate in fates:
        assert [p.told for p in fate.planned] == sorted(p.told for p in fate.planned)


def test_latencies_have_their_medians() -> None:
    source = Fates(3, replace(DEFAULT, off=0.0))
    delivered = [fate for n in range(4000) if not lost(fate := source.of(str(n), PHONE)) and fate.planned]
    operator = [report(fate, "operator").happened for fate in delivered]
    phone = [report(fate, "final").happened - report(fate, "operator").happened for fate in delivered]
    assert statistics.median(source.latency(str(n)) for n in range(4000)) == pytest.approx(0.05, rel=0.05)
    assert statistics.median(operator) == pytest.approx(1.0, rel=0.05)
    assert statistics.median(phone) == pytest.approx(3.7, rel=0.05)


def test_phones_that_are_off_wait_two_hours_on_average(fates: list[Fate]) -> None:
    """S49: « Délivré opérateur » until the phone is on again."""
    delivered = [fate for fate in fates if fate.planned and not lost(fate)]
    waits = [report(fate, "final").happened for fate in delivered if report(fate, "final").happened > 60]
    assert len(waits) == pytest.approx(len(delivered) * DEFAULT.off, rel=0.1)
    assert statistics.mean(waits) == pytest.approx(DEFAULT.off_mean, rel=0.1)


def test_a_phone_off_for_the_whole_validity_is_a_failure() -> None:
    """M35: after the validity the status is final."""
    source = Fates(5, replace(DEFAULT, off=1.0, off_mean=100 * 3600.0))
    finals = [report(fate, "final") for n in range(200) if (fate := source.of(str(n), PHONE)).planned]
    off = [p for p in finals if p.cause is Cause.OFF]
    assert len(off) > 80
    assert all(HOURS_48 <= p.happened < HOURS_48 + 60 for p in off)
    assert all(p.happened <= HOURS_48 + 60 for p in finals)


def test_a_shorter_validity_ends_earlier() -> None:
    off = Fates(5, DEFAULT).of("1", 33612345999, validity_h=4)
    assert 4 * 3600 <= report(off, "final").happened < 4 * 3600 + 60


def test_people_reply_at_their_rate_and_in_several_spellings(fates: list[Fate]) -> None:
    """M6: STOP comes in more than five spellings."""
    texts = Counter(p.text for fate in fates for p in fate.planned if p.name == "reply")
    delivered = sum(bool(fate.planned) and not lost(fate) for fate in fates)
    assert near(sum(texts[t] for t in STOPS), DEFAULT.stop, delivered)
    assert near(sum(texts[t] for t in REPLIES), DEFAULT.reply, delivered)
    assert set(texts) == {*STOPS, *REPLIES}
    assert len(STOPS) >= 5


def test_a_reply_comes_after_the_delivery(fates: list[Fate]) -> None:
    for fate in fates:
        for p in fate.planned:
            assert p.name != "reply" or p.happened >= report(fate, "final").happened


def test_nobody_replies_to_a_name() -> None:
    """S42, S43: a reply needs a number to answer to."""
    source = Fates(7, DEFAULT)
    told = [source.of(f"12-{n}", PHONE, answerable=False).planned for n in range(2000)]
    assert not any(p.name == "reply" for planned in told for p in planned)


@pytest.mark.parametrize(
    ("sender", "answer"),
    [(None, True), ("36111", True), ("+33612345678", True), ("MaMarque", False), ("Shop24", False), ("", False)],
)
def test_who_can_be_answered(sender: str | None, answer: bool) -> None:
    assert can_reply(sender) is answer


MAGIC_FATES = {
    Magic.OFF: (State.FAILED, Cause.OFF),
    Magic.BARRED: (State.FAILED, Cause.BARRED),
    Magic.INBOX_FULL: (State.FAILED, Cause.INBOX_FULL),
    Magic.ANSWER_LOST: (State.DELIVERED, None),
    Magic.STOP: (State.DELIVERED, None),
}


@pytest.mark.parametrize("ending", MAGIC)
def test_a_magic_ending_fixes_the_fate(ending: str) -> None:
    source, magic = Fates(1, DEFAULT), MAGIC[ending]
    for n in range(300):
        fate = source.of(f"m-{n}", 33612345000 + int(ending))
        assert fate.refusal is (Cause.INVALID if magic is Magic.INVALID else None)
        assert fate.answer_lost is (magic is Magic.ANSWER_LOST)
        assert not fate.request_lost
        if magic in (Magic.INVALID, Magic.NO_REPORT):
            assert fate.planned == ()
            continue
        names = ["operator", "final", *(["reply"] if magic is Magic.STOP else [])]
        assert [p.name for p in fate.planned] == names
        final = report(fate, "final")
        assert (final.state, final.cause) == MAGIC_FATES[magic]
        assert (final.happened >= HOURS_48) is (magic is Magic.OFF)
        if magic is Magic.STOP:
            assert fate.planned[2].text == "STOP"


def test_without_magic_an_ending_means_nothing() -> None:
    source = Fates(1, replace(DEFAULT, magic=False))
    assert [source.of(str(n), 33612345999) for n in range(500)] == [source.of(str(n), PHONE) for n in range(500)]


@pytest.mark.parametrize("e164", [0, -1, 9_999_999, 10**15, 10**30])
@pytest.mark.parametrize("traits", [DEFAULT, Traits.instant()], ids=["default", "instant"])
def test_what_is_not_a_number_is_refused(e164: int, traits: Traits) -> None:
    assert Fates(1, traits).of("k", e164).refusal is Cause.INVALID


def test_instant_traits_leave_nothing_to_chance() -> None:
    source = Fates(1, Traits.instant())
    for n in range(1000):
        fate = source.of(str(n), 33612345000 + n)
        assert [(p.state, p.told) for p in fate.planned] == [(State.OPERATOR, 0.0), (State.DELIVERED, 0.0)]
        assert (fate.refusal, fate.request_lost, fate.answer_lost, source.latency(str(n))) == (None, False, False, 0.0)
    assert Fates(1, Traits.instant(reports=False)).of("1", PHONE).planned == ()
