"""The HTTP of the import desk: only for who is signed in, from a page of ours, and scoped to the account."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from errno import ENOSPC
from threading import get_ident

import httpx
import pytest

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.contacts.spreadsheet import neutral
from smsapp.imports.choices import Choices
from smsapp.imports.routes import ROUTES, upload_token, uploads
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import preview, run_import
from smsapp.imports.uploads import MAX_BYTES, Incoming
from smsapp.web.http import routes
from smsapp.web.runtime import Runtime

OURS = "http://localhost:3000"
TABLE = b"Nom;Portable\nRey;0612345678\n=HYPERLINK(1);+33 1\n@x;abc\n"


@pytest.fixture
async def browser(rt: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(routes([*ROUTES]))
    async with httpx.AsyncClient(transport=transport, base_url=OURS, headers={"origin": OURS}) as made:
        yield made


def sign_in(browser: httpx.AsyncClient, rt: Runtime, actor: Actor) -> None:
    sid = sessions.open_session(rt.db, actor.user_id, timedelta(hours=1))
    browser.cookies.set(rt.people.cookie, sid)
    browser.headers["x-upload-token"] = upload_token(rt, f"{rt.people.cookie}={sid}")


async def test_a_file_comes_in_and_its_rejected_rows_go_out(
    browser: httpx.AsyncClient, rt: Runtime, person: Callable[[str], Actor]
) -> None:
    actor = person("lavande")
    sign_in(browser, rt, actor)
    answer = await browser.post("/import/files", content=TABLE, headers={"x-file-name": "%C3%A9t%C3%A9.csv"})
    assert answer.status_code == 200
    upload = uploads().find(actor, answer.json()["id"])
    assert (upload.name, upload.size) == ("été.csv", len(TABLE))
    done = run_import(rt.db, uploads(), actor, upload.id, Choices(Reading(header=True), {0: "nom", 1: "portable"}))
    answer = await browser.get(f"/import/{done.id}/rejected.csv", headers={"accept-language": "en"})
    lines = answer.text.removeprefix("\ufeff").splitlines()
    assert lines[0] == "Nom;Portable;Row;Reason;Suggested repair"
    assert lines[1].startswith("'=HYPERLINK(1);'+33 1;3;")
    assert lines[2].startswith("'@x;abc;4;")
    # What was downloaded can be repaired and imported again: the apostrophes go.
    again = await browser.post("/import/files", content=answer.content, headers={"x-file-name": "again.csv"})
    assert preview(uploads(), actor, again.json()["id"]).rows[0][1][:2] == ("=HYPERLINK(1)", "+33 1")


async def test_nobody_else_gets_in(browser: httpx.AsyncClient, rt: Runtime, person: Callable[[str], Actor]) -> None:
    assert (await browser.post("/import/files", content=TABLE)).status_code == 401
    assert (await browser.get("/import/1/rejected.csv")).status_code == 401
    actor, rival = person("lavande"), person("rival")
    sign_in(browser, rt, actor)
    for origin in ("http://evil.example", "null", ""):
        refused = await browser.post("/import/files", content=TABLE, headers={"origin": origin})
        assert (refused.status_code, refused.json()["key"]) == (403, "web.foreign_origin")
    for proof in ("", "0" * 64, upload_token(rt, f"{rt.people.cookie}=another"), "é"):
        refused = await browser.post("/import/files", content=TABLE, headers={"x-upload-token": proof.encode()})
        assert (refused.status_code, refused.json()["key"]) == (403, "imports.bad_token")
    for id in ("9223372036854775808", "9" * 5000, "-1", "1e5", "٣", "x"):
        assert (await browser.get(f"/import/{id}/rejected.csv")).status_code == 404
    for length, status in (("9" * 5000, 413), ("-5", 200), ("x", 200)):
        answer = await browser.post("/import/files", content=TABLE, headers={"content-length": length})
        assert answer.status_code == status
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert (await browser.request(method, "/import/files")).status_code == 405
    incoming = uploads().receive(rival, "theirs.csv")
    incoming.write(TABLE)
    theirs = run_import(rt.db, uploads(), rival, incoming.done().id, Choices(Reading(header=True), {1: "portable"}))
    assert (await browser.get(f"/import/{theirs.id}/rejected.csv")).status_code == 404


async def test_a_file_that_is_too_large_is_a_sentence(
    browser: httpx.AsyncClient, rt: Runtime, person: Callable[[str], Actor]
) -> None:
    sign_in(browser, rt, person("lavande"))
    announced = await browser.post("/import/files", content=b"x" * (MAX_BYTES + 1))

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range((MAX_BYTES >> 20) + 1):
            yield b"x" * (1 << 20)

    unannounced = await browser.post("/import/files", content=pieces())
    for answer in (announced, unannounced):
        assert (answer.status_code, answer.json()) == (413, {"key": "imports.bad.too_big", "params": {"limit": 100}})
    kept = rt.settings.data_dir / "uploads"
    assert not list(kept.rglob("*.bin"))


@pytest.mark.parametrize("cell", ["=1+1", "+33", "-1", "@x", "\tx", "\rx"])
def test_no_cell_of_an_export_is_a_formula(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    assert neutral("06 12") == "06 12"


async def test_a_file_in_pieces_of_one_byte_keeps_nobody_waiting(
    browser: httpx.AsyncClient, rt: Runtime, person: Callable[[str], Actor]
) -> None:
    """Each piece costs the event loop the same, however many came before it: the square of these is a minute's work."""
    sign_in(browser, rt, person("lavande"))

    async def pieces() -> AsyncIterator[bytes]:
        for place in range(100_000):
            yield TABLE[place : place + 1] or b"\n"

    async with asyncio.timeout(30):
        answer = await browser.post("/import/files", content=pieces())
    assert answer.status_code == 200


async def test_a_disk_that_is_full_is_a_sentence_and_keeps_nobody_waiting(
    browser: httpx.AsyncClient, rt: Runtime, person: Callable[[str], Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written to a disk is written beside the event loop, which serves everybody."""
    sign_in(browser, rt, person("lavande"))
    threads = []

    def no_room(self: Incoming, piece: bytes) -> None:
        threads.append(get_ident())
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(Incoming, "write", no_room)
    answer = await browser.post("/import/files", content=TABLE)
    assert (answer.status_code, answer.json()) == (507, {"key": "imports.no_room", "params": {}})
    assert threads
    assert get_ident() not in threads
    assert not list((rt.settings.data_dir / "uploads").rglob("*.*"))
