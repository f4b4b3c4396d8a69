"""Pieces of the address book page: search and filters, the list, the bar of the selection."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex_base.utils.imports import ImportDict

from smsapp.contacts.listing import STATES
from smsapp.contacts.record_parts import dots, record, state_tag
from smsapp.contacts.shown import Row
from smsapp.contacts.state import ContactsState as S
from smsapp.domain.delivery import Status
from smsapp.i18n import t
from smsapp.simulator.widget_parts import territory
from smsapp.ui import (
    Choice,
    Column,
    avatar,
    bulk_bar,
    button,
    confirm,
    data_table,
    empty_state,
    icon_button,
    link_button,
    menu,
    menu_item,
    note,
    pagination,
    phone,
    search_field,
    segmented,
    status_badge,
)
from smsapp.ui.icons import icon

_SHEET = rx.asset("book.css", shared=True).importable_path


class BookSheet(rx.Fragment):
    """The style sheet of the address book."""

    def add_imports(self) -> ImportDict:
        return {"": [_SHEET]}


def tools() -> Component:
    """Search, filters, order; what can be done with the group that is shown."""
    actions = menu(
        "group-actions",
        "ellipsis",
        t("contacts.group_actions"),
        menu_item("group-actions", t("contacts.group_rename"), name="pencil", on_click=S.open_naming),
        menu_item(
            "group-actions", t("contacts.group_delete"), name="trash-2", danger=True, on_click=S.ask_group_deletion
        ),
    )
    write = link_button(t("contacts.write_group"), f"/compose?group={S.group}", role="soft", name="square-pen")
    order = [
        Choice("name", t("contacts.sort_name"), href=S.by_name_url),
        Choice("newest", t("contacts.sort_newest"), href=S.newest_url),
    ]
    return rx.el.div(
        search_field(
            t("contacts.search"),
            key_hint=True,
            default_value=S.search,
            on_change=S.find.debounce(180),
            max_length=200,
            key=S.search_key,
        ),
        rx.el.div(
            _filter(
                "users",
                t("contacts.group"),
                S.group,
                S.choose_group,
                rx.foreach(S.group_lines, lambda g: rx.el.option(g.label, value=g.value)),
            ),
            _filter(
                "circle-dot",
                t("contacts.last_status"),
                S.last,
                lambda value: S.choose("status", value),
                *(rx.el.option(t(status.key), value=status.value) for status in Status),
            ),
            _filter(
                "globe",
                t("contacts.country"),
                S.country,
                lambda value: S.choose("country", value),
                rx.foreach(S.countries, lambda code: rx.el.option(territory(code), value=code)),
            ),
            _filter(
                "user-check",
                t("contacts.state"),
                S.standing,
                lambda value: S.choose("state", value),
                *(rx.el.option(t(f"contacts.state_{state}"), value=state) for state in STATES),
            ),
            rx.cond(S.group != "", rx.fragment(write, actions)),
            segmented(order, S.sort, t("contacts.sort")),
            rx.cond(
                _narrowed() & (S.standing != "deleted"),
                icon_button("sparkles", t("contacts.save_view"), on_click=S.open_saving),
            ),
            _files("export-view", t("contacts.export_view"), S.export_view),
            class_name="filters",
        ),
        class_name="book-tools",
    )


def _narrowed() -> rx.Var[bool]:
    """Whether the view is a part of the book that a filter names, a group apart."""
    return (S.search != "") | (S.standing != "") | (S.last != "") | (S.country != "")


def _files(id: str, label: rx.Var[str], fetch: Any, *, words: bool = False) -> Component:
    """The kinds of files that contacts leave as."""
    return menu(
        id,
        "download",
        label,
        menu_item(id, t("contacts.export_csv"), name="file-text", on_click=fetch("csv")),
        menu_item(id, t("contacts.export_xlsx"), name="file-spreadsheet", on_click=fetch("xlsx")),
        words=words,
    )


def _filter(name: str, label: rx.Var[str], value: rx.Var[str], on_change: Any, *options: Component) -> Component:
    """A choice whose first line is its own name: everything."""
    return rx.el.span(
        icon(name),
        rx.el.select(
            rx.el.option(label, value=""), *options, value=value, on_change=on_change, aria_label=label,
        ),
        icon("chevron-down"),
        class_name=rx.cond(value != "", "selbox led on", "selbox led"),
    )  # fmt: skip


def book() -> Component:
    """The list, or why there is none; beside it the record that is open."""
    table = rx.cond(S.rows.length() > 0, _list(), rx.cond(S.loaded, _nothing()))
    filling = rx.cond(
        S.filling != "",
        rx.el.div(note(t("contacts.filling", name=S.filling, count=S.filled)), class_name="filling", role="status"),
    )
    return rx.el.div(
        rx.el.div(filling, table, _bulk(), class_name="list"),
        rx.cond(S.form.id > 0, record()),
        class_name=rx.cond(S.form.id > 0, "book opened", "book"),
    )


def _list() -> Component:
    columns = [
        Column(_page_box()),
        Column(t("contacts.name"), main=True),
        Column(t("contacts.number")),
        Column(t("contacts.company")),
        Column(t("contacts.groups")),
        Column(t("contacts.last_sms")),
    ]
    return rx.fragment(
        rx.el.label(_page_box(), rx.el.span(t("contacts.tick_page")), class_name="check whole"),
        data_table(
            columns,
            S.rows,
            _cells,
            label=t("contacts.table"),
            key=lambda r: r.key,
            row_class=lambda r: rx.cond(r.open, "act", rx.cond(r.ticked, "seld", "")),
        ),
        pagination(S.prev_url, S.next_url, t("contacts.shown", count=S.rows.length())),
    )


def _page_box() -> Component:
    """Selects the page that is shown, or none of it; a phone has no header row, so the box stands above the list."""
    return rx.el.input(
        type="checkbox",
        checked=S.page_ticked,
        aria_label=t("contacts.tick_page"),
        on_change=S.tick_page,
    )


def _cells(row: rx.Var[Row]) -> list[Component | rx.Var[str]]:
    box = rx.el.input(
        type="checkbox",
        default_checked=row.ticked,
        aria_label=t("contacts.tick", name=row.name),
        on_change=lambda on: S.tick(row.id, on),
    )
    name = rx.el.div(
        avatar(row.initials, tone="own"),
        rx.el.div(
            rx.cond(
                row.url != "",
                rx.el.a(row.name, href=row.url, class_name="cell"),
                rx.el.span(row.name, class_name="cell"),
            ),
            rx.el.span(row.number, class_name="under num"),
            class_name="f1",
        ),
        class_name="who-cell",
    )
    return [
        box,
        name,
        rx.el.span(phone(row.number), class_name="opt-in"),
        rx.el.span(row.company, class_name="opt-in"),
        rx.el.span(dots(row.tags, 2), class_name="opt-in"),
        rx.cond(
            row.state != "active",
            state_tag(row.state),
            rx.cond(row.status != "", status_badge(row.status), rx.el.span(t("contacts.no_sms"), class_name="mut")),
        ),
    ]


def _nothing() -> Component:
    """Why the list is empty, and the way out."""
    everything = link_button(t("contacts.show_all"), "/contacts")
    ways_in = [
        link_button(t("contacts.import_numbers"), "/import", role="primary", name="file-up"),
        button(t("contacts.new"), name="user-plus", on_click=S.open_new),
    ]
    return rx.cond(
        _narrowed(),
        empty_state("search", t("contacts.none_found"), t("contacts.none_found_why"), everything),
        rx.cond(
            S.group != "",
            empty_state("users", t("contacts.none_in_group"), t("contacts.none_in_group_why"), everything),
            empty_state("contact", t("contacts.empty"), t("contacts.empty_why"), *ways_in),
        ),
    )


def _bulk() -> Component:
    refuse = confirm(
        trigger=rx.el.button(icon("ban"), t("contacts.do_blacklist"), type="button"),
        title=t("contacts.blacklist_q", count=S.selected),
        say=t("contacts.blacklist_say"),
        keep=button(t("contacts.cancel")),
        go=button(t("contacts.do_blacklist"), role="danger", on_click=S.blacklist_selected),
    )
    export = _files("export-selected", t("contacts.do_export"), S.export_selected, words=True)
    elsewhere = rx.cond(S.elsewhere > 0, _also(t("contacts.elsewhere", count=S.elsewhere)))
    elsewhere = rx.cond(S.everyone, _also(t("contacts.everyone")), elsewhere)
    more = (S.prev_url != "") | (S.next_url != "")
    write = (icon("square-pen"), t("contacts.write"))
    living = rx.fragment(
        rx.cond(
            S.compose_url != "",
            rx.el.a(*write, href=S.compose_url),
            rx.el.button(*write, type="button", on_click=S.write_selected),
        ),
        rx.el.button(icon("users"), t("contacts.do_group"), type="button", on_click=S.open_grouping),
        rx.cond(
            (S.group != "") & ~S.everyone,
            rx.el.button(icon("user-minus"), t("contacts.ungroup"), type="button", on_click=S.take_out_of_group),
        ),
        export,
        rx.cond(
            ~S.everyone,
            rx.fragment(
                refuse,
                rx.el.button(
                    icon("trash-2"), t("contacts.do_delete"), type="button", class_name="red",
                    on_click=S.delete_selected,
                ),
            ),
        ),
    )  # fmt: skip
    gone = rx.el.button(icon("undo-2"), t("contacts.do_restore"), type="button", on_click=S.restore_selected)
    return bulk_bar(
        S.selected,
        rx.fragment(t("contacts.count", count=S.selected), elsewhere),
        rx.cond(
            more & ~S.everyone,
            rx.el.button(t("contacts.tick_all"), type="button", class_name="all", on_click=S.tick_all),
        ),
        rx.cond(S.standing == "deleted", gone, living),
        rx.el.button(
            icon("x"), type="button", class_name="x",
            aria_label=t("contacts.clear"), title=t("contacts.clear"), on_click=S.clear,
        ),
    )  # fmt: skip


def _also(words: rx.Var[str]) -> Component:
    """The second line of what is selected."""
    return rx.el.span(rx.el.span(", ", class_name="sr-only"), words, class_name="also")
