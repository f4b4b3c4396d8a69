"""The raw websocket and our routes on a real server: forged tokens, foreign pages, wrong types, oversize, thieves."""

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from socketio.exceptions import ConnectionError as Refused

from smsapp.web.doors import LARGEST_UPLOAD
from tests.server import Server
from tests.web.socket_client import HYDRATE, ROOT, SESSION, TELL, Socket

PASSWORD = "trois chevaux bleus"
NUMBER = "0612345678"


@dataclass
class Person:
    identifiant: str
    cookie: str


async def come_in(server: Server, name: str) -> Person:
    """A new session through the forms, as a browser gets it; the account is opened the first time."""
    signed_up = {"identifiant": name, "email": f"{name}@lavande.example", "password": PASSWORD, "again": PASSWORD}
    headers = {"origin": server.url}
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.post("/auth/login", data={"name": name, "password": PASSWORD}, headers=headers)
        if answer.headers["location"] == "/login":
            answer = await client.post("/auth/signup", data=signed_up, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard"), answer.text
        return Person(name, f"smsapp_session={client.cookies['smsapp_session']}")


@pytest.fixture
async def camille(server: Server) -> Person:
    return await come_in(server, "camille.dupont")


@pytest.fixture
async def tab(server: Server, camille: Person) -> AsyncIterator[Socket]:
    async with Socket(server.url, cookie=camille.cookie) as socket:
        await socket.call(f"{SESSION}.refresh")
        assert socket.vars(SESSION)["identifiant"] == camille.identifiant
        yield socket


async def test_a_stranger_is_told_nothing_and_moves_nothing(server: Server) -> None:
    async with Socket(server.url) as stranger:
        await stranger.until("is_hydrated")
        assert stranger.vars(SESSION)["identifiant"] == ""
        assert "/login" in str(await stranger.call(f"{SESSION}.refresh"))
        assert stranger.vars(SESSION)["identifiant"] == ""


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost", "http://localhost.evil.example"])
async def test_a_foreign_page_cannot_connect(server: Server, camille: Person, origin: str) -> None:
    for cookie in (camille.cookie, ""):
        with pytest.raises(Refused):
            async with Socket(server.url, cookie=cookie, origin=origin):
                pass


async def test_without_origin_no_cookie_is_believed(server: Server, camille: Person) -> None:
    with pytest.raises(Refused):
        async with Socket(server.url, cookie=camille.cookie, origin=None):
            pass
    async with Socket(server.url, origin=None) as stranger:
        await stranger.until("is_hydrated")


@pytest.mark.parametrize("token", ["x", "../../etc/passwd", "a_b_c_d_e_f_g_h_i_j", "%00" * 8, "f" * 500])
async def test_a_forged_token_is_no_token(server: Server, token: str) -> None:
    with pytest.raises(Refused):
        async with Socket(server.url, token=token):
            pass


@pytest.mark.parametrize("first", [None, TELL, f"{ROOT}.setvar"])
async def test_a_connection_begins_as_a_page_does(server: Server, first: str | None) -> None:
    with pytest.raises(Refused):
        async with Socket(server.url, first=first):
            pass


async def test_the_thief_of_an_open_tab_gets_another_one(server: Server, tab: Socket) -> None:
    async with Socket(server.url, token=tab.token) as thief:
        await thief.until("is_hydrated")
        assert thief.new_token not in ("", tab.token)
        assert thief.vars(SESSION)["identifiant"] == ""


async def test_the_thief_of_a_closed_tab_finds_it_empty(server: Server, camille: Person) -> None:
    other = await come_in(server, "ines.moreau")
    for cookie in ("", other.cookie):
        async with Socket(server.url, cookie=camille.cookie) as tab:
            await tab.call(f"{SESSION}.refresh")
            assert camille.identifiant in tab.seen
        async with Socket(server.url, token=tab.token, cookie=cookie) as thief:
            await thief.call(HYDRATE)
            assert camille.identifiant not in thief.seen


@pytest.mark.parametrize(
    "name",
    [
        f"{SESSION}._tell",
        f"{SESSION}._refresh",
        f"{SESSION}.setvar",
        f"{SESSION}.set_balance_units",
        f"{SESSION}.reset",
        f"{SESSION}.get_state",
        f"{SESSION}.dict",
        f"{ROOT}.setvar",
        f"{ROOT}.reflex___state____update_vars_internal_state.update_vars_internal",
        f"{ROOT}.smsapp___web___guard____tenancy._bind",
        f"{ROOT}.smsapp___web___guard____tenancy.setvar",
        "_redirect",
        "no.such.handler",
        "",
        "x" * 10_000,
    ],
)
async def test_what_is_no_handler_cannot_be_called(server: Server, tab: Socket, name: str) -> None:
    before = tab.vars(SESSION)["balance_units"]
    variable = f"{SESSION}.balance_units_rx_state_"
    payload = {
        "var_name": "balance_units",
        "value": 9,
        "vars": {variable: 9},
        "kind": "info",
        "key": NUMBER,
        "params": {},
    }
    await tab.call(name, payload)
    await tab.call(f"{SESSION}.refresh")
    assert tab.vars(SESSION)["balance_units"] == before
    assert NUMBER not in tab.seen


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"kind": 5, "key": "x", "params": {}}, "web.bad_arguments"),
        ({"kind": "info", "key": ["x"], "params": {}}, "web.bad_arguments"),
        ({"kind": "info", "key": "x", "params": NUMBER}, "web.bad_arguments"),
        ({"kind": "info", "key": "x"}, "web.bad_arguments"),
        ({"kind": "info", "key": "x", "params": {}, "self": 1}, "web.bad_arguments"),
        ({"kind": "info", "key": "x", "params": {"n": 10**30}}, "web.too_long"),
        ({"kind": "info", "key": NUMBER * 2_001, "params": {}}, "web.too_long"),
        ({"kind": "info", "key": "x", "params": {str(n): NUMBER for n in range(20_000)}}, "web.too_long"),
    ],
)
async def test_arguments_of_the_wrong_type_or_size_get_a_sentence(tab: Socket, payload: Any, said: str) -> None:
    await tab.call(TELL, payload)
    assert said in tab.seen


