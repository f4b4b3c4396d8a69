"""The second step of an import: how the file was read, what each column is, the settings (board 04)."""

from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.i18n import language, t
from smsapp.imports.choices import POLICIES
from smsapp.imports.countries import COUNTRIES, FIRST
from smsapp.imports.mapping import BOOK, REASON
from smsapp.imports.shown import ColumnHead, HeaderLine, PreviewRow
from smsapp.imports.state import ImportState as S
from smsapp.ui import button, field, note, select, text_field
from smsapp.ui.icons import icon

_FIELDS = ("portable", "nom", "prenom", "email", "societe")
_SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab", "|": "pipe", "/": "slash", " ": "space"}
_ENCODINGS = {
    "utf-8": "utf8",
    "cp1252": "cp1252",
    "utf-16": "utf16",
    "iso-8859-1": "latin1",
    "mac_roman": "mac",
}


class Countries(rx.Component):
    """The React component; see `_country`."""

    library = rx.asset("countries.jsx", shared=True).importable_path
    tag = "Countries"

    codes: rx.Var[list[Any]]
    first: rx.Var[int]
    value: rx.Var[str]
    lang: rx.Var[str]
    described_by: rx.Var[str]
    on_choose: rx.EventHandler[rx.event.passthrough_event_spec(str)]


def columns_step() -> Component:
    """How the file was read, the mapping, the settings (board 04)."""
    main = rx.el.div(
        rx.el.div(_file_bar(), _left_out(), class_name="file-read"),
        _raw(),
        rx.el.div(
            rx.el.h2(t("imports.map"), class_name="h2"),
            rx.el.span(
                t("imports.recognised", count=S.recognised) + ", " + t("imports.ignored", count=S.ignored),
                class_name="t2 mut",
            ),
            rx.cond(S.remembered, rx.el.span(t("imports.remembered"), class_name="t2 mut end")),
            class_name="row g10 wrap",
        ),
        rx.cond(
            (S.kind == "text") & (S.columns.length() == 1) & (S.columns[0].field != "portable"),
            note(t("imports.one_column"), tone="amber"),
        ),
        _mapping(),
        rx.el.datalist(rx.foreach(S.group_names, lambda name: rx.el.option(value=name, key=name)), id="import-groups"),
        class_name="main-col",
    )
    side = rx.el.div(
        rx.el.h2(t("imports.settings"), class_name="h2"),
        _country(),
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
                list="import-groups",
            ),
        ),
        rx.cond(S.blacklist, rx.fragment(), _policies()),
        rx.el.label(
            rx.el.span(
                rx.el.span(t("imports.blacklist"), class_name="b5 blk"),
                rx.el.span(t("imports.blacklist_hint"), class_name="t1 mut"),
                class_name="f1",
            ),
            rx.el.input(type="checkbox", checked=S.blacklist, on_change=S.set_blacklist, class_name="switch"),
            class_name="check to-blacklist",
        ),
        rx.cond(S.blacklist, rx.fragment(), rx.el.div(note(t("imports.consent"), tone="indigo"), class_name="last")),
        class_name="side-col",
    )
    return rx.el.div(main, side, class_name="desk")


def _policies() -> Component:
    """What becomes of a number already in the book."""

    def one(policy: str) -> Component:
        return rx.el.label(
            rx.el.input(
                type="radio", name="policy", checked=S.policy == policy, on_change=lambda _: S.choose_policy(policy)
            ),
            rx.el.span(
                t(f"imports.policy_{policy}"),
                rx.el.span(t(f"imports.policy_{policy}_why"), class_name="t1 mut blk"),
            ),
            class_name="check",
        )

    return rx.el.fieldset(
        rx.el.legend(t("imports.policy"), class_name="lab"),
        *(one(policy) for policy in POLICIES),
        rx.el.p(t("imports.policy_state"), class_name="t1 mut"),
        class_name="policies",
    )


def _country() -> Component:
    """Whose numbers are written without a country code: the account's country, unless the file is from elsewhere."""
    chooser = Countries.create(
        codes=[list(one) for one in COUNTRIES],
        first=len(FIRST),
        value=S.region,
        lang=language(),
        described_by="region-help",
        on_choose=S.choose_region,
        id="region",
    )
    boxed = rx.el.span(chooser, icon("chevron-down"), class_name="selbox block")
    return field(boxed, t("imports.region"), for_="region", hint=t("imports.region_hint"))


