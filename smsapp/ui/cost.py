"""The price on screen: one box per segment, and the exact cost with its formula."""

from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.domain.credits import UNITS
from smsapp.i18n import credits, t
from smsapp.ui.layout import Text, figure


def segment_ruler(fills: rx.Var[list[int]], capacity: Any, encoding: rx.Var[str]) -> Component:
    """One box per segment, indigo under GSM-7, amber under UCS-2; the last one says how full it is.

    `stats = composer_stats("sms"); segment_ruler(stats.fills, stats.capacity, stats.encoding)`
    """

    def box(used: rx.Var[int], index: rx.Var[int]) -> Component:
        share = rx.el.b(custom_attrs={"style": {"width": f"{used * 100 / capacity}%"}})
        last = index == fills.length() - 1
        return rx.el.span(rx.el.i(share), rx.cond(last, f"{used}/{capacity}", rx.el.small(used)))

    return rx.el.div(
        rx.foreach(fills, box),
        role="img",
        class_name=rx.cond(encoding == "UCS-2", "ruler ucs2", "ruler"),
        custom_attrs={"aria-label": t("ui.ruler.sentence", count=fills.length())},
    )


def credit_word(units: Any) -> rx.Var[str]:
    """ "credit" or "credits", beside `credits(units)`."""
    return t("ui.credits", count=rx.Var.create(units).to(int) / UNITS)


def cost_line(units: Any, formula: Text | None = None, *, label: Text | None = None) -> Component:
    """The exact cost (units) and how it is made: `cost_line(S.total, S.formula)`; announced when it changes."""
    exact = t("ui.cost.exact", count=rx.Var.create(units).to(int) / UNITS)
    explained = [rx.el.span(formula, class_name="mut")] if formula is not None else []
    return rx.el.div(
        rx.el.div(figure(credits(units)), rx.el.span(label or exact), class_name="sum"),
        *explained,
        class_name="cost",
        custom_attrs={"aria-live": "polite"},
    )
