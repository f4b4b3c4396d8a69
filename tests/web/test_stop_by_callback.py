"""A STOP that a provider tells over HTTP: nobody of the account writes to the number again, and the page shows it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.applications import Starlette

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import suppressed
from smsapp.gateways import fleet as fleets
from smsapp.gateways import service
from smsapp.gateways.contract import Outcome, Result
from smsapp.gateways.fleet import Fleet
from smsapp.gateways.vault import Vault
from smsapp.inbox.service import counts
from smsapp.inbox.state import RepliesState
from smsapp.sending.outbox import Answer, window
from smsapp.web import hooks
from smsapp.web.runtime import Runtime
from tests.services.sending.house import FIRST, POLICY, assert_exact, running
from tests.web.driver import Browsers

PUBLIC = "http://localhost:3000"
VAULT = Vault("k" * 40)
OPTIONS = {"kannel": {"username": "app", "password": "secret"}, "smsmode": {"api_key": "secret"}}


def call(kind: str, text: str) -> dict[str, object]:
    """The callback of a reply, as each provider makes it."""
    if kind == "kannel":
        return {"params": {"mo": "uuid-1", "f": f"+{FIRST}", "o": "36111"}, "content": text.encode()}
    told = {"messageId": "r", "direction": "MO", "from": str(FIRST), "to": "36111", "body": {"text": text}}
    return {"content": json.dumps(told).encode()}


@pytest.fixture(params=sorted(OPTIONS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def client(rt: Runtime, kind: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(fleets, "FRESH_S", 0.0)
    service.add(rt.db, VAULT, name=kind, kind=kind, options=OPTIONS[kind])
    rt.fleet = Fleet(rt.db, VAULT, PUBLIC)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=hooks.ROUTES)), base_url=PUBLIC
    ) as made:
        yield made
    await rt.fleet.router.close()


@pytest.mark.parametrize("text", ["STOP", " stop ", "Arrêt", "STOP é"])
async def test_a_STOP_by_callback_blacklists_before_it_is_answered_and_is_among_the_replies(
    rt: Runtime, kind: str, client: httpx.AsyncClient, person: Callable[[str], Actor], open_tabs: Browsers, text: str
) -> None:
    """S45, S46, S74: from the answer to the provider on, nothing is claimed for the number."""
    actor, other = person("lavande"), person("romarin")
    running(rt.db, actor, 2)
    sent = window(rt.db, lane="live", gateway=kind, size=2, policy=POLICY)
    answers = [Answer(t, Result(m.key, Outcome.ACCEPTED)) for t, m in zip(sent.tickets, sent.batch, strict=True)]
    window(rt.db, lane="live", gateway=kind, size=0, answers=answers, policy=POLICY)
    address = service.setups(rt.db, VAULT, PUBLIC)[0].reply_url.partition("?")[0]
    for _ in range(2):  # told twice
        answer = await client.post(address, **call(kind, text))  # type: ignore[arg-type]
        assert answer.status_code == 200
    assert (suppressed(rt.db, actor), suppressed(rt.db, other)) == ({FIRST}, set())

    running(rt.db, actor, 2)
    assert [m.e164 for m in window(rt.db, lane="live", gateway=kind, size=2, policy=POLICY).batch] == [FIRST + 1]
    assert counts(rt.db, actor).stops == 1
    tab = open_tabs.tab(actor)
    await tab.send(f"{RepliesState.get_full_name()}.enter", {}, path="/replies")
    assert tab.failures == []
    state: RepliesState = await tab.state(RepliesState)
    assert [(line.e164, line.text, line.stopped) for line in state.lines] == [(FIRST, text.strip(), True)]
    assert_exact(rt.db)
