"""The blacklist page (S73, S74): numbers with reason, date and origin; adding by hand, lifting with a reason."""

import reflex as rx
from reflex.components.component import Component
from reflex.vars import FunctionStringVar
from reflex_base.utils.imports import ImportDict

from smsapp.contacts.blacklist_state import BlacklistState as S
from smsapp.contacts.blacklist_state import Line
from smsapp.i18n import moment, say, t
from smsapp.ui import (
    Choice,
    Column,
    book_tabs,
    bulk_bar,
    button,
    closing,
    data_table,
    dialog,
    empty_state,
    link_button,
    menu,
    menu_item,
    note,
    pagination,
    search_field,
    segmented,
    skeleton,
    tag,
    text_area,
    text_field,
)
from smsapp.ui.icons import icon
from smsapp.web.frame import PageSpec, frame

_SHEET = rx.asset("lists.css", shared=True).importable_path


class ListsSheet(rx.Fragment):
    """The style sheet of the groups, the duplicates and the blacklist."""

    def add_imports(self) -> ImportDict:
        return {"": [_SHEET]}


def blacklist() -> Component:
    """/blacklist."""
    return frame(
        ListsSheet.create(),
        book_tabs("blacklist"),
        _tools(),
        rx.cond(S.rows.length() > 0, _list(), rx.cond(S.loaded, _nothing(), skeleton(6))),
        _bulk(),
        _adding(),
        _lifting(),
        title=t("blacklist.title"),
        active="blacklist",
        facts=rx.cond(S.loaded, t("blacklist.facts", count=S.total), ""),
        actions=[
            link_button(t("blacklist.import"), "/import", role="surface", name="file-up", class_name="off-phone"),
            button(t("blacklist.add"), role="primary", name="ban", on_click=S.open_adding),
        ],
    )


def _tools() -> Component:
    counted = {
        "all": S.total,
        "stop": S.from_stop,
        "import": S.from_import,
        "manual": S.from_hand,
        "report": S.from_report,
    }
    choices = [
        Choice(name, t(f"blacklist.origin.{name}"), href=_href(name), count=count) for name, count in counted.items()
    ]
    return rx.el.div(
        search_field(t("blacklist.search"), value=S.search, on_change=S.find, debounce_timeout=180, max_length=200),
        segmented(choices, S.origin, t("blacklist.origin")),
        menu(
            "export-blacklist",
            "download",
            t("blacklist.export"),
            menu_item("export-blacklist", t("blacklist.export_csv"), name="file-text", on_click=S.export("csv")),
            menu_item(
                "export-blacklist", t("blacklist.export_xlsx"), name="file-spreadsheet", on_click=S.export("xlsx")
            ),
        ),
        class_name="desk-tools",
    )


def _href(origin: str) -> rx.Var[str]:
    """The address of a filter; the search stays."""
    sought = FunctionStringVar.create("encodeURIComponent").call(S.search).to(str)
    base = "/blacklist" if origin == "all" else f"/blacklist?origin={origin}"
    return rx.cond(S.search != "", f"{base}{'?' if origin == 'all' else '&'}q={sought}", base)


def _list() -> Component:
    columns = [
        Column(t("blacklist.selection"), hidden=True, width="44px"),
        Column(t("blacklist.number"), main=True),
        Column(t("blacklist.reason")),
        Column(t("blacklist.origin")),
        Column(t("blacklist.since")),
        Column(t("blacklist.passport"), hidden=True),
    ]
    return rx.el.div(
        data_table(columns, S.rows, _cells, label=t("blacklist.table"), key=lambda row: row.key),
        pagination(S.prev_url, S.next_url, t("blacklist.shown", count=S.rows.length())),
        class_name="desk-list",
    )


