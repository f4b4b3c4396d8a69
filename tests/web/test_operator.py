"""The operator's page of the gateways: nobody else gets anything; secrets never come back; what is wrong is a sentence."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, get_type_hints

import pytest

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState
from smsapp.gateways import service as gateways
from smsapp.gateways.kinds import KINDS, asked
from smsapp.i18n.catalogue import LANGUAGES, catalogue
from smsapp.operator.service import vault_of
from smsapp.operator.state import GatewaysState
from smsapp.sending.assembly import fleet_of
from smsapp.sending.callbacks import Seen
from smsapp.sending.rates import rest
from smsapp.web.arguments import arguments_of
from smsapp.web.runtime import Runtime, using
from tests.peers.fakes import SMSMODE_KEY, FakeSmsmode
from tests.peers.hooks import serving
from tests.server import free_port
from tests.web.driver import Browsers, Tab, redirects
from tests.web.test_every_handler import rooms, values

STATE = GatewaysState.get_full_name()
PATH = "/operator/gateways"
SECRET = "mot-de-passe-secret"
HANDLERS = {name: handler for name, handler in rooms().items() if name.startswith(f"{STATE}.")}


@pytest.fixture
def rt(rt: Runtime) -> Iterator[Runtime]:
    """An installation whose operator is Camille."""
    settings = rt.settings.model_copy(update={"operators": " Camille , quelqu-un"})
    with using(Runtime(settings, rt.db)) as made:
        yield made


def kannel(rt: Runtime, name: str, port: int = 13013) -> None:
    options = {"url": f"http://127.0.0.1:{port}", "username": "lavande", "password": SECRET}
    gateways.add(rt.db, vault_of(rt.settings), name=name, kind="kannel", options=options)


def opened(rt: Runtime, name: str) -> dict[str, str]:
    row = next(row for row in gateways.rows(rt.db) if row.name == name)
    return vault_of(rt.settings).open(name, row.sealed)


async def send(tab: Tab, handler: str, **payload: Any) -> GatewaysState:
    await tab.send(f"{STATE}.{handler}", payload, path=PATH)
    assert not tab.failures
    state: GatewaysState = await tab.state(GatewaysState)
    return state


async def test_strangers_and_ordinary_users_are_refused_by_every_handler(
    rt: Runtime, person: Callable[[str], Actor], open_tabs: Browsers
) -> None:
    kannel(rt, "lavande-paris")
    before = [row.model_dump() for row in gateways.rows(rt.db)]
    user = person("basile")
    assert len(HANDLERS) >= 10
    for name, handler in HANDLERS.items():
        hints = get_type_hints(handler.handler.fn, include_extras=True)
        payload = {one: values(hints[one], 1) for one in arguments_of(handler.handler.fn)}
        payload |= {"name": "lavande-paris"} if "name" in payload else {}
        stranger, tab = open_tabs.tab(), open_tabs.tab(user)
        assert set(redirects(await stranger.send(name, payload, path=PATH))) == {"/login"}, name
        await tab.send(name, payload, path=PATH)
        if name.endswith(".enter"):
            assert not (await tab.state(GatewaysState)).allowed
        else:
            await tab.until("web.no_page")
        assert "lavande" not in tab.seen.replace(str(payload), ""), name
        assert not tab.failures
    assert [row.model_dump() for row in gateways.rows(rt.db)] == before


async def test_only_operators_have_the_entry_in_their_menu(
    rt: Runtime, person: Callable[[str], Actor], open_tabs: Browsers
) -> None:
    assert "quelqu-un" in rt.settings.operator_names
    for name, shown in (("camille", True), ("basile", False)):
        tab = open_tabs.tab(person(name))
        await tab.send(f"{SessionState.get_full_name()}.refresh", path=PATH)
        assert (await tab.state(SessionState)).is_operator is shown


async def test_a_gateway_is_added_and_its_secret_never_comes_back(
    rt: Runtime, person: Callable[[str], Actor], open_tabs: Browsers
) -> None:
    tab = open_tabs.tab(person("camille"))
    state = await send(tab, "enter")
    assert (state.allowed, state.configured, state.rows) == (True, False, [])
    await send(tab, "open_new")
    typed = {"name": "Lavande", "url": "http://127.0.0.1:13013", "username": "lavande", "password": SECRET}
    state = await send(tab, "save", typed={**typed, "max_tps": "beaucoup", "territories": "FR, RE"})
    wrong = {field.name: field.error.key for field in state.fields if field.error.key}
    assert (state.dialog, wrong) == ("add", {"max_tps": "operator.bad_value"})
    assert {f.name: f.value for f in state.fields}["username"] == "lavande"  # nothing typed is lost
    state = await send(tab, "save", typed={**typed, "territories": "FR, Lyon"})
    assert (state.territories_error.key, state.territories) == ("gateways.bad_territory", "FR, Lyon")
    state = await send(tab, "save", typed={**typed, "name": "1"})
    assert state.name_error.key == "gateways.bad_name"
    # A browser sends null for what a form has none of, as for the options of a kind that has no options.
    state = await send(tab, "save", typed={**typed, "territories": "FR, RE", "pro": "1", "options": None})
    assert state.dialog == ""
    assert [(row.name, row.kind, row.on, row.territories) for row in state.rows] == [
        ("lavande", "kannel", True, "FR, RE")
    ]
    assert gateways.rows(rt.db)[0].types == ["pro"]
    assert opened(rt, "lavande")["password"] == SECRET
    assert SECRET not in tab.seen


async def test_a_change_with_an_empty_secret_keeps_it(
    rt: Runtime, person: Callable[[str], Actor], open_tabs: Browsers
) -> None:
    kannel(rt, "lavande")
    before = opened(rt, "lavande")
    tab = open_tabs.tab(person("camille"))
    await send(tab, "enter")
    state = await send(tab, "edit", name="lavande")
    shown = {field.name: field for field in state.fields}
    assert (shown["password"].value, shown["password"].kept) == ("", True)
    assert state.reply_url.startswith(rt.settings.public_url)
    typed = {field.name: field.value for field in state.fields} | {"username": "autre", "voice": "1"}
    state = await send(tab, "save", typed=typed)
    assert state.dialog == ""
    assert gateways.rows(rt.db)[0].options["username"] == "autre"
    assert opened(rt, "lavande") == before
    await send(tab, "edit", name="lavande")
    await send(tab, "save", typed={**typed, "password": "nouveau"})
    assert opened(rt, "lavande")["password"] == "nouveau"
    assert SECRET not in tab.seen
    assert "nouveau" not in tab.seen


async def test_order_off_on_and_removal_after_a_question(
    rt: Runtime, person: Callable[[str], Actor], open_tabs: Browsers
) -> None:
    for name in ("un", "deux", "trois"):
        kannel(rt, name)
    tab = open_tabs.tab(person("camille"))
    await send(tab, "enter")
    state = await send(tab, "move", name="trois", up=True)
    assert [row.name for row in state.rows] == ["un", "trois", "deux"]
    state = await send(tab, "move", name="un", up=True)  # the first stays first
    assert [(row.name, row.first, row.last) for row in state.rows] == [
        ("un", True, False), ("trois", False, False), ("deux", False, True),
    ]  # fmt: skip
    state = await send(tab, "move", name="un", up=False)
    assert [row.name for row in gateways.rows(rt.db)] == ["trois", "un", "deux"]
    state = await send(tab, "switch", name="un", on=False)
    assert [row.on for row in state.rows] == [True, False, True]
    state = await send(tab, "switch", name="un", on=True)
    assert all(row.on for row in state.rows)
    state = await send(tab, "remove")  # nothing was asked
    assert len(state.rows) == 3
    await send(tab, "ask_removal", name="un")
    state = await send(tab, "remove")
    assert [row.name for row in state.rows] == ["trois", "deux"]
    await send(tab, "switch", name="un", on=True)  # gone meanwhile
    await tab.until("gateways.unknown")


async def test_a_gateway_that_is_down_says_so_in_a_sentence(
    rt: Runtime, person: Callable[[str], Actor], open_tabs: Browsers
) -> None:
    kannel(rt, "lavande", free_port())
    tab = open_tabs.tab(person("camille"))
    await send(tab, "enter")
    state = await send(tab, "test", name="lavande")
    assert (state.testing, state.rows[0].word) == ("", "operator.word.unreachable")
    state = await send(tab, "edit", name="lavande")
    state = await send(tab, "save", typed={f.name: f.value for f in state.fields})
    assert state.rows[0].word == ""  # what was told of it is no longer true


@pytest.mark.parametrize("mode", ["simulator", "configured"])
async def test_a_gateway_that_answers_tells_its_balance(
    mode: str, rt: Runtime, person: Callable[[str], Actor], open_tabs: Browsers
) -> None:
    camille, port = person("camille"), free_port()
    options = {"url": f"http://127.0.0.1:{port}", "api_key": SMSMODE_KEY, "sender": "smsapp"}
    gateways.add(rt.db, vault_of(rt.settings), name="smsmode", kind="smsmode", options=options)
    settings = rt.settings.model_copy(update={"gateway": mode})
    with using(Runtime(settings, rt.db, fleet=fleet_of(rt.db, settings))) as carried:
        assert carried.fleet is not None
        try:
            tab = open_tabs.tab(camille)
            async with serving(FakeSmsmode(), port):
                state = await send(tab, "enter")
                assert state.configured is (mode == "configured")
                state = await send(tab, "test", name="smsmode")
                assert (state.rows[0].word, state.rows[0].balance) == ("operator.word.good", "1234.5")
        finally:
            await carried.fleet.router.close()


async def test_troubles_and_refused_callbacks_are_shown(
    rt: Runtime, person: Callable[[str], Actor], open_tabs: Browsers
) -> None:
    kannel(rt, "lavande")
    until = rt.db.now() + timedelta(minutes=5)
    rest(rt.db, "lavande", until)
    rt.callbacks.counts["lavande"][Seen.FORGED] += 2
    rt.callbacks.counts["lavande"][Seen.KEPT] += 5
    rt.callbacks.counts[""][Seen.FORGED] += 3
    state = await send(open_tabs.tab(person("camille")), "enter")
    assert (state.rows[0].rests_until, state.rows[0].refused, state.strangers) == (until.isoformat(), 2, 3)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_option_of_every_kind_has_its_words(lang: str) -> None:
    known = catalogue(lang)
    for kind in KINDS.values():
        assert f"operator.kind.{kind.name}" in known
        for one in asked(kind):
            assert f"operator.option.{one.name}" in known
            assert one.default is None or f"operator.hint.{one.name}" in known, one.name
            assert {f"operator.choice.{choice}" for choice in one.choices} <= known.keys()
