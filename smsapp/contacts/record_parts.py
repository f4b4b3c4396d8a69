"""The record of a contact: what is known, the form, its past; the dialog of the account's own fields."""

from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.contacts.shown import Extra, GroupLine, PastLine, Tag
from smsapp.contacts.state import ContactsState as S
from smsapp.i18n import moment, number, say, t
from smsapp.ui import (
    avatar,
    button,
    closing,
    confirm,
    dialog,
    icon_button,
    link_button,
    note,
    phone,
    status_badge,
    tag,
    text_field,
)
from smsapp.ui.icons import icon

FEW_GROUPS = 12  # more of them can be looked for by their names


class RecordTitle(rx.Component):
    """The name at the head of the record, where whoever opens it is: the list before it may be long."""

    library = rx.asset("record.jsx", shared=True).importable_path
    tag = "RecordTitle"

    title: rx.Var[str]


def dots(tags: rx.Var[list[Tag]], most: int | None = None) -> Component:
    """The groups of a contact, each with its dot; beyond ``most`` they are counted."""

    def one(group: rx.Var[Tag]) -> Component:
        return rx.el.span(rx.el.i(class_name=group.tone), rx.el.span(group.name))

    if most is None:
        return rx.el.span(rx.foreach(tags, one), class_name="dots")
    more = tags.length() - most
    rest = rx.cond(more > 0, rx.el.span(t("contacts.more_groups", number=more), class_name="mut num"))
    return rx.el.span(rx.foreach(tags[:most], one), rest, class_name="dots")


def state_tag(state: rx.Var[str]) -> Component:
    """Active, invalid, STOP or blacklisted, in words and an icon."""
    return rx.match(
        state,
        ("stop", tag(t("contacts.state_stop"), name="hand")),
        ("blacklisted", tag(t("contacts.state_blacklisted"), name="ban")),
        ("invalid", tag(t("contacts.state_invalid"), tone="red", name="octagon-x")),
        tag(t("contacts.state_active"), tone="teal", name="check"),
    )


def record() -> Component:
    """The contact that is open: who it is, what can be done, the fields to edit (S62)."""
    head = rx.el.div(
        rx.cond(S.form.previous != "", _step("chevron-up", t("contacts.previous"), S.form.previous)),
        rx.cond(S.form.next != "", _step("chevron-down", t("contacts.following"), S.form.next)),
        rx.el.span(class_name="f1"),
        rx.el.a(
            icon("x"), href=S.close_url, class_name="ib", aria_label=t("contacts.close"), title=t("contacts.close")
        ),
        class_name="row g4",
    )
    person = rx.el.div(
        avatar(S.form.initials, tone="own", large=True),
        rx.el.div(
            RecordTitle.create(title=S.form.title),
            rx.cond(S.form.societe != "", rx.el.div(S.form.societe, class_name="t2 mut el")),
            class_name="f1",
        ),
        state_tag(S.form.state),
        class_name="row g10",
    )
    refuse = confirm(
        trigger=_sign("ban", t("contacts.do_blacklist")),
        title=t("contacts.blacklist_one_q", name=S.form.title),
        say=t("contacts.blacklist_say"),
        keep=button(t("contacts.cancel")),
        go=button(t("contacts.do_blacklist"), role="danger", on_click=S.blacklist_open),
    )
    acts = rx.el.div(
        link_button(t("contacts.write_to"), f"/compose?contacts={S.form.id}", role="soft", name="square-pen"),
        rx.cond(S.form.state != "blacklisted", refuse),
        _sign("trash-2", t("contacts.do_delete"), on_click=S.delete_open),
        class_name="row g8 acts",
    )
    return rx.el.aside(
        head,
        person,
        acts,
        _known(),
        rx.el.details(
            rx.el.summary(icon("pencil"), t("contacts.edit"), class_name="lightbtn"),
            contact_form("edit"),
            key=f"edit{S.form.id}",
        ),
        _past(),
        class_name="record",
        aria_label=t("contacts.record"),
    )


