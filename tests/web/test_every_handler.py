"""Every event handler and every HTTP route, as they are registered: none answers a stranger or gives another tenant's data.

New rooms are covered by being registered. A handler or a route that must answer anybody is listed with a reason: handlers
by ``@public("why")``, routes in the ``PUBLIC_ROUTES`` of their module.
"""

import io
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin, get_type_hints

import httpx
import pytest
import reflex as rx
from reflex.state import StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegisteredEventHandler, RegistrationContext
from sqlalchemy import delete
from sqlmodel import col
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from smsapp.accounts.actor import Actor
from smsapp.contacts.tables import Contact
from smsapp.smsapp import app
from smsapp.web.arguments import arguments_of, is_upload
from smsapp.web.guard import Guard, framework_handlers, is_callable, public_reason
from smsapp.web.runtime import Runtime, runtime
from tests.web.driver import Browsers, redirects, text
from tests.web.tenants import HIDDEN, MARK, NUMBERS, fill, ids_of, picture, tables

OURS = "smsapp___"

PUBLIC_PAGES = {
    "index": "what smsapp is, and the ways in",
    "login": "one signs in here",
    "signup": "one opens an account here",
    "demo/opening": "shows how far one's demonstration is",
    "simulator": "prices a campaign before there is an account",
    "pricing": "what messages and credits cost",
    "404": "says that there is nothing here",
}

REFLEX_ROUTES = {
    "/ping": "says pong",
    "/_health": "says whether Reflex itself runs",
    "/_event": "the websocket: see test_websocket.py",
    "/_upload": "refused by the doors unless it is the signed-in person's own tab: see test_doors.py",
}


def handlers() -> dict[str, RegisteredEventHandler]:
    """Every registered handler of the product, without those of other tests."""
    known = RegistrationContext.get().event_handlers
    return {name: handler for name, handler in known.items() if "tests___" not in name}


def rooms() -> dict[str, RegisteredEventHandler]:
    """Those that a person may call: declared in a room."""
    return {
        name: handler
        for name, handler in handlers().items()
        if OURS in name and is_callable(name, handler) and name not in framework_handlers()
    }


def values(hint: Any, number: int) -> Any:
    """Something of a type, made of another tenant's id where it can be."""
    hint = get_args(hint)[0] if get_origin(hint) is not None and hasattr(hint, "__metadata__") else hint
    if is_upload(hint):
        file = rx.UploadFile(file=io.BytesIO(b"nom;portable\nX;0612345678\n"), size=26)
        return [file] if get_origin(hint) is list else file
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (list, set, frozenset, tuple):
        return [values(inner[0], number)]
    if origin is dict:
        return {str(number): values(inner[1], number)}
    if inner:  # a union or a literal
        first = next(one for one in inner if one is not type(None))
        return values(first, number) if isinstance(first, type) or get_origin(first) else first
    simple: dict[Any, Any] = {
        int: number,
        str: str(number),
        bool: True,
        float: float(number),
        dict: {},
        Any: str(number),
    }
    if hint in simple:
        return simple[hint]
    return {name: values(of, number) for name, of in get_type_hints(hint).items()}


@pytest.fixture
def two(rt: Runtime, person: Callable[[str], Actor]) -> tuple[Actor, Actor]:
    """Somebody with an empty account, and somebody else with something in every room."""
    mine, other = person("camille"), person("voisin")
    fill(rt.db, other)
    return mine, other


def test_the_other_tenant_has_something_in_every_table(rt: Runtime, two: tuple[Actor, Actor]) -> None:
    """Else the tests below would prove nothing about a new room: add it to ``tenants.fill``."""
    full = picture(rt.db)
    owned = {table.name for table in tables() if "account_id" in table.c} - HIDDEN
    assert owned
    assert sorted(name for name in owned if not full[name]) == []


async def test_nobody_signed_in_calls_nothing(open_tabs: Browsers) -> None:
    tab = open_tabs.tab()
    for name, handler in handlers().items():
        if name in framework_handlers() or public_reason(handler):
            continue
        state = await tab.state(rx.State)
        event = Event(name=name, payload={}, router_data={})
        verdict = await Guard().preprocess(app, state, event)
        assert isinstance(verdict, StateUpdate), f"{name} answers a stranger"
        assert not verdict.delta
        assert set(redirects([verdict])) <= {"/login"}


def test_what_is_public_says_why() -> None:
    for name, handler in handlers().items():
        if public_reason(handler):
            assert len(public_reason(handler)) > 10, name


def test_every_public_method_of_a_state_is_declared_and_its_arguments_are_typed() -> None:
    """An undeclared one is refused when it is called; here it is found before that."""
    for name, handler in handlers().items():
        if OURS in name and not name.endswith(".setvar"):
            assert is_callable(name, handler), f"{name} lacks @rx.event: declare it, or begin its name with _"
            arguments_of(handler.handler.fn)


async def holes(
    rt: Runtime, mine: Actor, other: Actor, open_tabs: Browsers, walked: dict[str, RegisteredEventHandler]
) -> list[str]:
    """Call each handler as ``mine`` with every id of ``other``: what was shown, touched, or failed."""
    found: list[str] = []
    before = picture(rt.db)
    numbers = sorted(set(itertools.chain(*ids_of(rt.db, other).values())))[:12]
    forbidden = re.compile("|".join([MARK, *(str(n)[2:] for n in NUMBERS), r"6 99 99 99 0[123]"]))
    for name, handler in walked.items():
        hints = get_type_hints(handler.handler.fn, include_extras=True)
        wanted = list(arguments_of(handler.handler.fn))
        for number in numbers if wanted else numbers[:3]:
            tab = open_tabs.tab(mine)
            payload = {argument: values(hints[argument], number) for argument in wanted}
            await tab.send(name, payload, path=f"/sent/{number}", id=str(number))
            if forbidden.search(tab.seen):
                found.append(f"{name}({number}) shows another tenant's data")
            found += [f"{name}({number}) failed: {failure}" for failure in tab.failures]
    after = picture(rt.db)
    for table, rows in before.items():
        touched = [row for row in rows - after[table] if str(other.account_id) in row or MARK in " ".join(row)]
        if touched:
            found.append(f"{table} was touched: {touched[0]}")
    return found


