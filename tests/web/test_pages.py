"""The wrapper: language of the first paint, content policy, headers, caching, any host. Over a small app that stands for the
build and for our routes; the real pages go through a browser in tests/e2e."""

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from smsapp.i18n.catalogue import catalogue, served
from smsapp.web.pages import pages

BUILT = (
    '<!DOCTYPE html><html lang="en"><head><title>⟦ui.nav.dashboard⟧</title><script>boot()</script><style>a{}</style></head>'
    '<body><p style="color:red">⟦ui.close⟧ ⟦no.such.key⟧</p><script type="module" async="">go()</script></body></html>'
)
DATED = {"last-modified": "Tue, 24 Nov 2026 03:28:09 GMT", "etag": '"x"'}


def built(request: Request) -> Response:
    return HTMLResponse(BUILT, headers=DATED, status_code=404 if request.url.path == "/nowhere" else 200)


def ours(request: Request) -> Response:
    return HTMLResponse("<!DOCTYPE html><html><head></head><body><script>evil()</script>⟦ui.close⟧</body></html>")


def policed(request: Request) -> Response:
    return HTMLResponse("<p>mail</p>", headers={"content-security-policy": "default-src 'none'; sandbox", **DATED})


def asset(request: Request) -> Response:
    return PlainTextResponse("export {}", headers=DATED)


def address(request: Request) -> Response:
    return Response(
        "var e={PING:`http://localhost:3101/ping`,EVENT:`ws://localhost:3101/_event`}",
        media_type="text/javascript",
        headers=DATED,
    )


APP = Starlette(
    routes=[
        Route("/mail", ours),
        Route("/policed", policed),
        Route("/assets/reflex-env-abc.js", address),
        Route("/assets/{name}", asset),
        Route("/{path:path}", built),
    ]
)


def client(https: bool = False, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=pages(APP, https=https))  # type: ignore[arg-type]
    return httpx.AsyncClient(
        transport=transport, base_url="http://localhost:3000", headers={"accept": "text/html", **headers}
    )


def nonce(answer: httpx.Response) -> str:
    found = re.search(r"script-src 'self' 'nonce-([\w-]+)'", answer.headers["content-security-policy"])
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("headers", "lang"),
    [
        ({}, "fr"),
        ({"accept-language": "en-GB,en;q=0.9"}, "en"),
        ({"accept-language": "de"}, "fr"),
        ({"accept-language": "en", "cookie": "x=1; lang=fr"}, "fr"),
        ({"cookie": "lang=../../etc"}, "fr"),
    ],
)
async def test_the_page_comes_in_the_language_of_its_reader(headers: dict[str, str], lang: str) -> None:
    """The cookie, else the browser, else French; no mark is left, and only this language travels."""
    async with client(**headers) as c:
        answer = await c.get("/dashboard")
    words = catalogue(lang)
    assert f'<html lang="{lang}">' in answer.text
    assert f"<title>{words['ui.nav.dashboard']}</title>" in answer.text
    assert words["ui.close"] in answer.text
    assert "⟦" not in answer.text
    embedded = re.search(r'<script nonce="[^"]+" type="application/json" id="i18n"[^>]*>(.*?)</script>', answer.text)
    assert embedded
    assert json.loads(embedded[1]) == words
    assert {"Cookie", "Accept-Language"} <= {v.strip() for v in answer.headers["vary"].split(",")}


