"""The public campaign simulator (S11, S84; board 06)."""

import reflex as rx

from smsapp.accounts.parts import prices
from smsapp.i18n import t
from smsapp.simulator import pricing_page
from smsapp.simulator.parts import destinations, message, navigation, options
from smsapp.simulator.price_parts import actions, advice, bar, cost, detail, packs, problem
from smsapp.simulator.state import SimulatorState as S
from smsapp.simulator.widget_parts import Sheet
from smsapp.ui import monospace, public_shell
from smsapp.ui.icons import icon
from smsapp.web.frame import PageSpec

_PROMISES = ("simulator.promise_expiry", "simulator.promise_duplicates", "simulator.promise_operator")


def simulator() -> rx.Component:
    """/simulator: the exact price of a campaign, without an account; its address is the simulation."""
    promises = [rx.el.li(icon("check"), t(key)) for key in _PROMISES]
    return public_shell(
        Sheet.create(),
        monospace(),
        rx.el.div(
            rx.el.h1(t("simulator.title")), rx.el.p(t("simulator.lead"), class_name="mut"), class_name="sim-head"
        ),
        rx.el.div(
            rx.el.div(destinations(), options(), message(), class_name="card sim-form"),
            rx.el.div(problem(), cost(), advice(), packs(), detail(), actions(), class_name="sim-right"),
            class_name="sim",
        ),
        rx.el.ul(*promises, class_name="sim-promises"),
        bar(),
        top=navigation(S.signed_in, "/simulator"),
        foot=prices(),
    )


PAGES = [
    PageSpec(
        "/simulator",
        simulator,
        "simulator.page_title",
        [S.enter],
        signed_in=False,
        description_key="simulator.page_description",
    ),
    *pricing_page.PAGES,
]
