"""Pieces of the page of replies: the list, the conversation with its answer, the person beside it."""

import reflex as rx
from reflex.components.component import Component
from reflex.vars import FunctionStringVar, Var
from reflex_base.utils.imports import ImportDict

from smsapp.i18n import clock, credits, day, t
from smsapp.inbox.screen import LineItem, SaidItem
from smsapp.inbox.state import RepliesState as S
from smsapp.ui import (
    Choice,
    avatar,
    button,
    composer,
    composer_stats,
    confirm,
    credit_word,
    empty_state,
    kbd,
    link_button,
    menu,
    menu_item,
    segmented,
    skeleton,
    status_badge,
    tag,
)
from smsapp.ui.icons import icon

ANSWER = "answer"
_SHEET = rx.asset("inbox.css", shared=True).importable_path


class InboxSheet(rx.Fragment):
    """The style sheet of this page."""

    def add_imports(self) -> ImportDict:
        return {"": [_SHEET]}


def listed() -> Component:
    """The conversations, latest first."""
    counts = {"all": None, "unread": S.unread, "open": S.open, "stop": None}
    choices = [Choice(view, t(f"inbox.view.{view}"), href=_view(view), count=count) for view, count in counts.items()]
    return rx.el.section(
        rx.el.div(segmented(choices, S.view, t("inbox.views")), class_name="inbox-views"),
        rx.cond(
            S.campaign > 0,
            rx.el.div(
                rx.el.span(t("inbox.one_campaign"), class_name="t2 mut"),
                rx.el.a(t("inbox.all"), href="/replies", class_name="lk end"),
                class_name="inbox-views row wrap",
            ),
            rx.fragment(),
        ),
        rx.cond(
            S.lines.length() > 0,
            rx.el.ul(rx.foreach(S.lines, _line), class_name="inbox-lines"),
            rx.cond(S.loaded, _nothing(), skeleton(6)),
        ),
        rx.el.nav(
            rx.cond(S.first_url != "", rx.el.a(t("inbox.first"), href=S.first_url, class_name="lk"), rx.el.span()),
            rx.cond(S.next_url != "", rx.el.a(t("inbox.next"), href=S.next_url, class_name="lk end"), rx.el.span()),
            class_name="inbox-pages",
            aria_label=t("ui.pages"),
        ),
        class_name="inbox-list",
        aria_label=t("inbox.list"),
    )


def _view(view: str) -> Var[str]:
    sought = FunctionStringVar.create("encodeURIComponent").call(S.search).to(str)
    base = "/replies" if view == "all" else f"/replies?view={view}"
    return rx.cond(S.search != "", f"{base}{'?' if view == 'all' else '&'}q={sought}", base)


def _line(line: Var[LineItem]) -> Component:
    face = rx.cond(
        line.stopped,
        rx.el.span(icon("ban"), class_name="av gray", custom_attrs={"aria-hidden": "true"}),
        rx.cond(
            line.initials != "",
            avatar(line.initials, tone="own"),
            rx.el.span(icon("user"), class_name="av gray", custom_attrs={"aria-hidden": "true"}),
        ),
    )
    mark = rx.cond(
        line.stopped,
        tag("STOP"),
        rx.cond(
            line.unread > 0,
            rx.el.span(rx.el.span(t("inbox.unread", count=line.unread), class_name="sr-only"), class_name="dot"),
            rx.cond(
                line.done,
                rx.el.span(icon("check"), rx.el.span(t("inbox.done"), class_name="sr-only"), class_name="mut i12"),
                rx.el.span(),
            ),
        ),
    )
    return rx.el.li(
        rx.el.a(
            face,
            rx.el.span(
                rx.el.span(
                    rx.el.b(line.title, class_name="el"),
                    rx.el.span(rx.cond(line.today, clock(line.at), day(line.at)), class_name="t1 mut num nw"),
                    class_name="top",
                ),
                rx.el.span(
                    rx.el.span(
                        rx.cond(line.ours, rx.el.span(t("inbox.you"), " "), rx.el.span()), line.text, class_name="el f1"
                    ),
                    mark,
                    class_name="top t2",
                ),
                class_name="f1 col",
            ),
            href=line.url,
            class_name=rx.cond(line.unread > 0, "line new", "line"),
            custom_attrs={"aria-current": rx.cond(line.here, "true", "false"), "data-row": "true"},
        ),
        key=line.e164.to(str),
    )


def _nothing() -> Component:
    return rx.cond(
        (S.search != "") | (S.view != "all") | (S.campaign > 0),
        empty_state(
            "search", t("inbox.none_found"), t("inbox.none_found_why"), link_button(t("inbox.all"), "/replies")
        ),
        empty_state("messages-square", t("inbox.empty"), t("inbox.empty_why")),
    )


def conversation() -> Component:
    """The open conversation: both sides in order, then the answer."""
    nobody = rx.el.section(
        empty_state("messages-square", t("inbox.choose"), t("inbox.choose_why")), class_name="inbox-thread none"
    )
    done = rx.cond(
        S.done,
        button(t("inbox.reopen"), name="undo-2", on_click=S.set_done(False), custom_attrs={"data-key": "e"}),
        button(
            rx.el.span(t("inbox.mark_done"), " ", kbd("E")),
            name="check",
            on_click=S.set_done(True),
            custom_attrs={"data-key": "e", "aria-keyshortcuts": "e"},
        ),
    )
    top = rx.el.div(
        rx.el.a(icon("chevron-left"), href=S.list_url, class_name="ib on-phone", aria_label=t("inbox.back")),
        rx.el.h2(rx.cond(S.person.name != "", S.person.name, S.person.number), class_name="el"),
        rx.cond(S.person.name != "", rx.el.span(S.person.number, class_name="t2 mut num nw"), rx.el.span()),
        rx.el.span(done, class_name="end"),
        class_name="inbox-top",
    )
    said = rx.el.div(
        rx.el.ol(
            rx.cond(S.earlier, rx.el.li(t("inbox.earlier"), class_name="when"), rx.fragment()),
            rx.foreach(S.said, _said),
            class_name="said",
        ),
        class_name="inbox-said",
        role="log",
        tab_index=0,
        aria_label=t("inbox.thread"),
    )
    open_one = rx.el.section(top, said, _answer(), class_name="inbox-thread", aria_label=t("inbox.conversation"))
    return rx.cond(S.person.e164 > 0, open_one, nobody)


