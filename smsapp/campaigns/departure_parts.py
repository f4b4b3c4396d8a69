"""The date of sending in the composer (board 02): now or later, the date and its clock, the spread, what is odd."""

from typing import Any, get_args

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var

from smsapp.campaigns.departure_state import DepartureState, Spread
from smsapp.campaigns.screen import Check
from smsapp.campaigns.state import ComposeState as S
from smsapp.i18n import say, t
from smsapp.ui import Choice, button, checkbox, confirm, date_field, help_line, note, segmented, select
from smsapp.ui.icons import icon

DATE = "send-date"


def leaves_later() -> Any:
    """Whether the draft leaves at a date that is to come."""
    return S.leaves.later & ~S.leaves.past


def spread_words() -> Any:
    """Over how long it leaves, in words."""
    return rx.match(S.leaves.spread, *[(one, t(f"schedule.spread.{one}")) for one in get_args(Spread)[1:]], "")


def replaces() -> Component:
    """Said above a draft that takes the place of a plan (S36)."""
    return rx.cond(S.leaves.edits, note(t("schedule.edits"), tone="indigo"))


def departure() -> Component:
    """When it leaves."""
    choices = [
        Choice("now", t("campaigns.now"), icon="send"),
        Choice("later", t("schedule.later"), icon="calendar-clock"),
    ]
    chosen = rx.cond(S.leaves.later, "later", "now")
    return rx.el.section(
        rx.el.h2(t("campaigns.sending")),
        rx.el.div(
            segmented(choices, chosen, t("campaigns.sending"), DepartureState.choose),
            rx.cond(S.leaves.later, _date()),
            _spread(),
            class_name="cmp-when",
        ),
        rx.cond(S.leaves.later, rx.fragment(_remarks(), _partly())),
        class_name="cmp-departure",
    )


def _date() -> Component:
    wrong = S.date_error.key != ""
    return rx.el.div(
        rx.el.label(t("schedule.date"), html_for=DATE, class_name="lab"),
        rx.el.div(
            date_field(
                DATE,
                value=S.date,
                of=S.campaign_id,
                placeholder=t("schedule.date_hint"),
                invalid=wrong,
                on_value=DepartureState.set_date,
            ),
            select(S.leaves.zones, value=S.leaves.zone, label=t("schedule.zone"), on_change=DepartureState.set_zone),
            class_name="row g8 wrap",
        ),
        help_line(DATE, t("schedule.zone_said", zone=S.leaves.zone), say(S.date_error)),
        class_name="fld",
    )


def _spread() -> Component:
    words: list[tuple[str, Any]] = [(one, t(f"schedule.spread.{one}")) for one in get_args(Spread)]
    return rx.el.div(
        rx.el.label(t("schedule.spread"), html_for="spread", class_name="lab"),
        select(words, id="spread", value=S.leaves.spread, on_change=DepartureState.set_spread),
        class_name="fld",
    )


def _remarks() -> Component:
    def line(c: Var[Check]) -> Component:
        sign = rx.cond(c.tone == "ok", icon("circle-check"), icon("triangle-alert"))
        return rx.el.li(sign, rx.el.span(say(c.sentence)), class_name=c.tone)

    slot = button(t("schedule.take_slot", date=S.leaves.slot), role="soft", size="1", on_click=DepartureState.take_slot)
    said = rx.el.ul(rx.foreach(S.leaves.remarks, line), class_name="cmp-checks", custom_attrs={"aria-live": "polite"})
    return rx.cond(S.date_error.key == "", rx.fragment(said, rx.cond(S.leaves.slot != "", slot)))


def _partly() -> Component:
    """What happens when the balance does not cover it then (M22)."""
    box = checkbox(t("schedule.partial"), checked=S.leaves.partial, on_change=DepartureState.set_partial)
    why = rx.cond(S.leaves.partial, t("schedule.credit_partly"), t("schedule.credit_whole"))
    return rx.el.div(rx.el.p(why, class_name="t2 mut"), box, class_name="col g4")


def past_question() -> Component:
    """The date is over: now? (M24)."""
    return confirm(
        title=t("schedule.past_q"),
        say=t("schedule.past_why", date=S.leaves.date, count=S.figures.recipients),
        keep=button(t("schedule.past_keep")),
        go=button(t("schedule.past_go"), role="primary", on_click=DepartureState.accept_past),
        open=S.past_asked,
        on_open_change=DepartureState.show_past,
    )
