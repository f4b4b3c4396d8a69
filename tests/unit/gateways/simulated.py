"""A simulated network under a clock that moves by hand, for the tests of the simulator."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smsapp.gateways.contract import Event, Submit
from smsapp.gateways.fate import DEFAULT, Traits
from smsapp.gateways.simulator import Simulator
from tests.unit.gateways.contract_suite import message

PHONE = 33612345601
NOON = datetime(2026, 6, 17, 10, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=30)
FREE = replace(DEFAULT, max_tps=math.inf)  # the default traits without the throttle


class Time:
    """A clock that moves only when somebody sleeps, or by hand."""

    def __init__(self) -> None:
        self.at = NOON
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "network.jsonl"


def simulator(
    time: Time,
    journal: Path | None = None,
    traits: Traits = FREE,
    *,
    seed: int = 7,
    speed: float = 1.0,
    keep: timedelta | None = timedelta(days=7),
) -> Simulator:
    return Simulator(seed, speed, journal, time.now, traits, sleep=time.sleep, keep=keep)


def kill(gateway: Simulator) -> None:
    """What the system does of a process that dies: its files are closed, nothing else happens."""
    assert gateway._journal is not None
    gateway._journal.close()


def messages(count: int, *, e164: int = PHONE, first: int = 0, sender: str | None = None) -> list[Submit]:
    return [message(f"12-{n}", e164, sender=sender) for n in range(first, first + count)]


def ids(events: Sequence[Event]) -> list[str]:
    return [event.event_id for event in events]
