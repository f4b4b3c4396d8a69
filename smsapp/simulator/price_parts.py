"""Pieces of the simulator: the price, ways to pay less, packs, the table behind it, and what to do next (board 06)."""

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var
from reflex_components_core.el.elements.base import BaseHTML

from smsapp.i18n import credits, money, number, say, t
from smsapp.simulator.parts import SMS
from smsapp.simulator.screen import AdviceItem, CoverItem, PackItem, PartItem, PlaceItem, TermItem
from smsapp.simulator.state import SimulatorState as S
from smsapp.simulator.widget_parts import Address, territory
from smsapp.ui import button, note, plain_form, tag
from smsapp.ui.icons import icon


class FileLink(BaseHTML):
    """A link that leaves the page to the browser: what it leads to is a file, or a place of this page."""

    tag = "a"

    href: rx.Var[str]
    target: rx.Var[str]


def _rate(euros: Var[float]) -> Var[str]:
    """A price below the cent."""
    return t("simulator.euros", amount=number(euros, 4))


def problem() -> Component:
    """Why there is no price."""
    return rx.cond(S.problem.key != "", note(say(S.problem), tone="red", alert=True))


def cost() -> Component:
    """What the campaign costs: euros, credits, segments; the formula in words."""
    s = S.shown
    size = rx.cond(
        S.sms_type == "pro",
        t("simulator.segments_count", count=s.segments),
        t("simulator.calls_count", count=s.segments),
    )
    euros = rx.el.div(
        rx.el.div(t("simulator.cost"), class_name="t2 mut"),
        rx.el.div(rx.cond(s.ready, money(s.euros), "–"), class_name="big x34", id="price"),
        rx.el.div(t("simulator.before_tax"), class_name="t2 mut"),
        rx.el.div(t("simulator.taxed", euros=money(s.taxed)), class_name="t2"),
        class_name="col g4 sim-euros",
    )
    whole = rx.el.div(
        rx.el.div(t("simulator.credits_title"), class_name="t2 mut"),
        rx.el.div(rx.cond(s.ready, credits(s.units), "–"), class_name="big x22", id="credits"),
        rx.el.div(rx.foreach(s.formula, _part), class_name="t2 mut num"),
        class_name="col g4",
    )
    person = rx.el.div(
        rx.el.div(t("simulator.person_title"), class_name="t2 mut"),
        rx.el.div(rx.cond(s.ready, _rate(s.person), "–"), class_name="big x22"),
        rx.el.div(size, class_name="t2 mut"),
        class_name="col g4",
    )
    return rx.el.section(
        euros,
        whole,
        person,
        rx.cond(s.ready, rx.el.p(_words(), class_name="t2 mut sim-words", id="words")),
        class_name="card sim-cost",
        aria_label=t("simulator.cost"),
        custom_attrs={"aria-live": "polite", "aria-busy": rx.cond(s.ready | (S.problem.key != ""), "false", "true")},
    )


def _words() -> Component:
    """The formula as a sentence."""
    s = S.shown
    return rx.fragment(
        t("simulator.words_people", count=s.recipients),
        " ",
        rx.cond(
            S.sms_type == "pro",
            t("simulator.words_segments", count=s.segments),
            t("simulator.words_calls", count=s.segments),
        ),
        " ",
        t("simulator.words_total", units=s.units, euros=money(s.euros)),
        " ",
        t("simulator.reference", euros=money(s.reference)),
    )


def _part(part: Var[PartItem]) -> Component:
    terms = rx.foreach(part.terms, _term)
    several = part.terms.length() > 1
    times = rx.cond(
        S.sms_type == "pro",
        t("simulator.times_segments", count=part.segments),
        t("simulator.times_calls", count=part.segments),
    )
    return rx.fragment(rx.cond(several, rx.fragment("(", terms, ")"), terms), " ", times, rx.cond(part.more, " + ", ""))


def _term(term: Var[TermItem]) -> Component:
    return rx.fragment(number(term.count), " × ", credits(term.price), rx.cond(term.more, " + ", ""))


