"""The one place where an event is let through: signed in, declared with ``@rx.event``, arguments that fit; else denied.

A handler or a whole state is opened to anonymous callers by ``@public("why")`` on top of ``@rx.event``, or by the class
attribute ``_public_reason``. The guard also binds the tree of states to its person: whoever else comes with the same
tab token (a thief, the next user of the tab) finds it empty.
"""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import reflex as rx
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, FrontendEventExceptionState, OnLoadInternalState, State, StateUpdate
from reflex.utils.format import format_event_handler
from reflex_base.event import Event
from reflex_base.registry import RegisteredEventHandler, RegistrationContext

from smsapp.accounts.actor import Actor
from smsapp.domain.errors import Refusal
from smsapp.web.arguments import BadArguments, check, is_declared
from smsapp.web.runtime import runtime

log = logging.getLogger("smsapp.guard")

SIGN_IN = "/login"

Handler = TypeVar("Handler", bound=Callable[..., Any])


class NotSignedIn(Refusal):
    """The session is missing, over or revoked."""

    key = "web.not_signed_in"


def public(reason: str) -> Callable[[Handler], Handler]:
    """Open a handler to people who are not signed in, and say why. Goes on top of ``@rx.event``."""

    def mark(handler: Handler) -> Handler:
        handler._public_reason = reason  # type: ignore[attr-defined]  # a mark for the guard and for the tests
        return handler

    return mark


def public_reason(registered: RegisteredEventHandler) -> str:
    """Why a handler is open to anonymous callers; empty when it is not."""
    own = getattr(registered.handler.fn, "_public_reason", "")
    return own or next((getattr(state, "_public_reason", "") for state in registered.states), "")


@cache
def framework_handlers() -> dict[str, str]:
    """Reflex's own handlers that a page needs before anybody signs in, with the reason; all its others are refused.

    They give nothing away: the tree that they send was emptied when it belonged to somebody else.
    """
    load = OnLoadInternalState.event_handlers
    own = {
        State.event_handlers["hydrate_and_load"]: "the first event of every page: sends the state of this tab",
        State.event_handlers["hydrate"]: "the same after a lost connection",
        State.event_handlers["set_is_hydrated"]: "a flag of the page",
        load["on_load_internal"]: "starts the handlers of a page, each of which is judged by itself",
        load["set_is_hydrated"]: "a flag of the page",
        FrontendEventExceptionState.event_handlers[
            "handle_frontend_exception"
        ]: "a page that breaks says so in one line of the log",
    }
    return {format_event_handler(handler): why for handler, why in own.items()}


class Tenancy(rx.State):
    """Whose tree of states this is. Nothing of it leaves the server."""

    _user_id: int = 0

    async def _bind(self, root: BaseState, actor: Actor | None) -> None:
        """Empty the tree when it belongs to somebody else, then give it to ``actor``."""
        user_id = actor.user_id if actor else 0
        if self._user_id != user_id:
            if self._user_id:
                root.reset()  # type: ignore[no-untyped-call]  # Reflex's own
            self._user_id = user_id


def is_callable(name: str, registered: RegisteredEventHandler) -> bool:
    """Whether anybody at all may call a handler: one of Reflex's own that pages need, or a declared one of a room."""
    if name in framework_handlers():
        return True
    ours = any(state.is_user_defined() for state in registered.states)
    return ours and is_declared(registered.handler.fn)


async def bind(root: BaseState, actor: Actor | None) -> None:
    """Give a tree of states to whoever comes with it; see ``Tenancy``."""
    await (await root.get_state(Tenancy))._bind(root, actor)


async def owner_of(root: BaseState) -> int:
    """The id of the user whose tree this is, 0 for nobody's."""
    return (await root.get_state(Tenancy))._user_id


async def actor_of(state: BaseState) -> Actor:
    """Who is signed in, from the session in the cookie that came with this tab's websocket.

    Raises:
        NotSignedIn: nobody is, any more.
    """
    actor = await runtime().people.actor(state.router.headers.cookie)
    if actor is None:
        raise NotSignedIn
    return actor


class Guard(Middleware):
    """Judges every event before its handler runs: pages, clicks, chained events, background events, uploads."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """None lets the event through; an update answers in its place."""
        actor = await runtime().people.actor(state.router.headers.cookie)
        await bind(state, actor)
        registered = RegistrationContext.get().event_handlers.get(event.name)
        if registered is None or not is_callable(event.name, registered):
            log.warning("refused: %s is not a handler", _short(event.name))
            return StateUpdate()
        if actor is None and not public_reason(registered) and event.name not in framework_handlers():
            log.info("refused: %s asks for a sign-in", _short(event.name))
            return StateUpdate(events=Event.from_event_type(rx.redirect(SIGN_IN)))
        try:
            check(registered.handler.fn, event.payload)
        except BadArguments as problem:
            log.warning("refused: arguments of %s (%s)", _short(event.name), problem.reason)
            return StateUpdate(events=Event.from_event_type(_sentence(problem)))
        return None


def _sentence(problem: BadArguments) -> Any:
    from smsapp.accounts.state import SessionState  # the state lives above the guard that protects it

    tell: Any = SessionState.tell
    if problem.reason in ("too_long", "too_large"):
        return tell("error", "web.too_long", {"limit": problem.limit})
    return tell("error", "web.bad_arguments", {})


def _short(name: str) -> str:
    """A handler's name for the log: its last two parts, never longer than a line."""
    return ".".join(name.split(".")[-2:])[:120]
