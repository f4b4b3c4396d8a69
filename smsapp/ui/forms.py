"""Fields: the label above, the hint below, and an error that takes the hint's place (icon, cause, remedy)."""

from collections.abc import Sequence
from typing import Any, Literal

import reflex as rx
from reflex.components.component import Component
from reflex_components_core.el.elements.base import BaseHTML

from smsapp.ui.icons import icon
from smsapp.ui.layout import Child, Text, kbd

Role = Literal["primary", "surface", "soft", "ghost", "danger", "danger_soft"]
_LOOK: dict[str, dict[str, str]] = {
    "primary": {"variant": "solid"},
    "surface": {"variant": "outline", "color_scheme": "gray"},
    "soft": {"variant": "soft"},
    "ghost": {"variant": "ghost", "color_scheme": "gray"},
    "danger": {"variant": "solid", "color_scheme": "tomato"},
    "danger_soft": {"variant": "soft", "color_scheme": "tomato"},
}


def button(
    label: Child,
    *,
    role: Role = "surface",
    name: str | None = None,
    busy: Any = False,
    submit: bool = False,
    **props: Any,
) -> Component:
    """A button: verb + object (+ count). One `primary` a view. `busy` shows a wheel and takes no second click.

    `button(t("compose.review"), role="primary", on_click=S.review, busy=S.quoting)`
    """
    props = {"type": "submit" if submit else "button", "size": "2", "loading": busy, **_LOOK[role], **props}
    return rx.button(*([icon(name)] if name else []), label, **props)


def link_button(
    label: Child, href: Text, *, role: Role = "surface", name: str | None = None, **props: Any
) -> Component:
    """A link that looks like a button: `link_button(t("nav.new"), "/compose", role="primary", name="square-pen")`."""
    inside = rx.el.a(*([icon(name)] if name else []), label, href=href)
    return rx.button(inside, as_child=True, size="2", **_LOOK[role], **props)


def icon_button(name: str, label: Text, **props: Any) -> Component:
    """A button with an icon only; `label` is what is read out: `icon_button("x", t("ui.close"), on_click=...)`."""
    return rx.el.button(icon(name), type="button", class_name="ib", aria_label=label, title=label, **props)


class _PlainForm(BaseHTML):
    """Reflex's own forms always keep the browser from submitting."""

    tag = "form"

    action: rx.Var[str]
    method: rx.Var[str]


def plain_form(*children: Child, action: str, class_name: str = "pub-form", **props: Any) -> Component:
    """A real HTML POST to one of our routes (sign-in, sign-out): `plain_form(text_field(...), action="/login")`."""
    return _PlainForm.create(*children, action=action, method="post", class_name=class_name, **props)


def field(
    control: Component, label: Text, *, for_: str, hint: Text = "", error: Text = "", link: Component | None = None
) -> Component:
    """A label and a help line around any control whose id is `for_`.

    Give the control `**described(for_, error)`; `text_field`, `text_area` and `select_field` do it themselves.
    """
    top = rx.el.label(label, html_for=for_, class_name="lab")
    return rx.el.div(
        rx.el.div(top, link, class_name="top") if link is not None else top,
        control,
        help_line(for_, hint, error),
        class_name="fld",
    )


def help_line(for_: str, hint: Text = "", error: Text = "") -> Component:
    """The line below a field: the hint, or the error in its place."""
    wrong = rx.el.span(icon("circle-alert"), rx.el.span(error), class_name="hint bad", role="alert")
    plain = rx.el.span(hint, class_name="hint") if not isinstance(hint, str) or hint else rx.fragment()
    if isinstance(error, str):
        return rx.el.div(wrong if error else plain, id=f"{for_}-help")
    return rx.el.div(rx.cond(error, wrong, plain), id=f"{for_}-help")


