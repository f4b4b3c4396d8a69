"""The passport of a number, as a page: where it stands, and the chain of what happened (/passport/[entry])."""

import reflex as rx
from reflex.components.component import Component

from smsapp.contacts.blacklist_page import ListsSheet, origin_tag
from smsapp.i18n import moment, t
from smsapp.reports.passport_state import Line
from smsapp.reports.passport_state import PassportState as S
from smsapp.ui import empty_state, link_button, note, skeleton, status_badge, tag
from smsapp.ui.icons import icon
from smsapp.web.frame import PageSpec, frame


def page() -> Component:
    """/passport/[entry]."""
    nowhere = empty_state(
        "file-badge",
        t("passport.missing"),
        t("passport.missing_why"),
        link_button(t("passport.back"), "/blacklist"),
    )
    chain = rx.el.div(
        _verdict(),
        rx.el.section(
            rx.el.div(
                rx.el.h2(t("passport.chain"), class_name="b6"),
                rx.el.span(
                    t("passport.messages", count=S.messages), ", ", t("passport.replies", count=S.replies),
                    class_name="t2 mut end",
                ),
                class_name="row g8 wrap",
            ),
            rx.el.ol(rx.foreach(S.lines, _step), class_name="steps"),
            rx.cond(S.older > 0, rx.el.p(t("passport.older", count=S.older), class_name="t2 mut")),
            class_name="chain",
        ),
        class_name="passport",
    )  # fmt: skip
    return frame(
        ListsSheet.create(),
        rx.cond(S.missing, nowhere, rx.cond(S.loaded, chain, skeleton(6))),
        title=rx.cond(
            S.number != "", t("passport.title_of", number=S.number.split(" ").join("\u00a0")), t("passport.title")
        ),
        active="blacklist",
        facts=rx.cond(S.standing != "", rx.el.span(t("passport.facts"))),
        actions=[
            rx.cond(
                S.proof_url != "",
                rx.button(
                    rx.el.a(icon("file-badge"), t("passport.proof"), href=S.proof_url, download=True),
                    as_child=True,
                    size="2",
                    variant="solid",
                ),
            )
        ],
        back=(t("passport.back"), "/blacklist"),
    )


def _verdict() -> Component:
    at = moment(S.since)
    on = note(
        rx.el.b(t("passport.on")), " ", _why_on(), _reason(),
        tone="amber",
    )  # fmt: skip
    off = note(
        rx.el.b(t("passport.off")), " ",
        rx.cond(S.origin == "start", t("passport.off_start", at=at), t("passport.off_hand", at=at)),
        _reason(),
        tone="teal",
    )  # fmt: skip
    return rx.cond(S.standing == "on", on, off)


def _reason() -> Component:
    return rx.cond(S.reason != "", rx.el.span(" ", t("passport.quoted", text=S.reason)))


def _why_on() -> rx.Var[str]:
    at = moment(S.since)
    return rx.match(
        S.origin,
        ("stop", t("passport.on_stop", at=at)),
        ("import", t("passport.on_import", at=at)),
        ("report", t("passport.on_report", at=at)),
        t("passport.on_manual", at=at),
    )


def _step(line: rx.Var[Line]) -> Component:
    sign = rx.match(
        line.kind,
        ("added", icon("ban")),
        ("kept", icon("ban")),
        ("lifted", icon("undo-2")),
        ("stop", icon("hand")),
        ("reply", icon("reply")),
        icon("send"),
    )
    said = rx.match(
        line.kind,
        ("added", t("passport.added")),
        ("kept", t("passport.kept")),
        ("lifted", rx.cond(line.origin == "start", t("passport.started"), t("passport.lifted"))),
        ("stop", t("passport.stop")),
        ("reply", t("passport.reply")),
        t("passport.message"),
    )
    badge = rx.match(
        line.kind,
        ("message", status_badge(line.status)),
        ("added", origin_tag(line.origin)),
        ("kept", origin_tag(line.origin)),
        ("stop", tag(t("passport.stop_tag"), tone="amber", name="hand")),
        rx.fragment(),
    )
    source = rx.cond(
        line.name != "",
        rx.cond(line.url != "", rx.el.a(line.name, href=line.url, class_name="lk"), rx.el.span(line.name)),
    )
    by = rx.cond(line.by != "", rx.el.span(t("passport.by", name=line.by)))
    return rx.el.li(
        rx.el.span(sign, class_name="pic"),
        rx.el.div(
            rx.el.div(
                rx.el.span(said, class_name="b5"), badge, rx.el.time(moment(line.at), class_name="num t2 mut end"),
                class_name="row g8 wrap",
            ),
            rx.cond(line.detail != "", rx.el.blockquote(line.detail)),
            rx.el.div(source, by, class_name="t2 mut row g8 wrap"),
            class_name="f1",
        ),
        key=line.key,
    )  # fmt: skip


PAGES = [PageSpec("/passport/[entry]", page, "passport.title", [S.enter])]