def _said(one: Var[SaidItem]) -> Component:
    label = rx.cond(
        one.campaign != "",
        rx.el.a(icon("send"), one.campaign, href=one.campaign_url, class_name="of t1"),
        rx.fragment(),
    )
    wish = rx.cond(
        one.wish == "stop",
        rx.el.span(icon("ban"), t("inbox.wish.stop"), class_name="t1 row g4"),
        rx.cond(
            one.wish == "start", rx.el.span(icon("bell"), t("inbox.wish.start"), class_name="t1 row g4"), rx.fragment()
        ),
    )
    under = rx.el.span(
        rx.cond(one.ours, status_badge(one.status), wish),
        rx.el.span(clock(one.at), class_name="num"),
        class_name="under t1 mut",
    )
    who = rx.el.span(rx.cond(one.ours, t("inbox.you"), t("inbox.they")), class_name="sr-only")
    return rx.el.li(
        rx.cond(one.day != "", rx.el.span(day(one.day), class_name="when num"), rx.fragment()),
        label,
        rx.el.p(who, rx.el.span(one.text), class_name="words"),
        under,
        class_name=rx.cond(one.ours, "ours", "theirs"),
        key=one.key,
    )


def _answer() -> Component:
    stats = composer_stats(ANSWER)
    cost = rx.el.span(
        rx.cond(
            stats.characters > 0,
            rx.el.span(
                t("inbox.characters", count=stats.characters, segments=stats.segments),
                ", ",
                rx.el.b(credits(stats.segments * S.unit_price)),
                " ",
                credit_word(stats.segments * S.unit_price),
            ),
            rx.el.span(),
        ),
        class_name="t2 mut num",
        role="status",
    )
    write = rx.el.div(
        composer(
            ANSWER,
            value=S.text,
            version=S.version,
            on_value=S.typed,
            label=t("inbox.answer"),
            placeholder=t("inbox.answer_hint"),
            rows=2,
            values=S.person.words,
            suffix="",
        ),
        rx.el.div(
            cost,
            rx.el.span(
                button(
                    t("inbox.send"),
                    role="primary",
                    name="corner-down-left",
                    on_click=S.send,
                    disabled=stats.characters == 0,
                    custom_attrs={"data-key": "mod+enter", "aria-keyshortcuts": "Control+Enter Meta+Enter"},
                ),
                class_name="end",
            ),
            class_name="row g12",
        ),
        class_name="inbox-answer",
    )
    barred = rx.el.div(
        icon("ban"),
        rx.el.span(
            rx.cond(S.person.stopped_at != "", t("inbox.barred", at=S.person.stopped_at), t("inbox.not_covered"))
        ),
        class_name="inbox-barred t2",
    )
    return rx.cond(S.unit_price > 0, write, barred)


def person() -> Component:
    """Who the conversation is with."""
    p = S.person

    def fact(label: Var[str], value: Component) -> Component:
        return rx.el.div(rx.el.dt(label), rx.el.dd(value))

    bar = confirm(
        trigger=button(t("inbox.blacklist"), name="ban"),
        title=t("inbox.blacklist_q", number=p.number),
        say=t("inbox.blacklist_say"),
        keep=button(t("inbox.keep")),
        go=button(t("inbox.blacklist_go"), role="danger", on_click=S.blacklist),
    )
    who = rx.el.aside(
        rx.el.div(
            rx.cond(
                p.initials != "",
                avatar(p.initials, tone="own", large=True),
                rx.el.span(icon("user"), class_name="av gray lg", custom_attrs={"aria-hidden": "true"}),
            ),
            rx.el.b(rx.cond(p.name != "", p.name, p.number)),
            rx.cond(p.company != "", rx.el.span(p.company, class_name="t2 mut"), rx.fragment()),
            class_name="who",
        ),
        rx.el.dl(
            rx.cond(p.groups != "", fact(t("inbox.person.groups"), rx.el.span(p.groups)), rx.fragment()),
            fact(t("inbox.person.sent"), rx.el.span(t("inbox.person.received", received=p.received, sent=p.sent))),
            fact(
                t("inbox.person.replies"),
                rx.el.span(t("inbox.person.count", count=p.replies, at=p.first_reply)),
            ),
        ),
        rx.cond(
            p.contact_url != "",
            link_button(t("inbox.open_contact"), p.contact_url, name="book-user"),
            rx.el.span(t("inbox.no_contact"), class_name="t2 mut"),
        ),
        rx.cond(p.stopped_at == "", bar, rx.fragment()),
        rx.el.p(icon("info"), rx.el.span(t("inbox.stop_note")), class_name="inbox-note t2"),
        class_name="inbox-who",
        aria_label=t("inbox.person"),
    )
    return rx.cond(p.e164 > 0, who, rx.fragment())


def export() -> Component:
    """Everything that was replied, for a spreadsheet."""
    return menu(
        "export",
        "download",
        t("inbox.export"),
        menu_item("export", t("inbox.export.csv"), name="file-text", on_click=S.export("csv")),
        menu_item("export", t("inbox.export.xlsx"), name="file-spreadsheet", on_click=S.export("xlsx")),
    )