def described(for_: str, error: Text = "") -> dict[str, Any]:
    """The id of a control, and what ties it to its help line."""
    invalid = ("true" if error else "false") if isinstance(error, str) else rx.cond(error, "true", "false")
    return {"id": for_, "custom_attrs": {"aria-describedby": f"{for_}-help", "aria-invalid": invalid}}


def text_field(
    id: str, label: Text, *, hint: Text = "", error: Text = "", link: Component | None = None, **props: Any
) -> Component:
    """A one-line field; other props go to the input (name, type, value, on_change, placeholder, auto_complete,
    required).

    `text_field("ident", t("signin.identifiant"), name="identifiant", auto_complete="username", error=say(S.error))`
    """
    control = rx.el.input(class_name="inp", **described(id, error), **_with_name(id, props))
    return field(control, label, for_=id, hint=hint, error=error, link=link)


def password_field(
    id: str, label: Text, *, hint: Text = "", error: Text = "", link: Component | None = None, **props: Any
) -> Component:
    """A password with an eye to show it: `password_field("pw", t("signin.password"),
    auto_complete="current-password")`.
    """
    from smsapp.ui.widgets import password_eye

    control = rx.el.input(type="password", class_name="inp", **described(id, error), **_with_name(id, props))
    return field(
        rx.el.div(control, password_eye(id), class_name="pwd"), label, for_=id, hint=hint, error=error, link=link
    )


def text_area(id: str, label: Text, *, hint: Text = "", error: Text = "", **props: Any) -> Component:
    """Several lines; props go to the textarea. For the text of an SMS there is `composer`."""
    control = rx.el.textarea(class_name="inp", **described(id, error), **_with_name(id, props))
    return field(control, label, for_=id, hint=hint, error=error)


def select(
    options: Sequence[tuple[str, Text]] | rx.Var[list[Any]],
    *,
    label: Text | None = None,
    small: bool = False,
    block: bool = False,
    **props: Any,
) -> Component:
    """The browser's own select: `select([("fr", "France")], value=S.region, on_change=S.set_region, label=t("..."))`.

    `options`: pairs (value, words), or a Var of a list of objects with `value` and `label`.
    """
    if isinstance(options, rx.Var):
        shown: list[Any] = [rx.foreach(options, lambda o: rx.el.option(o.label, value=o.value))]
    else:
        shown = [rx.el.option(words, value=value) for value, words in options]
    if label is not None:
        props["aria_label"] = label
    names = ["selbox", *(["sm"] if small else []), *(["block"] if block else [])]
    return rx.el.span(rx.el.select(*shown, **props), icon("chevron-down"), class_name=" ".join(names))


def select_field(
    id: str,
    label: Text,
    options: Sequence[tuple[str, Text]] | rx.Var[list[Any]],
    *,
    hint: Text = "",
    error: Text = "",
    **props: Any,
) -> Component:
    """A select with label and help line."""
    control = select(options, block=True, **described(id, error), **_with_name(id, props))
    return field(control, label, for_=id, hint=hint, error=error)


def checkbox(label: Child, **props: Any) -> Component:
    """A box with its words; the words are part of the target: `checkbox(t("x"), checked=S.on, on_change=S.set_on)`."""
    return rx.el.label(rx.el.input(type="checkbox", **props), rx.el.span(label), class_name="check")


def search_field(label: Text, *, key_hint: bool = False, **props: Any) -> Component:
    """The page's search, which `/` reaches: `search_field(t("c.search"), value=S.q,
    on_change=S.search.debounce(200))`. `key_hint` shows that key in the field.
    """
    return rx.el.div(
        icon("search"),
        rx.el.input(
            type="search",
            class_name="inp",
            aria_label=label,
            placeholder=label,
            data_search="true",
            auto_complete="off",
            **props,
        ),
        *([kbd("/")] if key_hint else []),
        class_name="with-icon f1",
        role="search",
    )


def _with_name(id: str, props: dict[str, Any]) -> dict[str, Any]:
    return {"name": id} | props
