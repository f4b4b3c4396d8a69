"""Pieces of the composer: recipients, sender, phone, price (board 02). See `message_parts` and `window_parts` too."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var
from reflex_base.utils.imports import ImportDict

from smsapp.campaigns.choosing_state import ChoosingState
from smsapp.campaigns.drafts_state import DraftsState
from smsapp.campaigns.left_out_state import LeftOutState
from smsapp.campaigns.message_parts import SMS
from smsapp.campaigns.screen import DraftItem, Part, Term, Volume
from smsapp.campaigns.state import ComposeState as S
from smsapp.i18n import credits, language, moment, number, say, t
from smsapp.ui import (
    Choice,
    bubble,
    button,
    composer_stats,
    confirm,
    cost_line,
    help_line,
    icon_button,
    note,
    phone_frame,
    recipients,
    segmented,
)
from smsapp.ui.icons import icon

_SHEET = rx.asset("compose.css", shared=True).importable_path
_MODULE = rx.asset("compose.jsx", shared=True).importable_path


class ComposeSheet(rx.Fragment):
    """The style sheet of the composer."""

    def add_imports(self) -> ImportDict:
        return {"": [_SHEET]}


class TerritoryName(rx.Component):
    """The React component; use `territory`."""

    library = _MODULE
    tag = "TerritoryName"

    code: rx.Var[str]
    lang: rx.Var[str]
    france: rx.Var[str]
    others: rx.Var[str]


class ReviewKey(rx.Component):
    """Ctrl+Enter presses the button of that id."""

    library = _MODULE
    tag = "ReviewKey"

    target: rx.Var[str]


def territory(code: Any) -> Component:
    """The name of a destination in the reader's language; "" stands for all the others."""
    return TerritoryName.create(code=code, lang=language(), france=t("campaigns.france"), others=t("campaigns.others"))


def facts_line() -> Component:
    """The campaign's name, and when the draft was last written down."""
    name = rx.el.input(
        default_value=S.name,
        key=S.version.to_string(),
        on_blur=S.rename,
        placeholder=t("campaigns.name_hint"),
        aria_label=t("campaigns.name"),
        max_length=120,
        class_name="cmp-name",
        id="campaign-name",
    )
    saved = rx.el.span(icon("check"), t("campaigns.saved", at=S.saved_at), class_name="cmp-saved i14", role="status")
    return rx.fragment(name, rx.cond(S.saved_at != "", saved, rx.el.span(t("campaigns.unsaved"))))


def header_actions() -> list[Component]:
    """Other drafts; throw this one away."""

    def other(item: Var[DraftItem]) -> Component:
        words = rx.cond(item.title != "", item.title, t("campaigns.untitled"))
        return rx.el.a(
            rx.el.span(words, class_name="f1 el"), rx.el.small(moment(item.at)), href=item.href, class_name="mi"
        )

    # The browser's own popover: it closes by itself, and needs no style of its own under our policy.
    opens = {"popoverTarget": "drafts", "aria-haspopup": "dialog"}
    drafts = rx.fragment(
        button(t("campaigns.drafts"), role="ghost", name="files", custom_attrs=opens),
        rx.el.div(
            rx.foreach(DraftsState.others, other),
            id="drafts",
            class_name="pop cmp-drafts",
            role="dialog",
            aria_label=t("campaigns.drafts"),
            custom_attrs={"popover": "auto"},
        ),
    )
    discard = confirm(
        title=t("campaigns.discard_q"),
        say=rx.cond(S.leaves.edits, t("schedule.discard_why"), t("campaigns.discard_why")),
        keep=button(t("campaigns.keep")),
        go=button(t("campaigns.discard"), role="danger", on_click=S.discard),
        trigger=button(t("campaigns.discard"), role="ghost", name="trash-2"),
    )
    return [rx.cond(DraftsState.others, drafts), rx.cond(S.campaign_id > 0, discard)]


