"""The SMS text area, its live figures, and the letters that cost."""

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex.vars import VarData
from reflex_base.utils.imports import ImportDict

from smsapp.i18n import message, t
from smsapp.i18n.variables import packages
from smsapp.ui.icons import icon
from smsapp.ui.layout import Text

_MODULE = rx.asset("composer.jsx", shared=True).importable_path
# One alphabet for the eye and for the bill.
_FILE = resources.files("smsapp.domain").joinpath("gsm7.json")
_ALPHABET = json.dumps(json.loads(_FILE.read_text("utf-8")), ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class LiveCulprit:
    """A letter that costs: `effect` is "unicode" or "double", `replacement` what may stand in for it if `known`."""

    char: str
    count: int
    effect: str
    replacement: str
    known: bool
    key: str


@dataclass(frozen=True)
class LiveStats:
    """What the browser counts while somebody types; the same words as `domain.encoding.Measure`.

    It counts `body`: the text with the given values and suffix. `culprits` are the author's own, `unicode` of them in
    all.
    """

    characters: int
    units: int
    encoding: str
    segments: int
    fills: list[int]
    capacity: int
    culprits: list[LiveCulprit]
    body: str
    unicode: int


class Composer(rx.Component):
    """The React component; use `composer`."""

    library = _MODULE
    tag = "Composer"

    name: rx.Var[str]
    alphabet: rx.Var[str]
    value: rx.Var[str]
    version: rx.Var[int]
    values: rx.Var[Any]
    own: rx.Var[list[str]]
    suffix: rx.Var[str]
    rows: rx.Var[int]
    delay: rx.Var[int]
    placeholder: rx.Var[str]
    on_value: rx.EventHandler[rx.event.passthrough_event_spec(str, int)]

    def add_imports(self) -> ImportDict:
        return packages("rich-textarea@0.27.1")


def composer(
    name: str, *, value: rx.Var[str], version: rx.Var[int], on_value: Any, label: Text, **props: Any
) -> Component:
    """The text of an SMS: `composer("sms", value=S.text, version=S.version, on_value=S.typed,
    label=t("compose.text"))`.

    `on_value(text, version)` comes 250 ms (`delay`) after the last key and on blur; a handler drops it when its version
    is not the current one. The browser owns the text: change `version` to replace it (a template, a loaded draft);
    0 replaces nothing.
    `values` (variable -> words of the recipient on screen, or None) and `suffix` (the STOP mention) dress the live
    figures. `own`: variables beside the standard ones.
    """
    return Composer.create(
        name=name,
        alphabet=_ALPHABET,
        value=value,
        version=version,
        on_value=on_value,
        id=name,
        custom_attrs={"aria-label": label},
        **props,
    )


def composer_stats(name: str) -> rx.vars.ObjectVar[LiveStats]:
    """Live figures of the composer `name`: `stats.segments`, `stats.characters`... For the eye; the server's count
    bills.
    """
    hook = f"const stats_{name} = useComposerStats('{name}')"
    data = VarData(imports={_MODULE: [rx.ImportVar(tag="useComposerStats")]}, hooks={hook: None})
    return rx.Var(f"stats_{name}", _var_data=data).to(LiveStats)


def _call(tag: str, *args: Any) -> rx.event.EventSpec:
    data = VarData(imports={_MODULE: [rx.ImportVar(tag=tag)]})
    return rx.call_function(rx.vars.FunctionStringVar(tag, _var_data=data).partial(*args))


def insert_at_caret(name: str, text: str) -> rx.event.EventSpec:
    """Insert at the caret, undoable, without the server: `on_click=insert_at_caret("sms", "$prenom")`."""
    return _call("insertAtCaret", name, text)


def replace_in_composer(name: str, char: Any, replacement: Any) -> rx.event.EventSpec:
    """Replace every `char`, undoable by Ctrl+Z, without the server."""
    return _call("replaceInComposer", name, char, replacement)


def culprit_list(name: str) -> Component:
    """What costs in the text of composer `name`: the letter, its effect, its replacement at one click. Changes
    nothing unasked.
    """
    return rx.el.ul(rx.foreach(composer_stats(name).culprits, lambda c: _culprit(name, c)), class_name="col g6")


def _culprit(name: str, culprit: Any) -> Component:
    double = culprit.effect == "double"
    said = rx.el.span(message(culprit.key), " × ", culprit.count, class_name="f1 t2")
    effect = rx.el.span(rx.cond(double, t("ui.culprit.double"), t("ui.culprit.unicode")), class_name="t1 mut nw")
    swap = rx.el.button(
        t("ui.culprit.replace"),
        type="button",
        class_name="pg",
        on_click=replace_in_composer(name, culprit.char, culprit.replacement),
    )
    letters = [
        rx.el.span(culprit.char, class_name=rx.cond(double, "swap dbl", "swap bad")),
        rx.cond(culprit.known, rx.el.span(icon("arrow-right"), class_name="i12 mut")),
        rx.cond(culprit.known, rx.el.span(culprit.replacement, class_name="swap")),
    ]
    return rx.el.li(*letters, said, effect, rx.cond(culprit.known, swap), class_name="culprit")
