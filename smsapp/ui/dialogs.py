"""Dialogs: they keep the focus and give it back; the question before what cannot be undone."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.ui.layout import Child, Text


def dialog(
    *children: Child,
    title: Text,
    open: Any = None,
    on_open_change: Any = None,
    trigger: Component | None = None,
    say: Text | None = None,
    actions: Sequence[Component] = (),
    width: str = "560px",
) -> Component:
    """A dialog, opened by its `trigger` or by a state: `dialog(..., title=t("r.title"), open=S.on,
    on_open_change=S.set_on)`.

    A button that closes it goes through `closing(button(...))`.
    """
    said = rx.dialog.description(say, class_name="say") if say is not None else None
    shown = [rx.dialog.title(title), *([said] if said else []), *children, *_actions(actions)]
    described = {} if said else {"custom_attrs": {"aria-describedby": None}}
    content = rx.dialog.content(*shown, class_name="dlg", max_width=width, **described)
    return rx.dialog.root(*([rx.dialog.trigger(trigger)] if trigger else []), content, **_state(open, on_open_change))


def closing(child: Component) -> Component:
    """A button that closes the dialog it stands in."""
    return rx.dialog.close(child)


def confirm(
    *,
    title: Text,
    say: Text,
    keep: Component,
    go: Component,
    open: Any = None,
    on_open_change: Any = None,
    trigger: Component | None = None,
) -> Component:
    """A destructive question: the question as title, the consequence, a button to keep and one with verb and count.

    `confirm(title=t("del.q", count=n), say=t("del.why"), keep=button(t("keep")), go=button(t("del", count=n),
    role="danger"))`
    """
    acts = [rx.alert_dialog.cancel(keep), rx.alert_dialog.action(go)]
    content = rx.alert_dialog.content(
        rx.alert_dialog.title(title),
        rx.alert_dialog.description(say, class_name="say"),
        *_actions(acts),
        class_name="dlg",
        max_width="460px",
    )
    opened = [rx.alert_dialog.trigger(trigger)] if trigger else []
    return rx.alert_dialog.root(*opened, content, **_state(open, on_open_change))


def _actions(actions: Sequence[Component]) -> list[Component]:
    return [rx.el.div(*actions, class_name="acts")] if actions else []


def _state(open: Any, on_open_change: Any) -> dict[str, Any]:
    return {k: v for k, v in {"open": open, "on_open_change": on_open_change}.items() if v is not None}
