"""What Reflex leaves open beside the events: the websocket's handshake and its raw messages, and the upload route.

``doors`` wraps the ASGI application; ``watch_socket`` stands before Reflex's own handling of a connection. Reflex logs
an event that it cannot place with all that is in it, and links a tab token to whoever names it: neither gets that far.
"""

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import reflex as rx
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State
from reflex_base.registry import RegistrationContext
from socketio.exceptions import ConnectionRefusedError as Refused  # type: ignore[import-untyped]  # has no types
from starlette.responses import PlainTextResponse

from smsapp.accounts.actor import Actor
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.web.arguments import takes_files
from smsapp.web.guard import bind, is_callable, owner_of
from smsapp.web.origins import header, is_ours
from smsapp.web.runtime import runtime

log = logging.getLogger("smsapp.doors")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_UPLOAD = 12 * 1024 * 1024
DRAINED = 2 * LARGEST_UPLOAD  # how much of a refused upload is read so that the browser gets the sentence
_TOKEN = re.compile(r"[0-9a-fA-F-]{16,64}")
_FIRST = "hydrate_and_load"


def doors(app: rx.App, inner: Asgi) -> Asgi:
    """Refuse foreign websockets and uploads that are not the signed-in person's own; let the rest through."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] == "websocket" and not _may_connect(scope):
            log.warning("refused: a websocket of another origin")
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http" and path.rstrip("/").startswith("/_upload"):
            refusal = await _judge_upload(app, scope)
            if refusal is not None:
                await _drain(receive)
                language = reader_language(
                    header(scope["headers"], b"cookie"), header(scope["headers"], b"accept-language")
                )
                status, key = refusal
                megabytes = LARGEST_UPLOAD // (1024 * 1024)
                await PlainTextResponse(translate(language, key, megabytes=megabytes), status)(scope, receive, send)
                return
        await inner(scope, receive, send)

    return wrapped


def _may_connect(scope: Scope) -> bool:
    """A foreign page never; without Origin (no browser) only without our cookie, which then nobody can abuse."""
    headers = scope["headers"]
    origin = header(headers, b"origin")
    rt = runtime()
    if origin:
        return is_ours(origin, header(headers, b"host"), rt.settings)
    return not rt.people.session_id(header(headers, b"cookie"))


async def _judge_upload(app: rx.App, scope: Scope) -> tuple[int, str] | None:
    headers = scope["headers"]
    if scope["method"] != "POST":
        return 405, "web.bad_arguments"
    if not is_ours(header(headers, b"origin"), header(headers, b"host"), runtime().settings):
        return 403, "web.foreign_origin"
    actor = await runtime().people.actor(header(headers, b"cookie"))
    if actor is None:
        return 401, "web.not_signed_in"
    length = header(headers, b"content-length")
    if not length.isdecimal():
        return 411, "web.bad_arguments"
    if int(length) > LARGEST_UPLOAD:
        return 413, "web.upload_too_large"
    name = header(headers, b"reflex-event-handler")
    registered = RegistrationContext.get().event_handlers.get(name)
    if registered is None or not is_callable(name, registered) or not takes_files(registered.handler.fn):
        return 400, "web.bad_arguments"
    token = header(headers, b"reflex-client-token")
    if not await _is_tab_of(app, token, actor):
        return 403, "web.not_signed_in"
    return None


async def _is_tab_of(app: rx.App, token: str, actor: Actor) -> bool:
    """Whether the tab is open and its states belong to the person: uploads carry no headers for the guard to read."""
    namespace = app.event_namespace
    if namespace is None or token not in namespace.token_to_sid:
        return False
    root = await app.state_manager.get_state(BaseStateToken(ident=token, cls=State))
    return await owner_of(root) == actor.user_id


async def _drain(receive: Receive) -> None:
    read = 0
    while read < DRAINED:
        message = await receive()
        read += len(message.get("body", b""))
        if not message.get("more_body"):
            return


def watch_socket(app: rx.App) -> None:
    """Judge connections and raw messages before Reflex does. Call once, when the app is complete."""
    namespace = app.event_namespace
    assert namespace is not None
    connect, take = namespace.on_connect, namespace.on_event

    async def on_connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        """Only as a page connects: a token and its first event. The tab's states go to who comes, before the link."""
        token = _token(environ)
        first: Any = auth.get("event") if isinstance(auth, dict) else None
        if not token or not _is_event(first) or not first["name"].endswith(f".{_FIRST}"):
            log.warning("refused: a connection that no page makes")
            raise Refused("refused")
        if token not in namespace.token_to_sid:
            cookie = header(environ["asgi.scope"]["headers"], b"cookie")
            actor = await runtime().people.actor(cookie)
            async with app.state_manager.modify_state(BaseStateToken(ident=token, cls=State)) as root:
                await bind(root, actor)
        await connect(sid, environ, auth)

    async def on_event(sid: str, data: Any) -> None:
        """Only events that are events and name a handler; the guard does the rest."""
        if not _is_event(data) or data["name"] not in RegistrationContext.get().event_handlers:
            log.warning("refused: a message that is no event of a page")
            return
        await take(sid, data)

    namespace.on_connect = on_connect  # type: ignore[method-assign]
    namespace.on_event = on_event  # type: ignore[method-assign]


def _token(environ: dict[str, Any]) -> str:
    found = re.search(r"(?:^|&)token=([^&]+)", str(environ.get("QUERY_STRING", "")))
    return found[1] if found and _TOKEN.fullmatch(found[1]) else ""


def _is_event(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and isinstance(data.get("name"), str)
        and isinstance(data.get("payload", {}), dict)
        and isinstance(data.get("router_data", {}), dict)
    )
