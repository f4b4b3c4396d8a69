"""Pieces of a campaign's report (board 05): the four figures and their stream, the cost, the course, the causes."""

from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.campaigns.parts import territory
from smsapp.i18n import clock, credits, message, number, percent, say, t
from smsapp.reports.parts import across_axis, bar, figures_table, going, placed, up_axis
from smsapp.reports.screen import Cause, CostLine
from smsapp.reports.state import ReportState as S
from smsapp.ui import button, card, closing, confirm, credit_word, dialog, figure, link, link_button, note
from smsapp.ui.icons import icon

SHOWN = 4  # destinations and causes; the others are one click away


def actions() -> list[Component]:
    """Pause, go on, stop: what can be done now."""
    stop = confirm(
        trigger=button(t("reports.page.cancel"), role="ghost", name="circle-slash"),
        title=t("reports.page.cancel_q"),
        say=t("reports.page.cancel_say", count=S.figures.waiting),
        keep=button(t("reports.page.keep_on")),
        go=button(t("reports.page.cancel_go", count=S.figures.waiting), role="danger", on_click=S.cancel),
    )
    pause = button(t("reports.page.pause"), role="soft", name="pause", color_scheme="amber", on_click=S.pause)
    resume = button(t("reports.page.resume"), role="primary", name="play", on_click=S.resume)
    return [
        rx.cond(S.now.can_cancel, stop),
        rx.cond(S.now.can_pause, pause),
        rx.cond(S.now.can_resume, resume),
    ]


def notes() -> Component:
    """Why it does not go on, and the way out; one at a time."""
    partly = button(t("reports.page.resume_partly"), role="soft", color_scheme="amber", on_click=S.resume_partly)
    return rx.match(
        S.now.pause_reason,
        (
            "no_credit",
            note(
                rx.cond(
                    S.short_units > 0,
                    t("reports.page.no_credit_missing", missing=S.short_units),
                    t("reports.page.no_credit", units=S.now.to_come),
                ),
                tone="amber",
                actions=[partly],
            ),
        ),
        (
            "asked",
            note(
                rx.cond(
                    S.short_units > 0,
                    t("reports.page.no_credit_missing", missing=S.short_units),
                    t("reports.page.pause_said", count=S.figures.waiting),
                ),
                tone="amber",
                actions=[rx.cond(S.short_units > 0, partly)],
            ),
        ),
        ("rejects", note(t("reports.page.rejects"), tone="amber")),
        (
            "quote_changed",
            note(t("reports.page.quote_changed", units=S.now.to_come, count=S.figures.waiting), tone="amber"),
        ),
        rx.cond(S.now.resumes_at != "", _waiting(), _planned()),
    )


def _waiting() -> Component:
    """What it waits for, and until when."""
    at = S.now.resumes_at
    return rx.match(
        S.now.waits,
        ("hours", note(t("reports.page.hours", at=at), tone="indigo")),
        ("spread", note(t("reports.page.spread", at=at), tone="indigo")),
        ("gateway", note(t("reports.page.gateway", at=at), tone="amber")),
        note(t("reports.page.retry", at=at), tone="indigo"),
    )


def _planned() -> Component:
    """It has not left: it waits for its date, or its date went by (M24)."""
    plans = [link_button(t("reports.page.see_plans"), "/scheduled", role="soft")]
    return rx.match(
        S.state,
        ("missed", note(t("reports.page.missed"), tone="amber", actions=plans)),
        ("scheduled", note(t("reports.page.planned"), tone="indigo", actions=plans)),
        rx.fragment(),
    )


def stream() -> Component:
    """The four figures over the stream that they make."""
    c = S.figures
    sent = t("reports.page.sent_of", total=c.total, count=c.waiting)
    delay = rx.cond(S.beside.median.key != "", say(S.beside.median), " ")
    removable = rx.cond(S.beside.removable > 0, t("reports.page.to_remove", count=S.beside.removable), " ")
    unknown = rx.cond(
        c.unknown > 0,
        rx.el.p(
            icon("circle-help"),
            rx.el.span(rx.el.b(t("reports.page.unknown", count=c.unknown)), " ", t("delivery.status.unknown.help")),
            class_name="aside",
        ),
    )
    return card(
        rx.el.div(
            _figure("sent", "send", c.left, S.now.sent_share, sent),
            _figure(
                "operator", "radio-tower", c.reached, S.now.operator_share, t("reports.page.not_yet", count=c.operator)
            ),
            _figure("received", "check-check", c.received, S.now.received_share, delay),
            _figure("error", "octagon-x", c.error, S.now.error_share, removable),
            class_name="four",
        ),
        _funnel(),
        rx.el.div(bar(c), class_name="only-mobile"),
        unknown,
        class_name="s8 stream",
    )


