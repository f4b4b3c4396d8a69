"""The pieces of the simulator that are React: the names of countries, the address, the file, the price list."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex_base.utils.imports import ImportDict

from smsapp.i18n import language, t
from smsapp.i18n.variables import PACKAGES, packages

_SHEET = rx.asset("simulator.css", shared=True).importable_path
_MODULE = rx.asset("simulator.jsx", shared=True).importable_path


class Sheet(rx.Fragment):
    """The style sheet of the public pages of prices."""

    def add_imports(self) -> ImportDict:
        return {"": [_SHEET]}


class _Widget(rx.Component):
    """A component of our module."""

    library = _MODULE

    def add_imports(self) -> ImportDict:
        return packages("downshift@9.5.0", "lucide-react@1.26.0", *PACKAGES)


class _Named(_Widget):
    lang: rx.Var[str]
    france: rx.Var[str]


class _Territory(_Named):
    tag = "Territory"

    code: rx.Var[str]


class _CountryPicker(_Named):
    tag = "CountryPicker"

    countries: rx.Var[str]
    code: rx.Var[str]
    label: rx.Var[str]
    none: rx.Var[str]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Address(_Widget):
    """Keeps the address bar in step with the simulation, and shows it to be copied."""

    tag = "Address"

    query: rx.Var[str]
    ready: rx.Var[bool]
    path: rx.Var[str]
    label: rx.Var[str]
    take: rx.Var[str]
    taken: rx.Var[str]


class FileDrop(_Widget):
    """Holds a file in the page, and has it priced by the route `action` whenever `ask` changes."""

    tag = "FileDrop"

    action: rx.Var[str]
    ask: rx.Var[str]
    limit: rx.Var[int]
    name: rx.Var[str]
    label: rx.Var[str]
    choose: rx.Var[str]
    hint: rx.Var[str]
    busy: rx.Var[str]
    again: rx.Var[str]
    on_priced: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
    on_removed: rx.EventHandler[rx.event.no_args_event_spec]


class _PriceTable(_Named):
    tag = "PriceTable"

    source: rx.Var[str]
    words: rx.Var[dict[str, Any]]


def _naming() -> dict[str, Any]:
    return {"lang": language(), "france": t("simulator.territory.FR")}


def territory(code: Any) -> Component:
    """The name of a territory in the reader's language."""
    return _Territory.create(code=code, **_naming())


def country_picker(**props: Any) -> Component:
    """A country chosen by name, code or calling code."""
    return _CountryPicker.create(**_naming(), **props)


def price_table(**props: Any) -> Component:
    """Every territory with its prices, searched in the browser."""
    return _PriceTable.create(**_naming(), **props)
