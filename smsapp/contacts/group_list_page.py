"""The page of groups (S69): lists and smart groups with their live count; make, rename, put together, delete."""

import reflex as rx
from reflex.components.component import Component

from smsapp.contacts.blacklist_page import ListsSheet
from smsapp.contacts.group_list_state import GroupsState as S
from smsapp.contacts.group_list_state import Line
from smsapp.contacts.smart_groups import KINDS
from smsapp.domain.delivery import Status
from smsapp.i18n import say, t
from smsapp.simulator.widget_parts import territory
from smsapp.ui import (
    Column,
    book_tabs,
    bulk_bar,
    button,
    closing,
    confirm,
    data_table,
    dialog,
    empty_state,
    field,
    icon_button,
    link_button,
    note,
    search_field,
    skeleton,
    status_badge,
    tag,
    text_field,
)
from smsapp.ui.icons import icon
from smsapp.web.frame import PageSpec, frame


def groups() -> Component:
    """/groups."""
    return frame(
        ListsSheet.create(),
        book_tabs("groups"),
        rx.el.div(
            search_field(t("groups.search"), value=S.search, on_change=S.find, debounce_timeout=180, max_length=200),
            class_name="desk-tools",
        ),
        rx.cond(S.rows.length() > 0, _list(), rx.cond(S.loaded, _nothing(), skeleton(6))),
        _bulk(),
        _naming(),
        _smart(),
        confirm(
            title=t("contacts.group_delete_q", name=S.name),
            say=t("contacts.group_delete_say"),
            keep=button(t("contacts.cancel")),
            go=button(t("contacts.group_delete"), role="danger", on_click=S.delete),
            open=S.dialog == "delete",
            on_open_change=S.close,
        ),
        title=t("groups.title"),
        active="groups",
        facts=rx.cond(S.loaded, rx.el.span(t("contacts.count_groups", count=S.total))),
        actions=[
            button(t("groups.new_smart"), name="sparkles", on_click=S.open("smart")),
            button(t("contacts.new_group"), role="primary", name="users", on_click=S.open("list")),
        ],
    )


def _list() -> Component:
    columns = [
        Column(t("groups.selection"), hidden=True, width="44px"),
        Column(t("contacts.group_name"), main=True),
        Column(t("groups.kind")),
        Column(t("groups.members"), right=True),
        Column(t("contacts.group_actions"), hidden=True),
    ]
    return rx.el.div(
        data_table(columns, S.rows, _cells, label=t("groups.table"), key=lambda row: row.key),
        rx.cond(S.hidden > 0, rx.el.p(t("groups.hidden", count=S.hidden), class_name="t2 mut")),
        class_name="desk-list",
    )


def _cells(row: rx.Var[Line]) -> list[Component | rx.Var[str]]:
    box = rx.el.input(
        type="checkbox",
        default_checked=row.ticked,
        aria_label=t("groups.tick", name=row.name),
        on_change=lambda on: S.tick(row.id, on),
    )
    name = rx.el.div(
        rx.cond(
            row.orphan,
            rx.el.span(row.name, class_name="cell el"),
            rx.el.a(row.name, href=row.url, class_name="cell el"),
        ),
        rx.cond(row.smart, rx.el.span(_said(row), class_name="under-text t1 mut")),
        class_name="named",
    )
    kind = rx.cond(
        row.smart, tag(t("groups.smart"), tone="indigo", name="sparkles"), tag(t("groups.list"), name="users")
    )
    acts = rx.el.div(
        link_button(t("contacts.write"), f"/compose?group={row.id}", role="soft", name="square-pen"),
        icon_button("pencil", t("groups.edit", name=row.name), on_click=S.edit(row.id)),
        icon_button("trash-2", t("groups.delete", name=row.name), on_click=S.ask_deletion(row.id, row.name)),
        class_name="acts",
    )
    return [
        box,
        name,
        kind,
        rx.el.span(
            rx.cond(row.members < 0, t("groups.counting"), t("contacts.count", count=row.members)), class_name="num nw"
        ),
        acts,
    ]


def _said(row: rx.Var[Line]) -> Component:
    """What a smart group asks for, in words."""
    parts = [
        (row.text != "", t("groups.said_text", text=row.text)),
        (row.base != "", t("groups.said_group", name=row.base)),
        (row.orphan, t("groups.said_gone")),
        (row.country != "", territory(row.country)),
        (row.state != "", rx.match(row.state, *((state, t(f"contacts.state_{state}")) for state in KINDS), "")),
        (row.status != "", rx.fragment(t("contacts.last_status"), " ", status_badge(row.status))),
    ]
    return rx.fragment(*(rx.cond(said, rx.el.span(words, class_name="part")) for said, words in parts))


