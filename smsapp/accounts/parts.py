"""Pieces of the public pages: the lived-in picture at the right, and the links between them."""

import reflex as rx

from smsapp.i18n import credits, number, t
from smsapp.ui import bubble, delivery_bar, figure, link, live_dot

# The figures of the picture: a campaign in the middle of its delivery.
_RECEIVED, _OPERATOR, _SENT, _ERROR, _ALL = 8_214, 1_102, 318, 178, 12_480
_COST = 54_114_000  # units


def showcase() -> rx.Component:
    """What following a campaign looks like. Decoration: hidden from screen readers, but for its caption."""
    followed = _RECEIVED + _OPERATOR + _SENT + _ERROR
    campaign = rx.el.div(
        rx.el.div(
            live_dot(),
            rx.el.span(t("accounts.sample_campaign"), class_name="b6"),
            rx.el.span(number(followed), " / ", number(_ALL), class_name="t2 mut num end"),
            class_name="row g8",
        ),
        delivery_bar(
            received=_RECEIVED, operator=_OPERATOR, sent=_SENT, error=_ERROR, waiting=_ALL - followed, legend=True
        ),
        class_name="card pad col g10",
    )
    message = rx.el.div(
        rx.el.div(t("accounts.sample_from"), class_name="t1 mut"),
        bubble(t("accounts.sample_text")),
        class_name="card pad col g8 f1",
    )
    cost = rx.el.div(
        rx.el.div(t("accounts.sample_cost"), class_name="t2 mut"),
        figure(credits(_COST), size=22),
        rx.el.div(t("accounts.sample_segments"), class_name="t2 mut"),
        class_name="card pad col g4",
    )
    return rx.el.div(
        rx.el.div(
            campaign,
            rx.el.div(message, cost, class_name="row g16 top"),
            class_name="col g16",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.p(t("accounts.promise_title"), class_name="promise"),
        rx.el.p(t("accounts.promise"), class_name="mut"),
        class_name="col g16",
    )


def other_page(question: rx.Var[str], label: rx.Var[str], href: str) -> rx.Component:
    """The line under a form that leads to the other one."""
    return rx.el.p(question, " ", link(label, href), class_name="t2 mut tac")
