"""Texts and figures as Vars: the browser says them in the reader's language, and says them anew when it is switched.

They work wherever a Var does: as a child, as any string prop, in rx.cond, in a row of rx.foreach, in rx.memo, as a page
title. Switching needs neither the server nor a reload.
"""

from typing import Any, Literal

import reflex as rx
from reflex.vars import VarData

from smsapp.i18n.catalogue import LANGUAGES, Sentence, catalogue, forms, slots

_RUNTIME = rx.asset("runtime.js", shared=True).importable_path
PACKAGES = ["i18next@27.1.2", "react-i18next@18.0.1"]


def packages(*names: str) -> dict[str, list[rx.ImportVar]]:
    """npm packages that only a script of ours imports: Reflex installs what some component or Var names."""
    return {name: [rx.ImportVar(tag=None, render=False)] for name in names}


def _imports(tag: str) -> VarData:
    return VarData(imports={_RUNTIME: [rx.ImportVar(tag=tag)], **packages(*PACKAGES)})


def _call(method: str, *args: Any) -> rx.Var[str]:
    """`i18n.method(args...)`, where i18n comes from a hook of whatever component shows it."""
    values = [rx.Var.create(a) for a in args]
    data = VarData.merge(
        _imports("useI18n"),
        VarData(hooks={"const i18n = useI18n()": None}),
        *(v._get_all_var_data() for v in values),
    )
    return rx.Var(f"i18n.{method}({', '.join(map(str, values))})", _var_data=data).to(str)


def t(key: str, **params: Any) -> rx.Var[str]:
    """A message; `count` chooses the plural form.

    Raises:
        KeyError: the message is missing from a language, or wants a parameter that is not given. This happens while the
            pages are built, never in front of a reader.
    """
    for lang in LANGUAGES:
        found = forms(lang, key)
        if not found or (found != [key] and "count" not in params):
            raise KeyError(f"{key} is missing from {lang}, or counts and was given no count")
        for name in found:
            if wanted := slots(catalogue(lang)[name]) - params.keys():
                raise KeyError(f"{name} ({lang}) wants {', '.join(sorted(wanted))}")
    return _call("t", key, params) if params else _call("t", key)


def message(key: rx.Var[str]) -> rx.Var[str]:
    """A message without parameters whose key a row or the browser knows; nothing checks it at build time."""
    return _call("say", rx.Var.create({"key": key, "params": {}}))


def say(sentence: rx.Var[Sentence]) -> rx.Var[str]:
    """What a state holds as a `Sentence` (a refusal, a notice); nothing when its key is empty."""
    return _call("say", sentence)


def number(value: Any, digits: int = 0) -> rx.Var[str]:
    """`1 234,5`, with at most `digits` decimals."""
    return _call("number", value, digits)


def credits(units: Any) -> rx.Var[str]:
    """Units (10 000 to a credit) as credits, at most 4 decimals: `5 411,4`."""
    return _call("credits", units)


def percent(share: Any, digits: int = 1) -> rx.Var[str]:
    """A share of 1 as `97,6 %`."""
    return _call("percent", share, digits)


def money(amount: Any, currency: str = "EUR") -> rx.Var[str]:
    """`660,00 €`."""
    return _call("money", amount, currency)


def moment(iso: Any) -> rx.Var[str]:
    """An ISO instant as `17/06/2026 09:00` in the reader's time zone; nothing for an empty text."""
    return _call("moment", iso)


def day(iso: Any) -> rx.Var[str]:
    """An ISO instant as `17/06/2026`."""
    return _call("day", iso)


def clock(iso: Any) -> rx.Var[str]:
    """An ISO instant as `09:00`."""
    return _call("clock", iso)


def dated(iso: Any, shape: Literal["date", "whole", "month", "weekday"]) -> rx.Var[str]:
    """A day in words: `mer. 17 juin`, `mercredi 17 juin 2026`, `juin 2026`, `mer.`.

    A day of a calendar, which has no zone, is written as its noon without one: `2026-06-17T12:00`.
    """
    return _call("dated", iso, shape)


def language() -> rx.Var[str]:
    """The code of the language on screen: `fr`."""
    data = VarData.merge(_imports("useI18n"), VarData(hooks={"const i18n = useI18n()": None}))
    return rx.Var("i18n.lang", _var_data=data).to(str)


def set_language(lang: str | rx.Var[str]) -> rx.event.EventSpec:
    """Switch at once in the browser, and keep the choice in the cookie that the server reads for the next first
    paint.
    """
    call = rx.vars.FunctionStringVar("setLanguage", _var_data=_imports("setLanguage"))
    return rx.call_function(call.partial(lang))
