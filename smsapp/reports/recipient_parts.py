"""Pieces of the report: the recipients with their filters, and one message explained in the panel at the side."""

import reflex as rx
from reflex.components.component import Component

from smsapp.domain.delivery import Status
from smsapp.i18n import credits, message, moment, number, say, t
from smsapp.reports.panel import StepLine
from smsapp.reports.recipient_state import RecipientState
from smsapp.reports.screen import Line
from smsapp.reports.state import ReportState as S
from smsapp.ui import (
    Column,
    button,
    confirm,
    data_table,
    empty_state,
    link_button,
    pagination,
    phone,
    search_field,
    status_badge,
    tag,
)
from smsapp.ui.icons import icon
from smsapp.ui.status import ICONS

_ALWAYS = (Status.RECEIVED, Status.OPERATOR, Status.SENT, Status.ERROR)
_SOMETIMES = (Status.WAITING, Status.UNKNOWN, Status.EXCLUDED)


def recipients() -> Component:
    """The table of recipients, whole or by status, cause and search."""
    remove = rx.cond(
        (S.status == "error") & (S.chosen > 0),
        button(t("reports.page.remove", count=S.chosen), role="danger_soft", name="trash-2", on_click=S.ask_removal),
    )
    only = rx.cond(
        S.cause != "",
        rx.el.a(
            message("delivery.cause." + S.cause), icon("x"), href=f"{S.base}?status=error", class_name="chip plain"
        ),
    )
    find = search_field(
        t("reports.page.search"), value=S.search, on_change=S.find, debounce_timeout=200, max_length=100
    )
    table = rx.cond(
        S.rows.length() > 0,
        rx.fragment(
            _table(),
            pagination(S.prev_url, S.next_url, t("reports.page.shown", count=S.rows.length())),
        ),
        empty_state(
            "search",
            t("reports.page.none"),
            t("reports.page.none_why"),
            link_button(t("reports.page.show_all"), S.base),
        ),
    )
    return rx.el.section(
        rx.el.div(
            rx.el.h2(t("reports.page.recipients"), class_name="h2"),
            _filters(),
            only,
            rx.el.div(find, class_name="find"),
            remove,
            class_name="rcp-tools",
        ),
        table,
        class_name=rx.cond(S.status == "error", "card s12 rcp failed", "card s12 rcp"),
    )


def _filters() -> Component:
    def choice(status: Status) -> Component:
        return _filter(status.value, t(status.key), f"{S.base}?status={status.value}", S.figures[status.value], status)

    return rx.el.div(
        _filter("", t("reports.page.all"), S.base, S.figures.total),
        *(choice(status) for status in _ALWAYS),
        *(rx.cond(S.figures[s.value].to(int) > 0, choice(s)) for s in _SOMETIMES),
        class_name="seg",
        role="group",
        aria_label=t("reports.page.filter"),
    )


def _filter(
    value: str, words: rx.Var[str], href: rx.Var[str] | str, count: rx.Var[int], status: Status | None = None
) -> Component:
    here = S.status == value
    return rx.el.a(
        *([icon(ICONS[status])] if status else []),
        words,
        rx.el.span(number(count), class_name="ct"),
        href=href,
        class_name=rx.cond(here, "on", ""),
        custom_attrs={"aria-current": rx.cond(here, "true", "false")},
    )


def _table() -> Component:
    columns = [
        Column(t("reports.page.choose"), hidden=True),
        Column(t("reports.page.contact"), main=True),
        Column(t("reports.page.number")),
        Column(t("reports.page.operator")),
        Column(t("reports.page.status")),
        Column(t("reports.page.cause"), wide=True),
        Column(t("reports.page.hour")),
        Column(t("reports.page.credits"), right=True),
    ]
    return data_table(
        columns,
        S.rows,
        _cells,
        label=t("reports.page.recipients"),
        key=lambda r: r.key,
        row_class=lambda r: rx.cond(r.open, "act", rx.cond(r.ticked & (S.status == "error"), "seld", "")),
    )


