"""The frame of the pages before sign-in."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.i18n import LANGUAGES, language, set_language, t
from smsapp.ui.layout import Child
from smsapp.ui.shell import MAIN, logo, skip, theme_toggle
from smsapp.ui.widgets import notices


def language_switch() -> Component:
    """The languages as a row of small buttons, for the pages without a user menu."""

    def one(code: str, name: str) -> Component:
        pressed = {"aria-pressed": rx.cond(language() == code, "true", "false")}
        return rx.el.button(name, type="button", lang=code, custom_attrs=pressed, on_click=set_language(code))

    return rx.el.div(
        *(one(*item) for item in LANGUAGES.items()), class_name="lang", role="group", aria_label=t("ui.language")
    )


def public_shell(
    *children: Child,
    aside: Component | None = None,
    top: Sequence[Component] = (),
    foot: Sequence[Component] = (),
    notice: rx.Var[Any] | None = None,
) -> Component:
    """A page before sign-in. The caller gives the h1. `aside`: the lived-in picture at the right; without it one wide
    column.

    `public_shell(rx.el.h1(t("signin.title")), plain_form(...), aside=showcase(), foot=[link(...)])`
    """
    brand = rx.el.a(logo(), rx.el.b("smsapp"), href="/", class_name="row g10 ink")
    right = rx.el.div(*top, language_switch(), theme_toggle(), class_name="row g8 end")
    feet = [rx.el.footer(*foot, class_name="pub-foot")] if foot else []
    side = [rx.el.aside(aside, class_name="pub-side")] if aside is not None else []
    return rx.fragment(
        skip(),
        rx.el.div(
            rx.el.div(
                rx.el.header(brand, right, class_name="pub-top"),
                rx.el.main(*children, class_name="pub-center", id=MAIN, tab_index=-1),
                *feet,
                class_name="pub-main",
            ),
            *side,
            class_name="pub" if aside is not None else "pub one",
        ),
        *([notices(notice)] if notice is not None else []),
    )
