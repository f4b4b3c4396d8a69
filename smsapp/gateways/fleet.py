"""The gateways of this process, as the operator has set them up, followed as that changes.

Every process that sends or is called back has a fleet. Changes are made in the database, by any process; each looks
there now and then, and keeps the gateways that did not change, with their connections.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import structlog

from smsapp.db import Database
from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import Gateway
from smsapp.gateways.kinds import KINDS, BadOption, read_options
from smsapp.gateways.routing import Router, Way
from smsapp.gateways.service import TOKEN, callback_of, rows
from smsapp.gateways.tables import GatewaySetup
from smsapp.gateways.vault import Sealed, Vault

log = structlog.get_logger(__name__)

FRESH_S = 2.0


class Fleet:
    """The router of this process. Without ``vault`` it has ``fixed`` gateways only, as with the simulated network."""

    def __init__(self, db: Database, vault: Vault | None, public_url: str, fixed: Iterable[Gateway] = ()) -> None:
        self._db, self._vault, self._public_url = db, vault, public_url
        self.router = Router([Way(gateway) for gateway in fixed], now=db.now)
        self._made: dict[str, tuple[tuple[str, ...], Gateway]] = {}
        self._seen: object = None
        self._looked = float("-inf")
        self._looking = asyncio.Lock()

    async def follow(self) -> None:
        """Look whether the operator has changed something, unless that was done a moment ago."""
        if self._vault is None:
            return
        async with self._looking:
            if time.monotonic() - self._looked < FRESH_S:
                return
            found = await asyncio.to_thread(rows, self._db)
            self._looked = time.monotonic()
            state = [(row.name, row.enabled, row.territories, row.types, _print(row)) for row in found]
            if state != self._seen:
                self._seen = state
                await self.router.replace(self._ways(found, self._vault))

    def hurry(self) -> None:
        """Look at the next `follow`, however recent the last one: the operator has just changed something here."""
        self._looked = float("-inf")

    async def get(self, name: str) -> Gateway | None:
        """The gateway of that name, also when it has just been set up."""
        await self.follow()
        return self.router.get(name)

    def _ways(self, found: Iterable[GatewaySetup], vault: Vault) -> list[Way]:
        records = {way.gateway.name: way for way in self.router.ways}
        ways = []
        made: dict[str, tuple[tuple[str, ...], Gateway]] = {}
        for row in found:
            try:
                gateway = self._gateway(row, vault)
            except (Sealed, BadOption, KeyError) as problem:
                log.error("gateway left out", gateway=row.name, error=type(problem).__name__)
                continue
            made[row.name] = _print(row), gateway
            before = records.get(row.name)
            way = Way(
                gateway,
                frozenset(row.territories),
                frozenset(SmsType(one) for one in row.types),
                row.enabled,
            )
            ways.append(Way(way.gateway, way.territories, way.types, way.enabled, before.record) if before else way)
        self._made = made
        return ways

    def _gateway(self, row: GatewaySetup, vault: Vault) -> Gateway:
        known = self._made.get(row.name)
        if known is not None and known[0] == _print(row):
            return known[1]
        kind = KINDS[row.kind]
        hidden = vault.open(row.name, row.sealed)
        token = hidden.pop(TOKEN)
        options = read_options(kind, {**row.options, **hidden})
        return kind.make(row.name, options, callback_of(row, token, self._public_url), self._db.now)


def _print(row: GatewaySetup) -> tuple[str, ...]:
    """What a gateway is made of: when it is the same, so is the gateway."""
    return row.kind, repr(sorted(row.options.items())), row.sealed
