"""The page of sent SMS: search, state, the list of campaigns, what takes some out of it (S34, S35, S58)."""

import reflex as rx
from reflex.components.component import Component
from reflex.vars import FunctionStringVar
from reflex_base.utils.imports import ImportDict

from smsapp.i18n import credits, moment, number, t
from smsapp.reports.lists_state import SentState as S
from smsapp.reports.parts import bar, state_tag
from smsapp.reports.screen import SentRow
from smsapp.ui import (
    Choice,
    Column,
    bulk_bar,
    button,
    confirm,
    data_table,
    empty_state,
    link_button,
    notices,
    pagination,
    search_field,
    segmented,
    skeleton,
    sms_tabs,
)
from smsapp.ui.icons import icon
from smsapp.web.frame import frame

_FILTERS = ("all", "running", "paused", "finished", "cancelled")
_SHEET = rx.asset("lists.css", shared=True).importable_path


class ListsSheet(rx.Fragment):
    """The style sheet of the dashboard and of the list of sent SMS."""

    def add_imports(self) -> ImportDict:
        return {"": [_SHEET]}


def sent() -> Component:
    """/sent: every campaign, newest first, followed live."""
    return frame(
        ListsSheet.create(),
        sms_tabs("sent"),
        _tools(),
        rx.cond(S.rows.length() > 0, _list(), rx.cond(S.loaded, _nothing(), skeleton(6))),
        _bulk(),
        notices(S.hidden, action=t("sent.undo"), on_action=S.unhide),
        title=t("sent.title"),
        active="sent",
        facts=t("sent.facts"),
        actions=[link_button(t("ui.nav.new"), "/compose", role="primary", name="square-pen", class_name="off-phone")],
    )


def columns() -> list[Column]:
    """The columns of a list of campaigns."""
    return [
        Column(t("sent.campaign"), main=True),
        Column(t("sent.date")),
        Column(t("sent.state")),
        Column(t("sent.delivery")),
        Column(t("sent.recipients"), right=True),
        Column(t("sent.credits"), right=True),
    ]


def cells(row: rx.Var[SentRow]) -> list[Component | rx.Var[str]]:
    """A campaign in a list."""
    return [
        rx.el.div(
            rx.el.a(row.name, href=row.url, class_name="cell el"),
            rx.el.span(row.text, class_name="under-text t1 mut el"),
            class_name="campaign",
        ),
        rx.el.span(moment(row.at), class_name="num nw"),
        rx.el.span(state_tag(row.state), class_name=rx.cond(row.state == "finished", "off-phone", "")),
        rx.cond(row.counts.total > 0, bar(row.counts, small=True)),
        rx.el.span(number(row.counts.total), _unit("sent.recipients_unit")),
        rx.el.span(credits(row.units), _unit("sent.credits_unit")),
    ]


def _unit(key: str) -> Component:
    """On a phone, where a row has no header above it, figures say what they count."""
    return rx.el.span(" ", t(key), class_name="on-phone")


def _tools() -> Component:
    choices = [Choice(name, t(f"sent.filter.{name}"), href=_href(name)) for name in _FILTERS]
    return rx.el.div(
        search_field(t("sent.search"), value=S.search, on_change=S.find, debounce_timeout=180, max_length=200),
        segmented(choices, S.state, t("sent.state")),
        class_name="list-tools",
    )


def _href(state: str) -> rx.Var[str]:
    """The address of a filter; the search stays."""
    sought = FunctionStringVar.create("encodeURIComponent").call(S.search).to(str)
    base = "/sent" if state == "all" else f"/sent?state={state}"
    searched = f"{base}{'?' if state == 'all' else '&'}q={sought}"
    return rx.cond(S.search != "", searched, base)


def _list() -> Component:
    def shown(row: rx.Var[SentRow]) -> list[Component | rx.Var[str]]:
        box = rx.el.input(
            type="checkbox",
            default_checked=row.ticked,
            aria_label=t("sent.tick", name=row.name),
            on_change=lambda on: S.tick(row.id, on),
        )
        return [box, *cells(row)]

    return rx.el.div(
        data_table(
            [Column(t("sent.selection"), hidden=True, width="44px"), *columns()],
            S.rows,
            shown,
            label=t("sent.table"),
            key=lambda row: row.key,
        ),
        pagination(S.prev_url, S.next_url, t("sent.shown", count=S.rows.length())),
        class_name="sent-list",
    )


def _nothing() -> Component:
    everything = link_button(t("sent.show_all"), "/sent")
    return rx.cond(
        (S.search != "") | (S.state != "all"),
        empty_state("search", t("sent.none_found"), t("sent.none_found_why"), everything),
        empty_state(
            "send",
            t("sent.empty"),
            t("sent.empty_why"),
            link_button(t("ui.nav.new"), "/compose", role="soft", name="square-pen"),
        ),
    )


def _bulk() -> Component:
    take_out = confirm(
        trigger=rx.el.button(icon("trash-2"), t("sent.hide"), type="button"),
        title=t("sent.hide_q", count=S.selected),
        say=t("sent.hide_say"),
        keep=button(t("sent.keep")),
        go=button(t("sent.hide_go", count=S.selected), role="danger", on_click=S.hide),
    )
    none = rx.el.button(icon("x"), type="button", aria_label=t("sent.clear"), title=t("sent.clear"), on_click=S.clear)
    return bulk_bar(S.selected, t("sent.selected", count=S.selected), take_out, none)
