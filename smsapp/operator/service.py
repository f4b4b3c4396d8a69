"""What the operator of the installation sees of the gateways, asks them, and puts in order.

Gateways belong to no account: instead of asking for an account's rows, every function first asks whether the actor is
one of the operators whom the owner of the installation has named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import structlog

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.delivery import Cause
from smsapp.domain.errors import Refusal
from smsapp.gateways import service as gateways
from smsapp.gateways.contract import Gateway
from smsapp.gateways.routing import Record
from smsapp.gateways.service import NoSuchGateway, Setup
from smsapp.gateways.vault import Vault
from smsapp.sending.rates import resting
from smsapp.settings import Settings

log = structlog.get_logger(__name__)

LIMIT_S = 8.0


class NotOperator(Refusal):
    """For anybody else there is no such page."""

    key = "web.no_page"


class Word(StrEnum):
    """What a test says of a gateway; the first four as `contract.Health`."""

    GOOD = "good"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    ODD = "odd"
    LATE = "late"  # no answer within LIMIT_S
    BROKEN = "broken"  # the test itself failed


@dataclass(frozen=True, slots=True)
class Tested:
    """The answer to a test. ``balance`` in the provider's own currency, None when it does not tell."""

    word: Word
    balance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A gateway as it is set up, and how it is doing: what troubles it since when, until when it rests."""

    setup: Setup
    trouble: Cause | None
    since: datetime | None
    rests_until: datetime | None


def admit(settings: Settings, actor: Actor) -> None:
    """Let operators pass.

    Raises:
        NotOperator: anybody else.
    """
    if actor.identifiant not in settings.operator_names:
        raise NotOperator


def vault_of(settings: Settings) -> Vault:
    """Where the secrets of the gateways are sealed and opened."""
    return Vault(settings.signing_key)


def seen(db: Database, actor: Actor, settings: Settings, records: Mapping[str, Record]) -> list[Seen]:
    """All gateways in order. ``records``: what this process knows of the last answers of each, by name."""
    admit(settings, actor)
    with db.read() as session:
        rests = resting(session.connection(), db.now())
    found = []
    for setup in gateways.setups(db, vault_of(settings), settings.public_url):
        record = records.get(setup.name) or Record()
        found.append(Seen(setup, record.trouble, record.since, rests.get(setup.name)))
    return found


def setup_of(db: Database, actor: Actor, settings: Settings, name: str) -> Setup:
    """One gateway. Raises NoSuchGateway."""
    admit(settings, actor)
    for setup in gateways.setups(db, vault_of(settings), settings.public_url):
        if setup.name == name:
            return setup
    raise NoSuchGateway(name=name)


def move(db: Database, actor: Actor, settings: Settings, name: str, up: bool) -> None:
    """Ask a gateway one place earlier, or later; at the end of the list nothing changes. Raises NoSuchGateway."""
    admit(settings, actor)
    names = [row.name for row in gateways.rows(db)]
    if name not in names:
        raise NoSuchGateway(name=name)
    here = names.index(name)
    there = min(max(here + (-1 if up else 1), 0), len(names) - 1)
    names[here], names[there] = names[there], names[here]
    gateways.order(db, names)


async def health(gateway: Gateway, limit_s: float = LIMIT_S) -> Tested:
    """Whether a gateway answers and knows us, and what is left there. Sends nothing, never raises, waits no longer."""
    try:
        async with asyncio.timeout(limit_s):
            word = Word((await gateway.check()).value)
            return Tested(word, await gateway.balance() if word is Word.GOOD else None)
    except TimeoutError:
        return Tested(Word.LATE)
    except Exception as problem:
        log.error("test of a gateway failed", gateway=gateway.name, error=type(problem).__name__)
        return Tested(Word.BROKEN)
