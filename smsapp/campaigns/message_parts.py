"""The message of the composer: text, variables, locked mention, and what it takes (board 02)."""

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var

from smsapp.campaigns.own_state import OwnFieldsState
from smsapp.campaigns.sizes_parts import histogram
from smsapp.campaigns.state import ComposeState as S
from smsapp.domain.template import VARIABLES
from smsapp.i18n import Sentence, number, say, t
from smsapp.ui import (
    composer,
    composer_stats,
    culprit_list,
    figure,
    insert_at_caret,
    menu,
    menu_item,
    segment_ruler,
    tag,
)
from smsapp.ui.icons import icon

SMS = "sms"


def message() -> Component:
    """The text, its variables, its locked mention, and what it takes."""
    stop = rx.el.label(
        rx.el.span(t("campaigns.stop"), class_name="t2"),
        rx.switch(checked=S.purpose == "marketing", on_change=S.set_stop, size="1", color_scheme="indigo"),
        class_name="row g8 end",
    )
    tools = [
        rx.el.button(
            icon("plus"),
            f"${name}",
            type="button",
            class_name="var i12",
            aria_label=t("campaigns.insert", variable=f"${name}"),
            on_click=insert_at_caret(SMS, f"${name}"),
        )
        for name in ("prenom", "nom", *(v for v in VARIABLES if v not in ("prenom", "nom")))
    ]
    mention = rx.el.div(
        icon("lock"),
        rx.el.span(S.figures.mention),
        rx.el.span(t("campaigns.mention"), class_name="sr-only"),
        class_name="sms-lock",
        title=t("campaigns.mention"),
    )
    usual = rx.cond(S.figures.mention != "", f"\n{S.figures.mention}", "")
    suffix = rx.cond(S.person.place > 0, S.person.mention, usual)

    def warning(words: Var[Sentence]) -> Component:
        return rx.el.div(icon("triangle-alert"), say(words), class_name="row g6 t2 tx-warn")

    return rx.el.section(
        rx.el.div(rx.el.h2(t("campaigns.message")), rx.el.span(stop, class_name="end"), class_name="cmp-top"),
        rx.el.div(
            rx.el.div(*tools, _own_fields(), class_name="sms-tools"),
            composer(
                SMS,
                value=S.text,
                version=S.version,
                on_value=S.typed,
                label=t("campaigns.message"),
                placeholder=t("campaigns.message_hint"),
                rows=3,
                values=S.person.words,
                own=OwnFieldsState.keys,
                suffix=rx.cond(S.purpose == "marketing", suffix, ""),
            ),
            rx.cond((S.purpose == "marketing") & (S.figures.mention != ""), mention),
            rx.el.div(_measure(), _culprits(), class_name="sms-under cmp-under"),
            class_name="sms-frame",
        ),
        rx.foreach(S.figures.warnings, warning),
        class_name="cmp-message stack",
    )


def _own_fields() -> Component:
    """The variables of the account's own, behind a button: there may be thirty."""
    label = t("campaigns.own_fields")
    items = rx.foreach(
        OwnFieldsState.fields,
        lambda one: menu_item(
            "own-fields",
            rx.el.span(one.name, " ", rx.el.code(f"${one.key}", class_name="mut")),
            on_click=insert_at_caret(SMS, f"${one.key}"),
        ),
    )
    return rx.cond(
        OwnFieldsState.keys.length() > 0, menu("own-fields", "plus", label, items, words=True, class_name="var i12")
    )


def _measure() -> Component:
    stats = composer_stats(SMS)
    unicode = stats.encoding == "UCS-2"
    encoding = rx.cond(unicode, tag("Unicode", tone="amber", name="type"), tag("GSM-7", tone="indigo", name="type"))
    return rx.el.div(
        rx.el.div(
            encoding,
            rx.el.span(
                rx.el.b(number(stats.characters), class_name="num"),
                " ",
                t("campaigns.characters", count=stats.characters),
            ),
            class_name="row g10 t2",
        ),
        figure(number(stats.segments), t("campaigns.segments", count=stats.segments), size=26),
        rx.cond(stats.segments <= 12, segment_ruler(stats.fills, stats.capacity, stats.encoding)),
        class_name="col",
    )


def _culprits() -> Component:
    stats = composer_stats(SMS)
    single = rx.cond(stats.encoding == "UCS-2", 70, 160)
    multiple = rx.cond(stats.encoding == "UCS-2", 67, 153)
    over = rx.cond(stats.segments == 2, stats.units - single, stats.units - multiple * (stats.segments - 1))
    shorter = (stats.segments > 1) & (over <= 40) & (over > 0)
    f = S.figures
    saving = rx.el.button(
        icon("wand-sparkles"),
        rx.cond(
            f.saving_after < f.saving_before,
            t("campaigns.replace_all", count=f.saving_before, after=f.saving_after, units=f.saving_units),
            t("campaigns.replace_saves", units=f.saving_units),
        ),
        type="button",
        class_name="cmp-save",
        on_click=S.optimise,
    )
    undone = rx.el.div(
        icon("circle-check"),
        rx.el.span(t("campaigns.replaced", units=S.undo_units)),
        rx.el.button(icon("undo-2"), t("campaigns.undo"), type="button", class_name="lk", on_click=S.undo),
        class_name="cmp-undo",
        role="status",
    )

    return rx.el.div(
        rx.cond(stats.unicode > 0, rx.el.div(t("campaigns.forcing", count=stats.unicode), class_name="t2 b6")),
        rx.cond(S.undo_units > 0, undone),
        rx.cond(
            stats.culprits.length() > 0,
            culprit_list(SMS),
            rx.cond(S.undo_units > 0, rx.fragment(), rx.el.div(t("campaigns.clean"), class_name="t2 mut")),
        ),
        rx.cond((f.saving_units > 0) & (stats.culprits.length() > 0), saving),
        rx.cond(shorter, rx.el.div(t("campaigns.shorter", count=over), class_name="t2 mut")),
        histogram(),
        class_name="col",
    )