def advice() -> Component:
    """Ways to pay less, in figures; nothing is changed unasked."""
    s = S.shown
    undo = rx.el.div(
        icon("circle-check"),
        rx.el.span(t("simulator.applied"), class_name="f1"),
        rx.el.button(icon("undo-2"), t("simulator.undo"), type="button", class_name="lk", on_click=S.undo),
        class_name="sim-undo",
        role="status",
    )
    nothing = rx.el.p(t("simulator.no_advice"), class_name="t2 mut")
    most = rx.el.span(t("simulator.saving", euros=money(s.saving)), class_name="t2 mut end")
    return rx.el.section(
        rx.el.div(
            rx.el.h2(t("simulator.less"), class_name="h2"), rx.cond(s.saving > 0, most), class_name="row g8 wrap"
        ),
        rx.cond(S.can_undo, undo),
        rx.cond(s.advice.length() > 0, rx.el.ul(rx.foreach(s.advice, _advised), class_name="sim-advice"), nothing),
        class_name="card sim-less",
    )


def _advised(item: Var[AdviceItem]) -> Component:
    left = t("simulator.segments_count", count=item.segments)

    def line(what: Var[str]) -> Var[str]:
        return t("simulator.advice_line", what=what, left=left)

    shorten = rx.cond(
        item.then, t("simulator.advice_then", count=item.count), t("simulator.advice_shorten", count=item.count)
    )
    words = rx.match(
        item.kind,
        ("replace", line(t("simulator.advice_replace", count=item.count))),
        ("shorten", line(shorten)),
        ("drop_stop", t("simulator.advice_stop")),
        t("simulator.advice_sender"),
    )
    picture = rx.match(
        item.kind,
        ("replace", icon("wand-sparkles")),
        ("shorten", icon("scissors")),
        icon("toggle-left"),
    )
    saved = rx.cond(item.euros > 0, f"− {money(item.euros)}", f"− {t('simulator.credits_short', units=item.units)}")
    act = rx.cond(
        item.applies,
        button(t("simulator.apply"), on_click=S.apply(item.place), size="1"),
        button(t("simulator.shorten"), on_click=rx.set_focus(SMS), size="1"),
    )
    return rx.el.li(
        rx.el.span(picture, class_name="tx-ok row"),
        rx.el.span(words, class_name="f1"),
        rx.el.b(saved, class_name="tx-ok num nw"),
        act,
        key=item.place,
    )


def packs() -> Component:
    """Which packs to buy: the cheapest mix, then those of a single size."""
    s = S.shown
    heads = [("packs_column", ""), ("rate", "r sim-rate"), ("left", "r"), ("price", "r")]
    table = rx.el.table(
        rx.el.thead(rx.el.tr(*(rx.el.th(t(f"simulator.{key}"), scope="col", class_name=look) for key, look in heads))),
        rx.el.tbody(rx.foreach(s.covers, _cover)),
        class_name="tb",
    )
    return rx.cond(
        s.covers.length() > 0,
        rx.el.section(
            rx.el.div(
                rx.el.h2(t("simulator.packs", units=s.units), class_name="h2"),
                rx.el.span(t("simulator.packs_note"), class_name="t2 mut end"),
                class_name="row g8 wrap sim-pad",
            ),
            table,
            class_name="card sim-table",
        ),
    )


def _cover(cover: Var[CoverItem]) -> Component:
    def pack(one: Var[PackItem]) -> Component:
        many = rx.cond(one.count > 1, f"{number(one.count)} × ", "")
        return rx.fragment(many, number(one.size), rx.cond(one.more, " + ", ""))

    tags = rx.fragment(
        rx.cond(cover.cheapest, tag(t("simulator.cheapest"), tone="indigo", name="check")),
        rx.cond(cover.simplest, tag(t("simulator.simplest"))),
    )
    return rx.el.tr(
        rx.el.td(
            rx.el.div(rx.el.span(rx.foreach(cover.packs, pack), class_name="b5 num"), tags, class_name="sim-pack")
        ),
        rx.el.td(_rate(cover.rate), class_name="r sim-rate"),
        rx.el.td(number(cover.left), class_name="r"),
        rx.el.td(money(cover.euros), class_name="r b6"),
        class_name=rx.cond(cover.cheapest, "act", ""),
    )