def _nothing() -> Component:
    return rx.cond(
        S.search != "",
        empty_state("search", t("groups.none_found"), t("groups.none_found_why")),
        empty_state(
            "users",
            t("groups.empty"),
            t("groups.empty_why"),
            button(t("contacts.new_group"), role="soft", name="users", on_click=S.open("list")),
        ),
    )


def _bulk() -> Component:
    return bulk_bar(
        S.selected,
        rx.fragment(
            t("contacts.count_groups", count=S.selected),
            rx.cond(S.elsewhere > 0, rx.el.span(", ", t("contacts.elsewhere", count=S.elsewhere))),
        ),
        rx.cond(
            S.selected > 1,
            rx.el.button(icon("combine"), t("groups.merge"), type="button", on_click=S.open("merge")),
        ),
        rx.el.button(icon("x"), type="button", aria_label=t("groups.clear"), title=t("groups.clear"), on_click=S.clear),
    )


def _error() -> Component:
    return rx.cond(S.error.key != "", note(say(S.error), tone="red", alert=True))


def _name(id: str) -> Component:
    return text_field(
        id, t("contacts.group_name"), name="name", default_value=S.name, max_length=120, auto_complete="off"
    )


def _naming() -> Component:
    title = rx.match(
        S.dialog,
        ("merge", t("groups.merge")),
        ("rename", t("contacts.group_rename")),
        t("contacts.new_group"),
    )
    words = rx.match(
        S.dialog,
        ("merge", t("groups.merge_say", count=S.selected)),
        ("rename", t("groups.rename_say")),
        t("groups.new_say"),
    )
    go = rx.match(
        S.dialog,
        ("merge", t("groups.merge_go", count=S.selected)),
        ("rename", t("contacts.group_rename")),
        t("contacts.group_create"),
    )
    form = rx.form(
        _error(),
        _name("group-name"),
        rx.el.div(closing(button(t("contacts.cancel"))), button(go, role="primary", submit=True), class_name="acts"),
        on_submit=S.save,
        class_name="desk-form",
    )
    return dialog(
        form,
        title=title,
        say=words,
        open=(S.dialog == "list") | (S.dialog == "rename") | (S.dialog == "merge"),
        on_open_change=S.close,
        width="440px",
    )


def _smart() -> Component:
    """The filter, with who answers it now."""

    def choice(
        id: str, label: rx.Var[str], value: rx.Var[str], part: str, none: rx.Var[str], *options: Component
    ) -> Component:
        chosen = rx.el.select(
            rx.el.option(none, value=""),
            *options,
            value=value,
            id=id,
            name=id,
            on_change=lambda v: S.set_filter(part, v),
        )
        return field(rx.el.span(chosen, icon("chevron-down"), class_name="selbox block"), label, for_=id)

    form = rx.form(
        _error(),
        _name("smart-name"),
        text_field(
            "smart-text",
            t("groups.text"),
            hint=t("groups.text_hint"),
            value=S.text,
            on_change=lambda v: S.set_filter("text", v),
            debounce_timeout=200,
            max_length=200,
            auto_complete="off",
        ),
        rx.el.div(
            choice("smart-group", t("contacts.group"), S.base, "base", t("groups.any_group"),
                   rx.foreach(S.lists, lambda g: rx.el.option(g.label, value=g.value))),
            choice("smart-country", t("contacts.country"), S.country, "country", t("groups.any_country"),
                   rx.foreach(S.countries, lambda code: rx.el.option(territory(code), value=code))),
            choice("smart-state", t("contacts.state"), S.state, "state", t("groups.any_state"),
                   *(rx.el.option(t(f"contacts.state_{state}"), value=state) for state in KINDS)),
            choice("smart-status", t("contacts.last_status"), S.status, "status", t("groups.any_status"),
                   *(rx.el.option(t(status.key), value=status.value) for status in Status)),
            class_name="two",
        ),
        rx.el.p(
            rx.cond(S.found >= 0, t("groups.found", count=S.found), t("groups.ask")),
            class_name="t2 mut",
            aria_live="polite",
        ),
        rx.el.div(
            closing(button(t("contacts.cancel"))),
            button(t("groups.save"), role="primary", submit=True),
            class_name="acts",
        ),
        on_submit=S.save,
        class_name="desk-form",
    )  # fmt: skip
    return dialog(
        form,
        title=rx.cond(S.editing > 0, t("groups.smart"), t("groups.new_smart")),
        say=t("groups.smart_say"),
        open=S.dialog == "smart",
        on_open_change=S.close,
        width="560px",
    )


PAGES = [PageSpec("/groups", groups, "groups.title", [S.enter])]
