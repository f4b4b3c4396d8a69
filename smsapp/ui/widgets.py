"""Pieces that are React beside their Python: recipients, picker, dates, notices, shortcuts, the eye of a password."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex_base.utils.imports import ImportDict

from smsapp.i18n import t
from smsapp.i18n.variables import PACKAGES, packages
from smsapp.ui.layout import Text

_ICONS = "lucide-react@1.26.0"


def _module(name: str) -> str:
    return rx.asset(f"{name}.jsx", shared=True).importable_path


class Recipients(rx.Component):
    """The React component; use `recipients`."""

    library = _module("recipients")
    tag = "Recipients"

    chips: rx.Var[list[Any]]
    total: rx.Var[int]
    label: rx.Var[str]
    placeholder: rx.Var[str]
    remove: rx.Var[str]
    more: rx.Var[str]
    heard: rx.Var[int]
    version: rx.Var[int]
    on_add: rx.EventHandler[rx.event.passthrough_event_spec(str, int)]
    on_remove: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_more: rx.EventHandler[rx.event.no_args_event_spec]

    def add_imports(self) -> ImportDict:
        return packages(_ICONS)


class Picker(rx.Component):
    """The React component; use `picker`."""

    library = _module("picker")
    tag = "Picker"

    results: rx.Var[list[Any]]
    query: rx.Var[str]
    label: rx.Var[str]
    placeholder: rx.Var[str]
    empty: rx.Var[str]
    on_search: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(str)]

    def add_imports(self) -> ImportDict:
        return packages("downshift@9.5.0")


class DateField(rx.Component):
    """The React component; use `date_field`."""

    library = _module("datefield")
    tag = "DateField"

    value: rx.Var[str]
    of: rx.Var[int]
    placeholder: rx.Var[str]
    open: rx.Var[str]
    invalid: rx.Var[bool]
    describedby: rx.Var[str]
    on_value: rx.EventHandler[rx.event.passthrough_event_spec(str)]

    def add_imports(self) -> ImportDict:
        return packages(_ICONS)


class Notices(rx.Component):
    """The React component; use `notices`."""

    library = _module("notices")
    tag = "Notices"

    notice: rx.Var[Any]
    action: rx.Var[str]
    close: rx.Var[str]
    label: rx.Var[str]
    newer: rx.Var[str]
    reload: rx.Var[str]
    on_action: rx.EventHandler[rx.event.passthrough_event_spec(int)]

    def add_imports(self) -> ImportDict:
        return packages("sonner@2.0.8", _ICONS, *PACKAGES)


class Shortcuts(rx.Component):
    """The React component; the shell has it."""

    library = _module("shortcuts")
    tag = "Shortcuts"

    def add_imports(self) -> ImportDict:
        return packages(_ICONS)


class PasswordEye(rx.Component):
    """The React component; `password_field` has it."""

    library = _module("shortcuts")
    tag = "PasswordEye"

    field: rx.Var[str]
    label: rx.Var[str]

    def add_imports(self) -> ImportDict:
        return packages(_ICONS)


def recipients(
    *,
    chips: rx.Var[list[Any]],
    total: Any,
    label: Text,
    placeholder: Text,
    on_add: Any,
    on_remove: Any,
    heard: rx.Var[int],
    version: rx.Var[int],
    more: Text = "",
    on_more: Any = None,
    id: str = "recipients",
) -> Component:
    """The recipients of an SMS as chips, with a field that takes any pasted list.

    `chips`: at most a dozen objects with `id`, `label`, `bad` (bool) and, for a group, `count` (text); `total` counts
    all chips; `more` is the sentence of the rest. `on_add(raw, turn)` gets what was typed or pasted, whole; the page
    sets `heard` to the turn that it has dealt with: what it has not is said again when `version` leaves 0, which is a
    server that has just come back. `on_remove(id)`.
    """
    last = {} if on_more is None else {"on_more": on_more}
    return Recipients.create(
        chips=chips,
        total=total,
        label=label,
        placeholder=placeholder,
        remove=t("ui.remove"),
        more=more,
        heard=heard,
        version=version,
        on_add=on_add,
        on_remove=on_remove,
        id=id,
        **last,
    )


def picker(
    *,
    results: rx.Var[list[Any]],
    query: rx.Var[str],
    label: Text,
    placeholder: Text,
    empty: Text,
    on_search: Any,
    on_pick: Any,
) -> Component:
    """Search on the server and choose: `results` (objects with `id`, `label`, `detail`, `note`) answer `query`.

    `on_search(text)` must set `query` to its text together with the results; `on_pick(id)` gets the chosen one.
    """
    return Picker.create(
        results=results,
        query=query,
        label=label,
        placeholder=placeholder,
        empty=empty,
        on_search=on_search,
        on_pick=on_pick,
    )


def date_field(
    id: str, *, value: rx.Var[str], of: rx.Var[int], placeholder: Text, invalid: Any, on_value: Any
) -> Component:
    """A date typed as `jj/mm/aaaa hh:mm`, with a calendar behind a button; label and `help_line(id)` are the caller's.

    `on_value(text)` gets what was typed, whole or not, once it is whole or left; `value` is what the state kept of it,
    and `of` the id of what it is the date of (0: not known yet): what was typed while no server heard is told again.
    """
    return DateField.create(
        id=id,
        value=value,
        of=of,
        placeholder=placeholder,
        open=t("ui.calendar"),
        invalid=invalid,
        describedby=f"{id}-help",
        on_value=on_value,
    )


def notices(notice: rx.Var[Any], *, action: Text | None = None, on_action: Any = None) -> Component:
    """Says each new notice of a state: an object with `number` (grows with each), `kind` (success, info, warning,
    error) and
    `sentence` (a `Sentence`). Errors stay until closed. `action` with `on_action`: a button such as « Annuler », for
    notices of a page's own: they stand in the same stack as the shell's. `on_action(number)` may ask which notice it
    was: several may be on screen.

    Reflex's rx.toast, returned by a handler, is silently dropped by the Content-Security-Policy: use this.
    """
    more: dict[str, Any] = {"action": action, "on_action": on_action}
    if action is None:  # the shell's own
        more = {"label": t("ui.notices"), "newer": t("ui.newer"), "reload": t("ui.reload")}
    return Notices.create(notice=notice, close=t("ui.close"), **more)


def shortcuts() -> Component:
    """The keys `n`, `/`, `j`, `k` and `g` then `t`, `e`, `c`, `r`; and those that buttons say (`data-key`)."""
    return Shortcuts.create()


def password_eye(field: str) -> Component:
    """Shows and hides the password in the field of that id."""
    return PasswordEye.create(field=field, label=t("ui.password.show"))