def detail() -> Component:
    """The price per destination: the table behind the formula."""
    s = S.shown
    heads = [
        ("country", ""),
        ("people", "r"),
        ("segments_all", "r sim-rate"),
        ("unit_price", "r sim-rate"),
        ("credits_title", "r"),
    ]

    def line(place: Var[PlaceItem]) -> Component:
        return rx.el.tr(
            rx.el.td(territory(place.territory)),
            rx.el.td(number(place.count), class_name="r"),
            rx.el.td(number(place.segments), class_name="r sim-rate"),
            rx.el.td(credits(place.price), class_name="r sim-rate"),
            rx.el.td(credits(place.units), class_name="r b6"),
            key=place.territory,
        )

    table = rx.el.table(
        rx.el.thead(rx.el.tr(*(rx.el.th(t(f"simulator.{key}"), scope="col", class_name=look) for key, look in heads))),
        rx.el.tbody(rx.foreach(s.places, line)),
        class_name="tb",
    )
    notes = rx.el.div(
        rx.cond(s.left_out > 0, rx.el.p(t("simulator.more_places", count=s.left_out))),
        rx.cond(s.samples > 0, rx.el.p("* ", t("simulator.sample_why"))),
        rx.el.p(t("simulator.version", version=s.tariff)),
        class_name="t2 mut sim-pad col g4",
    )
    return rx.cond(
        s.ready,
        rx.el.section(
            rx.el.div(rx.el.h2(t("simulator.detail"), class_name="h2"), class_name="sim-pad"),
            rx.cond(s.places.length() > 0, table),
            notes,
            class_name="card sim-table",
            id="detail",
            tab_index=-1,
        ),
    )


def actions() -> Component:
    """The link, the quote on paper, the campaign."""
    hidden = [
        rx.el.input(type="hidden", name="text", value=S.text),
        rx.el.input(type="hidden", name="stop", value=rx.cond(S.stop, "1", "0")),
        rx.el.input(type="hidden", name="sender", value=rx.cond(S.sender, "1", "0")),
        rx.el.input(type="hidden", name="query", value=S.query),
    ]
    create = plain_form(
        *hidden,
        button(t("simulator.create"), role="primary", name="sparkles", submit=True),
        action="/simulator/create",
        class_name="sim-create",
    )
    link = Address.create(
        query=S.query,
        ready=S.ready & ~S.too_long,
        path="/simulator",
        label=t("simulator.link"),
        take=t("simulator.copy"),
        taken=t("simulator.copied"),
    )
    pdf = FileLink.create(
        icon("file-text"), t("simulator.pdf"), href=f"/simulator/quote.pdf?{S.query}", target="_blank", class_name="pg"
    )
    return rx.el.section(
        link,
        rx.el.div(rx.cond(S.shown.ready & ~S.too_long, pdf), create, class_name="row wrap g8 sim-acts"),
        rx.cond(S.too_long, rx.el.p(t("simulator.address_too_long"), class_name="t2 mut")),
        rx.cond(S.file.name != "", rx.el.p(t("simulator.file_address"), class_name="t2 mut")),
        rx.el.p(t("simulator.create_what"), class_name="t2 mut"),
        class_name="col g8",
    )


def bar() -> Component:
    """On a phone: the price stays in sight."""
    s = S.shown
    return rx.el.div(
        rx.el.div(
            rx.el.div(rx.cond(s.ready, money(s.euros), "–"), class_name="big x22"),
            rx.el.div(t("simulator.credits_short", units=s.units), class_name="t2 mut num"),
        ),
        FileLink.create(t("simulator.see_detail"), href="#detail", class_name="sim-see"),
        class_name="sim-bar",
    )
