"""The simulator through its events and its routes: address, hostile input, file not kept, quote, text taken along."""

import asyncio
import tempfile
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from smsapp.accounts import limits
from smsapp.campaigns.state import ComposeState
from smsapp.domain.opt_out import sample_link
from smsapp.domain.tariff import SmsType, default_tariff
from smsapp.i18n.catalogue import LANGUAGES, translate
from smsapp.simulator import drops
from smsapp.simulator import routes as simulator
from smsapp.simulator.address import from_query, to_query
from smsapp.simulator.pdf import printable
from smsapp.simulator.screen import FileItem
from smsapp.simulator.service import Simulation, simulate
from smsapp.simulator.state import LONGEST_ADDRESS, MOST_ROWS, PricingState, SimulatorState, priced
from smsapp.web import carried
from smsapp.web.http import routes
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers, Tab, redirects

HERE = "http://localhost:3000"
OURS = {"origin": HERE, "accept-language": "fr", "content-type": "application/octet-stream"}
TEXT = "Bonjour $prenom, jusqu’à -50 % & plus #1 : « été » 😀"
BOOK = "prenom;portable\nInès;0612345678\nBob;06 12 34 56 78\nLéa;0700\nÀ;0612345679\n"
NAME = SimulatorState.get_full_name()


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(routes(simulator.ROUTES)), base_url=HERE)


async def opened(open_tabs: Browsers, query: str = "") -> tuple[Tab, SimulatorState]:
    tab = open_tabs.tab()
    await tab.send(f"{NAME}.enter", path=f"/simulator?{query}" if query else "/simulator")
    return tab, await tab.state(SimulatorState)


async def act(tab: Tab, event: str, **payload: object) -> SimulatorState:
    await tab.send(f"{NAME}.{event}", payload, path="/simulator")
    assert tab.failures == []
    state: SimulatorState = await tab.state(SimulatorState)
    return state


@pytest.mark.parametrize(
    "asked",
    [
        Simulation((("FR", 5_000), ("GB", 400), ("MQ", 120)), TEXT, SmsType.PRO, sender=True, stop=True),
        Simulation((("RE", 0), ("FR", 7), ("FR", 2)), "a\nb", SmsType.VOICE),
    ],
)
async def test_S11_an_address_gives_the_page_back_and_the_page_its_address(
    open_tabs: Browsers, rt: Runtime, asked: Simulation
) -> None:
    tab, state = await opened(open_tabs, to_query(asked))
    assert state.problem.key == ""
    assert from_query(state.query) == asked
    link = sample_link(rt.settings.opt_out_address)
    assert state.shown.units == simulate(asked, default_tariff(), rt.settings.stop_short_code, link).units
    assert state.shown.ready
    assert not state.signed_in
    version = state.version
    state = await act(tab, "enter")  # a reconnection of the same tab: nothing typed is lost
    assert (from_query(state.query), state.version) == (asked, version)


async def test_everything_that_is_changed_is_in_the_address(open_tabs: Browsers) -> None:
    tab, state = await opened(open_tabs)
    assert from_query(state.query) == Simulation((("FR", 1_000),))
    state = await act(tab, "typed", text="Été à 10 €", version=state.version)
    state = await act(tab, "add_row")
    first, second = state.rows
    assert second.territory != "FR"
    await act(tab, "set_country", row=second.id, territory="mq")
    await act(tab, "set_volume", row=second.id, count="1 200")
    await act(tab, "set_sender", sender=True)
    await act(tab, "set_stop", stop=True)
    state = await act(tab, "remove_row", row=first.id)
    asked = Simulation((("MQ", 1_200),), "Été à 10 €", SmsType.PRO, sender=True, stop=True)
    assert from_query(state.query) == asked
    assert state.suffix
    assert (state.shown.units, state.shown.recipients) == (simulate(asked, default_tariff(), "36034").units, 1_200)
    state = await act(tab, "choose_type", sms_type="voice")
    assert (from_query(state.query).sms_type, state.suffix) == (SmsType.VOICE, "")


@pytest.mark.parametrize(
    "query",
    ["fr=-1", "zz=1", "fr=99999999999999999999", "type=mms", "stop=yes", "sender=%3Cscript%3E", "&".join(["fr=1"] * 400),
     "text=" + "a" * 153 * 300, "fr=1000000000&gb=1", "%FF%FE=%00"],
)  # fmt: skip
async def test_a_tampered_address_gets_a_sentence_and_a_page_that_works(open_tabs: Browsers, query: str) -> None:
    tab, state = await opened(open_tabs, query)
    assert tab.failures == []
    assert all(translate(lang, state.problem.key, **state.problem.params) for lang in LANGUAGES)
    assert "script>" not in state.query
    state = await act(tab, "add_row")
    row = state.rows[0]
    await act(tab, "typed", text="Bonjour", version=state.version)
    for other in state.rows[1:]:
        await act(tab, "remove_row", row=other.id)
    state = await act(tab, "set_volume", row=row.id, count="10")
    assert (state.problem.key, state.shown.units) == ("", 100_000)


