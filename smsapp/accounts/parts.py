"""Pieces of the public pages: the lived-in picture at the right, and the links between them."""

import reflex as rx

from smsapp.accounts.state import EntranceState
from smsapp.i18n import credits, number, t
from smsapp.ui import bubble, button, card, delivery_bar, figure, grid, link, live_dot, plain_form

# The figures of the picture: a campaign in the middle of its delivery.
_RECEIVED, _OPERATOR, _SENT, _ERROR, _ALL = 8_214, 1_102, 318, 178, 12_480
_COST = 54_114_000  # units


def demonstration() -> rx.Component:
    """The way into a demonstration, in demonstration mode."""
    form = plain_form(
        button(t("accounts.try_demo"), role="surface", name="flask-conical", submit=True), action="/auth/demo"
    )
    lead = rx.el.p(t("accounts.demo_lead"), class_name="t2 mut")
    return rx.cond(EntranceState.trial, rx.el.div(form, lead, class_name="col g8"))


def showcase() -> rx.Component:
    """What following a campaign looks like. Decoration: hidden from screen readers, but for its caption."""
    followed = _RECEIVED + _OPERATOR + _SENT + _ERROR
    counts = {"received": _RECEIVED, "operator": _OPERATOR, "sent": _SENT, "error": _ERROR, "waiting": _ALL - followed}
    campaign = _sample(
        rx.el.div(
            live_dot(),
            rx.el.span(t("accounts.sample_campaign"), class_name="b6"),
            rx.el.span(number(followed), " / ", number(_ALL), class_name="t2 mut num end"),
            class_name="row g8",
        ),
        delivery_bar(**counts, legend=True),
    )
    message = _sample(
        rx.el.div(t("accounts.sample_from"), class_name="t1 mut"), bubble(t("accounts.sample_text")), width="s7"
    )
    cost = _sample(
        rx.el.div(t("accounts.sample_cost"), class_name="t2 mut"),
        figure(credits(_COST), size=22),
        rx.el.div(t("accounts.sample_segments"), class_name="t2 mut"),
        width="s5",
    )
    return rx.el.div(
        rx.el.div(campaign, grid(message, cost), class_name="col g16", custom_attrs={"aria-hidden": "true"}),
        rx.el.div(
            rx.el.h2(t("accounts.promise_title")),
            rx.el.p(t("accounts.promise"), class_name="mut"),
            class_name="col g8",
        ),
        class_name="col g24",
    )


def _sample(*children: rx.Component, width: str = "") -> rx.Component:
    return card(rx.el.div(*children, class_name="col g8"), class_name=width)


def other_page(question: rx.Var[str], label: rx.Var[str], href: str) -> rx.Component:
    """The line under a form that leads to the other one."""
    return rx.el.p(question, " ", link(label, href), class_name="t2 mut")


def prices() -> list[rx.Component]:
    """The foot of the public pages: the ways to the prices."""
    return [link(t("simulator.nav"), "/simulator"), link(t("simulator.nav_pricing"), "/pricing")]