def _figure(status: str, name: str, count: Any, share: Any, below: Any) -> Component:
    return rx.el.div(
        rx.el.span(
            icon(name),
            t(f"delivery.status.{status}"),
            class_name=f"what {status}",
            title=t(f"delivery.status.{status}.help"),
        ),
        rx.el.div(
            rx.el.span(number(count), class_name="big x26 num"),
            rx.el.span(percent(share), class_name="mut num"),
            class_name="sum",
        ),
        rx.el.span(below, class_name="t1 mut num"),
    )


def _funnel() -> Component:
    f = S.funnel
    paths = [
        rx.el.svg.path(d=d, class_name=f"flow {name}")
        for name, d in (("sent", f.sent), ("operator", f.operator), ("received", f.received))
    ]
    edges = [
        rx.el.i(class_name="edge sent", custom_attrs=placed({"left": "0", "top": "0", "height": "100%"})),
        _edge("operator", "33.33%", f.operator_top, f.operator_high),
        _edge("received", "66.66%", f.received_top, f.received_high),
    ]
    drawn = rx.el.svg(*paths, view_box="0 0 600 100", custom_attrs={"preserveAspectRatio": "none"})
    lost = rx.el.i(class_name="fill-error", custom_attrs=placed({"height": f"{f.error}%"}))
    return rx.el.div(
        rx.el.div(rx.cond(f.sent != "", rx.fragment(drawn, *edges)), class_name="river"),
        rx.el.div(lost, class_name="lost"),
        class_name="funnel",
        role="img",
        custom_attrs={
            "aria-label": t(
                "reports.page.funnel",
                sent=S.figures.left,
                operator=S.figures.reached,
                received=S.figures.received,
                error=S.figures.error,
            )
        },
    )


def _edge(name: str, left: str, top: Any, high: Any) -> Component:
    return rx.el.i(
        class_name=f"edge {name}", custom_attrs=placed({"left": left, "top": f"{top}%", "height": f"{high}%"})
    )


def cost() -> Component:
    """What was debited, by destination, and what that proves (S55)."""

    def line(d: rx.Var[CostLine]) -> Component:
        return rx.el.li(
            rx.el.span(territory(d.territory), class_name="f1 mut"),
            rx.el.span(number(d.segments), " × ", credits(d.price), " = ", class_name="mut num"),
            rx.el.span(credits(d.units), class_name="num"),
            key=d.territory,
        )

    debited = rx.el.b(t("reports.page.debited", count=S.figures.left))
    coming = rx.cond(S.now.to_come > 0, t("reports.page.to_come", units=S.now.to_come), t("reports.page.only_sent"))
    return card(
        figure(credits(S.now.debited), credit_word(S.now.debited)),
        rx.cond(
            S.cost.length() > 0,
            rx.el.div(
                rx.el.span(t("reports.page.formula"), class_name="t1 mut"),
                rx.el.ul(rx.foreach(S.cost[:SHOWN], line), class_name="cost-lines"),
                rx.cond(
                    S.cost.length() > SHOWN,
                    rx.el.details(
                        rx.el.summary(t("reports.page.other_destinations", count=S.cost.length() - SHOWN)),
                        rx.el.ul(rx.foreach(S.cost[SHOWN:], line), class_name="cost-lines"),
                        class_name="figures",
                    ),
                ),
                class_name="col g4",
            ),
        ),
        rx.cond(
            S.figures.left > 0,
            note(debited, rx.el.div(coming, class_name="mut"), tone="teal"),
            rx.el.p(coming, class_name="t2 mut"),
        ),
        rx.cond(S.now.offered > 0, rx.el.p(t("reports.page.offered", units=S.now.offered), class_name="t2 mut")),
        _left_out(),
        title=t("reports.page.cost"),
        class_name="s4 cost-card",
    )


def _left_out() -> Component:
    h = S.head
    kinds = [
        (h.duplicates, t("reports.page.left_out.duplicates", count=h.duplicates)),
        (h.blacklisted, t("reports.page.left_out.blacklisted", count=h.blacklisted)),
        (h.uncovered, t("reports.page.left_out.uncovered", count=h.uncovered)),
        (h.unreadable, t("reports.page.left_out.unreadable", count=h.unreadable)),
        (S.figures.excluded, t("reports.page.left_out.later", count=S.figures.excluded)),
    ]
    some = (h.left_out > 0) | (S.figures.excluded > 0)
    said = rx.el.ul(*(rx.cond(count > 0, rx.el.li(words)) for count, words in kinds))
    return rx.cond(some, rx.el.div(rx.el.span(t("reports.page.left_out"), class_name="b5"), said, class_name="apart"))


