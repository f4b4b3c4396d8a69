"""Pieces that the pages of this room share: the state of a campaign, its bar, its place and rate."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex_base.utils.imports import ImportDict

from smsapp.i18n import clock, number, percent, t
from smsapp.reports.drawing import Mark
from smsapp.reports.screen import Counts
from smsapp.ui import delivery_bar, tag

_SHEET = rx.asset("reports.css", shared=True).importable_path


class ReportsSheet(rx.Fragment):
    """The style sheet of the dashboard and the reports."""

    def add_imports(self) -> ImportDict:
        return {"": [_SHEET]}


def placed(css: dict[str, Any]) -> dict[str, Any]:
    """The style of one element, some of it from a state. As a Var: Reflex does not look for states inside a dict."""
    return {"style": rx.Var.create(css)}


def state_tag(state: rx.Var[str]) -> Component:
    """The state of a campaign, in words and an icon."""
    return rx.match(
        state,
        ("running", tag(t("reports.page.state.running"), tone="teal", name="circle-play")),
        ("materialising", tag(t("reports.page.state.materialising"), tone="teal", name="loader-circle")),
        ("paused", tag(t("reports.page.state.paused"), tone="amber", name="pause")),
        ("paused_no_credit", tag(t("reports.page.state.paused_no_credit"), tone="amber", name="triangle-alert")),
        ("cancelled", tag(t("reports.page.state.cancelled"), name="circle-slash")),
        ("missed", tag(t("reports.page.state.missed"), tone="amber", name="clock-alert")),
        ("scheduled", tag(t("reports.page.state.scheduled"), tone="indigo", name="calendar-clock")),
        tag(t("reports.page.state.finished"), name="check"),
    )


def bar(counts: rx.vars.ObjectVar[Counts], *, legend: bool = False, small: bool = False) -> Component:
    """The delivery bar of a campaign; what is unknown or was put aside stands with what waits."""
    rest = counts.waiting + counts.unknown
    return delivery_bar(
        received=counts.received,
        operator=counts.operator,
        sent=counts.sent,
        error=counts.error,
        waiting=rest,
        legend=legend,
        small=small,
    )


def rate(counts: rx.vars.ObjectVar[Counts]) -> rx.Var[str]:
    """The share received among the messages whose end is known; nothing while there are none."""
    return rx.cond(counts.rate >= 0, percent(counts.rate), "")


def dot_of(state: rx.Var[str]) -> Component:
    """The pulse of a campaign on its way, still when it is paused."""
    waits = (state == "paused") | (state == "paused_no_credit")
    return rx.el.span(class_name=rx.cond(waits, "live wait", "live"))


def going(
    state: rx.Var[str], speed: rx.Var[int], ends_at: rx.Var[str], resumes_at: rx.Var[str]
) -> rx.Var[str] | Component:
    """How fast a campaign leaves and until when, or why it does not move."""
    return rx.match(
        state,
        ("paused", t("reports.page.going.paused")),
        ("paused_no_credit", t("reports.page.going.no_credit")),
        ("materialising", t("reports.page.going.materialising")),
        rx.cond(
            resumes_at != "",
            t("reports.page.going.later", at=resumes_at),
            rx.cond(
                speed > 0,
                rx.cond(
                    ends_at != "",
                    t("reports.page.going.until", speed=speed, at=ends_at),
                    t("reports.page.going.speed", speed=speed),
                ),
                t("reports.page.going.now"),
            ),
        ),
    )


def up_axis(marks: rx.Var[list[Mark]]) -> Component:
    """Lines across a chart with their figures at the left."""

    def line(mark: rx.Var[Mark]) -> Component:
        return rx.el.div(
            rx.el.span(number(mark.value)),
            class_name="gridline",
            custom_attrs=placed({"top": f"{mark.at}%"}),
            key=mark.at,
        )

    return rx.el.div(rx.foreach(marks, line), class_name="up", custom_attrs={"aria-hidden": "true"})


def across_axis(marks: rx.Var[list[Mark]]) -> Component:
    """The hours below a chart."""

    def at(mark: rx.Var[Mark]) -> Component:
        return rx.el.span(clock(mark.iso), custom_attrs=placed({"left": f"{mark.at}%"}), key=mark.iso)

    return rx.el.div(rx.foreach(marks, at), class_name="across", custom_attrs={"aria-hidden": "true"})


def figures_table(*columns: rx.Var[str], rows: Component) -> Component:
    """The figures behind a chart, for who wants to read or hear them."""
    head = rx.el.thead(rx.el.tr(*(rx.el.th(column, scope="col") for column in columns)))
    return rx.el.details(
        rx.el.summary(t("reports.page.see_figures")),
        rx.el.div(rx.el.table(head, rx.el.tbody(rows), class_name="tb"), class_name="tbox", tab_index=0),
        class_name="figures",
    )
