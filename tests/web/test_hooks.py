"""Callbacks of providers: kept before they are answered; forged, repeated, oversized and malformed ones change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import count
from threading import Event

import httpx
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.delivery import State
from smsapp.gateways import fleet as fleets
from smsapp.gateways import service
from smsapp.gateways.contract import Event as Told
from smsapp.gateways.contract import Outcome, Result
from smsapp.gateways.fleet import Fleet
from smsapp.gateways.vault import Vault
from smsapp.sending import callbacks
from smsapp.sending.callbacks import LARGEST, Seen
from smsapp.sending.outbox import Answer, window
from smsapp.sending.tables import INBOX, MESSAGE, REPLY
from smsapp.web import hooks
from smsapp.web.runtime import Runtime
from tests.services.sending.house import POLICY, assert_exact, running, states
from tests.web.tenants import picture

PUBLIC = "http://localhost:3000"
VAULT = Vault("k" * 40)


@pytest.fixture
async def client(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(fleets, "FRESH_S", 0.0)
    options = {"username": "app", "password": "secret"}
    service.add(rt.db, VAULT, name="kannel", kind="kannel", options=options)
    rt.fleet = Fleet(rt.db, VAULT, PUBLIC)
    rt.hub.open()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=hooks.ROUTES)), base_url=PUBLIC
    ) as made:
        yield made
    await rt.fleet.router.close()
    rt.hub.close()


def address(rt: Runtime) -> str:
    """Where the gateway is called back, token and all."""
    return service.setups(rt.db, VAULT, PUBLIC)[0].reply_url.partition("?")[0]


@pytest.fixture
def sent(rt: Runtime, person: Callable[[str], Actor]) -> list[str]:
    """The references of three messages that the gateway took."""
    running(rt.db, person("lavande"), 3)
    done = window(rt.db, lane="live", gateway="kannel", size=3, policy=POLICY)
    keys = [message.key for message in done.batch]
    answers = [Answer(t, Result(key, Outcome.ACCEPTED)) for t, key in zip(done.tickets, keys, strict=True)]
    window(rt.db, lane="live", gateway="kannel", size=0, answers=answers, policy=POLICY)
    return keys


def kept(rt: Runtime) -> tuple[int, int]:
    with rt.db.read() as session:
        events = session.connection().scalar(select(func.count()).select_from(INBOX)) or 0
        replies = session.connection().scalar(select(func.count()).select_from(REPLY)) or 0
        return events, replies


async def test_a_report_is_kept_and_applied_before_it_is_answered(
    rt: Runtime, client: httpx.AsyncClient, sent: list[str]
) -> None:
    answer = await client.get(address(rt), params={"k": sent[0], "t": "1", "i": "77"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert states(rt.db) == {"delivered": 1, "accepted": 2}
    assert_exact(rt.db)


async def test_a_reply_is_kept_with_who_it_answers(rt: Runtime, client: httpx.AsyncClient, sent: list[str]) -> None:
    with rt.db.read() as session:
        e164 = session.connection().scalar(select(MESSAGE.c.e164))
    answer = await client.post(
        address(rt), params={"mo": "uuid-1", "f": f"+{e164}", "o": "36111"}, content="STOP é".encode()
    )
    assert answer.status_code == 200
    assert kept(rt) == (1, 1)


async def test_a_burst_of_reports_shares_its_commits_and_loses_none(
    rt: Runtime, client: httpx.AsyncClient, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes while a commit lasts goes into the next one: the first lasts until all the others are there."""
    commits: list[int] = []
    there, everybody = count(1), Event()
    write, keep = callbacks.take_in, rt.callbacks._keep

    def held(db: Database, name: str, events: list[Told]) -> set[int]:
        everybody.wait(30)
        commits.append(len(events))
        return write(db, name, events)

    async def counted(name: str, events: list[Told]) -> Seen:
        if next(there) == 180:
            everybody.set()
        return await keep(name, events)

    monkeypatch.setattr(callbacks, "take_in", held)
    monkeypatch.setattr(rt.callbacks, "_keep", counted)
    told = [(key, kind) for key in sent for kind in ("8", "4", "1") for _ in range(20)]
    answers = await asyncio.gather(
        *(client.get(address(rt), params={"k": key, "t": kind, "i": "7"}) for key, kind in told)
    )
    assert {answer.status_code for answer in answers} == {200}
    assert states(rt.db) == {State.DELIVERED.value: 3}
    assert kept(rt)[0] == 9
    assert sum(commits) == 180
    assert len(commits) == 2
    assert_exact(rt.db)


