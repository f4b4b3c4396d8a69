"""The page of the gateways: the list in the order in which they are asked, and what to do with each."""

import reflex as rx
from reflex.components.component import Component

from smsapp.contacts.blacklist_page import ListsSheet
from smsapp.i18n import message, moment, t
from smsapp.operator.parts import form
from smsapp.operator.shown import Line
from smsapp.operator.state import GatewaysState as S
from smsapp.ui import (
    Column,
    button,
    confirm,
    data_table,
    empty_state,
    icon_button,
    link_button,
    note,
    skeleton,
    tag,
)
from smsapp.web.frame import PageSpec, frame


def gateways() -> Component:
    """/operator/gateways; for anybody but an operator, the words of an address where there is nothing."""
    return frame(
        ListsSheet.create(),
        rx.cond(S.loaded, rx.cond(S.allowed, _all(), _nowhere()), skeleton(6)),
        title=rx.cond(S.loaded & ~S.allowed, t("web.no_page"), t("operator.title")),
        active="gateways",
        facts=rx.cond(S.allowed, rx.el.span(t("operator.lead"))),
        actions=[
            rx.cond(S.allowed, button(t("operator.add"), role="primary", name="plus", on_click=S.open_new)),
        ],
    )


def _nowhere() -> Component:
    return rx.el.div(
        rx.el.p(t("web.no_page.why"), class_name="mut"),
        rx.el.div(link_button(t("web.no_page.home"), "/dashboard", name="arrow-left"), class_name="row"),
        class_name="col g16",
    )


def _all() -> Component:
    return rx.el.div(
        rx.cond(
            S.configured,
            rx.fragment(),
            note(rx.el.b(t("operator.simulated")), rx.el.p(t("operator.simulated_how"), class_name="t2")),
        ),
        rx.cond(S.rows.length() > 0, _list(), empty_state("radio-tower", t("operator.none"), t("operator.none_why"))),
        rx.cond(S.strangers > 0, rx.el.p(t("operator.strangers", count=S.strangers), class_name="t2 mut")),
        form(),
        confirm(
            title=t("operator.remove_q", name=S.name),
            say=t("operator.remove_say"),
            keep=button(t("operator.keep")),
            go=button(t("operator.remove_go"), role="danger", on_click=S.remove),
            open=S.dialog == "remove",
            on_open_change=S.close,
        ),
        class_name="col g16",
    )


def _list() -> Component:
    columns = [
        Column(t("operator.gateway"), main=True),
        Column(t("operator.state")),
        Column(t("operator.health"), wide=True),
        Column(t("operator.actions"), hidden=True),
    ]
    table = data_table(columns, S.rows, _cells, label=t("operator.title"), key=lambda row: row.name)
    return rx.el.div(table, class_name="desk-list")


def _cells(row: rx.Var[Line]) -> list[Component]:
    name = rx.el.div(
        rx.el.span(row.name, class_name="b6 el"),
        rx.el.span(
            message("operator.kind." + row.kind),
            rx.cond(row.territories != "", " · " + row.territories, ""),
            class_name="t1 mut",
        ),
        class_name="named",
    )
    state = rx.cond(
        row.on, tag(t("operator.on"), tone="teal", name="check"), tag(t("operator.off"), tone="gray", name="pause")
    )
    acts = rx.el.div(
        button(
            t("operator.test"),
            role="soft",
            name="activity",
            busy=S.testing == row.name,
            on_click=S.test(row.name),
            aria_label=t("operator.test_one", name=row.name),
        ),
        icon_button("arrow-up", t("operator.up", name=row.name), on_click=S.move(row.name, True), disabled=row.first),
        icon_button(
            "arrow-down", t("operator.down", name=row.name), on_click=S.move(row.name, False), disabled=row.last
        ),
        rx.cond(
            row.on,
            icon_button("pause", t("operator.turn_off", name=row.name), on_click=S.switch(row.name, False)),
            icon_button("play", t("operator.turn_on", name=row.name), on_click=S.switch(row.name, True)),
        ),
        icon_button("pencil", t("operator.edit", name=row.name), on_click=S.edit(row.name)),
        icon_button("trash-2", t("operator.remove", name=row.name), on_click=S.ask_removal(row.name)),
        class_name="acts",
    )
    return [name, state, _health(row), acts]


def _order(name: str, label: rx.Var[str], row: rx.Var[Line], up: bool, end: rx.Var[bool]) -> Component:
    return icon_button(name, label, on_click=S.move(row.name, up), disabled=end)


def _health(row: rx.Var[Line]) -> Component:
    """What the last test said, and what troubles the gateway."""

    def line(*words: object) -> Component:
        return rx.el.span(*words, class_name="why t2")

    quiet = (row.word == "") & row.readable & (row.trouble == "") & (row.rests_until == "")
    return rx.el.div(
        rx.cond(row.readable, rx.fragment(), line(t("operator.sealed"))),
        rx.cond(row.word != "", line(message(row.word))),
        rx.cond(row.balance != "", line(t("operator.balance", balance=row.balance))),
        rx.cond(row.trouble != "", line(t("operator.trouble", cause=message(row.trouble), since=moment(row.since)))),
        rx.cond(row.rests_until != "", line(t("operator.rests", until=moment(row.rests_until)))),
        rx.cond(row.refused > 0, line(t("operator.refused", count=row.refused))),
        rx.cond(quiet, line(t("operator.untested"))),
        aria_live="polite",
    )


PAGES = [PageSpec("/operator/gateways", gateways, "operator.title", [S.enter])]