def _file_bar() -> Component:
    def separator() -> Component:
        return rx.el.div(
            rx.el.label(t("imports.separator"), html_for="read-separator"),
            rx.el.span(
                rx.el.select(
                    *(rx.el.option(t(f"imports.separator_{name}"), value=sign) for sign, name in _SEPARATORS.items()),
                    rx.foreach(S.other_separators, lambda sign: rx.el.option(sign, value=sign)),
                    value=S.separator,
                    on_change=lambda v: S.read_again("separator", v),
                    id="read-separator",
                ),
                icon("chevron-down"),
                class_name="selbox",
            ),
        )

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
            rx.fragment(separator(), guess("encoding", S.encoding, encodings)),
            sheet,
        ),
        _header(),
        class_name="file-bar",
    )


def _header() -> Component:
    """Which row names the columns. Those that are not chosen say how they begin."""

    def row(line: rx.Var[HeaderLine]) -> Component:
        short = rx.cond(line.row == 1, t("imports.header_first"), t("imports.header_row", row=line.row))
        chosen = line.row.to_string() == S.header
        words = rx.cond(chosen, short, t("imports.header_says", row=line.row, text=line.text))
        return rx.el.option(words, value=line.row.to_string(), key=line.row)

    return rx.el.div(
        rx.el.label(t("imports.header"), html_for="read-header"),
        rx.el.span(
            rx.el.select(
                rx.foreach(S.header_lines, row),
                rx.el.option(t("imports.header_none"), value="0"),
                value=S.header,
                on_change=lambda value: S.read_again("header", value),
                id="read-header",
                custom_attrs={"aria-describedby": "left-out"},
            ),
            icon("chevron-down"),
            class_name="selbox",
        ),
    )


def _left_out() -> Component:
    """What stands above the header is no row: how many lines that are."""
    words = rx.fragment(t("imports.left_out", count=S.above), ", ", t("imports.numbers_stay"))
    return rx.el.p(rx.cond(S.above > 0, words), id="left-out", role="status", class_name="t2 mut")


def _raw() -> Component:
    return rx.el.details(
        rx.el.summary(
            icon("chevron-right"),
            rx.el.span(t("imports.raw")),
            rx.cond(S.kind == "text", rx.el.span(t("imports.raw_question"), class_name="ask mut")),
        ),
        rx.el.pre(rx.foreach(S.raw, lambda line: rx.el.div(line)), tab_index=0),
        class_name="raw",
        open=True,
    )


def _mapping() -> Component:
    fields = [("", t("imports.field_none")), *((name, t(f"imports.field_{name}")) for name in _FIELDS)]

    def chooser_of(c: rx.Var[ColumnHead], name: Any) -> Component:
        """Our fields, the person's own, and a new one with the name of the column."""
        new = (c.own != "") & ~S.own_fields.contains(c.own)
        more = rx.fragment(*(rx.el.option(t(f"imports.field_{one}"), value=one) for one in BOOK))
        return rx.el.span(
            rx.el.select(
                *(rx.el.option(words, value=value) for value, words in fields),
                rx.cond(S.blacklist, rx.el.option(t("imports.field_motif"), value=REASON), more),
                rx.foreach(S.own_fields, lambda one: rx.el.option(one[1:], value=one, key=one)),
                rx.cond(new, rx.el.option(t("imports.create_field", name=c.own[1:]), value=c.own)),
                value=c.field,
                on_change=lambda field: S.map_column(c.index, field),
                aria_label=t("imports.field_of", name=name),
            ),
            icon("chevron-down"),
            class_name="selbox sm",
        )

    def head(c: rx.Var[ColumnHead]) -> Component:
        name = rx.cond(c.header != "", c.header, t("imports.column", number=c.index + 1))
        sure = rx.match(
            c.look,
            ("sure", _sure("circle-check", t("imports.sure", share=c.share), "tx-ok")),
            ("probable", _sure("circle-help", t("imports.probable", share=c.share), "tx-warn")),
            ("again", _sure("history", t("imports.as_last_time"), "tx-ok")),
            ("chosen", _sure("user-check", t("imports.chosen"), "mut")),
            _sure("eye-off", t("imports.not_recognised"), "mut"),
        )
        chooser = chooser_of(c, name)
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
            rx.cond(
                S.hidden_columns > 0,
                rx.el.span(
                    t("imports.hidden_columns", count=S.hidden_columns),
                    button(t("imports.show_columns"), role="soft", size="1", on_click=S.show_columns),
                    class_name="row g10 wrap",
                ),
            ),
            rx.cond(S.example_to != "", rx.el.span(example)),
            class_name="end-line",
        ),
        class_name="mapping",
    )


def _sure(name: str, words: rx.Var[str], tone: str) -> Component:
    return rx.el.span(icon(name), words, class_name=f"sure {tone}")