async def test_a_repetition_is_answered_counted_and_changes_nothing(
    rt: Runtime, client: httpx.AsyncClient, sent: list[str]
) -> None:
    await client.get(address(rt), params={"k": sent[0], "t": "1", "i": "77"})
    before = picture(rt.db)
    for _ in range(3):
        answer = await client.get(address(rt), params={"k": sent[0], "t": "1", "i": "77"})
        assert answer.status_code == 200
    assert picture(rt.db) == before
    assert rt.callbacks.counts["kannel"][Seen.REPEATED] == 3


@pytest.mark.parametrize(
    ("path", "params", "body", "status", "seen"),
    [
        ("/hooks/kannel/wrong", {"k": "KEY", "t": "1"}, b"", 403, Seen.FORGED),
        ("/hooks/kannel/" + "t" * 32, {"k": "KEY", "t": "1"}, b"", 403, Seen.FORGED),
        ("/hooks/other/TOKEN", {"k": "KEY", "t": "1"}, b"", 403, Seen.FORGED),
        ("/hooks/%2e%2e/TOKEN", {"k": "KEY", "t": "1"}, b"", 403, Seen.FORGED),
        ("TRUE", {"mo": "x", "f": "33612345601", "o": "1"}, b"x" * (LARGEST + 1), 413, Seen.OVERSIZED),
        ("TRUE", {"k": "KEY", "t": "1", "a": "x" * 5000}, b"", 413, Seen.OVERSIZED),
        ("TRUE", {"k": "KEY", "t": "no"}, b"", 400, Seen.MALFORMED),
        ("TRUE", {"k": "KEY"}, b"", 400, Seen.MALFORMED),
        ("TRUE", {}, b"\xff\x00", 400, Seen.MALFORMED),
    ],
)
async def test_what_is_not_a_true_callback_is_refused_counted_and_changes_nothing(
    rt: Runtime,
    client: httpx.AsyncClient,
    sent: list[str],
    path: str,
    params: dict[str, str],
    body: bytes,
    status: int,
    seen: Seen,
) -> None:
    true = address(rt)
    path = path.replace("TOKEN", true.rpartition("/")[2]) if path != "TRUE" else true
    asked = {name: value.replace("KEY", sent[0]) for name, value in params.items()}
    before = picture(rt.db)
    for method in ("GET", "POST"):
        answer = await client.request(method, path, params=asked, content=body)
        assert answer.status_code == status
    assert picture(rt.db) == before
    name = "kannel" if status != 403 or "kannel" in path else ""
    assert rt.callbacks.counts[name] == {seen: 2}


async def test_a_database_that_does_not_answer_is_tried_again_later(
    rt: Runtime, client: httpx.AsyncClient, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> set[int]:
        raise OSError

    monkeypatch.setattr(callbacks, "take_in", broken)
    answer = await client.get(address(rt), params={"k": sent[0], "t": "1"})
    assert answer.status_code == 503
    monkeypatch.undo()
    assert (await client.get(address(rt), params={"k": sent[0], "t": "1"})).status_code == 200
    assert states(rt.db) == {"delivered": 1, "accepted": 2}


async def test_with_the_simulated_network_nobody_calls_back(rt: Runtime, client: httpx.AsyncClient) -> None:
    true = address(rt)
    rt.fleet = Fleet(rt.db, None, PUBLIC)
    assert (await client.get(true, params={"k": "1", "t": "1"})).status_code == 403
