"""Dialogs of the address book page: a new contact, the group of a selection, names, the fields of the account's own."""

import reflex as rx
from reflex.components.component import Component

from smsapp.contacts.record_parts import contact_form, fields_dialog
from smsapp.contacts.state import ContactsState as S
from smsapp.i18n import say, t
from smsapp.ui import button, closing, confirm, dialog, note, text_field
from smsapp.ui.icons import icon


def dialogs() -> Component:
    """The new contact, the group of a selection, the name of a group, and the question before a group goes."""
    error = rx.cond(S.group_error.key != "", note(say(S.group_error), tone="red", alert=True))
    chosen = rx.el.div(
        rx.el.label(t("contacts.group_choose"), html_for="group_chosen", class_name="lab"),
        rx.el.span(
            rx.el.select(
                rx.el.option(t("contacts.group_choose_none"), value=""),
                rx.foreach(S.group_lines, lambda g: rx.el.option(g.label, value=g.value)),
                id="group_chosen",
                name="group_chosen",
            ),
            icon("chevron-down"),
            class_name="selbox block",
        ),
        class_name="fld",
    )
    grouping = dialog(
        rx.form(
            error,
            rx.cond(S.selected > 0, chosen),
            text_field(
                "group_name",
                rx.cond(S.selected > 0, t("contacts.group_or_new"), t("contacts.group_name")),
                max_length=120,
                auto_complete="off",
            ),
            rx.el.div(
                closing(button(t("contacts.cancel"))),
                button(
                    rx.cond(S.selected > 0, t("contacts.do_group"), t("contacts.group_create")),
                    role="primary",
                    submit=True,
                ),
                class_name="acts",
            ),
            on_submit=S.put_in_group,
            class_name="contact-form",
        ),
        title=rx.cond(S.selected > 0, t("contacts.group_dialog"), t("contacts.new_group")),
        say=t("contacts.group_dialog_say"),
        open=S.grouping,
        on_open_change=S.set_grouping,
        width="440px",
    )
    naming = dialog(
        rx.form(
            error,
            text_field(
                "new_name", t("contacts.group_name"), default_value=S.group_name, max_length=120, auto_complete="off"
            ),
            rx.el.div(
                closing(button(t("contacts.cancel"))),
                button(t("contacts.group_rename"), role="primary", submit=True),
                class_name="acts",
            ),
            on_submit=S.rename_group,
            class_name="contact-form",
        ),
        title=t("contacts.group_rename"),
        open=S.naming,
        on_open_change=S.set_naming,
        width="440px",
    )
    saving = dialog(
        rx.form(
            error,
            text_field("view_name", t("contacts.group_name"), max_length=120, auto_complete="off"),
            rx.el.div(
                closing(button(t("contacts.cancel"))),
                button(t("groups.save"), role="primary", submit=True),
                class_name="acts",
            ),
            on_submit=S.save_view,
            class_name="contact-form",
        ),
        title=t("contacts.save_view_title"),
        say=t("contacts.save_view_say"),
        open=S.saving,
        on_open_change=S.set_saving,
        width="440px",
    )
    deletion = confirm(
        title=t("contacts.group_delete_q", name=S.group_name),
        say=t("contacts.group_delete_say"),
        keep=button(t("contacts.cancel")),
        go=button(t("contacts.group_delete"), role="danger", on_click=S.delete_group),
        open=S.deleting_group,
        on_open_change=S.set_deleting_group,
    )
    new = dialog(
        contact_form("new"),
        title=t("contacts.new"),
        open=S.creating,
        on_open_change=S.set_creating,
        width="520px",
    )
    return rx.fragment(new, grouping, naming, saving, deletion, fields_dialog())