def course() -> Component:
    """How it went over time, and when it will have left."""
    c = S.curves
    svg = rx.el.svg(
        rx.el.svg.path(d=c.area, class_name="area"),
        rx.el.svg.path(d=c.received, class_name="curve received"),
        rx.el.svg.path(d=c.operator, class_name="curve operator"),
        rx.el.svg.path(d=c.sent, class_name="curve sent"),
        rx.el.svg.path(d=c.ahead, class_name="curve ahead"),
        view_box="0 0 600 100",
        custom_attrs={"preserveAspectRatio": "none"},
    )
    ends = [
        ("sent", c.sent_y, c.sent_label),
        ("operator", c.operator_y, c.operator_label),
        ("received", c.received_y, c.received_label),
    ]
    names = [
        part
        for status, y, label in ends
        for part in (
            rx.el.i(class_name=f"spot {status}", custom_attrs=placed({"left": f"{c.x}%", "top": f"{y}%"})),
            rx.el.span(
                t(f"delivery.status.{status}"),
                class_name=f"name {status}",
                custom_attrs=placed({"left": f"{c.x}%", "top": f"{label}%"}),
            ),
        )
    ]
    end = rx.cond(c.ends != "", rx.el.span(t("reports.page.end", at=c.ends), class_name="t1 mut num foretold"))
    table = figures_table(
        t("reports.page.hour"),
        *(t(f"delivery.status.{status}") for status in ("sent", "operator", "received")),
        rows=rx.foreach(
            c.rows,
            lambda r: rx.el.tr(
                rx.el.td(clock(r.iso)),
                *(rx.el.td(number(count), class_name="r") for count in (r.sent, r.operator, r.received)),
                key=r.iso,
            ),
        ),
    )
    label = t(
        "reports.page.course_said",
        sent=S.figures.left,
        operator=S.figures.reached,
        received=S.figures.received,
    )
    drawn = rx.el.div(
        up_axis(c.up), svg, *names, end, class_name="plot", role="img", custom_attrs={"aria-label": label}
    )
    pace = rx.el.span(
        icon("gauge"), going(S.state, S.now.speed, S.now.ends_at, S.now.resumes_at), class_name="row g6 t2 mut"
    )
    nothing = rx.el.p(t("reports.page.nothing_left_yet"), class_name="t2 mut hush")
    return card(
        rx.cond(c.sent != "", rx.fragment(drawn, across_axis(c.across), table), nothing),
        title=t("reports.page.course"),
        link=rx.cond(S.now.over, rx.fragment(), pace),
        class_name="s7 course",
    )


def causes() -> Component:
    """Why some failed, what it means, what to do with the numbers (S50, M34)."""

    def reason(cause: rx.Var[Cause]) -> Component:
        return rx.el.li(
            rx.el.span(number(cause.count), class_name="big num"),
            rx.el.div(
                rx.el.div(message(cause.key), class_name="b5"),
                rx.el.div(message(cause.help), class_name="t2 mut"),
                class_name="f1",
            ),
            rx.el.div(
                rx.cond(
                    cause.remove & (S.beside.removable > 0),
                    button(
                        t("reports.page.remove", count=S.chosen),
                        role="surface",
                        size="1",
                        on_click=S.ask_removal,
                    ),
                ),
                rx.cond(cause.url != "", link(t("reports.page.see_them"), cause.url)),
                class_name="to-do",
            ),
            key=cause.code,
        )

    fine = rx.el.p(icon("check-check"), rx.el.span(t("reports.page.no_error")), class_name="row g8 t2 mut hush")
    others = rx.cond(
        S.causes.length() > SHOWN,
        rx.el.details(
            rx.el.summary(t("reports.page.other_causes", count=S.causes.length() - SHOWN)),
            rx.el.ul(rx.foreach(S.causes[SHOWN:], reason), class_name="reasons"),
            class_name="figures",
        ),
    )
    return card(
        rx.cond(
            S.causes.length() > 0,
            rx.fragment(rx.el.ul(rx.foreach(S.causes[:SHOWN], reason), class_name="reasons"), others),
            fine,
        ),
        title=rx.cond(S.figures.error > 0, t("reports.page.why", count=S.figures.error), t("reports.page.errors")),
        class_name="s5",
    )


def removal() -> Component:
    """The question before contacts go; what can be undone is said (S41, M10, M34)."""
    return dialog(
        title=t("reports.page.remove_q", count=S.to_remove),
        say=t("reports.page.remove_say"),
        open=S.removing,
        on_open_change=S.set_removing,
        width="500px",
        actions=[
            closing(button(t("reports.page.keep_contacts"))),
            button(t("reports.page.mark"), role="surface", on_click=S.remove("mark")),
            button(t("reports.page.remove", count=S.to_remove), role="danger", on_click=S.remove("delete")),
        ],
    )
