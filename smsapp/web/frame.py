"""How a room shows its pages to the assembly, and the shell around every signed-in page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from smsapp.accounts.state import SessionState
from smsapp.i18n import t
from smsapp.ui import Session, shell
from smsapp.ui.shell import Place


@dataclass(frozen=True)
class PageSpec:
    """A page of a room.

    ``title_key`` is a catalogue key (the browser's title). ``on_load`` are handlers of the room's states, run in order
    each time the page is entered; ``signed_in`` pages get the shell's own handler after them. ``description_key``: what
    a search engine says under the title.
    """

    route: str
    component: Callable[[], rx.Component]
    title_key: str
    on_load: Sequence[Any] = ()
    signed_in: bool = True
    description_key: str = ""


SESSION = Session(
    account=SessionState.account_name,
    name=SessionState.user_name,
    initials=SessionState.initials,
    units=SessionState.balance_units,
    contacts=SessionState.contacts_total,
    repeated=SessionState.repeated,
    replies=SessionState.replies_unread,
    planned=SessionState.planned,
    demo=SessionState.is_demo,
    operator=SessionState.is_operator,
    notice=rx.Var.create(SessionState.notice),
    sign_out="/auth/logout",
)


def frame(
    *content: Any,
    title: Any,
    active: Place = "",
    facts: Any = None,
    actions: Sequence[rx.Component] = (),
    panel: rx.Component | None = None,
    foot: rx.Component | None = None,
    back: tuple[Any, str] | None = None,
    ruled: bool = False,
) -> rx.Component:
    """A signed-in page: ``ui.shell`` with the person of this tab. The arguments are the shell's."""
    return shell(
        *content,
        title=title,
        session=SESSION,
        active=active,
        facts=facts,
        actions=actions,
        panel=panel,
        foot=foot,
        back=back,
        ruled=ruled,
    )


def add_pages(app: rx.App, specs: Sequence[PageSpec]) -> None:
    """Give pages to the app; signed-in ones end with ``SessionState.refresh``: what was asked for is seen first, then
    the figures of the sidebar. Who is not signed in is sent away by the guard at the first handler of all.

    A page is one memoised component: a changed address (the next page of a list) draws anew what shows the answer, not
    the whole page beforehand.
    """
    for spec in specs:
        last = [SessionState.refresh, SessionState.count_repeated] if spec.signed_in else []
        described = {"description": t(spec.description_key)} if spec.description_key else {}
        loads = [*spec.on_load, *last]
        app.add_page(rx.memo(spec.component), route=spec.route, title=t(spec.title_key), on_load=loads, **described)
