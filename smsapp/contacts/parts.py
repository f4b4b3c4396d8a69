"""Pieces of the address book page: the list, the record, the form, the dialogs."""

import reflex as rx
from reflex.components.component import Component
from reflex_base.utils.imports import ImportDict

from smsapp.contacts.shown import GroupLine, Row, Tag
from smsapp.contacts.state import ContactsState as S
from smsapp.i18n import say, t
from smsapp.ui import (
    Choice,
    Column,
    avatar,
    bulk_bar,
    button,
    closing,
    confirm,
    data_table,
    dialog,
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
    tag,
    text_field,
)
from smsapp.ui.icons import icon

_SHEET = rx.asset("book.css", shared=True).importable_path


class BookSheet(rx.Fragment):
    """The style sheet of the address book."""

    def add_imports(self) -> ImportDict:
        return {"": [_SHEET]}


def tools() -> Component:
    """Search, group, order."""
    all_groups = rx.el.option(t("contacts.all_groups"), value="")
    choice = rx.el.span(
        rx.el.select(
            all_groups,
            rx.foreach(S.group_lines, lambda g: rx.el.option(g.label, value=g.value)),
            value=S.group,
            on_change=S.choose_group,
            aria_label=t("contacts.group"),
        ),
        icon("chevron-down"),
        class_name="selbox",
    )
    actions = menu(
        icon_button("ellipsis", t("contacts.group_actions")),
        menu_item(t("contacts.group_rename"), name="pencil", on_click=S.open_naming),
        menu_item(t("contacts.group_delete"), name="trash-2", danger=True, on_click=S.ask_group_deletion),
    )
    write = link_button(t("contacts.write_group"), f"/compose?group={S.group}", role="soft", name="square-pen")
    order = [
        Choice("name", t("contacts.sort_name"), href=S.by_name_url),
        Choice("newest", t("contacts.sort_newest"), href=S.newest_url),
    ]
    return rx.el.div(
        search_field(
            t("contacts.search"),
            default_value=S.search,
            on_change=S.find.debounce(180),
            max_length=200,
            key=S.search_key,
        ),
        choice,
        rx.cond(S.group != "", rx.fragment(write, actions)),
        segmented(order, S.sort, t("contacts.sort")),
        class_name="book-tools",
    )


