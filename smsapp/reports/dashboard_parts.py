"""The dashboard: balance, campaigns on their way, deliveries day by day, causes, last campaigns; or how to begin."""

import reflex as rx
from reflex.components.component import Component

from smsapp.accounts.state import SessionState
from smsapp.domain.delivery import Status
from smsapp.i18n import credits, day, message, number, percent, t
from smsapp.reports.drawing import Bar
from smsapp.reports.lists_state import PERIODS
from smsapp.reports.lists_state import DashboardState as S
from smsapp.reports.parts import ReportsSheet, bar, dot_of, figures_table, going, up_axis
from smsapp.reports.screen import Cause, Counts, RunningRow
from smsapp.reports.sent_parts import ListsSheet, cells, columns
from smsapp.reports.welcome_parts import welcome
from smsapp.ui import (
    Choice,
    card,
    credit_word,
    data_table,
    delivery_legend,
    empty_state,
    figure,
    grid,
    icon_button,
    link,
    link_button,
    more,
    segmented,
    skeleton,
    tag,
)
from smsapp.ui.icons import icon
from smsapp.web.frame import frame

NOTHING_COMPARED = 2.0


def dashboard() -> Component:
    """/dashboard: everything at a glance, live; the first steps when nothing was ever sent."""
    periods = segmented(
        [Choice(days, t("dashboard.days", count=int(days)), href=f"/dashboard?days={days}") for days in PERIODS],
        S.days,
        t("dashboard.period"),
    )
    whole = grid(_balance(), _running(), _deliveries(), _causes(), _last())
    new = rx.cond(S.overview.sent_ever, t("dashboard.title"), t("dashboard.welcome", name=SessionState.user_name))
    return frame(
        ReportsSheet.create(),
        ListsSheet.create(),
        rx.cond(S.loaded, rx.cond(S.overview.sent_ever, whole, welcome()), skeleton(8)),
        title=new,
        active="dashboard",
        facts=rx.cond(
            S.overview.sent_ever,
            rx.cond(S.overview.as_of != "", t("dashboard.as_of", at=S.overview.as_of), ""),
            t("dashboard.welcome_lead"),
        ),
        actions=[
            rx.cond(S.overview.sent_ever, periods),
            link_button(t("ui.nav.new"), "/compose", role="primary", name="square-pen", class_name="off-phone"),
        ],
    )


def _balance() -> Component:
    o = S.overview
    pace = rx.cond(
        o.days_left >= 0,
        rx.el.p(
            rx.el.b(t("dashboard.days_left", count=o.days_left)),
            " ",
            t("dashboard.at_pace", amount=number(o.per_day / 10_000)),
            class_name="t2 mut",
        ),
        rx.el.p(t("dashboard.no_pace"), class_name="t2 mut"),
    )
    return card(
        figure(credits(o.available), credit_word(o.available), size=34),
        pace,
        rx.el.dl(
            _pair(t("dashboard.spent", count=S.period), credits(o.spent)),
            _pair(t("dashboard.held"), credits(o.held)),
            _pair(t("dashboard.contacts"), number(o.contacts)),
            class_name="pairs",
        ),
        title=t("dashboard.balance"),
        class_name="s4 balance",
    )


def _pair(label: rx.Var[str], value: rx.Var[str]) -> Component:
    return rx.el.div(rx.el.dt(label), rx.el.dd(value))


def _running() -> Component:
    none = empty_state(
        "send",
        t("dashboard.none_running"),
        t("dashboard.none_running_why"),
        link(t("ui.nav.new"), "/compose", arrow=True),
    )
    return card(
        rx.cond(S.running.length() > 0, rx.el.ul(rx.foreach(S.running, _on_its_way), class_name="runs"), none),
        title=t("dashboard.running"),
        facts=rx.cond(S.overview.running > 0, number(S.overview.running), ""),
        link=more(t("ui.nav.sent"), "/sent"),
        class_name="s8",
    )


def _on_its_way(row: rx.Var[RunningRow]) -> Component:
    counts = row.counts
    return rx.el.li(
        rx.el.div(
            dot_of(row.state),
            rx.el.a(row.name, href=row.url, class_name="b5 el name"),
            rx.el.span(going(row.state, row.speed, row.ends_at, row.resumes_at), class_name="t2 mut how"),
            rx.el.span(rx.el.b(number(counts.done)), " / ", number(counts.total), class_name="num mut nw end"),
            rx.el.span(percent(counts.share, 0), class_name="num mut nw share"),
            rx.match(
                row.state,
                ("running", icon_button("pause", t("dashboard.pause", name=row.name), on_click=S.pause(row.id))),
                ("paused", icon_button("play", t("dashboard.resume", name=row.name), on_click=S.resume(row.id))),
                rx.fragment(),
            ),
            class_name="run-head",
        ),
        bar(counts, legend=True),
        key=row.id,
    )


