"""Pieces of the import desk: the steps, the file, the columns, the check, the result."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex_base.utils.imports import ImportDict
from reflex_components_core.el.elements.base import BaseHTML

from smsapp.i18n import number, say, t
from smsapp.i18n.variables import PACKAGES
from smsapp.imports.state import ColumnHead, FateRow, PreviewRow, ReasonTab
from smsapp.imports.state import ImportState as S
from smsapp.imports.uploads import MAX_BYTES
from smsapp.ui import Column, button, card, data_table, empty_state, link_button, note, select, text_field
from smsapp.ui.icons import icon

_STEPS = ("file", "columns", "check", "result")
_FIELDS = ("portable", "nom", "prenom", "email", "societe")
_SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab", "|": "pipe", "/": "slash"}
_ENCODINGS = {
    "utf-8": "utf8",
    "cp1252": "cp1252",
    "utf-16": "utf16",
    "iso-8859-1": "latin1",
    "mac_roman": "mac",
}


class DeskSheet(rx.Fragment):
    """The style sheet of the import desk."""

    def add_imports(self) -> ImportDict:
        return {"": [rx.asset("desk.css", shared=True).importable_path]}


class Dropzone(rx.Component):
    """The React component that sends a file to our route; see `file_step`."""

    library = rx.asset("dropzone.jsx", shared=True).importable_path
    tag = "Dropzone"
    lib_dependencies: list[str] = ["lucide-react@1.26.0", *PACKAGES]  # noqa: RUF012 (a field of the component)

    action: rx.Var[str]
    limit: rx.Var[int]
    next: rx.Var[str]
    label: rx.Var[str]
    hint: rx.Var[str]
    choose: rx.Var[str]
    sending: rx.Var[str]


def steps() -> Component:
    """Where one is: past steps ticked, the present one filled."""

    def one(place: int, name: str) -> Component:
        here = _place()
        look = rx.cond(here == place, "now", rx.cond(here > place, "past", ""))
        mark = rx.cond(here > place, icon("check"), rx.el.span(str(place + 1)))
        current = rx.cond(here == place, "step", "false")
        return rx.el.li(
            rx.el.span(mark, class_name="no"),
            rx.el.span(t(f"imports.step_{name}"), class_name="w"),
            class_name=look,
            custom_attrs={"aria-current": current},
        )

    return rx.el.ol(*(one(i, name) for i, name in enumerate(_STEPS)), class_name="steps", aria_label=t("imports.steps"))


def _place() -> rx.Var[int]:
    return rx.match(S.step, *((name, i) for i, name in enumerate(_STEPS)), 0).to(int)


def problem() -> Component:
    """What went wrong, with the way out."""
    return rx.cond(S.problem.key != "", note(say(S.problem), tone="red", alert=True))


def file_step() -> Component:
    """Drop or choose a file, and what happens to it."""
    zone = Dropzone.create(
        action="/import/files",
        limit=MAX_BYTES,
        next="/import?file=",
        label=t("imports.drop"),
        hint=t("imports.drop_hint", megabytes=MAX_BYTES >> 20),
        choose=t("imports.choose"),
        sending=t("imports.sending", name="\u0001"),
    )
    promises = [("scan-text", "columns"), ("list-checks", "numbers"), ("shield-check", "stop")]
    side = rx.el.div(
        rx.el.p(t("imports.example"), class_name="t2 mut"),
        rx.el.div(
            *(rx.el.div(icon(name), rx.el.span(t(f"imports.reassure_{key}"))) for name, key in promises),
            class_name="reassure",
        ),
        class_name="side-col",
    )
    return rx.el.div(rx.el.div(problem(), zone, class_name="main-col"), side, class_name="desk")


def columns_step() -> Component:
    """How the file was read, the mapping, the settings (board 04)."""
    main = rx.el.div(
        problem(),
        _file_bar(),
        _raw(),
        rx.el.div(
            rx.el.h2(t("imports.map"), class_name="h2"),
            rx.el.span(
                t("imports.recognised", count=S.recognised) + ", " + t("imports.ignored", count=S.ignored),
                class_name="t2 mut",
            ),
            class_name="row g10 wrap",
        ),
        _mapping(),
        class_name="main-col",
    )
    side = rx.el.div(
        rx.el.h2(t("imports.settings"), class_name="h2"),
        rx.cond(
            S.blacklist,
            rx.fragment(),
            text_field(
                "group_name",
                t("imports.group"),
                hint=t("imports.group_hint"),
                value=S.group_name,
                on_change=S.set_group_name,
                max_length=120,
                auto_complete="off",
            ),
        ),
        rx.el.p(t("imports.known_rule"), class_name="t2 mut"),
        rx.el.label(
            rx.el.input(type="checkbox", checked=S.blacklist, on_change=S.set_blacklist),
            rx.el.span(
                rx.el.span(t("imports.blacklist"), class_name="b5"),
                rx.el.br(),
                rx.el.span(t("imports.blacklist_hint"), class_name="t1 mut"),
            ),
            class_name="check",
        ),
        note(t("imports.consent"), tone="indigo"),
        class_name="side-col",
    )
    return rx.el.div(main, side, class_name="desk")


def _file_bar() -> Component:
    def guess(what: str, value: rx.Var[str], options: Any) -> Component:
        return rx.el.div(
            rx.el.label(t(f"imports.{what}"), html_for=f"read-{what}"),
            select(options, value=value, on_change=lambda v: S.read_again(what, v), id=f"read-{what}"),
        )

    sheet = rx.el.div(
        rx.el.label(t("imports.sheet"), html_for="read-sheet"),
        rx.el.span(
            rx.el.select(
                rx.foreach(S.sheets, lambda name: rx.el.option(name, value=name)),
                value=S.sheet,
                on_change=lambda v: S.read_again("sheet", v),
                id="read-sheet",
            ),
            icon("chevron-down"),
            class_name="selbox",
        ),
    )
    headers = [("yes", t("imports.header_first")), ("no", t("imports.header_none"))]
    separators = [(sign, t(f"imports.separator_{name}")) for sign, name in _SEPARATORS.items()]
    encodings = [(code, t(f"imports.encoding_{name}")) for code, name in _ENCODINGS.items()]
    return rx.el.div(
        rx.el.div(
            rx.el.span(icon("file-spreadsheet"), class_name="pic"),
            rx.el.div(
                rx.el.div(S.filename, class_name="b6 el"),
                rx.el.div(
                    t("imports.rows", count=S.count) + ", " + t("imports.size", kilobytes=S.kilobytes),
                    class_name="t2 mut",
                ),
                class_name="f1",
            ),
        ),
        rx.cond(
            S.kind == "text",
            rx.fragment(guess("separator", S.separator, separators), guess("encoding", S.encoding, encodings)),
            sheet,
        ),
        guess("header", S.header, headers),
        class_name="file-bar",
    )


def _raw() -> Component:
    return rx.el.details(
        rx.el.summary(t("imports.raw")),
        rx.el.pre(rx.foreach(S.raw, lambda line: rx.el.div(line)), tab_index=0),
        rx.cond(S.kind == "text", rx.el.p(t("imports.raw_question"), class_name="t2 mut")),
        class_name="raw",
        open=True,
    )


def _mapping() -> Component:
    fields = [("", t("imports.field_none")), *((name, t(f"imports.field_{name}")) for name in _FIELDS)]

    def head(c: rx.Var[ColumnHead]) -> Component:
        name = rx.cond(c.header != "", c.header, t("imports.column", number=c.index + 1))
        sure = rx.match(
            c.look,
            ("sure", _sure("circle-check", t("imports.sure", share=c.share), "tx-ok")),
            ("probable", _sure("circle-help", t("imports.probable", share=c.share), "tx-warn")),
            ("chosen", _sure("user-check", t("imports.chosen"), "mut")),
            _sure("eye-off", t("imports.not_recognised"), "mut"),
        )
        chooser = select(
            fields,
            label=t("imports.field_of", name=name),
            small=True,
            value=c.field,
            on_change=lambda field: S.map_column(c.index, field),
        )
        return rx.el.th(
            rx.el.div(rx.el.span(name, class_name="el"), chooser, sure),
            scope="col",
            class_name=rx.cond(c.field == "", "off", ""),
            key=c.index,
        )

    def row(r: rx.Var[PreviewRow]) -> Component:
        return rx.el.tr(
            rx.foreach(
                r.cells,
                lambda c: rx.el.td(
                    rx.cond(c.bad, icon("circle-alert")),
                    rx.cond(c.text != "", c.text, rx.el.span(t("imports.blank"), class_name="mut")),
                    class_name=rx.cond(c.bad, "bad", rx.cond(c.off, "off", "")),
                ),
            ),
            key=r.row,
        )

    table = rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(rx.foreach(S.columns, head))),
            rx.el.tbody(rx.foreach(S.preview, row)),
            class_name="tb",
        ),
        class_name="tbox",
        role="region",
        tab_index=0,
        aria_label=t("imports.map"),
    )
    example = t("imports.normalised", **{"from": S.example_from, "to": S.example_to})
    return rx.el.div(
        table,
        rx.el.div(
            rx.el.span(t("imports.shown_rows", shown=S.preview.length(), total=S.count)),
            rx.cond(S.hidden_columns > 0, rx.el.span(t("imports.hidden_columns", count=S.hidden_columns))),
            rx.cond(S.example_to != "", rx.el.span(example)),
            class_name="end-line",
        ),
        class_name="mapping",
    )


def _sure(name: str, words: rx.Var[str], tone: str) -> Component:
    return rx.el.span(icon(name), words, class_name=f"sure {tone}")


def check_step() -> Component:
    """What would become of each row; nothing is written yet."""
    return rx.el.div(
        problem(),
        rx.el.p(t("imports.checked", count=S.counts.read), class_name="mut", role="status"),
        rx.el.div(
            _sum("created", "user-plus", S.counts.created, "good"),
            _sum("known", "user-check", S.counts.known),
            _sum("duplicates", "copy", S.counts.duplicates),
            _sum("blacklisted", "ban", S.counts.blacklisted),
            _sum("rejected", "circle-x", S.counts.rejected, "wrong"),
            class_name="sums",
            role="group",
            aria_label=t("imports.outcomes"),
        ),
        rx.cond(
            S.counts.ambiguous > 0, note(t("imports.ambiguous", count=S.counts.ambiguous), tone="amber"), rx.fragment()
        ),
        card(
            rx.cond(
                S.fates.length() > 0,
                _fates(),
                empty_state("circle-check", t("imports.no_rows_here"), t("imports.no_rows_here_why")),
            ),
            rx.cond(
                S.fates.length() >= 50,
                rx.el.p(t("imports.first_rows", count=S.fates.length()), class_name="t2 mut fates-head"),
            ),
            flush=True,
        ),
        class_name="col g16",
    )


def _sum(outcome: str, name: str, count: rx.Var[int], tone: str = "") -> Component:
    why = rx.el.span(t(f"imports.{outcome}_why"), class_name="t1 mut")
    if outcome == "rejected":
        why = rx.cond(
            S.counts.repairable > 0,
            rx.el.span(t("imports.repairable", count=S.counts.repairable), class_name="t1 mut"),
            why,
        )
    return rx.el.button(
        rx.el.span(icon(name), t(f"imports.{outcome}"), class_name=f"what {tone}"),
        rx.el.span(number(count), class_name="big x22"),
        why,
        type="button",
        on_click=lambda: S.choose_tab(outcome),
        custom_attrs={"aria-pressed": rx.cond(S.tab == outcome, "true", "false")},
    )


def _fates() -> Component:
    columns = [
        Column(t("imports.row")),
        Column(t("imports.contact"), main=True),
        Column(t("imports.value")),
        Column(t("imports.reason")),
        Column(t("imports.repair")),
    ]

    def cells(r: rx.Var[FateRow]) -> list[Any]:
        wrong = (r.why.key != "") & (r.why.key != "imports.repeats")
        return [
            rx.el.span(r.row.to_string(), class_name="num mut"),
            rx.el.span(r.name),
            rx.el.span(
                rx.cond(r.value != "", r.value, t("imports.blank")), class_name=rx.cond(wrong, "num red-text", "num nw")
            ),
            rx.cond(r.why.key != "", rx.el.span(say(r.why), class_name="mut")),
            rx.cond(r.repair != "", rx.el.span(r.repair, class_name="num nw fix-text")),
        ]

    return data_table(columns, S.fates, cells, label=t("imports.outcomes"), key=lambda r: r.row)


def result_step() -> Component:
    """What was done, and where to go from here (board 04, result)."""
    imported = S.counts.created + S.counts.known
    words = [t("imports.done_read", count=S.counts.read)]
    head = rx.el.div(
        icon("circle-check"),
        rx.el.div(
            rx.el.h2(t("imports.done", name=S.filename), class_name="b6"),
            rx.el.div(
                *words,
                rx.cond(S.done_group != "", rx.fragment(", ", t("imports.done_group", name=S.done_group))),
                class_name="t2 mut",
            ),
            class_name="f1",
        ),
        rx.el.div(
            rx.cond(
                S.done_group_id > 0,
                rx.fragment(
                    link_button(
                        t("imports.see_group"), f"/contacts?group={S.done_group_id}", role="surface", name="users"
                    ),
                    link_button(
                        t("imports.write_group"), f"/compose?group={S.done_group_id}", role="primary", name="square-pen"
                    ),
                ),
                link_button(t("imports.see_book"), "/contacts", role="primary", name="contact"),
            ),
            class_name="acts",
        ),
        class_name="done-head",
    )
    bar = rx.el.div(
        rx.box(class_name="ok", flex_grow=imported, flex_basis="0"),
        rx.box(class_name="dup", flex_grow=S.counts.duplicates, flex_basis="0"),
        rx.box(class_name="black", flex_grow=S.counts.blacklisted, flex_basis="0"),
        rx.box(class_name="bad", flex_grow=S.counts.rejected, flex_basis="0"),
        class_name="outcome-bar",
        role="img",
        custom_attrs={
            "aria-label": t(
                "imports.bar",
                imported=imported,
                duplicates=S.counts.duplicates,
                blacklisted=S.counts.blacklisted,
                rejected=S.counts.rejected,
            )
        },
    )
    sums = rx.el.div(
        _done(
            "imported",
            "user-check",
            imported,
            t("imports.new_and_known", created=S.counts.created, known=S.counts.known, completed=S.counts.completed),
            "good",
        ),
        _done("duplicates", "copy", S.counts.duplicates, t("imports.duplicates_why")),
        _done("blacklisted", "ban", S.counts.blacklisted, t("imports.blacklisted_why")),
        _done("rejected_done", "circle-x", S.counts.rejected, t("imports.rejected_why"), "wrong"),
        class_name="sums",
    )
    return rx.el.div(
        problem(), card(rx.el.div(head, bar, class_name="col g16")), sums, _rejected(), class_name="col g16"
    )


def _done(key: str, name: str, count: Any, why: rx.Var[str], tone: str = "") -> Component:
    return rx.el.div(
        rx.el.span(icon(name), t(f"imports.{key}"), class_name=f"what {tone}"),
        rx.el.span(number(count), class_name="big x26"),
        rx.el.span(why, class_name="t1 mut"),
    )


def _rejected() -> Component:
    def pressed(on: Any) -> dict[str, Any]:
        return {"aria-pressed": rx.cond(on, "true", "false")}

    def tab(r: rx.Var[ReasonTab]) -> Component:
        return rx.el.button(
            say(r.why),
            rx.el.span(number(r.count), class_name="ct"),
            type="button",
            class_name=rx.cond(S.reason == r.reason, "on", ""),
            on_click=lambda: S.choose_reason(r.reason),
            custom_attrs=pressed(S.reason == r.reason),
            key=r.reason,
        )

    every = rx.el.button(
        t("imports.all"),
        rx.el.span(number(S.counts.rejected), class_name="ct"),
        type="button",
        class_name=rx.cond(S.reason == "", "on", ""),
        on_click=lambda: S.choose_reason(""),
        custom_attrs=pressed(S.reason == ""),
    )
    head = rx.el.div(
        rx.el.h2(t("imports.rejected_rows"), class_name="h2"),
        rx.el.div(every, rx.foreach(S.reasons, tab), class_name="seg", role="group", aria_label=t("imports.reason")),
        rx.el.span(
            _download(),
            class_name="end",
        ),
        class_name="fates-head",
    )
    shown = card(
        head,
        _fates(),
        rx.cond(
            S.fates.length() >= 50,
            rx.el.p(t("imports.first_rows", count=S.fates.length()), class_name="t2 mut fates-head"),
        ),
        flush=True,
    )
    none = card(empty_state("circle-check", t("imports.none_rejected"), t("imports.none_rejected_why")))
    return rx.cond(S.counts.rejected > 0, shown, none)


class _FileLink(BaseHTML):
    """A link that leaves the page to the browser: what it leads to is a file, not a page of ours."""

    tag = "a"

    href: rx.Var[str]
    download: rx.Var[bool]


def _download() -> Component:
    inside = [icon("download"), t("imports.download")]
    return _FileLink.create(*inside, href=f"/import/{S.done_id}/rejected.csv", download=True, class_name="lightbtn")


def foot() -> Component:
    """The way back and the way on, which stay in sight."""
    back = link_button(t("imports.other_file"), "/import", role="surface", name="arrow-left")
    return rx.match(
        S.step,
        (
            "columns",
            rx.el.div(
                back,
                button(t("imports.do_check", count=S.count), role="primary", name="list-checks", on_click=S.ask_check),
                class_name="desk-foot",
            ),
        ),
        (
            "check",
            rx.el.div(
                link_button(t("imports.back_columns"), S.columns_url, role="surface", name="arrow-left"),
                button(
                    rx.cond(
                        S.blacklist,
                        t("imports.do_blacklist", count=S.counts.created),
                        t("imports.do_import", count=S.counts.created + S.counts.known),
                    ),
                    role="primary",
                    name="file-up",
                    busy=S.busy,
                    on_click=S.run,
                ),
                class_name="desk-foot",
            ),
        ),
        (
            "result",
            rx.el.div(
                link_button(t("imports.again"), "/import", role="surface", name="file-up"), class_name="desk-foot"
            ),
        ),
        rx.fragment(),
    )
