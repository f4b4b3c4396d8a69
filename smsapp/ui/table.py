"""The data table: a scroll region with a header that stays, rows from a state, pages by links."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.ui.layout import Child, Text


@dataclass(frozen=True)
class Column:
    """A column: `right` for figures, `main` for the one that is the title of a row on a phone, `wide` for its own
    line there.

    An empty column (a check box, a menu) has `hidden=True`: its label is only read out.
    """

    label: Text
    right: bool = False
    main: bool = False
    wide: bool = False
    hidden: bool = False
    width: str = ""


def data_table(
    columns: Sequence[Column],
    rows: rx.Var[list[Any]],
    cells: Callable[[Any], Sequence[Child]],
    *,
    label: Text,
    key: Callable[[Any], Any] | None = None,
    row_class: Callable[[Any], Any] | None = None,
    tall: bool = False,
) -> Component:
    """A table over a Var of at most 50 rows. On a phone each row takes two lines.

    `data_table([Column(t("c.name"), main=True), Column(t("c.cost"), right=True)], S.rows,
    lambda r: [rx.el.a(r.name, href=r.url, class_name="cell"), credits(r.units)], label=t("c.table"), key=lambda r:
    r.id)`

    `key` keeps rows apart when they change; `row_class` may say "seld" or "act"; `tall` scrolls inside the page.
    """

    def row(item: Any) -> Component:
        tds = [
            rx.el.td(cell, class_name=_classes(column), role="cell")
            for column, cell in zip(columns, cells(item), strict=True)
        ]
        more: dict[str, Any] = {"key": key(item)} if key else {}
        if row_class:
            more["class_name"] = row_class(item)
        return rx.el.tr(*tds, role="row", **more)

    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*(_head(c) for c in columns), role="row"), role="rowgroup"),
            rx.el.tbody(rx.foreach(rows, row), role="rowgroup"),
            class_name="tb two",
            role="table",
        ),
        class_name="tbox tall" if tall else "tbox",
        role="region",
        tab_index=0,
        aria_label=label,
    )


def _head(column: Column) -> Component:
    inside = rx.el.span(column.label, class_name="sr-only") if column.hidden else column.label
    width = {"custom_attrs": {"style": {"width": column.width}}} if column.width else {}
    return rx.el.th(inside, scope="col", role="columnheader", class_name="r" if column.right else "", **width)


def _classes(column: Column) -> str:
    return " ".join(
        name
        for name in ("r" if column.right else "", "lead" if column.main else "", "wide" if column.wide else "")
        if name
    )


def bulk_bar(count: Any, said: Text, *actions: Component) -> Component:
    """Floats over a list while rows are selected: `bulk_bar(S.count, t("c.selected", count=S.count),
    rx.el.button(...))`.
    """
    bar = rx.el.div(rx.el.span(said, role="status"), *actions, class_name="bulk")
    return rx.cond(rx.Var.create(count).to(int) > 0, bar)