def _known() -> Component:
    """Number, e-mail, company, the account's own fields, groups, consent, and where the contact comes from."""

    def line(label: rx.Var[str], value: Any) -> Component:
        return rx.el.div(rx.el.dt(label), rx.el.dd(value))

    agreed = rx.fragment(
        rx.cond(S.form.consent_at != "", t("contacts.consent_on", at=S.form.consent_at), S.form.consent_source),
        rx.cond((S.form.consent_at != "") & (S.form.consent_source != ""), rx.el.span(", ", S.form.consent_source)),
        rx.cond(S.form.consent_text != "", rx.el.q(S.form.consent_text, class_name="mut")),
        rx.cond(
            S.form.consent_import_id > 0,
            rx.el.a(
                t("contacts.consent_import", number=S.form.consent_import_id),
                href="/import?done=" + S.form.consent_import_id.to_string(),
                class_name="lk blk",
            ),
        ),
    )
    unknown = rx.el.span(t("contacts.consent_none"), class_name="mut")
    came = rx.cond(
        S.form.import_id > 0,
        t("contacts.added_import", at=S.form.added, number=S.form.import_id),
        t("contacts.added_on", at=S.form.added),
    )
    return rx.el.dl(
        line(t("contacts.field_number"), phone(S.form.number)),
        rx.cond(S.form.email != "", line(t("contacts.field_email"), S.form.email)),
        rx.cond(S.form.societe != "", line(t("contacts.field_societe"), S.form.societe)),
        rx.foreach(S.form_extra, lambda one: rx.cond(one.value != "", line(one.name, one.value))),
        rx.cond(S.form.tags.length() > 0, line(t("contacts.field_groups"), dots(S.form.tags))),
        line(
            t("contacts.consent"),
            rx.cond(
                (S.form.consent_at != "") | (S.form.consent_source != "") | (S.form.consent_text != ""), agreed, unknown
            ),
        ),
        line(t("contacts.added"), came),
        class_name="known",
    )


def _past() -> Component:
    """What was sent and what came back, newest first."""

    def step(one: rx.Var[PastLine]) -> Component:
        sms = rx.fragment(
            rx.el.div(
                rx.el.a(one.title, href=one.url, class_name="b5"),
                rx.el.span(moment(one.at), class_name="num mut"),
                class_name="top",
            ),
            rx.el.p(one.text, class_name="mut two-lines"),
            status_badge(one.status),
        )
        reply = rx.fragment(
            rx.el.div(
                rx.el.span(rx.cond(one.stop, t("contacts.past_stop"), t("contacts.past_reply")), class_name="b5"),
                rx.el.span(moment(one.at), class_name="num mut"),
                class_name="top",
            ),
            rx.el.p(one.text),
        )
        return rx.el.li(
            rx.cond(one.kind == "reply", icon("reply"), icon("send")),
            rx.el.div(rx.cond(one.kind == "reply", reply, sms), class_name="f1"),
        )

    figures = t("contacts.past_figures", sent=number(S.past_sent), received=number(S.past_received))
    return rx.el.section(
        rx.el.div(
            rx.el.h3(t("contacts.past"), class_name="b6"),
            rx.el.span(figures, class_name="t2 mut num"),
            class_name="top",
        ),
        rx.cond(
            S.past.length() > 0,
            rx.el.ol(rx.foreach(S.past, step)),
            rx.el.p(t("contacts.past_none"), class_name="t2 mut"),
        ),
        class_name="past",
    )


def _sign(name: str, label: rx.Var[str], **props: Any) -> Component:
    """A button that is a sign; its words are read out."""
    return rx.el.button(icon(name), type="button", class_name="sign", aria_label=label, title=label, **props)


def _step(name: str, label: rx.Var[str], href: rx.Var[str]) -> Component:
    return rx.el.a(icon(name), href=href, class_name="ib", aria_label=label, title=label)