def book() -> Component:
    """The list, or why there is none; beside it the record that is open."""
    table = rx.cond(S.rows.length() > 0, _list(), rx.cond(S.loaded, _nothing()))
    return rx.el.div(
        rx.el.div(table, _bulk(), class_name="list"),
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
        Column(t("contacts.state")),
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
        avatar(row.initials),
        rx.el.div(
            rx.el.a(row.name, href=row.url, class_name="cell"),
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
        rx.el.span(dots(row.tags), class_name="opt-in"),
        state_tag(row.state),
    ]


def dots(tags: rx.Var[list[Tag]]) -> Component:
    """The groups of a contact, each with its dot."""
    return rx.el.span(
        rx.foreach(tags, lambda g: rx.el.span(rx.el.i(class_name=g.tone), rx.el.span(g.name))), class_name="dots"
    )


def state_tag(state: rx.Var[str]) -> Component:
    """Active, invalid or blacklisted, in words and an icon."""
    return rx.match(
        state,
        ("blacklisted", tag(t("contacts.state_blacklisted"), name="ban")),
        ("invalid", tag(t("contacts.state_invalid"), tone="red", name="octagon-x")),
        tag(t("contacts.state_active"), tone="teal", name="check"),
    )


def _nothing() -> Component:
    """Why the list is empty, and the way out."""
    everything = link_button(t("contacts.show_all"), "/contacts")
    return rx.cond(
        S.search != "",
        empty_state("search", t("contacts.none_found"), t("contacts.none_found_why"), everything),
        rx.cond(
            S.group != "",
            empty_state("users", t("contacts.none_in_group"), t("contacts.none_in_group_why"), everything),
            empty_state(
                "contact",
                t("contacts.empty"),
                t("contacts.empty_why"),
                link_button(t("contacts.import_numbers"), "/import", role="primary", name="file-up"),
            ),
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
    elsewhere = rx.cond(S.elsewhere > 0, rx.fragment(", ", t("contacts.elsewhere", count=S.elsewhere)))
    return bulk_bar(
        S.selected,
        rx.fragment(t("contacts.count", count=S.selected), elsewhere),
        rx.el.a(icon("square-pen"), t("contacts.write"), href=S.compose_url),
        rx.el.button(icon("users"), t("contacts.do_group"), type="button", on_click=S.open_grouping),
        refuse,
        rx.el.button(icon("trash-2"), t("contacts.do_delete"), type="button", on_click=S.delete_selected),
        rx.el.button(
            icon("x"), type="button", aria_label=t("contacts.clear"), title=t("contacts.clear"), on_click=S.clear
        ),
    )


def record() -> Component:
    """The contact that is open: who it is, what can be done, the fields to edit (S62)."""
    head = rx.el.div(
        rx.cond(S.form.previous != "", _step("chevron-up", t("contacts.previous"), S.form.previous)),
        rx.cond(S.form.next != "", _step("chevron-down", t("contacts.following"), S.form.next)),
        rx.el.span(class_name="f1"),
        rx.el.a(
            icon("x"), href=S.close_url, class_name="ib", aria_label=t("contacts.close"), title=t("contacts.close")
        ),
        class_name="row g4",
    )
    person = rx.el.div(
        avatar(S.form.initials, large=True),
        rx.el.div(
            rx.el.h2(S.form.title, class_name="b6"), rx.el.div(dots(S.form.tags), class_name="t2 mut"), class_name="f1"
        ),
        state_tag(S.form.state),
        class_name="row g10",
    )
    acts = rx.el.div(
        link_button(t("contacts.write_to"), f"/compose?contacts={S.form.id}", role="soft", name="square-pen"),
        button(t("contacts.do_delete"), role="danger_soft", name="trash-2", on_click=S.delete_open),
        class_name="row g8 wrap",
    )
    return rx.el.aside(head, person, acts, contact_form("edit"), class_name="record", aria_label=t("contacts.record"))


def _step(name: str, label: rx.Var[str], href: rx.Var[str]) -> Component:
    return rx.el.a(icon(name), href=href, class_name="ib", aria_label=label, title=label)


def contact_form(name: str) -> Component:
    """The fields of a contact, as a form; ``name`` keeps the ids of two forms apart."""

    def field(field: str, value: rx.Var[str], label: rx.Var[str], **props: object) -> Component:
        return text_field(f"{name}-{field}", label, name=field, default_value=value, **props)

    fix = rx.cond(
        S.number_fix != "",
        rx.el.button(
            icon("wand-sparkles"),
            t("contacts.use", number=S.number_fix),
            type="button",
            class_name="lightbtn fix",
            on_click=S.use_fix,
        ),
    )
    return rx.form(
        rx.cond(S.form_error.key != "", note(say(S.form_error), tone="red", alert=True)),
        field(
            "number",
            S.form.number,
            t("contacts.field_number"),
            hint=t("contacts.field_number_hint"),
            error=say(S.number_error),
            required=True,
            max_length=60,
            auto_complete="off",
            input_mode="tel",
        ),
        fix,
        rx.el.div(
            field("prenom", S.form.prenom, t("contacts.field_prenom"), max_length=200, auto_complete="off"),
            field("nom", S.form.nom, t("contacts.field_nom"), max_length=200, auto_complete="off"),
            class_name="two",
        ),
        field(
            "email", S.form.email, t("contacts.field_email"), max_length=254, auto_complete="off", input_mode="email"
        ),
        field("societe", S.form.societe, t("contacts.field_societe"), max_length=200, auto_complete="off"),
        _group_boxes(),
        rx.el.div(
            *([closing(button(t("contacts.cancel")))] if name == "new" else []),
            button(t("contacts.save"), role="primary" if name == "new" else "soft", submit=True),
            class_name="acts",
        ),
        on_submit=S.save,
        key=S.form.key,
        class_name="contact-form",
    )


def _group_boxes() -> Component:
    def box(g: rx.Var[GroupLine]) -> Component:
        return rx.el.label(
            rx.el.input(type="checkbox", name=f"group-{g.value}", default_checked=g.ticked),
            rx.el.span(g.label),
            class_name="pill",
            key=g.value,
        )

    none = rx.el.span(t("contacts.no_groups"), class_name="t2 mut")
    return rx.el.fieldset(
        rx.el.legend(t("contacts.field_groups"), class_name="lab"),
        rx.cond(S.form_groups.length() > 0, rx.el.div(rx.foreach(S.form_groups, box), class_name="all"), none),
        class_name="pick-groups",
    )


def dialogs() -> Component:
    """The new contact, the group of a selection, the name of a group, and the question before a group goes."""
    error = rx.cond(S.group_error.key != "", note(say(S.group_error), tone="red", alert=True))
    chosen = rx.el.div(
        rx.el.label(t("contacts.group_choose"), html_for="group_chosen", class_name="lab"),
        rx.el.span(
            rx.el.select(
                rx.el.option(t("contacts.group_choose_none"), value=""),
                rx.foreach(S.group_lines, lambda g: rx.el.option(g.label, value=g.value)),
                id="group_chosen",
                name="group_chosen",
            ),
            icon("chevron-down"),
            class_name="selbox block",
        ),
        class_name="fld",
    )
    grouping = dialog(
        rx.form(
            error,
            rx.cond(S.selected > 0, chosen),
            text_field(
                "group_name",
                rx.cond(S.selected > 0, t("contacts.group_or_new"), t("contacts.group_name")),
                max_length=120,
                auto_complete="off",
            ),
            rx.el.div(
                closing(button(t("contacts.cancel"))),
                button(
                    rx.cond(S.selected > 0, t("contacts.do_group"), t("contacts.group_create")),
                    role="primary",
                    submit=True,
                ),
                class_name="acts",
            ),
            on_submit=S.put_in_group,
            class_name="contact-form",
        ),
        title=rx.cond(S.selected > 0, t("contacts.group_dialog"), t("contacts.new_group")),
        say=t("contacts.group_dialog_say"),
        open=S.grouping,
        on_open_change=S.set_grouping,
        width="440px",
    )
    naming = dialog(
        rx.form(
            error,
            text_field(
                "new_name", t("contacts.group_name"), default_value=S.group_name, max_length=120, auto_complete="off"
            ),
            rx.el.div(
                closing(button(t("contacts.cancel"))),
                button(t("contacts.group_rename"), role="primary", submit=True),
                class_name="acts",
            ),
            on_submit=S.rename_group,
            class_name="contact-form",
        ),
        title=t("contacts.group_rename"),
        open=S.naming,
        on_open_change=S.set_naming,
        width="440px",
    )
    deletion = confirm(
        title=t("contacts.group_delete_q", name=S.group_name),
        say=t("contacts.group_delete_say"),
        keep=button(t("contacts.cancel")),
        go=button(t("contacts.group_delete"), role="danger", on_click=S.delete_group),
        open=S.deleting_group,
        on_open_change=S.set_deleting_group,
    )
    new = dialog(
        contact_form("new"),
        title=t("contacts.new"),
        open=S.creating,
        on_open_change=S.set_creating,
        width="520px",
    )
    return rx.fragment(new, grouping, naming, deletion)
