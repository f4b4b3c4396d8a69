"""Two pages: the wait while a demonstration is made, and what would have left this machine."""

import reflex as rx

from smsapp.accounts.parts import showcase
from smsapp.demo.parts import letters, magic, opening, phone
from smsapp.demo.state import DemoState
from smsapp.i18n import t
from smsapp.ui import card, grid, link, note, public_shell
from smsapp.web.frame import PageSpec, frame


def waiting() -> rx.Component:
    """/demo/opening: how far the demonstration is."""
    return public_shell(
        rx.el.div(
            rx.el.h1(t("demo.opening_title")),
            rx.el.p(t("demo.opening_lead"), class_name="mut"),
            class_name="col g4",
        ),
        opening(label=t("demo.opening_bar"), ready=t("demo.opening_ready"), lost=t("demo.opening_lost")),
        link(t("demo.opening_back"), "/login"),
        aside=showcase(),
    )


def demo() -> rx.Component:
    """/demo: e-mails, the SMS of one's own phone, and the endings that fix a fate."""
    return frame(
        note(t("demo.lead"), tone="indigo"),
        grid(
            card(letters(), title=t("demo.mails"), facts=t("demo.mails_facts"), flush=True, class_name="s7"),
            card(phone(), title=t("demo.phone"), facts=t("demo.phone_facts"), class_name="s5"),
            card(magic(), title=t("demo.magic"), facts=t("demo.magic_facts"), flush=True, class_name="s12"),
        ),
        title=t("demo.title"),
        active="demo",
        facts=t("demo.facts"),
    )


PAGES = [
    PageSpec("/demo/opening", waiting, "demo.opening_title", signed_in=False),
    PageSpec("/demo", demo, "demo.title", [DemoState.enter, DemoState.watch]),
]