def _cells(row: rx.Var[Line]) -> list[Component | rx.Var[str]]:
    box = rx.el.input(
        type="checkbox",
        default_checked=row.ticked,
        aria_label=t("blacklist.tick", number=row.number),
        on_change=lambda on: S.tick(row.id, on),
    )
    number = rx.el.div(
        rx.el.span(row.number, class_name="num nw b5"),
        rx.cond(row.name != "", rx.el.span(row.name, class_name="under-text t1 mut el")),
        class_name="named",
    )
    why = rx.el.span(
        rx.cond(row.reason != "", rx.el.span(row.reason), rx.el.span(t("blacklist.no_reason"), class_name="mut")),
        class_name="why",
    )
    since = rx.el.span(
        rx.el.span(moment(row.since), class_name="num"),
        rx.cond(row.by != "", rx.el.span(" · ", row.by, class_name="mut")),
    )
    passport = rx.el.a(
        icon("file-badge"),
        t("blacklist.passport"),
        href=f"/passport/{row.id}",
        class_name="pg",
        aria_label=t("blacklist.passport_of", number=row.number),
    )
    return [box, number, why, origin_tag(row.origin), since, passport]


def origin_tag(origin: rx.Var[str]) -> Component:
    """Where a number of the blacklist comes from, in words and an icon."""
    return rx.match(
        origin,
        ("stop", tag(t("blacklist.origin.stop"), tone="amber", name="hand")),
        ("import", tag(t("blacklist.origin.import"), name="file-up")),
        ("report", tag(t("blacklist.origin.report"), name="octagon-x")),
        tag(t("blacklist.origin.manual"), name="user"),
    )


def _nothing() -> Component:
    everything = link_button(t("blacklist.show_all"), "/blacklist")
    return rx.cond(
        (S.search != "") | (S.origin != "all"),
        empty_state("search", t("blacklist.none_found"), t("blacklist.none_found_why"), everything),
        empty_state(
            "ban",
            t("blacklist.empty"),
            t("blacklist.empty_why"),
            button(t("blacklist.add"), role="soft", name="ban", on_click=S.open_adding),
        ),
    )


def _bulk() -> Component:
    return bulk_bar(
        S.selected,
        rx.fragment(
            t("blacklist.selected", count=S.selected),
            rx.cond(S.elsewhere > 0, rx.el.span(", ", t("contacts.elsewhere", count=S.elsewhere))),
        ),
        rx.el.button(icon("undo-2"), t("blacklist.lift"), type="button", on_click=S.open_lifting),
        rx.el.button(
            icon("x"), type="button", aria_label=t("blacklist.clear"), title=t("blacklist.clear"), on_click=S.clear
        ),
    )


def _adding() -> Component:
    form = rx.form(
        rx.cond(S.add_error.key != "", note(say(S.add_error), tone="red", alert=True)),
        rx.fragment(
            text_area(
                "numbers",
                t("blacklist.numbers"),
                hint=t("blacklist.numbers_hint"),
                default_value=S.typed,
                rows=4,
                max_length=200_000,
                auto_complete="off",
            ),
            key=S.typed,
        ),
        text_field(
            "reason",
            t("blacklist.reason"),
            hint=t("blacklist.reason_hint"),
            max_length=200,
            auto_complete="off",
        ),
        rx.el.div(
            closing(button(t("blacklist.cancel"))),
            button(t("blacklist.add_go"), role="danger", submit=True),
            class_name="acts",
        ),
        on_submit=S.add,
        class_name="desk-form",
    )
    return dialog(
        form,
        title=t("blacklist.add"),
        say=t("blacklist.add_say"),
        open=S.adding,
        on_open_change=S.set_adding,
        width="480px",
    )


def _lifting() -> Component:
    form = rx.form(
        text_field(
            "lift_reason",
            t("blacklist.lift_reason"),
            hint=t("blacklist.lift_hint"),
            error=say(S.lift_error),
            max_length=200,
            auto_complete="off",
        ),
        rx.el.div(
            closing(button(t("blacklist.lift_keep"))),
            button(t("blacklist.lift_go", count=S.selected), role="danger", submit=True),
            class_name="acts",
        ),
        on_submit=S.lift,
        class_name="desk-form",
    )
    return dialog(
        form,
        title=t("blacklist.lift_q", count=S.selected),
        say=t("blacklist.lift_say"),
        open=S.lifting,
        on_open_change=S.set_lifting,
        width="480px",
    )


PAGES = [PageSpec("/blacklist", blacklist, "blacklist.title", [S.enter])]
