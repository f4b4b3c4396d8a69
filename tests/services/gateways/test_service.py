"""Gateways as the operator sets them up: checked, sealed at rest, followed by the processes that run."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.tariff import SmsType
from smsapp.gateways import fleet as fleets
from smsapp.gateways import service
from smsapp.gateways.fleet import Fleet
from smsapp.gateways.kinds import KINDS, BadOption, asked
from smsapp.gateways.vault import Sealed, Vault

VAULT = Vault("k" * 40)
PUBLIC = "https://sms.example.org"
PASSWORD = "correct horse battery staple"
KANNEL = {"username": "app", "password": PASSWORD, "max_tps": "80"}


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fleet looks each time it is asked."""
    monkeypatch.setattr(fleets, "FRESH_S", 0.0)


def add(db: Database, name: str = "kannel", kind: str = "kannel", **more: object) -> None:
    service.add(db, VAULT, name=name, kind=kind, **{"options": KANNEL, **more})  # type: ignore[arg-type]


def setups(db: Database) -> list[service.Setup]:
    return service.setups(db, VAULT, PUBLIC)


def everything(db: Database) -> str:
    with db.read() as session:
        return repr(session.execute(text("SELECT * FROM gateway_setup")).all())


def test_no_secret_is_readable_at_rest_nor_shown_again(db: Database) -> None:
    add(db)
    (shown,) = setups(db)
    assert PASSWORD not in everything(db)
    assert PASSWORD not in repr(shown)
    assert shown.options == {"username": "app", "max_tps": "80"}
    assert shown.readable
    token = shown.reply_url.split("/hooks/kannel/")[1].split("?")[0]
    assert len(token) == 32
    assert token not in everything(db)


def test_another_key_opens_nothing_and_such_a_gateway_carries_nothing(db: Database) -> None:
    add(db)
    (shown,) = service.setups(db, Vault("other" * 10), PUBLIC)
    assert (shown.readable, shown.reply_url) == (False, "")


async def test_a_gateway_whose_secrets_cannot_be_read_is_left_out(db: Database) -> None:
    add(db)
    fleet = Fleet(db, Vault("other" * 10), PUBLIC)
    assert await fleet.get("kannel") is None
    assert fleet.router.names == []


def test_the_secrets_of_one_gateway_do_not_open_as_anothers() -> None:
    sealed = VAULT.seal("kannel", {"password": PASSWORD})
    assert VAULT.open("kannel", sealed) == {"password": PASSWORD}
    for name, changed in (("other", sealed), ("kannel", sealed[:-4] + "AAAA"), ("kannel", ""), ("kannel", "é")):
        with pytest.raises(Sealed):
            VAULT.open(name, changed)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"name": "K"}, "gateways.bad_name"),
        ({"name": "a/b"}, "gateways.bad_name"),
        ({"name": "simulator"}, "gateways.bad_name"),
        ({"name": "kannel"}, "gateways.name_taken"),
        ({"name": "new", "kind": "pigeon"}, "gateways.bad_kind"),
        ({"name": "new", "territories": ["FR", "Z9"]}, "gateways.bad_territory"),
        ({"name": "new", "options": {"username": "app"}}, "gateways.bad_option"),
        ({"name": "new", "options": {**KANNEL, "url": "ftp://x"}}, "gateways.bad_option"),
        ({"name": "new", "options": {**KANNEL, "max_tps": "0"}}, "gateways.bad_option"),
        ({"name": "new", "options": {**KANNEL, "color": "red"}}, "gateways.bad_option"),
        (
            {"name": "new", "kind": "smsmode", "options": {"api_key": "x", "url": "http://far.example"}},
            "gateways.bad_option",
        ),
        (
            {"name": "new", "kind": "twilio", "options": {"account_sid": "AC1", "auth_token": "x"}},
            "gateways.bad_option",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_a_sentence(db: Database, more: dict[str, object], key: str) -> None:
    add(db)
    with pytest.raises(Refusal) as refused:
        add(db, **more)  # type: ignore[arg-type]
    assert refused.value.key == key
    assert len(setups(db)) == 1
    assert PASSWORD not in str(refused.value)


def test_a_change_keeps_the_secrets_that_are_left_empty_and_the_address_of_the_callbacks(db: Database) -> None:
    add(db)
    before = setups(db)[0]
    service.change(db, VAULT, "kannel", options={"username": "other", "password": ""}, territories=["fr", "gp"])
    after = setups(db)[0]
    assert (after.options, after.territories) == ({"username": "other"}, ("FR", "GP"))
    assert after.reply_url == before.reply_url
    with pytest.raises(BadOption):
        service.change(db, VAULT, "kannel", options={"password": "x"})
    with pytest.raises(service.NoSuchGateway):
        service.change(db, VAULT, "gone", options=KANNEL)


def test_order_is_the_operators(db: Database) -> None:
    for name in ("one", "two", "three"):
        add(db, name)
    service.order(db, ["three", "one"])
    assert [one.name for one in setups(db)] == ["three", "one", "two"]
    with pytest.raises(service.NoSuchGateway):
        service.order(db, ["gone"])
    service.remove(db, "one")
    assert [one.name for one in setups(db)] == ["three", "two"]


async def test_processes_follow_what_is_changed_and_keep_what_is_not(db: Database) -> None:
    add(db, "first", territories=["FR"], types=["pro"])
    add(db, "second")
    fleet = Fleet(db, VAULT, PUBLIC)
    first = await fleet.get("first")
    assert first is not None
    assert first.caps.max_tps == 80
    assert fleet.router.names == ["first", "second"]
    assert fleet.router.ways[0].types == frozenset({SmsType.PRO})
    service.order(db, ["second"])
    service.switch(db, "second", False)
    await fleet.follow()
    assert fleet.router.names == ["first"]
    assert [way.gateway.name for way in fleet.router.ways] == ["second", "first"]
    assert await fleet.get("first") is first
    service.change(db, VAULT, "first", options={**KANNEL, "max_tps": "5"})
    again = await fleet.get("first")
    assert again is not None
    assert again is not first
    assert again.caps.max_tps == 5
    service.remove(db, "first")
    assert await fleet.get("first") is None
    await fleet.router.close()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_what_it_must_be_told(kind: str) -> None:
    options = asked(KINDS[kind])
    assert any(one.secret for one in options)
    assert all(one.default is None or not one.secret for one in options)
