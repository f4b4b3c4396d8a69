"""The page of replies (S44, board 09): conversations, one of them whole, and who it is with."""

import reflex as rx
from reflex.components.component import Component

from smsapp.i18n import t
from smsapp.inbox.parts import InboxSheet, conversation, export, listed, person
from smsapp.inbox.state import RepliesState as S
from smsapp.ui import search_field
from smsapp.web.frame import PageSpec, frame


def replies() -> Component:
    """/replies: everything that people wrote back, followed live."""
    return frame(
        InboxSheet.create(),
        rx.el.div(
            listed(),
            conversation(),
            person(),
            class_name=rx.cond(S.person.e164 > 0, "inbox opened", "inbox"),
        ),
        title=t("inbox.title"),
        active="replies",
        facts=rx.cond(
            S.loaded,
            rx.el.span(t("inbox.facts.unread", count=S.unread), ", ", t("inbox.facts.stops", count=S.stops)),
            rx.el.span(),
        ),
        actions=[
            search_field(
                t("inbox.search"),
                default_value=S.search,
                key=S.search_key,
                on_change=S.find.debounce(180),
                max_length=200,
            ),
            export(),
        ],
        ruled=True,
    )


PAGES = [PageSpec("/replies", replies, "inbox.title", [S.enter, S.watch])]
