"""Our own HTTP routes: signing in, up and out, and the two probes. Everything else is a page or an event.

Forms are real POST forms, answered by a redirect (303): the session cookie is HttpOnly, and the websocket reads it when
the next page opens it. A form that is refused goes back to its page with a flash (see ``flash.py``).
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl

from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from smsapp.accounts import passwords, service, sessions
from smsapp.accounts.actor import Actor
from smsapp.accounts.limits import TooManyTries
from smsapp.db import Database, migrate
from smsapp.domain.errors import Refusal
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.web import carried, flash
from smsapp.web.flash import Flash
from smsapp.web.origins import is_ours
from smsapp.web.runtime import runtime

log = logging.getLogger("smsapp.http")

LARGEST_FORM = 16 * 1024
DRAINED = 1024 * 1024  # how much more of a refused request is read
HOME = "/dashboard"
BEAT = timedelta(seconds=30)  # an engine that was silent for longer is not ready
LANGUAGE_LASTS = 365 * 24 * 3600


class Unacceptable(Exception):
    """A request that no page of ours makes; answered with ``status`` and a sentence."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status = status
        self.key = key


async def sign_in(request: Request) -> Response:
    """POST /auth/login: name, password, keep."""
    form = await _form(request)
    name, password = form.get("name", ""), form.get("password", "")
    rt = runtime()
    try:
        actor = await passwords.apart(
            service.sign_in, rt.db, name, password, secret=rt.settings.signing_key, visitor=_visitor(request)
        )
    except Refusal as refusal:
        return _back("/login", Flash("login", refusal, typed={"name": name, "keep": form.get("keep", "")}))
    return await let_in(request, actor, keep=bool(form.get("keep")))


async def sign_up(request: Request) -> Response:
    """POST /auth/signup: identifiant, email, password, again."""
    form = await _form(request)
    rt = runtime()
    wanted = service.SignUp(
        identifiant=form.get("identifiant", ""),
        email=form.get("email", ""),
        password=form.get("password", ""),
        again=form.get("again", ""),
        language=_language(request),
    )
    try:
        actor = await passwords.apart(
            service.sign_up,
            rt.db,
            wanted,
            secret=rt.settings.signing_key,
            visitor=_visitor(request),
            public_url=rt.settings.public_url.rstrip("/"),
            trial=rt.settings.demo,
        )
    except (service.SignUpRefused, TooManyTries) as refusal:
        problems = refusal.problems if isinstance(refusal, service.SignUpRefused) else {}
        typed = {"identifiant": wanted.identifiant, "email": wanted.email}
        return _back("/signup", Flash("signup", refusal, problems, typed))
    return await let_in(request, actor)


async def sign_out(request: Request) -> Response:
    """POST /auth/logout: the session ends in the database, not only in the browser."""
    await _form(request)
    people = runtime().people
    if sid := request.cookies.get(people.cookie, ""):
        await asyncio.to_thread(sessions.close_session, runtime().db, sid)
        people.forget(sid)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(
        people.cookie, path="/", secure=runtime().settings.secure_cookies, httponly=True, samesite="lax"
    )
    return answer


async def let_in(request: Request, actor: Actor, *, keep: bool = False) -> Response:
    """Open a session for who has just proved to be ``actor``; go to the dashboard, or to what they took along.

    ``keep``: the cookie outlives the browser window, until the session ends.
    """
    rt = runtime()
    lasts = timedelta(hours=rt.settings.session_hours)
    if before := request.cookies.get(rt.people.cookie, ""):  # nobody keeps a session that was planted on them
        await asyncio.to_thread(sessions.close_session, rt.db, before)
        rt.people.forget(before)
    sid = await asyncio.to_thread(sessions.open_session, rt.db, actor.user_id, lasts)
    waits = rt.luggage.waits(request.cookies.get(carried.COOKIE, ""))
    answer = RedirectResponse(carried.PAGE if waits else HOME, 303)
    secure = rt.settings.secure_cookies
    answer.set_cookie(
        rt.people.cookie,
        sid,
        max_age=int(lasts.total_seconds()) if keep else None,
        path="/",
        httponly=True,
        samesite="lax",
        secure=secure,
    )
    if "lang" not in request.cookies:
        answer.set_cookie("lang", actor.language, max_age=LANGUAGE_LASTS, path="/", samesite="lax", secure=secure)
    return answer


