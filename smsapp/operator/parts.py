"""The form of a gateway, made of what its kind asks for."""

import reflex as rx
from reflex.components.component import Component

from smsapp.gateways.kinds import KINDS
from smsapp.i18n import message, say, t
from smsapp.operator.shown import Field
from smsapp.operator.state import GatewaysState as S
from smsapp.ui import button, checkbox, closing, described, dialog, field, note, select_field, text_field
from smsapp.ui.icons import icon


def form() -> Component:
    """The dialog of a new gateway, and of one that changes."""
    adding = S.dialog == "add"
    inside = rx.form(
        rx.cond(S.error.key != "", note(say(S.error), tone="red", alert=True)),
        rx.cond(adding, _who()),
        rx.foreach(S.fields, _field),
        text_field(
            "territories",
            t("operator.territories"),
            hint=t("operator.territories_hint"),
            error=say(S.territories_error),
            default_value=S.territories,
            max_length=200,
            auto_complete="off",
        ),
        rx.el.fieldset(
            rx.el.legend(t("operator.types"), class_name="lab"),
            rx.el.div(
                checkbox(t("operator.type_pro"), name="pro", value="1", default_checked=S.pro),
                checkbox(t("operator.type_voice"), name="voice", value="1", default_checked=S.voice),
                class_name="row g16 wrap",
            ),
            rx.el.span(t("operator.types_hint"), class_name="hint"),
            class_name="fld",
        ),
        rx.cond(S.reply_url != "", _callback()),
        rx.el.div(
            closing(button(t("operator.cancel"))),
            button(t("operator.save"), role="primary", submit=True),
            class_name="acts",
        ),
        on_submit=S.save,
        class_name="desk-form",
        no_validate=True,
    )
    return dialog(
        inside,
        title=rx.cond(adding, t("operator.add"), t("operator.edit", name=S.name)),
        open=adding | (S.dialog == "change"),
        on_open_change=S.close,
        width="560px",
    )


def _who() -> Component:
    return rx.el.div(
        text_field(
            "name",
            t("operator.name"),
            hint=t("operator.name_hint"),
            error=say(S.name_error),
            default_value=S.name,
            max_length=32,
            auto_complete="off",
            auto_capitalize="none",
            spell_check=False,
        ),
        select_field(
            "kind",
            t("operator.kind"),
            [(kind, t(f"operator.kind.{kind}")) for kind in KINDS],
            value=S.kind,
            on_change=S.choose_kind,
        ),
        class_name="two",
    )


def _field(one: rx.Var[Field]) -> Component:
    id = f"option-{one.name}"
    error = say(one.error)
    typed = {"name": one.name, "default_value": one.value, **described(id, error)}
    chosen = rx.el.span(
        rx.el.select(
            rx.foreach(one.choices, lambda value: rx.el.option(message("operator.choice." + value), value=value)),
            **typed,
        ),
        icon("chevron-down"),
        class_name="selbox block",
    )
    written = rx.el.input(
        type=rx.cond(one.secret, "password", "text"),
        class_name="inp",
        max_length=200,
        auto_complete=rx.cond(one.secret, "new-password", "off"),
        auto_capitalize="none",
        spell_check=False,
        **typed,
    )
    hint = rx.cond(
        one.kept,
        t("operator.unchanged"),
        rx.cond(one.required, t("operator.required"), message("operator.hint." + one.name)),
    )
    control = rx.cond(one.choices.length() > 0, chosen, written)
    return rx.el.div(field(control, message(one.label), for_=id, hint=hint, error=error), key=one.key)


def _callback() -> Component:
    return rx.el.div(
        rx.el.span(t("operator.reply_url"), class_name="lab"),
        rx.el.code(S.reply_url, class_name="t1 why"),
        rx.el.span(t("operator.reply_url_hint"), class_name="hint"),
        class_name="fld",
    )
