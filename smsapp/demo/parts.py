"""Pieces of the demonstration's pages."""

import reflex as rx

from smsapp.demo.plan import ACCOUNT
from smsapp.demo.state import Bubble, DemoState, LetterLine
from smsapp.gateways.fate import MAGIC
from smsapp.i18n import moment, t
from smsapp.ui import bubble, button, empty_state, phone_frame, skeleton


class Opening(rx.Component):
    """The React component; use `opening`."""

    library = rx.asset("opening.jsx", shared=True).importable_path
    tag = "Opening"

    label: rx.Var[str]
    ready: rx.Var[str]
    lost: rx.Var[str]


opening = Opening.create


def letters() -> rx.Component:
    """The e-mails in a list, one of them open beside it: text only."""
    empty = empty_state("mail", t("demo.no_mail"), t("demo.no_mail_why"))
    listed = rx.el.ul(rx.foreach(DemoState.letters, _letter), class_name="col", aria_label=t("demo.mails"))
    reading = rx.el.div(
        DemoState.body, white_space="pre-wrap", overflow_wrap="anywhere", padding="16px", role="region",
        aria_label=t("demo.mail_read"), tab_index=0, border_top="1px solid var(--slate-a4)",
    )  # fmt: skip
    found = rx.cond(DemoState.letters.length() > 0, rx.el.div(listed, reading), empty)
    return rx.cond(DemoState.loaded, found, skeleton(3))


def _letter(letter: LetterLine) -> rx.Component:
    here = DemoState.chosen == letter.id
    return rx.el.li(
        rx.el.button(
            rx.el.span(letter.subject, class_name="b5 el", display="block"),
            rx.el.span(letter.recipient, " · ", moment(letter.at), class_name="t1 mut el", display="block"),
            type="button",
            on_click=DemoState.read_letter(letter.id),
            aria_pressed=rx.cond(here, "true", "false"),
            background=rx.cond(here, "var(--indigo-a2)", "transparent"),
            width="100%",
            text_align="left",
            padding="8px 16px",
        ),
        list_style="none",
    )


def phone() -> rx.Component:
    """The user's own phone: its number to copy, and the SMS that reached it, newest first."""
    number = rx.el.div(
        rx.el.span(DemoState.number, class_name="num nw b6"),
        button(t("demo.copy"), role="soft", name="copy", on_click=rx.set_clipboard(DemoState.digits)),
        class_name="row g10 wrap",
    )
    bubbles = rx.el.div(
        rx.foreach(DemoState.texts, _bubble), class_name="col g8", role="log", tab_index=0, aria_label=t("demo.phone")
    )
    shown = rx.cond(
        DemoState.texts.length() > 0,
        phone_frame(bubbles, sender=ACCOUNT, initial=ACCOUNT[:1]),
        empty_state("smartphone", t("demo.no_sms"), t("demo.no_sms_why")),
    )
    return rx.el.div(
        number,
        rx.el.p(t("demo.phone_why"), class_name="t2 mut"),
        rx.cond(DemoState.loaded, shown, skeleton(4)),
        class_name="col g12",
    )


def _bubble(sms: Bubble) -> rx.Component:
    who = rx.cond(sms.sender != "", sms.sender, t("demo.replyable"))
    return rx.el.div(rx.el.div(who, " · ", moment(sms.at), class_name="t1 mut"), bubble(sms.text), class_name="col g4")


def magic() -> rx.Component:
    """What each ending of a number does."""
    rows = [
        rx.el.tr(
            rx.el.td(rx.el.span(ending, class_name="mono nw")),
            rx.el.td(t(f"demo.magic.{fate.value}")),
        )
        for ending, fate in MAGIC.items()
    ]
    head = rx.el.tr(rx.el.th(t("demo.magic_ending"), scope="col"), rx.el.th(t("demo.magic_fate"), scope="col"))
    table = rx.el.table(rx.el.thead(head), rx.el.tbody(*rows), class_name="tb")
    return rx.el.div(table, class_name="tbox", role="region", tab_index=0, aria_label=t("demo.magic"))
