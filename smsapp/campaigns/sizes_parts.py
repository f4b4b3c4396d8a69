"""The histogram of segments, and the window that names the people behind each of its bars."""

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var

from smsapp.campaigns.screen import Bin
from smsapp.campaigns.sizes import SizedRow
from smsapp.campaigns.sizes_state import SizesState as S
from smsapp.campaigns.state import ComposeState
from smsapp.i18n import t
from smsapp.ui import button, closing, dialog


def histogram() -> Component:
    """How many messages take how many segments, when they are not all alike; each figure leads to its people."""

    def share(b: Var[Bin]) -> Component:
        see = rx.el.button(
            t("campaigns.sizes.see", count=b.count), type="button", class_name="lk", on_click=S.open(b.segments)
        )
        words = t("campaigns.bin", segments=b.segments, count=b.count)
        return rx.el.div(rx.el.span(words, class_name="num"), " ", see, class_name="t2 mut", key=b.segments)

    bins = ComposeState.figures.histogram
    return rx.cond(bins, rx.el.div(rx.foreach(bins, share), class_name="row wrap g12"))


def sizes() -> Component:
    """Who takes that many segments, and the text that each of them gets."""

    def line(row: Var[SizedRow]) -> Component:
        return rx.el.li(
            rx.el.div(
                rx.el.div(rx.el.span(row.number, class_name="b5 num"), " ", row.name),
                rx.el.div(row.body, class_name="t2 mut"),
                class_name="f1",
            ),
            key=row.id,
        )

    first = t("campaigns.sizes.first", shown=S.rows.length(), count=S.total)
    return dialog(
        rx.cond(S.total > S.rows.length(), rx.el.p(first, class_name="say")),
        rx.el.ul(rx.foreach(S.rows, line), class_name="cmp-list cmp-out", tab_index=0),
        title=t("campaigns.sizes.title", count=S.segments),
        open=S.segments > 0,
        on_open_change=S.show,
        actions=[closing(button(t("campaigns.out.close")))],
        width="640px",
    )
