"""/operator/gateways: the list in its order, the form, the test of one gateway, the question before removing one."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import reflex as rx

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.tariff import SmsType
from smsapp.gateways import service as gateways
from smsapp.gateways.fleet import Fleet
from smsapp.gateways.kinds import KINDS, BadOption, asked
from smsapp.gateways.service import BadKind, BadName, BadTerritory, NameTaken, Setup
from smsapp.i18n import Sentence
from smsapp.operator import service
from smsapp.operator.service import NotOperator, Tested, Word
from smsapp.operator.shown import Field, Line, fields_of, line_of
from smsapp.sending.callbacks import Seen as Callback
from smsapp.settings import Settings
from smsapp.web.guard import actor_of
from smsapp.web.notices import notice, refuse
from smsapp.web.runtime import Runtime, runtime

REFUSED = (Callback.FORGED, Callback.OVERSIZED, Callback.MALFORMED)

Answer = TypeVar("Answer")


class GatewaysState(rx.State):
    """``dialog``: add, change or remove, or empty. ``allowed`` is false for whoever is not an operator."""

    loaded: bool = False
    allowed: bool = False
    configured: bool = False  # false: the simulator carries the messages
    rows: list[Line] = []
    strangers: int = 0  # callbacks to addresses of no gateway
    testing: str = ""

    dialog: str = ""
    name: str = ""
    kind: str = ""
    reply_url: str = ""
    fields: list[Field] = []
    territories: str = ""
    pro: bool = False
    voice: bool = False
    error: Sentence = Sentence()
    name_error: Sentence = Sentence()
    territories_error: Sentence = Sentence()

    _told: dict[str, tuple[str, str]] = {}
    _epoch: int = 0

    @rx.event
    async def enter(self) -> None:
        """Show the gateways; to anybody else, that there is no such page."""
        self.dialog, self.testing = "", ""
        try:
            await self._show()
            self.allowed = True
        except NotOperator:
            self.reset()  # an operator of yesterday, too
        self.loaded = True

    @rx.event
    async def open_new(self) -> None:
        """Open the form of a new gateway."""
        await self._operator()
        self._open("add", "", next(iter(KINDS)), None)

    @rx.event
    async def choose_kind(self, kind: str) -> None:
        """Ask for what another kind must be told."""
        await self._operator()
        if self.dialog == "add" and kind in KINDS:
            self.kind = kind
            self.fields = fields_of(kind, self._epoch, None, {}, {})
            self.error = Sentence()

    @rx.event
    async def edit(self, name: str) -> None:
        """Open the form of a gateway."""
        setup = await self._ask(service.setup_of, name)
        self._open("change", setup.name, setup.kind, setup)

    @rx.event
    async def save(self, typed: dict[str, str | None]) -> None:
        """Set up or change the gateway of the form; what is wrong is said by its field, and what was typed stays."""
        actor = await self._operator()
        adding = self.dialog == "add"
        name = (typed.get("name") or "").strip().lower() if adding else self.name
        self.territories = (typed.get("territories") or "")[:200]
        self.pro, self.voice = bool(typed.get("pro")), bool(typed.get("voice"))
        self.error = self.name_error = self.territories_error = Sentence()
        if adding:
            self.name = name[:40]
        known = asked(KINDS[self.kind]) if self.kind in KINDS else []
        options = {one.name: typed.get(one.name) or "" for one in known}
        errors: dict[str, Sentence] = {}
        try:
            await asyncio.to_thread(self._write, actor, name, options)
        except BadOption as refusal:
            errors[str(refusal.params["option"])] = Sentence("operator.bad_value")
        except (BadName, NameTaken) as refusal:
            self.name_error = Sentence.of(refusal.key, refusal.params)
        except BadTerritory as refusal:
            self.territories_error = Sentence.of(refusal.key, refusal.params)
        except Refusal as refusal:
            self.error = Sentence.of(refusal.key, refusal.params)
        else:
            self.dialog = ""
            self._forget(name)
            await notice(self, "success", "operator.saved", name=name)
            await self._show()
            return
        setup = None if adding else await self._setup_or_none(name)
        self.fields = fields_of(self.kind, self._epoch, setup, options, errors)

    @rx.event
    async def move(self, name: str, up: bool) -> None:
        """Ask a gateway earlier, or later."""
        await self._try(service.move, name, up)

    @rx.event
    async def switch(self, name: str, on: bool) -> None:
        """Let a gateway carry messages, or not."""
        await self._try(_switch, name, on)

    @rx.event
    async def ask_removal(self, name: str) -> None:
        """Ask before a gateway is taken away."""
        await self._operator()
        self.dialog, self.name = "remove", name[:40]

    @rx.event
    async def remove(self) -> None:
        """Take away the gateway that was asked about."""
        await self._operator()
        if self.dialog == "remove":
            self.dialog = ""
            if await self._try(_remove, self.name):
                await notice(self, "success", "operator.removed", name=self.name)

    @rx.event
    async def close(self, on: bool) -> None:
        """A dialog was closed."""
        await self._operator()
        if not on:
            self.dialog = ""

    @rx.event(background=True)
    async def test(self, name: str) -> None:
        """Ask a gateway how it is; nothing is sent."""
        async with self:
            await self._ask(service.setup_of, name)
            self.testing = name
        told = await _tested(runtime(), name)
        async with self:
            self._told = {**self._told, name: _said(told)}
            self.testing = ""
            await self._show()

    def _open(self, dialog: str, name: str, kind: str, setup: Setup | None) -> None:
        self._epoch += 1
        self.name, self.kind = name, kind
        self.reply_url = setup.reply_url if setup else ""
        self.territories = ", ".join(setup.territories) if setup else ""
        self.pro = setup is not None and SmsType.PRO.value in setup.types
        self.voice = setup is not None and SmsType.VOICE.value in setup.types
        self.error = self.name_error = self.territories_error = Sentence()
        self.fields = fields_of(kind, self._epoch, setup, {}, {})
        self.dialog = dialog

    def _write(self, actor: Actor, name: str, options: dict[str, str]) -> None:
        rt = runtime()
        service.admit(rt.settings, actor)
        vault = service.vault_of(rt.settings)
        types = [kind for kind, on in (("pro", self.pro), ("voice", self.voice)) if on]
        territories = self.territories.replace(";", ",").split(",")
        more: dict[str, Any] = {"options": options, "territories": territories, "types": types}
        if self.dialog == "add":
            gateways.add(rt.db, vault, name=name, kind=self.kind, **more)
        elif self.dialog == "change":
            gateways.change(rt.db, vault, name, **more)
        else:
            raise BadKind

    async def _setup_or_none(self, name: str) -> Setup | None:
        try:
            return await self._ask(service.setup_of, name)
        except gateways.NoSuchGateway:
            return None

    async def _try(self, work: Callable[..., None], name: str, *args: Any) -> bool:
        """Change something, say why not if so, and show what there is now."""
        done = True
        try:
            await self._ask(work, name, *args)
        except gateways.NoSuchGateway as refusal:
            await refuse(self, refusal)
            done = False
        self._hurry()
        await self._show()
        return done

    async def _operator(self) -> Actor:
        """Who asks, if that is an operator; each handler comes through here."""
        actor = await actor_of(self)
        service.admit(runtime().settings, actor)
        return actor

    async def _ask(self, work: Callable[..., Answer], *args: Any) -> Answer:
        actor, rt = await self._operator(), runtime()
        return await asyncio.to_thread(work, rt.db, actor, rt.settings, *args)

    async def _show(self) -> None:
        rt = runtime()
        ways = rt.fleet.router.ways if rt.fleet else []
        found = await self._ask(service.seen, {way.gateway.name: way.record for way in ways})
        self.configured = rt.settings.gateway == "configured"
        self.strangers = sum(rt.callbacks.counts[""][seen] for seen in REFUSED) if "" in rt.callbacks.counts else 0
        self.rows = [
            line_of(one, place, len(found), _refused(rt, one.setup.name), self._told.get(one.setup.name, ("", "")))
            for place, one in enumerate(found)
        ]

    def _forget(self, name: str) -> None:
        """What was told of a gateway that has changed is no longer true."""
        self._told = {other: told for other, told in self._told.items() if other != name}
        self._hurry()

    def _hurry(self) -> None:
        if (fleet := runtime().fleet) is not None:
            fleet.hurry()


def _switch(db: Database, actor: Actor, settings: Settings, name: str, on: bool) -> None:
    service.admit(settings, actor)
    gateways.switch(db, name, on)


def _remove(db: Database, actor: Actor, settings: Settings, name: str) -> None:
    service.admit(settings, actor)
    gateways.remove(db, name)


def _refused(rt: Runtime, name: str) -> int:
    counts = rt.callbacks.counts
    return sum(counts[name][seen] for seen in REFUSED) if name in counts else 0


def _said(told: Tested) -> tuple[str, str]:
    return f"operator.word.{told.word.value}", f"{told.balance:f}" if told.balance is not None else ""


async def _tested(rt: Runtime, name: str) -> Tested:
    """Test the gateway that carries messages; with the simulator, one made for the test."""
    if rt.fleet is not None and rt.settings.gateway == "configured":
        gateway = await rt.fleet.get(name)
        return await service.health(gateway) if gateway is not None else Tested(Word.BROKEN)
    fleet = Fleet(rt.db, service.vault_of(rt.settings), rt.settings.public_url)
    try:
        gateway = await fleet.get(name)
        return await service.health(gateway) if gateway is not None else Tested(Word.BROKEN)
    finally:
        await fleet.router.close()
