"""Opening a demonstration over HTTP: asked for by our own pages, followed without a session, entered once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from smsapp.db import Database
from smsapp.demo import plan
from smsapp.demo import routes as demo
from smsapp.demo.service import Openings
from smsapp.settings import Settings
from smsapp.web.http import routes
from smsapp.web.runtime import Runtime, using

HERE = "http://localhost:3000"
OURS = {"origin": HERE, "accept-language": "fr"}


@pytest.fixture
def small(sqlite_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    with using(Runtime(Settings(data_dir=tmp_path), sqlite_db)) as made:
        openings = Openings(made.db, made.settings, plan.Size(contacts=160))
        monkeypatch.setattr(demo, "openings", lambda: openings)
        yield made


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(routes(demo.ROUTES)), base_url=HERE)


async def test_from_the_button_to_the_dashboard(small: Runtime) -> None:
    """The cookie of the opening is no session and no script reads it; the session comes at the end, once."""
    async with client() as browser:
        asked = await browser.post("/auth/demo", headers=OURS)
        assert (asked.status_code, asked.headers["location"]) == (303, "/demo/opening")
        assert "HttpOnly" in asked.headers["set-cookie"]
        assert (await browser.post("/auth/demo/enter", headers=OURS)).headers["location"] == "/login"  # too early
        seen = []
        while not seen or seen[-1]["phase"] not in ("ready", "refused"):
            seen.append((await browser.get("/demo/progress", headers=OURS)).json())
            assert seen[-1]["said"]
            await asyncio.sleep(0.01)
        assert seen[-1]["phase"] == "ready"
        assert [s["done"] for s in seen] == sorted(s["done"] for s in seen)
        entered = await browser.post("/auth/demo/enter", headers=OURS)
        assert (entered.status_code, entered.headers["location"]) == (303, "/dashboard")
        cookie = f"{small.people.cookie}={browser.cookies[small.people.cookie]}"
        actor = await small.people.actor(cookie)
        assert actor is not None
        assert actor.account_name == plan.ACCOUNT
        assert demo.COOKIE not in browser.cookies


async def test_only_our_pages_may_ask(small: Runtime) -> None:
    async with client() as browser:
        for path in ("/auth/demo", "/auth/demo/enter"):
            for origin in ({}, {"origin": "https://evil.example"}, {"origin": "null"}):
                assert (await browser.post(path, headers=origin)).status_code == 403


async def test_without_an_opening_a_sentence_says_so(small: Runtime) -> None:
    async with client() as browser:
        for cookies in ({}, {demo.COOKIE: "made up"}):
            browser.cookies = httpx.Cookies(cookies)
            answer = (await browser.get("/demo/progress", headers={"accept-language": "en"})).json()
            assert answer["phase"] == "refused"
            assert answer["said"].startswith("This demonstration is no longer waiting")