def audience() -> Component:
    """Who receives it: chips, the two windows, and what was counted."""
    ways = rx.el.div(
        _way("contact", "book-user", t("campaigns.contacts")),
        _way("group", "users", t("campaigns.groups")),
        rx.el.a(icon("file-up"), t("campaigns.file"), href="/import", class_name="lightbtn"),
        class_name="end",
    )
    return rx.el.section(
        rx.el.div(rx.el.h2(t("campaigns.recipients")), ways, class_name="cmp-top"),
        recipients(
            chips=S.chips,
            total=S.chips_total,
            label=t("campaigns.recipients"),
            placeholder=t("campaigns.recipients_hint"),
            on_add=S.add,
            heard=S.heard,
            version=S.version,
            on_remove=S.remove,
            more=t("campaigns.more_chips", count=S.chips_total - S.chips.length()),
        ),
        _counts(),
        rx.cond(S.simulated.volumes, _simulated()),
    )


def _simulated() -> Component:
    """What the simulator priced before the campaign was begun: the people are still to be chosen."""

    def volume(one: Var[Volume]) -> Component:
        return rx.el.span(rx.el.b(number(one.count), class_name="num"), " × ", territory(one.territory))

    return rx.el.div(
        rx.el.span(t("campaigns.simulated", units=S.simulated.units)),
        rx.foreach(S.simulated.volumes, volume),
        class_name="t2 mut row wrap g12",
    )


def _way(kind: str, name: str, label: Any) -> Component:
    return rx.el.button(icon(name), label, type="button", class_name="lightbtn", on_click=ChoosingState.open(kind))


def _counts() -> Component:
    f = S.figures
    valid = rx.el.span(
        rx.el.span(icon("circle-check"), class_name="tx-ok row"),
        rx.el.b(number(f.recipients)),
        t("campaigns.valid", count=f.recipients),
    )
    fix = rx.el.span(t("campaigns.fix"), class_name="lk")
    return rx.el.div(
        valid,
        _count(f.duplicates, "duplicate", "copy", t("campaigns.duplicates", count=f.duplicates)),
        _count(f.blacklisted, "blacklisted", "ban", t("campaigns.blacklisted", count=f.blacklisted)),
        _count(f.uncovered, "uncovered", "globe", t("campaigns.uncovered", count=f.uncovered), "tx-err"),
        _count(f.ambiguous, "ambiguous", "circle-help", t("campaigns.ambiguous", count=f.ambiguous), "tx-warn", fix),
        _count(f.invalid, "invalid", "circle-alert", t("campaigns.invalid", count=f.invalid), "tx-err", fix),
        class_name="cmp-counts",
        custom_attrs={"aria-live": "polite"},
    )


def _count(count: Any, kind: str, name: str, words: Any, look: str = "", fix: Component | None = None) -> Component:
    said = rx.el.span(icon(name), rx.el.b(number(count)), words, class_name=f"row g6 {look}")
    inside = [said] if fix is None else [said, fix]
    return rx.cond(count > 0, rx.el.button(*inside, type="button", on_click=LeftOutState.open(kind)))


def purpose_and_sender() -> Component:
    """Marketing or transactional; with reply or under a name."""
    purposes = [
        Choice("marketing", t("campaigns.marketing"), icon="megaphone"),
        Choice("transactional", t("campaigns.transactional"), icon="bell"),
    ]
    kinds = [
        Choice("custom", t("campaigns.custom"), icon="badge-check"),
        Choice("reply", t("campaigns.reply"), icon="reply"),
    ]
    kind = rx.cond(S.custom, "custom", "reply")
    name = rx.el.div(
        rx.el.label(t("campaigns.sender_name"), html_for="sender", class_name="h2"),
        rx.el.div(
            rx.el.input(
                id="sender",
                class_name="inp",
                value=S.sender,
                on_change=S.set_sender,
                debounce_timeout=250,
                max_length=11,
                auto_complete="off",
                custom_attrs={
                    "aria-describedby": "sender-help",
                    "aria-invalid": rx.cond(S.sender_error.key != "", "true", "false"),
                },
            ),
            rx.el.span(t("campaigns.sender_count", count=S.sender.length())),
            class_name="cmp-sender",
        ),
        help_line("sender", "", say(S.sender_error)),
        class_name="col grow",
    )
    return rx.el.div(
        _choice(t("campaigns.purpose"), purposes, S.purpose, S.set_purpose),
        _choice(t("campaigns.sender"), kinds, kind, S.choose_sender),
        rx.cond(S.custom, name),
        class_name="cmp-who",
    )


def _choice(label: Any, choices: list[Choice], chosen: Any, on_choose: Any) -> Component:
    return rx.el.div(rx.el.h2(label), segmented(choices, chosen, label, on_choose), class_name="col")


