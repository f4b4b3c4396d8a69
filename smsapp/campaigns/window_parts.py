"""The windows of the composer: the review, who is left out, choosing contacts and groups."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var

from smsapp.campaigns.choosing_state import ChoosingState as Choosing
from smsapp.campaigns.departure_parts import leaves_later, spread_words
from smsapp.campaigns.left_out_state import LeftOutState as Out
from smsapp.campaigns.parts import territory
from smsapp.campaigns.screen import Check, Choosable, Destination, LeftOut, RepairItem
from smsapp.campaigns.state import ComposeState as S
from smsapp.i18n import credits, number, say, t
from smsapp.ui import bubble, button, checkbox, closing, credit_word, dialog, figure, note, search_field, tag
from smsapp.ui.icons import icon


def review() -> Component:
    """Facts, cost per destination, the real message, checks, consent (board 02, review)."""
    named = t("campaigns.review_lead", name=S.name)
    planned, people = leaves_later(), S.figures.recipients
    dated = rx.cond(
        S.name != "",
        t("schedule.review_lead", name=S.name, date=S.leaves.date),
        t("schedule.review_lead_unnamed", date=S.leaves.date),
    )
    return dialog(
        rx.cond(S.changed, rx.el.div(note(t("campaigns.changed"), tone="amber", alert=True), class_name="stack")),
        rx.el.div(_facts(), _message(), class_name="cmp-review"),
        rx.el.div(
            rx.fragment(
                checkbox(t("campaigns.consent"), on_change=S.set_consent, id="consent"), key=S.round.to_string()
            ),
            rx.el.div(
                closing(button(t("campaigns.edit"), role="soft", color_scheme="gray")),
                button(
                    rx.cond(planned, t("schedule.plan", count=people), t("campaigns.send", count=people)),
                    role="primary",
                    name="send",
                    on_click=S.send,
                    disabled=~S.consent,
                    id="send",
                ),
                class_name="end",
            ),
            class_name="cmp-end",
        ),
        title=t("campaigns.review"),
        say=rx.cond(planned, dated, rx.cond(S.name != "", named, t("campaigns.review_lead_unnamed"))),
        open=S.reviewing,
        on_open_change=S.show_review,
        width="880px",
    )


def _facts() -> Component:
    f = S.figures
    out = t(
        "campaigns.left_out",
        duplicates=f.duplicates,
        blacklisted=f.blacklisted,
        invalid=f.invalid,
        uncovered=f.uncovered,
    )
    nobody = (f.duplicates + f.blacklisted + f.invalid + f.uncovered) == 0
    spared = rx.el.small(t("campaigns.saved_duplicates", count=f.duplicates, units=f.saved))
    return rx.el.div(
        _fact(
            t("campaigns.recipients"),
            rx.el.span(rx.el.b(number(f.recipients)), " ", t("campaigns.numbers", count=f.recipients)),
            rx.el.small(rx.cond(nobody, t("campaigns.no_left_out"), out)),
            rx.cond(f.saved > 0, spared),
        ),
        _fact(
            t("campaigns.sender"),
            rx.el.b(rx.cond(S.custom, S.sender, t("campaigns.reply"))),
            rx.el.small(rx.cond(S.custom, t("campaigns.custom_no_reply"), t("campaigns.reply_possible"))),
        ),
        _fact(
            t("campaigns.sending"),
            rx.cond(
                leaves_later(),
                rx.fragment(
                    rx.el.b(S.leaves.date, class_name="num"),
                    " ",
                    S.leaves.zone,
                    rx.el.small(t("schedule.debited_then")),
                ),
                rx.fragment(t("campaigns.now"), rx.el.small(t("campaigns.queued_soon"))),
            ),
            rx.cond(S.leaves.spread != "0", rx.el.small(spread_words())),
        ),
        _destinations(),
        rx.el.div(
            rx.el.div(
                rx.el.div(t("campaigns.cost"), class_name="b6"),
                rx.el.div(t("campaigns.after"), " : ", credits(f.after), class_name="t2 mut num"),
            ),
            figure(credits(f.units), credit_word(f.units), size=26),
            class_name="cmp-total",
        ),
        class_name="l",
    )


def _fact(label: Any, *children: Any) -> Component:
    return rx.el.div(rx.el.span(label), rx.el.div(*children), class_name="cmp-fact")


def _destinations() -> Component:
    def line(d: Var[Destination]) -> Component:
        return rx.el.tr(
            rx.el.td(territory(d.territory)),
            rx.el.td(number(d.count), class_name="r"),
            rx.el.td(d.segments, class_name="r"),
            rx.el.td(rx.cond(d.price > 0, credits(d.price), ""), class_name="r"),
            rx.el.td(credits(d.units), class_name="r"),
        )

    head = rx.el.tr(
        rx.el.th(t("campaigns.destination"), scope="col"),
        rx.el.th(t("campaigns.sms"), scope="col", class_name="r"),
        rx.el.th(t("campaigns.segments_title"), scope="col", class_name="r"),
        rx.el.th(t("campaigns.price"), scope="col", class_name="r"),
        rx.el.th(t("campaigns.credits"), scope="col", class_name="r"),
    )
    return rx.el.table(rx.el.thead(head), rx.el.tbody(rx.foreach(S.figures.destinations, line)), class_name="tb")


def _message() -> Component:
    p = S.person
    unicode = p.encoding == "UCS-2"
    words = t("campaigns.encoded", encoding=rx.cond(unicode, "Unicode", p.encoding), count=p.segments)

    def check(c: Var[Check]) -> Component:
        sign = rx.match(c.tone, ("ok", icon("circle-check")), ("warn", icon("triangle-alert")), icon("octagon-x"))
        return rx.el.li(sign, rx.el.span(say(c.sentence)), class_name=c.tone)

    return rx.el.div(
        rx.el.div(
            rx.el.span(t("campaigns.received_by", name=rx.cond(p.name != "", p.name, p.number)), class_name="b6 t2 f1"),
            rx.cond(unicode, tag(words, tone="amber"), tag(words, tone="indigo")),
            class_name="row g8 wrap",
        ),
        bubble(p.body),
        rx.el.ul(rx.foreach(S.figures.checks, check), class_name="cmp-checks"),
        class_name="r",
    )


def left_out() -> Component:
    """Who is left out for one reason, with the repair at one click (S91, M12, M13)."""
    title = rx.match(
        Out.listed,
        ("invalid", t("campaigns.out.invalid")),
        ("ambiguous", t("campaigns.out.ambiguous")),
        ("duplicate", t("campaigns.out.duplicate")),
        ("blacklisted", t("campaigns.out.blacklisted")),
        t("campaigns.out.uncovered"),
    )

    def repair(row: Var[LeftOut], fix: Var[RepairItem]) -> Component:
        words = rx.el.span(t("campaigns.out.use", number=fix.number), " · ", territory(fix.territory))
        return rx.el.button(words, type="button", class_name="pg", on_click=Out.repair(row.id, fix.e164))

    def line(row: Var[LeftOut]) -> Component:
        return rx.el.li(
            rx.el.div(
                rx.el.div(rx.el.span(row.label, class_name="b5 num"), " ", row.name),
                rx.el.div(say(row.why), class_name="t2 mut"),
                class_name="f1",
            ),
            rx.foreach(row.repairs, lambda fix: repair(row, fix)),
            key=row.id,
        )

    drop = button(
        t("campaigns.out.drop", count=Out.total), role="danger_soft", name="trash-2", on_click=Out.drop_unreadable
    )
    first = t("campaigns.out.first", shown=Out.rows.length(), count=Out.total)
    return dialog(
        rx.cond(Out.total > Out.rows.length(), rx.el.p(first, class_name="say")),
        rx.el.ul(rx.foreach(Out.rows, line), class_name="cmp-list cmp-out", tab_index=0),
        title=title,
        open=Out.listed != "",
        on_open_change=Out.show,
        actions=[rx.cond(Out.listed == "invalid", drop), closing(button(t("campaigns.out.close")))],
        width="640px",
    )


def choosing() -> Component:
    """Contacts or groups: search, tick, add (S30, S31)."""
    contacts = Choosing.kind == "contact"

    def line(row: Var[Choosable]) -> Component:
        detail = rx.cond(row.count >= 0, t("campaigns.choose.members", count=row.count), row.detail)
        box = rx.el.label(
            rx.el.input(
                type="checkbox",
                default_checked=row.chosen,
                on_change=lambda on: Choosing.tick(row.id, on),
            ),
            rx.el.span(row.label, class_name="f1 el"),
            rx.el.small(detail),
            class_name="check",
        )
        return rx.el.li(box, key=row.id)

    counted = rx.cond(
        contacts,
        t("campaigns.choose.add_contacts", count=Choosing.chosen),
        t("campaigns.choose.add_groups", count=Choosing.chosen),
    )
    add = rx.cond(Choosing.chosen > 0, counted, t("campaigns.choose.add"))
    none = rx.el.p(t("campaigns.choose.none"), class_name="say")
    found = rx.el.ul(rx.foreach(Choosing.rows, line), class_name="cmp-list", tab_index=0)
    return dialog(
        rx.el.div(
            search_field(
                t("campaigns.choose.search"),
                value=Choosing.search,
                on_change=Choosing.find,
                debounce_timeout=180,
                max_length=200,
            ),
            class_name="row cmp-find",
        ),
        rx.cond(Choosing.rows.length() > 0, found, none),
        title=rx.cond(contacts, t("campaigns.choose.contacts"), t("campaigns.choose.groups")),
        open=Choosing.kind != "",
        on_open_change=Choosing.show,
        actions=[
            closing(button(t("campaigns.choose.cancel"))),
            button(add, role="primary", on_click=Choosing.take, disabled=Choosing.chosen == 0),
        ],
        width="520px",
    )
