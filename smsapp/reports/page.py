"""The pages of this room: the dashboard (board 01), the sent SMS, the live report of a campaign (board 05)."""

import reflex as rx
from reflex.components.component import Component

from smsapp.i18n import percent, t
from smsapp.reports import passport_page, recipient_parts, report_parts
from smsapp.reports.dashboard_parts import dashboard
from smsapp.reports.lists_state import DashboardState, SentState
from smsapp.reports.parts import ReportsSheet, state_tag
from smsapp.reports.sent_parts import sent
from smsapp.reports.state import ReportState as S
from smsapp.ui import empty_state, grid, link_button, notices, skeleton, tag
from smsapp.ui.icons import icon
from smsapp.web.frame import PageSpec, frame


def report() -> Component:
    """/sent/[campaign_id]: one campaign, live."""
    content = grid(
        report_parts.stream(),
        report_parts.cost(),
        report_parts.course(),
        report_parts.causes(),
        recipient_parts.recipients(),
    )
    nowhere = empty_state(
        "search",
        t("reports.page.missing"),
        t("reports.page.missing_why"),
        link_button(t("reports.page.all_sent"), "/sent"),
    )
    return frame(
        ReportsSheet.create(),
        rx.cond(
            S.missing,
            nowhere,
            rx.cond(S.loaded, rx.fragment(report_parts.notes(), content), skeleton(8)),
        ),
        recipient_parts.story(),
        report_parts.removal(),
        notices(S.removed, action=t("reports.page.undo"), on_action=S.undo_removal),
        title=rx.cond(S.head.name != "", S.head.name, t("reports.page.title")),
        active="sent",
        facts=rx.cond(S.head.id > 0, _facts()),
        actions=[rx.cond(S.head.id > 0, action) for action in report_parts.actions()],
        back=(t("reports.page.back"), "/sent"),
    )


def _facts() -> Component:
    kind = rx.cond(
        S.head.sms_type == "voice",
        t("reports.page.facts.voice"),
        rx.cond(
            S.head.sender != "",
            t("reports.page.facts.sender", sender=S.head.sender),
            t("reports.page.facts.reply"),
        ),
    )
    share = rx.cond(
        S.state == "running",
        tag(percent(S.figures.share), tone="teal", name="gauge"),
        state_tag(S.state),
    )
    launched = rx.cond(
        S.head.send_at != "", t("reports.page.facts.launched", at=S.head.send_at, author=S.head.author), ""
    )
    replied = rx.el.a(
        icon("messages-square"),
        rx.el.span(
            t("reports.page.facts.replies", count=S.now.replies),
            rx.cond(S.now.stops > 0, t("reports.page.facts.stops", count=S.now.stops), ""),
        ),
        href=f"/replies?campaign={S.head.id}",
        class_name="lk",
    )
    return rx.fragment(
        rx.cond(S.state == "running", state_tag(S.state)),
        share,
        rx.el.span(kind, ", ", launched),
        rx.cond(S.now.replies > 0, replied, rx.fragment()),
        rx.el.span(t("reports.page.facts.as_of", at=S.now.as_of), class_name="num", role="status"),
    )


PAGES = [
    PageSpec("/dashboard", dashboard, "dashboard.title", [DashboardState.enter, DashboardState.watch]),
    PageSpec("/sent", sent, "sent.title", [SentState.enter, SentState.watch]),
    PageSpec("/sent/[campaign_id]", report, "reports.page.title", [S.enter, S.watch]),
    *passport_page.PAGES,
]
