"""Pieces of the page of plans: the list in groups, what the balance does not cover, the questions."""

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var
from reflex_base.utils.imports import ImportDict

from smsapp.i18n import credits, dated, number, t
from smsapp.planning.shown import Row
from smsapp.planning.state import PlanningState as S
from smsapp.ui import (
    bubble,
    button,
    closing,
    confirm,
    credit_word,
    dialog,
    empty_state,
    link_button,
    note,
    pagination,
    tag,
)
from smsapp.ui.icons import icon

_SHEET = rx.asset("planning.css", shared=True).importable_path
_GROUPS = ("missed", "today", "tomorrow", "week", "next_week", "later")


class PlanningSheet(rx.Fragment):
    """The style sheet of this page."""

    def add_imports(self) -> ImportDict:
        return {"": [_SHEET]}


def plans() -> Component:
    """The plans, the next one first, with what can be done to each (S34, S36, S37)."""
    head = rx.el.tr(
        rx.el.th(t("planning.when"), scope="col", role="columnheader"),
        rx.el.th(t("planning.campaign"), scope="col", role="columnheader"),
        rx.el.th(t("planning.recipients"), scope="col", role="columnheader", class_name="r"),
        rx.el.th(t("planning.cost"), scope="col", role="columnheader", class_name="r"),
        rx.el.th(t("planning.actions"), scope="col", role="columnheader", class_name="r"),
        role="row",
    )
    table = rx.el.table(
        rx.el.thead(head, role="rowgroup"),
        rx.el.tbody(rx.foreach(S.rows, _plan), role="rowgroup"),
        class_name="tb two plans",
        role="table",
    )
    return rx.fragment(
        rx.el.div(table, class_name="tbox", role="region", tab_index=0, aria_label=t("planning.title")),
        rx.cond((S.prev_url != "") | (S.next_url != ""), pagination(S.prev_url, S.next_url)),
    )


def _plan(row: Var[Row]) -> Component:
    names = rx.match(row.group, *[(one, t(f"planning.group.{one}")) for one in _GROUPS], "")
    group = rx.el.tr(
        rx.el.td(rx.el.b(names), " ", rx.el.span(number(row.size), class_name="mut"), col_span=5, role="cell"),
        class_name="group",
        role="row",
    )
    when = rx.el.div(
        rx.el.span(dated(row.day, "date"), class_name="b5 day"),
        rx.el.span(row.hour, rx.cond(row.zone != "", rx.el.span(" ", row.zone)), class_name="mut num"),
        class_name="col",
    )
    what = rx.el.div(
        rx.el.span(
            rx.el.span(row.title, class_name="b5 el"),
            rx.cond(row.missed, tag(t("planning.missed"), tone="amber", name="clock-alert")),
            class_name="row g8",
        ),
        rx.el.span(row.text, class_name="mut el"),
        class_name="col campaign",
    )
    lacks = rx.el.span(icon("triangle-alert"), t("planning.short"), class_name="row g4 tx-warn nw i14")
    price = rx.el.div(
        rx.el.span(credits(row.units)),
        rx.cond(row.short, lacks, rx.el.span(" ", credit_word(row.units), class_name="mut")),
        class_name="col price",
    )
    people = rx.el.span(
        number(row.recipients),
        rx.el.span(" ", t("planning.recipients_unit", count=row.recipients), class_name="on-phone"),
    )
    acts = rx.el.div(
        rx.cond(row.missed, _act("send", t("planning.now"), row, S.ask(row.id, "now"))),
        _act("pencil", t("planning.edit"), row, S.edit(row.id)),
        _act("copy", t("planning.copy"), row, S.copy_plan(row.id)),
        _act("trash-2", t("planning.delete"), row, S.ask(row.id, "delete"), red=True),
        class_name="acts",
    )
    line = rx.el.tr(
        rx.el.td(when, role="cell"),
        rx.el.td(what, class_name="lead", role="cell"),
        rx.el.td(people, class_name="r", role="cell"),
        rx.el.td(price, class_name="r", role="cell"),
        rx.el.td(acts, class_name="r wide", role="cell"),
        role="row",
    )
    return rx.fragment(rx.cond(row.first, group), line, key=row.id)


def _act(name: str, label: Var[str], row: Var[Row], on_click: object, *, red: bool = False) -> Component:
    """What can be done to one plan; its title is read out after the word."""
    return rx.el.button(
        icon(name),
        rx.el.span(label),
        rx.el.span(" ", row.title, class_name="sr-only"),
        type="button",
        class_name="pact red" if red else "pact",
        on_click=on_click,
    )


def missing() -> Component:
    """What all plans will need is more than there is (M22)."""
    said = rx.fragment(
        rx.el.b(t("planning.need", count=S.scheduled, units=S.units, available=S.available)),
        " ",
        t("planning.need_why", title=S.short_title, date=S.short_date),
    )
    return rx.cond(S.short_title != "", rx.el.div(note(said, tone="amber"), class_name="plans-note"))


def empty() -> Component:
    return empty_state(
        "calendar-clock",
        t("planning.none"),
        t("planning.none_why"),
        link_button(t("ui.nav.new"), "/compose", role="soft", name="square-pen"),
    )


def questions() -> Component:
    """Before a plan goes, before one leaves at once; and the sheet of one in the calendar."""
    a = S.asked
    sheet = dialog(
        rx.el.div(bubble(a.text), class_name="plan-text"),
        rx.el.div(
            rx.el.span(t("planning.people", count=a.recipients), class_name="mut f1"),
            rx.el.b(t("planning.units", units=a.units)),
            class_name="row g8",
        ),
        title=a.title,
        say=t("planning.sheet_when", date=a.date, zone=a.zone),
        open=S.question == "sheet",
        on_open_change=S.show,
        width="440px",
        actions=[
            closing(button(t("planning.close"))),
            button(t("planning.delete"), role="danger_soft", name="trash-2", on_click=S.ask(a.id, "delete")),
            button(t("planning.copy"), name="copy", on_click=S.copy_plan(a.id)),
            rx.cond(
                a.missed,
                button(t("planning.now"), role="soft", name="send", on_click=S.ask(a.id, "now")),
                button(t("planning.edit"), role="soft", name="pencil", on_click=S.edit(a.id)),
            ),
        ],
    )
    return rx.fragment(
        sheet,
        confirm(
            title=t("planning.delete_q", title=a.title),
            say=t("planning.delete_say", date=a.date, count=a.recipients),
            keep=button(t("planning.keep")),
            go=button(t("planning.delete_go", count=a.recipients), role="danger", on_click=S.delete),
            open=S.question == "delete",
            on_open_change=S.show,
        ),
        confirm(
            title=t("planning.now_q", title=a.title),
            say=t("planning.now_say", date=a.date, count=a.recipients, units=a.units),
            keep=button(t("planning.keep")),
            go=button(t("planning.now_go", count=a.recipients), role="primary", on_click=S.send_now),
            open=S.question == "now",
            on_open_change=S.show,
        ),
    )