@pytest.mark.parametrize("count", ["-5", "1e9", "²", "10,5", "99999999999"])
async def test_a_volume_that_is_none_hides_the_price_and_stays_typed(open_tabs: Browsers, count: str) -> None:
    tab, state = await opened(open_tabs)
    state = await act(tab, "set_volume", row=state.rows[0].id, count=count)
    assert (state.rows[0].count, state.shown.ready) == (count, False)
    assert state.rows[0].problem == state.problem
    assert state.problem.key in ("simulator.bad_volume", "simulator.too_many")


async def test_rows_have_a_limit_that_is_said(open_tabs: Browsers) -> None:
    tab, state = await opened(open_tabs)
    for _ in range(MOST_ROWS):
        state = await act(tab, "add_row")
    assert (len(state.rows), state.problem.key) == (MOST_ROWS, "simulator.too_many_rows")


async def test_S60_advice_is_applied_and_undone_by_one_click_each(open_tabs: Browsers) -> None:
    asked = Simulation((("FR", 100),), "Jusqu’à" + "a" * 100, stop=True)
    tab, state = await opened(open_tabs, to_query(asked))
    before, version, best = state.shown.units, state.version, state.shown.advice[0]
    saved = best.units
    assert best.kind == "replace"
    state = await act(tab, "apply", place=0)
    assert (state.shown.units, state.can_undo) == (before - saved, True)
    assert state.text.startswith("Jusqu'à")
    assert state.version > version
    state = await act(tab, "undo")
    assert from_query(state.query) == asked
    assert (state.shown.units, state.can_undo) == (before, False)
    assert (await act(tab, "apply", place=2**40)).shown.units == before


async def test_a_text_too_long_for_an_address_is_still_priced(open_tabs: Browsers) -> None:
    tab, state = await opened(open_tabs)
    state = await act(tab, "typed", text="a" * (LONGEST_ADDRESS + 1), version=state.version)
    assert (state.too_long, state.query, state.shown.ready) == (True, "", True)
    assert (await act(tab, "typed", text="late", version=1)).text.startswith("aaa")


async def test_S53_a_file_is_priced_row_by_row_and_nothing_of_it_is_kept(
    open_tabs: Browsers, rt: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    tab, state = await opened(open_tabs, to_query(Simulation((("GB", 3),), "$prenom " + "a" * 150)))
    async with client() as browser:
        answer = await browser.post(f"/simulator/file?{state.ask}", content=BOOK.encode(), headers=OURS)
    assert answer.status_code == 200
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not any(
        BOOK[:20].encode() in path.read_bytes() for path in rt.settings.data_dir.rglob("*") if path.is_file()
    )
    key = answer.json()["id"]
    state = await act(tab, "take_file", key=key, name="carnet.csv")
    assert state.file == FileItem("carnet.csv", kept=2, duplicates=1, unreadable=1)
    assert [cover.cheapest for cover in state.shown.covers][:2] == [True, False]
    assert (state.shown.units, state.shown.recipients) == (40_000, 2)  # À makes it Unicode: 3 segments
    assert from_query(state.query).rows == (("FR", 2),)
    state = await act(tab, "typed", text="Autre", version=state.version)
    assert not state.shown.ready  # never the price of another message
    assert (await act(tab, "take_file", key=key, name="x")).shown.ready is False  # once
    state = await act(tab, "drop_file")
    assert (state.file, from_query(state.query).rows) == (FileItem(), (("GB", 3),))
    assert state.shown.units == 33_000


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"PK\x03\x04broken", b"\x00" * 5000, b"a;b\n1;2\n"])
@pytest.mark.usefixtures("rt")
async def test_a_hostile_file_gets_a_sentence(content: bytes) -> None:
    async with client() as browser:
        answer = await browser.post("/simulator/file?text=x", content=content, headers=OURS)
    assert answer.status_code == 422
    said = answer.json()
    assert all(translate(lang, said["key"], **said["params"]) for lang in LANGUAGES)


@pytest.mark.usefixtures("rt")
async def test_a_file_has_limits_of_size_number_and_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator, "MAX_BYTES", 1_000)
    monkeypatch.setattr(drops, "RULE", limits.Rule("simulator_file", 3, drops.RULE.window))
    async with client() as browser:
        large = await browser.post("/simulator/file", content=b"x" * 2_000, headers=OURS)
        assert (large.status_code, large.json()["key"]) == (413, "imports.bad.too_big")

        async def stream():  # type: ignore[no-untyped-def]
            for _ in range(30):
                yield b"x" * 100

        endless = await browser.post("/simulator/file", content=stream(), headers=OURS)  # no length announced
        assert endless.status_code == 413
        for origin in ({}, {"origin": "https://evil.example"}):
            assert (await browser.post("/simulator/file", content=b"x", headers=origin)).status_code == 403
        hostile = await browser.post("/simulator/file?zz=1", content=b"portable\n0612345678\n", headers=OURS)
        assert hostile.json()["key"] == "simulator.unknown_country"
        monkeypatch.setattr(drops.drops, "waiting", drops.WAITING)
        busy = await browser.post("/simulator/file", content=b"x", headers=OURS)
        assert (busy.status_code, busy.json()["key"]) == (429, "simulator.busy")
        again = await browser.post("/simulator/file", content=b"x", headers=OURS)
        assert again.json()["key"] == "accounts.too_many_tries"


