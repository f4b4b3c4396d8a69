"""The month of plans (board 10): six weeks, days on which marketing may not leave, campaigns at their hour."""

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var

from smsapp.i18n import dated, t
from smsapp.planning.shown import Cell, Item
from smsapp.planning.state import PlanningState as S
from smsapp.ui.icons import icon

WEEK = [f"2026-06-{15 + n}T12:00" for n in range(7)]  # any Monday to Sunday


def calendar() -> Component:
    """A month, and the way to its neighbours."""
    head = rx.el.div(
        rx.el.h2(dated(S.month, "month"), class_name="big x22 month", role="status"),
        rx.el.a(icon("chevron-left"), href=S.earlier_url, class_name="ib", aria_label=t("planning.earlier")),
        rx.el.a(icon("chevron-right"), href=S.later_url, class_name="ib", aria_label=t("planning.later")),
        rx.el.a(t("planning.this_month"), href="/scheduled?view=calendar", class_name="pg"),
        rx.el.span(rx.el.i(class_name="hatched"), t("planning.closed"), class_name="end row g8 mut t2"),
        class_name="row g10 wrap cal-head",
    )
    days = rx.el.div(
        *(rx.el.div(dated(day, "weekday"), class_name="wd") for day in WEEK),
        class_name="cal-week",
        custom_attrs={"aria-hidden": "true"},
    )
    beyond = rx.cond(S.hidden > 0, rx.el.p(t("planning.hidden", count=S.hidden), class_name="t2 mut"))
    return rx.el.div(head, days, rx.el.ul(rx.foreach(S.cells, _cell), class_name="cal"), beyond, class_name="cal-box")


def _cell(cell: Var[Cell]) -> Component:
    look = rx.cond(cell.closed, "closed ", "")
    place = rx.cond(cell.inside, rx.cond(cell.past, "past", ""), "outside")
    number = rx.cond(cell.today, "n today", "n")
    words = rx.cond(cell.closed, t("planning.day_closed"), "")
    more = rx.cond(cell.more > 0, rx.el.span(t("planning.more", count=cell.more), class_name="t1 mut more"))
    return rx.el.li(
        rx.el.span(
            rx.el.span(cell.number, class_name=number, custom_attrs={"aria-hidden": "true"}),
            rx.el.span(dated(cell.day, "whole"), " ", words, class_name="sr-only"),
        ),
        rx.foreach(cell.listed, _item),
        more,
        class_name=look + place + rx.cond(cell.listed.length() > 0, " some", ""),
        key=cell.day,
    )


def _item(item: Var[Item]) -> Component:
    sign = rx.match(
        item.look,
        ("plan", icon("clock")),
        ("short", icon("triangle-alert")),
        ("missed", icon("clock-alert")),
        ("going", icon("play")),
        icon("check"),
    )
    inside = rx.fragment(sign, rx.el.span(item.hour, " ", item.title, class_name="el num"))
    look = "ev " + item.look
    return rx.cond(
        item.url != "",
        rx.el.a(inside, href=item.url, class_name=look),
        rx.el.button(inside, type="button", class_name=look, on_click=S.ask(item.id, "sheet")),
    )
