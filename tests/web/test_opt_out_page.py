"""The page behind the opt-out link (M6): asks on GET, acts on POST, in the reader's language, and gives nothing away."""

from collections.abc import Callable
from string import Formatter

import httpx
import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import suppressed
from smsapp.inbox import opt_out_routes
from smsapp.inbox.opt_out_sheet import DEFAULT, words
from smsapp.sending.opt_out import tokens_of
from smsapp.web.http import routes
from smsapp.web.runtime import Runtime

HERE = "http://localhost:3000"
NUMBER = 447911123456


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(routes(opt_out_routes.ROUTES)), base_url=HERE)


@pytest.fixture
def linked(rt: Runtime, person: Callable[[str], Actor]) -> tuple[Actor, str]:
    """Somebody who writes to a number, and the address of its link."""
    actor = person("camille")
    return actor, f"/s/{tokens_of(rt.db, actor.account_id, [NUMBER])[NUMBER]}"


async def test_a_link_scanner_unsubscribes_nobody_and_one_press_does(rt: Runtime, linked: tuple[Actor, str]) -> None:
    actor, path = linked
    async with client() as browser:
        for method in ("GET", "HEAD", "GET"):
            answer = await browser.request(method, path)
            assert answer.status_code == 200
        assert suppressed(rt.db, actor) == set()
        assert '<form method="post">' in answer.text
        assert actor.account_name in answer.text
        assert "7911123456" not in answer.text.replace(" ", "").replace("\u00a0", "")
        assert "set-cookie" not in answer.headers
        pressed = await browser.post(path, headers={"origin": HERE})
        assert pressed.status_code == 200
        assert suppressed(rt.db, actor) == {NUMBER}
        again = await browser.get(path)
        assert "<form" not in again.text


@pytest.mark.parametrize("lang", ["fr", "en", "es", "it", "de"])
async def test_the_reader_is_spoken_to_in_their_language(linked: tuple[Actor, str], lang: str) -> None:
    async with client() as browser:
        answer = await browser.get(linked[1], headers={"accept-language": f"ja, {lang}-CH;q=0.9, fr;q=0.1"})
    assert f'<html lang="{lang}">' in answer.text
    assert words()[lang]["button"] in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


def test_every_language_says_the_same_things() -> None:
    def slots(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for said in words().values():
        assert said.keys() == words()[DEFAULT].keys()
        assert all(slots(said[key]) == slots(words()[DEFAULT][key]) for key in said)


async def test_a_forged_link_is_refused_clearly_counted_and_changes_nothing(
    rt: Runtime, linked: tuple[Actor, str]
) -> None:
    """After the limit only links that do not exist are refused: whoever shares the address can still unsubscribe."""
    actor, path = linked
    ours = {"origin": HERE, "accept-language": "fr"}
    async with client() as browser:
        for forged in ("/s/aaaaaaaaaa", f"{path}x", path[:-1], "/s/%00", "/s/" + "a" * 5_000):
            assert (await browser.get(forged)).status_code == 404
            refused = await browser.post(forged, headers=ours)
            assert refused.status_code == 404
            assert words()["fr"]["unknown_title"] in refused.text
        for _ in range(opt_out_routes.MISSES.limit):
            last = await browser.get("/s/bbbbbbbbbb", headers=ours)
        assert last.status_code == 429
        assert words()["fr"]["busy_title"] in last.text
        assert suppressed(rt.db, actor) == set()
        assert (await browser.post(path, headers=ours)).status_code == 200
    assert suppressed(rt.db, actor) == {NUMBER}


async def test_another_site_cannot_press_the_button(rt: Runtime, linked: tuple[Actor, str]) -> None:
    actor, path = linked
    async with client() as browser:
        for origin in ({"origin": "https://evil.example"}, {"origin": "null"}, {}):
            assert (await browser.post(path, headers=origin)).status_code == 403
    assert suppressed(rt.db, actor) == set()


async def test_the_name_of_an_account_is_text_on_the_page(rt: Runtime, linked: tuple[Actor, str]) -> None:
    from smsapp.accounts.tables import Account

    with rt.db.write() as session:
        account = session.get(Account, linked[0].account_id)
        assert account is not None
        account.name = "<script>alert(1)</script> {number}"
    async with client() as browser:
        answer = await browser.get(linked[1])
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text