async def test_the_content_policy_lets_only_the_build_run() -> None:
    async with client() as c:
        answer = await c.get("/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    own = nonce(answer)
    inline = re.findall(r"<(?:script|style)\b[^>]*>", answer.text)
    assert len(inline) == 4
    assert all(f'nonce="{own}"' in tag for tag in inline)
    assert "style-src-attr 'unsafe-hashes' 'sha256-" in policy
    for part in (
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "connect-src 'self'",
    ):
        assert part in policy


async def test_a_nonce_is_never_used_twice() -> None:
    async with client() as c:
        assert nonce(await c.get("/")) != nonce(await c.get("/"))


async def test_html_of_our_routes_gets_no_nonce_and_no_words() -> None:
    """A page that shows what others wrote must never be trusted as the build is."""
    async with client() as c:
        answer = await c.get("/mail")
        assert "nonce" not in answer.text
        assert "⟦ui.close⟧" in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        kept = await c.get("/policed")
        assert kept.headers.get_list("content-security-policy") == ["default-src 'none'; sandbox"]


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/mail", "/policed", "/assets/a-123.js", "/i18n/en.json", "/assets/reflex-env-abc.js"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_every_answer_has_the_security_headers(path: str, method: str) -> None:
    async with client() as c:
        answer = await c.request(method, path)
    for name, value in {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
    }.items():
        assert answer.headers[name] == value
    for name in (
        "content-security-policy",
        "permissions-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
    ):
        assert len(answer.headers.get_list(name)) == 1, name
    assert "strict-transport-security" not in answer.headers


async def test_https_is_kept_where_it_is_the_public_address() -> None:
    async with client(https=True) as c:
        assert "max-age" in (await c.get("/")).headers["strict-transport-security"]


async def test_hashed_assets_are_kept_for_ever_and_pages_asked_for_again() -> None:
    async with client() as c:
        assert "immutable" in (await c.get("/assets/a-123.js", headers={"accept": "*/*"})).headers["cache-control"]
        page = await c.get("/")
        assert page.headers["cache-control"] == "no-cache"
        assert "etag" not in page.headers  # it was made for this reader


async def test_the_status_of_a_page_is_kept() -> None:
    async with client() as c:
        answer = await c.get("/nowhere")
    assert answer.status_code == 404
    assert "⟦" not in answer.text


@pytest.mark.parametrize(
    ("accepted", "used", "unpacked"),
    [
        ("gzip", "gzip", gzip.decompress),
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
    ],
)
async def test_a_page_is_compressed_for_who_can_read_it(
    accepted: str, used: str, unpacked: Callable[[bytes], bytes]
) -> None:
    async with client(**{"accept-encoding": accepted}) as c, c.stream("GET", "/") as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == used
    assert int(answer.headers["content-length"]) == len(raw)
    assert "Tableau de bord" in unpacked(raw).decode()
    async with client(**{"accept-encoding": "identity"}) as c:
        assert "content-encoding" not in (await c.get("/")).headers


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("sms.example.org", "sms.example.org"),
        ("127.0.0.1:3777", "127.0.0.1:3777"),
        ("x`;alert(1)//", "localhost"),
        ("[::1]:80", "[::1]:80"),
    ],
)
async def test_one_build_serves_any_host(host: str, written: str) -> None:
    """What a host header says goes into a script, so only what can be a host does."""
    async with client(host=host, accept="*/*") as c:
        answer = await c.get("/assets/reflex-env-abc.js")
    assert answer.text == f"var e={{PING:`http://{written}/ping`,EVENT:`ws://{written}/_event`}}"
    assert answer.headers["cache-control"] == "no-cache"


async def test_another_language_is_fetched_by_its_version() -> None:
    body, version = served("en")
    async with client(accept="*/*") as c:
        answer = await c.get(f"/i18n/en.json?v={version}")
        assert answer.json() == json.loads(body)
        assert "immutable" in answer.headers["cache-control"]
        assert (await c.get("/i18n/en.json?v=old")).headers["cache-control"] == "no-cache"
        assert (await c.get("/i18n/xx.json")).headers["content-type"].startswith("text/html")
        assert (await c.post("/i18n/en.json")).status_code != 200


async def test_a_catalogue_cannot_close_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    words: dict[str, str] = {"ui.nav.dashboard": "a</script><script>x()", "ui.close": "<b>"}
    monkeypatch.setattr("smsapp.web.pages.catalogue", lambda lang: words)
    async with client() as c:
        text = (await c.get("/")).text
    assert text.count("<script") == 3
    assert "&lt;b&gt;" in text


async def test_other_protocols_pass_untouched() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        return None

    await pages(app)({"type": "websocket", "path": "/_event"}, nothing, nothing)
    assert seen == ["websocket"]
