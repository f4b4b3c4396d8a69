"""What becomes of the rows of an import: the check before, the result after (board 04)."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex_components_core.el.elements.base import BaseHTML

from smsapp.i18n import number, say, t
from smsapp.imports.parts import problem
from smsapp.imports.state import FateRow, ReasonTab
from smsapp.imports.state import ImportState as S
from smsapp.ui import Column, card, data_table, empty_state, link_button, note
from smsapp.ui.icons import icon


def check_step() -> Component:
    """What would become of each row; nothing is written yet."""
    return rx.el.div(
        problem(),
        rx.el.p(t("imports.checked", count=S.counts.read), class_name="mut", role="status"),
        rx.el.div(
            _sum("created", "user-plus", S.counts.created, "good"),
            _sum("known", "user-check", S.counts.known),
            _sum("duplicates", "copy", S.counts.duplicates),
            _sum("blacklisted", "ban", S.counts.blacklisted),
            _sum("rejected", "circle-x", S.counts.rejected, "wrong"),
            class_name="sums",
            role="group",
            aria_label=t("imports.outcomes"),
        ),
        rx.cond(
            S.counts.ambiguous > 0, note(t("imports.ambiguous", count=S.counts.ambiguous), tone="amber"), rx.fragment()
        ),
        card(
            rx.cond(
                S.fates.length() > 0,
                _fates(),
                empty_state("circle-check", t("imports.no_rows_here"), t("imports.no_rows_here_why")),
            ),
            rx.cond(
                S.fates.length() >= 50,
                rx.el.p(t("imports.first_rows", count=S.fates.length()), class_name="t2 mut fates-head"),
            ),
            flush=True,
        ),
        class_name="col g16",
    )


def _sum(outcome: str, name: str, count: rx.Var[int], tone: str = "") -> Component:
    why = rx.el.span(t(f"imports.{outcome}_why"), class_name="t1 mut")
    if outcome == "rejected":
        why = rx.cond(
            S.counts.repairable > 0,
            rx.el.span(t("imports.repairable", count=S.counts.repairable), class_name="t1 mut"),
            why,
        )
    return rx.el.button(
        rx.el.span(icon(name), t(f"imports.{outcome}"), class_name=f"what {tone}"),
        rx.el.span(number(count), class_name="big x22"),
        why,
        type="button",
        on_click=lambda: S.choose_tab(outcome),
        custom_attrs={"aria-pressed": rx.cond(S.tab == outcome, "true", "false")},
    )


def _fates() -> Component:
    columns = [
        Column(t("imports.row")),
        Column(t("imports.contact"), main=True),
        Column(t("imports.value")),
        Column(t("imports.reason")),
        Column(t("imports.repair")),
    ]

    def cells(r: rx.Var[FateRow]) -> list[Any]:
        wrong = (r.why.key != "") & (r.why.key != "imports.repeats")
        return [
            rx.el.span(r.row.to_string(), class_name="num mut"),
            rx.el.span(r.name),
            rx.el.span(
                rx.cond(r.value != "", r.value, t("imports.blank")), class_name=rx.cond(wrong, "num red-text", "num nw")
            ),
            rx.cond(r.why.key != "", rx.el.span(say(r.why), class_name="mut")),
            rx.cond(r.repair != "", rx.el.span(r.repair, class_name="num nw fix-text")),
        ]

    return data_table(columns, S.fates, cells, label=t("imports.outcomes"), key=lambda r: r.row)


def result_step() -> Component:
    """What was done, and where to go from here (board 04, result)."""
    imported = S.counts.created + S.counts.known
    words = [t("imports.done_read", count=S.counts.read)]
    head = rx.el.div(
        icon("circle-check"),
        rx.el.div(
            rx.el.h2(t("imports.done", name=S.filename), class_name="b6"),
            rx.el.div(
                *words,
                rx.cond(S.done_group != "", rx.fragment(", ", t("imports.done_group", name=S.done_group))),
                class_name="t2 mut",
            ),
            class_name="f1",
        ),
        rx.el.div(
            rx.cond(
                S.done_group_id > 0,
                rx.fragment(
                    link_button(
                        t("imports.see_group"), f"/contacts?group={S.done_group_id}", role="surface", name="users"
                    ),
                    link_button(
                        t("imports.write_group"), f"/compose?group={S.done_group_id}", role="primary", name="square-pen"
                    ),
                ),
                link_button(t("imports.see_book"), "/contacts", role="primary", name="contact"),
            ),
            class_name="acts",
        ),
        class_name="done-head",
    )
    bar = rx.el.div(
        rx.box(class_name="ok", flex_grow=imported, flex_basis="0"),
        rx.box(class_name="dup", flex_grow=S.counts.duplicates, flex_basis="0"),
        rx.box(class_name="black", flex_grow=S.counts.blacklisted, flex_basis="0"),
        rx.box(class_name="bad", flex_grow=S.counts.rejected, flex_basis="0"),
        class_name="outcome-bar",
        role="img",
        custom_attrs={
            "aria-label": t(
                "imports.bar",
                imported=imported,
                duplicates=S.counts.duplicates,
                blacklisted=S.counts.blacklisted,
                rejected=S.counts.rejected,
            )
        },
    )
    sums = rx.el.div(
        _done(
            "imported",
            "user-check",
            imported,
            t("imports.new_and_known", created=S.counts.created, known=S.counts.known, completed=S.counts.completed),
            "good",
        ),
        _done("duplicates", "copy", S.counts.duplicates, t("imports.duplicates_why")),
        _done("blacklisted", "ban", S.counts.blacklisted, t("imports.blacklisted_why")),
        _done("rejected_done", "circle-x", S.counts.rejected, t("imports.rejected_why"), "wrong"),
        class_name="sums",
    )
    return rx.el.div(
        problem(), card(rx.el.div(head, bar, class_name="col g16")), sums, _rejected(), class_name="col g16"
    )


def _done(key: str, name: str, count: Any, why: rx.Var[str], tone: str = "") -> Component:
    return rx.el.div(
        rx.el.span(icon(name), t(f"imports.{key}"), class_name=f"what {tone}"),
        rx.el.span(number(count), class_name="big x26"),
        rx.el.span(why, class_name="t1 mut"),
    )


def _rejected() -> Component:
    def pressed(on: Any) -> dict[str, Any]:
        return {"aria-pressed": rx.cond(on, "true", "false")}

    def tab(r: rx.Var[ReasonTab]) -> Component:
        return rx.el.button(
            say(r.why),
            rx.el.span(number(r.count), class_name="ct"),
            type="button",
            class_name=rx.cond(S.reason == r.reason, "on", ""),
            on_click=lambda: S.choose_reason(r.reason),
            custom_attrs=pressed(S.reason == r.reason),
            key=r.reason,
        )

    every = rx.el.button(
        t("imports.all"),
        rx.el.span(number(S.counts.rejected), class_name="ct"),
        type="button",
        class_name=rx.cond(S.reason == "", "on", ""),
        on_click=lambda: S.choose_reason(""),
        custom_attrs=pressed(S.reason == ""),
    )
    head = rx.el.div(
        rx.el.h2(t("imports.rejected_rows"), class_name="h2"),
        rx.el.div(every, rx.foreach(S.reasons, tab), class_name="seg", role="group", aria_label=t("imports.reason")),
        rx.el.span(
            _download(),
            class_name="end",
        ),
        class_name="fates-head",
    )
    shown = card(
        head,
        _fates(),
        rx.cond(
            S.fates.length() >= 50,
            rx.el.p(t("imports.first_rows", count=S.fates.length()), class_name="t2 mut fates-head"),
        ),
        flush=True,
    )
    none = card(empty_state("circle-check", t("imports.none_rejected"), t("imports.none_rejected_why")))
    return rx.cond(S.counts.rejected > 0, shown, none)


class _FileLink(BaseHTML):
    """A link that leaves the page to the browser: what it leads to is a file, not a page of ours."""

    tag = "a"

    href: rx.Var[str]
    download: rx.Var[bool]


def _download() -> Component:
    inside = [icon("download"), t("imports.download")]
    return _FileLink.create(*inside, href=f"/import/{S.done_id}/rejected.csv", download=True, class_name="lightbtn")