def contact_form(name: str) -> Component:
    """The fields of a contact, as a form; ``name`` keeps the ids of two forms apart."""

    def field(field: str, value: rx.Var[str], label: rx.Var[str], **props: object) -> Component:
        return text_field(f"{name}-{field}", label, name=field, default_value=value, **props)

    fix = rx.cond(
        S.number_fix != "",
        rx.el.button(
            icon("wand-sparkles"),
            t("contacts.use", number=S.number_fix),
            type="button",
            class_name="lightbtn fix",
            on_click=S.use_fix,
        ),
    )
    return rx.form(
        rx.cond(S.form_error.key != "", note(say(S.form_error), tone="red", alert=True)),
        field(
            "number",
            S.form.number,
            t("contacts.field_number"),
            hint=t("contacts.field_number_hint"),
            error=say(S.number_error),
            required=True,
            max_length=60,
            auto_complete="off",
            input_mode="tel",
        ),
        fix,
        rx.el.div(
            field("prenom", S.form.prenom, t("contacts.field_prenom"), max_length=200, auto_complete="off"),
            field("nom", S.form.nom, t("contacts.field_nom"), max_length=200, auto_complete="off"),
            class_name="two",
        ),
        field(
            "email", S.form.email, t("contacts.field_email"), max_length=254, auto_complete="off", input_mode="email"
        ),
        field("societe", S.form.societe, t("contacts.field_societe"), max_length=200, auto_complete="off"),
        rx.foreach(
            S.form_extra,
            lambda one: rx.fragment(
                text_field(
                    f"{name}-extra-{one.key}",
                    one.name,
                    name=f"extra-{one.key}",
                    default_value=one.value,
                    max_length=500,
                    auto_complete="off",
                ),
                key=one.key,
            ),
        ),
        rx.el.button(
            icon("list-plus"),
            t("contacts.custom_manage"),
            type="button",
            class_name="lightbtn fix",
            on_click=S.manage_fields,
        ),
        _group_boxes(),
        rx.el.fieldset(
            rx.el.legend(t("contacts.consent"), class_name="lab"),
            rx.el.div(
                field("consent_day", S.form.consent_day, t("contacts.consent_day"), type="date", min="1990-01-01"),
                field("consent_source", S.form.consent_source, t("contacts.consent_source"), max_length=200),
                class_name="two",
            ),
            field("consent_text", S.form.consent_text, t("contacts.consent_text"), max_length=500),
            class_name="pick-groups",
        ),
        rx.el.div(
            *([closing(button(t("contacts.cancel")))] if name == "new" else []),
            button(t("contacts.save"), role="primary" if name == "new" else "soft", submit=True),
            class_name="acts",
        ),
        on_submit=S.save,
        key=S.form.key,
        class_name="contact-form",
    )


def _group_boxes() -> Component:
    def box(g: rx.Var[GroupLine]) -> Component:
        return rx.el.label(
            rx.el.input(
                type="checkbox",
                name=f"group-{g.value}",
                default_checked=g.ticked,
                on_change=lambda on: S.tick_group(g.value, on),
            ),
            rx.el.span(g.label),
            class_name="pill",
            key=g.value,
        )

    none = rx.el.span(t("contacts.no_groups"), class_name="t2 mut")
    return rx.el.fieldset(
        rx.el.legend(t("contacts.field_groups"), class_name="lab"),
        rx.cond(
            S.groups_count > FEW_GROUPS,
            rx.el.input(
                type="search",
                class_name="inp",
                placeholder=t("groups.search"),
                aria_label=t("groups.search"),
                on_change=S.find_groups.debounce(180),
                max_length=200,
                custom_attrs={"form": "none"},  # Enter looks for groups, and saves nothing
            ),
        ),
        rx.cond(S.form_groups.length() > 0, rx.el.div(rx.foreach(S.form_groups, box), class_name="all"), none),
        rx.cond(S.form_groups_left > 0, rx.el.p(t("groups.hidden", count=S.form_groups_left), class_name="t2 mut")),
        class_name="pick-groups",
    )


def fields_dialog() -> Component:
    """The account's own fields: what there is, a new one, another name for one."""

    def one(field: rx.Var[Extra]) -> Component:
        gone = icon_button(
            "trash-2", t("contacts.custom_remove", name=field.name), on_click=S.drop_own_field(field.key)
        )
        other = icon_button(
            "pencil", t("contacts.custom_rename", name=field.name), on_click=S.rename_own_field(field.key)
        )
        return rx.el.li(rx.el.span(field.name, class_name="f1"), rx.el.code(f"${field.key}"), other, gone)

    none = rx.el.p(t("contacts.custom_none"), class_name="t2 mut")
    return dialog(
        rx.el.div(
            rx.cond(S.custom_fields.length() > 0, rx.el.ul(rx.foreach(S.custom_fields, one), class_name="own"), none),
            rx.form(
                text_field(
                    "field_name",
                    rx.cond(
                        S.renaming.key != "",
                        t("contacts.custom_rename", name=S.renaming.name),
                        t("contacts.custom_name"),
                    ),
                    default_value=S.renaming.name,
                    error=say(S.field_error),
                    max_length=80,
                    auto_complete="off",
                    key=S.field_epoch,
                ),
                rx.el.div(
                    closing(button(t("contacts.close_dialog"))),
                    button(
                        rx.cond(S.renaming.key != "", t("contacts.custom_rename_go"), t("contacts.custom_add")),
                        role="primary",
                        submit=True,
                    ),
                    class_name="acts",
                ),
                on_submit=S.make_own_field,
                class_name="contact-form",
            ),
        ),
        title=t("contacts.custom_fields"),
        say=t("contacts.custom_say"),
        open=S.managing,
        on_open_change=S.set_managing,
        width="480px",
    )
