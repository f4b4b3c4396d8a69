"""What the operator of the installation does with gateways: set up, change, order, switch, take away.

Gateways belong to no account: whoever comes here has the machine (the command line) or is named by its owner
(`SMSAPP_OPERATORS`, the page of `smsapp.operator`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import phonenumbers
from sqlalchemy import func, select
from sqlmodel import Session, col

from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.tariff import SmsType
from smsapp.gateways.http import Callback
from smsapp.gateways.kannel import Kannel
from smsapp.gateways.kinds import KINDS, Kind, asked, read_options
from smsapp.gateways.tables import GatewaySetup
from smsapp.gateways.vault import Sealed, Vault

TOKEN = "callback token"  # noqa: S105 - the place of it among the secrets; no option has a space in its name
MOST = 50
_NAME = re.compile(r"[a-z][a-z0-9-]{1,31}")
_RESERVED = frozenset({"simulator"})


class BadName(Refusal):
    """Not 2 to 32 small letters, digits and hyphens, a letter first."""

    key = "gateways.bad_name"


class NameTaken(Refusal):
    """There is a gateway of that name."""

    key = "gateways.name_taken"


class BadKind(Refusal):
    """No such kind of gateway."""

    key = "gateways.bad_kind"


class BadTerritory(Refusal):
    """Not the code of a territory. `params` hold `territory`."""

    key = "gateways.bad_territory"


class NoSuchGateway(Refusal):
    """No gateway of that name."""

    key = "gateways.unknown"


class TooMany(Refusal):
    """More gateways than anybody needs."""

    key = "gateways.too_many"


@dataclass(frozen=True, slots=True)
class Setup:
    """A gateway as it may be shown: no password in it. ``readable`` is false when its secrets cannot be opened.

    ``reply_url`` is where the provider must send replies (and, for kinds that do not say so themselves, reports); empty
    for kinds that do not call back.
    """

    name: str
    kind: str
    enabled: bool
    options: Mapping[str, str]
    territories: tuple[str, ...]
    types: tuple[str, ...]
    readable: bool
    reply_url: str


def setups(db: Database, vault: Vault, public_url: str) -> list[Setup]:
    """All gateways in order of preference."""
    return [_shown(row, vault, public_url) for row in rows(db)]


def rows(db: Database) -> list[GatewaySetup]:
    """The same as they are stored."""
    with db.read() as session:
        found = session.scalars(select(GatewaySetup).order_by(col(GatewaySetup.position), col(GatewaySetup.id)))
        return list(found)


def add(
    db: Database,
    vault: Vault,
    *,
    name: str,
    kind: str,
    options: Mapping[str, str],
    territories: Collection[str] = (),
    types: Collection[str] = (),
) -> None:
    """Set up a gateway, the last in order. ``options`` as typed; secrets among them are sealed.

    Raises:
        BadName, NameTaken, BadKind, BadOption, BadTerritory, TooMany.
    """
    name = name.strip().lower()
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise BadName
    known = _kind(kind)
    shown, hidden = _split(known, options)
    hidden[TOKEN] = secrets.token_urlsafe(24)
    to, carried = _territories(territories), _types(types)

    def work(session: Session) -> None:
        count, last = session.execute(
            select(func.count(), func.max(GatewaySetup.position)).select_from(GatewaySetup)
        ).one()
        if count >= MOST:
            raise TooMany
        if session.scalar(select(GatewaySetup).where(col(GatewaySetup.name) == name)) is not None:
            raise NameTaken
        now = db.now()
        session.add(
            GatewaySetup(
                name=name,
                kind=kind,
                position=(last or 0) + 1,
                options=shown,
                sealed=vault.seal(name, hidden),
                territories=to,
                types=carried,
                created_at=now,
                updated_at=now,
            )
        )

    db.retrying(work)


def change(
    db: Database,
    vault: Vault,
    name: str,
    *,
    options: Mapping[str, str],
    territories: Collection[str] = (),
    types: Collection[str] = (),
) -> None:
    """Give a gateway other options. A secret left empty stays as it is; the address of its callbacks never changes.

    Raises:
        NoSuchGateway, BadOption, BadTerritory.
    """
    to, carried = _territories(territories), _types(types)

    def work(session: Session) -> None:
        row = _row(session, name)
        known = _kind(row.kind)
        try:
            before = vault.open(name, row.sealed)
        except Sealed:
            before = {}
        kept = {
            o.name: before[o.name] for o in asked(known) if o.secret and not options.get(o.name) and o.name in before
        }
        shown, hidden = _split(known, {**options, **kept})
        hidden[TOKEN] = before.get(TOKEN) or secrets.token_urlsafe(24)
        row.options, row.sealed = shown, vault.seal(name, hidden)
        row.territories, row.types, row.updated_at = to, carried, db.now()

    db.retrying(work)


def switch(db: Database, name: str, on: bool) -> None:
    """Let a gateway carry messages, or not: those that only it serves then wait. Raises NoSuchGateway."""

    def work(session: Session) -> None:
        row = _row(session, name)
        row.enabled, row.updated_at = on, db.now()

    db.retrying(work)


def order(db: Database, names: Sequence[str]) -> None:
    """Ask these first, in this order; the others after them, as before. Raises NoSuchGateway."""

    def work(session: Session) -> None:
        found = {row.name: row for row in session.scalars(select(GatewaySetup).order_by(col(GatewaySetup.position)))}
        if unknown := [name for name in names if name not in found]:
            raise NoSuchGateway(name=unknown[0])
        first = list(dict.fromkeys(names))
        for position, name in enumerate([*first, *(name for name in found if name not in first)], 1):
            if found[name].position != position:
                found[name].position, found[name].updated_at = position, db.now()

    db.retrying(work)


def remove(db: Database, name: str) -> None:
    """Take a gateway away. Reports about what it carried are refused from then on. Raises NoSuchGateway."""
    db.retrying(lambda session: session.delete(_row(session, name)))


def callback_of(row: GatewaySetup, token: str, public_url: str) -> Callback:
    """Where the provider calls back."""
    return Callback(str(row.options.get("callback_base") or public_url), row.name, token)


def _row(session: Session, name: str) -> GatewaySetup:
    row = session.scalar(select(GatewaySetup).where(col(GatewaySetup.name) == name))
    if row is None:
        raise NoSuchGateway(name=name)
    return row


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise BadKind
    return KINDS[name]


def _split(kind: Kind, told: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed, checked: what may be shown, and the secrets."""
    read_options(kind, told)
    hidden = {one.name for one in asked(kind) if one.secret}
    given = {name: value.strip() for name, value in told.items() if value.strip()}
    return (
        {name: value for name, value in given.items() if name not in hidden},
        {name: value for name, value in given.items() if name in hidden},
    )


def _territories(told: Collection[str]) -> list[str]:
    codes = list(dict.fromkeys(code.strip().upper() for code in told if code.strip()))
    for code in codes:
        if code not in phonenumbers.SUPPORTED_REGIONS:
            raise BadTerritory(territory=code[:20])
    return codes


def _types(told: Collection[str]) -> list[str]:
    known = {one.value for one in SmsType}
    return [one for one in dict.fromkeys(told) if one in known]


def _shown(row: GatewaySetup, vault: Vault, public_url: str) -> Setup:
    kind = KINDS.get(row.kind)
    try:
        token = vault.open(row.name, row.sealed)[TOKEN]
    except (Sealed, KeyError):
        token = ""
    url = ""
    if token and kind is not None and kind.calls_back:
        callback = callback_of(row, token, public_url)
        url = callback.url(**Kannel.REPLY) if row.kind == Kannel.kind else callback.url()
    return Setup(
        name=row.name,
        kind=row.kind,
        enabled=row.enabled,
        options={name: str(value) for name, value in row.options.items()},
        territories=tuple(row.territories),
        types=tuple(row.types),
        readable=bool(token),
        reply_url=url,
    )