def _cells(row: rx.Var[Line]) -> list[Component | rx.Var[str]]:
    box = rx.el.input(
        type="checkbox",
        default_checked=row.ticked,
        aria_label=t("reports.page.tick", number=row.number),
        on_change=lambda on: S.tick(row.id, on),
    )
    name = rx.cond(row.name != "", row.name, row.number)
    who = rx.el.a(name, href=row.url, class_name=rx.cond(row.in_book, "cell", "cell mut"), scroll=False)
    return [
        rx.cond((S.status == "error") & row.in_book, box),
        who,
        phone(row.number),
        rx.el.span(row.operator),
        status_badge(row.status),
        rx.cond(row.cause != "", rx.el.span(message(row.cause))),
        rx.el.span(moment(row.at), class_name="num nw"),
        rx.cond(row.units > 0, credits(row.units), "0"),
    ]


def story() -> Component:
    """One message explained: what happened, step by step, and what comes next (S47-S51)."""
    p = S.panel
    head = rx.el.div(
        rx.cond(S.previous_message != "", _step_link("chevron-up", t("reports.page.previous"), S.previous_message)),
        rx.cond(S.next_message != "", _step_link("chevron-down", t("reports.page.following"), S.next_message)),
        rx.el.span(class_name="f1"),
        _step_link("x", t("reports.page.close"), S.close_url),
        class_name="row g4",
    )
    person = rx.el.div(
        rx.el.div(
            rx.el.h2(rx.cond(p.name != "", p.name, p.number), class_name="b6"),
            rx.el.div(phone(p.number), rx.cond(p.operator != "", rx.el.span(" · ", p.operator)), class_name="t2 mut"),
            class_name="f1",
        ),
        status_badge(p.status),
        class_name="row g10",
    )
    facts = rx.el.div(
        tag(t("reports.page.segments", count=p.segments)),
        tag(p.encoding, tone="indigo"),
        tag(rx.cond(p.units > 0, t("reports.page.debited_units", units=p.units), t("reports.page.not_debited"))),
        class_name="row g6 wrap",
    )
    return rx.cond(
        p.id > 0,
        rx.el.aside(
            head,
            person,
            rx.el.div(p.body, class_name="said"),
            facts,
            rx.el.ol(rx.foreach(p.steps, _step), class_name="story-steps"),
            rx.cond(p.next.key != "", rx.el.p(icon("arrow-right"), rx.el.span(say(p.next)), class_name="next")),
            rx.el.p(t("reports.page.reference", ref=p.reference), class_name="t1 mut"),
            rx.cond(p.resendable, _resend()),
            button(t("blacklist.this_number"), role="soft", name="ban", on_click=RecipientState.blacklist(p.id)),
            class_name="story",
            aria_label=t("reports.page.story"),
        ),
    )


def _resend() -> Component:
    """Nobody knows whether it left: it goes again only because a person says so, who was told."""
    return confirm(
        trigger=button(t("reports.page.resend"), role="surface", name="rotate-cw"),
        title=t("reports.page.resend_q"),
        say=t("reports.page.resend_say"),
        keep=button(t("reports.page.resend_keep")),
        go=button(t("reports.page.resend"), role="primary", on_click=RecipientState.resend(S.panel.id)),
    )


def _step(step: rx.Var[StepLine]) -> Component:
    credit = rx.match(
        step.credit,
        ("hold", t("reports.page.credit.hold", units=step.units)),
        ("debit", t("reports.page.credit.debit", units=step.units)),
        ("release", t("reports.page.credit.release", units=step.units)),
        ("offered", t("reports.page.credit.offered", units=step.units)),
        "",
    )
    return rx.el.li(
        rx.el.i(class_name=f"spot {step.status}"),
        rx.el.div(
            rx.el.div(say(step.said), class_name="b5"),
            rx.cond(
                step.cause != "",
                rx.el.div(rx.el.b(message(step.cause)), " ", message(step.help), class_name="t2 mut"),
            ),
            rx.el.div(
                rx.el.span(moment(step.at)),
                rx.el.span(say(step.after)),
                rx.el.span(step.operator),
                class_name="when num",
            ),
            rx.cond(step.credit != "", rx.el.div(credit, class_name="t1 mut")),
            class_name="f1",
        ),
        class_name=rx.cond(step.last, "last", ""),
    )


def _step_link(name: str, label: rx.Var[str], href: rx.Var[str]) -> Component:
    return rx.el.a(icon(name), href=href, class_name="ib", aria_label=label, title=label)