def _deliveries() -> Component:
    o = S.overview
    up = tag(t("dashboard.points", points=number(o.change * 100, 1)), tone="teal", name="arrow-up")
    down = tag(t("dashboard.points", points=number(o.change * -100, 1)), tone="red", name="arrow-down")
    moved = rx.cond(o.change == NOTHING_COMPARED, rx.fragment(), rx.cond(o.change < 0, down, up))
    rate = rx.cond(
        o.counts.rate >= 0,
        rx.el.span(
            rx.el.span(t("dashboard.rate"), class_name="mut t2"),
            rx.el.b(percent(o.counts.rate), class_name="num rate"),
            moved,
            class_name="row g8 wrap",
        ),
    )
    return card(
        _legend(o.counts),
        _chart(),
        title=t("dashboard.deliveries"),
        facts=t("dashboard.last_days", count=S.period),
        link=rate,
        class_name="s8 deliveries",
    )


def _legend(counts: rx.vars.ObjectVar[Counts]) -> Component:
    return delivery_legend(
        {
            Status.RECEIVED: counts.received,
            Status.OPERATOR: counts.operator,
            Status.SENT: counts.sent,
            Status.ERROR: counts.error,
        }
    )


def _chart() -> Component:
    """One bar a day, its parts in the order of the delivery bar; errors are hatched."""

    def one(d: rx.Var[Bar]) -> Component:
        parts = [("error", d.error_high), ("sent", d.sent_high), ("operator", d.operator_high)]
        return rx.el.div(
            *(
                rx.el.i(class_name=f"fill-{name}", custom_attrs={"style": {"height": f"{high}%"}, "hidden": high <= 0})
                for name, high in [*parts, ("received", d.received_high)]
            ),
            rx.cond(d.label, rx.el.span(day(d.iso)[:5], class_name="when")),
            class_name="day",
            key=d.iso,
        )

    def line(d: rx.Var[Bar]) -> Component:
        figures = (d.received, d.operator, d.sent, d.error)
        return rx.el.tr(
            rx.el.th(day(d.iso), scope="row"), *(rx.el.td(number(f), class_name="r") for f in figures), key=d.iso
        )

    counts = S.overview.counts
    said = t(
        "dashboard.chart_said",
        received=counts.received,
        operator=counts.operator,
        sent=counts.sent,
        error=counts.error,
    )
    drawn = rx.el.div(
        up_axis(S.bars.up),
        rx.el.div(rx.foreach(S.bars.bars, one), class_name="days"),
        class_name="daychart",
        role="img",
        custom_attrs={"aria-label": said},
    )
    table = figures_table(
        t("sent.date"),
        *(t(status.key) for status in (Status.RECEIVED, Status.OPERATOR, Status.SENT, Status.ERROR)),
        rows=rx.foreach(S.bars.bars, line),
    )
    return rx.fragment(drawn, table)


def _causes() -> Component:
    def cause(c: rx.Var[Cause]) -> Component:
        return rx.el.li(
            rx.el.div(
                rx.el.span(message(c.key), class_name="f1 el"),
                rx.el.b(number(c.count), class_name="num"),
                rx.el.span(percent(c.share, 0), class_name="num mut part"),
                class_name="row g8",
            ),
            rx.el.div(
                rx.el.i(class_name="fill-error", custom_attrs={"style": {"width": f"{c.width}%"}}), class_name="track"
            ),
            rx.cond(c.remove, rx.el.span(t("delivery.advice.remove"), class_name="t1 tx-err")),
            key=c.code,
        )

    fine = empty_state("check-check", t("dashboard.no_failure"), t("dashboard.no_failure_why"))
    return card(
        rx.cond(S.causes.length() > 0, rx.el.ul(rx.foreach(S.causes, cause), class_name="causes"), fine),
        title=t("dashboard.causes"),
        facts=rx.cond(S.causes.length() > 0, t("dashboard.failed", count=S.overview.counts.error), ""),
        class_name="s4",
    )


def _last() -> Component:
    none = rx.el.p(icon("clock"), t("dashboard.none_over"), class_name="row g8 t2 mut none-over")
    table = data_table(columns(), S.last, cells, label=t("dashboard.last"), key=lambda row: row.key)
    return card(
        rx.cond(S.last.length() > 0, table, none),
        title=t("dashboard.last"),
        link=more(t("ui.nav.sent"), "/sent"),
        flush=True,
        class_name="s12 sent-list",
    )
