"""SMS programmés (board 10)."""

import reflex as rx

from smsapp.i18n import t
from smsapp.planning.calendar_parts import calendar
from smsapp.planning.parts import PlanningSheet, empty, missing, plans, questions
from smsapp.planning.state import PlanningState as S
from smsapp.ui import Choice, link_button, notices, segmented, skeleton, sms_tabs
from smsapp.web.frame import PageSpec, frame


def scheduled() -> rx.Component:
    """/scheduled: what leaves later, as a list or as a month."""
    views = [
        Choice("list", t("planning.list"), href="/scheduled", icon="list"),
        Choice("calendar", t("planning.calendar"), href="/scheduled?view=calendar", icon="calendar-days"),
    ]
    listed = rx.cond(S.rows.length() > 0, rx.fragment(plans(), missing()), empty())
    shown = rx.cond(S.view == "calendar", rx.fragment(calendar(), missing()), listed)
    return frame(
        PlanningSheet.create(),
        sms_tabs("scheduled"),
        rx.cond(S.loaded, shown, skeleton(6)),
        questions(),
        notices(S.deleted, action=t("planning.undo"), on_action=S.undo),
        title=t("planning.title"),
        active="scheduled",
        facts=rx.cond(S.scheduled > 0, t("planning.facts", count=S.scheduled, units=S.units), ""),
        actions=[
            segmented(views, S.view, t("planning.views")),
            link_button(t("ui.nav.new"), "/compose", role="primary", name="square-pen", class_name="off-phone"),
        ],
    )


PAGES = [PageSpec("/scheduled", scheduled, "planning.title", [S.enter, S.watch])]
