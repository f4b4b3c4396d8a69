"""The frame of every page of who is signed in; `public_shell` is that of who is not (yet)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import reflex as rx
from reflex.components.component import Component
from reflex_components_core.el.elements.base import BaseHTML

from smsapp.i18n import LANGUAGES, credits, language, number, set_language, t
from smsapp.ui.cost import credit_word
from smsapp.ui.icons import icon
from smsapp.ui.layout import Child, Text, avatar, kbd
from smsapp.ui.widgets import notices, shortcuts

Place = Literal[
    "dashboard",
    "compose",
    "sent",
    "scheduled",
    "contacts",
    "groups",
    "import",
    "duplicates",
    "blacklist",
    "simulator",
    "demo",
    "gateways",
    "",
]
MAIN = "main"
USER_MENU = "user-menu"


@dataclass(frozen=True)
class Session:
    """What the frame shows of the person, as Vars of the room that knows.

    `units`: the balance; `days_left`: how long it lasts at the present pace, below 0 when unknown; `demo`:
    demonstration mode; `operator`: sets up the gateways.
    """

    account: Text
    name: Text
    initials: Text
    units: Any
    contacts: Any
    demo: Any
    operator: Any = False
    days_left: Any = -1
    replies: Any = 0
    planned: Any = 0
    repeated: Any = 0
    notice: rx.Var[Any] | None = None
    sign_out: str = "/logout"


@dataclass(frozen=True)
class _Entry:
    place: Place
    key: str
    href: str
    icon: str


_TOP = (_Entry("dashboard", "ui.nav.dashboard", "/dashboard", "layout-dashboard"),)
_SMS = (
    _Entry("sent", "ui.nav.sent", "/sent", "send"),
    _Entry("scheduled", "ui.nav.scheduled", "/scheduled", "calendar-clock"),
    _Entry("replies", "ui.nav.replies", "/replies", "messages-square"),
)
_PEOPLE = (
    _Entry("contacts", "ui.nav.contacts", "/contacts", "book-user"),
    _Entry("groups", "ui.nav.groups", "/groups", "users"),
    _Entry("import", "ui.nav.import", "/import", "file-up"),
    _Entry("duplicates", "ui.nav.duplicates", "/duplicates", "copy"),
    _Entry("blacklist", "ui.nav.blacklist", "/blacklist", "ban"),
)
_SIMULATOR = _Entry("simulator", "simulator.nav", "/simulator", "calculator")
_DEMO = _Entry("demo", "ui.nav.demo", "/demo", "flask-conical")
_GATEWAYS = _Entry("gateways", "operator.nav", "/operator/gateways", "radio-tower")
_TABS = (
    _Entry("dashboard", "ui.tab.home", "/dashboard", "layout-dashboard"),
    _Entry("sent", "ui.tab.sms", "/sent", "send"),
    _Entry("compose", "ui.nav.new", "/compose", "square-pen"),
    _Entry("contacts", "ui.tab.contacts", "/contacts", "book-user"),
    _Entry("replies", "ui.tab.replies", "/replies", "messages-square"),
)


def shell(
    *children: Child,
    title: Text,
    session: Session,
    active: Place = "",
    facts: Child | None = None,
    actions: Sequence[Component] = (),
    panel: Component | None = None,
    foot: Component | None = None,
    back: tuple[Text, str] | None = None,
    ruled: bool = False,
) -> Component:
    """A page of the product.

    Args:
        title: the only h1. `facts`: one line below it. `actions`: right of it, secondary ones first, one solid last.
        panel: what stands beside the content (below it under 1280 px). `foot`: a bar that stays at the bottom (the
        cost).
        back: label and address of the list that this page belongs to. `ruled`: a line under the header (composer,
        report).
    """
    body = rx.el.div(*children, class_name="body")
    inside = rx.el.div(body, rx.el.aside(panel, class_name="panel"), class_name="split") if panel is not None else body
    header = _header(title, session, facts, actions, back, ruled or panel is not None)
    feet = [rx.el.div(foot, class_name="foot")] if foot is not None else []
    return rx.fragment(
        skip(),
        rx.el.div(
            _sidebar(session, active),
            rx.el.main(_demo_banner(session), header, inside, *feet, class_name="main", id=MAIN, tab_index=-1),
            class_name="app",
        ),
        _tab_bar(active),
        _user_menu(session, active),
        shortcuts(),
        *([notices(session.notice)] if session.notice is not None else []),
    )


class _Anchor(BaseHTML):
    """A link within the page, left to the browser (it moves the focus too); others go through the router."""

    tag = "a"

    href: rx.Var[str]


def skip() -> Component:
    """The first link of a page: past the menu."""
    return _Anchor.create(t("ui.skip"), href=f"#{MAIN}", class_name="skip")


def _header(
    title: Text,
    session: Session,
    facts: Child | None,
    actions: Sequence[Component],
    back: tuple[Text, str] | None,
    ruled: bool,
) -> Component:
    titles = [rx.el.h1(title), *([rx.el.div(facts, class_name="facts-line")] if facts is not None else [])]
    left = []
    if back is not None:
        left = [rx.el.a(icon("chevron-left"), href=back[1], class_name="ib back", aria_label=back[0], title=back[0])]
    person = rx.el.button(
        avatar(session.initials), type="button", class_name="me-mobile", aria_label=t("ui.user"), **_opens(USER_MENU)
    )
    return rx.el.header(
        *left,
        rx.el.div(*titles, class_name="titles"),
        rx.el.div(*actions, class_name="acts"),
        person,
        class_name="ph ruled" if ruled else "ph",
    )


def _sidebar(session: Session, active: Place) -> Component:
    new = rx.el.a(
        icon("square-pen"),
        rx.el.span(t("ui.nav.new")),
        kbd("N"),
        href="/compose",
        class_name="newsms",
        custom_attrs=_current(active == "compose") | {"aria-keyshortcuts": "n"},
    )
    brand = rx.el.div(
        logo(),
        rx.el.div(
            rx.el.div("smsapp", class_name="b6"),
            rx.el.div(session.account, class_name="t1 mut el"),
            class_name="f1 wide",
        ),
        class_name="ws",
    )
    return rx.el.header(
        brand,
        rx.el.nav(
            new,
            rx.el.div(*(_item(e, active) for e in _TOP), class_name="nav"),
            _group(t("ui.nav.sms"), _SMS, active, {"replies": session.replies, "scheduled": session.planned}),
            _group(
                t("ui.nav.people"),
                _PEOPLE,
                active,
                {"contacts": session.contacts, "duplicates": session.repeated},
                unless_zero=("duplicates",),
            ),
            rx.el.div(*_tools(session, active), class_name="nav"),
            aria_label=t("ui.nav"),
        ),
        rx.el.div(class_name="spacer"),
        _balance(session),
        rx.el.div(
            rx.el.button(
                avatar(session.initials),
                rx.el.span(session.name, class_name="el wide"),
                type="button",
                class_name="who",
                aria_label=t("ui.user"),
                **_opens(USER_MENU),
            ),
            theme_toggle(),
            class_name="me",
        ),
        class_name="side",
    )


def _group(
    label: Text,
    entries: Sequence[_Entry],
    active: Place,
    counts: dict[str, Any] | None = None,
    unless_zero: Sequence[Place] = (),
) -> Component:
    items = [_item(e, active, (counts or {}).get(e.place), e.place in unless_zero) for e in entries]
    return rx.fragment(rx.el.div(label, class_name="navh"), rx.el.div(*items, class_name="nav flat"))


def _tools(session: Session, active: Place) -> list[Component]:
    return [
        _item(_SIMULATOR, active),
        rx.cond(session.demo, _item(_DEMO, active)),
        rx.cond(session.operator, _item(_GATEWAYS, active)),
    ]


def _elsewhere(session: Session, active: Place) -> Component:
    """On a phone, what neither the tabs nor the pages of a tab lead to."""
    return rx.el.nav(*_tools(session, active), class_name="nav elsewhere", aria_label=t("ui.nav"))


def _item(entry: _Entry, active: Place, count: Any = None, unless_zero: bool = False) -> Component:
    shown = [rx.el.span(number(count), class_name="ct")] if count is not None else []
    if unless_zero:
        shown = [rx.cond(rx.Var.create(count).to(int) > 0, one) for one in shown]
    here = entry.place == active
    return rx.el.a(
        icon(entry.icon),
        rx.el.span(t(entry.key)),
        *shown,
        href=entry.href,
        class_name="nv on" if here else "nv",
        custom_attrs=_current(here),
    )


def _current(here: bool) -> dict[str, str]:
    return {"aria-current": "page"} if here else {}


def _balance(session: Session) -> Component:
    days = rx.Var.create(session.days_left).to(int)
    return rx.el.div(
        rx.el.div(t("ui.balance"), class_name="t1 mut"),
        rx.el.div(
            rx.el.span(credits(session.units), class_name="big"),
            rx.el.span(credit_word(session.units), class_name="mut"),
            class_name="sum",
        ),
        rx.cond(days >= 0, rx.el.div(t("ui.balance.days", count=days), class_name="t1 mut")),
        class_name="bal",
    )


def _demo_banner(session: Session) -> Component:
    said = rx.el.span(t("ui.demo.banner"))
    return rx.cond(
        session.demo,
        rx.el.div(icon("flask-conical"), said, rx.el.a(t("ui.demo.see"), href="/demo"), class_name="demo"),
    )


def _tab_bar(active: Place) -> Component:
    here = "sent" if active == "scheduled" else active  # one tab for both: each page leads to the other
    here = "contacts" if any(here == e.place for e in _PEOPLE) else here
    return rx.el.nav(*(_tab(e, e.place == here) for e in _TABS), class_name="mtab", aria_label=t("ui.nav.mobile"))


def sms_tabs(active: Literal["sent", "scheduled"]) -> Component:
    """On a phone, where one tab stands for « Mes SMS »: the way from the sent ones to the planned ones and back."""
    return _phone_tabs(_SMS[:2], active, t("ui.nav.sms"))


def book_tabs(active: Literal["contacts", "groups", "duplicates", "blacklist"]) -> Component:
    """On a phone, where one tab stands for the contacts: the way between the pages of the address book."""
    return _phone_tabs([e for e in _PEOPLE if e.place != "import"], active, t("ui.nav.people"))


def _phone_tabs(entries: Sequence[_Entry], active: Place, label: Text) -> Component:
    links = [
        rx.el.a(t(entry.key), href=entry.href, class_name="on" if here else "", custom_attrs=_current(here))
        for entry in entries
        for here in (entry.place == active,)
    ]
    return rx.el.nav(*links, class_name="tabs only-phone", aria_label=label)


def _tab(entry: _Entry, here: bool) -> Component:
    look = {"href": entry.href, "class_name": "on" if here else "", "custom_attrs": _current(here)}
    if entry.place == "compose":
        plus = rx.el.span(icon(entry.icon), class_name="plus")
        return rx.el.a(plus, rx.el.span(t(entry.key), class_name="sr-only"), **look)
    return rx.el.a(icon(entry.icon), rx.el.span(t(entry.key)), **look)


def _user_menu(session: Session, active: Place) -> Component:
    from smsapp.ui.forms import plain_form

    leave = rx.el.button(icon("log-out"), t("ui.sign_out"), type="submit", class_name="mi")
    return rx.el.div(
        rx.el.div(
            rx.el.div(session.name, class_name="b6 el"),
            rx.el.div(session.account, class_name="t1 mut el"),
            class_name="who",
        ),
        _elsewhere(session, active),
        rx.el.div(t("ui.language"), class_name="navh"),
        *(_language_item(code, name) for code, name in LANGUAGES.items()),
        rx.el.div(t("ui.theme"), class_name="navh"),
        rx.el.button(
            icon("sun-moon"), t("ui.theme.toggle"), type="button", class_name="mi", on_click=rx.toggle_color_mode
        ),
        plain_form(leave, action=session.sign_out, class_name=""),
        id=USER_MENU,
        class_name="pop usermenu",
        role="dialog",
        aria_label=t("ui.user"),
        custom_attrs={"popover": "auto"},
    )


def _language_item(code: str, name: str) -> Component:
    here = language() == code
    return rx.el.button(
        rx.cond(here, icon("check"), icon("globe")),
        rx.el.span(name, lang=code),
        type="button",
        class_name=rx.cond(here, "mi on", "mi"),
        custom_attrs={"aria-pressed": rx.cond(here, "true", "false")},
        on_click=set_language(code),
    )


def _opens(popover: str) -> dict[str, Any]:
    """The browser opens and closes the popover, and Esc or a click elsewhere closes it; no script of ours."""
    return {"custom_attrs": {"popoverTarget": popover, "aria-haspopup": "dialog"}}


def theme_toggle() -> Component:
    """Light or dark, kept by the browser."""
    return rx.el.button(
        rx.color_mode_cond(icon("moon"), icon("sun")),
        type="button",
        class_name="ib",
        aria_label=t("ui.theme.toggle"),
        title=t("ui.theme.toggle"),
        on_click=rx.toggle_color_mode,
    )


def logo() -> Component:
    """The mark of the product; the name beside it is said by who shows it."""
    dots = [rx.el.svg.circle(cx=x, cy="15", r="1.6", class_name="dot") for x in ("11.6", "16", "20.4")]
    bubble = rx.el.svg.path(
        d="M9.5 8.5h13A2.5 2.5 0 0 1 25 11v8a2.5 2.5 0 0 1-2.5 2.5H15l-4.3 3.6a.7.7 0 0 1-1.2-.5v-3.1"
        "A2.5 2.5 0 0 1 7 19v-8a2.5 2.5 0 0 1 2.5-2.5Z"
    )
    drawn = rx.el.svg(bubble, *dots, view_box="4 4 24 24", custom_attrs={"aria-hidden": "true"})
    return rx.el.span(drawn, class_name="logo")
