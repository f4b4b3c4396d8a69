"""The public home: what smsapp is, and the ways in; and the page of an address where there is none."""

import reflex as rx

from smsapp.accounts.parts import demonstration, prices, showcase
from smsapp.accounts.state import EntranceState
from smsapp.i18n import t
from smsapp.ui import link_button, public_shell
from smsapp.ui.icons import icon
from smsapp.web.frame import PageSpec

_PROMISES = {"price": "calculator", "safe": "shield-check", "clear": "message-square-text"}


def home() -> rx.Component:
    """/: what smsapp is, the ways in, the three promises; beside them a campaign being followed."""
    return public_shell(
        rx.el.div(
            rx.el.h1(t("accounts.home_title")),
            rx.el.p(t("accounts.home_lead"), class_name="mut lead"),
            rx.el.div(
                link_button(t("accounts.create_account"), "/signup", role="primary"),
                link_button(t("accounts.sign_in"), "/login", role="surface"),
                class_name="row g10 wrap",
            ),
            demonstration(),
            rx.el.ul(*(_promise(name, sign) for name, sign in _PROMISES.items()), class_name="promises"),
            class_name="col g24",
        ),
        aside=showcase(),
        foot=prices(),
    )


def _promise(name: str, sign: str) -> rx.Component:
    return rx.el.li(
        rx.el.span(icon(sign), class_name="sign"),
        rx.el.div(
            rx.el.h2(t(f"accounts.home.{name}.title"), class_name="t3 b6"),
            rx.el.p(t(f"accounts.home.{name}"), class_name="t2 mut"),
            class_name="col g4",
        ),
    )


def nowhere() -> rx.Component:
    """Any unknown address."""
    return public_shell(
        rx.el.h1(t("web.no_page")),
        rx.el.p(t("web.no_page.why"), class_name="mut lead"),
        rx.el.div(link_button(t("web.no_page.home"), "/", role="primary", name="arrow-left"), class_name="row"),
    )


PAGES = [
    PageSpec("/", home, "accounts.home_title", [EntranceState.enter], signed_in=False),
    PageSpec("404", nowhere, "web.no_page", signed_in=False),
]
