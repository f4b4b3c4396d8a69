"""The forms of the public pages over HTTP: where they may come from, which cookies they get."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from smsapp.accounts import sessions
from smsapp.accounts.tables import User
from smsapp.db import Database
from smsapp.settings import Settings
from smsapp.web.flash import Flash, Flashes
from smsapp.web.http import routes
from smsapp.web.origins import is_ours
from smsapp.web.runtime import Runtime, using

PUBLIC = "https://sms.example.org"
PASSWORD = "trois chevaux bleus"
FORM = {"identifiant": "camille", "email": "camille@lavande.fr", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def public(sqlite_db: Database, tmp_path: Path) -> Iterator[Runtime]:
    with using(Runtime(Settings(data_dir=tmp_path, public_url=PUBLIC), sqlite_db)) as made:
        yield made


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(routes()), base_url=PUBLIC)


async def test_over_https_the_cookie_is_secure_and_bound_to_the_host(public: Runtime) -> None:
    async with client() as browser:
        answer = await browser.post(
            "/auth/signup", data=FORM, headers={"origin": PUBLIC, "accept-language": "en-GB,en"}
        )
        cookies = answer.headers.get_list("set-cookie")
    session = next(c for c in cookies if c.startswith("__Host-smsapp="))
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in session.split(";")}
    assert "Domain" not in session
    with public.db.read() as s:
        assert s.exec(select(User.language)).one() == "en"  # the e-mails speak the reader's language


async def test_on_a_public_address_no_local_page_is_ours(public: Runtime) -> None:
    async with client() as browser:
        for origin in (
            "http://localhost:3000",
            "http://sms.example.org",
            f"{PUBLIC}:8443",
            f"{PUBLIC}.evil.example",
            "null",
        ):
            answer = await browser.post("/auth/signup", data=FORM, headers={"origin": origin})
            assert answer.status_code == 403, origin
            assert "smsapp" in answer.text  # a sentence, in the reader's language
    with public.db.read() as s:
        assert s.exec(select(User)).all() == []


async def test_signing_in_again_ends_the_session_that_was_there(public: Runtime) -> None:
    async with client() as browser:
        await browser.post("/auth/signup", data=FORM, headers={"origin": PUBLIC})
        first = browser.cookies["__Host-smsapp"]
        await browser.post("/auth/login", data={"name": "camille", "password": PASSWORD}, headers={"origin": PUBLIC})
        second = browser.cookies["__Host-smsapp"]
    assert first != second
    assert sessions.actor_of(public.db, first) is None
    assert sessions.actor_of(public.db, second) is not None


async def test_a_refused_form_keeps_what_was_typed_but_no_password(public: Runtime) -> None:
    async with client() as browser:
        answer = await browser.post(
            "/auth/signup", data=FORM | {"identifiant": "Camille !", "again": "x"}, headers={"origin": PUBLIC}
        )
    assert (answer.status_code, answer.headers["location"]) == (303, "/signup")
    cookie = answer.headers["set-cookie"]
    assert "camille" not in cookie.lower()
    said = public.flashes.for_page(cookie.split(";")[0])
    assert said is not None
    assert said.typed == {"identifiant": "Camille !", "email": "camille@lavande.fr"}
    assert {name: problem.key for name, problem in said.problems.items()} == {
        "identifiant": "accounts.identifiant_form",
        "again": "accounts.password_differs",
    }
    assert public.flashes.for_page(cookie.split(";")[0]) is None  # read once


def test_flashes_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Flashes()
    monkeypatch.setattr("smsapp.web.flash.CAPACITY", 3)
    keys = [kept.put(Flash(str(number))) for number in range(5)]
    assert [kept.take(key) is None for key in keys] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("http://localhost:3000", "localhost:3000", True),
        ("http://127.0.0.1:3100", "127.0.0.1:3100", True),  # both names of one's own machine, on any port
        ("http://localhost:3100", "127.0.0.1:3100", False),
        ("http://localhost:3001", "localhost:3100", False),  # another program on the same machine
        ("http://evil.example:3000", "evil.example:3000", False),  # a name that leads to 127.0.0.1
        ("https://localhost:3100", "localhost:3100", False),
        ("", "localhost:3000", False),
        ("null", "localhost:3000", False),
    ],
)
def test_what_a_page_of_ours_is_on_ones_own_machine(tmp_path: Path, origin: str, host: str, ours: bool) -> None:
    assert is_ours(origin, host, Settings(data_dir=tmp_path)) is ours