async def test_no_handler_gives_or_touches_another_tenants_data(
    rt: Runtime, two: tuple[Actor, Actor], open_tabs: Browsers
) -> None:
    assert rooms()
    assert await holes(rt, *two, open_tabs, rooms()) == []


class LeakyState(rx.State):
    """What a room must not do, to see that the walk above would find it."""

    shown: str = ""

    @rx.event
    def show(self, contact_id: int) -> None:
        with runtime().db.read() as s:
            found = s.get(Contact, contact_id)
        self.shown = found.nom if found else ""

    @rx.event
    def remove(self, ids: list[int]) -> None:
        with runtime().db.write() as s:
            s.execute(delete(Contact).where(col(Contact.id) == ids[0]))

    @rx.event
    def fail(self, row: dict[str, int]) -> None:
        raise LookupError


async def test_the_walk_finds_what_leaks_and_what_breaks(
    rt: Runtime, two: tuple[Actor, Actor], open_tabs: Browsers
) -> None:
    known = RegistrationContext.get().event_handlers
    for method, said in (("show", "shows another"), ("fail", "failed: LookupError"), ("remove", "contact was touched")):
        name = f"{LeakyState.get_full_name()}.{method}"
        assert said in str(await holes(rt, *two, open_tabs, {name: known[name]}))


def asgi() -> Any:
    """The product's own ASGI application without the built pages, put together as Reflex does it."""
    inner: Any = app._api
    for part in app.api_transformer or ():
        if isinstance(part, Starlette):
            part.mount("", inner)
            inner = part
        else:
            inner = part(inner)
    return inner


@pytest.fixture(scope="module")
def application() -> Iterator[Any]:
    made = asgi()
    yield made
    for part in app.api_transformer or ():
        if isinstance(part, Starlette):
            part.router.routes.pop()


def client_of(application: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://localhost:3000")


def our_routes() -> list[Route]:
    starlettes = [part for part in app.api_transformer or () if isinstance(part, Starlette)]
    return [route for part in starlettes for route in part.routes if isinstance(route, Route)]


def public_routes() -> dict[str, str]:
    """What the modules of the routes list as public, with the reasons."""
    modules = {sys.modules[route.endpoint.__module__] for route in our_routes()}
    return {path: why for module in modules for path, why in getattr(module, "PUBLIC_ROUTES", {}).items()}


def paths(routes: list[BaseRoute]) -> set[str]:
    return {str(getattr(route, "path", "")) for route in routes if isinstance(route, Route | Mount)}


def test_there_is_no_route_that_nobody_knows_of() -> None:
    assert app._api is not None
    assert paths(list(app._api.routes)) - {""} <= REFLEX_ROUTES.keys()
    assert public_routes().keys() <= {route.path for route in our_routes()}
    assert all(len(reason) > 6 for reason in public_routes().values())


@pytest.mark.usefixtures("rt")
async def test_no_route_answers_a_stranger_or_a_foreign_page(application: Any) -> None:
    async with client_of(application) as client:
        for route in our_routes():
            path = re.sub(r"\{[^}]*\}", "1", route.path)
            for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
                if route.path not in public_routes():
                    assert (await client.request(method, path)).status_code in (401, 403), f"{method} {route.path}"
                if method == "GET":
                    continue
                for origin in ("http://evil.example", "null", "http://localhost:3000.evil.example", None):
                    headers = {"origin": origin} if origin else {}
                    answer = await client.request(method, path, headers=headers, data={"name": "x", "password": "y"})
                    assert answer.status_code == 403, f"{method} {route.path} answers {origin}"
                    assert "access-control-allow-origin" not in answer.headers


async def test_no_route_gives_another_tenants_data(
    rt: Runtime, two: tuple[Actor, Actor], open_tabs: Browsers, application: Any
) -> None:
    mine, other = two
    cookie = open_tabs.tab(mine).cookie
    before = picture(rt.db)
    async with client_of(application) as client:
        for route in our_routes():
            if route.path in public_routes() or "{" not in route.path:
                continue
            for number in sorted(set(itertools.chain(*ids_of(rt.db, other).values()))):
                path = re.sub(r"\{[^}]*\}", str(number), route.path)
                answer = await client.get(path, headers={"cookie": cookie, "origin": "http://localhost:3000"})
                assert answer.status_code >= 400, f"{path} answers another tenant"
                assert MARK not in answer.text
    assert picture(rt.db) == before


def test_the_pages_that_anybody_may_open_are_these() -> None:
    """Pages are static; what they show comes from handlers. One that should be public begins with a public handler."""
    public = {
        route for route in app._unevaluated_pages if all(public_reason(handlers()[name]) for name in _on_load(route))
    }
    assert public <= PUBLIC_PAGES.keys(), json.dumps(sorted(public))


def _on_load(route: str) -> list[str]:
    from reflex.utils.format import format_event_handler

    events = app.get_load_events(f"/{'' if route == 'index' else route}")
    return [format_event_handler(getattr(event, "handler", event)) for event in events]


def test_updates_are_searched_as_they_travel() -> None:
    assert MARK in text(StateUpdate(delta={"x": {"y": [MARK]}}))
