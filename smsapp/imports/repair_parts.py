"""Rejected rows with their reasons, put right in place: one by one, or all alike at once (board 04, result)."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex_components_core.el.elements.base import BaseHTML

from smsapp.i18n import number, say, t
from smsapp.imports.shown import FateRow
from smsapp.ui import Column, button, card, data_table, empty_state
from smsapp.ui.icons import icon


def rejected_card(state: Any, *, take: str, why_none: rx.Var[str], download: Component | None = None) -> Component:
    """The rejected rows of a state that has ``reasons, reason, counts, repairable, fates`` and the handlers
    ``choose_reason, type_number, accept, accept_all``; ``take`` is the key of what a row's button does, ``why_none`` is
    said when no row is rejected.
    """
    every = _tab("", t("imports.all"), state.counts.rejected, state)
    head = rx.el.div(
        rx.el.h2(t("imports.rejected_rows"), class_name="h2"),
        rx.el.div(
            every,
            rx.foreach(state.reasons, lambda r: _tab(r.reason, say(r.why), r.count, state)),
            class_name="seg",
            role="group",
            aria_label=t("imports.reason"),
        ),
        rx.el.span(
            download if download is not None else rx.fragment(),
            rx.cond(
                state.repairable > 0,
                button(
                    t("imports.accept_all", count=state.repairable),
                    role="soft",
                    name="wand-sparkles",
                    on_click=state.accept_all,
                ),
            ),
            class_name="end row g8 wrap",
        ),
        class_name="fates-head",
    )
    shown = rx.cond(
        state.fates.length() >= 50,
        rx.el.p(t("imports.first_rows", count=state.fates.length()), class_name="t2 mut fates-head"),
    )
    none = card(empty_state("circle-check", t("imports.none_rejected"), why_none))
    return rx.cond(state.counts.rejected > 0, card(head, _grid(state, take), shown, flush=True), none)


def fates_table(rows: rx.Var[list[FateRow]]) -> Component:
    """Rows of an outcome in which there is nothing to repair."""
    columns = [
        Column(t("imports.row")),
        Column(t("imports.contact"), main=True),
        Column(t("imports.number")),
        Column(t("imports.note")),
    ]

    def cells(r: rx.Var[FateRow]) -> list[Any]:
        return [
            rx.el.span(r.row.to_string(), class_name="num mut"),
            rx.el.span(r.name),
            rx.el.span(r.value, class_name="num nw"),
            rx.cond(r.why.key != "", rx.el.span(say(r.why), class_name="mut")),
        ]

    return data_table(columns, rows, cells, label=t("imports.outcomes"), key=lambda r: r.row)


def _grid(state: Any, take: str) -> Component:
    columns = [
        Column(t("imports.row")),
        Column(t("imports.contact"), main=True),
        Column(t("imports.value")),
        Column(t("imports.reason")),
        Column(t("imports.correction"), wide=True),
        Column(t(take), hidden=True),
    ]

    def cells(r: rx.Var[FateRow]) -> list[Any]:
        hint = rx.cond(
            r.hint.key != "",
            rx.el.span(say(r.hint), class_name="fix-hint red-text", role="status"),
            rx.cond(
                (r.repair != "") & (r.text == r.repair),
                rx.el.span(t("imports.suggested"), class_name="fix-hint fix-text"),
            ),
        )
        typed = rx.el.input(
            type=rx.cond(r.day, "text", "tel"),
            default_value=r.text,
            placeholder=rx.cond(r.day, t("imports.type_day"), t("imports.type_number")),
            on_change=lambda value: state.type_number(r.row, value).debounce(250),
            class_name="fix",
            max_length=60,
            auto_complete="off",
            aria_label=t("imports.correction_of", row=r.row),
        )
        accept = button(
            rx.cond((r.repair != "") & (r.text == r.repair), t("imports.accept"), t(take)),
            role="soft",
            name="check",
            size="1",
            disabled=~r.ready,
            on_click=state.accept(r.row),
            aria_label=t("imports.accept_row", row=r.row),
        )
        return [
            rx.el.span(r.row.to_string(), class_name="num mut"),
            rx.el.span(r.name),
            rx.el.span(rx.cond(r.value != "", r.value, t("imports.blank")), class_name="num red-text"),
            rx.el.span(icon("circle-alert"), say(r.why), class_name="why"),
            rx.el.span(
                typed,
                hint,
                class_name=rx.cond(r.hint.key != "", "fix-box wrong", rx.cond(r.ready, "fix-box good", "fix-box")),
            ),
            accept,
        ]

    return rx.el.div(
        data_table(columns, state.fates, cells, label=t("imports.rejected_rows"), key=lambda r: r.row),
        class_name="repairs",
    )


def _tab(reason: Any, words: Any, count: Any, state: Any) -> Component:
    return rx.el.button(
        words,
        rx.el.span(number(count), class_name="ct"),
        type="button",
        class_name=rx.cond(state.reason == reason, "on", ""),
        on_click=state.choose_reason(reason),
        custom_attrs={"aria-pressed": rx.cond(state.reason == reason, "true", "false")},
        **({} if isinstance(reason, str) else {"key": reason}),
    )


class FileLink(BaseHTML):
    """A link that leaves the page to the browser: what it leads to is a file, not a page of ours."""

    tag = "a"

    href: rx.Var[str]
    download: rx.Var[bool]