@pytest.mark.parametrize(
    "data",
    [None, 5, "text", f'{{"name": "{NUMBER}"}}', [], {}, {"name": 5}, {"name": TELL, "payload": [NUMBER]},
     {"name": TELL, "payload": {}, "router_data": NUMBER}, {"payload": {"password": PASSWORD}}],
)  # fmt: skip
async def test_messages_that_are_no_events_are_dropped(tab: Socket, data: Any) -> None:
    await tab.emit(data)
    await tab.call(f"{SESSION}.refresh")  # the connection goes on


async def test_a_message_beyond_a_megabyte_ends_only_its_own_connection(server: Server, tab: Socket) -> None:
    async with Socket(server.url) as stranger:
        ended = asyncio.Event()
        stranger.io.on("disconnect", lambda *_reason: ended.set(), namespace="/_event")
        await stranger.emit({"name": TELL, "payload": {"key": "x" * 2_000_000}})
        async with asyncio.timeout(10):
            await ended.wait()
    await tab.call(f"{SESSION}.refresh")


async def test_signing_out_closes_every_tab(server: Server, tab: Socket, camille: Person) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        headers = {"origin": server.url, "cookie": camille.cookie, "content-type": "application/x-www-form-urlencoded"}
        answer = await client.post("/auth/logout", headers=headers)
    assert answer.headers["location"] == "/login"
    assert "/login" in str(await tab.call(f"{SESSION}.refresh"))
    assert tab.vars(SESSION)["identifiant"] == ""


@pytest.mark.parametrize("name", ["camille", "nobody", "camille@lavande.example"])
async def test_a_wrong_sign_in_says_the_same_and_keeps_nothing_in_the_address(server: Server, name: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        form = {"name": name, "password": f"not {PASSWORD}"}
        answer = await client.post("/auth/login", data=form, headers={"origin": server.url})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "smsapp_session" not in answer.headers.get("set-cookie", "")
    flash = answer.headers["set-cookie"].split(";")[0]
    async with Socket(server.url, cookie=flash) as page:
        await page.call(f"{ROOT}.smsapp___accounts___state____entrance_state.enter")
        assert "accounts.wrong_sign_in" in page.seen
        assert name in page.seen  # what was typed comes back, but for the password
        assert PASSWORD not in page.seen


async def test_the_session_cookie_is_out_of_reach_of_scripts(server: Server) -> None:
    name = f"p{uuid.uuid4().hex[:10]}"
    form = {"identifiant": name, "email": f"{name}@lavande.example", "password": PASSWORD, "again": PASSWORD}
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.post("/auth/signup", data=form, headers={"origin": server.url})
        cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("smsapp_session="))
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Max-Age" not in cookie
        kept = await client.post(
            "/auth/login", data={"name": name, "password": PASSWORD, "keep": "1"}, headers={"origin": server.url}
        )
        assert "Max-Age=43200" in " ".join(kept.headers.get_list("set-cookie"))


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"{}", 415),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({"content-type": "application/x-www-form-urlencoded"}, b"a" * 20_000, 413),
        ({"content-type": "application/x-www-form-urlencoded"}, b"&".join([b"a=1"] * 50), 400),
        ({"content-type": "application/x-www-form-urlencoded"}, b"\xff\xfe=1", 400),
    ],
)
async def test_forms_that_no_page_sends(server: Server, headers: dict[str, str], body: bytes, status: int) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.post("/auth/login", content=body, headers=headers | {"origin": server.url})
    assert answer.status_code == status
    assert "Traceback" not in answer.text


