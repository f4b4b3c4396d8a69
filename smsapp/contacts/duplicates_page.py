"""The page of duplicates (S75): the contacts of a number side by side, whose value wins, merge one or all, undo."""

import reflex as rx
from reflex.components.component import Component

from smsapp.contacts.blacklist_page import ListsSheet
from smsapp.contacts.duplicates_state import Card, Cell, EditRow, FieldRow, Head, MergeRow
from smsapp.contacts.duplicates_state import DuplicatesState as S
from smsapp.i18n import day, moment, t
from smsapp.ui import (
    book_tabs,
    button,
    closing,
    dialog,
    empty_state,
    icon_button,
    link_button,
    note,
    notices,
    pagination,
    search_field,
    segmented,
    skeleton,
    tag,
)
from smsapp.ui.choices import Choice
from smsapp.web.frame import PageSpec, frame


def duplicates() -> Component:
    """/duplicates."""
    facts = rx.cond(S.loaded, rx.el.span(t("duplicates.facts", count=S.numbers, surplus=S.surplus)))
    return frame(
        ListsSheet.create(),
        book_tabs("duplicates"),
        rx.cond(S.edits_total > 0, _edits()),
        rx.el.div(
            search_field(
                t("duplicates.search"), value=S.search, on_change=S.find, debounce_timeout=180, max_length=200
            ),
            class_name="desk-tools",
        ),
        rx.cond(S.cards.length() > 0, _list(), rx.cond(S.loaded, _nothing(), skeleton(6))),
        rx.cond(S.merges.length() > 0, _history()),
        _all(),
        notices(S.done, action=t("duplicates.undo"), on_action=S.undo),
        title=t("duplicates.title"),
        active="duplicates",
        facts=facts,
        actions=[
            rx.cond(
                S.numbers > 0,
                button(t("duplicates.merge_all"), role="primary", name="combine", on_click=S.open_all, busy=S.busy),
            )
        ],
    )


def _list() -> Component:
    return rx.el.div(
        rx.foreach(S.cards, _card),
        pagination(S.prev_url, S.next_url, t("duplicates.shown", count=S.cards.length())),
        class_name="dup-list",
    )


def _card(card: rx.Var[Card]) -> Component:
    """One number: a column for each contact, a row for each field, the value that wins picked."""
    heads = rx.el.tr(
        rx.el.th(rx.el.span(t("duplicates.field"), class_name="sr-only"), scope="col"),
        rx.foreach(card.heads, _head),
    )
    table = rx.el.div(
        rx.el.table(
            rx.el.thead(heads),
            rx.el.tbody(rx.foreach(card.fields, _field), _groups(card), _since(card)),
            class_name="dup",
        ),
        class_name="tbox",
        role="region",
        tab_index=0,
        aria_label=t("duplicates.table", number=card.number),
    )
    hidden = rx.cond(card.hidden > 0, rx.el.span(t("duplicates.hidden", count=card.hidden), class_name="t2 mut"))
    return rx.el.section(
        rx.form(
            rx.el.input(type="hidden", name="of", default_value=card.id.to_string()),
            rx.el.input(type="hidden", name="seen", value=card.total.to_string(), read_only=True),
            rx.el.div(
                rx.el.h2(card.number, class_name="b6 num"),
                tag(t("duplicates.copies", count=card.total), name="copy"),
                hidden,
                rx.el.div(
                    button(
                        t("duplicates.merge"),
                        role="soft",
                        name="combine",
                        submit=True,
                        custom_attrs={"aria-label": t("duplicates.merge_of", number=card.number)},
                    ),
                    class_name="end",
                ),
                class_name="row g8 wrap",
            ),
            table,
            on_submit=S.merge,
        ),
        class_name="dup-card",
        key=f"{card.id}-{card.total}",  # with other contacts, other values are proposed
    )


def _head(head: rx.Var[Head]) -> Component:
    named = rx.cond(head.name != "", head.name, t("duplicates.unnamed"))
    return rx.el.th(
        rx.el.div(
            rx.el.a(named, href=f"/contacts?open={head.id}", class_name="lk f1 el"),
            rx.cond(head.state == "invalid", tag(t("contacts.state_invalid"), tone="red", name="octagon-x")),
            icon_button("trash-2", t("duplicates.delete", name=named), on_click=S.delete(head.id)),
            class_name="row g8",
        ),
        scope="col",
        key=head.id,
    )


def _field(row: rx.Var[FieldRow]) -> Component:
    def cell(one: rx.Var[Cell]) -> Component:
        words = rx.cond(one.value != "", rx.el.span(one.value), rx.el.span(t("duplicates.nothing"), class_name="mut"))
        pick = rx.el.label(
            rx.el.input(
                type="radio", name=one.name, value=one.id.to_string(), default_checked=one.picked,
                disabled=one.value == "",
            ),
            words,
            class_name="check",
        )  # fmt: skip
        return rx.el.td(rx.cond(row.differs, pick, words), key=one.id)

    return rx.el.tr(rx.el.th(field_label(row.field, row.own), scope="row"), rx.foreach(row.cells, cell), key=row.field)


