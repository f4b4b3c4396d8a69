"""`smsapp gateway ...`: what the operator does with gateways, for whoever has the machine."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Annotated

import typer

from smsapp import settings as configuration
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.gateways import service
from smsapp.gateways.contract import Gateway, Health
from smsapp.gateways.fleet import Fleet
from smsapp.gateways.kinds import KINDS, asked
from smsapp.gateways.vault import Vault
from smsapp.i18n.catalogue import translate

Opened = Callable[[], AbstractContextManager[Database]]

Territories = Annotated[str, typer.Option("--to", help="territories, comma separated; empty: everywhere")]
Types = Annotated[str, typer.Option("--types", help="pro, voice; empty: all")]
Given = Annotated[
    list[str] | None, typer.Option("--set", help="OPTION=VALUE; secrets that are left out are asked for, unseen")
]


def register(app: typer.Typer, opened: Opened) -> None:
    """Add the commands to `smsapp`; ``opened`` gives the migrated database."""
    gateway = typer.Typer(no_args_is_help=True, help="Who carries the messages (with SMSAPP_GATEWAY=configured).")
    app.add_typer(gateway, name="gateway")

    @contextmanager
    def at_work() -> Iterator[tuple[Database, Vault, str]]:
        with opened() as db:
            settings = configuration.load()
            try:
                yield db, Vault(settings.signing_key), settings.public_url
            except Refusal as refusal:
                typer.echo(translate("en", refusal.key, **refusal.params), err=True)
                raise typer.Exit(2) from None

    @gateway.command("add")
    def add(
        name: Annotated[str, typer.Argument(help="2 to 32 small letters, digits, hyphens; it never changes")],
        kind: Annotated[str, typer.Option(help=", ".join(KINDS))],
        given: Given = None,
        territories: Territories = "",
        types: Types = "",
    ) -> None:
        """Set up a gateway, the last in order."""
        with at_work() as (db, vault, _):
            options = _options(given or [])
            if kind in KINDS:
                for one in asked(KINDS[kind]):
                    if one.secret and one.default is None and one.name not in options:
                        options[one.name] = typer.prompt(one.name, hide_input=True)
            service.add(
                db,
                vault,
                name=name,
                kind=kind,
                options=options,
                territories=territories.split(","),
                types=types.split(","),
            )

    @gateway.command("change")
    def change(name: str, given: Given = None, territories: Territories = "", types: Types = "") -> None:
        """Give a gateway other options, all of them; secrets that are left out stay."""
        with at_work() as (db, vault, _):
            service.change(
                db,
                vault,
                name,
                options=_options(given or []),
                territories=territories.split(","),
                types=types.split(","),
            )

    @gateway.command("list")
    def list_() -> None:
        """One JSON line each, in order; no secret is shown, but the address of the callbacks is."""
        with at_work() as (db, vault, public_url):
            for one in service.setups(db, vault, public_url):
                told = {
                    "name": one.name,
                    "kind": one.kind,
                    "enabled": one.enabled,
                    "readable": one.readable,
                    "territories": one.territories,
                    "types": one.types,
                    "options": dict(one.options),
                    "reply_url": one.reply_url,
                }
                typer.echo(json.dumps(told, ensure_ascii=False))

    @gateway.command("test")
    def test(name: str) -> None:
        """Whether it answers and knows us, and the balance there; nothing is sent. Exit code 1 when it does not."""
        with at_work() as (db, vault, public_url):
            health, balance = asyncio.run(_test(Fleet(db, vault, public_url), name))
            typer.echo(json.dumps({"name": name, "health": health.value, "balance": balance and str(balance)}))
            if health is not Health.GOOD:
                raise typer.Exit(1)

    @gateway.command("order")
    def order(names: Annotated[list[str], typer.Argument(help="asked first, in this order")]) -> None:
        """Say which gateways are asked first; the others follow as before."""
        with at_work() as (db, _, _):
            service.order(db, names)

    @gateway.command("on")
    def on(name: str) -> None:
        """Let a gateway carry messages."""
        with at_work() as (db, _, _):
            service.switch(db, name, True)

    @gateway.command("off")
    def off(name: str) -> None:
        """Give a gateway nothing more; messages that only it serves wait."""
        with at_work() as (db, _, _):
            service.switch(db, name, False)

    @gateway.command("remove")
    def remove(name: str) -> None:
        """Take a gateway away; reports about what it carried are refused from then on."""
        with at_work() as (db, _, _):
            service.remove(db, name)


def _options(given: list[str]) -> dict[str, str]:
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"{one} is not OPTION=VALUE")
        found[name.strip()] = value
    return found


async def _test(fleet: Fleet, name: str) -> tuple[Health, Decimal | None]:
    gateway: Gateway | None = await fleet.get(name)
    if gateway is None:
        raise service.NoSuchGateway(name=name)
    try:
        return await gateway.check(), await gateway.balance()
    finally:
        await fleet.router.close()
