"""The dashboard of who never sent anything: the way to a first SMS, step by step (board 08)."""

import reflex as rx
from reflex.components.component import Component

from smsapp.i18n import number, t
from smsapp.reports.lists_state import DashboardState as S
from smsapp.ui import bubble, card, empty_state, grid, link, link_button, progress, tag
from smsapp.ui.icons import icon

STEPS = 4


def welcome() -> Component:
    """Four steps, what 20 credits are good for, and what will stand here later."""
    contacts = S.overview.contacts > 0
    done = rx.cond(contacts, 2, 1)
    steps = rx.el.ol(
        _step(
            1,
            "done",
            t("dashboard.step.account"),
            rx.cond(S.overview.available > 0, t("dashboard.step.account_credits"), t("dashboard.step.account_say")),
            beside=rx.cond(
                S.overview.available > 0,
                tag(t("dashboard.step.credits", units=S.overview.available), tone="indigo", name="gift"),
            ),
        ),
        _step(
            2,
            rx.cond(contacts, "done", "now"),
            t("dashboard.step.import"),
            rx.cond(contacts, t("dashboard.step.imported", count=S.overview.contacts), t("dashboard.step.import_say")),
            below=rx.cond(
                contacts,
                rx.fragment(),
                link_button(t("dashboard.step.import_do"), "/import", role="soft", name="file-up"),
            ),
        ),
        _step(
            3,
            rx.cond(contacts, "now", ""),
            t("dashboard.step.write"),
            t("dashboard.step.write_say"),
            below=rx.cond(
                contacts, link_button(t("dashboard.step.write_do"), "/compose", role="soft", name="square-pen")
            ),
        ),
        _step(4, "", t("dashboard.step.send"), t("dashboard.step.send_say")),
        class_name="begin",
    )
    far = rx.el.span(
        t("dashboard.step.far", done=done, all=STEPS),
        progress(done, STEPS, t("dashboard.begin"), thin=True),
        class_name="row g12 t2 mut far",
    )
    return grid(
        card(steps, title=t("dashboard.begin"), link=far, class_name="s8"),
        _first_sms(),
        _later("send", "running", "/compose"),
        _later("contact", "book", "/import"),
        _later("chart-column", "deliveries", "/sent"),
    )


def _step(
    place: int,
    look: str | rx.Var[str],
    title: rx.Var[str],
    said: rx.Var[str],
    *,
    beside: Component | None = None,
    below: Component | None = None,
) -> Component:
    mark = rx.cond(rx.Var.create(look) == "done", icon("check"), rx.el.span(number(place)))
    return rx.el.li(
        rx.el.span(mark, class_name="mark num", custom_attrs={"aria-hidden": "true"}),
        rx.el.div(
            rx.el.div(rx.el.h3(title, class_name="b6"), *([beside] if beside else []), class_name="row g8 wrap"),
            rx.el.p(said, class_name="t2 mut"),
            *([below] if below else []),
            class_name="f1",
        ),
        class_name=look,
    )


def _first_sms() -> Component:
    good_for = rx.cond(
        S.overview.available > 0,
        t("dashboard.good_for", units=S.overview.available),
        t("dashboard.good_for_none"),
    )
    return card(
        rx.el.div(
            rx.el.span(icon("smartphone"), t("dashboard.sample_when"), class_name="row g8 t2 mut"),
            bubble(t("dashboard.sample")),
            class_name="sample",
        ),
        rx.el.p(good_for, class_name="t2 mut"),
        rx.el.hr(class_name="sep"),
        rx.el.div(
            link(t("dashboard.try_compose"), "/compose", arrow=True),
            link(t("dashboard.try_contact"), "/contacts", arrow=True),
            class_name="col g4",
        ),
        title=t("dashboard.sample_title"),
        class_name="s4 first-sms",
    )


def _later(name: str, what: str, href: str) -> Component:
    return rx.el.div(
        empty_state(
            name,
            t(f"dashboard.later.{what}"),
            t(f"dashboard.later.{what}_why"),
            link(t(f"dashboard.later.{what}_do"), href),
        ),
        class_name="s4 later",
    )
