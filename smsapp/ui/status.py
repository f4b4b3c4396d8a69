"""Delivery on screen: tags, the status badge, the delivery bar with its legend (S47-S50).

The four statuses are always told apart by order, icon, words and hatch, never by colour alone.
"""

from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.domain.delivery import Status
from smsapp.i18n import number, t
from smsapp.ui.icons import icon
from smsapp.ui.layout import Text, Tone

ICONS: dict[Status, str] = {
    Status.RECEIVED: "check-check",
    Status.OPERATOR: "radio-tower",
    Status.SENT: "send",
    Status.ERROR: "octagon-x",
    Status.WAITING: "clock",
    Status.UNKNOWN: "circle-help",
    Status.EXCLUDED: "circle-slash",
}
BAR = (Status.RECEIVED, Status.OPERATOR, Status.SENT, Status.ERROR, Status.WAITING)
"""The order of the bar, everywhere the same."""


def tag(label: Text, *, tone: Tone = "gray", name: str | None = None) -> Component:
    """A small word on a tint: `tag("STOP")`, `tag(t("x.new"), tone="amber", name="info")`."""
    return rx.el.span(*([icon(name)] if name else []), label, class_name=f"tag {tone}")


def status_badge(status: rx.Var[str] | Status) -> Component:
    """The badge of one status; `status` is a value of `domain.delivery.Status`, fixed or from a row."""
    if isinstance(status, Status):
        return _badge(status)
    return rx.match(
        status, *((s.value, _badge(s)) for s in Status if s is not Status.EXCLUDED), _badge(Status.EXCLUDED)
    )


def _badge(status: Status) -> Component:
    return rx.el.span(icon(ICONS[status]), t(status.key), class_name=f"stb {status.value}")


def delivery_bar(
    *, received: Any, operator: Any, sent: Any, error: Any, waiting: Any = 0, legend: bool = False, small: bool = False
) -> Component:
    """One bar of counts (Vars or ints); a screen reader hears it as a sentence. `small` is the one of table rows.

    `delivery_bar(received=S.counts.received, operator=..., sent=..., error=..., waiting=..., legend=True)`
    """
    counts = dict(zip(BAR, (received, operator, sent, error, waiting), strict=True))
    sentence = t("ui.bar.sentence", **{status.value: count for status, count in counts.items()})
    bar = rx.el.div(
        *(_part(status, count) for status, count in counts.items()),
        role="img",
        class_name="dbar sm" if small else "dbar",
        custom_attrs={"aria-label": sentence},
    )
    return rx.el.div(bar, delivery_legend(counts), class_name="col g8") if legend else bar


def _part(status: Status, count: Any) -> Component:
    # A style of the element, not of a style sheet: every new count would else leave a class behind.
    return rx.el.i(
        class_name=f"fill-{status.value}",
        custom_attrs={"style": {"flexGrow": count}, "hidden": rx.Var.create(count).to(int) <= 0},
    )


def delivery_legend(counts: dict[Status, Any]) -> Component:
    """Icon, word and figure of each status that the bar shows (what still waits is the rest of the bar)."""
    return rx.el.div(
        *(
            rx.el.span(icon(ICONS[status]), t(status.key), rx.el.b(number(count)), class_name=status.value)
            for status, count in counts.items()
            if status is not Status.WAITING
        ),
        class_name="legend",
    )


def live_dot(state: Text = "") -> Component:
    """The pulse before a running campaign; `off` when it is over, `wait` when paused."""
    return rx.el.span(class_name=f"live {state}")
