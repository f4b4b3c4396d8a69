"""The public home: what smsapp is, and the ways in."""

import reflex as rx

from smsapp.accounts.parts import demonstration
from smsapp.accounts.state import EntranceState
from smsapp.i18n import t
from smsapp.ui import card, grid, link_button, public_shell
from smsapp.web.frame import PageSpec

_PROMISES = ("price", "safe", "clear")


def home() -> rx.Component:
    """/: the three promises, sign in, sign up."""
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
            class_name="col g20",
        ),
        grid(
            *(
                card(
                    rx.el.p(t(f"accounts.home.{promise}"), class_name="mut"),
                    title=t(f"accounts.home.{promise}.title"),
                    class_name="s4",
                )
                for promise in _PROMISES
            )
        ),
    )


PAGES = [PageSpec("/", home, "accounts.home_title", [EntranceState.enter], signed_in=False)]
