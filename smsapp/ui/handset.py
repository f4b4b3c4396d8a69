"""The phone that shows a message as its recipient will read it."""

import reflex as rx
from reflex.components.component import Component

from smsapp.ui.icons import icon
from smsapp.ui.layout import Child, Text, avatar


def phone_frame(
    *bubbles: Component, sender: Text, initial: Text, clock: Text = "09:00", when: Text = "", aside: Text = ""
) -> Component:
    """A phone with the sender's name, the messages and a remark: `phone_frame(bubble(S.preview), sender=S.sender,
    initial="L")`.
    """
    hidden = {"aria-hidden": "true"}
    signs = rx.el.span(icon("signal"), icon("wifi"), icon("battery-full"), class_name="row g4 i12")
    return rx.el.div(
        rx.el.div(
            rx.el.div(rx.el.span(clock, class_name="num"), signs, class_name="status", custom_attrs=hidden),
            rx.el.div(avatar(initial, tone="gray"), rx.el.span(sender), class_name="from"),
            rx.el.div(rx.el.div(when, class_name="when"), *bubbles, class_name="thread"),
            rx.el.div(aside, class_name="aside"),
            class_name="scr",
        ),
        class_name="phone",
    )


def bubble(text: Child) -> Component:
    """One message."""
    return rx.el.div(text, class_name="bubble")