def field_label(field: rx.Var[str], own: rx.Var[str]) -> rx.Var[str]:
    """The name of a field."""
    return rx.match(
        field,
        ("nom", t("contacts.field_nom")),
        ("prenom", t("contacts.field_prenom")),
        ("email", t("contacts.field_email")),
        ("societe", t("contacts.field_societe")),
        ("consent", t("duplicates.consent")),
        ("consent_at", t("duplicates.consent")),
        ("consent_source", t("duplicates.consent")),
        ("consent_text", t("duplicates.consent")),
        ("consent_import_id", t("duplicates.consent")),
        ("state", t("contacts.state")),
        own,
    )


def _groups(card: rx.Var[Card]) -> Component:
    return rx.el.tr(
        rx.el.th(t("contacts.groups"), scope="row"),
        rx.foreach(card.heads, lambda h: rx.el.td(rx.cond(h.groups != "", h.groups, t("duplicates.nothing")))),
        class_name="fact",
    )


def _since(card: rx.Var[Card]) -> Component:
    def cell(head: rx.Var[Head]) -> Component:
        came = rx.cond(
            head.import_id > 0, t("duplicates.by_import", at=day(head.since), id=head.import_id), day(head.since)
        )
        return rx.el.td(came, class_name="num")

    return rx.el.tr(rx.el.th(t("duplicates.since"), scope="row"), rx.foreach(card.heads, cell), class_name="fact")


def _nothing() -> Component:
    return rx.cond(
        S.search != "",
        empty_state(
            "search",
            t("duplicates.none_found"),
            t("duplicates.none_found_why"),
            link_button(t("duplicates.show_all"), "/duplicates"),
        ),
        empty_state(
            "copy-check",
            t("duplicates.none"),
            t("duplicates.none_why"),
            link_button(t("duplicates.to_book"), "/contacts", role="soft", name="book-user"),
        ),
    )


def _history() -> Component:
    def line(m: rx.Var[MergeRow]) -> Component:
        what = rx.match(
            m.rule,
            ("hand", t("duplicates.rule.hand")),
            ("newest", t("duplicates.rule.newest")),
            ("oldest", t("duplicates.rule.oldest")),
            t("duplicates.rule.fullest"),
        )
        end = rx.cond(
            m.undone_at != "",
            rx.el.span(t("duplicates.undone_at", at=moment(m.undone_at)), class_name="t2 mut"),
            rx.cond(
                m.undoable,
                button(
                    t("duplicates.undo"), role="ghost", name="undo-2", on_click=S.undo_merge(m.id),
                    custom_attrs={"aria-label": t("duplicates.undo_of", at=moment(m.at))},
                ),
            ),
        )  # fmt: skip
        return rx.el.li(
            rx.el.span(moment(m.at), class_name="num nw mut"),
            rx.el.span(t("duplicates.merged", count=m.numbers, removed=m.removed), class_name="f1"),
            rx.el.span(what, class_name="t2 mut"),
            end,
            key=m.id,
        )

    return rx.el.section(
        rx.el.h2(t("duplicates.history"), class_name="b6"),
        rx.el.ul(rx.foreach(S.merges, line)),
        class_name="dup-history",
    )


def _edits() -> Component:
    def line(edit: rx.Var[EditRow]) -> Component:
        return rx.el.li(rx.el.span(edit.number, class_name="num"), " · ", field_label(edit.field, edit.own))

    return note(
        rx.el.div(t("duplicates.edits", count=S.edits_total)),
        rx.el.ul(rx.foreach(S.edits, line), class_name="t2"),
        tone="indigo",
        actions=[icon_button("x", t("duplicates.close"), on_click=S.close_edits)],
    )


def _all() -> Component:
    choices = [Choice(rule, t(f"duplicates.short.{rule}")) for rule in ("fullest", "newest", "oldest")]
    explained = rx.match(
        S.rule,
        ("newest", t("duplicates.rule.newest")),
        ("oldest", t("duplicates.rule.oldest")),
        t("duplicates.rule.fullest"),
    )
    return dialog(
        rx.el.div(
            segmented(choices, S.rule, t("duplicates.rule"), on_choose=S.choose_rule),
            rx.el.p(explained, class_name="t2 mut", aria_live="polite"),
            class_name="desk-form",
        ),
        title=t("duplicates.all_q", count=S.numbers),
        say=t("duplicates.all_say", count=S.surplus),
        open=S.merging_all,
        on_open_change=S.set_merging_all,
        actions=[
            closing(button(t("duplicates.cancel"))),
            button(t("duplicates.all_go", count=S.numbers), role="primary", on_click=S.merge_all),
        ],
        width="520px",
    )


PAGES = [PageSpec("/duplicates", duplicates, "duplicates.title", [S.enter])]