def problems() -> Component:
    """What stands in the way of sending, once it was asked for."""
    lines = rx.el.ul(rx.foreach(S.figures.problems, lambda p: rx.el.li(say(p))))
    words = rx.el.div(t("campaigns.blocked"), class_name="b6")
    said = rx.cond(S.tried & (S.figures.problems.length() > 0), note(words, lines, tone="red", alert=True))
    return rx.el.div(said, id="problems", tab_index=-1, class_name="cmp-problems")


def panel() -> Component:
    """The phone of the real recipient, and the way to the others."""
    p, f = S.person, S.figures
    stats = composer_stats(SMS)
    who = rx.el.div(
        rx.el.div(rx.cond(p.name != "", p.name, p.number), class_name="el"),
        rx.el.div(t("campaigns.place", place=p.place, total=p.total), class_name="t2 mut num"),
        class_name="f1",
    )
    nobody = rx.el.div(
        rx.el.div(t("campaigns.nobody")),
        rx.el.div(t("campaigns.nobody_hint"), class_name="t2 mut"),
        class_name="f1",
    )
    steps = rx.fragment(
        icon_button("chevron-left", t("campaigns.previous_person"), on_click=S.show_person(-1)),
        icon_button("chevron-right", t("campaigns.next_person"), on_click=S.show_person(1)),
    )
    longest = rx.el.div(
        icon("ruler"),
        rx.el.div(
            t("campaigns.longest", count=f.longest_segments),
            rx.cond(f.longest_name != "", rx.el.span(" · ", rx.el.b(f.longest_name))),
            class_name="f1",
        ),
        rx.el.button(t("campaigns.see"), type="button", class_name="lk", on_click=S.show_person(0)),
        class_name="cmp-longest",
    )
    return rx.fragment(
        rx.el.div(rx.cond(p.place > 0, who, nobody), rx.cond(p.total > 1, steps), class_name="cmp-person"),
        phone_frame(
            rx.cond(stats.body.strip() != f.mention, bubble(stats.body)),
            sender=rx.cond(S.custom, S.sender, t("campaigns.short_number")),
            initial=rx.cond(S.custom & (S.sender != ""), S.sender[0].upper(), "#"),
            when=rx.cond(
                S.leaves.later & (S.leaves.date != "") & ~S.leaves.past,
                t("schedule.phone", date=S.leaves.date),
                t("campaigns.phone_now"),
            ),
            aside=rx.cond(S.custom, t("campaigns.no_reply"), t("campaigns.can_reply")),
        ),
        rx.cond(f.priced & (p.total > 1), longest),
    )


def foot() -> Component:
    """The exact price with its formula, what is left afterwards, and the way on."""
    f = S.figures
    short = t("campaigns.sms_segments", recipients=f.recipients, count=f.segments)
    formula = rx.fragment(
        rx.el.span(rx.foreach(f.formula, _part), class_name="long"), rx.el.span(short, class_name="short")
    )
    left = rx.cond(
        f.missing > 0,
        rx.el.b(t("campaigns.missing", missing=f.missing), class_name="tx-err"),
        rx.el.b(credits(f.after)),
    )
    after = rx.el.div(rx.el.span(t("campaigns.after"), class_name="mut"), left, class_name="cmp-after")
    go = button(
        t("campaigns.review"),
        role="primary",
        on_click=S.review,
        id="review",
        custom_attrs={"aria-keyshortcuts": "Control+Enter Meta+Enter"},
    )
    return rx.fragment(
        cost_line(f.units, formula),
        rx.cond(S.campaign_id > 0, after, rx.el.span(class_name="cmp-after")),
        rx.el.div(go, class_name="acts"),
        ReviewKey.create(target="review"),
    )


def _part(part: Var[Part]) -> Component:
    several = part.terms.length() > 1
    terms = rx.foreach(part.terms, _term)
    many = rx.fragment("(", terms, ") ", t("campaigns.times_segments", count=part.segments))
    one = rx.fragment(terms, " ", t("campaigns.times_segments", count=part.segments))
    return rx.fragment(rx.cond(several, many, one), rx.cond(part.more, " + ", ""))


def _term(term: Var[Term]) -> Component:
    return rx.fragment(number(term.count), " × ", credits(term.price), rx.cond(term.more, " + ", ""))
