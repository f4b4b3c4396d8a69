"""Choosing a view: segmented controls, tabs, chips, menus, pages of a list. The view itself lives in the URL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.i18n import number, t
from smsapp.ui.icons import icon
from smsapp.ui.layout import Text


@dataclass(frozen=True)
class Choice:
    """One of a few: `value` is compared with the chosen one; `href` makes it a link, else `on_choose(value)` is
    called.
    """

    value: str
    label: Text
    href: Text | None = None
    count: Any = None
    icon: str | None = None


def segmented(choices: Sequence[Choice], chosen: rx.Var[str] | str, label: Text, on_choose: Any = None) -> Component:
    """At most five choices, all visible: `segmented([Choice("7", t("d7")), ...], S.days, t("period"), S.choose)`."""
    return rx.el.div(
        *(_choice(c, chosen, on_choose) for c in choices),
        class_name="seg",
        role="group",
        aria_label=label,
    )


def tabs(choices: Sequence[Choice], chosen: rx.Var[str] | str, label: Text, on_choose: Any = None) -> Component:
    """Parts of one page: `tabs([Choice("all", t("all"), href="?v=all", count=S.n)], S.view, t("views"))`."""
    return rx.el.nav(*(_choice(c, chosen, on_choose) for c in choices), class_name="tabs", aria_label=label)


def _choice(choice: Choice, chosen: rx.Var[str] | str, on_choose: Any) -> Component:
    here = rx.Var.create(chosen) == choice.value
    inside: list[Any] = [choice.label]
    if choice.icon:
        inside.insert(0, icon(choice.icon))
    if choice.count is not None:
        inside.append(rx.el.span(number(choice.count), class_name="ct"))
    look = rx.cond(here, "on", "")
    if choice.href is not None:
        current = {"aria-current": rx.cond(here, "page", "false")}
        return rx.el.a(*inside, href=choice.href, class_name=look, custom_attrs=current)
    pressed = {"aria-pressed": rx.cond(here, "true", "false")}
    return rx.el.button(
        *inside, type="button", class_name=look, custom_attrs=pressed, on_click=lambda: on_choose(choice.value)
    )


def chip(
    label: Text,
    *,
    name: str | None = None,
    count: Any = None,
    bad: bool = False,
    remove: Text | None = None,
    on_remove: Any = None,
) -> Component:
    """A chosen thing; with `on_remove` a cross whose name is `remove`: `chip("Lyon", remove=t("f.off"),
    on_remove=S.off)`.
    """
    inside: list[Any] = [*([icon(name)] if name else []), rx.el.span(label, class_name="el")]
    if count is not None:
        inside.append(rx.el.span(number(count), class_name="n"))
    if on_remove is not None:
        cross = rx.el.button(icon("x"), type="button", class_name="x i12", aria_label=remove, on_click=on_remove)
        inside.append(cross)
    names = ["chip", *(["bad"] if bad else []), *(["plain"] if on_remove is None else [])]
    return rx.el.span(*inside, class_name=" ".join(names))


def menu(id: str, name: str, label: Text, *items: Component, words: bool = False, class_name: str = "") -> Component:
    """Actions behind a button: `menu("more", "ellipsis", t("ui.more"), menu_item("more", t("x.rename"),
    on_click=S.rename))`. `id` is the page's own; `words` shows the label beside the icon, in the look of `class_name`.

    The browser's own popover: it opens, closes by Esc or a click elsewhere, and needs no script and no style of ours.
    """
    opens = {"popoverTarget": id, "aria-haspopup": "true"}
    look = {"class_name": class_name} if words else {"class_name": "ib", "aria_label": label, "title": label}
    return rx.fragment(
        rx.el.button(icon(name), *([label] if words else []), type="button", custom_attrs=opens, **look),
        rx.el.div(
            *items, id=id, class_name="pop menu", aria_label=label, role="group", custom_attrs={"popover": "auto"}
        ),
    )


def menu_item(of: str, label: Text, *, name: str | None = None, danger: bool = False, **props: Any) -> Component:
    """One action of the menu ``of``, which it closes."""
    closes = {"popoverTarget": of, "popoverTargetAction": "hide"}
    return rx.el.button(
        *([icon(name)] if name else []),
        label,
        type="button",
        class_name="mi red" if danger else "mi",
        custom_attrs=closes,
        **props,
    )


def pagination(prev_url: rx.Var[str], next_url: rx.Var[str], facts: Text | None = None) -> Component:
    """Previous and next of a keyset list, as links (one round trip): `pagination(S.prev_url, S.next_url, t("n",
    count=S.n))`.

    An empty address means that there is no such page.
    """
    said = [rx.el.span(facts, class_name="num", role="status")] if facts is not None else []
    return rx.el.nav(
        *said,
        rx.el.span(
            _page(prev_url, "chevron-left", t("ui.prev")),
            _page(next_url, "chevron-right", t("ui.next")),
            class_name="end",
        ),
        class_name="pager",
        aria_label=t("ui.pages"),
    )


def _page(url: rx.Var[str], name: str, label: Text) -> Component:
    inside = [icon(name), label] if name.endswith("left") else [label, icon(name)]
    off = rx.el.span(*inside, class_name="pg off", custom_attrs={"aria-hidden": "true"})
    return rx.cond(url != "", rx.el.a(*inside, href=url, class_name="pg"), off)
