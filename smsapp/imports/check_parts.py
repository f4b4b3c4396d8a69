"""The third step of an import: what would become of each row, before anything is written."""

import reflex as rx
from reflex.components.component import Component

from smsapp.i18n import number, t
from smsapp.imports.check_state import CheckState as C
from smsapp.imports.repair_parts import fates_table, rejected_card
from smsapp.imports.state import ImportState as S
from smsapp.ui import button, card, empty_state, link, note, skeleton
from smsapp.ui.icons import icon


def check_step() -> Component:
    """Six outcomes that make up the rows read, the rows of each, the rejected ones to be put right."""
    waiting = rx.el.p(t("imports.checking"), class_name="mut", role="status")
    return rx.cond(C.checked, _checked(), rx.el.div(waiting, skeleton(6), class_name="col g16"))


def _checked() -> Component:
    doubtful = note(
        t("imports.mostly_rejected"), tone="amber", actions=[link(t("imports.back_columns"), S.columns_url)]
    )
    return rx.el.div(
        rx.el.p(
            t("imports.checked", count=C.counts.read),
            rx.cond(C.repaired > 0, rx.fragment(", ", t("imports.repaired_here", count=C.repaired))),
            rx.cond(C.counts.above > 0, rx.fragment(", ", t("imports.left_out", count=C.counts.above))),
            class_name="mut",
            role="status",
        ),
        rx.el.div(
            _sum("created", "user-plus", C.counts.created, "good"),
            _sum("completed", "user-check", C.counts.completed, "good"),
            _sum("known", "users", C.counts.known),
            _sum("duplicates", "copy", C.counts.duplicates),
            _sum("blacklisted", "ban", C.counts.blacklisted),
            _sum("rejected", "circle-x", C.counts.rejected, "wrong"),
            class_name="sums",
            role="group",
            aria_label=t("imports.outcomes"),
        ),
        rx.cond(C.counts.rejected * 2 > C.counts.read, doubtful),
        rx.cond((C.new_groups_count > 0) | (C.agreed > 0), _brings()),
        rx.cond(
            C.counts.ambiguous > 0,
            note(t("imports.ambiguous", count=C.counts.ambiguous), tone="amber", actions=[_ambiguous_tab()]),
        ),
        rx.cond(
            C.tab == "rejected", rejected_card(C, take="imports.take", why_none=t("imports.no_rows_here_why")), _plain()
        ),
        class_name="col g16",
    )


def _brings() -> Component:
    """The groups that the file makes and the consents that it brings, before either is there."""
    more = C.new_groups_count - C.new_groups.length()
    made = rx.el.p(
        t("imports.groups_to_make", count=C.new_groups_count),
        " ",
        rx.foreach(C.new_groups, lambda name: rx.el.span(name, class_name="tag gray")),
        rx.cond(more > 0, rx.el.span(t("imports.more_groups", count=more), class_name="mut")),
        class_name="row g8 wrap",
    )
    return note(
        rx.cond(C.new_groups_count > 0, made),
        rx.cond(C.agreed > 0, rx.el.p(t("imports.agreed", count=C.agreed))),
        tone="indigo",
    )


def _ambiguous_tab() -> Component:
    """Which country each was taken for, and which other it could be (M13)."""
    return button(
        t("imports.see_ambiguous"),
        role="surface",
        name="list-checks",
        size="1",
        on_click=C.choose_tab("ambiguous"),
        custom_attrs={"aria-pressed": rx.cond(C.tab == "ambiguous", "true", "false")},
    )


def _plain() -> Component:
    return card(
        rx.cond(
            C.fates.length() > 0,
            fates_table(C.fates),
            empty_state("circle-check", t("imports.no_rows_here"), t("imports.no_rows_here_why")),
        ),
        rx.cond(
            C.fates.length() >= 50,
            rx.el.p(t("imports.first_rows", count=C.fates.length()), class_name="t2 mut fates-head"),
        ),
        flush=True,
    )


def _sum(outcome: str, name: str, count: rx.Var[int], tone: str = "") -> Component:
    why = rx.el.span(t(f"imports.{outcome}_why"), class_name="t1 mut")
    if outcome == "rejected":
        fixed = rx.el.span(t("imports.repairable", count=C.counts.repairable), class_name="t1 mut")
        why = rx.cond(C.counts.repairable > 0, fixed, why)
    return rx.el.button(
        rx.el.span(icon(name), t(f"imports.{outcome}"), class_name=f"what {tone}"),
        rx.el.span(number(count), class_name="big x22"),
        why,
        type="button",
        on_click=C.choose_tab(outcome),
        custom_attrs={"aria-pressed": rx.cond(C.tab == outcome, "true", "false")},
    )