async def actor_of_request(request: Request) -> Actor:
    """Who asks a route of a room (a download). Such routes only read: what changes something is an event or a form.

    Raises:
        Unacceptable: nobody is signed in (401).
    """
    actor = await runtime().people.actor(request.headers.get("cookie", ""))
    if actor is None:
        raise Unacceptable(401, "web.not_signed_in")
    return actor


async def alive(_request: Request) -> Response:
    """GET /livez: the process answers."""
    return PlainTextResponse("ok", headers={"cache-control": "no-store"})


async def ready(_request: Request) -> Response:
    """GET /readyz: whether this process can do its work; 503 with the names of what cannot."""
    rt = runtime()
    try:
        found = await asyncio.wait_for(asyncio.to_thread(_probe, rt.db), 5)
    except Exception as problem:
        log.error("the database does not answer: %s", type(problem).__name__)
        found = {"database": False}
    if rt.engine is not None:
        found["dispatcher"] = rt.beat is not None and rt.db.now() - rt.beat < BEAT
        found["ledger"] = rt.engine.violations == 0
    good = all(found.values())
    return JSONResponse(
        {"ready": good, **found}, status_code=200 if good else 503, headers={"cache-control": "no-store"}
    )


def _probe(db: Database) -> dict[str, bool]:
    with db.read() as s:
        s.execute(text("SELECT 1"))
        posture = not db.is_sqlite or (
            s.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            and s.execute(text("PRAGMA synchronous")).scalar() == 2
            and s.execute(text("PRAGMA foreign_keys")).scalar() == 1
            and sqlite3.sqlite_version_info >= (3, 35)
        )
    return {"database": True, "posture": posture, "schema": migrate.current(db) == migrate.head()}


async def _form(request: Request) -> dict[str, str]:
    """The fields of a POST form of ours.

    Raises:
        Unacceptable: it comes from another site, is no form, or is larger than any form of ours.
    """
    if not is_ours(request.headers.get("origin", ""), request.headers.get("host", ""), runtime().settings):
        raise Unacceptable(403, "web.foreign_origin")
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Unacceptable(415, "web.bad_arguments")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise Unacceptable(413, "web.bad_arguments")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=20))
    except ValueError:
        raise Unacceptable(400, "web.bad_arguments") from None


def _back(path: str, said: Flash) -> Response:
    answer = RedirectResponse(path, 303)
    rt = runtime()
    answer.set_cookie(
        flash.COOKIE,
        rt.flashes.put(said),
        max_age=flash.LASTS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=rt.settings.secure_cookies,
    )
    return answer


def _visitor(request: Request) -> str:
    return request.client.host if request.client else ""


def _language(request: Request) -> str:
    return reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))


async def _unacceptable(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Unacceptable)
    read = 0
    with contextlib.suppress(RuntimeError):  # already read to its end
        async for part in request.stream():  # else the browser sees a broken connection instead of the sentence
            read += len(part)
            if read > DRAINED:
                break
    return PlainTextResponse(translate(_language(request), problem.key), problem.status)


ROUTES = [
    Route("/auth/login", sign_in, methods=["POST"]),
    Route("/auth/signup", sign_up, methods=["POST"]),
    Route("/auth/logout", sign_out, methods=["POST"]),
    Route("/livez", alive, methods=["GET"]),
    Route("/readyz", ready, methods=["GET"]),
]

PUBLIC_ROUTES: dict[str, str] = {
    "/auth/login": "one signs in here",
    "/auth/signup": "one opens an account here",
    "/auth/logout": "ends the session of the cookie that comes with it, if any",
    "/livez": "says ok",
    "/readyz": "names what does not work, and nothing else",
}
"""The routes that answer people who are not signed in, with the reason; a test walks all routes and knows no others."""


def routes(more: list[Route] | None = None) -> Starlette:
    """Our routes and those of the rooms, as the application that Reflex's own is mounted under."""
    handlers: dict[type[Exception], Callable[..., object]] = {Unacceptable: _unacceptable}
    return Starlette(routes=[*ROUTES, *(more or [])], exception_handlers=handlers)  # type: ignore[arg-type]
