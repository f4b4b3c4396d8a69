"""Nouveau SMS (board 02)."""

import reflex as rx

from smsapp.campaigns.departure_parts import departure, past_question, replaces
from smsapp.campaigns.drafts_state import DraftsState
from smsapp.campaigns.left_out_state import LeftOutState
from smsapp.campaigns.message_parts import message
from smsapp.campaigns.own_state import OwnFieldsState
from smsapp.campaigns.parts import (
    ComposeSheet,
    audience,
    facts_line,
    foot,
    header_actions,
    panel,
    problems,
    purpose_and_sender,
)
from smsapp.campaigns.sizes_parts import sizes
from smsapp.campaigns.sizes_state import SizesState
from smsapp.campaigns.state import ComposeState as S
from smsapp.campaigns.window_parts import choosing, left_out, review
from smsapp.i18n import t
from smsapp.ui import monospace
from smsapp.web.frame import PageSpec, frame


def compose() -> rx.Component:
    """/compose: a new SMS, its exact price and its real message; ?draft= ?group= ?contacts= fill it."""
    form = rx.el.div(replaces(), audience(), purpose_and_sender(), message(), departure(), problems(), class_name="cmp")
    return frame(
        ComposeSheet.create(),
        monospace(),
        form,
        review(),
        past_question(),
        left_out(),
        sizes(),
        choosing(),
        title=t("campaigns.title"),
        active="compose",
        facts=facts_line(),
        actions=header_actions(),
        panel=panel(),
        foot=foot(),
        ruled=True,
    )


PAGES = [
    PageSpec(
        "/compose",
        compose,
        "campaigns.title",
        [SizesState.close, LeftOutState.close, OwnFieldsState.load, S.enter, DraftsState.load],
    )
]
