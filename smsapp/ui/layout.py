"""What pages are arranged with: cards, facts, notes, empty and waiting states, links, initials."""

from collections.abc import Sequence
from typing import Any, Literal

import reflex as rx
from reflex.components.component import Component
from reflex_base.vars.function import FunctionStringVar

from smsapp.i18n import t
from smsapp.ui.icons import icon

Text = str | rx.Var[str]
Child = Component | Text
Tone = Literal["gray", "indigo", "teal", "blue", "amber", "red"]
_NOTE_ICON = {"amber": "triangle-alert", "indigo": "info", "teal": "shield-check", "red": "octagon-x"}


def card(
    *children: Child,
    title: Text | None = None,
    link: Component | None = None,
    facts: Child | None = None,
    flush: bool = False,
    class_name: Text = "",
) -> Component:
    """A card: title left, a few words (`facts`) beside it, one link right. `flush`: the content touches the edges
    (tables).

    `card(rows, title=t("sent.title"), link=more(t("sent.all"), "/sent"), class_name="s8")`
    """
    head = []
    if title is not None:
        words = [rx.el.span(facts, class_name="t2 mut")] if facts is not None else []
        right = [rx.el.span(link, class_name="end")] if link is not None else []
        head = [rx.el.div(rx.el.h2(title), *words, *right, class_name="hd")]
    body = rx.el.div(*children, class_name="bd flush" if flush else "bd")
    return rx.el.section(*head, body, class_name=_names("card", class_name))


def facts(*pairs: tuple[Text, Child]) -> Component:
    """Label and value, one pair a line: `facts((t("x.country"), "FR"), (t("x.cost"), credits(S.units)))`."""
    lines = [part for label, value in pairs for part in (rx.el.dt(label), rx.el.dd(value))]
    return rx.el.dl(*lines, class_name="facts")


def grid(*children: Component) -> Component:
    """Twelve columns with the card gap; children say their width by class: s3 s4 s5 s6 s7 s8 s9 s12. One column on a
    phone.
    """
    return rx.el.div(*children, class_name="grid")


def note(
    *children: Child,
    tone: Literal["amber", "indigo", "teal", "red"] = "indigo",
    actions: Sequence[Component] = (),
    alert: bool = False,
) -> Component:
    """A callout, at most one a page, with its action: `note(t("low"), tone="amber", actions=[link(...)])`.

    `alert`: read out at once (an error that has just happened).
    """
    acts = [rx.el.div(*actions, class_name="act")] if actions else []
    spoken = {"role": "alert"} if alert else {}
    return rx.el.div(
        icon(_NOTE_ICON[tone]), rx.el.div(*children, class_name="f1"), *acts, class_name=f"note {tone}", **spoken
    )


def empty_state(name: str, fact: Text, reason: Text, *actions: Component) -> Component:
    """Nothing to show: icon, fact, reason, one action. `empty_state("users", t("c.none"), t("c.none.why"),
    button(...))`.
    """
    acts = [rx.el.div(*actions, class_name="acts")] if actions else []
    return rx.el.div(
        rx.el.span(icon(name), class_name="pic i20"),
        rx.el.p(fact, class_name="b6"),
        rx.el.p(reason, class_name="t2 mut"),
        *acts,
        class_name="empty",
    )


def skeleton(lines: int = 4) -> Component:
    """Shown while a first answer is awaited; it appears after 200 ms, so quick answers do not flicker."""
    bars = [rx.el.i() for _ in range(lines)]
    return rx.el.div(rx.el.span(t("ui.loading"), class_name="sr-only"), *bars, class_name="skel", role="status")


def progress(value: Any, total: Any, label: Text, *, thin: bool = False) -> Component:
    """A bar of `value` out of `total`: `progress(S.read, S.lines, t("import.reading"))`; say the figures beside it."""
    return rx.el.progress(
        value=value, max=total, class_name="bar thin" if thin else "bar", custom_attrs={"aria-label": label}
    )


def link(label: Child, href: Text, *, arrow: bool = False) -> Component:
    """A link in indigo; `arrow` for "see all"."""
    return rx.el.a(label, *([icon("arrow-right")] if arrow else []), href=href, class_name="lk")


def more(label: Text, href: Text) -> Component:
    """The link at the right of a card's title."""
    return link(label, href, arrow=True)


def avatar(initials: Text, *, tone: Literal["indigo", "gray", "own"] = "indigo", large: bool = False) -> Component:
    """Initials in a circle; decoration beside the name. ``own``: the same initials have the same tint everywhere."""
    names: Text = " ".join(["av", *(["gray"] if tone == "gray" else []), *(["lg"] if large else [])])
    if tone == "own":
        names = _tint.call(names, initials).to(str)
    return rx.el.span(initials, class_name=names, custom_attrs={"aria-hidden": "true"})


_TINTS = 9  # as many as the style sheet has: .av.tint0 to .av.tint8
_tint = FunctionStringVar.create(
    "((names, said) => names + ' tint' + "
    f"[...said].reduce((sum, one) => (sum * 31 + one.codePointAt(0)) % 9973, 7) % {_TINTS})"
)


def kbd(key: str) -> Component:
    """A key's cap. Hidden from screen readers: the shortcut is said by aria-keyshortcuts where it works."""
    return rx.el.kbd(key, class_name="kbd", custom_attrs={"aria-hidden": "true"})


def phone(pretty: Text) -> Component:
    """A phone number as `domain.phone.pretty` writes it, never broken over two lines."""
    return rx.el.span(pretty, class_name="num nw")


def figure(value: Text, unit: Text | None = None, *, size: Literal[34, 26, 22] = 26) -> Component:
    """A key figure with its unit: `figure(credits(S.balance), credit_word(S.balance), size=34)`."""
    words = [rx.el.span(unit, class_name="mut t3")] if unit is not None else []
    return rx.el.div(rx.el.span(value, class_name=f"big x{size}"), *words, class_name="row g8")


def _names(*names: Text) -> Text:
    """Class names, some of which a state decides."""
    joined: Text = ""
    for name in names:
        if isinstance(name, str) and not name:
            continue
        joined = name if isinstance(joined, str) and not joined else f"{joined} {name}"
    return joined