async def test_uploads_are_for_the_own_tab_of_who_is_signed_in(server: Server, tab: Socket, camille: Person) -> None:
    other = await come_in(server, "ines.moreau")
    file = {"files": ("x.csv", f"nom;portable\nX;{NUMBER}\n".encode(), "text/csv")}
    wanted = {"reflex-client-token": tab.token, "reflex-event-handler": TELL}
    async with httpx.AsyncClient(base_url=server.url) as client:
        for headers, status in (
            ({}, 403),
            ({"origin": "http://evil.example", "cookie": camille.cookie}, 403),
            ({"origin": server.url}, 401),
            ({"origin": server.url, "cookie": camille.cookie}, 400),  # no handler for files
            ({"origin": server.url, "cookie": other.cookie}, 400),
        ):
            answer = await client.post("/_upload", files=file, headers=wanted | headers)
            assert answer.status_code == status, headers
        headers = {"origin": server.url, "cookie": camille.cookie} | wanted
        answer = await client.post("/_upload", content=bytes(LARGEST_UPLOAD + 1), headers=headers)
        assert answer.status_code == 413
        assert "12" in answer.text
        assert (await client.get("/_upload/anything.csv", headers={"cookie": camille.cookie})).status_code == 405


async def test_a_flood_of_sign_ins_does_not_stop_the_others(server: Server, tab: Socket) -> None:
    """P24, short form: 60 wrong passwords at once; a signed-in tab and the probe go on."""
    async with httpx.AsyncClient(base_url=server.url, limits=httpx.Limits(max_connections=60), timeout=60) as client:

        async def guess(number: int) -> int:
            form = {"name": f"nobody{number}", "password": "guess"}
            return (await client.post("/auth/login", data=form, headers={"origin": server.url})).status_code

        flood = [asyncio.create_task(guess(number)) for number in range(60)]
        waits = []
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as honest:
            while not all(task.done() for task in flood):
                start = time.perf_counter()
                assert (await honest.get("/livez")).status_code == 200
                await tab.call(f"{SESSION}.refresh")
                waits.append(time.perf_counter() - start)
        assert set(await asyncio.gather(*flood)) == {303}
    waits.sort()
    assert waits[int(len(waits) * 0.95)] < 1.0


async def test_the_probes_say_how_it_is(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/livez")).text == "ok"
        answer = await client.get("/readyz")
    assert answer.json() == {
        "ready": True, "database": True, "posture": True, "schema": True, "dispatcher": True, "ledger": True
    }  # fmt: skip


async def test_the_log_holds_nothing_of_anybody(server: Server, tab: Socket, camille: Person) -> None:
    """S-wide promise: after all the failures above, no number, cookie, password, address or token is in the log."""
    await tab.call(TELL, {"kind": NUMBER, "key": 5, "params": {"password": PASSWORD}})
    await tab.emit({"name": f"{SESSION}.refresh", "payload": NUMBER})
    await tab.io.emit(
        "client_error", {"error_type": "x", "message": f"{NUMBER} +33 6 12 34 56 78"}, namespace="/_event"
    )
    await tab.call(
        f"{ROOT}.reflex___state____frontend_event_exception_state.handle_frontend_exception",
        {
            "info": f"TypeError: +33612345678 cookie: {camille.cookie} {camille.identifiant}@lavande.example",
            "component_stack": "",
        },
    )
    log = server.log
    assert "refused: arguments of" in log
    assert "a page failed in the browser" in log
    assert "Traceback" not in log
    for secret in (NUMBER, "33612345678", "6 12 34 56 78", PASSWORD, camille.cookie.partition("=")[2], tab.token):
        assert secret not in log
    assert not re.search(r"[\w.]+@lavande\.example", log)