@pytest.mark.usefixtures("rt")
async def test_the_quote_on_paper_is_of_its_address() -> None:
    asked = Simulation((("FR", 5_000), ("MQ", 120), ("XK", 3)), TEXT, stop=True)
    async with client() as browser:
        for lang in LANGUAGES:
            answer = await browser.get(f"/simulator/quote.pdf?{to_query(asked)}", headers={"accept-language": lang})
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
            assert answer.content.startswith(b"%PDF-")
        hostile = await browser.get("/simulator/quote.pdf?fr=-1", headers={"accept-language": "fr"})
    assert (hostile.status_code, hostile.text) == (422, translate("fr", "simulator.bad_volume", value="-1"))


def test_a_letter_that_paper_cannot_show_is_named() -> None:
    assert printable("é’€\u202fx 😀\u200b") == "é’€ x [U+1F600][U+200B]"


async def test_the_text_follows_through_the_sign_in_once(open_tabs: Browsers, rt: Runtime, person) -> None:  # type: ignore[no-untyped-def]
    query = to_query(Simulation((("FR", 5_000), ("MQ", 120)), TEXT, sender=True))
    form = {"text": TEXT, "stop": "0", "sender": "1", "query": query}
    ours = {"origin": HERE}
    async with client() as browser:
        answer = await browser.post("/simulator/create", data=form, headers=ours)
        assert (answer.status_code, answer.headers["location"]) == (303, "/signup")
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert (await browser.post("/simulator/create", data=form)).status_code == 403
        long = await browser.post("/simulator/create", data={"text": "a" * 30_000}, headers=ours)
        assert long.status_code == 413
    assert rt.luggage.waits(browser.cookies[carried.COOKIE])
    tab = open_tabs.tab(person("camille"))
    tab.cookie += f"; {carried.COOKIE}={browser.cookies[carried.COOKIE]}"
    updates = await tab.send(f"{ComposeState.get_full_name()}.enter", path=carried.PAGE, carried="1")
    state = await tab.state(ComposeState)
    assert (state.text, state.purpose, state.custom) == (TEXT, "transactional", True)
    assert [(one.territory, one.count) for one in state.simulated.volumes] == [("FR", 5_000), ("MQ", 120)]
    assert state.simulated.units == simulate(from_query(query), default_tariff(), "36111").units
    assert parse_qs(urlsplit(redirects(updates)[0]).query)["draft"] == [str(state.campaign_id)]
    assert not rt.luggage.waits(browser.cookies[carried.COOKIE])
    kept = state.campaign_id
    await tab.send(f"{ComposeState.get_full_name()}.enter", path=carried.PAGE, carried="1")
    assert (await tab.state(ComposeState)).campaign_id == kept
    assert tab.failures == []


@pytest.mark.usefixtures("rt")
async def test_S10_prices_are_those_of_the_tariff(open_tabs: Browsers) -> None:
    async with client() as browser:
        rows = (await browser.get("/pricing/table.json")).json()
    table = {row[0]: row for row in rows}
    assert table["FR"][1:3] == [33, 10_000]
    assert table["GB"][2] == table["GG"][2] == table["MQ"][2] == 11_000
    assert table["FR"][4] == 14_100
    assert len(rows) > 200
    tab = open_tabs.tab()
    await tab.send(f"{PricingState.get_full_name()}.enter", path="/pricing")
    state = await tab.state(PricingState)
    assert [pack["credits"] for pack in state.packs] == [50, 100, 500, 1_000, 5_000, 10_000, 50_000]
    assert state.version == default_tariff().version


async def test_a_keystroke_never_holds_the_loop(open_tabs: Browsers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The price is worked out in a thread: other visitors are answered meanwhile."""
    tab, state = await opened(open_tabs)
    loop, answered = asyncio.get_running_loop(), threading.Event()

    def slow(asked: Simulation) -> Any:
        loop.call_soon_threadsafe(answered.set)  # somebody else's turn, which never comes while this holds the loop
        assert answered.wait(10), "nobody was answered"
        return priced(asked)

    monkeypatch.setattr("smsapp.simulator.state.priced", slow)
    await act(tab, "typed", text="é’" * 80, version=state.version)
    assert answered.is_set()
    assert not tab.failures
